"""The settings' tags: on everything that can have some, the stacks included."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

import jsii
from aws_cdk import App, Aspects, CfnResource, IAspect, Stack, TagManager, Tags
from constructs import IConstruct

# What the CDK declares for functions of its own without a place for tags.
_WITHOUT_TAG_MANAGER = frozenset({"AWS::IAM::Role", "AWS::Lambda::Function"})


def tag_everything(app: App, tags: Mapping[str, str]) -> None:
    """Put tags on every stack and every taggable resource of an app.

    Args:
        app: the app, with all its stacks.
        tags: value by key.
    """
    for key, value in tags.items():
        Tags.of(app).add(key, value)
    for construct in app.node.find_all():
        if Stack.is_stack(construct):
            for key, value in tags.items():
                cast(Stack, construct).add_stack_tag(key, value)
    if tags:
        Aspects.of(app).add(_TagsOfTheCdk(tags))


@jsii.implements(IAspect)
class _TagsOfTheCdk:
    """Tags resources to which `Tags.of` does not lead."""

    def __init__(self, tags: Mapping[str, str]) -> None:
        self._tags = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]

    def visit(self, node: IConstruct) -> None:
        if not CfnResource.is_cfn_resource(node) or TagManager.is_taggable(node):
            return
        resource = cast(CfnResource, node)
        if resource.cfn_resource_type in _WITHOUT_TAG_MANAGER:
            resource.add_property_override("Tags", self._tags)
