"""How many requests and events there were on each of the last days."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from .rows import Found

DAYS = 14
_DAY = 86_400
# By type: the dimension, and the metric (developer guide, "CloudWatch metrics for Amazon Personalize").
_COUNTED = {
    "Recommender": ("RecommenderArn", "GetRecommendations"),
    "Campaign": ("CampaignArn", "GetPersonalizedRanking"),
    "EventTracker": ("EventTrackerArn", "PutEventsRequests"),
}


@dataclass(frozen=True)
class Activity:
    """What was asked of a resource.

    Attributes:
        path: of its construct.
        what: is counted.
        days: numbers, the oldest day first, today last.
        dates: of these days.
    """

    path: str
    what: str
    days: tuple[int, ...]
    dates: tuple[str, ...]

    @property
    def most(self) -> int:
        """On the day with the most; at least 1."""
        return max(1, *self.days)


def activity(cloudwatch: Any, found: Found) -> Iterator[Activity]:
    """What was asked of everything that can be asked.

    Args:
        cloudwatch: a boto3 client.
        found: what there is.
    """
    midnight = found.date.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    begins = [midnight - timedelta(days=back) for back in range(DAYS - 1, -1, -1)]
    resources = {(row.path, row.type, row.arn): None for row in found.rows if row.stack and row.arn}
    for path, kind, arn in resources:
        if kind in _COUNTED:
            dimension, metric = _COUNTED[kind]
            counts = _by_day(cloudwatch, metric, {"Name": dimension, "Value": arn}, begins[0], found.date)
            yield Activity(
                path,
                metric,
                tuple(counts.get(begin.date(), 0) for begin in begins),
                tuple(f"{begin:%Y-%m-%d}" for begin in begins),
            )


def _by_day(cloudwatch: Any, metric: str, dimension: dict[str, str], begin: datetime, end: datetime) -> dict[Any, int]:
    answer = cloudwatch.get_metric_statistics(
        Namespace="AWS/Personalize",
        MetricName=metric,
        Dimensions=[dimension],
        StartTime=begin,
        EndTime=end,
        Period=_DAY,
        Statistics=["Sum"],
    )
    return {each["Timestamp"].astimezone(UTC).date(): int(each["Sum"]) for each in answer["Datapoints"]}
