"""What serves now, how good and how old it is, and what it costs: looked at each hour and after each change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aws_cdk import Stack
from aws_cdk import aws_ssm as ssm
from constructs import Construct

from ..outputs import pascal
from ..personalize import findings
from . import prices
from .functions import OperationsFunction
from .notices import Topic
from .roles import allow, let_put_metrics
from .rules import FunctionRule
from .schedules import Schedules
from .watched import RERANK, Watched

# Five minutes after the hour, so that each hour has one value whatever a schedule's delay.
_EACH_HOUR = "cron(5 * * * ? *)"
_NOT_YET = "not known yet"
# After these, another version may serve. CloudFormation user guide, "Stack status codes".
_CHANGED = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE")


@dataclass(frozen=True)
class Observed:
    """What there is to look at.

    Attributes:
        served: recommenders and the campaign.
        dataset_arns: by dataset type.
        solution_arn: of the ranking; None without one.
        recipe: of the ranking; None without one.
        machine_arn: of the refresh.
        follows: whether the campaign follows the latest version, and may say no more than that.
    """

    served: Sequence[Watched]
    dataset_arns: Mapping[str, str]
    solution_arn: str | None
    recipe: str | None
    machine_arn: str
    follows: bool

    def of_kind(self, kind: str) -> dict[str, str]:
        """ARNs of recommenders or campaigns, by name."""
        return {each.name: each.arn for each in self.served if each.kind == kind}

    def configuration(self, namespace: str, parameter_path: str) -> dict[str, Any]:
        """What the function reads.

        Args:
            namespace: of the app's own metrics.
            parameter_path: beginning of the parameters' names.
        """
        return {
            "namespace": namespace,
            "parameter_path": parameter_path,
            "campaigns": self.of_kind("Campaign"),
            "recommenders": self.of_kind("Recommender"),
            "solutions": {RERANK: self.solution_arn} if self.solution_arn else {},
            "datasets": dict(self.dataset_arns),
            "refresh_machine_arn": self.machine_arn,
            "prices": prices.as_configuration({RERANK: self.recipe} if self.recipe else {}),
        }


def add_parameters(scope: Construct, parameter_path: str, observed: Observed) -> list[ssm.StringParameter]:
    """Add the parameters that say what serves now.

    The function writes them; CloudFormation leaves a value alone that its template does not change.

    Args:
        scope: parent construct.
        parameter_path: beginning of the parameters' names.
        observed: what there is to look at.
    """
    described = {
        f"serving_recommender_{name}_metrics": f"Metrics of recommender '{name}' as it serves now, as JSON"
        for name in observed.of_kind("Recommender")
    }
    if observed.of_kind("Campaign"):
        described |= {
            "serving_solution_version_arn": "Solution version that the campaign serves now",
            "serving_metrics": "Metrics of the solution version that the campaign serves now, as JSON",
        }
    return [
        ssm.StringParameter(
            scope,
            f"{pascal(name)}Parameter",
            parameter_name=f"{parameter_path}/{name}",
            string_value=_NOT_YET,
            description=description,
        )
        for name, description in described.items()
    ]


def add_observing(
    scope: Construct,
    *,
    function: OperationsFunction,
    topic: Topic,
    schedules: Schedules,
    namespace: str,
    parameter_arns: Sequence[str],
    observed: Observed,
    stack_names: Sequence[str],
) -> None:
    """Let the function look each hour, and after deployments and rollbacks.

    Args:
        scope: parent construct.
        function: that looks.
        topic: its queue keeps events that did not reach the function.
        schedules: where its schedule goes.
        namespace: of the app's own metrics.
        parameter_arns: what it writes.
        observed: what there is to look at.
        stack_names: of the app.
    """
    _allow_looking(function, namespace, parameter_arns, observed)
    role = schedules.role("ObserveRole", "Starts the function that looks at what serves now")
    allow(role, ["lambda:InvokeFunction"], [function.arn])
    schedules.add(
        "Observe",
        name="observe",
        at=_EACH_HOUR,
        target_arn=function.arn,
        role=role,
        input={},
        description="Looks at what serves now, how old it is and what it costs",
        on_time=True,
    )
    FunctionRule(
        scope,
        "StacksChange",
        description="Looks at what serves now after a deployment or a rollback of the app",
        pattern={
            "source": ["aws.cloudformation"],
            "detail-type": ["CloudFormation Stack Status Change"],
            "detail": {
                "stack-id": [{"prefix": _stack_prefix(function, name)} for name in stack_names],
                "status-details": {"status": list(_CHANGED)},
            },
        },
        function=function.function,
        undelivered=topic.undelivered,
    )


def _allow_looking(
    function: OperationsFunction, namespace: str, parameter_arns: Sequence[str], observed: Observed
) -> None:
    """Let the function read what is there, and write what it has seen."""
    for operation, kind in (("DescribeRecommender", "Recommender"), ("DescribeCampaign", "Campaign")):
        if arns := list(observed.of_kind(kind).values()):
            function.allow([f"personalize:{operation}"], arns)
    if observed.solution_arn:
        versions = f"{observed.solution_arn}/*"
        function.allow(["personalize:DescribeSolutionVersion", "personalize:GetSolutionMetrics"], [versions])
        findings.acknowledge_wildcards(
            function.role,
            "The last part of a solution version's ARN is a name that each has for itself.",
            resources=[versions],
        )
    function.allow(["states:ListExecutions", "states:DescribeStateMachine"], [observed.machine_arn])
    if parameter_arns:
        function.allow(["ssm:GetParameters", "ssm:PutParameter"], parameter_arns)
    # These have no resource type (Service Authorization Reference, Amazon Personalize and Amazon CloudWatch).
    function.allow(
        [
            "personalize:ListDatasetImportJobs",
            *(["personalize:ListSolutionVersions"] if observed.follows else []),
            "cloudwatch:GetMetricStatistics",
        ],
        ["*"],
        sid="ListsAndMetricsHaveNoResourceType",
    )
    let_put_metrics(function, namespace)
    findings.acknowledge_wildcards(
        function.role, "Lists and metrics have no resource type, so IAM takes no narrower resource.", resources=["*"]
    )


def _stack_prefix(scope: Construct, name: str) -> str:
    """Beginning of a stack's ARN; an id that CloudFormation generates follows."""
    return Stack.of(scope).format_arn(service="cloudformation", resource="stack", resource_name=f"{name}/")
