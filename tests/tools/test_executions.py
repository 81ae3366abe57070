"""Following an execution: each step once, in the words of the state machine, until it has ended."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
import pytest
from botocore.stub import Stubber

from tools.executions import Ended, follow

ARN = "arn:aws:states:eu-west-1:123456789012:execution:vod-dev-refresh:by-hand"
BEGIN = datetime(2026, 11, 1, 4, 0, tzinfo=UTC)

Event = dict[str, Any]


def entered(id: int, name: str, before: int) -> Event:
    return event(id, "TaskStateEntered", before, stateEnteredEventDetails={"name": name})


def scheduled(id: int, before: int, service: str = "personalize", **parameters: str) -> Event:
    details = {
        "resourceType": f"aws-sdk:{service}" if service != "lambda" else service,
        "resource": "x",
        "region": "eu-west-1",
        "parameters": json.dumps(parameters),
    }
    return event(id, "TaskScheduled", before, taskScheduledEventDetails=details)


def event(id: int, type: str, before: int = 0, **details: Any) -> Event:
    """An event of the history; one comes each second."""
    return {
        "id": id,
        "previousEventId": before,
        "timestamp": BEGIN + timedelta(seconds=id),
        "type": type,
        **details,
    }


def followed(looks: Sequence[Sequence[Event]], **end: str) -> tuple[Ended, list[str], list[float]]:
    """Follow an execution of which each look shows more; botocore checks that Step Functions can answer so."""
    client = boto3.client("stepfunctions", region_name="eu-west-1", aws_access_key_id="x", aws_secret_access_key="x")
    said: list[str] = []
    waited: list[float] = []
    known: list[Event] = []
    with Stubber(client) as answers:
        for at, new in enumerate(looks, 1):
            known += new
            status = {"status": "SUCCEEDED", **end} if at == len(looks) else {"status": "RUNNING"}
            machine = {"stateMachineArn": ARN, "startDate": BEGIN, "executionArn": ARN}
            answers.add_response("describe_execution", {**machine, **status}, {"executionArn": ARN})
            asked = {"executionArn": ARN, "reverseOrder": True, "includeExecutionData": True}
            answers.add_response("get_execution_history", {"events": known[::-1]}, asked)
        ended = follow(client, ARN, said.append, waited.append, every=7.0)
        answers.assert_no_pending_responses()
    return ended, said, waited


def test_each_step_is_said_with_its_time_and_what_it_is_about() -> None:
    training = [
        event(1, "ExecutionStarted"),
        entered(2, "Train", 1),
        scheduled(3, 2, Name="refresh-1", SolutionArn="arn:aws:personalize:::solution/rerank"),
        entered(4, "Move the campaign", 3),
        scheduled(5, 4, CampaignArn="arn:aws:personalize:::campaign/rerank"),
    ]
    ended, said, waited = followed([training], output='{"verdict": "passed"}')
    assert said == ["04:00:03  Train (refresh-1)", "04:00:05  Move the campaign (rerank)"]
    assert ended == Ended("SUCCEEDED", {"verdict": "passed"}, "Move the campaign")
    assert ended.is_good
    assert waited == []


def test_a_loop_that_waits_is_said_once() -> None:
    def look(id: int) -> list[Event]:
        return [
            event(id, "WaitStateEntered", id - 1, stateEnteredEventDetails={"name": "Wait for the training"}),
            entered(id + 1, "Look at the training", id),
            scheduled(id + 2, id + 1, SolutionVersionArn="arn:aws:personalize:::solution/rerank/1234"),
        ]

    ended, said, waited = followed([[event(1, "ExecutionStarted"), *look(2)], look(5), look(8), look(11)])
    assert said == ["04:00:04  Look at the training (1234)"]
    assert waited == [7.0, 7.0, 7.0]
    assert ended.output == {}


def test_branches_side_by_side_keep_their_names() -> None:
    both = [
        entered(2, "Start the import", 1),
        entered(3, "Observe", 1),
        scheduled(4, 2, JobName="items-1"),
        scheduled(5, 3, "lambda"),
    ]
    assert followed([both])[1] == ["04:00:04  Start the import (items-1)", "04:00:05  Observe"]


def test_sentences_of_our_functions_are_said_and_events_are_not() -> None:
    answer = json.dumps(
        {"Payload": {"imports": [], "why": "Nothing is new.", "text": "Below:\n  coverage"}, "StatusCode": 200}
    )
    invoked = {"resourceType": "lambda", "resource": "invoke", "output": answer}
    steps = [
        entered(2, "Find new data", 1),
        scheduled(3, 2, "lambda", FunctionName="find"),
        event(4, "TaskSucceeded", 3, taskSucceededEventDetails=invoked),
        entered(5, "Refresh finished", 4),
        scheduled(6, 5, "eventbridge"),
        scheduled(7, 5, "cloudwatch"),
    ]
    assert followed([steps])[1] == [
        "04:00:03  Find new data",
        "04:00:04    Nothing is new.",
        "04:00:04    Below:",
        "04:00:04      coverage",
    ]


@pytest.mark.parametrize("output", ["", "[1]", '{"cut', '{"Payload": "text"}', '{"Payload": {"why": ""}}'])
def test_other_answers_say_nothing(output: str) -> None:
    details = {"resourceType": "lambda", "resource": "invoke", "output": output}
    assert followed([[event(1, "TaskSucceeded", taskSucceededEventDetails=details)]])[1] == []


def test_what_fails_is_said_and_is_where_it_ended() -> None:
    failure = {
        "resourceType": "aws-sdk:personalize",
        "resource": "createSolutionVersion",
        "error": "Personalize.LimitExceededException",
        "cause": "More than 20 trainings.",
    }
    steps = [
        entered(2, "Train", 1),
        scheduled(3, 2, Name="refresh-1"),
        event(4, "TaskFailed", 3, taskFailedEventDetails=failure),
        scheduled(5, 4, Name="refresh-1"),
        event(6, "TaskFailed", 5, taskFailedEventDetails=failure),
    ]
    ended, said, _ = followed([steps], status="FAILED", error=failure["error"], cause=failure["cause"])
    assert said == [
        "04:00:03  Train (refresh-1)",
        "04:00:04  Train: Personalize.LimitExceededException: More than 20 trainings.",
    ]
    assert not ended.is_good
    assert (ended.step, ended.error, ended.cause) == ("Train", failure["error"], failure["cause"])


def test_of_a_function_that_fails_the_sentence_is_said() -> None:
    cause = json.dumps({"errorMessage": "The role may not look.", "errorType": "OperationsError", "stackTrace": []})
    details = {"resourceType": "lambda", "resource": "invoke", "error": "OperationsError", "cause": cause}
    steps = [entered(2, "Observe", 1), event(3, "TaskFailed", 2, taskFailedEventDetails=details)]
    ended, said, _ = followed([steps], status="FAILED", error="OperationsError", cause=cause)
    assert said == ["04:00:03  Observe: OperationsError: The role may not look."]
    assert ended.cause == "The role may not look."
