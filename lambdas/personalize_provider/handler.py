"""Lambda entry points: on_event and is_complete of the CDK Provider framework.

Contract: AWS CDK, module aws_cdk.custom_resources, "Provider Framework", asynchronous providers.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from fnmatch import fnmatchcase
from typing import Any

from . import errors, errors_adoption, log
from .api import Api, default_client
from .deployments import AskedOnce, CloudFormation, default_cloudformation
from .engine import Engine
from .lookup import Lookup
from .pace import is_due
from .patience import HOLD_SECONDS, PROPAGATION_SECONDS, is_held, may_pass, verdict
from .protocol import REQUEST_SECONDS, SYSTEM_CLOCK, TYPE_PREFIX, Clock, Event, Handler, Outcome, Progress
from .quality_gate import QualityGate
from .resources import RESOURCES
from .service_errors import SERVICE_ERRORS
from .wait import DeletionWait, Wait

# Custom resources with no resource of the service behind them.
_WITHOUT_RESOURCE: Mapping[str, Callable[[Api, CloudFormation], Handler]] = {
    "Wait": Wait,
    "DeletionWait": DeletionWait,
    "QualityGate": QualityGate,
    "Lookup": Lookup,
}
# Between tries of an on_event that has to wait.
_FIRST_PAUSE = 1.0
_LONGEST_PAUSE = 15.0


def on_event(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Start a request: answer the physical id and what later polls need to know."""
    return run_on_event(event, Api(default_client()), default_cloudformation(), SYSTEM_CLOCK)


def is_complete(event: dict[str, Any], _context: object) -> dict[str, Any]:
    """Poll a request, if it is due."""
    return run_is_complete(event, Api(default_client()), default_cloudformation(), SYSTEM_CLOCK)


def run_on_event(event: Event, api: Api, cloudformation: CloudFormation, clock: Clock) -> dict[str, Any]:
    """Answer on_event with the given clients and clock."""
    started = clock.time()
    try:
        name, progress = _on_event(_handler(event, api, cloudformation), event, clock)
    except Exception as error:
        _log(event, "on_event", "failed", clock.time() - started, reason=str(error))
        if event["RequestType"] == "Update" and is_held(error, clock.time() - started):
            return _answer(event["PhysicalResourceId"], Progress(started, refusal=str(error)))
        _hold(event, error, started, clock)
        raise errors.with_log_group(error) from error
    _log(event, "on_event", "accepted", clock.time() - started, physical_id=name)
    return _answer(name, progress)


def _answer(name: str, progress: Progress) -> dict[str, Any]:
    return {"PhysicalResourceId": name, "Progress": progress.to_event()}


def _hold(event: Event, error: Exception, started: float, clock: Clock) -> None:
    """Wait before a creation is refused: without a physical id, no is_complete follows that could refuse it."""
    if event["RequestType"] == "Create" and is_held(error, clock.time() - started):
        clock.sleep(started + HOLD_SECONDS - clock.time())


def _on_event(handler: Handler, event: Event, clock: Clock) -> tuple[str, Progress]:
    """Try again while an error may pass: a failure here fails the deployment or, worse, its rollback."""
    started, pause = clock.time(), _FIRST_PAUSE
    while True:
        try:
            return handler.on_event(event, started)
        except SERVICE_ERRORS as error:
            age = clock.time() - started
            if not may_pass(error, age) or age >= PROPAGATION_SECONDS:
                raise verdict(error) or errors.not_begun(error) from error
        # The last try is at the very end, however long the calls before it took.
        clock.sleep(min(pause, PROPAGATION_SECONDS - age))
        pause = min(pause * 2, _LONGEST_PAUSE)


def run_is_complete(event: Event, api: Api, cloudformation: CloudFormation, clock: Clock) -> dict[str, Any]:
    """Answer is_complete with the given clients and clock.

    It looks once and never waits: an invocation that waits takes up two of the account's few executions.
    """
    handler, progress = _handler(event, api, AskedOnce(cloudformation)), Progress.of(event)
    age = clock.time() - progress.started
    if not is_due(event, age, clock.time(), handler):
        return {"IsComplete": False}
    try:
        outcome = _is_complete(handler, api, event, progress, clock)
    except Exception as error:
        if event["RequestType"] != "Delete" and is_held(error, age):
            return {"IsComplete": False}
        raise errors.with_log_group(error) from error
    if outcome.done:
        return {"IsComplete": True, "Data": dict(outcome.attributes)}
    if age >= REQUEST_SECONDS:
        raise errors.with_log_group(handler.timed_out(event, outcome))
    return {"IsComplete": False}


def _is_complete(handler: Handler, api: Api, event: Event, progress: Progress, clock: Clock) -> Outcome:
    started = clock.time()
    try:
        if progress.refusal:
            raise errors.repeated(progress.refusal)
        outcome = handler.is_complete(event, progress, started)
    except Exception as error:
        _log(event, "is_complete", "failed", clock.time() - started, actions=api.take_actions(), reason=str(error))
        raise
    _log(event, "is_complete", outcome.status, clock.time() - started, actions=api.take_actions(), done=outcome.done)
    return outcome


def _handler(event: Event, api: Api, cloudformation: CloudFormation) -> Handler:
    _check_served(event)
    type_name = event["ResourceType"].removeprefix(TYPE_PREFIX)
    if type_name in _WITHOUT_RESOURCE:
        return _WITHOUT_RESOURCE[type_name](api, cloudformation)
    if type_name in RESOURCES:
        return Engine(RESOURCES[type_name], api, cloudformation)
    raise errors.unknown_type(event["ResourceType"])


def _check_served(event: Event) -> None:
    """Create and change nothing for stacks of other apps, where the role itself may ask for any stack.

    Raises:
        ProviderError: the function has been told which stacks it serves, and this is none of them.
    """
    served, stack_id = os.environ.get("SERVED_STACKS", "*").split(","), event["StackId"]
    if event["RequestType"] != "Delete" and not any(fnmatchcase(stack_id, pattern) for pattern in served):
        raise errors_adoption.not_served(stack_id)


def _log(event: Event, step: str, status: str, seconds: float, **more: Any) -> None:
    fields = {
        "request_id": event["RequestId"],
        "request": event["RequestType"],
        "type": event["ResourceType"],
        "logical_id": event["LogicalResourceId"],
        "physical_id": event.get("PhysicalResourceId"),
        "step": step,
        "status": status,
        "seconds": round(seconds, 3),
    }
    log.write(**(fields | more))
