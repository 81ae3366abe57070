"""Schedules of MiniStack's EventBridge Scheduler: when they run, what they call, and as whom."""

from __future__ import annotations

import json
import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError
from ministack.core import responses
from ministack.services import scheduler, sqs
from ministack.services.cloudformation import provisioners

from tools.aws.schedule import ScheduleError, next_run
from tools.aws.sdk import SCHEDULER, ArgumentsError, action

from .permissions import trusts
from .roles import client_as

_SCHEDULER = "scheduler.amazonaws.com"
# "EventBridge Scheduler does not support read-only API actions" (user guide, "Using universal targets").
_READ_ONLY = (
    *("get", "describe", "list", "poll", "receive", "search", "scan", "query", "select", "read", "lookup", "discover"),
    *("validate", "batchGet", "batchDescribe", "batchRead", "transactGet", "adminGet", "adminList", "testMigration"),
    *("retrieve", "testConnection", "translateDocument", "isAuthorized", "invokeModel"),
)
_logger = logging.getLogger(__name__)


def correct_schedules() -> Callable[[], None]:
    """Let schedules run as on AWS.

    MiniStack's know no time zone, no flexible window, no universal target, no role and no queue for what fails; an
    expression that never comes true keeps all later ones from running. CloudFormation leaves out most properties.
    What fails is not tried again here: it goes to the queue at once.

    Returns:
        What runs those that are due; for a tick every second.
    """
    create, update = scheduler._create_schedule, scheduler._update_schedule

    scheduler._create_schedule = lambda name, body: _refused(body) or create(name, body)
    scheduler._update_schedule = lambda name, body: _refused(body) or update(name, body)
    provisioners._RESOURCE_HANDLERS["AWS::Scheduler::Schedule"] |= {
        "create": _create_by_template,
        "update": _update_by_template,
    }
    return _Ticker().tick


def tick_every_second(*ticks: Callable[[], None]) -> None:
    """Let MiniStack's thread for schedules do this, and go on where one of them fails."""

    def tick_all() -> None:
        for tick in ticks:
            try:
                tick()
            except Exception:
                _logger.exception("A tick failed")

    scheduler._SCHEDULE_TICK_INTERVAL = 1
    scheduler._tick_schedules = tick_all


# -- what a schedule may be ----------------------------------------------------------------------------------------


def _refused(body: Mapping[str, Any]) -> Any:
    """The answer that refuses a schedule; None if it is a sound one."""
    target = body.get("Target") or {}
    group = scheduler._group_arn(body.get("GroupName") or "default")
    try:
        # MiniStack itself refuses one without these.
        if body.get("ScheduleExpression"):
            now = datetime.now(UTC)
            next_run(body["ScheduleExpression"], body.get("ScheduleExpressionTimezone") or "UTC", now, now)
        if target.get("Arn", "").startswith(SCHEDULER):
            name = target["Arn"].rpartition(":")[2]
            if name.startswith(_READ_ONLY):
                raise ArgumentsError(f"{target['Arn']}: {name} only reads, which no schedule may do.")
            action(target["Arn"])
    except (ScheduleError, ArgumentsError) as error:
        return scheduler._error(400, "ValidationException", str(error))
    if target.get("RoleArn") and not trusts(target["RoleArn"], _SCHEDULER, group):
        message = "The execution role you provide must allow AWS EventBridge Scheduler to assume the role."
        return scheduler._error(400, "ValidationException", message)
    return None


