"""Why an execution failed, from its history: which state, about which resource, and what the service said."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from itertools import dropwhile
from typing import Any

HistoryEvent = Mapping[str, Any]

# The end of a history says why it ended; an execution of hours, which looks every minute, has thousands of events.
_MOST_PAGES = 5
_PAGE = 200
_MOST_STATES = 3
_ENDS = ("ExecutionFailed", "ExecutionTimedOut", "ExecutionAborted")
# Members of a call, or of what a state got, that name what it was about: the most telling first.
_NAMING = (
    "JobName",
    "DatasetImportJobArn",
    "DataDeletionJobArn",
    "BatchInferenceJobArn",
    "BatchSegmentJobArn",
    "SolutionVersionArn",
    "CampaignArn",
    "SolutionArn",
    "FunctionName",
)


@dataclass(frozen=True)
class Failure:
    """Why an execution failed.

    Attributes:
        step: name of the state in which it ended.
        resource: what that state was about; empty if it names nothing.
        error: the error's name.
        reason: what the service, or a function of ours, said.
        location: what the job was to read; empty for others.
    """

    step: str
    resource: str
    error: str
    reason: str
    location: str = ""


def find_failure(states: Any, execution_arn: str, error: str, cause: str) -> Failure:
    """Find out why an execution failed.

    Args:
        states: a boto3 `stepfunctions` client.
        execution_arn: of the execution.
        error: what the execution ended with; empty for one that was aborted without a word.
        cause: likewise.
    """
    events = _until_failure(_read_end(states, execution_arn))
    chain = list(_chain(events))
    named = _named_in(chain)
    return Failure(
        step=next(filter(None, map(_entered, chain)), ""),
        resource=next((named[name] for name in _NAMING if name in named), ""),
        error=error,
        reason=readable(cause),
        location=named.get("Location", ""),
    )


def _read_end(states: Any, execution_arn: str) -> list[HistoryEvent]:
    """The last events of an execution, the last one first."""
    pages = states.get_paginator("get_execution_history").paginate(
        executionArn=execution_arn,
        reverseOrder=True,
        PaginationConfig={"PageSize": _PAGE, "MaxItems": _PAGE * _MOST_PAGES},
    )
    return [event for page in pages for event in page["events"]]


def _until_failure(events: list[HistoryEvent]) -> list[HistoryEvent]:
    """Without what somebody has let it do since: an execution that is redriven goes on in the same history."""
    return list(dropwhile(lambda event: event["type"] not in _ENDS, events))


def _chain(events: list[HistoryEvent]) -> Iterable[HistoryEvent]:
    """The events that led to the end, the last one first: not those of iterations beside it.

    What a state that only fails was about, the states before it know: they looked. So three states are enough.
    """
    by_id = {each["id"]: each for each in events}
    # The end of an execution that was stopped follows nothing; then it is the state entered last.
    ended = by_id.get(events[0].get("previousEventId", 0)) if events else None
    event = ended or next(filter(_entered, events), None)
    states = 0
    while event and states < _MOST_STATES:
        yield event
        states += bool(_entered(event))
        event = by_id.get(event.get("previousEventId", 0))


def _entered(event: HistoryEvent) -> str:
    """The name of the state that an event enters; empty for other events."""
    return str((event.get("stateEnteredEventDetails") or {}).get("name", ""))


def _named_in(chain: Iterable[HistoryEvent]) -> dict[str, str]:
    """Texts of the calls and of what the states got, by the API's names; the latest of each."""
    found: dict[str, str] = {}
    for event in chain:
        details = event.get("taskScheduledEventDetails") or {}
        for text in (details.get("parameters"), (event.get("stateEnteredEventDetails") or {}).get("input")):
            found = {**_texts(_parsed(text)), **found}
    return found


def _texts(value: Any) -> dict[str, str]:
    """All texts within a value by their member, named as in a call: `job_name` as `JobName`."""
    if isinstance(value, list):
        return {name: text for each in reversed(value) for name, text in _texts(each).items()}
    if not isinstance(value, dict):
        return {}
    found: dict[str, str] = {}
    for name, each in value.items():
        found |= {_member(name): each} if isinstance(each, str) else _texts(each)
    return found


def _member(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


def _parsed(text: str | None) -> Any:
    """What a text is as JSON; None if it is none, or was cut."""
    try:
        return json.loads(text or "null")
    except ValueError:
        return None


def readable(cause: str) -> str:
    """A cause as people read it: a function's own sentence, and a service's without what Step Functions adds.

    Step Functions developer guide, "Handling errors in Step Functions workflows": of a function, the cause is JSON with
    `errorMessage`; of an SDK integration, it ends with the service, the status code and the request id in brackets.
    """
    parsed = _parsed(cause)
    if isinstance(parsed, dict) and "errorMessage" in parsed:
        return str(parsed["errorMessage"])
    return re.sub(r"\s*\(Service: [^()]*\)(\s*\(SDK [^()]*\))*$", "", cause).strip()
