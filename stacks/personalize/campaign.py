"""Campaign: a solution version that serves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from aws_cdk import RemovalPolicy
from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam
from constructs import Construct

from .adoption import check_parent
from .config import ItemExplorationConfig, check_range, check_throughput
from .errors import PropsError
from .filter import IFilter
from .imported import ImportedArn, ImportedResource, checked_arn
from .limits import RANKING_INFLUENCE_RANGE, RANKING_INFLUENCES
from .permissions import TypePermissions, declare
from .provider import PersonalizeProvider
from .resource import PersonalizeResource
from .serving import IServing, Serving
from .solution_version import ISolutionVersion

declare(
    TypePermissions(
        "Campaign",
        operations=("CreateCampaign", "DescribeCampaign", "UpdateCampaign", "DeleteCampaign"),
        created_in="solution",
    )
)


class ICampaign(IServing, Protocol):
    """A campaign, of this app or imported."""

    @property
    def campaign_arn(self) -> str:
        """ARN of the campaign."""
        ...

    def grant_get_personalized_ranking(self, grantee: iam.IGrantable, filters: Sequence[IFilter] = ()) -> iam.Grant:
        """Let a principal have lists ranked (personalize:GetPersonalizedRanking).

        Args:
            grantee: who gets the permission.
            filters: filters that the requests may name.
        """
        ...

    def metric_get_personalized_ranking(self, **options: Any) -> cloudwatch.Metric:
        """Number of successful GetPersonalizedRanking requests, sum over 5 minutes by default."""
        ...

    def metric_get_personalized_ranking_latency(self, **options: Any) -> cloudwatch.Metric:
        """Milliseconds from request to answer, average over 5 minutes by default."""
        ...

    def metric_get_personalized_ranking_4xx_errors(self, **options: Any) -> cloudwatch.Metric:
        """Number of GetPersonalizedRanking requests refused, sum over 5 minutes by default."""
        ...

    def metric_get_personalized_ranking_5xx_errors(self, **options: Any) -> cloudwatch.Metric:
        """Number of GetPersonalizedRanking requests failed, sum over 5 minutes by default."""
        ...


class _CampaignBase(Serving):
    _dimension = "CampaignArn"

    @property
    def campaign_arn(self) -> str:
        """ARN of the campaign."""
        return self._arn

    def grant_get_personalized_ranking(self, grantee: iam.IGrantable, filters: Sequence[IFilter] = ()) -> iam.Grant:
        """Let a principal have lists ranked (personalize:GetPersonalizedRanking).

        Args:
            grantee: who gets the permission.
            filters: filters that the requests may name.
        """
        return self._grant_with_filters(grantee, "GetPersonalizedRanking", filters)

    def metric_get_personalized_ranking(self, **options: Any) -> cloudwatch.Metric:
        """Number of successful GetPersonalizedRanking requests, sum over 5 minutes by default."""
        return self.metric("GetPersonalizedRanking", **{"statistic": "Sum", **options})

    def metric_get_personalized_ranking_latency(self, **options: Any) -> cloudwatch.Metric:
        """Milliseconds from request to answer, average over 5 minutes by default."""
        return self.metric("GetPersonalizedRankingLatency", **{"statistic": "Average", **options})

    def metric_get_personalized_ranking_4xx_errors(self, **options: Any) -> cloudwatch.Metric:
        """Number of GetPersonalizedRanking requests refused, sum over 5 minutes by default."""
        return self.metric("GetPersonalizedRanking4xxErrors", **{"statistic": "Sum", **options})

    def metric_get_personalized_ranking_5xx_errors(self, **options: Any) -> cloudwatch.Metric:
        """Number of GetPersonalizedRanking requests failed, sum over 5 minutes by default."""
        return self.metric("GetPersonalizedRanking5xxErrors", **{"statistic": "Sum", **options})


class _ImportedCampaign(ImportedResource, _CampaignBase):
    """A campaign that exists already."""


class Campaign(PersonalizeResource, _CampaignBase):
    """A campaign (API: CreateCampaign). Everything about it changes in place, and it serves meanwhile."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: PersonalizeProvider,
        solution_version: ISolutionVersion,
        follow_latest: bool = False,
        min_provisioned_tps: int = 1,
        enable_metadata_with_recommendations: bool = False,
        item_exploration_config: ItemExplorationConfig | None = None,
        ranking_influence: Mapping[str, float] | None = None,
        name: str | None = None,
        adopt: bool = False,
        release: bool = False,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        """Declare a campaign.

        Args:
            scope: parent construct.
            id: construct id.
            provider: carries out the requests.
            solution_version: what it serves: a solution version, or a quality gate before it.
            follow_latest: whether it moves on by itself to every newer version of that solution, trained
                automatically, by hand or by a deployment. It passes a quality gate by: the gate can only fail the
                deployment, when the campaign may have moved already.
            min_provisioned_tps: provisioned and billed requests per second, at least 1.
            enable_metadata_with_recommendations: whether requests may ask for item columns.
            item_exploration_config: for aws-user-personalization only, aws-user-personalization-v2 explores by itself;
                default: the service's.
            ranking_influence: how much POPULARITY and FRESHNESS of an item count, each 0 to 1; for
                aws-semantic-similarity, the only recipe whose page has them; default: the service's.
            name: a fixed name; default: generated.
            adopt: whether to take over the campaign of that `name` instead of making one (library.md).
            release: whether to give up what was adopted: it stays, without the tags of this app (library.md).
            removal_policy: RETAIN_ON_UPDATE_OR_DELETE keeps the campaign when the stack is deleted, RETAIN also
                what a failed first deployment has made; default DESTROY.

        Raises:
            PropsError: a prop is not what the API allows.
        """
        check_throughput(id, "min_provisioned_tps", min_provisioned_tps)
        if item_exploration_config:
            item_exploration_config.check(id)
        _check_ranking_influence(id, ranking_influence or {})
        check_parent(id, adopt, solution_version.solution_arn, "solution")
        super().__init__(
            scope,
            id,
            provider=provider,
            noun="Campaign",
            name=name,
            adopt=adopt,
            release=release,
            removal_policy=removal_policy,
            properties={
                "SolutionVersionArn": _served(solution_version, follow_latest),
                "MinProvisionedTPS": min_provisioned_tps,
                "CampaignConfig": {
                    "EnableMetadataWithRecommendations": enable_metadata_with_recommendations,
                    # Always said, so that a campaign stops to follow when the template says so.
                    "SyncWithLatestSolutionVersion": follow_latest,
                    **({"ItemExplorationConfig": item_exploration_config.render()} if item_exploration_config else {}),
                    **({"RankingInfluence": dict(ranking_influence)} if ranking_influence else {}),
                },
            },
        )
        if follow_latest and isinstance(solution_version, Construct):
            # Its ARN names the solution only, and a first version has to be there.
            self.custom_resource.node.add_dependency(solution_version)

    @staticmethod
    def from_campaign_arn(scope: Construct, id: str, campaign_arn: str) -> ICampaign:
        """Use a campaign that exists already.

        Args:
            scope: parent construct.
            id: construct id.
            campaign_arn: its ARN.

        Raises:
            PropsError: it is not such an ARN.
        """
        return _ImportedCampaign(scope, id, checked_arn("campaign_arn", campaign_arn, "campaign"))


def _served(solution_version: ISolutionVersion, follow_latest: bool) -> str:
    """The API's `solutionVersionArn`: of one version, or of whichever is the latest (API reference, CampaignConfig)."""
    if not follow_latest:
        return solution_version.solution_version_arn
    latest = f"{solution_version.solution_arn}/$LATEST"
    if isinstance(solution_version.solution_version_arn, ImportedArn):
        return ImportedArn(latest, permitted_on=solution_version.solution_version_arn.permitted_on)
    return latest


def _check_ranking_influence(id: str, influence: Mapping[str, float]) -> None:
    for factor, weight in influence.items():
        if factor not in RANKING_INFLUENCES:
            raise PropsError(f"{id}: ranking_influence has '{factor}'; use {' and '.join(RANKING_INFLUENCES)}.")
        check_range(id, f"the ranking_influence of {factor}", weight, RANKING_INFLUENCE_RANGE)
