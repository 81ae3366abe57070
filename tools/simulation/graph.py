"""Work on nodes in the order of their dependencies, at the same time where possible."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .time import VirtualTime


class Graph:
    """Nodes worked on in the order of their dependencies.

    Attributes:
        failed: whether a node could not be worked on, or somebody ended the work.
        done: nodes that succeeded.
        failures: nodes that did not.
        in_flight: nodes that nothing is known of yet.
    """

    def __init__(
        self,
        time: VirtualTime,
        nodes: Mapping[Any, set[Any]],
        work: Callable[[Any], bool],
        then: Callable[[Graph], None],
        *,
        goes_on: bool = False,
    ) -> None:
        """Prepare the work.

        Args:
            time: the clock.
            nodes: by node, what it comes after.
            work: does one node; false if it failed.
            then: called at the end.
            goes_on: whether what does not depend on a failed node is still worked on. Otherwise the first failure
                ends everything, whatever is in flight.
        """
        self.failed = False
        self.done: set[Any] = set()
        self.failures: set[Any] = set()
        self.in_flight: set[Any] = set()
        self._due: set[Any] = set()
        self._time = time
        self._nodes = nodes
        self._work = work
        self._then = then
        self._goes_on = goes_on
        self._is_over = False

    def start(self) -> Graph:
        """Begin."""
        self._time.spawn(self._advance)
        return self

    def fail(self) -> None:
        """End the work, whatever is in flight."""
        self.failed = True
        self._end()

    def abandon(self) -> None:
        """End the work silently."""
        self.failed = self._is_over = True

    def _end(self) -> None:
        self._is_over = True
        self._then(self)

    def _advance(self) -> None:
        if self._is_over:
            return
        if self._due == self.done | self.failures and not self._ready():
            self._end()
            return
        for node in self._ready():
            self._due.add(node)
            self._time.spawn(lambda node=node: self._run(node))  # type: ignore[misc]

    def _ready(self) -> list[Any]:
        return [node for node, needs in self._nodes.items() if node not in self._due and needs <= self.done]

    def _run(self, node: Any) -> None:
        if self._is_over:
            return  # what has not begun is not begun any more
        self.in_flight.add(node)
        succeeded = self._work(node)
        if self._is_over:
            return  # cancelled: nobody waits for this any more
        self.in_flight.discard(node)
        (self.done if succeeded else self.failures).add(node)
        if succeeded or self._goes_on:
            self.failed = self.failed or not succeeded
            self._advance()
            return
        self.fail()
