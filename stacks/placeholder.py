"""What an empty stack holds, so that it is still deployed."""

from __future__ import annotations

from aws_cdk import CfnWaitConditionHandle, Stack


def hold_place(stack: Stack) -> None:
    """Give a stack without resources one that does nothing and costs nothing.

    `cdk deploy --all` never touches a stack that has left the app: what it holds would stay and bill. So every stack
    stays in the app, and CloudFormation takes no template without resources (CloudFormation user guide, "Template
    reference", Resources).

    Args:
        stack: the stack.
    """
    CfnWaitConditionHandle(stack, "Placeholder")
