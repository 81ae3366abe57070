"""Tells people by mail, and everybody who listens by an event, what has happened in the workflows."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from . import notices
from .clients import Clients
from .executions import FAILED, SUCCEEDED, failed_before
from .history import find_failure
from .notices import App, Execution, Notice

_SOURCE = "personalize.operations"
# Step Functions developer guide, "Automating Step Functions event delivery with EventBridge".
_STATES = "aws.states"
# CloudWatch user guide, "Alarm events and EventBridge".
_CLOUDWATCH = "aws.cloudwatch"
# What is told of our own events, by their detail type.
_TOLD: Mapping[str, Callable[[App, Execution, Mapping[str, Any]], Notice]] = {
    "Version Trained": notices.refused,
    "Users Forgotten": notices.forgotten,
    "Batch Finished": notices.batch_finished,
}


def tell(event: Mapping[str, Any], config: Mapping[str, Any], clients: Clients) -> dict[str, Any]:
    """Tell what an event of EventBridge means.

    Args:
        event: the end of an execution of one of the app's state machines, or of an alarm, or an event of ours.
        config: `topic_arn`, `app`, `environment` and `dashboard`.
        clients: of the services.

    Returns:
        `subject` of the mail; None if there is nothing to tell: a success that follows a success.

    Raises:
        ServiceError: a service did not answer.
    """
    app = App(
        name=config["app"],
        environment=config["environment"],
        dashboard=config["dashboard"],
        region=event["region"],
        partition=str(config["topic_arn"]).split(":")[1],
    )
    notice = _notice_of(app, event, clients)
    if notice:
        clients("sns").publish(TopicArn=config["topic_arn"], Subject=notice.subject, Message=notice.text)
    return {"subject": notice.subject if notice else None}


def _notice_of(app: App, event: Mapping[str, Any], clients: Clients) -> Notice | None:
    if event["source"] == _STATES:
        return _of_execution(app, event, clients)
    if event["source"] == _CLOUDWATCH:
        return notices.over(app, event["time"], event["detail"])
    return _of_ours(app, event)


def _of_ours(app: App, event: Mapping[str, Any]) -> Notice | None:
    detail = event["detail"]
    if event["detail-type"] == "Version Trained" and detail["verdict"] != "refused":
        return None
    write = _TOLD.get(event["detail-type"])
    execution = Execution(detail["execution"], detail["workflow"], event["time"])
    return write(app, execution, detail) if write else None


def _of_execution(app: App, event: Mapping[str, Any], clients: Clients) -> Notice | None:
    detail = event["detail"]
    machine = str(detail["stateMachineArn"]).rpartition(":")[2]
    execution = Execution(detail["executionArn"], machine, event["time"])
    if detail["status"] in FAILED:
        return _failed(app, execution, detail, clients)
    if detail["status"] == SUCCEEDED and _had_failed(detail, clients):
        _put_event(clients, app, execution, "Recovered", {})
        return notices.recovered(app, execution)
    return None


def _failed(app: App, execution: Execution, detail: Mapping[str, Any], clients: Clients) -> Notice:
    states = clients("stepfunctions")
    failure = find_failure(states, execution.arn, str(detail.get("error") or ""), str(detail.get("cause") or ""))
    members = {
        "status": detail["status"],
        "step": failure.step,
        "resource": failure.resource,
        "error": failure.error,
        "reason": failure.reason,
    }
    _put_event(clients, app, execution, "Failed", members)
    return notices.failed(app, execution, detail["status"], failure)


def _had_failed(detail: Mapping[str, Any], clients: Clients) -> bool:
    """Whether people have been told of a failure that this success ends: of an earlier execution, or of itself."""
    if detail.get("redriveCount"):
        return True
    return failed_before(clients("stepfunctions"), detail["stateMachineArn"], detail["executionArn"])


def _put_event(clients: Clients, app: App, execution: Execution, detail_type: str, members: Mapping[str, Any]) -> None:
    detail = {
        "app": app.name,
        "environment": app.environment,
        "workflow": execution.machine,
        "execution": execution.arn,
        **members,
    }
    entry = {"Source": _SOURCE, "DetailType": detail_type, "Detail": json.dumps(detail), "Resources": [execution.arn]}
    clients("events").put_events(Entries=[entry])
