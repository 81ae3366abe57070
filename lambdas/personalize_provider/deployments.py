"""What CloudFormation is doing with a stack: whether the deployment that sent a request is still running.

When another resource of the stack fails, CloudFormation cancels the requests in flight and rolls back at once,
but nobody tells the provider: the framework goes on calling is_complete for up to an hour. If it did not look at the
stack, it would create again what the rollback has just deleted (aws/aws-cdk issue 26139).
"""

from __future__ import annotations

from functools import cache
from typing import Any, NamedTuple, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from . import errors
from .protocol import CLOCK_SECONDS, Event, Progress
from .resource_type import ResourceType
from .service_errors import SERVICE_ERRORS, Meaning, meaning, message

_GONE = "DELETE_COMPLETE since 0"
# What a stack once had: deleted, or retained (user guide, "DeletionPolicy attribute").
_LEFT = ("DELETE_COMPLETE", "DELETE_SKIPPED")


class Holder(NamedTuple):
    """Where a physical id stands: the stack, and the logical id and the type that it has there."""

    stack_id: str
    logical_id: str
    type: str


class CloudFormation(Protocol):
    """Says what is going on with stacks, and what is in them."""

    def deployment(self, stack_id: str) -> str:
        """Status of the stack and when its present deployment began: `UPDATE_IN_PROGRESS since 1700000000.0`.

        The text changes as soon as that deployment ends, fails or is followed by another. A stack that no longer
        exists is DELETE_COMPLETE.
        """
        ...

    def holder(self, physical_id: str) -> Holder | None:
        """Which stack has the resource of a physical id; None if none has, or only one that has left it behind.

        Of several with the same physical id, it is any one.
        """
        ...


def is_rollback(deployment: str) -> bool:
    """Whether a deployment is the rollback of an update."""
    return deployment.startswith("UPDATE_ROLLBACK")


def stack_goes(deployment: str) -> bool:
    """Whether the whole stack is being deleted, or its creation rolled back."""
    return deployment.startswith(("DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"))


def is_taken_back(deployment: str) -> bool:
    """Whether what is deleted now was made, or adopted, by a deployment that failed.

    That a deployment begins by deleting what an earlier one has left, which failed without a rollback, is inferred.
    What has left the template is deleted at UPDATE_COMPLETE_CLEANUP_IN_PROGRESS (user guide, "Stack status codes").
    """
    return deployment.startswith(("ROLLBACK_", "UPDATE_ROLLBACK_", "UPDATE_IN_PROGRESS"))


def asks_for(deployment: str, request_type: str) -> bool:
    """Whether CloudFormation may be waiting for a request; if not, the request arrived late."""
    status = deployment.partition(" ")[0]
    if request_type == "Delete":
        return True
    is_undone = stack_goes(deployment) or (request_type == "Create" and is_rollback(deployment))
    return not is_undone and not status.endswith(("_COMPLETE", "_FAILED"))


def began(deployment: str) -> float:
    """When a deployment began, in seconds since the epoch; a rollback, when the update that it takes back did."""
    return float(deployment.partition(" since ")[2])


def is_wanted(deployment: str, request_type: str, progress: Progress) -> bool:
    """Whether the deployment that sent a request is still running.

    An update knows which deployment sent it. A creation was sent by the one that began before it.
    """
    if progress.deployment:
        return deployment == progress.deployment
    return asks_for(deployment, request_type) and began(deployment) <= progress.started + CLOCK_SECONDS


def check_wanted(cloudformation: CloudFormation, row: ResourceType, event: Event, progress: Progress) -> None:
    """Create and change nothing for a deployment that CloudFormation has given up.

    Raises:
        ProviderError: it has given it up.
    """
    if not is_wanted(cloudformation.deployment(event["StackId"]), event["RequestType"], progress):
        raise errors.cancelled(row, event["PhysicalResourceId"])


def is_gone(deployment: str) -> bool:
    """Whether the stack has nothing left to delete."""
    return deployment.startswith(("DELETE_COMPLETE", "ROLLBACK_COMPLETE"))


def known_deployment(cloudformation: CloudFormation, stack_id: str) -> str:
    """The deployment of a stack as far as the provider may ask; empty where it may not.

    For deletions: a resource must be deleted even if CloudFormation does not say what it is doing.
    """
    try:
        return cloudformation.deployment(stack_id)
    except SERVICE_ERRORS as error:
        if meaning(error) is Meaning.RETRY:
            raise
        return ""


class AwsCloudFormation:
    """Asks the service."""

    def __init__(self, client: Any) -> None:
        """Wrap a boto3 `cloudformation` client."""
        self._client = client

    def deployment(self, stack_id: str) -> str:
        """Status of the stack and when its last update began."""
        try:
            stack = self._client.describe_stacks(StackName=stack_id)["Stacks"][0]
        except ClientError as error:
            # API reference, DescribeStacks: "If the stack doesn't exist, a ValidationError is returned."
            if _is_absent(error):
                return _GONE
            raise
        since = stack.get("LastUpdatedTime") or stack["CreationTime"]
        return f"{stack['StackStatus']} since {since.timestamp()}"

    def holder(self, physical_id: str) -> Holder | None:
        """Which stack has the resource of a physical id.

        API reference, DescribeStackResources: "If PhysicalResourceId is specified, the associated resources of the
        stack that the resource belongs to are returned", also for 90 days after the stack was deleted. In fact it is
        that resource alone, and one of several with the same id (aws-cloudformation/cloudformation-coverage-roadmap
        issue 998). That the error is the same as for a stack that does not exist is inferred.
        """
        try:
            listed = self._client.describe_stack_resources(PhysicalResourceId=physical_id)["StackResources"]
        except ClientError as error:
            if _is_absent(error):
                return None
            raise
        held = (
            Holder(each["StackId"], each["LogicalResourceId"], each["ResourceType"])
            for each in listed
            if each.get("PhysicalResourceId") == physical_id and each["ResourceStatus"] not in _LEFT
        )
        return next(held, None)


def _is_absent(error: ClientError) -> bool:
    return meaning(error) is Meaning.INVALID and "does not exist" in message(error)


class AskedOnce:
    """Asks about each stack once; a new one for every is_complete."""

    def __init__(self, cloudformation: CloudFormation) -> None:
        """Remember what another one answers."""
        self._cloudformation = cloudformation
        self._answers: dict[str, str] = {}

    def deployment(self, stack_id: str) -> str:
        """The first answer about the stack."""
        if stack_id not in self._answers:
            self._answers[stack_id] = self._cloudformation.deployment(stack_id)
        return self._answers[stack_id]

    def holder(self, physical_id: str) -> Holder | None:
        """Which stack has the resource of a physical id; nobody asks twice."""
        return self._cloudformation.holder(physical_id)


@cache
def default_cloudformation() -> CloudFormation:
    """The one that a Lambda instance uses."""
    config = Config(retries={"mode": "adaptive", "max_attempts": 8}, connect_timeout=5, read_timeout=15)
    return AwsCloudFormation(boto3.client("cloudformation", config=config))
