"""Calls the Personalize API, with requests typed by botocore's service model."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

import boto3
from botocore import xform_name
from botocore.config import Config
from botocore.exceptions import ClientError
from botocore.model import ListShape, MapShape, Shape, StructureShape

from . import errors
from .names import arn_of, last_part
from .resource_type import ResourceType, member_name
from .service_errors import SERVICE_ERRORS, Meaning, meaning
from .statuses import Description, is_being_created

# What a template has for a shape of the model; for every other shape it has a scalar.
_FORMS = {"structure": Mapping, "map": Mapping, "list": list}
_READING = ("Describe", "Get", "List")


# Few attempts and short timeouts: the next is_complete tries again, and an invocation must end well before the
# function's timeout.
CLIENT_CONFIG = Config(retries={"mode": "adaptive", "max_attempts": 4}, connect_timeout=5, read_timeout=15)


@cache
def default_client() -> Any:
    """The client that a Lambda instance uses."""
    return boto3.client("personalize", config=CLIENT_CONFIG)


class Api:
    """Calls of one Personalize client."""

    def __init__(self, client: Any) -> None:
        """Wrap a boto3 `personalize` client."""
        self._client = client
        self._model = client.meta.service_model
        self._actions: list[str] = []

    def call(self, operation: str, /, **members: Any) -> dict[str, Any]:
        """Call an operation by the API's name (`CreateSolution`)."""
        answer = dict(getattr(self._client, xform_name(operation))(**members))
        if not operation.startswith(_READING):
            self._actions.append(operation)
        return answer

    def take_actions(self) -> list[str]:
        """Operations that have changed something since the last time, for the log."""
        taken, self._actions = self._actions, []
        return taken

    def request(self, operation: str, properties: Mapping[str, Any]) -> dict[str, Any]:
        """Turn template properties into an operation's request members.

        CloudFormation passes every scalar as a string; the service model says what each one is.

        Raises:
            ProviderError: a value is not of its type.
        """
        members = self._model.operation_model(operation).input_shape.members
        asked = {member_name(name): (name, value) for name, value in properties.items()}
        return {member: _typed(value, members[member], name) for member, (name, value) in asked.items()}

    def accepted(self, operation: str, members: Mapping[str, Any]) -> dict[str, Any]:
        """The members of a description that an operation accepts."""
        return dict(_accepted(members, self._model.operation_model(operation).input_shape))

    def describe(self, row: ResourceType, arn: str) -> Description | None:
        """Describe a resource; None if it does not exist."""
        try:
            found = dict(self.call(f"Describe{row.noun}", **{row.arn_member: arn})[row.key])
            return {**found, **self._elements(row, arn)}
        except ClientError as error:
            if meaning(error) is Meaning.ABSENT:
                return None
            raise

    def _elements(self, row: ResourceType, arn: str) -> Description:
        """What belongs to a description and only a List* operation shows."""
        elements = row.update.elements if row.update else {}
        return {
            member_name(prop): self.call(rule.operation, **{row.arn_member: arn})[member_name(prop)]
            for prop, rule in elements.items()
        }

    def summaries(self, row: ResourceType, properties: Mapping[str, Any]) -> Iterator[Description]:
        """List resources of a type, narrowed to the parent that the properties name."""
        parent = properties.get(row.parent)
        return self._list(row, {member_name(row.parent): parent} if parent else {})

    def find(self, row: ResourceType, name: str, event: Mapping[str, Any]) -> Description | None:
        """Describe the resource of a name in the parent that a request names; None if there is none."""
        find = self._find_in_list if row.arn_is_generated else self._describe_by_name
        found = find(row, name, event)
        return found if found and last_part(str(found.get(row.name_member))) == name else None

    def _describe_by_name(self, row: ResourceType, name: str, event: Mapping[str, Any]) -> Description | None:
        arn = arn_of(row, name, event)
        return self.describe(row, arn) if arn else None

    def _find_in_list(self, row: ResourceType, name: str, event: Mapping[str, Any]) -> Description | None:
        for summary in self.summaries(row, event["ResourceProperties"]):
            if summary.get(row.name_member) == name:
                return self.describe(row, summary[row.arn_member])
        return None

    def stop(self, row: ResourceType, found: Description) -> None:
        """Stop a creation in progress, if the service can; it refuses if that is stopping or done already."""
        if not row.stop or not is_being_created(found):
            return
        try:
            self.call(row.stop, **{row.arn_member: found[row.arn_member]})
        except SERVICE_ERRORS as error:
            if meaning(error) not in (Meaning.IN_USE, Meaning.ABSENT, Meaning.INVALID):
                raise

    def switch(
        self, operation: str, row: ResourceType, found: Description, is_done: Callable[[Description], bool]
    ) -> None:
        """Pause or resume a resource, unless somebody, or a schedule, has just done so.

        Args:
            operation: `pause` or `resume` of the row.
            row: the resource's type.
            found: its description.
            is_done: from a description, whether there is nothing left to do.
        """
        try:
            self.call(operation, **{row.arn_member: found[row.arn_member]})
        except ClientError as error:
            if meaning(error) is not Meaning.INVALID or not is_done(self.describe(row, found[row.arn_member]) or {}):
                raise

    def tags(self, arn: str) -> dict[str, str]:
        """Tags of a resource; none if it no longer exists, which a list may not show yet."""
        try:
            listed = self.call("ListTagsForResource", resourceArn=arn)["tags"]
        except ClientError as error:
            if meaning(error) is Meaning.ABSENT:
                return {}
            raise
        return {tag["tagKey"]: tag["tagValue"] for tag in listed}

    def child_summaries(self, child: ResourceType, member: str | None, parent_arn: str) -> list[Description]:
        """List resources of a type, narrowed to those of a parent if there is a member for that."""
        return list(self._list(child, {member: parent_arn} if member else {}))

    def _list(self, row: ResourceType, members: Mapping[str, str]) -> Iterator[Description]:
        """Summaries of resources; none if their parent no longer exists, which a list may not show yet."""
        pages = self._client.get_paginator(xform_name(f"List{row.noun}s")).paginate(**members)
        try:
            for page in pages:
                yield from page[row.list_key]
        except ClientError as error:
            if meaning(error) is not Meaning.ABSENT:
                raise


