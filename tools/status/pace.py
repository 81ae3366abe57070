"""Calls each operation no more often than the control plane allows."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from tools.deployed import REQUEST_SECONDS

_ID = "status-pace"


class Pace:
    """Lets a second pass between two calls of the same operation; boto3 repeats what is throttled all the same."""

    def __init__(
        self,
        seconds: float = REQUEST_SECONDS,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], None] = time.sleep,
    ) -> None:
        """Begin without any call.

        Args:
            seconds: between two calls of an operation.
            now: tells the time in seconds.
            pause: waits for so many seconds.
        """
        self._seconds = seconds
        self._now, self._pause = now, pause
        self._called: dict[str, float] = {}

    def keep(self, client: Any) -> Any:
        """A boto3 client whose calls, those of paginators too, wait for their turn from now on."""
        name = client.meta.service_model.service_id.hyphenize()
        client.meta.events.register_first(f"before-call.{name}", self._wait, unique_id=f"{_ID}.{name}")
        return client

    def _wait(self, model: Any, **_: Any) -> None:
        key, now = f"{model.service_model.service_name}:{model.name}", self._now()
        rest = self._called.get(key, float("-inf")) + self._seconds - now
        if rest > 0:
            self._pause(rest)
        self._called[key] = max(now, now + rest)