def _create_by_template(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
    name = properties.get("Name") or provisioners._physical_name(stack_name, logical_id, max_len=64)
    return _done(scheduler._create_schedule(name, _as_in_requests(properties)), name, properties)


def _update_by_template(name: str, old: dict[str, Any], new: dict[str, Any], stack_name: str) -> Any:
    # Name and GroupName: "Update requires: Replacement".
    renamed = new.get("Name") not in (None, name)
    if renamed or new.get("GroupName") != old.get("GroupName"):
        return _create_by_template(name, {"Name": name} | new, stack_name)
    return _done(scheduler._update_schedule(name, _as_in_requests(new)), name, new)


def _as_in_requests(properties: Mapping[str, Any]) -> dict[str, Any]:
    """Numbers are numbers, which templates may have as text."""
    body = dict(properties)
    window = body.get("FlexibleTimeWindow") or {}
    if "MaximumWindowInMinutes" in window:
        body["FlexibleTimeWindow"] = window | {"MaximumWindowInMinutes": int(window["MaximumWindowInMinutes"])}
    return body


def _done(answer: Any, name: str, properties: Mapping[str, Any]) -> Any:
    status, _, body = answer
    if status >= 400:
        raise ValueError(json.loads(body)["Message"])
    return name, {"Arn": scheduler._schedule_arn(properties.get("GroupName") or "default", name)}


# -- when they run -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Planned:
    """The next run of a schedule as it is written.

    Attributes:
        written: when the schedule was made or changed.
        due: the time that its expression says; None if there is none any more.
        at: when it runs, within the flexible window; seconds since the epoch.
    """

    written: float
    due: datetime | None
    at: float


class _Ticker:
    """Runs what is due; it knows of each schedule when that is."""

    def __init__(self) -> None:
        self._planned: dict[tuple[str, str, str], _Planned] = {}

    def tick(self) -> None:
        """Run all schedules of all regions that are due, each in a thread of its own."""
        now = time.time()
        for key, schedule in list(scheduler._schedules._data.items()):
            planned = self._planned.get(key)
            if planned is None or planned.written != schedule["LastModificationDate"]:
                # One that has just been written runs from then on: a rate at once.
                planned = self._planned[key] = _plan(schedule, schedule["LastModificationDate"] - 0.001)
            if planned.due is None or now < planned.at or schedule.get("State") != "ENABLED":
                continue
            later = self._planned[key] = _plan(schedule, max(planned.due.timestamp(), now - 60))
            if _is_within_its_dates(schedule, planned.due):
                _start(key, schedule, planned.due)
            if later.due is None and schedule.get("ActionAfterCompletion") == "DELETE":
                del scheduler._schedules._data[key]
        for gone in self._planned.keys() - scheduler._schedules._data.keys():
            del self._planned[gone]


def _plan(schedule: Mapping[str, Any], after: float) -> _Planned:
    since = scheduler._to_epoch(schedule.get("StartDate")) or schedule["CreationDate"]
    due = next_run(
        schedule["ScheduleExpression"],
        schedule.get("ScheduleExpressionTimezone") or "UTC",
        datetime.fromtimestamp(after, UTC),
        datetime.fromtimestamp(since, UTC),
    )
    window = schedule["FlexibleTimeWindow"].get("MaximumWindowInMinutes") or 0
    at = due.timestamp() + random.uniform(0, window * 60) if due else 0.0
    return _Planned(schedule["LastModificationDate"], due, at)


def _is_within_its_dates(schedule: Mapping[str, Any], due: datetime) -> bool:
    start, end = (scheduler._to_epoch(schedule.get(name)) for name in ("StartDate", "EndDate"))
    return (start is None or due.timestamp() >= start) and (end is None or due.timestamp() <= end)


def _start(key: tuple[str, str, str], schedule: Mapping[str, Any], due: datetime) -> None:
    account, region, _ = key

    def run_here() -> None:
        with responses.request_scope(account, region):
            run(schedule, due)

    threading.Thread(target=run_here, daemon=True).start()


# -- what they call ------------------------------------------------------------------------------------------------


def run_now(name: str, group: str) -> dict[str, Any]:
    """Run a schedule of this account and region without waiting for its time.

    Returns:
        {"error": None}, or why its target could not be invoked.

    Raises:
        KeyError: there is no such schedule.
    """
    return {"error": run(scheduler._schedules[f"{group}/{name}"], datetime.now(UTC))}


def run(schedule: Mapping[str, Any], due: datetime) -> str | None:
    """Invoke the target of a schedule; what fails goes to its queue. Answers why it failed."""
    target = schedule["Target"]
    given = _filled(target.get("Input") or "{}", schedule["Arn"], due)
    try:
        _invoke(target, given, scheduler._group_arn(schedule["GroupName"]))
    except ClientError as error:
        failure = error.response["Error"]["Code"], error.response["Error"]["Message"]
    except (BotoCoreError, ArgumentsError, ValueError) as error:
        failure = type(error).__name__, str(error)
    else:
        return None
    _logger.error("Schedule %s could not invoke %s: %s: %s", schedule["Name"], target["Arn"], *failure)
    _bury(schedule, given, due, failure)
    return ": ".join(failure)


def _filled(text: str, schedule_arn: str, due: datetime) -> str:
    """The input with context attributes in place (user guide, "Adding context attributes")."""
    values = {
        "schedule-arn": schedule_arn,
        "scheduled-time": due.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "execution-id": responses.new_uuid(),
        "attempt-number": "1",
    }
    for name, value in values.items():
        text = text.replace(f"<aws.scheduler.{name}>", value)
    return text


def _invoke(target: Mapping[str, Any], given: str, group_arn: str) -> None:
    arn = target["Arn"]

    def client(service: str) -> Any:
        return client_as(target["RoleArn"], _SCHEDULER, group_arn, service)

    if arn.startswith(SCHEDULER):
        call = action(arn)
        client(call.service)._make_api_call(call.model.name, call.members(json.loads(given)))
        return
    match arn.split(":")[2]:
        case "states":
            client("stepfunctions").start_execution(stateMachineArn=arn, input=given)
        case "lambda":
            client("lambda").invoke(FunctionName=arn, InvocationType="Event", Payload=given)
        case _:
            raise ValueError(f"The local cloud knows no schedules for {arn}.")


def _bury(schedule: Mapping[str, Any], given: str, due: datetime, failure: tuple[str, str]) -> None:
    """Send what failed to the schedule's queue (user guide, "Configuring a schedule's dead-letter queue")."""
    target = schedule["Target"]
    queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    if not queue_arn:
        return
    told = {
        "ERROR_CODE": failure[0],
        "ERROR_MESSAGE": failure[1],
        "SCHEDULE_ARN": schedule["Arn"],
        "SCHEDULED_TIME": due.strftime("%Y-%m-%dT%H:%M:%SZ"),
        "TARGET_ARN": target["Arn"],
    }
    try:
        queue = client_as(target["RoleArn"], _SCHEDULER, scheduler._group_arn(schedule["GroupName"]), "sqs")
        # Scheduler itself needs no permission to find the queue.
        url = (sqs._queue_by_arn(queue_arn) or {}).get("url", queue_arn)
        attributes = {name: {"DataType": "String", "StringValue": value} for name, value in told.items()}
        queue.send_message(QueueUrl=url, MessageBody=given, MessageAttributes=attributes)
    except (BotoCoreError, ClientError) as error:
        _logger.error("Schedule %s could not use its queue: %s", schedule["Name"], error)
