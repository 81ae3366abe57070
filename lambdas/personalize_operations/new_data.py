"""Finds out what a refresh has to do: which imports are due, and whether a version is to be trained after them."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from ..personalize_provider.api import Api
from ..personalize_provider.describe import source
from ..personalize_provider.resources import RESOURCES
from ..personalize_provider.statuses import Description, has_failed
from . import errors
from .clients import Clients, Clock
from .imports import Dataset, Due, Job, latest_full
from .locations import Location, list_objects

_IMPORT = RESOURCES["DatasetImportJob"]
_DATASET = RESOURCES["Dataset"]
_SOLUTION = RESOURCES["Solution"]
_VERSION = RESOURCES["SolutionVersion"]
# Events change a dataset all the time, and no operation shows when. A version of today knows most of them.
_DAY = 24 * 3600.0
# What a state of a workflow answers has at most 256 KiB (Step Functions developer guide, "Step Functions service
# quotas"), for all datasets together; what does not fit is due next time.
_MOST_IMPORTS = 100


def find_new_data(event: Mapping[str, Any], clients: Clients, clock: Clock) -> dict[str, Any]:
    """Say what is due.

    Args:
        event: `datasets`, each with `type`, `dataset_arn`, `location` and `import_mode`; `job_prefix`; `train`: never,
            if-new or always; `solution_arn`, None if nothing is trained; `events_count`: whether events are recorded.
        clients: of the services.
        clock: the time.

    Returns:
        `imports`: for each dataset that has some due, `type`, `dataset_arn` and `jobs` with `job_name`, `job_arn`,
        `location` and `import_mode`; `training_due`; `why`, for people; and `busy`: whether to look again in a minute,
        with nothing due until then, because a full import is under way that is not the refresh's, or that another has
        overtaken.

    Raises:
        OperationsError: a location is none.
        ServiceError: a service did not answer.
    """
    api, s3 = Api(clients("personalize")), clients("s3")
    datasets = {each["dataset_arn"]: _read(api, s3, each, event["job_prefix"]) for each in event["datasets"]}
    if any(each.is_busy for each in datasets.values()):
        return {"busy": True, "imports": [], "training_due": False, "why": _why_busy(datasets.values())}
    due = {arn: dataset.due() for arn, dataset in datasets.items()}
    jobs = {arn: dataset.jobs for arn, dataset in datasets.items()}
    is_due, why = _training(api, event, any(due.values()), jobs, clock)
    return {
        "busy": False,
        "imports": [_imports(datasets[arn], arn, found[:_MOST_IMPORTS]) for arn, found in due.items() if found],
        "training_due": is_due,
        "why": " ".join([*(_sentence(datasets[arn], found) for arn, found in due.items()), why]),
    }


def _why_busy(datasets: Collection[Dataset]) -> str:
    sentences = []
    if others := [each.dataset_type.lower() for each in datasets if each.others_import]:
        sentences.append(f"Somebody else imports {' and '.join(others)}: that is waited for.")
    if overtaken := [each.dataset_type.lower() for each in datasets if each.is_overtaken]:
        sentences.append(
            f"An earlier full import of {' and '.join(overtaken)} by a refresh is still under way: that is waited for, "
            "because it replaces everything when it ends."
        )
    return " ".join(sentences)


def _read(api: Api, s3: Any, asked: Mapping[str, Any], job_prefix: str) -> Dataset:
    location = Location.of(str(asked["location"]))
    if location is None:
        raise errors.unknown_location(asked["type"], asked["location"])
    summaries = _summaries(api, asked["dataset_arn"])
    jobs = [Job.of(each) for each in summaries]
    full = latest_full(jobs)
    return Dataset(
        dataset_type=asked["type"],
        import_mode=asked["import_mode"],
        location=location,
        objects=list(list_objects(s3, location)),
        jobs=jobs,
        full_location=_location_of(api, asked["dataset_arn"], full) if full else None,
        job_prefix=job_prefix,
    )


def _summaries(api: Api, dataset_arn: str) -> list[Description]:
    return api.child_summaries(_IMPORT, "datasetArn", dataset_arn)


def _location_of(api: Api, dataset_arn: str, job: Job) -> Location | None:
    """What a job reads; summaries do not say it."""
    return Location.of(source(_IMPORT, api.describe(_IMPORT, _job_arn(dataset_arn, job.name)) or {}))


def _job_arn(dataset_arn: str, job_name: str) -> str:
    return f"{dataset_arn.partition(':dataset/')[0]}:{_IMPORT.arn_path(job_name, {})}"


def _imports(dataset: Dataset, dataset_arn: str, due: Iterable[Due]) -> dict[str, Any]:
    jobs = [
        {
            "job_name": each.job_name,
            "job_arn": _job_arn(dataset_arn, each.job_name),
            "location": each.location,
            "import_mode": each.import_mode,
        }
        for each in due
    ]
    return {"type": dataset.dataset_type, "dataset_arn": dataset_arn, "jobs": jobs}


def _sentence(dataset: Dataset, due: Sequence[Due]) -> str:
    name, where = dataset.dataset_type.capitalize(), dataset.location
    if not dataset.objects:
        return f"{name}: there are no files at {where}."
    if not due:
        return f"{name}: all that is at {where} has been imported."
    if len(due) > _MOST_IMPORTS:
        return f"{name}: the first {_MOST_IMPORTS} of {len(due)} imports are due; the others next time."
    return f"{name}: {len(due)} import{'s are' if len(due) > 1 else ' is'} due."


# -- training ---------------------------------------------------------------------------------------------------


def _training(
    api: Api, event: Mapping[str, Any], imports: bool, jobs: Mapping[str, Sequence[Job]], clock: Clock
) -> tuple[bool, str]:
    """Whether to train, and why, in a sentence."""
    if not event["solution_arn"]:
        return False, "Nothing is trained: there is no solution."
    if event["train"] == "never":
        return False, "Nothing is trained: this refresh only imports."
    if event["train"] == "always":
        return True, "A version is trained, whatever is new."
    if imports:
        return True, "A version is trained, because data is imported."
    newest = _newest_version(api, event["solution_arn"])
    if newest is None:
        return True, "A version is trained: there is none yet."
    if _was_imported_since(api, event["solution_arn"], newest, jobs):
        return True, "A version is trained, because data was imported since the last one."
    if event["events_count"] and newest + _DAY <= clock.time():
        return True, "A version is trained, because the last one is older than a day and events are recorded."
    return False, "Nothing is trained: the last version knows all data."


def _newest_version(api: Api, solution_arn: str) -> float | None:
    """When the training of the newest version that has not failed began."""
    versions = api.child_summaries(_VERSION, "solutionArn", solution_arn)
    return max((each["creationDateTime"].timestamp() for each in versions if not has_failed(each)), default=None)


def _was_imported_since(api: Api, solution_arn: str, moment: float, known: Mapping[str, Sequence[Job]]) -> bool:
    """Whether an import into any dataset that the solution trains on ended after a moment."""
    return any(job.ended > moment for job in _finished(api, solution_arn, known))


def _finished(api: Api, solution_arn: str, known: Mapping[str, Sequence[Job]]) -> Iterator[Job]:
    solution = api.describe(_SOLUTION, solution_arn) or {}
    for dataset in api.child_summaries(_DATASET, "datasetGroupArn", solution.get("datasetGroupArn", "")):
        arn = dataset["datasetArn"]
        for job in known.get(arn) or map(Job.of, _summaries(api, arn)):
            if not job.has_failed and not job.is_in_flight:
                yield job
