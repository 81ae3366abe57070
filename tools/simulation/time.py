"""Processes that sleep in virtual time."""

from __future__ import annotations

import heapq
import itertools
import threading
from collections.abc import Callable, Sequence
from typing import TypeVar

T = TypeVar("T")


class VirtualTime:
    """A clock that jumps to the next moment at which a process has something to do.

    Processes are threads of which one runs at a time, handed the turn in the order of their wake-up time and,
    at the same moment, of their going to sleep. The same program therefore always runs the same way.
    """

    def __init__(self, start: float = 1_700_000_000.0) -> None:
        """Start the clock.

        Args:
            start: seconds since the epoch.
        """
        self._now = start
        self._queue: list[tuple[float, int, _Process]] = []  # where a process is twice, its later entry counts
        self._numbers = itertools.count()
        self._turn = _Turn()
        self._running: _Process | None = None
        self._until = float("inf")
        self._foreground = 0

    def time(self) -> float:
        """Seconds since the epoch."""
        return self._now

    now = time

    def sleep(self, seconds: float) -> None:
        """Let other processes run until so many seconds have passed; outside of processes, just move on."""
        process = self._running
        if process is None:
            self._now += seconds
            return
        moment = self._now + seconds
        if moment <= self._until and (not self._queue or moment < self._queue[0][0]):
            self._now = moment  # Nobody else has anything to do before.
            return
        self._wait(process, moment)

    def within(self, seconds: float, work: Callable[[], T]) -> T | None:
        """Let work be done by a process of its own; it goes on even if this one has stopped waiting for it.

        Args:
            seconds: how long to wait.
            work: what is done.

        Returns:
            What the work returned; None if it takes longer.
        """
        process, answers, waits = self._running, list[T](), [True]
        assert process is not None, "Only a process can wait for another."

        def run() -> None:
            answers.append(work())
            if waits[0]:
                self._schedule(process, self._now)

        self.spawn(run)
        self._wait(process, self._now + seconds)
        waits[0] = False
        return answers[0] if answers else None

    def together(self, works: Sequence[Callable[[], T]], most: int = 0) -> list[T]:
        """Do several things at the same time, each in a process of its own, and wait for them.

        Args:
            works: what is done.
            most: how many at once; 0 for all.

        Returns:
            What they returned, in their order.

        Raises:
            Exception: the first that one of them raised. The others go on, and nobody waits for them.
        """
        process, answers, errors = self._running, dict[int, T](), list[Exception]()
        is_over = [not works]
        assert process is not None, "Only a process can wait for others."
        waiting = iter(range(len(works)))

        def run(number: int) -> None:
            try:
                answers[number] = works[number]()
            except Exception as error:
                errors.append(error)
            if is_over[0]:
                return
            is_over[0] = bool(errors) or len(answers) == len(works)
            if is_over[0]:
                self._schedule(process, self._now)
            else:
                begin(next(waiting, None))

        def begin(number: int | None) -> None:
            if number is not None:
                self.spawn(lambda: run(number))

        for _ in range(most or len(works)):
            begin(next(waiting, None))
        if not is_over[0]:
            self._turn.give()
            process.turn.take()
        if errors:
            raise errors[0]
        return [answers[number] for number in range(len(works))]

    def spawn(self, work: Callable[[], None], delay: float = 0.0, *, in_background: bool = False) -> None:
        """Start a process.

        Args:
            work: what it does. An exception in it ends `run`.
            delay: seconds until it starts.
            in_background: whether `run` ends without waiting for it, as for a schedule, which never ends.
        """
        self._foreground += not in_background
        self._schedule(_Process(work, self._turn, in_background), self._now + delay)

    def run(self, until: float = float("inf")) -> None:
        """Run until every process has ended, but for those in the background, or until a moment.

        Args:
            until: seconds since the epoch; what happens later waits for the next run.
        """
        self._until = until
        while self._queue and self._queue[0][0] <= until and (self._foreground or until < float("inf")):
            moment, number, process = heapq.heappop(self._queue)
            if number != process.due:
                continue
            self._now = max(self._now, moment)
            self._running = process
            process.resume()
            self._turn.take()
            self._running = None
            self._foreground -= process.is_over and not process.in_background
            if process.error:
                raise process.error
        if until < float("inf"):
            self._now = max(self._now, until)

    def _schedule(self, process: _Process, moment: float) -> None:
        process.due = next(self._numbers)
        heapq.heappush(self._queue, (moment, process.due, process))

    def _wait(self, process: _Process, moment: float) -> None:
        """Give the turn to others until a moment."""
        self._schedule(process, moment)
        self._turn.give()
        process.turn.take()


class _Turn:
    """Given by one thread, taken by another. A bare lock: a semaphore is many times slower."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._lock.acquire()
        self.give, self.take = self._lock.release, self._lock.acquire


class _Process:
    def __init__(self, work: Callable[[], None], scheduler: _Turn, in_background: bool) -> None:
        self.turn = _Turn()
        self.due = -1
        self.in_background = in_background
        self.is_over = False
        self.error: BaseException | None = None
        self._work = work
        self._scheduler = scheduler
        self._thread: threading.Thread | None = None

    def resume(self) -> None:
        if self._thread:
            self.turn.give()
            return
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            self._work()
        except BaseException as error:  # handed over to run()
            self.error = error
        self.is_over = True
        self._scheduler.give()
