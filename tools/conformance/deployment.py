"""`make conformance-deploy`: deploys the app with the smallest settings, destroys it, and writes what it saw."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.personalize_provider.log import printable
from tools.checkout import CHECKOUT, EXAMPLE_SETTINGS, QUIET_JSII
from tools.data import synthetic
from tools.sandbox import cdk, cloud, shared
from tools.sandbox.cloud import Cloud, CloudError
from tools.sandbox.progress import Progress, assembly_of

from . import adopting, connections, day_two
from .clean import named
from .connections import NotConnectedError
from .day_two import Tried

ENV = "smallest"
NAME = f"conformance-{ENV}"
STACKS = tuple(f"{NAME}-{part}" for part in ("data", "recommenders", "ranking", "operations"))
_APPS = (f"{NAME}-", f"{adopting.NAME}-")
_PATH = f"/{NAME.replace('-', '/')}"
_DATA, _CONFIG = "data", "config"
_SETTINGS = Path(__file__).with_name(f"{ENV}.yaml")
_GONE = "DELETE_COMPLETE"
# What the provider's log says of what the service or IAM refused, and what that means.
LOOKED_FOR = {
    "Rate exceeded": "the service took fewer requests than the provider sent",
    "ThrottlingException": "the service took fewer requests than the provider sent",
    "AccessDenied": "a policy had not taken effect yet, or allows too little",
    "TooManyRequestsException": "too few Lambda executions",
}
PLAN = f"""This deploys the stacks {", ".join(STACKS)}, and deploys them again without a change. Then a file starts a
refresh, schedules stop and start the recommender and change the throughput of the campaign, and a failure is told. In
the end the stacks are destroyed. Before that, a second app, {adopting.NAME}, takes over a filter, which a stack of
CloudFormation's own types has made and left behind with an empty dataset group, and gives it up.
It takes four to six hours on AWS, and costs about $6: a recommender and a campaign are billed by the hour."""
_NOUNS = ("Recommender", "EventTracker", "Filter", "Campaign", "Solution", "Dataset", "Schema", "DatasetGroup")
# Seconds between two looks at what the app does by itself.
_EVERY_ON_AWS, _EVERY_HERE = 15.0, 0.5


@dataclass(frozen=True)
class Target:
    """Where the app is deployed.

    Attributes:
        name: for the report.
        client: from the name of a service, a boto3 client.
        cli: runs the CDK CLI.
        every: seconds between two looks at what goes on there.
    """

    name: str
    client: Callable[[str], Any]
    cli: Callable[[Sequence[str]], cdk.Result]
    every: float = _EVERY_ON_AWS


@dataclass
class Report:
    """What was seen.

    Attributes:
        where: on what.
        executions: how many Lambda executions the account may have at once; None if that is not known.
        steps: what was done, with its exit status.
        minutes: how long resources took, by what was done and type; the longest of each.
        trained: whether the deployment without a change made a recommender or an import.
        tried: what the app does by itself.
        reasons: of failures, in the order in which they came.
        logged: how often the provider's log has each of LOOKED_FOR.
        left: names of what was there in the end.
    """

    where: str
    executions: int | None = None
    steps: dict[str, int] = field(default_factory=dict)
    minutes: dict[str, float] = field(default_factory=dict)
    trained: bool = False
    tried: list[Tried] = field(default_factory=list)
    reasons: list[str] = field(default_factory=list)
    logged: Counter[str] = field(default_factory=Counter)
    left: list[str] = field(default_factory=list)

    @property
    def is_good(self) -> bool:
        """Whether everything went as it should and nothing is left."""
        is_done = not any(self.steps.values()) and all(each.is_good for each in self.tried)
        return is_done and not self.trained and not self.left


# -- where ------------------------------------------------------------------------------------------------


@contextmanager
def to_local_cloud() -> Iterator[Target]:
    """A local cloud of this run's own.

    Raises:
        NotConnectedError: it cannot be started.
    """
    try:
        with Cloud() as endpoint:
            shared.prepare(endpoint)
            yield Target(
                "the local cloud",
                lambda name: cloud.client(endpoint, name),
                lambda arguments: cdk.captured(endpoint, arguments, show=_shown(arguments)),
                _EVERY_HERE,
            )
    except CloudError as error:
        raise NotConnectedError(str(error)) from None


@contextmanager
def to_aws(profile: str, region: str | None) -> Iterator[Target]:
    """An account of AWS, whose region is bootstrapped; arguments and errors are those of `connections.to_aws`."""
    with connections.to_aws(profile, region) as connection:
        variables = _aws_environment(profile, connection.region)
        yield Target(
            f"AWS, {connection.region}",
            connection.client,
            lambda arguments: cdk.run(variables, arguments, show=_shown(arguments)),
        )


def _aws_environment(profile: str, region: str) -> dict[str, str]:
    chosen = {"AWS_PROFILE": profile, "AWS_REGION": region, "AWS_DEFAULT_REGION": region}
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    return {**os.environ, **QUIET_JSII, **chosen, "PATH": path, "CDK_DISABLE_CLI_TELEMETRY": "true"}


def _shown(arguments: Sequence[str]) -> Callable[[str], None]:
    """Prints the CLI's lines in short."""
    progress = Progress(assembly_of(arguments, CHECKOUT))

    def show(line: str) -> None:
        short = progress.brief(line)
        if short is not None:
            print(short, flush=True)

    return show


