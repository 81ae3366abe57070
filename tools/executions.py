"""Follows an execution of a state machine, and says each step as it comes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC
from typing import Any

_RUNNING = "RUNNING"
# Seconds between two looks. GetExecutionHistory and DescribeExecution take many more (Step Functions developer guide,
# "Quotas related to API action throttling").
EVERY = 5.0
# Integrations that tell others what happens; nothing is done by them.
_TELLING = ("eventbridge", "events", "cloudwatch", "sns")
# Members of a request that name what it is about, the most telling first.
_NAMES = ("JobName", "Name", "CampaignArn", "SolutionVersionArn", "RecommenderArn", "DatasetArn")
# Members of the answers of our functions that are sentences for the user.
_SENTENCES = ("why", "text")


@dataclass(frozen=True)
class Ended:
    """How an execution ended.

    Attributes:
        status: SUCCEEDED, FAILED, TIMED_OUT or ABORTED.
        output: of one that succeeded; empty otherwise.
        step: the state in which it was.
        error: name of the error of one that failed.
        cause: the reason that the service gave.
    """

    status: str
    output: Mapping[str, Any]
    step: str = ""
    error: str = ""
    cause: str = ""

    @property
    def is_good(self) -> bool:
        """Whether it succeeded."""
        return self.status == "SUCCEEDED"


def follow(
    client: Any,
    execution_arn: str,
    say: Callable[[str], None],
    pause: Callable[[float], None] = time.sleep,
    every: float = EVERY,
) -> Ended:
    """Say what an execution does until it has ended.

    Args:
        client: of `stepfunctions`.
        execution_arn: the execution.
        say: is given a line for each step.
        pause: waits for so many seconds.
        every: seconds between two looks.

    Raises:
        ClientError, BotoCoreError: Step Functions does not answer.
    """
    steps = _Steps()
    while True:
        # In this order, so that what came between the two is not lost.
        described = client.describe_execution(executionArn=execution_arn)
        for event in _news(client, execution_arn, steps.last):
            for line in steps.lines(event):
                say(line)
        if described["status"] != _RUNNING:
            return _ended(described, steps.current)
        pause(every)


def _news(client: Any, execution_arn: str, last: int) -> list[Mapping[str, Any]]:
    """Events after the last one that is known, oldest first."""
    found: list[Mapping[str, Any]] = []
    pages = client.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn, reverseOrder=True, includeExecutionData=True
    )
    for page in pages:
        found += [event for event in page["events"] if event["id"] > last]
        if any(event["id"] <= last for event in page["events"]):
            break
    return sorted(found, key=lambda event: event["id"])


def _ended(described: Mapping[str, Any], step: str) -> Ended:
    output = json.loads(described.get("output") or "{}")
    return Ended(
        described["status"],
        output if isinstance(output, dict) else {},
        step,
        described.get("error", ""),
        _reason(described.get("cause", "")),
    )


@dataclass
class _Steps:
    """What has been said, so that a loop that waits is said once.

    Attributes:
        last: id of the last event.
        current: the state that was entered last.
    """

    last: int = 0
    current: str = ""
    _said: set[str] = field(default_factory=set)
    _states: dict[int, str] = field(default_factory=dict)

    def lines(self, event: Mapping[str, Any]) -> Iterator[str]:
        """What there is to say about an event."""
        self.last = event["id"]
        # Branches go on side by side: the event before this one tells in which state it is.
        state = self._states.get(event.get("previousEventId", 0), self.current)
        entered = event.get("stateEnteredEventDetails")
        if entered:
            state = self.current = entered["name"]
        self._states[event["id"]] = state
        for text in _texts(event, state):
            if text not in self._said:
                self._said.add(text)
                yield f"{event['timestamp'].astimezone(UTC):%H:%M:%S}  {text}"


def _texts(event: Mapping[str, Any], state: str) -> Iterator[str]:
    scheduled = event.get("taskScheduledEventDetails")
    if scheduled and not scheduled["resourceType"].removeprefix("aws-sdk:").startswith(_TELLING):
        yield f"{state}{_about(scheduled)}"
    succeeded = event.get("taskSucceededEventDetails")
    if succeeded:
        yield from _sentences(succeeded.get("output", ""))
    failed = event.get("taskFailedEventDetails")
    if failed:
        yield f"{state}: {failed.get('error', '')}: {_reason(failed.get('cause', ''))}"


def _about(scheduled: Mapping[str, Any]) -> str:
    """The name of what a request is about, in parentheses."""
    parameters = _object(scheduled.get("parameters", ""))
    name = next((str(parameters[member]) for member in _NAMES if member in parameters), "")
    return f" ({name.rpartition('/')[2] or name})" if name else ""


def _sentences(output: str) -> Iterator[str]:
    """What one of our functions says in its answer."""
    answer = _object(output).get("Payload")
    if isinstance(answer, dict):
        sentences = [str(answer[member]) for member in _SENTENCES if answer.get(member)]
        yield from (f"  {line}" for sentence in sentences for line in sentence.splitlines())


def _reason(cause: str) -> str:
    """The sentence of a cause; that of a function is in an object (Lambda developer guide, "Function errors")."""
    return str(_object(cause).get("errorMessage", cause))


def _object(text: str) -> Mapping[str, Any]:
    """The object that a text is in JSON; empty if it is something else, or was cut."""
    try:
        found = json.loads(text)
    except ValueError:
        return {}
    return found if isinstance(found, dict) else {}
