"""AWS's own resource types whose resources do something in the simulation."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Request:
    """To create a resource, or to change one in place.

    Attributes:
        name: physical id, made up for what has none yet.
        properties: without intrinsic functions.
    """

    name: str
    properties: Mapping[str, Any]


@dataclass(frozen=True)
class Made:
    """What has been made, or is still there after a change.

    Attributes:
        physical_id: value of `Ref`.
        attributes: values of `Fn::GetAtt`.
    """

    physical_id: str
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class NativeType:
    """What a type does.

    Attributes:
        put: creates or changes a resource; a ValueError fails it, in its words.
        remove: deletes the resource of a physical id.
    """

    put: Callable[[Request], Made]
    remove: Callable[[str], None]
