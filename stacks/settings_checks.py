"""Mistakes in the settings that no field has by itself: names that meet, data that is missing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

from stacks.outputs import pascal
from stacks.personalize import limits

if TYPE_CHECKING:
    from stacks.settings import Settings

_METADATA = "enable_metadata_with_recommendations"
# Constructs that the CDK itself adds to a stack.
_IDS_OF_THE_CDK = frozenset({"BootstrapVersion", "CheckBootstrapVersion", "CDKMetadata"})
# Either is what a construct stands for, so that none can have both (constructs, Node.defaultChild).
_ONE_TO_THE_CDK = frozenset({"Default", "Resource"})


def check_names(settings: Settings) -> Iterator[str]:
    """Names that become one in a stack: `genre1` and `genre_1` are both Genre1."""
    recommenders = {name: pascal(name) for name in settings.recommenders}
    filters = {name: f"Filter{pascal(name)}" for name in settings.filters}
    yield from _check_ids("recommenders", {k: _ids(v, f"Recommender{v}Arn") for k, v in recommenders.items()})
    yield from _check_ids("filters", {k: _ids(v, f"{v}Arn") for k, v in filters.items()})


def _check_ids(section: str, ids_by_name: Mapping[str, frozenset[str]]) -> Iterator[str]:
    taken: dict[str, str] = {}
    for name, ids in ids_by_name.items():
        other = next((taken[id] for id in ids if id in taken), None)
        if other:
            yield f"{section}.{name}: becomes the same as '{other}' in the template. Rename one of them."
        if ids & _IDS_OF_THE_CDK:
            yield f"{section}.{name}: is a name that the CDK uses itself. Rename it."
        taken |= dict.fromkeys(ids, name)


def _ids(construct: str, output: str) -> frozenset[str]:
    """Ids of what a recommender or a filter adds to its stack: itself, its output, its parameter."""
    same = _ONE_TO_THE_CDK if construct in _ONE_TO_THE_CDK else {construct}
    return frozenset({*same, output, f"{output}Parameter"})


def check_keys(settings: Settings, region: str | None) -> Iterator[str]:
    """Keys of another region: S3 and Personalize use those of their own (KMS developer guide).

    Args:
        settings: the settings.
        region: the app's; None if nobody has said yet.
    """
    for field in ("encryption_key", "data_encryption_key_arn"):
        arn = getattr(settings, field)
        _, partition, _, key_region, *_ = arn.split(":") if arn else ("", "", "", "")
        if arn and region and key_region != region:
            yield f"{field}: the key is in {key_region}, but region is {region}. Use a key of that region."
        elif arn and key_region.startswith("cn-") is not (partition == "aws-cn"):
            yield f"{field}: no key of {key_region} has an ARN that begins with arn:{partition}. Correct it."


def check_datasets(settings: Settings) -> Iterator[str]:
    """Datasets that something needs and that are not there; that of interactions always is."""
    for user, needed, why in _needed_datasets(settings):
        for dataset_type in needed:
            if dataset_type not in settings.datasets.used:
                kind = dataset_type.lower()
                yield f"datasets.{kind}: is missing, and {user} {why} it. Add it, or remove {user}."


def _needed_datasets(settings: Settings) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """What needs which datasets, and for what."""
    for name, each in settings.recommenders.items():
        user = f"recommenders.{name}"
        yield user, limits.VOD_USE_CASES[each.recipe].datasets, "trains on"
        if each.enable_metadata_with_recommendations:
            yield f"{user}.{_METADATA}", ("ITEMS",), "returns columns of"
    if settings.ranking and settings.ranking.campaign.enable_metadata_with_recommendations:
        yield f"ranking.campaign.{_METADATA}", ("ITEMS",), "returns columns of"
