"""A request on its way through the emulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .region import Region


@dataclass(frozen=True)
class Request:
    """What an operation is asked to do.

    Attributes:
        operation: name of the operation.
        params: members of the request, checked against the model.
        region: where it happens.
        now: when it happens.
    """

    operation: str
    params: Mapping[str, Any]
    region: Region
    now: float