# -- deploying --------------------------------------------------------------------------------------------


def deploy(target: Target) -> Report:
    """Deploy, deploy again without a change, and destroy, whatever comes of it.

    Args:
        target: where; stacks of the same names there are destroyed too.
    """
    report = Report(target.name, _executions(target))
    with tempfile.TemporaryDirectory() as folder:
        context = _prepared(Path(folder))
        try:
            report.steps["deploy"] = target.cli(cdk.deploy_arguments(ENV, *context)).exit_status
            if not report.steps["deploy"]:
                before = _arns(target)
                report.steps["deploy again"] = target.cli(cdk.deploy_arguments(ENV, *context)).exit_status
                report.trained = _arns(target) != before
                _try_day_two(target, Path(folder) / _DATA, report)
                _try_adoption(target, Path(folder) / _CONFIG, context, report)
            _look(target, report)
        finally:
            ids = dict(_ids_of_stacks(target))
            report.steps["destroy"] = target.cli(cdk.destroy_arguments(ENV, *context)).exit_status
            _look_at_events(target, report, ids, "DELETE")
            report.left = list(_left(target))
    return report


def _try_day_two(target: Target, data: Path, report: Report) -> None:
    """Try what the app does by itself; what raises an error has failed."""
    app = day_two.App(target.client, NAME, _PATH, target.every)
    try:
        for tried in day_two.attempt(app, data / "interactions.csv", lambda line: print(printable(line), flush=True)):
            report.tried.append(tried)
    except (BotoCoreError, ClientError) as error:
        report.tried.append(Tried("what comes next", False, str(error)))


def _try_adoption(target: Target, config: Path, context: tuple[str, ...], report: Report) -> None:
    """Try what a second app does in the dataset group of the first; what raises an error has failed."""
    clients = target.client("personalize"), target.client("cloudformation")
    second = adopting.Second(*clients, target.cli, config, context, target.every)
    path = f"{_PATH}/dataset_group_arn"
    try:
        group = target.client("ssm").get_parameter(Name=path)["Parameter"]["Value"]
        for tried in adopting.attempt(second, group):
            report.tried.append(tried)
    except (BotoCoreError, ClientError) as error:
        report.tried.append(Tried("adoption", False, str(error)))


def _prepared(folder: Path) -> tuple[str, ...]:
    """Settings and data in a folder; the arguments of the CLI that lead the app there."""
    config = folder / _CONFIG
    shutil.copytree(EXAMPLE_SETTINGS / "schemas", config / "schemas")
    shutil.copy(_SETTINGS, config)
    synthetic.generate().write(folder / _DATA)
    context = (f"config_dir={config}", f"sample_dir={folder / _DATA}")
    return ("-c", context[0], "-c", context[1], "--output", str(folder / "cdk.out"))


# -- looking ----------------------------------------------------------------------------------------------


def _executions(target: Target) -> int | None:
    try:
        limit = target.client("lambda").get_account_settings()["AccountLimit"]["ConcurrentExecutions"]
    except (ClientError, KeyError):  # the local cloud has no such limit
        return None
    return int(limit)


def _ids_of_stacks(target: Target) -> Iterator[tuple[str, str]]:
    """Name and id of the app's stacks; events of deleted stacks are known by their ids only."""
    for page in target.client("cloudformation").get_paginator("describe_stacks").paginate():
        for stack in page["Stacks"]:
            if stack["StackName"].startswith(_APPS) and stack["StackStatus"] != _GONE:
                yield stack["StackName"], stack["StackId"]


def _look(target: Target, report: Report) -> None:
    """What CloudFormation and the provider's logs say, while there are stacks."""
    ids = dict(_ids_of_stacks(target))
    _look_at_events(target, report, ids, "CREATE")
    for name in ids:
        _look_at_logs(target, report, name)


