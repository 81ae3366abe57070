"""Schedules of EventBridge Scheduler, all of them in one group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_scheduler as scheduler
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ..personalize import findings

# By default AWS tries for 24 hours, 185 times: a stop that was due in the evening would come at noon.
_OLDEST = Duration.minutes(15)
_RETRIES = 5


class Schedules(Construct):
    """A group of schedules, with one time zone and one flexible window.

    Attributes:
        group_name: of the schedule group.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        group_name: str,
        time_zone: str,
        flexible_window_minutes: int,
        undelivered: sqs.IQueue,
    ) -> None:
        """Declare the group.

        Args:
            scope: parent construct.
            id: construct id.
            group_name: at most 64 letters, digits, hyphens and underscores.
            time_zone: of all schedules, such as Europe/Berlin.
            flexible_window_minutes: schedules start within so many minutes; 0: on time.
            undelivered: keeps what schedules could not start, with the reason.
        """
        super().__init__(scope, id)
        self.group_name = group_name
        self._group = scheduler.CfnScheduleGroup(self, "Group", name=group_name)
        self._time_zone = time_zone
        self._flexible_window_minutes = flexible_window_minutes
        self._undelivered = undelivered

    def role(self, id: str, description: str) -> iam.Role:
        """A role that only schedules of this group can assume.

        Source: EventBridge Scheduler user guide, "Confused deputy prevention in EventBridge Scheduler".

        Args:
            id: construct id.
            description: what the schedules do with it.
        """
        stack = Stack.of(self)
        group = stack.format_arn(service="scheduler", resource="schedule-group", resource_name=self.group_name)
        role = iam.Role(
            self,
            id,
            assumed_by=iam.ServicePrincipal(
                "scheduler.amazonaws.com",
                conditions={"StringEquals": {"aws:SourceAccount": stack.account, "aws:SourceArn": group}},
            ),
            description=description,
        )
        # EventBridge Scheduler user guide, "Configuring a schedule's dead-letter queue in EventBridge Scheduler".
        role.add_to_policy(iam.PolicyStatement(actions=["sqs:SendMessage"], resources=[self._undelivered.queue_arn]))
        findings.acknowledge_own_policies(role)
        return role

    def add(
        self,
        id: str,
        *,
        name: str,
        at: str,
        target_arn: str,
        role: iam.Role,
        input: Mapping[str, Any],
        description: str,
        on_time: bool = False,
    ) -> None:
        """Declare a schedule.

        Args:
            id: construct id.
            name: at most 64 letters, digits, hyphens, underscores and dots.
            at: cron(...) or rate(...).
            target_arn: what it starts; a universal target is arn:aws:scheduler:::aws-sdk:SERVICE:ACTION.
            role: what its group's `role` has made, with the permission for the target.
            input: what the target gets, as JSON; for a universal target the members of the call in PascalCase.
            description: what it does.
            on_time: whether it must not come later than it says.
        """
        window = 0 if on_time else self._flexible_window_minutes
        schedule = scheduler.CfnSchedule(
            self,
            id,
            name=name,
            group_name=self.group_name,
            description=description,
            schedule_expression=at,
            schedule_expression_timezone=self._time_zone,
            flexible_time_window=scheduler.CfnSchedule.FlexibleTimeWindowProperty(
                mode="FLEXIBLE" if window else "OFF", maximum_window_in_minutes=window or None
            ),
            target=scheduler.CfnSchedule.TargetProperty(
                arn=target_arn,
                role_arn=role.role_arn,
                input=Stack.of(self).to_json_string(input),
                dead_letter_config=scheduler.CfnSchedule.DeadLetterConfigProperty(arn=self._undelivered.queue_arn),
                retry_policy=scheduler.CfnSchedule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=_OLDEST.to_seconds(), maximum_retry_attempts=_RETRIES
                ),
            ),
        )
        schedule.add_resource_dependency(self._group)
        # Otherwise it might start before its role may do what it is for.
        schedule.node.add_dependency(role)
