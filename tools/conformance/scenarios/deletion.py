"""Deletion: what blocks it, and the order that works."""

from __future__ import annotations

from tools.conformance.run import GONE, Run
from tools.conformance.step import Step

from .materials import IN_USE, refused, taken
from .refusals import RANKING


def _fill(run: Run) -> None:
    group = run.recall("bare")
    made = run.personalize.create_filter(
        name=run.name("blocks"),
        datasetGroupArn=group,
        filterExpression='EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")',
    )["filterArn"]
    run.remember("bare-filter", made)
    run.settled("Filter", made)
    tracker = run.personalize.create_event_tracker(name=run.name("blocks"), datasetGroupArn=group)["eventTrackerArn"]
    run.remember("bare-tracker", tracker)
    run.settled("EventTracker", tracker)
    solution = run.personalize.create_solution(
        name=run.name("blocks"), datasetGroupArn=group, recipeArn=RANKING, performAutoTraining=False
    )["solutionArn"]
    run.remember("bare-solution", solution)
    run.settled("Solution", solution)


def _delete_schema(run: Run) -> None:
    run.ask(run.personalize.delete_schema, schemaArn=run.recall("bare-schema"))


def _delete_group(run: Run) -> None:
    """With everything in it, then with less and less; what is in it is deleted in the order that works."""
    _delete_group_in_vain(run)
    _gone(run, "Solution", "bare-solution")
    _delete_group_in_vain(run)


def _delete_dataset(run: Run) -> None:
    _delete_dataset_in_vain(run)
    _gone(run, "Filter", "bare-filter")
    _delete_dataset_in_vain(run)
    _gone(run, "EventTracker", "bare-tracker")
    _delete_group_in_vain(run)


def _delete_rest(run: Run) -> None:
    _gone(run, "Dataset", "bare-Interactions")
    run.personalize.delete_schema(schemaArn=run.recall("bare-schema"))
    _gone(run, "DatasetGroup", "bare")


def _delete_group_in_vain(run: Run) -> None:
    run.ask(run.personalize.delete_dataset_group, datasetGroupArn=run.recall("bare"))


def _delete_dataset_in_vain(run: Run) -> None:
    run.ask(run.personalize.delete_dataset, datasetArn=run.recall("bare-Interactions"))


def _gone(run: Run, noun: str, key: str) -> None:
    member, operation = {
        "Solution": ("solutionArn", run.personalize.delete_solution),
        "Filter": ("filterArn", run.personalize.delete_filter),
        "EventTracker": ("eventTrackerArn", run.personalize.delete_event_tracker),
        "Dataset": ("datasetArn", run.personalize.delete_dataset),
        "DatasetGroup": ("datasetGroupArn", run.personalize.delete_dataset_group),
    }[noun]
    operation(**{member: run.recall(key)})
    run.note(f"{noun} at the end", run.settled(noun, run.recall(key)), expected=GONE)


STEPS = (
    Step(
        "deletion.filled",
        "Puts a filter, an event tracker and a solution into a group.",
        _fill,
        rules=("statuses.order",),
        needs=("recommenders.without_items", "quotas.solutions"),
        minutes=3,
    ),
    Step(
        "deletion.schema_in_use",
        "Deletes a schema that a dataset has.",
        _delete_schema,
        rules=("deletion.schema", "deletion.blocked"),
        needs=("deletion.filled",),
        expects=refused("DeleteSchema", IN_USE),
    ),
    Step(
        "deletion.group_in_use",
        "Deletes a group with a solution, and one with datasets and an event tracker.",
        _delete_group,
        rules=("deletion.group", "deletion.blocked", "deletion.solution"),
        needs=("deletion.schema_in_use",),
        minutes=1,
        expects=refused("DeleteDatasetGroup", IN_USE, 2),
    ),
    Step(
        "deletion.dataset_in_use",
        "Deletes the interactions where a filter and an event tracker are, and the group that still has them.",
        _delete_dataset,
        rules=("deletion.dataset_filters", "deletion.dataset_tracker", "deletion.group"),
        needs=("deletion.group_in_use",),
        minutes=2,
        expects=(*refused("DeleteDataset", IN_USE, 2), *refused("DeleteDatasetGroup", IN_USE)),
    ),
    Step(
        "deletion.in_order",
        "Deletes the dataset, its schema, and the group.",
        _delete_rest,
        rules=("statuses.order",),
        needs=("deletion.dataset_in_use",),
        minutes=3,
        expects=(*taken("DeleteDataset"), *taken("DeleteSchema"), *taken("DeleteDatasetGroup")),
    ),
)
