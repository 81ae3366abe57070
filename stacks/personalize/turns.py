"""Lets resources of which there may be many be made a few at a time."""

from __future__ import annotations

from aws_cdk import Stack
from constructs import Construct


class Turns:
    """Lanes in which one resource is made after the other, and deleted in the reverse order.

    CloudFormation begins everything that depends on nothing else at the same moment, and each request runs two Lambda
    functions at once, the framework's and ours. A new account runs ten (Lambda developer guide, "Lambda quotas"), and
    the framework gives up on a request that has no room for about two seconds (its retries: aws-cdk-lib,
    custom-resources/lib/provider-framework/runtime/outbound.js; their pauses are estimated).
    """

    def __init__(self, lanes: int) -> None:
        """Open lanes.

        Args:
            lanes: how many resources may be made at the same time.
        """
        self._lanes = lanes
        self._taken: dict[Stack, list[Construct]] = {}

    def take(self, resource: Construct) -> None:
        """Put a resource at the end of the shortest lane of its stack."""
        earlier = self._taken.setdefault(Stack.of(resource), [])
        if len(earlier) >= self._lanes:
            resource.node.add_dependency(earlier[-self._lanes])
        earlier.append(resource)
