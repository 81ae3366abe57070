"""What a deployed app does by itself, tried where it is deployed: a refresh, schedules, a notice.

Nothing here is a call of Amazon Personalize that a step of a scenario could make. It is what only the account can tell
of Step Functions, EventBridge, Scheduler, SNS and IAM: whether roles are trusted, errors have the names that we expect,
and events arrive.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tools import executions

Client = Callable[[str], Any]
# After so many looks something counts as not come.
_LOOKS = 120
# Scheduler starts what is due within a minute (EventBridge Scheduler user guide, "Schedule types").
_SOON = timedelta(seconds=10)
_STATUS = {"stop": "INACTIVE", "start": "ACTIVE"}
# What the app's schedules call what they act on.
RECOMMENDER_MEMBER, CAMPAIGN_MEMBER, THROUGHPUT_MEMBER = "recommender_arn", "CampaignArn", "MinProvisionedTPS"


@dataclass(frozen=True)
class Tried:
    """Something that was tried.

    Attributes:
        name: what.
        is_good: whether it went as it should.
        text: what was seen.
    """

    name: str
    is_good: bool
    text: str


@dataclass(frozen=True)
class App:
    """The deployed app.

    Attributes:
        client: from the name of a service, a boto3 client.
        prefix: beginning of the names of its stacks.
        path: beginning of the names of its SSM parameters.
        every: seconds between two looks.
        pause: waits for so many seconds.
    """

    client: Client
    prefix: str
    path: str
    every: float
    pause: Callable[[float], None] = time.sleep

    def parameter(self, name: str) -> str:
        """A value that its stacks publish."""
        found = self.client("ssm").get_parameter(Name=f"{self.path}/{name}")
        return str(found["Parameter"]["Value"])

    def until(self, look: Callable[[], str | None]) -> str | None:
        """What a look finds; None if it finds nothing in all the time."""
        return until(look, self.every, self.pause)


def until(look: Callable[[], str | None], every: float, pause: Callable[[float], None]) -> str | None:
    """What a look finds, tried again and again; None if it finds nothing in all the time.

    Args:
        look: answers what it finds.
        every: seconds between two looks.
        pause: waits for so many seconds.
    """
    for _ in range(_LOOKS):
        found = look()
        if found:
            return found
        pause(every)
    return None


def attempt(app: App, new_data: Path, say: Callable[[str], None]) -> Iterator[Tried]:
    """Try what the app does by itself; each answer comes when it is known.

    Args:
        app: the deployed app, whose settings start a refresh when files come.
        new_data: a CSV file of interactions, which starts the refresh.
        say: is given each step of the refresh.
    """
    yield _refresh(app, new_data, say)
    for action in _STATUS:
        yield _recommender(app, action)
    yield _throughput(app)
    yield _notice(app)


def _refresh(app: App, new_data: Path, say: Callable[[str], None]) -> Tried:
    """Put a file, and follow the refresh that it starts."""
    name = "a file starts a refresh, which imports, trains, judges and moves the campaign"
    steps = app.client("stepfunctions")
    machine = app.parameter("refresh_state_machine_arn")
    before = set(_executions(steps, machine))
    key = f"incoming/interactions/{datetime.now(UTC):%Y%m%d-%H%M%S}.csv"
    app.client("s3").upload_file(str(new_data), app.parameter("bucket_name"), key)
    started = app.until(lambda: next((arn for arn in _executions(steps, machine) if arn not in before), None))
    if started is None:
        return Tried(name, False, "no refresh has begun")
    ended = executions.follow(steps, started, say, app.pause, app.every)
    if not ended.is_good:
        return Tried(name, False, f"{ended.status} at '{ended.step}': {ended.error}: {ended.cause}")
    serves = app.parameter("serving_solution_version_arn")
    is_served = ended.output.get("verdict") == "passed" and ended.output.get("solution_version_arn") == serves
    return Tried(name, is_served, f"{json.dumps(ended.output)}; what serves is published as {serves}")


def _executions(steps: Any, machine: str) -> Iterator[str]:
    for page in steps.get_paginator("list_executions").paginate(stateMachineArn=machine):
        yield from (each["executionArn"] for each in page["executions"])


def _recommender(app: App, action: str) -> Tried:
    """Have a schedule of the app stop or start a recommender."""
    target = _target(app, f"{action}-top_picks")
    arn = json.loads(target["Input"])[RECOMMENDER_MEMBER]

    def look() -> str:
        return str(app.client("personalize").describe_recommender(recommenderArn=arn)["recommender"]["status"])

    _run_once(app, f"{action}-once", target)
    status = app.until(lambda: status if (status := look()) == _STATUS[action] else None)
    name = f"a schedule of the app can {action} a recommender"
    return Tried(name, status is not None, f"the recommender is {status or look()}")


def _throughput(app: App) -> Tried:
    """Have a schedule of the app change the throughput of the campaign, as EventBridge Scheduler calls the service."""
    target = _target(app, "throughput-busy")
    said = json.loads(target["Input"])
    wanted = str(said[THROUGHPUT_MEMBER])

    def look() -> str:
        found = app.client("personalize").describe_campaign(campaignArn=said[CAMPAIGN_MEMBER])
        return str(found["campaign"]["minProvisionedTPS"])

    _run_once(app, "throughput-once", target)
    found = app.until(lambda: found if (found := look()) == wanted else None)
    name = "a schedule of the app can change the throughput of the campaign"
    return Tried(name, found is not None, f"minProvisionedTPS is {found or look()}, and should be {wanted}")


def _target(app: App, schedule: str) -> dict[str, Any]:
    found = app.client("scheduler").get_schedule(GroupName=app.prefix, Name=schedule)
    return dict(found["Target"])


def _run_once(app: App, name: str, target: Mapping[str, Any]) -> None:
    """Run what a schedule of the app runs, soon, with its role."""
    app.client("scheduler").create_schedule(
        Name=name,
        GroupName=app.prefix,
        ScheduleExpression=f"at({datetime.now(UTC) + _SOON:%Y-%m-%dT%H:%M:%S})",
        FlexibleTimeWindow={"Mode": "OFF"},
        Target=target,
        ActionAfterCompletion="DELETE",
    )


def _notice(app: App) -> Tried:
    """Let a refresh fail at once, and see whether the function that tells has told it."""
    name = "a failure is told"
    steps = app.client("stepfunctions")
    machine = app.parameter("refresh_state_machine_arn")
    begun = int(time.time() * 1000)
    steps.start_execution(stateMachineArn=machine, input=json.dumps({"train": "often"}))
    group = _log_of_telling(app)
    if group is None:
        return Tried(name, False, "the function that tells has no log group")
    told = app.until(lambda: next(_told(app.client("logs"), group, begun), None))
    return Tried(name, told is not None, told or "nothing was told")


def _log_of_telling(app: App) -> str | None:
    stack = app.client("cloudformation").describe_stack_resources(StackName=f"{app.prefix}-operations")
    groups = [each for each in stack["StackResources"] if each["ResourceType"] == "AWS::Logs::LogGroup"]
    return next((each["PhysicalResourceId"] for each in groups if "Tell" in each["LogicalResourceId"]), None)


def _told(logs: Any, group: str, begun: int) -> Iterator[str]:
    """What the function logs once it has told something: a line that says done."""
    pages = logs.get_paginator("filter_log_events").paginate(
        logGroupName=group, startTime=begun, filterPattern='"done"'
    )
    for page in pages:
        for event in page["events"]:
            line: Mapping[str, Any] = json.loads(event["message"])
            yield json.dumps(line.get("answer", line))
