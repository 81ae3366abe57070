"""Single requests to one custom resource, as CloudFormation sends them."""

from __future__ import annotations

import itertools
from typing import Any

from tests.lambdas.personalize_provider.support.template_parts import handle, template
from tools.simulation.cloud import VirtualCloud
from tools.simulation.framework import Event, Response
from tools.simulation.template import as_strings

Properties = dict[str, Any]


class Requests:
    """Sends requests for the resource `Target` of a stack in which nothing else happens."""

    def __init__(self, cloud: VirtualCloud, noun: str, stack: str = "single") -> None:
        """Address a resource of a type.

        Args:
            cloud: the account.
            noun: its type as the API names it.
            stack: name of the stack, made if there is none.
        """
        self.stack = cloud.cloudformation.stacks.get(stack) or cloud.cloudformation.deploy(
            stack, template({"Handle": handle()})
        )
        # Requests come while something goes on.
        self.stack.status = "UPDATE_IN_PROGRESS"
        self._cloud = cloud
        self._noun = noun
        self._numbers = itertools.count(1)

    def create(self, properties: Properties) -> Response:
        """Send a Create request."""
        return self._cloud.framework.request(self.event("Create", properties))

    def update(self, physical_id: str, before: Properties, after: Properties) -> Response:
        """Send an Update request."""
        more = {"PhysicalResourceId": physical_id, "OldResourceProperties": as_strings(before)}
        return self._cloud.framework.request(self.event("Update", after, **more))

    def delete(self, physical_id: str, properties: Properties) -> Response:
        """Send a Delete request."""
        return self._cloud.framework.request(self.event("Delete", properties, PhysicalResourceId=physical_id))

    def event(self, kind: str, properties: Properties, **more: Any) -> Event:
        """A request of its own id."""
        return {
            "RequestType": kind,
            "RequestId": f"{self._noun}-{kind}-{next(self._numbers)}",
            "StackId": self.stack.stack_id,
            "LogicalResourceId": "Target",
            "ResourceType": f"Custom::Personalize{self._noun}",
            "ResponseURL": "https://cloudformation.invalid/secret",
            "ResourceProperties": as_strings(properties),
            **more,
        }
