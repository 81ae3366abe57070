"""Histories of executions that failed, as GetExecutionHistory answers them: the last event first.

Types and members: Step Functions API reference, HistoryEvent.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from itertools import count
from typing import Any

EventDict = dict[str, Any]
JOB = "arn:aws:personalize:eu-west-1:000000000000:dataset-import-job/vod-prod_refresh-interactions-0123456789"
VERSION = "arn:aws:personalize:eu-west-1:000000000000:solution/vod-prod_rerank-1/refresh-1764126000"
ITEM = {
    "type": "INTERACTIONS",
    "dataset_arn": "arn:aws:personalize:eu-west-1:000000000000:dataset/vod-prod/INTERACTIONS",
    "job": {
        "job_name": "vod-prod_refresh-interactions-0123456789",
        "job_arn": JOB,
        "location": "s3://vod-data/incoming/interactions/2026-11-26.csv",
        "import_mode": "INCREMENTAL",
    },
}


class History:
    """Writes a history from its beginning; an event follows the last one unless it is said otherwise."""

    def __init__(self) -> None:
        """Begin with the start of the execution."""
        self._numbers: Iterator[int] = count(1)
        self._events: list[EventDict] = []
        self.add("ExecutionStarted")

    def add(self, type_: str, before: int | None = None, **details: Any) -> int:
        """Add an event; its number."""
        number = next(self._numbers)
        previous = number - 1 if before is None else before
        self._events.append({"id": number, "previousEventId": previous, "type": type_, **details})
        return number

    def enter(self, kind: str, name: str, input_: Mapping[str, Any], before: int | None = None) -> int:
        """Enter a state."""
        details = {"name": name, "input": json.dumps(input_)}
        return self.add(f"{kind}StateEntered", before, stateEnteredEventDetails=details)

    def call(self, service: str, action: str, parameters: Mapping[str, Any]) -> int:
        """Schedule a call of the state entered last."""
        details = {"resourceType": service, "resource": action, "parameters": json.dumps(parameters)}
        return self.add("TaskScheduled", taskScheduledEventDetails=details)

    def reversed(self) -> list[EventDict]:
        """As it is answered."""
        return self._events[::-1]


def failed_import() -> list[EventDict]:
    """The service gave an import up; another dataset's import is looked at meanwhile."""
    history = History()
    history.enter("Map", "Import", {})
    other = history.add("MapIterationStarted")
    ours = history.add("MapIterationStarted")
    history.enter("Task", "Look at the import", ITEM, ours)
    history.call("aws-sdk:personalize", "describeDatasetImportJob", {"DatasetImportJobArn": JOB})
    left = history.add("TaskStateExited")
    history.enter("Wait", "Wait for the import", {"job": {"job_name": "another"}}, other)
    history.enter("Choice", "Is the import done?", {**ITEM, "status": "CREATE FAILED"}, left)
    fails = history.enter("Fail", "The import failed", {**ITEM, "status": "CREATE FAILED"})
    history.add("MapIterationAborted", before=other)
    failed = history.add("MapIterationFailed", before=fails)
    history.add("MapStateFailed", before=failed)
    history.add("ExecutionFailed")
    return history.reversed()


def failed_call(state: str, action: str, parameters: Mapping[str, Any]) -> list[EventDict]:
    """A call that was refused, after another state that has nothing to do with it."""
    history = History()
    history.enter("Choice", "Is a training due?", {})
    history.add("ChoiceStateExited")
    history.enter("Task", state, {})
    history.call("aws-sdk:personalize", action, parameters)
    history.add("TaskStarted")
    history.add("TaskFailed")
    history.add("ExecutionFailed")
    return history.reversed()


def stopped(state: str, input_: Mapping[str, Any], end: str) -> list[EventDict]:
    """An execution that was ended from outside: its last event follows none."""
    history = History()
    history.enter("Wait", state, input_)
    history.add(end, before=0)
    return history.reversed()


def redriven(history: list[EventDict], state: str) -> list[EventDict]:
    """An execution that somebody has let go on after it had ended, up to the entry into a state."""
    number = history[0]["id"]
    entered = {"name": state, "input": "{}"}
    return [
        {
            "id": number + 2,
            "previousEventId": number + 1,
            "type": "TaskStateEntered",
            "stateEnteredEventDetails": entered,
        },
        {"id": number + 1, "previousEventId": number, "type": "ExecutionRedriven"},
        *history,
    ]
