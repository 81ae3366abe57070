"""Data deletion jobs: users, and all that is known of them, go from the datasets of a group."""

from __future__ import annotations

from .errors import limit
from .jobs import JobFailedError, failing, reading
from .kind import Kind, Statuses, named, taken
from .models import Model
from .region import Region, Resource
from .request import Request
from .rules import group_is_active, import_location_is_valid
from .segment_model import SegmentModel

_COLUMN = "USER_ID"
_STATUSES = Statuses("PENDING", "IN_PROGRESS", "COMPLETED", "FAILED")


def few_are_pending(request: Request) -> None:
    """At most 5 jobs of a dataset group are PENDING; those IN_PROGRESS do not count. The words are inferred.

    Quotas; developer guide, "Deleting users and their data with a data deletion job".
    """
    maximum = request.region.environment.quotas.pending_data_deletion_jobs
    jobs = request.region.of("DataDeletionJob", datasetGroupArn=request.params["datasetGroupArn"])
    if sum(job.status == _STATUSES.pending for job in jobs) >= maximum:
        raise limit(f"More than {maximum} resources with PENDING status.")


def read_users(files: list[tuple[str, bytes]], maximum: int) -> frozenset[str]:
    """The users that CSV files list, each with the one column USER_ID.

    Developer guide, "Deleting users and their data with a data deletion job": files of other types do not count, and
    all together have a largest size. The reasons of failure are inferred.

    Args:
        files: key and body of what is in the folder, or of the one file.
        maximum: bytes of all files together.

    Raises:
        JobFailedError: the files are not as they have to be.
    """
    tables = [(key, body) for key, body in files if key.endswith(".csv")]
    if not tables:
        raise JobFailedError("Invalid Data location. There is no file whose name ends in .csv.")
    if sum(len(body) for _, body in tables) > maximum:
        raise JobFailedError(f"The input files have more than {maximum} bytes in all.")
    return frozenset(user for key, body in tables for user in _users(key, body))


def _users(key: str, body: bytes) -> list[str]:
    try:
        header, *users = body.decode("utf-8-sig").splitlines() or [""]
    except UnicodeDecodeError:
        raise JobFailedError(f"{key} is not encoded in UTF-8.") from None
    if header.strip() != _COLUMN:
        raise JobFailedError(f"{key} must have the one column {_COLUMN}, but its header is '{header}'.")
    return [user.strip().strip('"') for user in users if user.strip()]


@failing
def _read(region: Region, job: Resource, at: float) -> None:
    location = job.fields["dataSource"]["dataLocation"]
    found = region.environment.objects.read(job.fields["roleArn"], location)
    files = reading(found, "Invalid Data location.")
    job.work = read_users(files, region.environment.quotas.deletion_input_bytes)


def _delete(region: Region, job: Resource, at: float) -> None:
    """Delete the users of a job, and count their records (API reference, DataDeletionJob)."""
    users, job.work = job.work, None
    group_arn = job.fields["datasetGroupArn"]
    open_ones = (region.datasets.get(one.arn) for one in region.of("Dataset", datasetGroupArn=group_arn))
    job.fields["numDeleted"] = sum(dataset.remove_users(users) for dataset in open_ones if dataset)
    for noun in ("SolutionVersion", "Recommender"):
        for trained in region.of(noun, datasetGroupArn=group_arn):
            if isinstance(trained.model, Model | SegmentModel):
                trained.model.forget(users)


KIND = Kind(
    noun="DataDeletionJob",
    key="dataDeletionJob",
    list_key="dataDeletionJobs",
    path=named("data-deletion-job", "jobName"),
    fields=taken("datasetGroupArn", "dataSource", "roleArn"),
    parents={"datasetGroupArn": "DatasetGroup"},
    rules=(group_is_active, import_location_is_valid, few_are_pending),
    list_by="datasetGroupArn",
    name_member="jobName",
    can_be_deleted=False,
    statuses=_STATUSES,
    newest_first=True,
    start=_read,
    activated=_delete,
)
