"""Lambda entry points, called by the workflows of stacks/operations and by EventBridge.

Each has a twin with the clients and the clock as arguments. An error is logged as a line, and reaches whoever called as
a sentence (errors.py).
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Callable, Mapping
from typing import Any

from ..personalize_provider import log
from ..personalize_provider.service_errors import SERVICE_ERRORS
from . import errors, new_data, serving_hours
from . import judge as judging
from . import observe as observing
from . import tell as telling
from .clients import Clients, Clock, default_client

Event = Mapping[str, Any]


def find_new_data(event: Event, _context: object) -> dict[str, Any]:
    """Say what a refresh has to import, and whether it has to train."""
    return run_find_new_data(event, default_client, time)


def judge(event: Event, _context: object) -> dict[str, Any]:
    """Judge the version that a refresh has trained."""
    return run_judge(event, default_client, time)


def observe(_event: Event, _context: object) -> dict[str, Any]:
    """Publish what serves now."""
    return run_observe(_event, default_client, time, _config())


def switch_recommender(event: Event, _context: object) -> dict[str, Any]:
    """Start or stop a recommender."""
    return run_switch_recommender(event, default_client, time)


def tell(event: Event, _context: object) -> dict[str, Any]:
    """Mail people what an event of EventBridge means."""
    return run_tell(event, default_client, time, _config())


def run_find_new_data(event: Event, clients: Clients, clock: Clock) -> dict[str, Any]:
    """Answer find_new_data with the given clients and clock."""
    return _run("look for new data", lambda: new_data.find_new_data(event, clients, clock), clock)


def run_judge(event: Event, clients: Clients, clock: Clock) -> dict[str, Any]:
    """Answer judge with the given clients and clock."""
    return _run("judge the new version", lambda: judging.judge(event, clients, clock), clock)


def run_observe(_event: Event, clients: Clients, clock: Clock, config: Mapping[str, Any]) -> dict[str, Any]:
    """Answer observe with the given clients, clock and configuration."""
    return _run("look at what serves", lambda: observing.observe(config, clients, clock), clock)


def run_switch_recommender(event: Event, clients: Clients, clock: Clock) -> dict[str, Any]:
    """Answer switch_recommender with the given clients and clock."""
    return _run("start or stop a recommender", lambda: serving_hours.switch_recommender(event, clients), clock)


def run_tell(event: Event, clients: Clients, clock: Clock, config: Mapping[str, Any]) -> dict[str, Any]:
    """Answer tell with the given clients, clock and configuration."""
    return _run("tell what happened", lambda: telling.tell(event, config, clients), clock)


def _config() -> dict[str, Any]:
    """What the template says of the app."""
    return dict(json.loads(os.environ["CONFIG"]))


def _run(what: str, work: Callable[[], dict[str, Any]], clock: Clock) -> dict[str, Any]:
    """Do the work of an entry point, and log what came of it.

    Raises:
        OperationsError: it cannot be done; TryAgainError: not now.
    """
    started = clock.time()
    try:
        answer = work()
    except SERVICE_ERRORS as error:
        failed = errors.of_service(what, error)
        _log(what, "failed", clock.time() - started, reason=str(failed))
        raise failed from error
    except errors.OperationsError as failed:
        _log(what, "failed", clock.time() - started, reason=str(failed))
        raise
    _log(what, "done", clock.time() - started, answer=answer)
    return answer


def _log(what: str, status: str, seconds: float, **more: Any) -> None:
    log.write(step=what, status=status, seconds=round(seconds, 3), **more)
