"""Batch inference with the ranking that was trained: what is refused, and what a job writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tools.conformance.run import Run
from tools.conformance.step import Cost, Expected, Step, Tier

from .imports import put_object
from .materials import INVALID

# Recommendations in batches are billed by the thousand; these are ten.
_CENTS = Cost("cents")
_GENRE = "INCLUDE ItemID WHERE Items.GENRES IN ($GENRES)"
_ITEMS = ["i1", "i2", "i3", "i4"]
_LINES = (
    {"userId": "u1", "itemList": _ITEMS},
    {"userId": "u2", "itemList": [*_ITEMS, "never-seen"]},
    {"userId": "nobody", "itemList": _ITEMS},
    {"userId": "u3"},
    {"itemList": _ITEMS},
)


def _ask_wrongly(run: Run) -> None:
    write_input(run, "lines/in.json", _LINES)
    foreign = run.personalize.create_filter(
        name=run.name("batch-foreign"), datasetGroupArn=run.recall("vod"), filterExpression=_GENRE
    )["filterArn"]
    run.settled("Filter", foreign)
    for name, options in (
        ("batch-output", {"jobOutput": place("https://example.com/out/")}),
        ("batch-foreign", {"filterArn": foreign}),
        ("batch-none", {"numResults": 0}),
        ("batch-explores", {"batchInferenceJobConfig": {"itemExplorationConfig": {"explorationWeight": "0.3"}}}),
        ("batch-themes", {"batchInferenceJobMode": "THEME_GENERATION"}),
    ):
        _infer(run, name, "lines/in.json", **options)


def _ask(run: Run) -> None:
    status = _infer(run, "batch", "lines/in.json")
    run.note("status", status, expected="ACTIVE")
    written = output(run, "batch")
    run.note("files", sorted(written), expected=["_CHECK", "in.json.out"])
    lines = [json.loads(line) for line in written.get("in.json.out", "").splitlines()]
    run.note("members of lines", sorted({member for line in lines for member in line}), ["error", "input", "output"])
    failed = sum(line["error"] is not None for line in lines)
    run.note("lines with an error", failed, expected=2)
    run.note("a line for a line, in their order", [line["input"] for line in lines] == list(_LINES), expected=True)


def _ask_filtered(run: Run) -> None:
    made = run.personalize.create_filter(
        name=run.name("batch-genre"), datasetGroupArn=run.recall("custom"), filterExpression=_GENRE
    )["filterArn"]
    run.settled("Filter", made)
    line = {"userId": "u1", "itemList": _ITEMS}
    write_input(run, "lines/genre.json", ({**line, "filterValues": {"GENRES": '"Horror"'}}, line))
    run.note("status", _infer(run, "batch-genre", "lines/genre.json", filterArn=made), expected="ACTIVE")
    lines = [json.loads(each) for each in output(run, "batch-genre").get("genre.json.out", "").splitlines()]
    run.note("lines with an error", sum(each["error"] is not None for each in lines), expected=1)


def write_input(run: Run, key: str, lines: tuple[dict[str, Any], ...]) -> None:
    """Put the lines of a job into the bucket of the run."""
    put_object(run, key, "".join(f"{json.dumps(line)}\n" for line in lines))


def place(path: str) -> dict[str, Any]:
    """Where the output of a job goes."""
    return {"s3DataDestination": {"path": path}}


def _infer(run: Run, name: str, key: str, **options: Any) -> str:
    """Ask for a job, and wait; the status, or `refused`."""
    bucket = run.recall("bucket")
    wanted = {
        "jobName": run.name(name),
        "solutionVersionArn": run.recall("version"),
        "jobInput": {"s3DataSource": {"path": f"s3://{bucket}/{key}"}},
        "jobOutput": place(f"s3://{bucket}/{name}/"),
        "roleArn": run.recall("role"),
        **options,
    }
    made = run.ask(run.personalize.create_batch_inference_job, **wanted)
    return run.settled("BatchInferenceJob", made["batchInferenceJobArn"]) if made else "refused"


def output(run: Run, folder: str) -> dict[str, str]:
    """What a job wrote, by the name of the file."""
    bucket, prefix = run.recall("bucket"), f"{folder}/"
    listed = run.s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return {
        each["Key"].removeprefix(prefix): run.s3.get_object(Bucket=bucket, Key=each["Key"])["Body"].read().decode()
        for each in listed
    }


def _step(name: str, what: str, does: Callable[[Run], None], *rules: str, **options: Any) -> Step:
    return Step(name, what, does, rules=rules, tier=Tier.TRAIN, cost=_CENTS, **{"minutes": 20.0, **options})


STEPS = (
    _step(
        "batches.refused",
        "Asks for batch inference: to no folder of S3, with a filter of another group, without results, with options "
        "of other recipes.",
        _ask_wrongly,
        "jobs.output_paths",
        "batches.filters",
        "batches.results",
        "inference.config",
        "inference.themes",
        needs=("versions.names", "versions.metrics"),
        minutes=2,
        expects=tuple(Expected("CreateBatchInferenceJob", INVALID, which=number) for number in range(5)),
    ),
    _step(
        "batches.inferred",
        "Ranks the items of five lines, two of which cannot be answered.",
        _ask,
        "batches.output",
        "batches.errors",
        "statuses.order",
        needs=("batches.refused",),
    ),
    _step(
        "batches.filtered",
        "Ranks the items of two lines by a filter, one of which lacks its value.",
        _ask_filtered,
        "batches.filters",
        "batches.errors",
        needs=("batches.inferred",),
    ),
)
