"""The functions of the refresh, and what they may look at. They change nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from aws_cdk import Aws, Stack
from aws_cdk import aws_logs as logs
from constructs import Construct

from ..personalize import findings
from ..settings import RankingSettings
from .functions import OperationsFunction

# Sid of a statement on every resource.
LISTS = "ListActionsHaveNoResourceType"
_LISTS = "The List* actions have no resource type, so IAM takes no narrower resource."


def add_find_new_data(
    scope: Construct, places: Mapping[str, Sequence[str]], solution_arn: str | None, log_retention: logs.RetentionDays
) -> OperationsFunction:
    """Add the function that says what is due.

    Args:
        scope: parent construct.
        places: by bucket, the keys with which new data begins.
        solution_arn: what is trained; None if nothing is.
        log_retention: how long its log keeps its events.
    """
    function = OperationsFunction(
        scope,
        "FindNewData",
        entry="find_new_data",
        description="Finds out what a refresh has to import, and whether it has to train",
        log_retention=log_retention,
    )
    lists = ["personalize:ListDatasetImportJobs"]
    jobs = personalize_arn(scope, "dataset-import-job", "*")
    function.allow(["personalize:DescribeDatasetImportJob"], [jobs])
    if solution_arn:
        lists += ["personalize:ListDatasets", "personalize:ListSolutionVersions"]
        function.allow(["personalize:DescribeSolution"], [solution_arn])
    function.allow(lists, ["*"], sid=LISTS)
    for bucket, keys in places.items():
        # It lists what begins with the location, without the slash at its end.
        prefixes = {"StringLike": {"s3:prefix": [key.rstrip("/") for key in keys]}}
        function.allow(["s3:ListBucket"], [f"arn:{Aws.PARTITION}:s3:::{bucket}"], prefixes)
    findings.acknowledge_wildcards(function.role, _LISTS, resources=["*"])
    findings.acknowledge_wildcards(
        function.role, "Imports by deployments and by hand count too, whatever their names.", resources=[jobs]
    )
    return function


def add_judge(
    scope: Construct,
    ranking: RankingSettings,
    parameter: Callable[[str], str],
    log_retention: logs.RetentionDays,
) -> OperationsFunction:
    """Add the function that judges a version.

    Args:
        scope: parent construct.
        ranking: what the quality gate demands.
        parameter: value of what another stack publishes under a name.
        log_retention: how long its log keeps its events.
    """
    function = OperationsFunction(
        scope,
        "Judge",
        entry="judge",
        description="Judges the version that a refresh has trained, as the quality gate of deployments does",
        log_retention=log_retention,
    )
    versions = f"{parameter('rerank_solution_arn')}/*"
    function.allow(["personalize:DescribeSolutionVersion", "personalize:GetSolutionMetrics"], [versions])
    findings.acknowledge_wildcards(
        function.role, "Versions of the one solution; the service generates their ids.", resources=[versions]
    )
    if ranking.quality_gate.compare_with_deployed:
        _allow_comparing(function, with_data=not ranking.quality_gate.fail_on_other_data)
    else:
        function.allow(["personalize:DescribeCampaign"], [parameter("rerank_campaign_arn")])
    return function


def _allow_comparing(function: OperationsFunction, *, with_data: bool) -> None:
    """Let the function look at whatever campaign serves the solution; and at imports, if these explain a difference."""
    campaigns = personalize_arn(function, "campaign", "*")
    lists = ["personalize:ListCampaigns"]
    if with_data:
        lists += ["personalize:ListDatasetImportJobs", "personalize:ListDatasets"]
    function.allow(["personalize:DescribeCampaign"], [campaigns])
    function.allow(lists, ["*"], sid=LISTS)
    findings.acknowledge_wildcards(function.role, _LISTS, resources=["*"])
    findings.acknowledge_wildcards(
        function.role, "Any campaign may serve a version of the solution.", resources=[campaigns]
    )


def personalize_arn(scope: Construct, resource: str, name: str) -> str:
    """ARN of a resource of Personalize in the stack's account and region.

    Args:
        scope: of the stack.
        resource: type, as ARNs name it.
        name: of the resource; may hold wildcards.
    """
    return Stack.of(scope).format_arn(service="personalize", resource=resource, resource_name=name)
