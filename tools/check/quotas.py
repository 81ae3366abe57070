"""How much data the service takes, and how much a training looks at.

Source: developer guide, "Amazon Personalize endpoints and quotas".
"""

from __future__ import annotations

from collections.abc import Iterator

from stacks.personalize.limits import VOD_USE_CASES
from stacks.settings import Settings

from .findings import Finding

_GIGABYTE = 1024**3  # bytes; the page does not say which gigabyte
_MAX_SIZE = {"FULL": 100 * _GIGABYTE, "INCREMENTAL": _GIGABYTE}
# What models consider: for use cases and the older recipes, and for -v2 recipes.
_CONSIDERED = {"interactions": (500_000_000, 3_000_000_000), "items": (750_000, 5_000_000)}


def check_size(dataset_type: str, import_mode: str, size: int) -> Iterator[Finding]:
    """Whether an import may be as large.

    Args:
        dataset_type: INTERACTIONS, ITEMS or USERS.
        import_mode: FULL or INCREMENTAL.
        size: of all files, in bytes.
    """
    most = _MAX_SIZE[import_mode]
    if size <= most:
        return
    # With a raised quota for interactions in training, a full import of them may be larger.
    grows = dataset_type == "INTERACTIONS" and import_mode == "FULL"
    hint = " The quota can be raised." if grows else ""
    yield Finding(
        dataset_type.lower(),
        f"there are {size / _GIGABYTE:,.1f} GB, and an import with the mode {import_mode} takes at most "
        f"{most // _GIGABYTE} GB.{hint}",
        refuses=not grows,
    )


def check_considered(settings: Settings, what: str, count: int) -> Iterator[Finding]:
    """Whether trainings look at everything.

    Args:
        settings: of the environment.
        what: interactions or items.
        count: how many there are.
    """
    trained = {f"recommenders.{name}": each.recipe for name, each in settings.recommenders.items()}
    if settings.ranking:
        trained["ranking"] = settings.ranking.recipe
    for setting, recipe in trained.items():
        is_newer = recipe not in VOD_USE_CASES and recipe.endswith("-v2")
        most = _CONSIDERED[what][is_newer]
        if count > most:
            yield Finding(
                setting, f"there are {count:,} {what}, and {recipe} considers at most {most:,} of them.", refuses=False
            )
