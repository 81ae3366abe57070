"""What training needs, and what a training sees."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .data import Dataset
from .models import Model, Snapshot
from .recipes import RECIPES, Recipe
from .region import Region, Resource


def dataset_of(region: Region, group_arn: str, dataset_type: str) -> Dataset | None:
    """The records of a dataset of a group, if there is such a dataset."""
    found = next(region.of("Dataset", datasetGroupArn=group_arn, datasetType=dataset_type), None)
    return region.datasets.get(found.arn) if found else None


def start(region: Region, resource: Resource, at: float) -> str | None:
    """Train a solution version or a recommender on the data as it is now.

    Sources of the minimums: quotas ("unique item interactions"); developer guide, "Common error messages in Amazon
    Personalize"; for the event type of a use case "VIDEO_ON_DEMAND use cases" and "ECOMMERCE use cases".

    Returns:
        Why it failed, or None.
    """
    fields = resource.fields
    recipe = RECIPES[fields["recipeArn"]]
    quotas = region.environment.quotas
    missing = [kind for kind in recipe.datasets if dataset_of(region, fields["datasetGroupArn"], kind) is None]
    if missing:
        return f"The dataset group has no {' and no '.join(missing)} dataset, which {recipe.name} needs."
    snapshot = _snapshot(region, fields, recipe)
    event = recipe.event or fields.get("eventType")
    if snapshot.distinct() < quotas.interactions_to_train:
        after = f" after filtering by event type: {event}" if event else ""
        return f"Dataset has fewer than {quotas.interactions_to_train} interactions{after}"
    if snapshot.users_with(2) < quotas.users_to_train:
        return f"Dataset has fewer than {quotas.users_to_train} users with at least 2 interactions each."
    if snapshot.users_with(2) * 100 < snapshot.users_with(1) * quotas.percent_of_users_to_train:
        return (
            f"Dataset has less than {quotas.percent_of_users_to_train} percent of all users with at least 2 "
            f"interactions each."
        )
    resource.work = Model(recipe, snapshot)
    return None


def finish(region: Region, resource: Resource, at: float) -> str | None:
    """Put what was trained to use."""
    resource.model, resource.work = resource.work, None
    return None


def _snapshot(region: Region, fields: Mapping[str, Any], recipe: Recipe) -> Snapshot:
    interactions = dataset_of(region, fields["datasetGroupArn"], "INTERACTIONS")
    items = dataset_of(region, fields["datasetGroupArn"], "ITEMS")
    assert interactions
    snapshot = Snapshot(
        interactions.column("USER_ID"),
        interactions.column("ITEM_ID"),
        interactions.column("TIMESTAMP"),
        interactions.column("EVENT_TYPE"),
        items.keys() if items else [],
        interactions.changes,
    )
    event = recipe.event or fields.get("eventType")
    return snapshot.of_event(event) if event else snapshot
