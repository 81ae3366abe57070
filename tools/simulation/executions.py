"""Lambda as a deployment sees it: how many executions run concurrently, and what happens beyond the limit."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Protocol

# Lambda developer guide, "Understanding retry behavior in Lambda": an asynchronous invocation that is throttled is
# tried again with intervals from one second to five minutes. For six hours, which nobody waits for here.
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 300.0
# framework's outbound.js: the SDK's three attempts, and once it has seen that the function is active, three more.
# What the SDK pauses is random; these are the averages.
_PAUSES = (0.25, 0.5, 0.0, 0.25, 0.5)
# Between the framework's start and its invocation of the handler others start as well; estimated.
_START_SECONDS = 0.1


class Sleeps(Protocol):
    """The part of VirtualTime that is needed."""

    def time(self) -> float:
        """Seconds since the epoch."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


class TooManyRequestsError(Exception):
    """Lambda throttles an invocation."""

    def __init__(self) -> None:
        """Say what Lambda says."""
        super().__init__("Rate Exceeded.")


class Executions:
    """The executions of all functions of an account.

    Attributes:
        peak: how many there have been at once.
    """

    def __init__(self, time: Sleeps, ceiling: int | None = None) -> None:
        """Allow so many at once.

        Args:
            time: the clock.
            ceiling: the account's concurrency; None for any number.
        """
        self.peak = 0
        self._time = time
        self._ceiling = ceiling
        self._running = 0

    @contextmanager
    def one(self) -> Iterator[None]:
        """Run one execution.

        Raises:
            TooManyRequestsError: there are as many as there may be.
        """
        if not self._has_room():
            raise TooManyRequestsError
        self._running += 1
        self.peak = max(self.peak, self._running)
        try:
            yield
        finally:
            self._running -= 1

    @contextmanager
    def queued(self) -> Iterator[None]:
        """Run one execution that was asked for asynchronously: Lambda waits until there is room."""
        pause = _FIRST_PAUSE
        while not self._has_room():
            self._time.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
        with self.one():
            yield

    @contextmanager
    def retried(self) -> Iterator[None]:
        """Run one execution that the framework invokes.

        Raises:
            TooManyRequestsError: there was no room at any attempt.
        """
        if self._ceiling is not None:
            self._time.sleep(_START_SECONDS)
        for pause in _PAUSES:
            if self._has_room():
                break
            self._time.sleep(pause)
        with self.one():
            yield

    def _has_room(self) -> bool:
        return self._ceiling is None or self._running < self._ceiling
