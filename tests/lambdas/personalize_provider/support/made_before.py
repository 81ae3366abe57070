"""Resources that somebody made before a stack adopts them, and templates that adopt them."""

from __future__ import annotations

import copy
from dataclasses import dataclass, field
from typing import Any

from lambdas.personalize_provider.resource_type import CONTROL_PROPERTIES, ResourceType, member_name, property_name
from lambdas.personalize_provider.resources import RESOURCES
from tests.lambdas.personalize_provider.support.property_changes import SETTINGS
from tests.lambdas.personalize_provider.support.template_parts import Resources, chain, custom, handle, template
from tools.simulation.cloud import VirtualCloud
from tools.simulation.stacks import Stack

AROUND, APP = "around", "app"
NAME = "films"
HOUR = 3600.0
Properties = dict[str, Any]


@dataclass
class MadeBefore:
    """One resource that somebody made, with everything around it in place.

    Attributes:
        cloud: the account.
        noun: its type.
        properties: what it is, as a template says it.
        arn: of the resource.
    """

    cloud: VirtualCloud
    noun: str
    properties: Properties = field(init=False)
    arn: str = field(init=False)

    def __post_init__(self) -> None:
        """Make it."""
        setting = SETTINGS[self.noun]
        stack = self.cloud.cloudformation.deploy(AROUND, template(setting.around() or {"Handle": handle()}))
        assert stack.status == "CREATE_COMPLETE", stack.reasons
        self.properties = self._resolved(setting.before())
        self.arn = self._make()
        self.cloud.time.sleep(8 * HOUR)

    @property
    def row(self) -> ResourceType:
        """Its type, as the provider knows it."""
        return RESOURCES[self.noun]

    def changed(self, *props: str) -> Properties:
        """What it is, with other values of some properties."""
        values = {prop: self._resolved(SETTINGS[self.noun].after(prop))[prop] for prop in props}
        return {**copy.deepcopy(self.properties), **values}

    def adopting(self, properties: Properties | None = None, **more: Any) -> Resources:
        """A template's resources that adopt it."""
        wanted = {**copy.deepcopy(properties or self.properties), **more}
        own = (
            {"NamePrefix": "vod-test-adopted", "Adopt": "$LATEST"} if self.row.is_job else {"Name": NAME, "Adopt": True}
        )
        target = custom(self.noun, **{name: value for name, value in wanted.items() if name != "ServiceToken"})
        target["Properties"] = {"ServiceToken": target["Properties"]["ServiceToken"], **own, **wanted}
        waited_for = chain("Target", self.noun, links=3) if self.row.outlasts_request else {}
        return {"Target": target, **waited_for}

    def deploy(self, resources: Resources, stack: str = APP) -> Stack:
        """Deploy a stack with these resources."""
        return self.cloud.cloudformation.deploy(stack, template(resources))

    def describe(self) -> dict[str, Any]:
        """What it is now, without times; nothing if it is gone."""
        return self.cloud.inventory().get(self.arn, {})

    def tags(self) -> dict[str, str]:
        """Its tags."""
        return self.cloud.api.tags(self.arn) if self.row.taggable else {}

    def tag(self, **tags: str) -> None:
        """Somebody tags it."""
        listed = [{"tagKey": key, "tagValue": value} for key, value in tags.items()]
        self.cloud.api.call("TagResource", resourceArn=self.arn, tags=listed)

    def count(self) -> int:
        """How many resources of its type there are that the stack around has not made."""
        known = self.cloud.cloudformation.stacks[AROUND].resources.values()
        around = {value for each in known for value in each.attributes.values()}
        return len({one[self.row.arn_member] for one in self.cloud.api.summaries(self.row, {})} - around)

    def _resolved(self, resources: Resources) -> Properties:
        around = self.cloud.cloudformation.stacks[AROUND]
        resolved = self.cloud.cloudformation.resolved(around, template(resources), "Target")
        ours = CONTROL_PROPERTIES | {"ServiceToken"}
        return {name: value for name, value in copy.deepcopy(resolved).items() if name not in ours}

    def _make(self) -> str:
        row, operation = self.row, f"Create{self.noun}"
        sent = {name: value for name, value in self.properties.items() if name not in row.unsent | row.on_create.keys()}
        request = self.cloud.api.request(operation, sent)
        for name, member in row.on_create.items():
            if name in self.properties:
                request |= self.cloud.api.request(operation, {property_name(member): self.properties[name]})
        made = self.cloud.api.call(operation, **request, **{row.name_member: NAME})
        return str(made[row.arn_member])


def failing(resources: Resources) -> Resources:
    """The same, with something that fails when all the rest is there."""
    last = "TargetSettled" if "TargetSettled" in resources else "Target"
    return {**resources, "Broken": {**custom("Schema", Schema="not a schema", Domain="x"), "DependsOn": [last]}}


def updatable(noun: str) -> list[str]:
    """Properties of a type that an update changes, and that have another value in the tests."""
    row = RESOURCES[noun]
    changed = row.update.properties if row.update and row.taggable else frozenset[str]()
    named = changed - row.update.left_to_refreshes if row.update else changed
    return sorted((named | {row.switch}) - {"", "PerformIncrementalUpdate"})


def member(noun: str, prop: str) -> str:
    """Where a description shows a property."""
    update = RESOURCES[noun].update
    return (update.actual.get(prop) if update else None) or member_name(prop)
