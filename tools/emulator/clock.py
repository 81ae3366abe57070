"""Clocks that the service's dates and schedules go by. Work can be faster than the clock: see `Service`."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the time."""

    def now(self) -> float:
        """Seconds since the epoch."""
        ...


class ManualClock:
    """A clock that moves only when told to."""

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        """Start at `start`, in seconds since the epoch."""
        self._now = start

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move forward by `seconds`, which must not be negative."""
        if seconds < 0:
            raise ValueError("A clock cannot go back.")
        self._now += seconds


class WallClock:
    """The clock of this machine, which can be put forward."""

    def __init__(self) -> None:
        """Show the real time."""
        self._skipped = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return time.time() + self._skipped

    def advance(self, seconds: float) -> None:
        """Put it forward by `seconds`, which must not be negative."""
        if seconds < 0:
            raise ValueError("A clock cannot go back.")
        self._skipped += seconds
