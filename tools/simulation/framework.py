"""CDK's Provider framework in virtual time: onEvent, then isComplete until it is done.

Follows aws-cdk-lib/custom-resources/lib/provider-framework/runtime (framework.js, cfn-response.js).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, cast

from .executions import Executions, Sleeps, TooManyRequestsError

CREATE_FAILED_MARKER = "AWSCDK::CustomResourceProviderFramework::CREATE_FAILED"
# CloudFormation user guide, "Custom resource response objects".
MAX_RESPONSE_BYTES = 4096
# What the framework adds to a reason: its stack trace, and the ids of the request.
_FRAME_BYTES = 1500
# The framework ends a failure so, whatever log group the function has; the function's name follows (framework.js).
_LOGS = "\n\nLogs: /aws/lambda/"

Event = dict[str, Any]


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
        request_seconds: how long a request takes by itself, half of it before the handler begins.
        lambda_concurrency: how many executions Lambda allows at once; None for any number.
        invocations: how often a handler was invoked.
        transitions: state transitions of the waiter.
    """

    time: Sleeps
    on_event: Callable[[Event], dict[str, Any]]
    is_complete: Callable[[Event], dict[str, Any]]
    query_interval: float = 10.0
    total_timeout: float = 3600.0
    request_seconds: float = 0.0
    lambda_concurrency: int | None = None
    invocations: int = 0
    transitions: int = 0

    def __post_init__(self) -> None:
        """Begin without executions."""
        self._executions = Executions(self.time, self.lambda_concurrency)

    @property
    def peak_concurrency(self) -> int:
        """How many Lambda executions there were at once, the framework's and the handlers'."""
        return self._executions.peak

    def request(self, event: Event) -> Response:
        """Carry out a request; returns when CloudFormation would know the answer."""
        self.time.sleep(self.request_seconds / 2)
        response = self._carried_out(event)
        self.time.sleep(self.request_seconds / 2)
        return response

    def _carried_out(self, event: Event) -> Response:
        if event["RequestType"] == "Delete" and event["PhysicalResourceId"] == CREATE_FAILED_MARKER:
            return Response(True, event["PhysicalResourceId"])
        try:
            # CloudFormation invokes the framework asynchronously, the framework waits for the handler.
            with self._executions.queued():
                answer = self._invoked(self.on_event, copied(event))
        except Exception as error:
            return _refused(event.get("PhysicalResourceId") or CREATE_FAILED_MARKER, error, "onEvent")
        merged = {**event, **copied(answer)}
        if event["RequestType"] == "Delete" and merged["PhysicalResourceId"] != event["PhysicalResourceId"]:
            return Response(False, event["PhysicalResourceId"], "DELETE: cannot change the physical resource ID")
        return self._wait(merged)

    def _invoked(self, handler: Callable[[Event], dict[str, Any]], event: Event) -> dict[str, Any]:
        with self._executions.retried():
            self.invocations += 1
            return handler(event)

    def _wait(self, event: Event) -> Response:
        # StartExecution, and the first state entered.
        self.transitions += 1
        begun = self.time.time()
        while True:
            self.transitions += 1
            answer = self._polled(event)
            if isinstance(answer, Response):
                return answer
            if answer["IsComplete"]:
                return self._answered(event, answer.get("Data", {}))
            assert not answer.get("Data"), '"Data" is not allowed if "IsComplete" is "False"'
            if self.time.time() + self.query_interval - begun > self.total_timeout:
                return Response(False, event["PhysicalResourceId"], "Operation timed out")
            self.time.sleep(self.query_interval)

    def _polled(self, event: Event) -> dict[str, Any] | Response:
        """What is_complete answers, or the framework if that failed."""
        try:
            with self._executions.one():
                return self._try_poll(event)
        except TooManyRequestsError:
            # The state machine tries its task again whatever the error, after the interval (waiter-state-machine.js).
            return {"IsComplete": False}

    def _try_poll(self, event: Event) -> dict[str, Any] | Response:
        try:
            return cast(dict[str, Any], copied(self._invoked(self.is_complete, copied(event))))
        except Exception as error:
            return _refused(event["PhysicalResourceId"], error, "isComplete")

    def _answered(self, event: Event, data: dict[str, str]) -> Response:
        size = len(json.dumps({"PhysicalResourceId": event["PhysicalResourceId"], "Data": data}))
        if size > MAX_RESPONSE_BYTES:
            return Response(False, event["PhysicalResourceId"], "Response object is too long.")
        return Response(True, event["PhysicalResourceId"], data=data)


def _refused(physical_id: str, error: Exception, function: str) -> Response:
    # What Lambda says has its error's name before it and no log group behind it: no function of the user's has run.
    throttled = isinstance(error, TooManyRequestsError)
    reason = f"TooManyRequestsException: {error}" if throttled else f"{error}{_LOGS}{function}"
    if len(reason.encode()) + _FRAME_BYTES > MAX_RESPONSE_BYTES:
        return Response(False, physical_id, "Response object is too long.")
    return Response(False, physical_id, reason)


def words(reason: str) -> str:
    """What the provider itself said: a reason without what the framework adds."""
    return reason.partition(_LOGS)[0]


def copied(value: Any) -> Any:
    """A value as it comes out at the other side: through JSON."""
    return json.loads(json.dumps(value))
