"""Whether there are interactions enough, for the import and for each recipe of the settings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from stacks.personalize.avro import Field
from stacks.personalize.limits import VOD_USE_CASES
from stacks.settings import Settings

from .engines import Engine
from .findings import Finding, counted

# Quotas: of interactions in an import, of event types and metadata columns together; minimums of a training.
_MIN_INTERACTIONS = 1000
_MAX_EVENT_TYPES_AND_METADATA = 10
_MIN_USERS = 25
_MIN_SHARE_OF_USERS = 0.01
_NO_METADATA = frozenset(
    {
        *("USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE", "EVENT_VALUE"),
        *("IMPRESSION", "RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE"),
    }
)
_EVENTS = """\
SELECT "EVENT_TYPE", sum("found") AS "found", count(*) AS "different" FROM (
  SELECT "EVENT_TYPE", count(*) AS "found" FROM interactions GROUP BY "USER_ID", "ITEM_ID", "EVENT_TYPE", "TIMESTAMP"
) AS "each" GROUP BY "EVENT_TYPE"
"""
_USERS = """\
SELECT count(*), count(*) FILTER (WHERE "found" >= 2) FROM (
  SELECT count(*) AS "found" FROM interactions WHERE "USER_ID" <> '' GROUP BY "USER_ID"
) AS "each"
"""


@dataclass(frozen=True)
class Interactions:
    """What there is of interactions.

    Attributes:
        count: all.
        distinct: those that differ in something; of others the service keeps one.
        users: how many users there are.
        users_with_two: users with two interactions or more.
        events: distinct interactions by event type, the most frequent first.
    """

    count: int
    distinct: int
    users: int
    users_with_two: int
    events: Mapping[str, int]

    @classmethod
    def read(cls, engine: Engine) -> Interactions:
        """Count what is in all files of the dataset."""
        events = engine.ask(_EVENTS)
        ((users, with_two),) = engine.ask(_USERS)
        count, distinct = sum(found for _, found, _ in events), sum(different for _, _, different in events)
        named = sorted(((name, number) for name, _, number in events if name), key=lambda each: (-each[1], each[0]))
        return cls(int(count), int(distinct), int(users), int(with_two), {name: int(number) for name, number in named})

    def of_type(self, event_type: str) -> int:
        """Distinct interactions of an event type, in any case."""
        return sum(count for name, count in self.events.items() if name.lower() == event_type.lower())

    def __str__(self) -> str:
        events = ", ".join(f"{name} {count:,}" for name, count in list(self.events.items())[:12])
        return f"{self.users:,} users, {self.users_with_two:,} of them with two or more; events: {events or 'none'}"


def check_volume(found: Interactions, settings: Settings, fields: Mapping[str, Field], where: str) -> Iterator[Finding]:
    """Whether the import is large enough, and the trainings that follow it."""
    if found.count < _MIN_INTERACTIONS:
        yield Finding(
            where, f"there are {found.count:,} interactions, and an import needs at least {_MIN_INTERACTIONS:,}."
        )
    metadata = len(fields.keys() - _NO_METADATA)
    if len(found.events) + metadata > _MAX_EVENT_TYPES_AND_METADATA:
        yield Finding(
            where,
            f"there are {counted(len(found.events), 'event type', 'event types')} and "
            f"{counted(metadata, 'metadata column', 'metadata columns')}, and at most {_MAX_EVENT_TYPES_AND_METADATA} "
            "of both together are allowed.",
        )
    if found.distinct < found.count:
        yield Finding(
            where,
            f"{counted(found.count - found.distinct, 'interaction occurs', 'interactions occur')} more than once; "
            "the service keeps one of each.",
            refuses=False,
        )
    # What an incremental import adds to is not in the files.
    adds = settings.used_datasets["INTERACTIONS"].import_mode == "INCREMENTAL"
    for finding in _check_trainings(found, settings, where):
        yield Finding(finding.where, finding.text, refuses=finding.refuses and not adds)


def _check_trainings(found: Interactions, settings: Settings, where: str) -> Iterator[Finding]:
    trained = {f"recommenders.{name}": each.recipe for name, each in settings.recommenders.items()}
    if settings.ranking:
        trained["ranking"] = settings.ranking.recipe
    if trained:
        yield from _check_minimums(found, where)
    for setting, recipe in trained.items():
        needed = VOD_USE_CASES[recipe].watch_events if recipe in VOD_USE_CASES else 0
        yield from _check_watch_events(found, needed, setting, recipe)


def _check_minimums(found: Interactions, where: str) -> Iterator[Finding]:
    """What every training needs."""
    if found.distinct < _MIN_INTERACTIONS <= found.count:
        yield Finding(
            where,
            f"{found.distinct:,} interactions are different from each other, and a training needs "
            f"{_MIN_INTERACTIONS:,}.",
        )
    if found.users_with_two < _MIN_USERS:
        yield Finding(
            where,
            f"{counted(found.users_with_two, 'user has', 'users have')} two interactions or more, and a training needs "
            f"{_MIN_USERS} such users.",
        )
    elif found.users_with_two < found.users * _MIN_SHARE_OF_USERS:
        yield Finding(
            where, "fewer than 1 % of the users have two interactions or more, and a training needs that many."
        )


def _check_watch_events(found: Interactions, needed: int, setting: str, recipe: str) -> Iterator[Finding]:
    watched, exactly = found.of_type("Watch"), found.events.get("Watch", 0)
    if watched < needed:
        yield Finding(
            setting,
            f"{recipe} needs at least {needed:,} events of the type Watch, and there are {watched:,}. "
            f"Event types are: {', '.join(found.events) or 'none'}. Rename yours to Watch, or choose another recipe.",
        )
    elif exactly < needed:
        yield Finding(
            setting,
            f"{recipe} needs {needed:,} events of the type Watch, and only {exactly:,} are written exactly so. AWS "
            "does not say whether others count; write Watch to be sure.",
            refuses=False,
        )
