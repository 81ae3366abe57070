"""The app as `cdk` runs it, changed as its context says.

`-c without=personalize:CreateDatasetGroup`: the provider's policy lacks an action.
`-c link_seconds=2`: links of the wait chains wait for seconds, as long here as fifty minutes are on AWS.
`-c domain=ECOMMERCE`: the dataset group is one of another domain.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, cast

from aws_cdk import App, CfnResource, Stack
from aws_cdk.aws_iam import CfnPolicy

ROOT = Path(__file__).resolve().parents[4]
sys.path.insert(0, str(ROOT))

from app import build  # noqa: E402  # the app is no package, so its folder comes first

COMMAND = f"{sys.executable} {__file__}"
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


def main() -> None:
    """Synthesize."""
    app = App()
    build(app)
    if action := app.node.try_get_context("without"):
        remove_action(cast(Stack, app.node.find_child("vod-dev-data")), action)
    if seconds := app.node.try_get_context("link_seconds"):
        for link in _of_types(app, *LINKS):
            link.add_property_override("LinkSeconds", int(seconds))
    if domain := app.node.try_get_context("domain"):
        for group in _of_types(app, "Custom::PersonalizeDatasetGroup"):
            group.add_property_override("Domain", domain)
    app.synth()


if __name__ == "__main__":
    main()
