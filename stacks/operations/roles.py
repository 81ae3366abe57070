"""What roles of the operations stack may do, said in one way for state machines, functions and schedules."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aws_cdk import aws_iam as iam
from constructs import Construct


class WithRole(Construct):
    """Something that works with a role of its own.

    Attributes:
        role: what it may do.
    """

    role: iam.Role

    def allow(
        self,
        actions: Sequence[str],
        resources: Sequence[str],
        conditions: Mapping[str, Mapping[str, Any]] | None = None,
        *,
        sid: str | None = None,
    ) -> None:
        """Let its role do something.

        Args:
            actions: such as personalize:CreateSolutionVersion.
            resources: ARNs.
            conditions: of the statement.
            sid: says why the statement is on every resource, if it is.
        """
        allow(self.role, actions, resources, conditions, sid=sid)


def allow(
    role: iam.Role,
    actions: Sequence[str],
    resources: Sequence[str],
    conditions: Mapping[str, Mapping[str, Any]] | None = None,
    *,
    sid: str | None = None,
) -> None:
    """Let a role do something.

    Args:
        role: the role.
        actions: such as personalize:CreateSolutionVersion.
        resources: ARNs.
        conditions: of the statement.
        sid: says why the statement is on every resource, if it is.
    """
    role.add_to_policy(
        iam.PolicyStatement(
            sid=sid, actions=list(actions), resources=list(resources), conditions=dict(conditions or {})
        )
    )


def let_put_metrics(what: WithRole, namespace: str) -> None:
    """Let something put metrics of one namespace.

    Args:
        what: the state machine or function.
        namespace: of the app's own metrics.
    """
    what.allow(
        ["cloudwatch:PutMetricData"],
        ["*"],
        {"StringEquals": {"cloudwatch:namespace": namespace}},
        sid="MetricsHaveNoResourceType",
    )
