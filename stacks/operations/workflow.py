"""A state machine of the operations stack: its definition as people read it, its role, its log."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aws_cdk import ArnFormat, Aws, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_stepfunctions as sfn
from constructs import Construct

from ..personalize import findings
from .roles import WithRole
from .states import EVENT_SOURCE

# Step Functions developer guide, "Using CloudWatch Logs to log execution history": they take no narrower resource.
_LOG_DELIVERY = (
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
)
# Step Functions developer guide, "IAM policies for X-Ray": they take no narrower resource.
_TRACING = (
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
)
# With any other name CloudWatch Logs writes each log group into a resource policy of the account, which is full soon
# (Step Functions developer guide, "Avoiding Amazon CloudWatch log resource policy size limits").
_LOG_GROUP = "/aws/vendedlogs/states"


class Workflow(WithRole):
    """A standard state machine with a role that may do what it is told, and nothing else.

    Its definition is an object in the template, so that people can read it there; ARNs come as substitutions.

    Attributes:
        name: of the state machine.
        arn: of the state machine.
        role: with which its calls are made.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        name: str,
        definition: Mapping[str, Any],
        substitutions: Mapping[str, str],
        log_retention: logs.RetentionDays,
        max_duration: Duration,
    ) -> None:
        """Declare the state machine.

        Args:
            scope: parent construct.
            id: construct id.
            name: of the state machine, at most 80 characters.
            definition: Comment, StartAt and States in Amazon States Language with JSONata.
            substitutions: what `${...}` in the definition stands for, besides `${Partition}`.
            log_retention: how long its log keeps its events.
            max_duration: after which an execution is ended as timed out.
        """
        super().__init__(scope, id)
        self.name = name
        # Not from the resource: its role, which has to exist before, names it in its trust policy.
        self.arn = machine_arn(self, name)
        self.role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("states.amazonaws.com", conditions=self._for_this_machine()),
            description=f"State machine {name}",
        )
        log_group = logs.LogGroup(
            self,
            "Log",
            log_group_name=f"{_LOG_GROUP}/{name}",
            retention=log_retention,
            removal_policy=RemovalPolicy.DESTROY,
        )
        self._let_log_and_trace()
        machine = sfn.CfnStateMachine(
            self,
            "Resource",
            role_arn=self.role.role_arn,
            state_machine_name=name,
            state_machine_type="STANDARD",
            definition={
                "QueryLanguage": "JSONata",
                "TimeoutSeconds": int(max_duration.to_seconds()),
                **definition,
            },
            definition_substitutions={"Partition": Aws.PARTITION, **substitutions},
            logging_configuration=sfn.CfnStateMachine.LoggingConfigurationProperty(
                level="ALL",
                include_execution_data=True,
                destinations=[
                    sfn.CfnStateMachine.LogDestinationProperty(
                        cloud_watch_logs_log_group=sfn.CfnStateMachine.CloudWatchLogsLogGroupProperty(
                            log_group_arn=log_group.log_group_arn
                        )
                    )
                ],
            ),
            tracing_configuration=sfn.CfnStateMachine.TracingConfigurationProperty(enabled=True),
        )
        # It reads an ARN with a substitution in it as no ARN, and with that the whole definition as wrong.
        # tests/stacks/operations/test_definitions.py checks definitions, and the calls of their tasks.
        machine.add_metadata("cfn-lint", {"config": {"ignore_checks": ["E3601"]}})
        # Step Functions checks when it makes the machine that its role may write the log.
        machine.node.add_dependency(self.role)
        findings.acknowledge_log_encryption(log_group)
        findings.acknowledge_own_policies(self.role)

    def allow_pass_role(self, role_arn: str) -> None:
        """Let the machine hand a role to Personalize, and to no other service.

        Args:
            role_arn: of the service role.
        """
        self.allow(["iam:PassRole"], [role_arn], {"StringEquals": {"iam:PassedToService": "personalize.amazonaws.com"}})

    def _for_this_machine(self) -> dict[str, dict[str, str]]:
        """Conditions against the confused deputy.

        Source: Step Functions developer guide, "Preventing cross-service confused deputy issue".
        """
        return {"StringEquals": {"aws:SourceAccount": Stack.of(self).account}, "ArnLike": {"aws:SourceArn": self.arn}}

    def _let_log_and_trace(self) -> None:
        self.allow([*_LOG_DELIVERY, *_TRACING], ["*"], sid="LogDeliveryAndXRayHaveNoResourceType")
        findings.acknowledge_wildcards(
            self.role,
            "The actions for the delivery of logs and for X-Ray have no resource type, so IAM takes no narrower one.",
            resources=["*"],
        )


def machine_arn(scope: Construct, name: str) -> str:
    """ARN of a state machine in the stack's account and region.

    Args:
        scope: of the stack.
        name: of the state machine.
    """
    return Stack.of(scope).format_arn(
        service="states", resource="stateMachine", resource_name=name, arn_format=ArnFormat.COLON_RESOURCE_NAME
    )


def let_tell(workflow: Workflow) -> None:
    """Let a machine put events of ours on the default bus.

    Args:
        workflow: the machine.
    """
    bus = Stack.of(workflow).format_arn(service="events", resource="event-bus", resource_name="default")
    workflow.allow(["events:PutEvents"], [bus], {"StringEquals": {"events:source": EVENT_SOURCE}})
