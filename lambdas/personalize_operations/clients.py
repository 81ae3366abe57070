"""Clients of AWS services, made once for each execution environment of a function."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any, Protocol, TypeAlias

import boto3

from ..personalize_provider.api import CLIENT_CONFIG

# Gives the boto3 client of a service by boto3's name for it.
Clients: TypeAlias = Callable[[str], Any]


class Clock(Protocol):
    """Time as the functions see it."""

    def time(self) -> float:
        """Seconds since the epoch."""
        ...


@cache
def default_client(service: str) -> Any:
    """The client that an execution environment uses."""
    return boto3.client(service, config=CLIENT_CONFIG)
