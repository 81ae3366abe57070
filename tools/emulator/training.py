"""What training needs, and what a training sees."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from copy import copy
from typing import Any, cast

from .actions import ActionModel
from .data import Dataset
from .models import Model, Snapshot
from .recipes import ITEM_ATTRIBUTE_AFFINITY, PERSONALIZED_ACTIONS, SEMANTIC_SIMILARITY, USER_SEGMENTATION, Recipe
from .region import ACTIVE, Region, Resource
from .segment_model import Catalogue, SegmentModel
from .semantic import SemanticModel
from .solution_config import candidates

_RESERVED_OF_ITEMS = frozenset({"ITEM_ID", "CREATION_TIMESTAMP"})
# Which metric AutoML compares by if autoMLConfig names none: inferred.
_AUTO_ML_METRIC = "normalized_discounted_cumulative_gain_at_25"


class TrainingFailedError(Exception):
    """A training that fails; its text is the failure reason."""


def dataset_of(region: Region, group_arn: str, dataset_type: str) -> Dataset | None:
    """The records of a dataset of a group, if there is such a dataset."""
    found = next(region.of("Dataset", datasetGroupArn=group_arn, datasetType=dataset_type), None)
    return region.datasets.get(found.arn) if found else None


def start(region: Region, resource: Resource, at: float) -> str | None:
    """Train a solution version or a recommender on the data as it is now.

    With AutoML each candidate is trained, and the best one is kept (API reference, CreateSolution).

    Returns:
        Why it failed, or None.
    """
    try:
        models = [_train(region, resource, recipe, at) for recipe in candidates(resource.fields)]
    except TrainingFailedError as failed:
        return str(failed)
    config = resource.fields.get("solutionConfig", {}).get("autoMLConfig", {})
    metric = config.get("metricName", _AUTO_ML_METRIC)
    # Metrics take a while, which a single candidate need not.
    resource.work = models[0] if len(models) == 1 else max(models, key=lambda one: one.metrics.get(metric, 0.0))
    return None


def finish(region: Region, resource: Resource, at: float) -> str | None:
    """Put what was trained to use."""
    resource.model, resource.work = resource.work, None
    resource.fields["recipeArn"] = resource.model.recipe.arn
    return None


def _train(region: Region, resource: Resource, recipe: Recipe, at: float) -> Model | ActionModel | SegmentModel:
    fields = resource.fields
    missing = [kind for kind in recipe.datasets if dataset_of(region, fields["datasetGroupArn"], kind) is None]
    if missing:
        raise TrainingFailedError(
            f"The dataset group has no {' and no '.join(missing)} dataset, which {recipe.name} needs."
        )
    if fields.get("trainingMode") == "UPDATE":
        return _updated(region, fields, at)
    snapshot = _snapshot(region, fields, recipe, at)
    if recipe.name != SEMANTIC_SIMILARITY:
        _check_volume(region, snapshot, recipe.event or fields.get("eventType"))
    if recipe.type == USER_SEGMENTATION:
        return SegmentModel(recipe, snapshot, _catalogue(region, fields, recipe))
    if recipe.type != PERSONALIZED_ACTIONS:
        return _model(region, fields, recipe, snapshot)
    actions = dataset_of(region, fields["datasetGroupArn"], "ACTIONS")
    assert actions, "it is one of the datasets of the recipe"
    interactions = dataset_of(region, fields["datasetGroupArn"], "ACTION_INTERACTIONS")
    return ActionModel(recipe, actions, interactions, snapshot)


def train_on(region: Region, fields: Mapping[str, Any], recipe: Recipe, until: float) -> Model:
    """A model of what came in until a time, however little that is."""
    return _model(region, fields, recipe, _snapshot(region, fields, recipe, until))


def _model(region: Region, fields: Mapping[str, Any], recipe: Recipe, snapshot: Snapshot) -> Model:
    items = dataset_of(region, fields["datasetGroupArn"], "ITEMS")
    if recipe.name == SEMANTIC_SIMILARITY and items:
        return SemanticModel(recipe, snapshot, items)
    return Model(recipe, snapshot)


def _updated(region: Region, fields: Mapping[str, Any], at: float) -> Model:
    """The model of the latest FULL training, which considers the items that came in since.

    API reference, CreateSolutionVersion; there is one: `rules.update_training_is_possible`.
    """
    versions = region.of("SolutionVersion", solutionArn=fields["solutionArn"], trainingMode="FULL")
    model = copy([one for one in versions if one.status == ACTIVE][-1].model)
    model.seen_at = at
    return cast(Model, model)


def _catalogue(region: Region, fields: Mapping[str, Any], recipe: Recipe) -> Catalogue | None:
    """The items as they are now.

    Developer guide, "Item-Attribute-Affinity recipe": they need a column that is neither textual nor reserved. That it
    is the training that fails is inferred.
    """
    items = dataset_of(region, fields["datasetGroupArn"], "ITEMS")
    if items is None:
        return None
    if recipe.name == ITEM_ATTRIBUTE_AFFINITY and not any(
        field.name not in _RESERVED_OF_ITEMS and not field.textual for field in items.schema.fields
    ):
        raise TrainingFailedError("The Items dataset has no metadata column that is neither textual nor reserved.")
    return Catalogue(items.schema, {row["ITEM_ID"]: row for row in items.rows("ALL")})


def _check_volume(region: Region, snapshot: Snapshot, event: str | None) -> None:
    """Refuse too little data.

    Sources of the minimums: quotas ("unique item interactions"); developer guide, "Common error messages in Amazon
    Personalize"; for the event type of a use case "VIDEO_ON_DEMAND use cases" and "ECOMMERCE use cases".
    """
    quotas = region.environment.quotas
    if snapshot.distinct() < quotas.interactions_to_train:
        after = f" after filtering by event type: {event}" if event else ""
        raise TrainingFailedError(f"Dataset has fewer than {quotas.interactions_to_train} interactions{after}")
    if snapshot.users_with(2) < quotas.users_to_train:
        raise TrainingFailedError(
            f"Dataset has fewer than {quotas.users_to_train} users with at least 2 interactions each."
        )
    if snapshot.users_with(2) * 100 < snapshot.users_with(1) * quotas.percent_of_users_to_train:
        raise TrainingFailedError(
            f"Dataset has less than {quotas.percent_of_users_to_train} percent of all users with at least 2 "
            f"interactions each."
        )


def changes_of(region: Region, group_arn: str, recipe: Recipe) -> int:
    """How often the data came in that automatic training waits for.

    Developer guide, "Configuring automatic training". That it is the items where nothing else is needed is inferred.
    """
    kinds = {SEMANTIC_SIMILARITY: ("ITEMS",), "aws-next-best-action": ("INTERACTIONS", "ACTION_INTERACTIONS")}
    datasets = (dataset_of(region, group_arn, kind) for kind in kinds.get(recipe.name, ("INTERACTIONS",)))
    return sum(dataset.changes for dataset in datasets if dataset)


def _snapshot(region: Region, fields: Mapping[str, Any], recipe: Recipe, at: float) -> Snapshot:
    interactions = dataset_of(region, fields["datasetGroupArn"], "INTERACTIONS")
    items = dataset_of(region, fields["datasetGroupArn"], "ITEMS")
    catalogue = items.keys() if items else []
    changes = changes_of(region, fields["datasetGroupArn"], recipe)
    if interactions is None:
        return Snapshot([], [], [], [], catalogue, changes, at)
    names = ("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE")
    users, seen, times, events = (interactions.column(name, at) for name in names)
    wanted = list(_events_trained_on(fields, recipe))
    if not wanted:
        return Snapshot(users, seen, times, events, catalogue, changes, at, interactions.bulk)
    values = interactions.column("EVENT_VALUE", at)
    kept = [n for n in range(len(users)) if any(_is_wanted(events[n], values[n], *one) for one in wanted)]
    return Snapshot(
        [users[n] for n in kept],
        [seen[n] for n in kept],
        [times[n] for n in kept],
        [events[n] for n in kept],
        catalogue,
        changes,
        at,
        interactions.bulk,
    )


def _events_trained_on(fields: Mapping[str, Any], recipe: Recipe) -> Iterator[tuple[str | None, float | None]]:
    """Event types, None for all, and the least value of each; nothing if everything is trained on.

    Developer guide, "Choosing the item interaction data used for training", "Optimizing a solution with events
    configuration".
    """
    config = fields.get("solutionConfig", {})
    event, least = recipe.event or fields.get("eventType"), config.get("eventValueThreshold")
    weighed: Sequence[Mapping[str, Any]] = config.get("eventsConfig", {}).get("eventParametersList", ())
    if weighed and recipe.weighs_events:
        yield from ((one.get("eventType"), one.get("eventValueThreshold")) for one in weighed)
    elif event or least:
        yield event, float(least) if least else None


def _is_wanted(event: str | None, value: float | None, wanted: str | None, least: float | None) -> bool:
    if wanted is not None and (event or "").lower() != wanted.lower():
        return False
    return least is None or (value is not None and value >= least)
