"""User segments, by items and by attributes of items: trainings, what is refused, and what a job writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from tools.conformance.run import Run
from tools.conformance.step import Cost, Expected, Step, Tier

from .batches import output, place, write_input
from .materials import INVALID
from .refusals import RECIPE

_DOLLARS = Cost("dollars")
_RECIPES = {"item": "aws-item-affinity", "attribute": "aws-item-attribute-affinity"}
_ITEM_LINES = ({"itemId": "i1"}, {"itemId": "never-seen"}, {"userId": "u1"})
_ATTRIBUTE_LINES = (
    {"itemAttributes": 'ITEMS.GENRES = "Horror"'},
    {"itemAttributes": 'ITEMS.GENRES = "Never seen"'},
    {"itemAttributes": 'ITEMS.GENRES IN ("Horror")'},
)


def _train(run: Run) -> None:
    for kind, recipe in _RECIPES.items():
        solution = run.personalize.create_solution(
            name=run.name(f"segments-{kind}"),
            datasetGroupArn=run.recall("custom"),
            recipeArn=f"{RECIPE}{recipe}",
            performAutoTraining=False,
        )["solutionArn"]
        run.settled("Solution", solution)
        version = run.personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
        run.remember(f"segments-{kind}", version)
        run.note(f"status of {recipe}", run.settled("SolutionVersion", version), expected="ACTIVE")
        metrics = run.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
        names = ["coverage", "hits_at_1_percent", "recall_at_1_percent"]
        run.note(f"metrics of {recipe}", sorted(metrics), expected=names)


def _ask_wrongly(run: Run) -> None:
    write_input(run, "lines/items.json", _ITEM_LINES)
    for name, options in (
        ("segment-ranking", {"solutionVersionArn": run.recall("version")}),
        ("segment-none", {"numResults": 0}),
        ("segment-many", {"numResults": 5_000_001}),
    ):
        _segment(run, name, "item", "lines/items.json", **options)
    run.ask(run.personalize.create_batch_inference_job, **_wanted(run, "segment-infer", "item", "lines/items.json"))


def _ask(run: Run) -> None:
    write_input(run, "lines/attributes.json", _ATTRIBUTE_LINES)
    for kind, file in (("item", "items.json"), ("attribute", "attributes.json")):
        name = f"segment-{kind}"
        status = _segment(run, name, kind, f"lines/{file}", numResults=3)
        run.note(f"status by {kind}", status, expected="ACTIVE")
        lines = [json.loads(line) for line in output(run, name).get(f"{file}.out", "").splitlines()]
        run.note(f"lines by {kind} with an error", sum(line["error"] is not None for line in lines), expected=2)
        members = sorted({member for line in lines for member in line.get("output") or {}})
        run.note(f"members of output by {kind}", members, expected=["usersList"])


def _segment(run: Run, name: str, kind: str, key: str, **options: Any) -> str:
    """Ask for a job, and wait; the status, or `refused`."""
    made = run.ask(run.personalize.create_batch_segment_job, **{**_wanted(run, name, kind, key), **options})
    return run.settled("BatchSegmentJob", made["batchSegmentJobArn"]) if made else "refused"


def _wanted(run: Run, name: str, kind: str, key: str) -> dict[str, Any]:
    bucket = run.recall("bucket")
    return {
        "jobName": run.name(name),
        "solutionVersionArn": run.recall(f"segments-{kind}"),
        "jobInput": {"s3DataSource": {"path": f"s3://{bucket}/{key}"}},
        "jobOutput": place(f"s3://{bucket}/{name}/"),
        "roleArn": run.recall("role"),
    }


def _step(name: str, what: str, does: Callable[[Run], None], *rules: str, **options: Any) -> Step:
    return Step(name, what, does, rules=rules, tier=Tier.TRAIN, cost=_DOLLARS, **{"minutes": 30.0, **options})


STEPS = (
    _step(
        "segments.trained",
        "Trains both recipes that segment users, and reads their metrics.",
        _train,
        "metrics.segments",
        needs=("batches.filtered",),
        minutes=90,
    ),
    _step(
        "segments.refused",
        "Asks for segments of a ranking, of no users and of too many, and for recommendations of a recipe of segments.",
        _ask_wrongly,
        "segments.recipes",
        "segments.quotas",
        "batches.results",
        "inference.recipes",
        needs=("segments.trained",),
        minutes=2,
        expects=(
            *(Expected("CreateBatchSegmentJob", INVALID, which=number) for number in range(3)),
            Expected("CreateBatchInferenceJob", INVALID, which=0),
        ),
    ),
    _step(
        "segments.made",
        "Finds the users of items and of attributes, in three lines each, two of which cannot be answered.",
        _ask,
        "segments.lines",
        "batches.errors",
        "batches.output",
        needs=("segments.refused",),
    ),
)
