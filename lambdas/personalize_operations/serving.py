"""What answers requests: recommenders and campaigns, what they cost, and whether anybody asks them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ..personalize_provider.statuses import ACTIVE, Description, is_update, status_of

_HOUR = 3600
_DAY = 24 * _HOUR
# How far back to look for the last request.
_LOOK_BACK_DAYS = 30


@dataclass(frozen=True)
class Served:
    """A recommender or a campaign.

    Attributes:
        dimension: `Recommender` or `Campaign`.
        name: as the settings call it.
        arn: its ARN.
        provisioned: requests per second that are always provisioned; 0 while it is stopped or being created.
        created: when it was created, in seconds since the epoch.
        counted_by: metric of the service that counts its requests (developer guide, "CloudWatch metrics for Amazon
            Personalize").
    """

    dimension: str
    name: str
    arn: str
    provisioned: float
    created: float
    counted_by: str

    def cost_per_hour(self, prices: Mapping[str, Any]) -> float:
        """What the provisioned throughput costs in an hour, without what is used beyond it.

        Args:
            prices: `recommender_hour` with `recommender_included_requests`, `recommender_request` for each request
                beyond them, and `campaign_request` by the campaign's name.
        """
        if not self.provisioned:
            return 0.0
        requests = self.provisioned * _HOUR
        if self.dimension == "Campaign":
            return requests * float(prices["campaign_request"][self.name])
        beyond = max(0.0, requests - float(prices["recommender_included_requests"]))
        return float(prices["recommender_hour"]) + beyond * float(prices["recommender_request"])

    def idle_days(self, cloudwatch: Any, now: float) -> float:
        """Days since the last request, at most 30, and no more than since it was created; 0 while it is stopped.

        When it was started last no operation says: `lastUpdatedDateTime` may also be that of a training.

        Args:
            cloudwatch: a boto3 `cloudwatch` client.
            now: seconds since the epoch.
        """
        if not self.provisioned:
            return 0.0
        end = datetime.fromtimestamp(now, UTC)
        answer = cloudwatch.get_metric_statistics(
            Namespace="AWS/Personalize",
            MetricName=self.counted_by,
            Dimensions=[{"Name": f"{self.dimension}Arn", "Value": self.arn}],
            StartTime=end - timedelta(days=_LOOK_BACK_DAYS),
            EndTime=end,
            Period=_HOUR,
            Statistics=["Sum"],
        )
        asked = [each["Timestamp"].timestamp() + _HOUR for each in answer["Datapoints"] if each["Sum"] > 0]
        since = max([self.created, now - _LOOK_BACK_DAYS * _DAY, *asked])
        return max(0.0, now - since) / _DAY


def served_recommender(name: str, description: Description) -> Served:
    """A recommender as DescribeRecommender describes it."""
    config = description.get("recommenderConfig") or {}
    # Developer guide, "Minimum recommendation requests per second and auto-scaling": at least 1.
    throughput = config.get("minRecommendationRequestsPerSecond") or 1
    return _served("Recommender", name, description, throughput, "GetRecommendations")


def served_campaign(name: str, description: Description) -> Served:
    """A ranking campaign as DescribeCampaign describes it."""
    return _served("Campaign", name, description, description.get("minProvisionedTPS") or 1, "GetPersonalizedRanking")


def _served(dimension: str, name: str, description: Description, throughput: float, counted_by: str) -> Served:
    serves = status_of(description) == ACTIVE or is_update(description)
    return Served(
        dimension=dimension,
        name=name,
        arn=str(description[f"{dimension.lower()}Arn"]),
        provisioned=float(throughput) if serves else 0.0,
        created=description["creationDateTime"].timestamp(),
        counted_by=counted_by,
    )
