"""Outputs: what the workshop's notebook kept in `%store` variables."""

from __future__ import annotations

import re

from aws_cdk import CfnOutput, Stack
from aws_cdk import aws_ssm as ssm


class Outputs:
    """Publishes values of a stack, each as a stack output and as an SSM parameter.

    `interactions_dataset_arn` becomes the output `InteractionsDatasetArn` and the parameter
    `/<app>/<env>/interactions_dataset_arn`.
    """

    def __init__(self, stack: Stack, parameter_path: str) -> None:
        """Publish for a stack.

        Args:
            stack: the stack.
            parameter_path: beginning of the parameters' names, such as `/vod/dev`.
        """
        self._stack = stack
        self._parameter_path = parameter_path

    def publish(self, name: str, value: str, description: str) -> None:
        """Publish a value.

        Args:
            name: in snake_case.
            value: text or a token.
            description: one sentence without the full stop.
        """
        key = pascal(name)
        CfnOutput(self._stack, key, value=value, description=description)
        ssm.StringParameter(
            self._stack,
            f"{key}Parameter",
            parameter_name=f"{self._parameter_path}/{name}",
            string_value=value,
            description=description,
        )


def pascal(name: str) -> str:
    """`more_like_x` as `MoreLikeX`."""
    return "".join(part[:1].upper() + part[1:] for part in re.split(r"[_-]+", name))