def _look_at_events(target: Target, report: Report, ids: Mapping[str, str], action: str) -> None:
    for name, id_ in ids.items():
        events = _events(target, id_)
        report.reasons += [
            f"{name}, {each['LogicalResourceId']}: {each.get('ResourceStatusReason', each['ResourceStatus'])}"
            for each in events
            if each["ResourceStatus"] == f"{action}_FAILED"
        ]
        for type_, minutes in _durations(events, action):
            key = f"{action} {type_}"
            report.minutes[key] = max(minutes, report.minutes.get(key, 0.0))


def _events(target: Target, stack: str) -> list[dict[str, Any]]:
    """Oldest first."""
    try:
        pages = list(target.client("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack))
    except ClientError:  # the local cloud forgets deleted stacks
        return []
    return [event for page in reversed(pages) for event in reversed(page["StackEvents"])]


def _durations(events: Sequence[Mapping[str, Any]], action: str) -> Iterator[tuple[str, float]]:
    """Type and minutes of what was done."""
    began: dict[str, datetime] = {}
    for each in events:
        if each["ResourceStatus"] == f"{action}_IN_PROGRESS":
            began.setdefault(each["LogicalResourceId"], each["Timestamp"])
        elif each["ResourceStatus"] == f"{action}_COMPLETE" and each["LogicalResourceId"] in began:
            took = each["Timestamp"] - began.pop(each["LogicalResourceId"])
            yield each["ResourceType"], took.total_seconds() / 60


def _look_at_logs(target: Target, report: Report, stack: str) -> None:
    resources = target.client("cloudformation").describe_stack_resources(StackName=stack)["StackResources"]
    logs = target.client("logs")
    for each in resources:
        if each["ResourceType"] != "AWS::Logs::LogGroup":
            continue
        for words in LOOKED_FOR:
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=each["PhysicalResourceId"], filterPattern=f'"{words}"'
            )
            report.logged[words] += sum(len(page["events"]) for page in pages)


def _arns(target: Target) -> set[str]:
    """ARNs of the app's recommenders and import jobs, which a deployment without a change leaves as they are."""
    personalize = target.client("personalize")
    found = set()
    for operation, member in (("list_recommenders", "recommenders"), ("list_dataset_import_jobs", "datasetImportJobs")):
        for page in personalize.get_paginator(operation).paginate():
            found |= {value for each in page[member] for key, value in each.items() if key.endswith("Arn")}
    return {arn for arn in found if f"/{NAME}" in arn}


def _left(target: Target) -> Iterator[str]:
    """Names of what is there of the app, and of the second one."""
    yield from (f"stack {name}" for name, _ in _ids_of_stacks(target))
    names = (NAME, adopting.NAME)
    personalize = target.client("personalize")
    for noun in _NOUNS:
        yield from (f"{noun} {name}" for name, _ in named(personalize, noun) if name.startswith(names))
    for page in target.client("logs").get_paginator("describe_log_groups").paginate():
        groups = (str(each["logGroupName"]) for each in page["logGroups"])
        yield from (f"log group {group}" for group in groups if any(name in group for name in names))
    for bucket in target.client("s3").list_buckets()["Buckets"]:
        if bucket["Name"].startswith(names):
            yield f"bucket {bucket['Name']}"


# -- telling ----------------------------------------------------------------------------------------------


def as_markdown(report: Report) -> str:
    """The report, to read or to paste into an issue."""
    executions = "not known" if report.executions is None else str(report.executions)
    lines = [
        f"# A deployment of the smallest settings on {report.where}",
        "",
        "| what | how it ended |",
        "| --- | --- |",
    ]
    lines += [
        f"| {step} | {'done' if not status else f'failed (status {status})'} |" for step, status in report.steps.items()
    ]
    lines += [f"| the second deployment trained or imported | {'yes' if report.trained else 'no'} |"]
    lines += [f"| {each.name} | {'' if each.is_good else 'failed: '}{each.text} |" for each in report.tried]
    lines += [f"| Lambda executions that the account may have at once | {executions} |", ""]
    lines += ["| what CloudFormation did | longest, in minutes |", "| --- | --- |"]
    lines += [f"| {what} | {minutes:.1f} |" for what, minutes in sorted(report.minutes.items())]
    lines += ["", "| in the provider's log | times | what it means |", "| --- | --- | --- |"]
    lines += [f"| {words} | {report.logged[words]} | {meaning} |" for words, meaning in LOOKED_FOR.items()]
    lines += ["", "## Failures", "", *([f"- {each}" for each in report.reasons] or ["None."])]
    lines += ["", "## What is left", "", *([f"- {each}" for each in report.left] or ["Nothing."]), ""]
    return "\n".join(lines)
