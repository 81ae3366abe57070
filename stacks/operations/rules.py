"""Rules of EventBridge that start a function or a state machine, and keep what did not reach it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import Duration, Stack
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ..personalize import findings
from .roles import allow
from .workflow import Workflow

_PRINCIPAL = "events.amazonaws.com"
# What happened long ago is no news; the queue keeps it.
_OLDEST = Duration.hours(2)
_RETRIES = 10


class FunctionRule(Construct):
    """A rule that starts a function for each event that it matches."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        description: str,
        pattern: Mapping[str, Any],
        function: lambda_.IFunction,
        undelivered: sqs.Queue,
    ) -> None:
        """Declare the rule.

        Args:
            scope: parent construct.
            id: construct id.
            description: what it is for.
            pattern: which events, as EventBridge matches them.
            function: what it starts.
            undelivered: keeps events that did not reach the function within two hours.
        """
        super().__init__(scope, id)
        rule = _add_rule(self, description, pattern, undelivered, function.function_arn)
        lambda_.CfnPermission(
            self,
            "Permission",
            action="lambda:InvokeFunction",
            function_name=function.function_arn,
            principal=_PRINCIPAL,
            source_arn=rule.attr_arn,
        )


class MachineRule(Construct):
    """A rule that starts a state machine for each event that it matches; the event is the input."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        description: str,
        pattern: Mapping[str, Any],
        workflow: Workflow,
        undelivered: sqs.Queue,
    ) -> None:
        """Declare the rule.

        Args:
            scope: parent construct.
            id: construct id.
            description: what it is for.
            pattern: which events, as EventBridge matches them.
            workflow: what it starts.
            undelivered: keeps events that did not start the machine within two hours.
        """
        super().__init__(scope, id)
        # Of the conditions that prevent a confused deputy, that of the account: the role comes before its rule, whose
        # name is generated (EventBridge user guide, "Cross-service confused deputy prevention in Amazon EventBridge").
        role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal(
                _PRINCIPAL, conditions={"StringEquals": {"aws:SourceAccount": Stack.of(self).account}}
            ),
            description=description,
        )
        allow(role, ["states:StartExecution"], [workflow.arn])
        findings.acknowledge_own_policies(role)
        rule = _add_rule(self, description, pattern, undelivered, workflow.arn, role.role_arn)
        rule.node.add_dependency(role)


def new_objects(bucket_name: str, keys: Sequence[str]) -> dict[str, Any]:
    """The pattern of events that tell of new objects in a bucket.

    Source: S3 user guide, "EventBridge event message structure".

    Args:
        bucket_name: of a bucket that sends its events to EventBridge.
        keys: beginnings of the keys.
    """
    return {
        "source": ["aws.s3"],
        "detail-type": ["Object Created"],
        "detail": {"bucket": {"name": [bucket_name]}, "object": {"key": [{"prefix": key} for key in keys]}},
    }


def _add_rule(
    scope: Construct,
    description: str,
    pattern: Mapping[str, Any],
    undelivered: sqs.Queue,
    target_arn: str,
    role_arn: str | None = None,
) -> events.CfnRule:
    """Add a rule whose events end in the queue if they do not reach its target."""
    rule = events.CfnRule(
        scope,
        "Resource",
        description=description,
        event_pattern=dict(pattern),
        targets=[
            events.CfnRule.TargetProperty(
                id="Target",
                arn=target_arn,
                role_arn=role_arn,
                dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=undelivered.queue_arn),
                retry_policy=events.CfnRule.RetryPolicyProperty(
                    maximum_event_age_in_seconds=_OLDEST.to_seconds(), maximum_retry_attempts=_RETRIES
                ),
            )
        ],
    )
    # EventBridge user guide, "Using dead-letter queues to process undelivered events in EventBridge".
    undelivered.add_to_resource_policy(
        iam.PolicyStatement(
            principals=[iam.ServicePrincipal(_PRINCIPAL)],
            actions=["sqs:SendMessage"],
            resources=[undelivered.queue_arn],
            conditions={"ArnEquals": {"aws:SourceArn": rule.attr_arn}},
        )
    )
    return rule
