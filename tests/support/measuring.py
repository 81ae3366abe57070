"""What is left out while a test's coverage is measured: all that is not the provider's own code.

Python asks a tracer about every line, of whatever file. Of a test in virtual time the provider is a small part; with
the simulation, botocore and the emulator traced too, it takes twice as long and nothing more is known.
"""

from __future__ import annotations

import functools
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import pytest
from botocore.client import BaseClient

from tools.simulation.cloud import VirtualCloud
from tools.simulation.time import VirtualTime

F = TypeVar("F", bound=Callable[..., Any])


class _Tracers(threading.local):
    """The tracer of each thread, while it is off."""

    of_this_thread: Any = None


_tracers = _Tracers()


def unmeasured(function: F) -> F:
    """The same function, not measured.

    The tracer counts calls and returns, so it has to be switched on where it was switched off, in the same frame.
    """

    @functools.wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        tracer = sys.gettrace()
        if tracer is None:
            return function(*arguments, **options)
        before, _tracers.of_this_thread = _tracers.of_this_thread, tracer
        sys.settrace(None)
        try:
            return function(*arguments, **options)
        finally:
            _tracers.of_this_thread = before
            sys.settrace(tracer)

    return call  # type: ignore[return-value]


def measured(function: F) -> F:
    """The same function, measured within what is not."""

    @functools.wraps(function)
    def call(*arguments: Any, **options: Any) -> Any:
        tracer = _tracers.of_this_thread
        if tracer is None or sys.gettrace() is not None:
            return function(*arguments, **options)
        sys.settrace(tracer)
        try:
            return function(*arguments, **options)
        finally:
            sys.settrace(None)

    return call  # type: ignore[return-value]


@contextmanager
def without_tracing() -> Iterator[None]:
    """Within this context, nothing is measured."""
    of_this_thread, of_new_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)  # type: ignore[arg-type]
    try:
        yield
    finally:
        sys.settrace(of_this_thread)
        threading.settrace(of_new_threads)  # type: ignore[arg-type]


def measure_only_the_provider(patch: pytest.MonkeyPatch) -> None:
    """Do not measure the processes of virtual time and calls of the service, but the handlers within them."""
    spawn, invoke, call = VirtualTime.spawn, VirtualCloud._invoke, BaseClient._make_api_call

    def spawn_unmeasured(self: VirtualTime, work: Callable[[], None], delay: float = 0.0, **more: bool) -> None:
        spawn(self, unmeasured(work), delay, **more)

    def invoke_measured(self: VirtualCloud, entry: Callable[..., Any]) -> Any:
        return invoke(self, measured(entry))

    patch.setattr(VirtualTime, "spawn", spawn_unmeasured)
    patch.setattr(VirtualCloud, "_invoke", invoke_measured)
    patch.setattr(BaseClient, "_make_api_call", unmeasured(call))
