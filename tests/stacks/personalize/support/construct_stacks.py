"""Stacks for the tests of the constructs, and their templates in a form that reads well."""

from __future__ import annotations

import json
from typing import Any

from aws_cdk import App, Stack
from aws_cdk.assertions import Template

from stacks.personalize import (
    Dataset,
    DatasetGroup,
    DatasetImport,
    IDatasetGroup,
    ISchema,
    PersonalizeProvider,
    Schema,
    ServiceRole,
)
from tools.checkout import CHECKOUT
from tools.simulation.template import dependencies

_CONTEXT = json.loads((CHECKOUT / "cdk.json").read_text())["context"]
PREFIX = "vod-test"
# What exists already.
GIVEN = "arn:aws:personalize:eu-west-1:123456789012"
GROUP_ARN, SOLUTION_ARN = f"{GIVEN}:dataset-group/films", f"{GIVEN}:solution/films"
VERSION_ARN = f"{SOLUTION_ARN}/1a2b"
LOCATION = "s3://bucket/interactions.csv"
INTERACTIONS = {
    "type": "record",
    "name": "Interactions",
    "namespace": "com.amazonaws.personalize.schema",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "ITEM_ID", "type": "string"},
        {"name": "EVENT_TYPE", "type": "string"},
        {"name": "TIMESTAMP", "type": "long"},
    ],
    "version": "1.0",
}
USERS = {
    **INTERACTIONS,
    "name": "Users",
    "fields": [
        {"name": "USER_ID", "type": "string"},
        {"name": "GENDER", "type": ["null", "string"], "categorical": True},
    ],
}

Resources = dict[str, dict[str, Any]]


def new_app() -> App:
    """An app with the flags of cdk.json and with paths in its templates."""
    return App(context={**_CONTEXT, "aws:cdk:enable-path-metadata": True}, analytics_reporting=False)


class Kit:
    """A stack with a provider, and short ways to what most constructs need."""

    def __init__(self) -> None:
        """Make an app of one stack."""
        self.app = new_app()
        self.stack = Stack(self.app, "Test")
        self.provider = PersonalizeProvider(self.stack, "Provider", name_prefix=PREFIX)
        self.role = ServiceRole(self.stack, "ServiceRole")

    def group(self, id: str = "Group", **props: Any) -> DatasetGroup:
        """A dataset group."""
        return DatasetGroup(self.stack, id, provider=self.provider, **props)

    def schema(self, id: str = "Schema", **props: Any) -> Schema:
        """A schema of interactions."""
        given: dict[str, Any] = {"schema": INTERACTIONS, "dataset_type": "INTERACTIONS", **props}
        return Schema(self.stack, id, provider=self.provider, **given)

    def dataset(self, group: IDatasetGroup, schema: ISchema, id: str = "Dataset", **props: Any) -> Dataset:
        """A dataset of interactions."""
        given: dict[str, Any] = {"dataset_type": "INTERACTIONS", **props}
        return Dataset(self.stack, id, provider=self.provider, dataset_group=group, schema=schema, **given)

    def data(self, dataset: Dataset, id: str = "Import", **props: Any) -> DatasetImport:
        """An import."""
        given: dict[str, Any] = {"data_location": LOCATION, "role": self.role, **props}
        return DatasetImport(self.stack, id, provider=self.provider, dataset=dataset, **given)

    def synthesized(self) -> Resources:
        """Resources of the stack; what is declared later does not count."""
        return by_path(self.stack)

    def read(self, value: Any) -> Any:
        """A value of the synthesized stack, in the form of `by_path`."""
        return _readable(self.stack.resolve(value), _names(_resources(self.stack)))


def by_path(stack: Stack) -> Resources:
    """Resources of a stack by the path of their construct.

    References read `${Path.Attribute}`, and joined texts are joined.
    """
    resources = _resources(stack)
    names = _names(resources)
    return {names[logical_id]: _readable(resource, names) for logical_id, resource in resources.items()}


def upstream(stack: Stack, path: str) -> set[str]:
    """Paths of all resources of a stack that come before the one at a path."""
    resources = _resources(stack)
    names = _names(resources)
    waiting = [logical_id for logical_id, found in names.items() if found == path]
    assert waiting, f"nothing is at {path}"
    seen: set[str] = set()
    while waiting:
        for needed in dependencies({"Resources": resources}, waiting.pop()) - seen:
            seen.add(needed)
            waiting.append(needed)
    return {names[logical_id] for logical_id in seen}


def statements(resources: Resources, path: str) -> list[dict[str, Any]]:
    """Statements of the policy at a path."""
    found: list[dict[str, Any]] = resources[path]["Properties"]["PolicyDocument"]["Statement"]
    return found


def _resources(stack: Stack) -> Resources:
    found: Resources = Template.from_stack(stack).to_json().get("Resources", {})
    return found


def _names(resources: Resources) -> dict[str, str]:
    return {logical_id: _path(resource) for logical_id, resource in resources.items()}


def _path(resource: dict[str, Any]) -> str:
    path = str(resource["Metadata"]["aws:cdk:path"]).partition("/")[2]
    return path.removesuffix("/Default").removesuffix("/Resource")


def _readable(value: Any, names: dict[str, str]) -> Any:
    if isinstance(value, list):
        return [_readable(item, names) for item in value]
    if not isinstance(value, dict):
        return names.get(value, value) if isinstance(value, str) else value
    if value.keys() == {"Ref"}:
        return f"${{{names.get(value['Ref'], value['Ref'])}}}"
    if value.keys() == {"Fn::GetAtt"}:
        logical_id, attribute = value["Fn::GetAtt"]
        return f"${{{names.get(logical_id, logical_id)}.{attribute}}}"
    if value.keys() == {"Fn::Join"}:
        separator, parts = value["Fn::Join"]
        return str(separator).join(_readable(part, names) for part in parts)
    return {key: _readable(inner, names) for key, inner in value.items()}
