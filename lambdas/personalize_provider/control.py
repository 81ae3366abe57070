"""Properties of ours that say whose a resource is: Adopt takes over what exists, Release gives it up."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import errors, errors_adoption
from .names import is_fixed, same_content
from .protocol import Event
from .resource_type import ResourceType

_OFF = ("", "false")
_ON = "true"


def adopts(properties: Mapping[str, Any]) -> bool:
    """Whether the template takes over what exists: `true` for what has a name, for a job the run to take."""
    return _text(properties, "Adopt").lower() not in _OFF


def newly_adopts(row: ResourceType, event: Event) -> bool:
    """Whether an Update request that ends with another resource takes over one that exists.

    A job's next run is a new one, unless the template has just begun to adopt.
    """
    before, after = event["OldResourceProperties"], event["ResourceProperties"]
    return adopts(after) and not (row.is_job and _text(before, "Adopt") == _text(after, "Adopt"))


def is_released(properties: Mapping[str, Any]) -> bool:
    """Whether the template gives the resource up."""
    return _text(properties, "Release").lower() == _ON


def check_control(row: ResourceType, properties: Mapping[str, Any]) -> None:
    """Refuse values of Adopt and Release that say nothing.

    Raises:
        ProviderError: one is neither true nor false, or Adopt has no name to look for.
    """
    for name in ("Release",) if row.is_job else ("Adopt", "Release"):
        if _text(properties, name).lower() not in (*_OFF, _ON):
            raise errors.wrong_type(name, "boolean", properties[name])
    if adopts(properties) and not row.is_job and not is_fixed(properties):
        raise errors_adoption.adopts_no_name(row)


def is_anothers_run(row: ResourceType, event: Event, name: str) -> bool:
    """Whether a job's run is one that the template has adopted, and not one that this logical id has begun."""
    return row.is_job and adopts(event["ResourceProperties"]) and not same_content(row, event, name)


def _text(properties: Mapping[str, Any], name: str) -> str:
    return str(properties.get(name, ""))
