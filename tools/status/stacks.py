"""The deployed stacks, and what the tokens in their templates stand for.

CloudFormation tells of a custom resource its physical id and no attribute. So ARNs are made as the provider makes them,
from the id and the properties; other values are known as far as an output of the stack has them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import yaml
from botocore.exceptions import ClientError

from lambdas.personalize_provider.names import arn_of
from lambdas.personalize_provider.resources import RESOURCES
from tools.review.diff import path_of
from tools.review.stored import HANDED_ON, PASSING_ON
from tools.simulation.assembly import Assembly
from tools.simulation.template import Template, Values, as_strings

# What app.py adds to the environment's prefix, in the order of deployments.
_NAMES = ("data", "recommenders", "ranking", "operations")
_CUSTOM = "Custom::Personalize"
_GATE = "Custom::PersonalizeQualityGate"
_LOOKUP = "Custom::PersonalizeLookup"
# Nothing is in them, or nothing any more.
_EMPTY = ("REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE", "DELETE_COMPLETE")


class UnknownValueError(Exception):
    """CloudFormation does not tell the value of a token; str() names the token."""


@dataclass(frozen=True)
class Stack:
    """A stack as CloudFormation describes it.

    Attributes:
        name: its name.
        id: its ARN.
        status: such as UPDATE_COMPLETE.
        changed: when its last deployment began.
        template: that was deployed last.
        physical: physical ids by logical id.
        outputs: their values by name.
        parameters: their values by name.
    """

    name: str
    id: str
    status: str
    changed: datetime
    template: Template
    physical: Mapping[str, str]
    outputs: Mapping[str, str]
    parameters: Mapping[str, str]

    @property
    def exports(self) -> dict[str, str]:
        """Values by the name of the export."""
        declared = self.template.get("Outputs", {})
        return {
            declared[key]["Export"]["Name"]: value for key, value in self.outputs.items() if "Export" in declared[key]
        }


@dataclass(frozen=True)
class Resource:
    """A resource of ours as the template wants it.

    Attributes:
        stack: name of the stack.
        path: of its construct in the stack.
        event: a request about it, as the provider gets them.
        unknown: by property, the token whose value is not known; the property is left out of the event.
    """

    stack: str
    path: str
    event: Mapping[str, Any]
    unknown: Mapping[str, str] = field(default_factory=dict)

    @property
    def noun(self) -> str:
        """The service's noun."""
        return str(self.event["ResourceType"]).removeprefix(_CUSTOM)

    @property
    def logical_id(self) -> str:
        """Its name in the template."""
        return str(self.event["LogicalResourceId"])

    @property
    def name(self) -> str:
        """Its physical id, which is its name; empty if CloudFormation knows none."""
        return str(self.event["PhysicalResourceId"])

    @property
    def properties(self) -> Mapping[str, Any]:
        """As the provider gets them."""
        properties: Mapping[str, Any] = self.event["ResourceProperties"]
        return properties


def read_stacks(cloudformation: Any, prefix: str) -> list[Stack]:
    """Read the stacks of an environment that are deployed.

    Args:
        cloudformation: a boto3 client.
        prefix: beginning of their names, such as `vod-dev`.

    Raises:
        ClientError: CloudFormation refuses to tell.
    """
    found = (_read(cloudformation, f"{prefix}-{name}") for name in _NAMES)
    return [stack for stack in found if stack]


def _read(cloudformation: Any, name: str) -> Stack | None:
    try:
        described = cloudformation.describe_stacks(StackName=name)["Stacks"][0]
    except ClientError as error:
        # API reference, DescribeStacks: "If the stack doesn't exist, a ValidationError is returned."
        if "does not exist" in str(error):
            return None
        raise
    if described["StackStatus"] in _EMPTY:
        return None
    pages = cloudformation.get_paginator("list_stack_resources").paginate(StackName=name)
    listed = [each for page in pages for each in page["StackResourceSummaries"]]
    return Stack(
        name=name,
        id=described["StackId"],
        status=described["StackStatus"],
        changed=described.get("LastUpdatedTime") or described["CreationTime"],
        template=_template(cloudformation.get_template(StackName=name, TemplateStage="Processed")["TemplateBody"]),
        physical={each["LogicalResourceId"]: each.get("PhysicalResourceId", "") for each in listed},
        outputs={each["OutputKey"]: each["OutputValue"] for each in described.get("Outputs", ())},
        parameters={
            each["ParameterKey"]: each.get("ResolvedValue") or each.get("ParameterValue", "")
            for each in described.get("Parameters", ())
        },
    )


def _template(body: Any) -> Template:
    """A template; boto3 has parsed it already if it is JSON. The CDK writes YAML without short forms."""
    found: Template = yaml.safe_load(body) if isinstance(body, str) else json.loads(json.dumps(body))
    return found


def assembly_of(stacks: list[Stack]) -> Assembly:
    """The templates as the review reads them."""
    return Assembly({stack.name: stack.template for stack in stacks}, {stack.name: frozenset() for stack in stacks})


