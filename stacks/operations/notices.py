"""Notices: an encrypted topic, what mails to it, and a queue for what could not be delivered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import ArnFormat, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_sns as sns
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ..personalize import findings, limits
from .functions import OperationsFunction
from .rules import FunctionRule
from .states import EVENT_SOURCE

_DATA_KEYS = "kms:GenerateDataKey*"
# Source: Step Functions developer guide, "Automating Step Functions event delivery with EventBridge".
_EXECUTION_ENDED = "Step Functions Execution Status Change"
_ENDS = ("FAILED", "TIMED_OUT", "ABORTED", "SUCCEEDED")
_ALARM_CHANGED = "CloudWatch Alarm State Change"
# Events of ours that somebody is told of, beside failures, with what their detail must say.
_TOLD: Mapping[str, tuple[str, Mapping[str, Sequence[str]]]] = {
    "Refused": ("Version Trained", {"verdict": ["refused"]}),
    "UsersForgotten": ("Users Forgotten", {}),
    "BatchFinished": ("Batch Finished", {}),
}


class Topic(Construct):
    """Where people are told what they should know.

    Attributes:
        topic: the SNS topic, encrypted with a key of its own, because CloudWatch cannot publish to one under AWS's key
            (SNS developer guide, "Managing Amazon SNS encryption keys and costs").
        key: that key. It costs about a dollar a month.
        undelivered: queue for what rules, functions and schedules could not deliver, kept for 14 days.
    """

    def __init__(self, scope: Construct, id: str, *, prefix: str, emails: Sequence[str]) -> None:
        """Declare the topic.

        Args:
            scope: parent construct.
            id: construct id.
            prefix: beginning of all names.
            emails: who is mailed; each address has to confirm once.
        """
        super().__init__(scope, id)
        self._prefix = prefix
        self.key = kms.Key(
            self,
            "Key",
            description=f"Notices of {prefix}",
            enable_key_rotation=True,
            pending_window=Duration.days(7),
            removal_policy=RemovalPolicy.DESTROY,
        )
        self.topic = sns.Topic(
            self, "Topic", topic_name=f"{prefix}-notices", display_name=prefix, master_key=self.key, enforce_ssl=True
        )
        self._let_alarms_publish()
        for email in emails:
            sns.Subscription(self, email, topic=self.topic, protocol=sns.SubscriptionProtocol.EMAIL, endpoint=email)
        self.undelivered = sqs.Queue(
            self,
            "Undelivered",
            queue_name=f"{prefix}-undelivered",
            # With a key of SQS's own, EventBridge, Lambda and Scheduler need no permission on a key.
            encryption=sqs.QueueEncryption.SQS_MANAGED,
            enforce_ssl=True,
            retention_period=Duration.days(14),
            removal_policy=RemovalPolicy.DESTROY,
        )
        findings.acknowledge(
            self.undelivered, "AwsSolutions-SQS3", "It is the queue for what others could not deliver."
        )

    def allow_publish(self, role: iam.IRole) -> None:
        """Let a role publish, and use the key for it.

        Source: SNS developer guide, "Managing Amazon SNS encryption keys and costs".

        Args:
            role: of the function that tells.
        """
        role.add_to_principal_policy(iam.PolicyStatement(actions=["sns:Publish"], resources=[self.topic.topic_arn]))
        role.add_to_principal_policy(
            iam.PolicyStatement(actions=["kms:Decrypt", _DATA_KEYS], resources=[self.key.key_arn])
        )
        findings.acknowledge_wildcards(
            role, "SNS documents the permission with a wildcard, and for this one key.", actions=[_DATA_KEYS]
        )

    def _let_alarms_publish(self) -> None:
        """Let alarms of this app publish, and use the key for it; nobody else's, of whatever account.

        Source: SNS developer guide, "Managing Amazon SNS encryption keys and costs" (the key, with both conditions) and
        "Example cases for Amazon SNS access control" (CloudWatch sends aws:SourceAccount).
        """
        ours: Mapping[str, Any] = {
            "StringEquals": {"aws:SourceAccount": Stack.of(self).account},
            "ArnLike": {"aws:SourceArn": _alarm_arn(self, self._prefix, "*")},
        }
        cloudwatch = iam.ServicePrincipal("cloudwatch.amazonaws.com")
        self.topic.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsPublish",
                principals=[cloudwatch],
                actions=["sns:Publish"],
                resources=[self.topic.topic_arn],
                conditions=ours,
            )
        )
        self.key.add_to_resource_policy(
            iam.PolicyStatement(
                sid="AlarmsEncrypt",
                principals=[cloudwatch],
                actions=["kms:Decrypt", _DATA_KEYS],
                resources=["*"],
                conditions=ours,
            )
        )


def _alarm_arn(scope: Construct, prefix: str, name: str) -> str:
    return Stack.of(scope).format_arn(
        service="cloudwatch",
        resource="alarm",
        resource_name=f"{prefix}{limits.SEPARATOR}{name}",
        arn_format=ArnFormat.COLON_RESOURCE_NAME,
    )


def add_notices(
    scope: Construct,
    *,
    topic: Topic,
    prefix: str,
    not_told: Sequence[str],
    app: str,
    env: str,
    function: OperationsFunction,
    machine_arns: Sequence[str],
) -> None:
    """Let a function tell what happens: how executions and alarms end, and what of our own events people wait for.

    Args:
        scope: parent construct.
        topic: where it tells.
        prefix: beginning of the alarms' names.
        not_told: alarms that mail nothing, so that nobody waits for their end.
        app: name of the app, as our events have it.
        env: name of the environment, as our events have it.
        function: that tells.
        machine_arns: of the state machines.
    """
    _allow_telling(topic, function, machine_arns)
    FunctionRule(
        scope,
        "ExecutionsEnd",
        description="Tells when an execution fails, and when one succeeds after a failure",
        pattern={
            "source": ["aws.states"],
            "detail-type": [_EXECUTION_ENDED],
            "detail": {"status": list(_ENDS), "stateMachineArn": list(machine_arns)},
        },
        function=function.function,
        undelivered=topic.undelivered,
    )
    # Source: CloudWatch user guide, "Alarm events and EventBridge".
    FunctionRule(
        scope,
        "AlarmsEnd",
        description="Tells when an alarm that had rung is over",
        pattern={
            "source": ["aws.cloudwatch"],
            "detail-type": [_ALARM_CHANGED],
            "resources": [{"prefix": _alarm_arn(scope, prefix, "")}],
            "detail": {
                "alarmName": [{"anything-but": list(not_told)}],
                "state": {"value": ["OK"]},
                "previousState": {"value": ["ALARM"]},
            },
        },
        function=function.function,
        undelivered=topic.undelivered,
    )
    for name, (detail_type, detail) in _TOLD.items():
        FunctionRule(
            scope,
            name,
            description=f"Tells of '{detail_type}'{' that was refused' if detail else ''}",
            pattern={
                "source": [EVENT_SOURCE],
                "detail-type": [detail_type],
                "detail": {"app": [app], "environment": [env], **detail},
            },
            function=function.function,
            undelivered=topic.undelivered,
        )


def _allow_telling(topic: Topic, function: OperationsFunction, machine_arns: Sequence[str]) -> None:
    """Let the function publish, put events of ours, and look for what failed and whether it had failed before."""
    stack = Stack.of(function)
    topic.allow_publish(function.role)
    bus = stack.format_arn(service="events", resource="event-bus", resource_name="default")
    function.allow(["events:PutEvents"], [bus], {"StringEquals": {"events:source": EVENT_SOURCE}})
    function.allow(["states:ListExecutions"], machine_arns)
    executions = [
        stack.format_arn(
            service="states",
            resource="execution",
            resource_name=f"{arn.rpartition(':')[2]}:*",
            arn_format=ArnFormat.COLON_RESOURCE_NAME,
        )
        for arn in machine_arns
    ]
    function.allow(["states:GetExecutionHistory"], executions)
    findings.acknowledge_wildcards(
        function.role, "The last part of an execution's ARN is a name that each has for itself.", resources=executions
    )
