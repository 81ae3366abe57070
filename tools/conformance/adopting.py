"""Adoption, tried where the app is deployed: a second app takes over a filter, and gives it up.

It is what only the account can tell of it: whether Personalize takes the tags, and whether IAM lets a role do it that
reaches adopted names and what carries the stack's tag. A stack of CloudFormation's own types makes the filter, so that
the account also tells whether CloudFormation says which stack has what carries no tag, and what it leaves behind.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import ClientError

from lambdas.personalize_provider.ownership import STACK_TAG
from tools.sandbox import cdk

from .day_two import Tried, until

ENV = "adopting"
NAME = f"conformance-{ENV}"
_NATIVE = f"{NAME}-native"
_OF_AWS = "aws:cloudformation:"
_EXPRESSION = 'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")'


@dataclass(frozen=True)
class Second:
    """The second app.

    Attributes:
        personalize, cloudformation: boto3 clients.
        cli: runs the CDK CLI.
        config: the folder with its settings.
        context: arguments of the CLI that lead the app there.
        every: seconds between two looks.
        pause: waits for so many seconds.
    """

    personalize: Any
    cloudformation: Any
    cli: Callable[[Sequence[str]], cdk.Result]
    config: Path
    context: tuple[str, ...]
    every: float
    pause: Callable[[float], None] = time.sleep

    def deploy(self, group: str, **more: bool) -> cdk.Result:
        """Deploy it with the filter taken over."""
        made = {"expression": _EXPRESSION, "name": _NATIVE, "adopt": True, **more}
        existing = {"name": group, "datasets": ["interactions", "items", "users"], "event_tracker": True}
        settings = {"app_name": NAME.partition("-")[0], "existing": existing, "filters": {"native": made}}
        (self.config / f"{ENV}.yaml").write_text(yaml.safe_dump(settings))
        return self.cli(cdk.deploy_arguments(ENV, *self.context))

    def destroy(self) -> int:
        """Destroy it; the exit status."""
        return self.cli(cdk.destroy_arguments(ENV, *self.context)).exit_status


@dataclass(frozen=True)
class _Native:
    """What a stack of CloudFormation's own types has made.

    Attributes:
        stack: id of the stack.
        filter, group: ARNs of a filter in the first app's dataset group, and of a dataset group with nothing in it. By
            their registry schemas, CloudFormation tags dataset groups and no filters.
    """

    stack: str
    filter: str
    group: str


def attempt(second: Second, group: str) -> Iterator[Tried]:
    """Try it; each answer comes when it is known. In the end there is nothing of it.

    Args:
        second: the second app.
        group: ARN of the dataset group that the first one has made.
    """
    stack = second.cloudformation.create_stack(StackName=_NATIVE, TemplateBody=_template(group))["StackId"]
    made: _Native | None = None
    try:
        status = _settled(second, stack)
        if status != "CREATE_COMPLETE":
            yield Tried("a stack of native types makes a filter", False, f"it is {status}")
            return
        made = _found(second, stack)
        yield from _leave_alone(second, group, made)
        yield from _take_over(second, group, made.filter)
    finally:
        second.destroy()
        second.cloudformation.delete_stack(StackName=stack)
        _settled(second, stack)
        if made:
            second.personalize.delete_filter(filterArn=made.filter)
            second.personalize.delete_dataset_group(datasetGroupArn=made.group)


def _template(group: str) -> str:
    properties = {
        "Filter": {"DatasetGroupArn": group, "FilterExpression": _EXPRESSION},
        "DatasetGroup": {},
    }
    resources = {
        noun: {
            "Type": f"AWS::Personalize::{noun}",
            "Properties": {"Name": _NATIVE, **more},
            # Nothing stays of a creation that fails.
            "DeletionPolicy": "RetainExceptOnCreate",
        }
        for noun, more in properties.items()
    }
    return json.dumps({"Resources": resources})


def _settled(second: Second, stack: str) -> str:
    """Status of a stack when nothing goes on any more."""

    def look() -> str | None:
        status = str(second.cloudformation.describe_stacks(StackName=stack)["Stacks"][0]["StackStatus"])
        return None if status.endswith("_IN_PROGRESS") else status

    return until(look, second.every, second.pause) or "still at work"


def _found(second: Second, stack: str) -> _Native:
    listed = second.cloudformation.describe_stack_resources(StackName=stack)["StackResources"]
    arns = {each["LogicalResourceId"]: each["PhysicalResourceId"] for each in listed}
    return _Native(stack, arns["Filter"], arns["DatasetGroup"])


def _leave_alone(second: Second, group: str, made: _Native) -> Iterator[Tried]:
    """Try to take the filter from its stack; then the stack goes, and leaves what it has made behind."""
    result = second.deploy(group)
    is_refused = "because it belongs to Filter of stack" in " ".join(result.output.split())
    owner = _owner(second, made.filter)
    said = "refused" if is_refused else f"not refused for that reason (status {result.exit_status})"
    text = f"{said}, and its tags name {owner or 'no stack'}"
    yield Tried("an app leaves a filter to the stack that has it", is_refused and not owner, text)
    before = _tags_of_aws(second, made)
    second.cloudformation.delete_stack(StackName=made.stack)
    status = _settled(second, made.stack)
    text = f"the stack is {status}; tags of CloudFormation's own: before {before}, after {_tags_of_aws(second, made)}; "
    listed = _listed(second, made.filter)
    yield Tried("the stack goes and leaves it behind", status == "DELETE_COMPLETE", f"{text}it is listed as {listed}")


def _take_over(second: Second, group: str, arn: str) -> Iterator[Tried]:
    status = second.deploy(group).exit_status
    owner = _owner(second, arn)
    yield Tried("an app takes over a filter in a dataset group of others", f"/{NAME}-" in owner, _said(status, owner))
    if status:
        return
    status = second.deploy(group, release=True).exit_status
    owner = _owner(second, arn)
    yield Tried("it gives the filter up", not status and not owner, _said(status, owner))


def _owner(second: Second, arn: str) -> str:
    """The stack that the filter's tags name; empty if they name none."""
    return _tags(second, arn).get(STACK_TAG, "")


def _tags_of_aws(second: Second, made: _Native) -> str:
    """How many tags that only CloudFormation sets there are."""
    counts = (
        (what, len([key for key in _tags(second, arn) if key.startswith(_OF_AWS)]))
        for what, arn in (("filter", made.filter), ("dataset group", made.group))
    )
    return ", ".join(f"{what} {count}" for what, count in counts)


def _tags(second: Second, arn: str) -> dict[str, str]:
    tags = second.personalize.list_tags_for_resource(resourceArn=arn)["tags"]
    return {tag["tagKey"]: str(tag["tagValue"]) for tag in tags}


def _listed(second: Second, arn: str) -> str:
    """What CloudFormation says of a resource that no stack has any more."""
    try:
        found = second.cloudformation.describe_stack_resources(PhysicalResourceId=arn)["StackResources"]
    except ClientError as error:
        return str(error)
    return ", ".join(f"{each['ResourceStatus']} of {each['StackId']}" for each in found)


def _said(status: int, owner: str) -> str:
    ended = f"the deployment failed (status {status}), and " if status else ""
    return f"{ended}its tags name {owner or 'no stack'}"
