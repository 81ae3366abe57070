"""What a local cloud holds, beside what `cdk bootstrap` put there."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

from .cloud import Endpoint, client, request

_BOOTSTRAP_STACK = "CDKToolkit"
_BOOTSTRAP_PREFIXES = ("cdk-hnb659fds-", "/cdk-bootstrap/")

Client = Callable[[str], Any]


def personalize(endpoint: Endpoint) -> list[str]:
    """ARNs of everything that Personalize holds, in every region."""
    return list(personalize_state(endpoint))


def personalize_state(endpoint: Endpoint) -> dict[str, dict[str, Any]]:
    """What Personalize knows of every resource, by ARN, in every region."""
    regions = emulator_state(endpoint)["resources"]
    return {resource["arn"]: resource for resources in regions.values() for resource in resources}


def emulator_state(endpoint: Endpoint) -> dict[str, Any]:
    """The whole state of the Personalize emulator: its time, its faults, its resources by region.

    Raises:
        OSError: there is no answer.
    """
    with request(endpoint, "GET", "/_sandbox/state") as answer:
        state: dict[str, Any] = json.load(answer)
    return state


def leftovers(endpoint: Endpoint) -> dict[str, list[str]]:
    """By service, names of what is there and not part of the bootstrap stack; services with nothing are left out."""

    def connect(service: str) -> Any:
        return client(endpoint, service)

    held = {"Personalize": personalize(endpoint)}
    held |= {service: [name for name in names(connect) if not _is_bootstrap(name)] for service, names in _NAMES.items()}
    return {service: names for service, names in held.items() if names}


def services() -> list[str]:
    """Names of the services that `leftovers` looks into."""
    return ["Personalize", *_NAMES]


def _is_bootstrap(name: str) -> bool:
    return name == _BOOTSTRAP_STACK or name.startswith(_BOOTSTRAP_PREFIXES)


def _listed(service: str, operation: str, key: str, name: str) -> Callable[[Client], Iterator[str]]:
    def names(connect: Client) -> Iterator[str]:
        for page in connect(service).get_paginator(operation).paginate():
            yield from (item[name] for item in page[key])

    return names


def _stacks(connect: Client) -> Iterator[str]:
    for page in connect("cloudformation").get_paginator("describe_stacks").paginate():
        yield from (stack["StackName"] for stack in page["Stacks"] if stack["StackStatus"] != "DELETE_COMPLETE")


def _keys(connect: Client) -> Iterator[str]:
    """One that waits for its deletion counts as gone, one that AWS manages as AWS's."""
    kms = connect("kms")
    for page in kms.get_paginator("list_keys").paginate():
        for key in page["Keys"]:
            metadata = kms.describe_key(KeyId=key["KeyId"])["KeyMetadata"]
            if metadata["KeyManager"] == "CUSTOMER" and metadata["KeyState"] != "PendingDeletion":
                yield key["KeyId"]


def _schedule_groups(connect: Client) -> Iterator[str]:
    for page in connect("scheduler").get_paginator("list_schedule_groups").paginate():
        yield from (group["Name"] for group in page["ScheduleGroups"] if group["Name"] != "default")


def _queues(connect: Client) -> Iterator[str]:
    for page in connect("sqs").get_paginator("list_queues").paginate():
        yield from page.get("QueueUrls", [])


_NAMES: dict[str, Callable[[Client], Iterator[str]]] = {
    "CloudFormation": _stacks,
    "S3": _listed("s3", "list_buckets", "Buckets", "Name"),
    "IAM": _listed("iam", "list_roles", "Roles", "RoleName"),
    "Lambda": _listed("lambda", "list_functions", "Functions", "FunctionName"),
    "Step Functions": _listed("stepfunctions", "list_state_machines", "stateMachines", "name"),
    "CloudWatch Logs": _listed("logs", "describe_log_groups", "logGroups", "logGroupName"),
    "SNS": _listed("sns", "list_topics", "Topics", "TopicArn"),
    "SQS": _queues,
    "KMS": _keys,
    "EventBridge": _listed("events", "list_rules", "Rules", "Name"),
    "Scheduler": _listed("scheduler", "list_schedules", "Schedules", "Name"),
    "Scheduler groups": _schedule_groups,
    "CloudWatch alarms": _listed("cloudwatch", "describe_alarms", "MetricAlarms", "AlarmName"),
    "CloudWatch dashboards": _listed("cloudwatch", "list_dashboards", "DashboardEntries", "DashboardName"),
    "SSM": _listed("ssm", "describe_parameters", "Parameters", "Name"),
}
