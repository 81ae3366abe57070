"""Solution versions: their names, statuses and metrics, and trainings that cannot succeed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tools.conformance.run import Run
from tools.conformance.step import Cost, Expected, Step, Tier

from .imports import put_object, start_import
from .materials import EXISTS, IN_USE, INVALID, csv, refused, taken
from .refusals import RANKING

# 0.002 dollars for 1,000 interactions (tools/review/prices.yaml).
_CENTS = Cost("cents", 0.01, "https://aws.amazon.com/personalize/pricing/, second hand, as in tools/review/prices.yaml")


def _train(run: Run) -> None:
    """Twice at once, under a name and under none; asks meanwhile for what a version is needed for."""
    solution = run.recall("solution")
    named = run.personalize.create_solution_version(solutionArn=solution, name="first")["solutionVersionArn"]
    run.ask(run.personalize.create_solution_version, solutionArn=solution, name="first")
    unnamed = run.personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    run.remember("named", named)
    run.remember("version", unnamed)
    run.ask(run.personalize.get_solution_metrics, solutionVersionArn=named)
    run.ask(run.personalize.create_campaign, name=run.name("early"), solutionVersionArn=named)
    run.ask(run.personalize.delete_solution, solutionArn=solution)
    run.ask(
        run.personalize.create_batch_inference_job,
        jobName=run.name("early"),
        solutionVersionArn=named,
        jobInput={"s3DataSource": {"path": f"s3://{run.recall('bucket')}/users.csv"}},
        jobOutput={"s3DataDestination": {"path": f"s3://{run.recall('bucket')}/early/"}},
        roleArn=run.recall("role"),
    )
    for arn in (named, unnamed):
        run.note(
            f"status of the {'named' if arn == named else 'unnamed'} one", run.settled("SolutionVersion", arn), "ACTIVE"
        )


def _compare_names(run: Run) -> None:
    solution = run.recall("solution").rpartition("/")[2]
    for what in ("named", "version"):
        arn = run.recall(what)
        found = run.personalize.describe_solution_version(solutionVersionArn=arn)["solutionVersion"]
        last = arn.rpartition("/")[2]
        run.note(
            f"{what}: the name is that of the solution and the last part of the ARN",
            found["name"] == f"{solution}/{last}",
            True,
        )
    run.note("the ARN of the named one ends in its name", run.recall("named").endswith("/first"), expected=True)
    listed = run.personalize.list_solution_versions(solutionArn=run.recall("solution"))["solutionVersions"]
    run.note("members of a listed version", sorted({member for each in listed for member in each}))


def _read_metrics(run: Run) -> None:
    found = run.personalize.get_solution_metrics(solutionVersionArn=run.recall("version"))["metrics"]
    run.note("names of metrics", sorted(found))
    run.note("all have four decimals at most", all(value == round(value, 4) for value in found.values()), expected=True)


def _stop(run: Run) -> None:
    version = run.personalize.create_solution_version(solutionArn=run.recall("solution"))["solutionVersionArn"]
    run.watch(
        run.personalize.describe_solution_version,
        lambda answer: answer is None or answer["solutionVersion"]["status"] != "CREATE PENDING",
        solutionVersionArn=version,
    )
    stop = run.personalize.stop_solution_version_creation
    run.ask(stop, solutionVersionArn=version)
    run.ask(stop, solutionVersionArn=version)
    run.note("status", run.settled("SolutionVersion", version), expected="CREATE STOPPED")
    run.ask(stop, solutionVersionArn=version)
    run.ask(run.personalize.get_solution_metrics, solutionVersionArn=version)
    run.ask(stop, solutionVersionArn=run.recall("version"))


def _train_without_data(run: Run) -> None:
    solution = _new_solution(run, "no-data")
    answer = run.ask(run.personalize.create_solution_version, solutionArn=solution)
    status = run.settled("SolutionVersion", answer["solutionVersionArn"]) if answer else "refused"
    run.note("status", status, expected="CREATE FAILED")
    if answer:
        version = answer["solutionVersionArn"]
        run.ask(run.personalize.get_solution_metrics, solutionVersionArn=version)
        run.ask(run.personalize.create_campaign, name=run.name("failed"), solutionVersionArn=version)
    _remove_solution(run, solution)


def _train_on_passers_by(run: Run) -> None:
    """Thirty users with forty interactions, and four thousand with one."""
    active = [(f"u{user}", f"i{step}", "Watch", 1_704_067_200 + step) for user in range(30) for step in range(40)]
    passing = [(f"p{user}", f"i{user % 40}", "Watch", 1_704_067_200 + user) for user in range(4000)]
    put_object(run, "passing.csv", csv("Interactions", active + passing))
    job = start_import(run, "passing", "bare-Interactions", "passing.csv")
    run.note("status of the import", run.settled("DatasetImportJob", job) if job else "refused", expected="ACTIVE")
    solution = _new_solution(run, "passing")
    answer = run.ask(run.personalize.create_solution_version, solutionArn=solution)
    status = run.settled("SolutionVersion", answer["solutionVersionArn"]) if answer else "refused"
    run.note("status", status, expected="CREATE FAILED")
    _remove_solution(run, solution)


def _new_solution(run: Run, name: str) -> str:
    made = run.personalize.create_solution(
        name=run.name(name), datasetGroupArn=run.recall("bare"), recipeArn=RANKING, performAutoTraining=False
    )["solutionArn"]
    run.settled("Solution", made)
    return str(made)


def _remove_solution(run: Run, arn: str) -> None:
    """So that it is in nobody's way when its group is deleted."""
    run.personalize.delete_solution(solutionArn=arn)
    run.settled("Solution", arn)


