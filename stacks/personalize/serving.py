"""What recommenders and campaigns have in common: they answer requests, and CloudWatch counts them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

from aws_cdk import aws_cloudwatch as cloudwatch
from aws_cdk import aws_iam as iam

from .filter import IFilter
from .grants import Grantable, IPersonalizeResource, grant_operation

_NAMESPACE = "AWS/Personalize"


class IServing(IPersonalizeResource, Protocol):
    """Something that answers requests: a recommender or a campaign.

    Options of a metric (`period`, `statistic`, `label`, `region`, ...) are those of aws_cdk.aws_cloudwatch.Metric.
    """

    def grant_get_recommendations(self, grantee: iam.IGrantable, filters: Sequence[IFilter] = ()) -> iam.Grant:
        """Let a principal ask for recommendations (personalize:GetRecommendations).

        Args:
            grantee: who gets the permission.
            filters: filters that the requests may name.
        """
        ...

    def metric(self, metric_name: str, **options: Any) -> cloudwatch.Metric:
        """A metric by the service's name.

        Args:
            metric_name: such as GetRecommendationsLatency.
            **options: those of aws_cdk.aws_cloudwatch.Metric.
        """
        ...

    def metric_get_recommendations(self, **options: Any) -> cloudwatch.Metric:
        """Number of successful GetRecommendations requests, sum over 5 minutes by default."""
        ...

    def metric_get_recommendations_latency(self, **options: Any) -> cloudwatch.Metric:
        """Milliseconds from request to answer, average over 5 minutes by default."""
        ...

    def metric_get_recommendations_4xx_errors(self, **options: Any) -> cloudwatch.Metric:
        """Number of GetRecommendations requests refused, sum over 5 minutes by default."""
        ...

    def metric_get_recommendations_5xx_errors(self, **options: Any) -> cloudwatch.Metric:
        """Number of GetRecommendations requests failed, sum over 5 minutes by default."""
        ...


class Serving(Grantable):
    """Permissions and metrics of something that answers requests.

    Metric names and dimensions: developer guide, "CloudWatch metrics for Amazon Personalize". Options of a metric
    (`period`, `statistic`, `label`, `region`, ...) are those of aws_cdk.aws_cloudwatch.Metric.
    """

    # CloudWatch dimension that holds the ARN.
    _dimension: str

    def grant_get_recommendations(self, grantee: iam.IGrantable, filters: Sequence[IFilter] = ()) -> iam.Grant:
        """Let a principal ask for recommendations (personalize:GetRecommendations).

        Args:
            grantee: who gets the permission.
            filters: filters that the requests may name.
        """
        return self._grant_with_filters(grantee, "GetRecommendations", filters)

    def metric(self, metric_name: str, **options: Any) -> cloudwatch.Metric:
        """A metric by the service's name.

        Args:
            metric_name: such as GetRecommendationsLatency.
            **options: those of aws_cdk.aws_cloudwatch.Metric.
        """
        return cloudwatch.Metric(
            namespace=_NAMESPACE,
            metric_name=metric_name,
            dimensions_map={self._dimension: self._arn},
            **options,
        )

    def metric_get_recommendations(self, **options: Any) -> cloudwatch.Metric:
        """Number of successful GetRecommendations requests, sum over 5 minutes by default."""
        return self.metric("GetRecommendations", **{"statistic": "Sum", **options})

    def metric_get_recommendations_latency(self, **options: Any) -> cloudwatch.Metric:
        """Milliseconds from request to answer, average over 5 minutes by default."""
        return self.metric("GetRecommendationsLatency", **{"statistic": "Average", **options})

    def metric_get_recommendations_4xx_errors(self, **options: Any) -> cloudwatch.Metric:
        """Number of GetRecommendations requests refused, sum over 5 minutes by default."""
        return self.metric("GetRecommendations4xxErrors", **{"statistic": "Sum", **options})

    def metric_get_recommendations_5xx_errors(self, **options: Any) -> cloudwatch.Metric:
        """Number of GetRecommendations requests failed, sum over 5 minutes by default."""
        return self.metric("GetRecommendations5xxErrors", **{"statistic": "Sum", **options})

    def _grant_with_filters(self, grantee: iam.IGrantable, operation: str, filters: Sequence[IFilter]) -> iam.Grant:
        return grant_operation(grantee, operation, [self._arn, *(each.filter_arn for each in filters)])
