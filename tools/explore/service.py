"""Calls Personalize no more often than it allows, and reads lists to their end."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tools.deployed import REQUEST_SECONDS, Deployed


class Personalize:
    """The operations of the control plane that read; boto3 repeats what is throttled all the same."""

    def __init__(self, deployed: Deployed, pause: Callable[[float], None] = time.sleep) -> None:
        """Ask about an environment.

        Args:
            deployed: the environment.
            pause: waits for so many seconds.
        """
        self._client = deployed.client("personalize")
        # The local cloud has no limit unless somebody gives it one, and boto3 repeats what it refuses.
        self._seconds = 0.0 if deployed.is_local else REQUEST_SECONDS
        self._pause = pause
        self._called: set[str] = set()

    def __call__(self, operation: str, member: str, **params: Any) -> Any:
        """Call an operation by its name in boto3.

        Args:
            operation: such as `describe_campaign`.
            member: of the answer. Of an operation that lists, all pages of it.
            **params: of the request.
        """
        if not self._client.can_paginate(operation):
            self._wait(operation)
            return getattr(self._client, operation)(**params)[member]
        found: list[Any] = []
        for page in self._client.get_paginator(operation).paginate(**params):
            found += page[member]
            self._wait(operation)
        return found

    def _wait(self, operation: str) -> None:
        """Let a second pass between two calls of the same operation."""
        if operation in self._called and self._seconds:
            self._pause(self._seconds)
        self._called.add(operation)
