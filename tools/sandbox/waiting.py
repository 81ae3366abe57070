"""Says what Personalize is working on, while a deployment in the local cloud prints nothing else."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator, Mapping
from typing import Any, Self

# Of silence, in seconds. The service does half an hour's work in each (SPEED).
INTERVAL = 1.0
_CREATING = ("CREATE PENDING", "CREATE IN_PROGRESS")
_BUSY = ("PENDING", "IN_PROGRESS", "STOPPING")


class Watch:
    """Breaks a silence, once in each interval, with a line for each resource that Personalize is working on."""

    def __init__(
        self, ask: Callable[[], Mapping[str, Any]], show: Callable[[str], None], interval: float = INTERVAL
    ) -> None:
        """Be silent until it is entered.

        Args:
            ask: answers the state of the emulator; its OSError counts as nothing to say.
            show: is given each line.
            interval: in seconds.
        """
        self._ask = ask
        self._show = show
        self._interval = interval
        self._was_heard = threading.Event()
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        """Begin to listen."""
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        """End; nothing is said afterwards."""
        self._is_over.set()
        self._thread.join()

    def heard(self) -> None:
        """Somebody else has said something."""
        self._was_heard.set()

    def _run(self) -> None:
        while not self._is_over.wait(self._interval):
            if self._was_heard.is_set():
                self._was_heard.clear()
                continue
            with contextlib.suppress(OSError):
                for line in waited_for(self._ask()):
                    self._show(line)


def waited_for(state: Mapping[str, Any]) -> Iterator[str]:
    """A line for each resource that the service is working on: since when, and how long that is on AWS."""
    for resources in state["resources"].values():
        for resource in resources:
            status, since = _work(resource)
            if status.endswith(_BUSY):
                seconds = state["now"] - since
                minutes = seconds * state["speed"] / 60
                yield f"{resource['name']}: {status} for {seconds:.1f} s ({minutes:.0f} min on AWS)"


def _work(resource: Mapping[str, Any]) -> tuple[str, float]:
    """The status that may change by itself, and since when the service works on it: of the update if there is one."""
    update = resource["latestUpdate"]
    if update and update["status"].endswith(_BUSY):
        return update["status"], update["creationDateTime"]
    status = resource["status"]
    return status, resource["created" if status in _CREATING else "updated"]
