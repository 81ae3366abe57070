"""OperationsStack: refreshes, schedules and notices: what a deployed system does by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from ..placeholder import hold_place
from ..settings import Settings


class OperationsStack(Stack):
    """What runs between deployments. Deployed last and destroyed first."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        settings: Settings,
        after: Sequence[Stack],
        **kwargs: Any,
    ) -> None:
        """Declare the stack.

        Args:
            scope: parent construct.
            id: construct id.
            settings: the environment's settings; without a section `operations` the stack is empty.
            after: the other stacks of the app.
            **kwargs: props of aws_cdk.Stack.
        """
        super().__init__(scope, id, **kwargs)
        for stack in after:
            self.add_stack_dependency(stack)
        self._settings = settings
        if settings.operations is None:
            hold_place(self)
            return
        hold_place(self)

    def parameter(self, name: str) -> str:
        """What another stack of the app publishes, as a token that is resolved at each deployment.

        Not an export: CloudFormation lets nobody remove or change one that another stack imports, so that no
        recommender could leave the settings.

        Args:
            name: of the output in snake_case, such as dataset_group_arn.
        """
        return ssm.StringParameter.value_for_string_parameter(self, f"{self._settings.parameter_path}/{name}")
