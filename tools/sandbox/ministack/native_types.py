"""CloudFormation's own types of Personalize, which MiniStack does not have: as far as moving away from them needs.

They create and delete through the emulator, and change nothing. What they are is read from their registry schemas, of
which cfn-lint carries a copy: what Fn::GetAtt answers, and whether CloudFormation tags them with the stack.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from functools import cache
from types import SimpleNamespace
from typing import Any

from botocore.model import ListShape, Shape, StructureShape
from ministack.core import responses
from ministack.services import cloudformation
from ministack.services.cloudformation import provisioners, stacks

from tools.emulator import Service, ServiceError
from tools.emulator.kinds import KINDS
from tools.emulator.region import ACTIVE, is_busy
from tools.emulator.shapes import operation_model

from .permissions import Caller

_PREFIX = "AWS::Personalize::"
NOUNS = (
    "Campaign",
    "Dataset",
    "DatasetGroup",
    "EventTracker",
    "Filter",
    "MetricAttribution",
    "Schema",
    "Solution",
)
# A property that is no member of the request: an import that goes with the dataset.
_REFUSED = {"Dataset": "DatasetImportJob"}
_TAGS = "Tags"
_EVERY_SECONDS = 0.05
_NOT_FOUND = "ResourceNotFoundException"
_ROOT = Caller(SimpleNamespace(policies=None, arn="cloudformation.amazonaws.com"))


def add_native_types(service: Service) -> None:
    """Let templates have AWS::Personalize::* resources, made by a service."""
    for noun in NOUNS:
        handler = _NativeType(service, noun)
        provisioners._RESOURCE_HANDLERS[_PREFIX + noun] = {
            "create": handler.create,
            "update": handler.update,
            "delete": handler.delete,
        }
    blocks = stacks._runs_on_worker_thread
    # They wait until the service has made, or deleted, what they ask for.
    stacks._runs_on_worker_thread = lambda type_: type_.startswith(_PREFIX) or blocks(type_)


class _NativeType:
    """What CloudFormation does with the resources of one type."""

    def __init__(self, service: Service, noun: str) -> None:
        self._service = service
        self._noun = noun
        self._kind = KINDS[noun]

    def create(self, logical_id: str, properties: Mapping[str, Any], stack_name: str) -> tuple[str, dict[str, Any]]:
        """Create a resource; its physical id, which is its ARN, and its attributes."""
        arn = str(self._call("Create", self._request(properties))[self._kind.arn_member])
        found = self._settled(arn)
        if found.get("status", ACTIVE) != ACTIVE:
            self.delete(arn, properties)
            raise ValueError(found.get("failureReason"))
        schema = _schema(_PREFIX + self._noun)
        if schema.get("tagging", {}).get("cloudFormationSystemTags"):
            self._service.tag_as_aws(responses.get_region(), arn, _system_tags(stack_name, logical_id))
        attributes = (path.rpartition("/")[2] for path in schema["readOnlyProperties"])
        return arn, {name: str(found[_member(name)]) for name in attributes}

    def update(self, *_: Any) -> tuple[str, dict[str, Any]]:
        """Refuse: nothing needs it here."""
        raise ValueError(f"The local cloud creates and deletes resources of {_PREFIX}{self._noun}, and changes none.")

    def delete(self, arn: str, _properties: Mapping[str, Any]) -> None:
        """Delete a resource, unless it is gone."""
        try:
            self._call("Delete", {self._kind.arn_member: arn})
            while self._describe(arn):
                time.sleep(_EVERY_SECONDS)
        except ServiceError as error:
            if error.code != _NOT_FOUND:
                raise ValueError(error.message) from None

    def _request(self, properties: Mapping[str, Any]) -> dict[str, Any]:
        refused = _REFUSED.get(self._noun)
        if refused in properties:
            raise ValueError(f"The local cloud's {_PREFIX}{self._noun} has no {refused}: import by a call.")
        tags = [{"tagKey": each["Key"], "tagValue": each["Value"]} for each in properties.get(_TAGS, [])]
        shape = operation_model("personalize", f"Create{self._noun}").input_shape
        rest = {name: value for name, value in properties.items() if name != _TAGS}
        return {**_members(shape, rest), **({"tags": tags} if tags else {})}

    def _settled(self, arn: str) -> dict[str, Any]:
        while is_busy((found := self._describe(arn)).get("status", ACTIVE)):  # a schema has no status
            time.sleep(_EVERY_SECONDS)
        return found

    def _describe(self, arn: str) -> dict[str, Any]:
        return dict(self._call("Describe", {self._kind.arn_member: arn})[self._kind.key])

    def _call(self, verb: str, members: Mapping[str, Any]) -> dict[str, Any]:
        return self._service.call(
            "personalize", verb + self._noun, members, region=responses.get_region(), caller=_ROOT
        )


@cache
def _schema(type_: str) -> Mapping[str, Any]:
    """The registry schema of a type."""
    # Two seconds, which no local cloud without native types has to wait.
    from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

    return dict(PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", type_).schema)


def _system_tags(stack_name: str, logical_id: str) -> dict[str, str]:
    """CloudFormation user guide, "Resource tags"."""
    stack_id = str(cloudformation._stacks[stack_name]["StackId"])
    named = {"stack-id": stack_id, "stack-name": stack_name, "logical-id": logical_id}
    return {f"aws:cloudformation:{name}": value for name, value in named.items()}


def _members(shape: Shape | None, value: Any) -> Any:
    """Properties of a template as members of a request; the keys of a map stay as they are."""
    if isinstance(shape, StructureShape):
        return {_member(name): _members(shape.members.get(_member(name)), each) for name, each in value.items()}
    if isinstance(shape, ListShape):
        return [_members(shape.member, each) for each in value]
    return value


def _member(name: str) -> str:
    return name[0].lower() + name[1:]
