"""Every mail that people get: looked at as a whole, in notices/*.txt.

After a change of a sentence, write them again with `UPDATE_NOTICES=1 pytest <this file>`, and read them.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from lambdas.personalize_operations import handler, notices
from lambdas.personalize_operations.history import readable
from tests.lambdas.personalize_operations.support import histories, services
from tests.lambdas.personalize_operations.support.histories import JOB, VERSION
from tools.simulation.time import VirtualTime

MAILS = Path(__file__).parent / "notices"
CONFIG = {
    "topic_arn": "arn:aws:sns:eu-west-1:000000000000:vod-prod-notices",
    "app": "vod",
    "environment": "prod",
    "dashboard": "vod-prod",
}
ACCOUNT = "arn:aws:states:eu-west-1:000000000000"
DENIED = (
    "User: arn:aws:sts::000000000000:assumed-role/vod-prod-refresh/x is not authorized to perform: "
    "personalize:CreateSolutionVersion on resource: "
    "arn:aws:personalize:eu-west-1:000000000000:solution/vod-prod_rerank-1 "
    "(Service: Personalize, Status Code: 400, Request ID: 1-2-3)"
)
OUR_SENTENCE = {
    "errorMessage": "Could not judge the new version: GetSolutionMetrics failed with 'Rate exceeded'. If that lasts, "
    "look at the AWS Health Dashboard.",
    "errorType": "TryAgainError",
    "requestId": "1",
    "stackTrace": ["  File ..."],
}
REFUSAL = (
    "Version refresh-1764126000 is below what is asked of it:\n"
    "  coverage: 0.5000, minimum 0.1000\n"
    "  mean_reciprocal_rank_at_25: 0.3000, 5% below the 0.4000 of version 83cc95fc is 0.3800  <- below"
)


def ended(machine: str, status: str, error: str | None = None, cause: str | None = None, **more: Any) -> dict[str, Any]:
    """The event of Step Functions when an execution ends."""
    return {
        "source": "aws.states",
        "detail-type": "Step Functions Execution Status Change",
        "region": "eu-west-1",
        "time": "2026-11-26T03:12:00Z",
        "detail": {
            "executionArn": "execution-0",
            "stateMachineArn": f"{ACCOUNT}:stateMachine:vod-prod-{machine}",
            "status": status,
            "error": error,
            "cause": cause,
            "redriveCount": 0,
            **more,
        },
    }


def happened(detail_type: str, machine: str, **detail: Any) -> dict[str, Any]:
    """An event of ours."""
    return {
        "source": "personalize.operations",
        "detail-type": detail_type,
        "region": "eu-west-1",
        "time": "2026-11-26T03:12:00Z",
        "detail": {
            "app": "vod",
            "environment": "prod",
            "workflow": f"vod-prod-{machine}",
            "execution": f"{ACCOUNT}:execution:vod-prod-{machine}:a1",
            **detail,
        },
    }


def at(machine: str, event: dict[str, Any]) -> dict[str, Any]:
    """The same with the ARN that an execution of the machine has."""
    event["detail"]["executionArn"] = f"{ACCOUNT}:execution:vod-prod-{machine}:a1"
    return event


FAILED_IMPORT = "Failed to create a data import job: Input CSV is missing the following columns:[EVENT_TYPE]."
TRAINING = histories.failed_call("Train", "createSolutionVersion", {"SolutionArn": VERSION.rpartition("/")[0]})
# By the file's name: the event, and the history of the execution.
CASES: Mapping[str, tuple[dict[str, Any], list[dict[str, Any]]]] = {
    "import-failed": (
        at("refresh", ended("refresh", "FAILED", "Personalize.Failed", FAILED_IMPORT)),
        histories.failed_import(),
    ),
    "permission-missing": (
        at("refresh", ended("refresh", "FAILED", "Personalize.PersonalizeException", DENIED)),
        TRAINING,
    ),
    "quota-used-up": (
        at(
            "refresh",
            ended(
                "refresh",
                "FAILED",
                "Personalize.LimitExceededException",
                "More than 20 resources with PENDING or IN_PROGRESS status. "
                "(Service: Personalize, Status Code: 400, Request ID: 1-2-3) (SDK Attempt Count: 1)",
            ),
        ),
        TRAINING,
    ),
    "function-failed": (
        at("refresh", ended("refresh", "FAILED", "TryAgainError", json.dumps(OUR_SENTENCE))),
        histories.failed_call("Judge", "invoke", {"FunctionName": "vod-prod-operations-Judge", "Payload": {}}),
    ),
    "training-failed": (
        at("refresh", ended("refresh", "FAILED", "Personalize.Failed", "The service gives no reason.")),
        histories.failed_call("Look at the training", "describeSolutionVersion", {"SolutionVersionArn": VERSION}),
    ),
    "wrong-input": (
        at("refresh", ended("refresh", "FAILED", "Refresh.WrongInput", "train: 'often' is not known. Use never.")),
        histories.failed_call("The training is unknown", "none", {}),
    ),
    "timed-out": (
        at("refresh", ended("refresh", "TIMED_OUT", "States.Timeout")),
        histories.stopped("Wait for the training", {"version": "x"}, "ExecutionTimedOut"),
    ),
    "aborted": (
        at("refresh", ended("refresh", "ABORTED")),
        histories.stopped("Wait for the import", histories.ITEM, "ExecutionAborted"),
    ),
    "forgetting-failed": (
        at("forget-users", ended("forget-users", "FAILED", "Personalize.Failed", "users.csv must have USER_ID.")),
        histories.failed_call("Look at the deletion", "describeDataDeletionJob", {"DataDeletionJobArn": JOB}),
    ),
    "nothing-known": (at("gather", ended("gather", "FAILED", "States.Runtime")), []),
    "refused": (
        happened("Version Trained", "refresh", solution_version_arn=VERSION, verdict="refused", text=REFUSAL),
        [],
    ),
    "users-forgotten": (
        happened("Users Forgotten", "forget-users", location="s3://b/deletions/1.csv", deleted=1234, trains=False),
        [],
    ),
    "users-forgotten-and-training": (
        happened("Users Forgotten", "forget-users", location="s3://b/deletions/1.csv", deleted=1234, trains=True),
        [],
    ),
    "alarm-over": (
        {
            "source": "aws.cloudwatch",
            "detail-type": "CloudWatch Alarm State Change",
            "region": "eu-west-1",
            "time": "2026-11-26T03:12:00Z",
            "detail": {
                "alarmName": "vod-prod_top_picks-latency",
                "state": {
                    "value": "OK",
                    "reason": "Threshold Crossed: 3 datapoints [480.0, 90.0, 85.0] were not greater than the "
                    "threshold (500.0).",
                },
                "previousState": {"value": "ALARM"},
            },
        },
        [],
    ),
    "batch-finished": (
        happened(
            "Batch Finished", "batch", name="weekly_mail", job_arn="arn", output="s3://b/batch/weekly_mail/output/"
        ),
        [],
    ),
}


class Told:
    """What came of an event."""

    def __init__(self, event: Mapping[str, Any], history: list[dict[str, Any]], executions: list[str]) -> None:
        clock = VirtualTime()
        self.recorder = services.Recorder()
        states = services.StepFunctions(created=None)
        states.history = history
        states.executions = [(status, None) for status in executions]
        clients = {"sns": self.recorder.sns, "events": self.recorder.eventbridge, "stepfunctions": states.client}
        self.answer = handler.run_tell(event, clients.__getitem__, clock, CONFIG)


@pytest.mark.parametrize("name", CASES)
def test_a_mail_is_as_it_was_read(name: str) -> None:
    told = Told(*CASES[name], executions=[])
    ((subject, text),) = told.recorder.mails
    assert told.answer == {"subject": subject}
    written = f"Subject: {subject}\n\n{text}"
    if os.environ.get("UPDATE_NOTICES"):
        (MAILS / f"{name}.txt").write_text(written)
    assert written == (MAILS / f"{name}.txt").read_text()


def test_no_mail_is_left_over() -> None:
    assert {each.stem for each in MAILS.iterdir()} == {*CASES, "recovered"}


def test_a_failure_is_an_event_too() -> None:
    ((detail_type, detail),) = Told(*CASES["import-failed"], executions=[]).recorder.events
    assert detail_type == "Failed"
    assert detail == {
        "app": "vod",
        "environment": "prod",
        "workflow": "vod-prod-refresh",
        "execution": f"{ACCOUNT}:execution:vod-prod-refresh:a1",
        "status": "FAILED",
        "step": "The import failed",
        "resource": "vod-prod_refresh-interactions-0123456789",
        "error": "Personalize.Failed",
        "reason": FAILED_IMPORT,
    }


@pytest.mark.parametrize("name", ["aborted", "import-failed"])
def test_an_execution_that_goes_on_already_is_told_as_it_ended(name: str) -> None:
    event, history = CASES[name]
    told = Told(event, histories.redriven(history, "Observe"), executions=[])
    assert told.recorder.mails == Told(event, history, executions=[]).recorder.mails


RECOVERIES = [
    (["SUCCEEDED", "FAILED", "SUCCEEDED"], {}, True),
    # One that still runs has not failed.
    (["SUCCEEDED", "RUNNING", "TIMED_OUT"], {}, True),
    (["SUCCEEDED", "SUCCEEDED", "FAILED"], {}, False),
    (["SUCCEEDED"], {}, False),
    # It went on where it had failed itself.
    (["SUCCEEDED", "SUCCEEDED"], {"redriveCount": 1}, True),
    # It is too old to be listed.
    ([], {}, False),
]


@pytest.mark.parametrize(("executions", "detail", "is_told"), RECOVERIES)
def test_a_success_is_told_if_it_follows_a_failure(
    executions: list[str], detail: dict[str, Any], is_told: bool
) -> None:
    told = Told(ended("refresh", "SUCCEEDED", **detail), [], executions)
    assert len(told.recorder.mails) == is_told
    assert [each for each, _ in told.recorder.events] == (["Recovered"] if is_told else [])
    if not is_told:
        assert told.answer == {"subject": None}
        return
    written = "Subject: {}\n\n{}".format(*told.recorder.mails[0])
    if os.environ.get("UPDATE_NOTICES"):
        (MAILS / "recovered.txt").write_text(written)
    assert written == (MAILS / "recovered.txt").read_text()


def test_nothing_is_told_of_a_version_that_passed_or_of_other_events() -> None:
    for event in (
        happened("Version Trained", "refresh", verdict="passed", text="passed"),
        happened("Data Imported", "refresh"),
    ):
        assert Told(event, [], []).recorder.mails == []


def test_what_is_put_around_a_reason_is_left_out() -> None:
    assert readable("No. (Service: Personalize, Status Code: 400, Request ID: 1) (SDK Attempt Count: 1)") == "No."
    assert readable("Nothing around it (not even this)") == "Nothing around it (not even this)"
    assert readable("") == ""


def test_a_subject_is_one_short_line_of_ascii() -> None:
    event = at("refresh", ended("refresh", "FAILED", "x", "y"))
    history = histories.failed_call("An äußerst long name of a state\nthat nobody should have given to it" * 2, "a", {})
    ((subject, _),) = Told(event, history, []).recorder.mails
    assert subject.endswith("...")


def test_the_console_of_china_is_elsewhere() -> None:
    app = notices.App("vod", "prod", "vod-prod", "cn-north-1", "aws-cn")
    assert app.link_to_dashboard.startswith("https://cn-north-1.console.amazonaws.cn/cloudwatch/")
