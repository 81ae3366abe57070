"""Whether a resource is what a template says, as far as only a new resource could change that."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .api import Api
from .merge import covers
from .resource_type import Members, ResourceType, member_name
from .statuses import Description

# A schema is longer; the sentence names its fields instead.
_LONGEST_VALUE = 300


@dataclass(frozen=True)
class Difference:
    """A property in which a resource is not what a template says.

    Attributes:
        prop: its name in the template.
        wanted, actual: what the template says, and what there is; None if one of them says nothing.
        words: what differs, where the values are too long to be compared by eye.
    """

    prop: str
    wanted: Any
    actual: Any
    words: str = ""

    def __str__(self) -> str:
        """As part of a sentence."""
        if self.words:
            return f"{self.prop} ({self.words})"
        has = "is not set" if self.actual is None else f"is {_as_text(self.actual)}"
        says = "leaves it out" if self.wanted is None else f"says {_as_text(self.wanted)}"
        return f"{self.prop} {has}, and the template {says}"


def holds(api: Api, row: ResourceType, properties: Mapping[str, Any], found: Description) -> bool:
    """Whether a resource has the create-only properties that are asked for."""
    return not contradictions(api, row, properties, found)


def differences(api: Api, row: ResourceType, properties: Mapping[str, Any], found: Description) -> list[Difference]:
    """Create-only properties in which a resource is not what is asked for, also those that are not mentioned."""
    return sorted(
        [*contradictions(api, row, properties, found), *_unmentioned(api, row, properties, found)],
        key=lambda each: each.prop,
    )


def contradictions(api: Api, row: ResourceType, properties: Mapping[str, Any], found: Description) -> list[Difference]:
    """Create-only properties that a template mentions, and in which a resource is something else."""
    names = sorted(name for name in row.create_only - row.control if name in properties)
    asked = api.request(f"Create{row.noun}", {name: properties[name] for name in names})
    compared = (_compared(row, name, asked[member_name(name)], found.get(member_name(name))) for name in names)
    return [each for each in compared if each]


def _compared(row: ResourceType, name: str, wanted: Any, actual: Any) -> Difference | None:
    if name in row.documents and actual is not None:
        words = row.documents[name](actual, wanted)
        return Difference(name, wanted, actual, words) if words else None
    return None if covers(actual, wanted) else Difference(name, wanted, actual)


def _unmentioned(api: Api, row: ResourceType, properties: Mapping[str, Any], found: Description) -> list[Difference]:
    rest = _without_updatable(api, row, found)
    names = (name for name in row.create_only - row.control if name not in properties)
    actual = {name: rest.get(member_name(name)) for name in names}
    return [Difference(name, None, value) for name, value in actual.items() if not _is_empty(value)]


def _without_updatable(api: Api, row: ResourceType, found: Description) -> Members:
    """A description without what an update changes, which the service may show inside a create-only member."""
    rest = dict(found)
    for prop, member in (row.update.actual if row.update else {}).items():
        assert row.update
        shown = found.get(member) or {}
        updatable = api.accepted(row.update.operation, {member_name(prop): shown})[member_name(prop)]
        rest[member] = {name: value for name, value in shown.items() if name not in updatable}
    return rest


def _is_empty(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_empty, value.values()))
    return not value


def _as_text(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, sort_keys=True, default=str)
    return f"'{text}'" if len(text) <= _LONGEST_VALUE else f"'{text[:_LONGEST_VALUE]}...'"
