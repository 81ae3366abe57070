"""What CloudFormation is doing with a stack: whether the deployment that sent a request still goes on.

When another resource of the stack fails, CloudFormation cancels the requests in flight and rolls back at once,
but nobody tells the provider, whose polls go on for up to an hour. Without a look at the stack they would make
again what the rollback has just deleted (aws/aws-cdk issue 26139).
"""

from __future__ import annotations

from functools import cache
from typing import Any, Protocol

import boto3
from botocore.config import Config
from botocore.exceptions import ClientError

from .protocol import CLOCK_SECONDS, Progress
from .service_errors import SERVICE_ERRORS, Meaning, meaning, message

_GONE = "DELETE_COMPLETE since 0"


class CloudFormation(Protocol):
    """Knows what goes on with stacks."""

    def deployment(self, stack_id: str) -> str:
        """Status of the stack and when its present deployment began: `UPDATE_IN_PROGRESS since 1700000000.0`.

        The text changes as soon as that deployment ends, fails or is followed by another. A stack that is not there
        any more is DELETE_COMPLETE.
        """
        ...


def is_rollback(deployment: str) -> bool:
    """Whether a deployment takes an update back."""
    return deployment.startswith("UPDATE_ROLLBACK")


def stack_goes(deployment: str) -> bool:
    """Whether the whole stack is being deleted, or its creation taken back."""
    return deployment.startswith(("DELETE_IN_PROGRESS", "ROLLBACK_IN_PROGRESS"))


def asks_for(deployment: str, request_type: str) -> bool:
    """Whether CloudFormation can be asking for a request now; if not, it comes late and nobody waits for it."""
    status = deployment.partition(" ")[0]
    if request_type == "Delete":
        return True
    takes_back = stack_goes(deployment) or (request_type == "Create" and is_rollback(deployment))
    return not takes_back and not status.endswith(("_COMPLETE", "_FAILED"))


def is_wanted(deployment: str, request_type: str, progress: Progress) -> bool:
    """Whether the deployment that a request came from still goes on.

    An update knows which one it came from. A creation came from the one that began before it.
    """
    if progress.deployment:
        return deployment == progress.deployment
    began = float(deployment.partition(" since ")[2])
    return asks_for(deployment, request_type) and began <= progress.started + CLOCK_SECONDS


def is_gone(deployment: str) -> bool:
    """Whether there is nothing any more that the stack would delete."""
    return deployment.startswith(("DELETE_COMPLETE", "ROLLBACK_COMPLETE"))


def known_deployment(cloudformation: CloudFormation, stack_id: str) -> str:
    """The deployment of a stack as far as the provider may ask; empty where it may not.

    For deletions: what CloudFormation does not tell must not keep a resource from being deleted.
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
            if meaning(error) is Meaning.INVALID and "does not exist" in message(error):
                return _GONE
            raise
        since = stack.get("LastUpdatedTime") or stack["CreationTime"]
        return f"{stack['StackStatus']} since {since.timestamp()}"


class AskedOnce:
    """Asks about each stack once, for as long as a poll takes."""

    def __init__(self, cloudformation: CloudFormation) -> None:
        """Ask another one."""
        self._cloudformation = cloudformation
        self._answers: dict[str, str] = {}

    def deployment(self, stack_id: str) -> str:
        """What that one said first."""
        if stack_id not in self._answers:
            self._answers[stack_id] = self._cloudformation.deployment(stack_id)
        return self._answers[stack_id]


@cache
def default_cloudformation() -> CloudFormation:
    """The one of a Lambda instance."""
    config = Config(retries={"mode": "adaptive", "max_attempts": 8}, connect_timeout=5, read_timeout=15)
    return AwsCloudFormation(boto3.client("cloudformation", config=config))
