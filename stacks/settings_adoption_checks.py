"""Finds mistakes in what is taken over, or only looked at, that one field alone does not show."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from stacks.settings_values import BUCKET

if TYPE_CHECKING:
    from stacks.settings import DatasetSettings, RankingSettings, Settings
    from stacks.settings_adoption import Adoptable, ExistingSettings

# Needed, unless `existing` names a dataset group whose data is others' business.
OWN_DATA = ("removal_policy", "data", "datasets")
# What makes or feeds a dataset group, or works with the app's own bucket and role.
_OF_AN_OWN_GROUP = (
    *("dataset_group", "datasets", "data", "event_tracker", "metric_attribution", "operations"),
    *("encryption_key", "data_encryption_key_arn"),
)


def check_adoption(settings: Settings) -> Iterator[str]:
    """All of them.

    Args:
        settings: the settings.
    """
    if settings.existing:
        yield from _check_existing(settings, settings.existing)
    else:
        yield from (f"{name}: is missing. Add it." for name in OWN_DATA if getattr(settings, name) is None)
        yield from _check_group(settings)
    if settings.ranking:
        yield from _check_ranking(settings.ranking)
    yield from _check_metric_attribution(settings)
    yield from _check_names(settings)


def adoption_hints(settings: Settings) -> Iterator[str]:
    """What is allowed, but may not be what is meant.

    Args:
        settings: the settings.
    """
    ranking = settings.ranking
    if ranking and ranking.auto_training_days is not None and not ranking.campaign.follow_latest:
        yield (
            "ranking.auto_training_days: creates versions that cost money, but the campaign does not serve them. Set "
            "campaign.follow_latest to true, or auto_training_days to null."
        )


def _check_existing(settings: Settings, existing: ExistingSettings) -> Iterator[str]:
    for name in _OF_AN_OWN_GROUP:
        if name in settings.model_fields_set and getattr(settings, name):
            yield f"{name}: cannot be set together with existing, whose data others look after. Remove one of them."
    if len(set(existing.datasets)) < len(existing.datasets):
        yield "existing.datasets: a dataset is in the list twice. Remove one of them."
    if not existing.name.startswith("arn:"):
        return
    _, _, _, region, account, _ = existing.name.split(":")
    for field, found in (("region", region), ("account", account)):
        wanted = getattr(settings, field)
        if wanted not in (None, found):
            yield f"existing.name: the dataset group is in {found}, but {field} is {wanted}. Correct one of them."


def _check_group(settings: Settings) -> Iterator[str]:
    group = settings.dataset_group
    if group.adopt and settings.encryption_key:
        yield (
            "dataset_group.adopt: a group with a key of yours was made with another role than the app's, so it cannot "
            "be taken over. Name it under existing, or remove encryption_key."
        )
    if not group.adopt:
        yield from (
            f"{where}.adopt: what exists is in a dataset group that exists, and the app makes its own. Add "
            "dataset_group with adopt: true and name, or existing."
            for where, each in _in_the_group(settings).items()
            if each.adopt
        )
    for kind, dataset in settings.used_datasets.items():
        for mistake in _check_dataset(settings, kind, dataset):
            yield f"datasets.{kind.lower()}.{mistake}"


def _in_the_group(settings: Settings) -> dict[str, Adoptable]:
    """What a dataset group holds, by the path of its settings; a campaign goes with its solution."""
    there: dict[str, Adoptable | None] = {
        **{f"datasets.{kind.lower()}": each for kind, each in settings.used_datasets.items()},
        **{f"recommenders.{name}": each for name, each in settings.recommenders.items()},
        "ranking": settings.ranking,
        **{f"filters.{name}": each for name, each in settings.filters.items()},
        "event_tracker": settings.event_tracker,
        "metric_attribution": settings.metric_attribution,
    }
    return {where: each for where, each in there.items() if each}


def _check_dataset(settings: Settings, kind: str, dataset: DatasetSettings) -> Iterator[str]:
    if dataset.schema_name is not None and not dataset.adopt:
        yield "schema_name: is for a dataset that is taken over. Add adopt: true and the name, or remove it."
    if not dataset.adopt:
        return
    if dataset.schema_name is None:
        yield "schema_name: is missing. A dataset is taken over together with its schema. Add the schema's name."
    if settings.data is not None and settings.location_of(kind) is None:
        yield (
            "data_location: is missing. Of a dataset that is taken over, it is where its latest import came from. "
            "Add it."
        )


def _check_ranking(ranking: RankingSettings) -> Iterator[str]:
    if ranking.adopt and ranking.solution_version is None:
        yield (
            "ranking.solution_version: is missing. Nothing is trained for a solution that is taken over. Add the last "
            "part of the ARN of the version that serves, or $LATEST."
        )
    if ranking.solution_version is not None and not ranking.adopt:
        yield (
            "ranking.solution_version: is for a solution that is taken over. Add adopt: true and name to ranking, or "
            "remove it."
        )
    if ranking.campaign.adopt and not ranking.adopt:
        yield (
            "ranking.campaign.adopt: the campaign serves a solution that is not taken over. Add adopt: true, name and "
            "solution_version to ranking."
        )


def _check_metric_attribution(settings: Settings) -> Iterator[str]:
    attribution = settings.metric_attribution
    if attribution is None:
        return
    if attribution.adopt and attribution.role_arn is None:
        yield (
            "metric_attribution.role_arn: is missing. A metric attribution is taken over only as it is. Add the role "
            "that it uses."
        )
    if attribution.role_arn is not None and not attribution.adopt:
        yield (
            "metric_attribution.role_arn: is for a metric attribution that is taken over; the app has a role of its "
            "own. Add adopt: true and name, or remove it."
        )
    if attribution.adopt and attribution.reports == BUCKET:
        yield (
            "metric_attribution.reports: a metric attribution that is taken over does not write to the app's bucket. "
            "Name the s3:// folder that it writes to."
        )


def _check_names(settings: Settings) -> Iterator[str]:
    """Find names that are given twice: resources of a type have different names in a region."""
    names: dict[str, dict[str, str | None]] = {}
    for where, each in _in_the_group(settings).items():
        names.setdefault(where.partition(".")[0], {})[f"{where}.name"] = each.name
    names["schemas"] = {
        f"datasets.{kind.lower()}.schema_name": each.schema_name for kind, each in settings.used_datasets.items()
    }
    for of_a_type in names.values():
        yield from _check_twice(of_a_type)


def _check_twice(names: Mapping[str, str | None]) -> Iterator[str]:
    taken: dict[str, str] = {}
    for where, name in names.items():
        if name is None:
            continue
        if name in taken:
            yield f"{where}: '{name}' is the name of {taken[name].rpartition('.')[0]} too. Correct one of them."
        taken[name] = where
