"""States by which a workflow waits for deployments of the app."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import Stack

from ..personalize import findings
from .states import States, call, choose, each, jsonata, wait
from .workflow import Workflow

_MINUTE = 60


def after_deployments(stack_names: Sequence[str], *, following: str) -> States:
    """Wait until no stack of the app changes. `Look for deployments` is the first state.

    Args:
        stack_names: of the app.
        following: name of the state that follows.
    """
    return {
        "Look for deployments": each(
            list(stack_names),
            {
                "Look at the stack": call(
                    "cloudformation",
                    "describeStacks",
                    {"StackName": jsonata("$states.input")},
                    comment="How a stack of the app is.",
                    Output=jsonata("$states.result.Stacks[0].StackStatus"),
                )
            },
            comment="How each stack of the app is.",
            at_once=len(stack_names),
            following="Is a deployment under way?",
        ),
        "Is a deployment under way?": choose(
            ("$count($states.input[$contains($, '_IN_PROGRESS')]) > 0", "Wait for the deployment"),
            comment="A workflow and a deployment do not change the same things at once.",
            otherwise=following,
        ),
        "Wait for the deployment": wait(
            _MINUTE, comment="A minute until the next look.", following="Look for deployments"
        ),
    }


def let_look_at_stacks(workflow: Workflow, stack_names: Sequence[str]) -> None:
    """Let a machine see how stacks are.

    Args:
        workflow: the machine.
        stack_names: of the app.
    """
    stacks = [
        Stack.of(workflow).format_arn(service="cloudformation", resource="stack", resource_name=f"{name}/*")
        for name in stack_names
    ]
    workflow.allow(["cloudformation:DescribeStacks"], stacks)
    findings.acknowledge_wildcards(
        workflow.role, "The last part of a stack's ARN is an id that CloudFormation generates.", resources=stacks
    )