def _step(name: str, what: str, does: Callable[[Run], None], *rules: str, **options: Any) -> Step:
    return Step(name, what, does, rules=rules, tier=Tier.TRAIN, **{"cost": _CENTS, "minutes": 60.0, **options})


STEPS = (
    _step(
        "versions.created",
        "Trains two versions at once, one of them named, and asks for what only trained versions have.",
        _train,
        "requests.unique_version_names",
        "statuses.order",
        "statuses.metrics_when_trained",
        "statuses.must_be_active",
        "deletion.solution",
        "batches.version",
        needs=("imports.all", "solutions.update_before_full", "campaigns.without_version"),
        expects=(
            Expected("CreateSolutionVersion", which=0),
            Expected("CreateSolutionVersion", EXISTS, which=1),
            Expected("CreateSolutionVersion", which=2),
            *refused("GetSolutionMetrics", IN_USE),
            *refused("CreateCampaign", IN_USE),
            *refused("DeleteSolution", IN_USE),
            *refused("CreateBatchInferenceJob", IN_USE),
        ),
    ),
    _step(
        "versions.names",
        "Compares names and ARNs of a version that was named and one that was not.",
        _compare_names,
        "requests.version_names",
        needs=("versions.created",),
        minutes=0,
    ),
    _step(
        "versions.metrics",
        "Reads the metrics of a version.",
        _read_metrics,
        "metrics.decimals",
        needs=("versions.created",),
        minutes=0,
        expects=(Expected("GetSolutionMetrics", members=("metrics.coverage",)),),
    ),
    _step(
        "versions.stopped",
        "Stops a training in progress, twice, then what has stopped, and what was trained.",
        _stop,
        "statuses.stopped_training",
        "statuses.metrics_when_trained",
        needs=("versions.created",),
        expects=(
            Expected("StopSolutionVersionCreation", which=0),
            Expected("StopSolutionVersionCreation", INVALID, which=1),
            Expected("StopSolutionVersionCreation", INVALID, which=2),
            Expected("StopSolutionVersionCreation", INVALID, which=3),
            *refused("GetSolutionMetrics", INVALID),
        ),
    ),
    _step(
        "versions.without_data",
        "Trains where there is no data, and deploys what failed.",
        _train_without_data,
        "solutions.minimum_data",
        "statuses.metrics_when_trained",
        "statuses.must_be_active",
        needs=("quotas.solutions",),
        expects=(
            *taken("CreateSolutionVersion"),
            *refused("GetSolutionMetrics", INVALID),
            *refused("CreateCampaign", INVALID),
        ),
    ),
    _step(
        "versions.passers_by",
        "Trains where less than one user in a hundred has two interactions.",
        _train_on_passers_by,
        "solutions.active_users",
        needs=("versions.without_data", "imports.new_role", "recommenders.failed"),
        expects=taken("CreateSolutionVersion"),
    ),
)
