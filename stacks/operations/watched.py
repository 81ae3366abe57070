"""What answers requests, with what CloudWatch knows of it: for alarms, dashboard and schedules alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from ..outputs import pascal
from ..personalize import Campaign, IServing, Recommender
from ..settings import Settings
from . import prices

# The settings have one solution with one campaign, and no name for them; outputs begin with it.
RERANK = "rerank"


@dataclass(frozen=True)
class Watched:
    """A recommender or the campaign.

    Attributes:
        name: as the settings and the outputs name it.
        kind: what it is, and the dimension of the app's own metrics.
        resource: the construct that knows the service's metrics.
        arn: its ARN, a token.
        operation: of the API that asks it; names of metrics begin with it.
        setting: path of the setting with the throughput that is always provisioned.
        cost_per_hour: while it has that throughput and nobody asks more of it, in USD.
    """

    name: str
    kind: Literal["Recommender", "Campaign"]
    resource: IServing
    arn: str
    operation: str
    setting: str
    cost_per_hour: float

    @property
    def title(self) -> str:
        """As people call it, at the beginning of a sentence."""
        return f"{self.kind} {self.name}"

    @property
    def dimensions(self) -> dict[str, str]:
        """Dimensions of the app's own metrics."""
        return {self.kind: self.name}

    def requests(self, **options: Any) -> cloudwatch.Metric:
        """Number of requests that were answered. The service takes Sum only."""
        return self.resource.metric(self.operation, statistic="Sum", **options)

    def refused(self, **options: Any) -> cloudwatch.Metric:
        """Number of requests that were refused: throttled, or the client's mistake."""
        return self.resource.metric(f"{self.operation}4xxErrors", statistic="Sum", **options)

    def failed(self, **options: Any) -> cloudwatch.Metric:
        """Number of requests that failed at the service."""
        return self.resource.metric(f"{self.operation}5xxErrors", statistic="Sum", **options)

    def latency(self, statistic: str = "Average", **options: Any) -> cloudwatch.Metric:
        """Milliseconds from request to answer; the service has no percentiles."""
        return self.resource.metric(f"{self.operation}Latency", statistic=statistic, **options)


def watched(scope: Construct, settings: Settings, parameter: Callable[[str], str]) -> list[Watched]:
    """The recommenders, and the campaign if there is one.

    Args:
        scope: where constructs for them go; they add nothing to the template.
        settings: the environment's settings.
        parameter: value of what another stack publishes under a name.
    """
    found = [
        _recommender(scope, settings, name, parameter(f"recommender_{name}_arn")) for name in settings.recommenders
    ]
    if settings.ranking:
        found.append(_campaign(scope, settings, parameter(f"{RERANK}_campaign_arn")))
    return found


def _recommender(scope: Construct, settings: Settings, name: str, arn: str) -> Watched:
    throughput = settings.recommenders[name].min_recommendation_requests_per_second
    return Watched(
        name=name,
        kind="Recommender",
        resource=Recommender.from_recommender_arn(scope, f"Recommender{pascal(name)}", arn),
        arn=arn,
        operation="GetRecommendations",
        setting=f"recommenders.{name}.min_recommendation_requests_per_second",
        cost_per_hour=prices.recommender_per_hour(throughput),
    )


def _campaign(scope: Construct, settings: Settings, arn: str) -> Watched:
    assert settings.ranking
    throughput = settings.ranking.campaign.min_provisioned_tps
    return Watched(
        name=RERANK,
        kind="Campaign",
        resource=Campaign.from_campaign_arn(scope, f"Campaign{pascal(RERANK)}", arn),
        arn=arn,
        operation="GetPersonalizedRanking",
        setting="ranking.campaign.min_provisioned_tps",
        cost_per_hour=prices.campaign_per_hour(throughput, settings.ranking.recipe),
    )


def metrics_namespace(settings: Settings) -> str:
    """Namespace of the app's own metrics: `<app>/<env>`."""
    return settings.parameter_path.removeprefix("/")


@dataclass(frozen=True)
class OwnMetrics:
    """Metrics that the app itself puts: the function `observe` each hour, and refreshes.

    Attributes:
        namespace: `<app>/<env>`.
    """

    namespace: str

    def metric(self, name: str, dimensions: Mapping[str, str] | None = None, **options: Any) -> cloudwatch.Metric:
        """One of them; the greatest value by default.

        Args:
            name: such as RefreshAgeHours.
            dimensions: by their names.
            **options: those of aws_cdk.aws_cloudwatch.Metric.
        """
        return cloudwatch.Metric(
            namespace=self.namespace,
            metric_name=name,
            dimensions_map=dict(dimensions or {}),
            **{"statistic": "Maximum", "period": Duration.hours(1), **options},
        )
