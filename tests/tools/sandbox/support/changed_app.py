"""The app as its settings say, and changed in what no setting does."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from aws_cdk import App, CfnResource, Stack
from aws_cdk.aws_iam import CfnPolicy

from app import build, write
from tools.synth import empty_app

LINKS = ("Custom::PersonalizeWait", "Custom::PersonalizeDeletionWait")


def remove_action(stack: Stack, action: str) -> None:
    """Take an action out of every statement of the policy of the provider's role."""
    role = stack.node.find_child("Provider").node.find_child("HandlerRole")
    policy = cast(CfnPolicy, role.node.find_child("DefaultPolicy").node.default_child)
    statements = stack.resolve(policy.policy_document)["Statement"]
    kept = [less for each in statements if (less := _less(each, action))]
    assert kept != statements, f"no statement has the action {action}"
    policy.add_property_override("PolicyDocument.Statement", kept)


def _less(statement: dict[str, Any], action: str) -> dict[str, Any] | None:
    actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
    kept = [each for each in actions if each != action]
    return {**statement, "Action": kept} if kept else None


def _of_types(app: App, *types: str) -> Iterator[CfnResource]:
    for construct in app.node.find_all():
        if CfnResource.is_cfn_resource(construct) and construct.cfn_resource_type in types:
            yield cast(CfnResource, construct)


def synthesize(env: str, folder: Path, *, without: str = "", link_seconds: int = 0, domain: str = "") -> Path:
    """Write the assembly; answers its folder.

    Args:
        env: name of the environment.
        folder: with the settings in `config` and the sample in `data`.
        without: an action that the provider's policy lacks.
        link_seconds: links of the wait chains wait for seconds, as long here as fifty minutes are on AWS.
        domain: that of the dataset group, whatever the settings say.
    """
    out = folder / "cdk.out"
    app = empty_app(env, out, folder / "data", folder / "config")
    build(app)
    if without:
        remove_action(cast(Stack, app.node.find_child("vod-dev-data")), without)
    if link_seconds:
        for link in _of_types(app, *LINKS):
            link.add_property_override("LinkSeconds", link_seconds)
    if domain:
        for group in _of_types(app, "Custom::PersonalizeDatasetGroup"):
            group.add_property_override("Domain", domain)
    write(app)
    return out
