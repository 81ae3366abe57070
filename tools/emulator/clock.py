"""Clocks the emulator's lifecycles run on."""

from __future__ import annotations

import time
from typing import Protocol


class Clock(Protocol):
    """Tells the virtual time."""

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


class ScaledClock:
    """A clock that runs faster than real time."""

    def __init__(self, speed: float = 1.0) -> None:
        """Run at `speed` virtual seconds per real second, starting at the real time."""
        if speed <= 0:
            raise ValueError("speed must be positive.")
        self._speed = speed
        self._start = time.time()
        self._started = time.monotonic()
        self._skipped = 0.0

    def now(self) -> float:
        """Seconds since the epoch."""
        return self._start + self._skipped + (time.monotonic() - self._started) * self._speed

    def advance(self, seconds: float) -> None:
        """Skip `seconds` of virtual time, which must not be negative."""
        if seconds < 0:
            raise ValueError("A clock cannot go back.")
        self._skipped += seconds
