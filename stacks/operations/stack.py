"""OperationsStack: refreshes, schedules and notices: what a deployed system does by itself."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_logs as logs
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from ..outputs import Outputs
from ..personalize import limits
from ..placeholder import hold_place
from ..settings import Settings
from ..settings_operations import OperationsSettings
from .batch import Batch
from .forgetting import Forgetting
from .notices import Topic
from .refresh import Refresh
from .schedules import Schedules
from .watching import Watching
from .workflow import machine_arn


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
        self._add_operations(settings, settings.operations, [*after, self])

    def _add_operations(self, settings: Settings, operations: OperationsSettings, stacks: Sequence[Stack]) -> None:
        names = [each.stack_name for each in stacks]
        log_retention = logs.RetentionDays[limits.LOG_RETENTION_DAYS[settings.log_retention_days]]
        topic = Topic(self, "Notices", prefix=settings.prefix, emails=operations.emails)
        schedules = Schedules(
            self,
            "Schedules",
            group_name=settings.prefix,
            time_zone=operations.time_zone,
            flexible_window_minutes=operations.flexible_window,
            undelivered=topic.undelivered,
        )
        watching = Watching(
            self,
            "Watching",
            settings=settings,
            operations=operations,
            topic=topic,
            schedules=schedules,
            log_retention=log_retention,
            parameter=self.parameter,
            stack_names=names,
        )
        forgets = (
            {"ForgetUsers": machine_arn(self, f"{settings.prefix}-forget-users")} if operations.forget_users else {}
        )
        refresh = Refresh(
            self,
            "Refresh",
            settings=settings,
            operations=operations,
            parameter=self.parameter,
            schedules=schedules,
            observe=watching.observe,
            others=forgets,
            undelivered=topic.undelivered,
            stack_names=names,
            log_retention=log_retention,
        )
        if operations.forget_users:
            batches = {"Batch": machine_arn(self, f"{settings.prefix}-batch")} if operations.batch else {}
            Forgetting(
                self,
                "ForgetUsers",
                settings=settings,
                parameter=self.parameter,
                refresh=refresh.workflow,
                others={"Refresh": refresh.workflow.arn, **batches},
                trains=operations.forget_users.train,
                undelivered=topic.undelivered,
                stack_names=names,
                log_retention=log_retention,
            )
        if operations.batch:
            Batch(
                self,
                "Batch",
                settings=settings,
                entries=operations.batch,
                parameter=self.parameter,
                schedules=schedules,
                others=forgets,
                undelivered=topic.undelivered,
                log_retention=log_retention,
            )
        outputs = Outputs(self, settings.parameter_path)
        outputs.publish("refresh_state_machine_arn", refresh.workflow.arn, "State machine of the refresh")

    def parameter(self, name: str) -> str:
        """What another stack of the app publishes, as a token that is resolved at each deployment.

        Not an export: CloudFormation lets nobody remove or change one that another stack imports, so that no
        recommender could leave the settings.

        Args:
            name: of the output in snake_case, such as dataset_group_arn.
        """
        return ssm.StringParameter.value_for_string_parameter(self, f"{self._settings.parameter_path}/{name}")
