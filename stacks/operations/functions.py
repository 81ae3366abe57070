"""The functions of the operations stack: what a state machine cannot say."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import Duration, IgnoreMode, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_lambda as lambda_
from aws_cdk import aws_logs as logs
from aws_cdk import aws_sqs as sqs
from constructs import Construct

from ..personalize import findings
from .roles import WithRole

# Of the checkout only the folder lambdas/, which stays around its packages: they import each other relatively.
_CHECKOUT = Path(__file__).parents[2]
_BUT_THE_FUNCTIONS = ("/*", "!/lambdas", "__pycache__")
_NIST = "NIST.800.53.R5"
_FINDINGS = {
    f"{_NIST}-LambdaConcurrency": "State machines and rules start it a few times an hour; a reserved limit would take "
    "from what the account's other functions have.",
    f"{_NIST}-LambdaDLQ": "State machines wait for its answer; what rules and schedules start is tried again, and an "
    "alarm tells what stays undone.",
    f"{_NIST}-LambdaInsideVPC": "Calls public APIs of AWS only, and has nothing to reach inside a VPC.",
}


class OperationsFunction(WithRole):
    """A function of lambdas/personalize_operations with a role of its own.

    Attributes:
        arn: of the function.
        function: the function.
        role: what it may do.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        entry: str,
        description: str,
        log_retention: logs.RetentionDays,
        config: Mapping[str, Any] | None = None,
        undelivered: sqs.IQueue | None = None,
    ) -> None:
        """Declare the function.

        Args:
            scope: parent construct.
            id: construct id.
            entry: name of its entry point in personalize_operations/handler.py.
            description: what it does.
            log_retention: how long its log keeps its events.
            config: what it reads from its environment as JSON (CONFIG); tokens are fine.
            undelivered: keeps events that it could not handle, if events or schedules start it.
        """
        super().__init__(scope, id)
        log_group = logs.LogGroup(self, "Log", retention=log_retention, removal_policy=RemovalPolicy.DESTROY)
        self.role = iam.Role(
            self, "Role", assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"), description=description
        )
        log_group.grant_write(self.role)
        self.function = lambda_.Function(
            self,
            "Function",
            description=description,
            runtime=lambda_.Runtime.PYTHON_3_14,
            architecture=lambda_.Architecture.ARM_64,
            handler=f"lambdas.personalize_operations.handler.{entry}",
            code=lambda_.Code.from_asset(str(_CHECKOUT), exclude=list(_BUT_THE_FUNCTIONS), ignore_mode=IgnoreMode.GIT),
            memory_size=256,
            timeout=Duration.minutes(5),
            role=self.role,
            log_group=log_group,
            dead_letter_queue=undelivered,
            environment={"CONFIG": Stack.of(self).to_json_string(config)} if config is not None else None,
        )
        self.arn = self.function.function_arn
        for rule, reason in _FINDINGS.items():
            findings.acknowledge(self, rule, reason)
        findings.acknowledge_own_policies(self)
        findings.acknowledge_log_encryption(self)
