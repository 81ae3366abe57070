"""The app as `cdk` runs it, less one action of the provider's policy: `-c without=personalize:CreateDatasetGroup`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast

from aws_cdk import App, Stack
from aws_cdk.aws_iam import CfnPolicy

ROOT = Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT))

from app import build  # noqa: E402  # the app is no package, so its folder comes first


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


if __name__ == "__main__":
    app = App()
    build(app)
    remove_action(cast(Stack, app.node.find_child("vod-dev-data")), app.node.get_context("without"))
    app.synth()