def resources_of(stacks: list[Stack]) -> Iterator[Resource]:
    """Every resource of the service that the templates declare, in their order."""
    imported = {name: value for stack in stacks for name, value in stack.exports.items()}
    for stack in stacks:
        tokens = Tokens(stack, imported)
        for logical_id, declared in stack.template.get("Resources", {}).items():
            if str(declared["Type"]).removeprefix(_CUSTOM) in RESOURCES:
                event, unknown = tokens.request(logical_id)
                yield Resource(stack.name, path_of(declared, logical_id), event, unknown)


def gates_of(stacks: list[Stack]) -> dict[str, Mapping[str, Any]]:
    """By the name of a stack, the properties of its quality gate as the provider gets them."""
    imported = {name: value for stack in stacks for name, value in stack.exports.items()}
    return {
        stack.name: Tokens(stack, imported).request(logical_id)[0]["ResourceProperties"]
        for stack in stacks
        for logical_id, declared in stack.template.get("Resources", {}).items()
        if declared["Type"] == _GATE
    }


class Tokens:
    """What the tokens in a stack's template stand for."""

    def __init__(self, stack: Stack, imported: Mapping[str, str]) -> None:
        """Resolve with what is known of a stack.

        Args:
            stack: the stack.
            imported: values of exports of all stacks.
        """
        self._stack = stack
        self._resources = stack.template.get("Resources", {})
        self._imported = imported
        _, self._partition, _, self._region, self._account, _ = stack.id.split(":", 5)
        self._values = Values(self._ref, self._attribute, self._import)

    def request(self, logical_id: str) -> tuple[dict[str, Any], dict[str, str]]:
        """A request about a resource as the provider gets them, and what is not known of its properties."""
        declared = self._resources[logical_id]
        properties, unknown = dict[str, Any](), dict[str, str]()
        for name, value in declared.get("Properties", {}).items():
            try:
                properties[name] = as_strings(self.resolve(value))
            except UnknownValueError as error:
                unknown[name] = str(error)
        event = {
            "RequestType": "Update",
            "StackId": self._stack.id,
            "LogicalResourceId": logical_id,
            "PhysicalResourceId": self._stack.physical.get(logical_id, ""),
            "ResourceType": declared["Type"],
            "ResourceProperties": properties,
        }
        return event, unknown

    def resolve(self, value: Any) -> Any:
        """A value without tokens.

        Raises:
            UnknownValueError: CloudFormation does not tell it.
        """
        try:
            return self._values.resolve(value)
        except NotImplementedError as error:
            raise UnknownValueError(str(error)) from None

    def _ref(self, name: str) -> str:
        known = {
            "AWS::AccountId": self._account,
            "AWS::Region": self._region,
            "AWS::Partition": self._partition,
            "AWS::StackId": self._stack.id,
            "AWS::StackName": self._stack.name,
            "AWS::URLSuffix": "amazonaws.com.cn" if self._partition == "aws-cn" else "amazonaws.com",
            **self._stack.parameters,
            **self._stack.physical,
        }
        if not known.get(name):
            raise UnknownValueError(name)
        return known[name]

    def _import(self, name: str) -> str:
        if name not in self._imported:
            raise UnknownValueError(name)
        return self._imported[name]

    def _attribute(self, logical_id: str, name: str) -> str:
        declared = self._resources.get(logical_id, {})
        type_, physical = str(declared.get("Type", "")), self._stack.physical.get(logical_id, "")
        if type_ in PASSING_ON:
            handed_on = (declared["Properties"][each] for each in HANDED_ON if each in declared["Properties"])
            return str(self.resolve(next(handed_on)))
        known = self._output(logical_id, name) or self._arn(type_, logical_id, physical, name)
        if not physical or not known:
            raise UnknownValueError(f"{logical_id}.{name}")
        return known

    def _arn(self, type_: str, logical_id: str, physical: str, name: str) -> str | None:
        if type_ == _LOOKUP:
            event, _ = self.request(logical_id)
            looked_up = event["ResourceProperties"]
            type_, physical = looked_up["Type"], looked_up.get("ResourceName", looked_up["Type"])
        row = RESOURCES.get(type_.removeprefix(_CUSTOM))
        if row and name == f"{row.noun}Arn" and not row.arn_is_generated:
            return arn_of(row, physical, self.request(logical_id)[0])
        natives = {
            ("AWS::IAM::Role", "Arn"): f"arn:{self._partition}:iam::{self._account}:role/{physical}",
            ("AWS::S3::Bucket", "Arn"): f"arn:{self._partition}:s3:::{physical}",
            ("AWS::KMS::Key", "Arn"): f"arn:{self._partition}:kms:{self._region}:{self._account}:key/{physical}",
        }
        return natives.get((type_, name))

    def _output(self, logical_id: str, name: str) -> str | None:
        """The value of an attribute that is an output of the stack."""
        wanted = {"Fn::GetAtt": [logical_id, name]}
        outputs = self._stack.template.get("Outputs", {})
        return next((self._stack.outputs.get(key) for key, each in outputs.items() if each["Value"] == wanted), None)
