"""Puts the settings' tags on everything that can have tags, also on the stacks."""

from __future__ import annotations

from collections.abc import Mapping

from aws_cdk import App, CfnResource, Stack, Tags

# What the CDK declares for functions of its own without a place for tags.
_WITHOUT_TAG_MANAGER = frozenset({"AWS::IAM::Role", "AWS::Lambda::Function"})


def tag_everything(app: App, tags: Mapping[str, str]) -> None:
    """Put tags on every stack and every taggable resource of an app.

    Not by an aspect of our own for what `Tags.of` does not reach: the CDK's JavaScript would call this process for each
    construct, which took an eighth of a synthesis.

    Args:
        app: the app, with all that its stacks hold.
        tags: value by key.
    """
    for key, value in tags.items():
        Tags.of(app).add(key, value)
    if not tags:
        return
    as_property = [{"Key": key, "Value": value} for key, value in sorted(tags.items())]
    for construct in app.node.find_all():
        if isinstance(construct, Stack):
            for key, value in tags.items():
                construct.add_stack_tag(key, value)
        if isinstance(construct, CfnResource) and _is_missed(construct):
            construct.add_property_override("Tags", as_property)


def _is_missed(resource: CfnResource) -> bool:
    """Whether `Tags.of` does not reach a resource, because the CDK declares it only by its type, without a class."""
    return type(resource) is CfnResource and resource.cfn_resource_type in _WITHOUT_TAG_MANAGER
