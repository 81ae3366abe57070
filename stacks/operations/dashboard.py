"""The dashboard: what is asked and answered, how good the versions are, how old the data is, and what it costs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from aws_cdk import Duration
from aws_cdk import aws_cloudwatch as cloudwatch
from constructs import Construct

from ..personalize import limits
from .watched import RERANK, OwnMetrics, Watched

# A dashboard has 24 columns (API reference of Amazon CloudWatch, "Dashboard Body Structure and Syntax").
_WHOLE, _HALF, _THIRD = 24, 12, 8
_HEIGHT = 6
_FIVE_MINUTES, _HOUR, _DAY = Duration.minutes(5), Duration.hours(1), Duration.days(1)
# Of each state machine. Step Functions developer guide, "Monitoring Step Functions metrics using Amazon CloudWatch".
_EXECUTIONS = ("ExecutionsSucceeded", "ExecutionsFailed", "ExecutionsTimedOut", "ExecutionsAborted")


@dataclass(frozen=True)
class Drawn:
    """What there is to draw.

    Attributes:
        served: recommenders and the campaign.
        dataset_arns: by dataset type.
        solution_arn: of the ranking; None without one.
        minimums: of the quality gate, by metric.
        machine_arns: of the state machines, by what they do.
        alarm_arns: of all alarms.
    """

    served: Sequence[Watched]
    dataset_arns: Mapping[str, str]
    solution_arn: str | None
    machine_arns: Mapping[str, str]
    minimums: Mapping[str, float] = field(default_factory=dict)
    alarm_arns: Sequence[str] = ()


def add_dashboard(scope: Construct, *, name: str, metrics: OwnMetrics, drawn: Drawn) -> cloudwatch.Dashboard:
    """Add the dashboard.

    Args:
        scope: parent construct.
        name: of the dashboard.
        metrics: the app's own.
        drawn: what there is to draw.
    """
    dashboard = cloudwatch.Dashboard(scope, "Dashboard", dashboard_name=name, default_interval=Duration.days(7))
    dashboard.add_widgets(
        cloudwatch.AlarmStatusWidget(title="Alarms", alarms=_alarms(scope, drawn), width=_WHOLE, height=_HEIGHT // 2)
    )
    for served in drawn.served:
        dashboard.add_widgets(_requests(served), _latency(served), _throughput(served, metrics))
    dashboard.add_widgets(*_quality(drawn, metrics))
    dashboard.add_widgets(_executions(drawn), _jobs(drawn))
    dashboard.add_widgets(_age(drawn, metrics), _money(drawn, metrics))
    return dashboard


def _alarms(scope: Construct, drawn: Drawn) -> list[cloudwatch.IAlarm]:
    return [
        cloudwatch.Alarm.from_alarm_arn(scope, f"Drawn{number}", arn) for number, arn in enumerate(drawn.alarm_arns)
    ]


# -- what answers requests -----------------------------------------------------------------------------------------


def _requests(served: Watched) -> cloudwatch.GraphWidget:
    return _graph(
        f"{served.title}: requests",
        [
            served.requests(label="answered", period=_FIVE_MINUTES),
            served.refused(label="refused (4xx)", period=_FIVE_MINUTES),
            served.failed(label="failed (5xx)", period=_FIVE_MINUTES),
        ],
        width=_THIRD,
    )


def _latency(served: Watched) -> cloudwatch.GraphWidget:
    """Average and maximum: the service has no percentiles."""
    return _graph(
        f"{served.title}: latency in ms",
        [
            served.latency(label="average", period=_FIVE_MINUTES),
            served.latency("Maximum", label="longest", period=_FIVE_MINUTES),
        ],
        width=_THIRD,
    )


def _throughput(served: Watched, metrics: OwnMetrics) -> cloudwatch.GraphWidget:
    used = cloudwatch.MathExpression(
        # Whatever period the time range of the dashboard makes of it.
        expression="requests / PERIOD(requests)",
        using_metrics={"requests": served.requests(period=_FIVE_MINUTES)},
        period=_FIVE_MINUTES,
        label="used",
    )
    provisioned = metrics.metric("ProvisionedRequestsPerSecond", served.dimensions, label="provisioned")
    return _graph(f"{served.title}: requests per second", [used, provisioned], width=_THIRD)


# -- versions ------------------------------------------------------------------------------------------------------


def _quality(drawn: Drawn, metrics: OwnMetrics) -> list[cloudwatch.IWidget]:
    """Metrics of every version that was evaluated, by when it was, and those of the recommenders."""
    recommenders = [each for each in drawn.served if each.kind == "Recommender"]
    found: list[cloudwatch.IWidget] = []
    width = _HALF if drawn.solution_arn and recommenders else _WHOLE
    if drawn.solution_arn:
        found.append(_versions(drawn, metrics, width))
    if recommenders:
        found.append(_recommenders(recommenders, metrics, width))
    return found


def _versions(drawn: Drawn, metrics: OwnMetrics, width: int) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title="Ranking: metrics of each version, and the least that the quality gate wants",
        left=[
            metrics.metric(each, {"Solution": RERANK}, label=each, statistic="Average")
            for each in limits.RANKING_METRICS
        ],
        left_annotations=[
            cloudwatch.HorizontalAnnotation(value=value, label=f"least {metric}")
            for metric, value in drawn.minimums.items()
        ],
        left_y_axis=cloudwatch.YAxisProps(min=0, max=1),
        width=width,
        height=_HEIGHT,
    )


def _recommenders(recommenders: Sequence[Watched], metrics: OwnMetrics, width: int) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title="Recommenders: metrics of their latest training",
        left=[
            metrics.metric(metric, served.dimensions, label=f"{served.name}: {metric}", statistic="Average")
            for served in recommenders
            for metric in limits.GATE_METRICS
        ],
        left_y_axis=cloudwatch.YAxisProps(min=0, max=1),
        width=width,
        height=_HEIGHT,
    )


# -- refreshes -----------------------------------------------------------------------------------------------------


def _executions(drawn: Drawn) -> cloudwatch.GraphWidget:
    return _graph(
        "Executions a day",
        [
            cloudwatch.Metric(
                namespace="AWS/States",
                metric_name=metric,
                dimensions_map={"StateMachineArn": arn},
                statistic="Sum",
                period=_DAY,
                label=f"{name}: {metric.removeprefix('Executions').lower()}",
            )
            for name, arn in drawn.machine_arns.items()
            for metric in _EXECUTIONS
        ],
    )


def _jobs(drawn: Drawn) -> cloudwatch.GraphWidget:
    """Whoever began them: refreshes, deployments, people."""
    jobs = [
        (f"{kind.lower()} {what}", metric, {"DatasetArn": arn})
        for kind, arn in drawn.dataset_arns.items()
        for what, metric in (("imports", "DatasetImportJobRequests"), ("failed", "DatasetImportJobError"))
    ]
    if drawn.solution_arn:
        jobs += [
            (what, metric, {"SolutionArn": drawn.solution_arn})
            for what, metric in (
                ("trainings", "SolutionTrainingJobRequests"),
                ("trainings failed", "SolutionTrainingJobError"),
            )
        ]
    return _graph(
        "Imports and trainings a day",
        [
            cloudwatch.Metric(
                namespace="AWS/Personalize",
                metric_name=metric,
                dimensions_map=dimensions,
                statistic="Sum",
                period=_DAY,
                label=label,
            )
            for label, metric, dimensions in jobs
        ],
    )


def _age(drawn: Drawn, metrics: OwnMetrics) -> cloudwatch.GraphWidget:
    ages = [metrics.metric("RefreshAgeHours", label="last good refresh")]
    ages += [
        metrics.metric("DataAgeHours", {"DatasetType": kind}, label=f"{kind.lower()} data")
        for kind in drawn.dataset_arns
    ]
    ages += [
        metrics.metric("VersionAgeHours", each.dimensions, label="version that serves")
        for each in drawn.served
        if each.kind == "Campaign"
    ]
    return _graph("Age in hours", ages)


def _money(drawn: Drawn, metrics: OwnMetrics) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title="USD an hour for what is provisioned (assumed prices: your bill is what AWS says)",
        left=[metrics.metric("CostPerHour", each.dimensions, label=each.name) for each in drawn.served],
        left_y_axis=cloudwatch.YAxisProps(min=0),
        stacked=True,
        width=_HALF,
        height=_HEIGHT,
    )


def _graph(title: str, metrics: Sequence[cloudwatch.IMetric], *, width: int = _HALF) -> cloudwatch.GraphWidget:
    return cloudwatch.GraphWidget(
        title=title,
        left=list(metrics),
        left_y_axis=cloudwatch.YAxisProps(min=0),
        width=width,
        height=_HEIGHT,
    )