def _accepted(value: Any, shape: Shape) -> Any:
    if not isinstance(shape, StructureShape):
        return value
    known = ((name, child) for name, child in value.items() if name in shape.members)
    return {name: _accepted(child, shape.members[name]) for name, child in known}


def _typed(value: Any, shape: Shape, path: str) -> Any:
    if _form(value) != _FORMS.get(shape.type_name):
        raise errors.wrong_type(path, shape.type_name, value)
    if isinstance(shape, StructureShape):
        return _typed_members(value, shape, path)
    if isinstance(shape, MapShape):
        return {key: _typed(child, shape.value, f"{path}.{key}") for key, child in value.items()}
    if isinstance(shape, ListShape):
        return [_typed(child, shape.member, f"{path}[{index}]") for index, child in enumerate(value)]
    return _scalar(value, shape.type_name, path)


def _typed_members(value: Mapping[str, Any], shape: StructureShape, path: str) -> dict[str, Any]:
    unknown = sorted(name for name in value if member_name(name) not in shape.members)
    if unknown:
        raise errors.unknown_member(path, unknown)
    return {
        member_name(name): _typed(child, shape.members[member_name(name)], f"{path}.{name}")
        for name, child in value.items()
    }


def _form(value: Any) -> type | None:
    return Mapping if isinstance(value, Mapping) else list if isinstance(value, list) else None


def _scalar(value: Any, type_name: str, path: str) -> Any:
    try:
        if type_name == "boolean":
            return {"true": True, "false": False}[str(value).lower()]
        if type_name in ("integer", "long"):
            return int(value)
        if type_name in ("double", "float"):
            return float(value)
    except (ValueError, KeyError):
        raise errors.wrong_type(path, type_name, value) from None
    return str(value)
