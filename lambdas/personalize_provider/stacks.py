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


class Stacks(Protocol):
    """Knows the deployments of stacks."""

    def deployment(self, stack_id: str) -> str:
        """Status of the stack and what tells its present deployment from others.

        The text changes as soon as that deployment ends, fails or is followed by another.
        """
        ...


def is_rollback(deployment: str) -> bool:
    """Whether a deployment takes an update back."""
    return deployment.startswith("UPDATE_ROLLBACK")


def stack_goes(deployment: str) -> bool:
    """Whether the whole stack is deleted, or its creation taken back."""
    return deployment.startswith(("DELETE", "ROLLBACK"))


def asks_for(deployment: str, request_type: str) -> bool:
    """Whether CloudFormation can be asking for a request now; if not, it comes late and nobody waits for it."""
    status = deployment.partition(" ")[0]
    if request_type == "Delete":
        return True
    takes_back = stack_goes(deployment) or (request_type == "Create" and is_rollback(deployment))
    return not takes_back and not status.endswith(("_COMPLETE", "_FAILED"))


class CloudFormationStacks:
    """Asks CloudFormation."""

    def __init__(self, client: Any) -> None:
        """Wrap a boto3 `cloudformation` client."""
        self._client = client

    def deployment(self, stack_id: str) -> str:
        """Status of the stack and when its last update began."""
        stack = self._client.describe_stacks(StackName=stack_id)["Stacks"][0]
        return f"{stack['StackStatus']} since {stack.get('LastUpdatedTime') or stack['CreationTime']}"


@cache
def default_stacks() -> Stacks:
    """The one of a Lambda instance."""
    config = Config(retries={"mode": "adaptive", "max_attempts": 8}, connect_timeout=5, read_timeout=15)
    return CloudFormationStacks(boto3.client("cloudformation", config=config))
