"""Rules of EventBridge that start a function, and keep what did not reach it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_sqs as sqs
from constructs import Construct

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
        rule = events.CfnRule(
            self,
            "Resource",
            description=description,
            event_pattern=dict(pattern),
            targets=[
                events.CfnRule.TargetProperty(
                    id="Function",
                    arn=function.function_arn,
                    dead_letter_config=events.CfnRule.DeadLetterConfigProperty(arn=undelivered.queue_arn),
                    retry_policy=events.CfnRule.RetryPolicyProperty(
                        maximum_event_age_in_seconds=_OLDEST.to_seconds(), maximum_retry_attempts=_RETRIES
                    ),
                )
            ],
        )
        principal = iam.ServicePrincipal("events.amazonaws.com")
        lambda_.CfnPermission(
            self,
            "Permission",
            action="lambda:InvokeFunction",
            function_name=function.function_arn,
            principal="events.amazonaws.com",
            source_arn=rule.attr_arn,
        )
        # EventBridge user guide, "Using dead-letter queues to process undelivered events in EventBridge".
        undelivered.add_to_resource_policy(
            iam.PolicyStatement(
                principals=[principal],
                actions=["sqs:SendMessage"],
                resources=[undelivered.queue_arn],
                conditions={"ArnEquals": {"aws:SourceArn": rule.attr_arn}},
            )
        )
