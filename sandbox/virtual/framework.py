"""CDK's Provider framework in virtual time: onEvent, then isComplete until it is done.

Follows aws-cdk-lib/custom-resources/lib/provider-framework/runtime (framework.js, cfn-response.js).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

CREATE_FAILED_MARKER = "AWSCDK::CustomResourceProviderFramework::CREATE_FAILED"
# CloudFormation user guide, "Custom resource response objects".
MAX_RESPONSE_BYTES = 4096
# What the framework adds to a reason: the name of the log group, its stack trace, and the ids of the request.
_FRAME_BYTES = 1500

Event = dict[str, Any]


class Sleeps(Protocol):
    """The part of VirtualTime that the framework needs."""

    def time(self) -> float:
        """Seconds since the epoch."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


@dataclass(frozen=True)
class Response:
    """What a custom resource answers to CloudFormation."""

    succeeded: bool
    physical_id: str
    reason: str = ""
    data: Mapping[str, str] = field(default_factory=dict)


@dataclass
class Framework:
    """The framework around two handlers.

    Attributes:
        time: the clock.
        on_event: starts a request.
        is_complete: polls it.
        query_interval: seconds between polls.
        total_timeout: seconds until the framework gives up.
        invocations: how often a handler was invoked.
        transitions: state transitions of the waiter.
    """

    time: Sleeps
    on_event: Callable[[Event], dict[str, Any]]
    is_complete: Callable[[Event], dict[str, Any]]
    query_interval: float = 30.0
    total_timeout: float = 3600.0
    invocations: int = 0
    transitions: int = 0

    def request(self, event: Event) -> Response:
        """Carry out a request; returns when the framework would answer CloudFormation."""
        if event["RequestType"] == "Delete" and event["PhysicalResourceId"] == CREATE_FAILED_MARKER:
            return Response(True, event["PhysicalResourceId"])
        try:
            self.invocations += 1
            answer = self.on_event(_copy(event))
        except Exception as error:
            return _refused(event.get("PhysicalResourceId") or CREATE_FAILED_MARKER, error)
        merged = {**event, **_copy(answer)}
        if event["RequestType"] == "Delete" and merged["PhysicalResourceId"] != event["PhysicalResourceId"]:
            return Response(False, event["PhysicalResourceId"], "DELETE: cannot change the physical resource ID")
        return self._wait(merged)

    def _wait(self, event: Event) -> Response:
        # StartExecution, and the first state entered.
        self.transitions += 1
        begun = self.time.time()
        while True:
            self.invocations += 1
            self.transitions += 1
            try:
                answer = _copy(self.is_complete(_copy(event)))
            except Exception as error:
                return _refused(event["PhysicalResourceId"], error)
            if answer["IsComplete"]:
                return self._answered(event, answer.get("Data", {}))
            assert not answer.get("Data"), '"Data" is not allowed if "IsComplete" is "False"'
            if self.time.time() + self.query_interval - begun > self.total_timeout:
                return Response(False, event["PhysicalResourceId"], "Operation timed out")
            self.time.sleep(self.query_interval)

    def _answered(self, event: Event, data: dict[str, str]) -> Response:
        size = len(json.dumps({"PhysicalResourceId": event["PhysicalResourceId"], "Data": data}))
        if size > MAX_RESPONSE_BYTES:
            return Response(False, event["PhysicalResourceId"], "Response object is too long.")
        return Response(True, event["PhysicalResourceId"], data=data)


def _refused(physical_id: str, error: Exception) -> Response:
    reason = str(error)
    if len(reason.encode()) + _FRAME_BYTES > MAX_RESPONSE_BYTES:
        return Response(False, physical_id, "Response object is too long.")
    return Response(False, physical_id, reason)


def _copy(value: Any) -> Any:
    """Through JSON, as between functions."""
    return json.loads(json.dumps(value))
