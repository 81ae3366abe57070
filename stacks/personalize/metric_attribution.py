"""Metric attribution: what recommendations bring, as metrics in CloudWatch and reports in S3."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from aws_cdk import RemovalPolicy
from aws_cdk import aws_iam as iam
from constructs import Construct

from .adoption import check_parent
from .config import check_location
from .dataset_group import IDatasetGroup, take_place
from .errors import PropsError
from .grants import Grantable, IPersonalizeResource
from .imported import ImportedResource, checked_arn
from .limits import EVENT_TYPE_MAX_LENGTH, MAX_METRICS, METRIC_NAME_MAX_LENGTH
from .permissions import TypePermissions, declare
from .provider import PersonalizeProvider
from .resource import PersonalizeResource

declare(
    TypePermissions(
        "MetricAttribution",
        operations=(
            "CreateMetricAttribution",
            "DescribeMetricAttribution",
            "UpdateMetricAttribution",
            "DeleteMetricAttribution",
        ),
        more_lists=("ListMetricAttributionMetrics",),
        created_in="dataset-group",
        taggable=False,
    )
)

# API reference, MetricAttribute; developer guide, "Creating an Amazon Personalize metric attribution".
_EXPRESSION = re.compile(r"SAMPLECOUNT\(\)|SUM\((?P<dataset>Interactions|Items)\.(?P<column>\w+)\)", re.IGNORECASE)


def summed_column(expression: str) -> tuple[str, str] | None:
    """Dataset type and column that a metric sums; None if it counts events.

    Args:
        expression: of a metric.

    Raises:
        ValueError: it is neither SAMPLECOUNT() nor SUM(Items.COLUMN) or SUM(Interactions.COLUMN).
    """
    found = _EXPRESSION.fullmatch(expression)
    if found is None:
        raise ValueError(
            f"'{expression}' must be SAMPLECOUNT(), or SUM(DATASET.COLUMN) with Items or Interactions as DATASET."
        )
    return (found["dataset"].upper(), found["column"]) if found["dataset"] else None


@dataclass(frozen=True)
class AttributedMetric:
    """What a metric attribution reports on (API: MetricAttribute).

    Attributes:
        metric_name: its name in CloudWatch and in reports, 1 to 256 characters.
        event_type: type of the events that count, 1 to 256 characters.
        expression: SAMPLECOUNT(), or SUM(Items.COLUMN) or SUM(Interactions.COLUMN) with a numeric column.
    """

    metric_name: str
    event_type: str
    expression: str

    def check(self, id: str) -> None:
        """Refuse what the API does not take.

        Args:
            id: construct id, for the message.

        Raises:
            PropsError: the name or the event type is empty or too long, or the expression is not one.
        """
        lengths = {"metric_name": METRIC_NAME_MAX_LENGTH, "event_type": EVENT_TYPE_MAX_LENGTH}
        for prop, most in lengths.items():
            value = getattr(self, prop)
            if not 1 <= len(value) <= most:
                raise PropsError(f"{id}: {prop} of a metric must have 1 to {most} characters, but is '{value}'.")
        try:
            summed_column(self.expression)
        except ValueError as error:
            raise PropsError(f"{id}: expression of the metric '{self.metric_name}': {error}") from None

    def render(self) -> dict[str, str]:
        """As the API takes it."""
        return {"EventType": self.event_type, "MetricName": self.metric_name, "Expression": self.expression}


class IMetricAttribution(IPersonalizeResource, Protocol):
    """A metric attribution, of this app or imported."""

    @property
    def metric_attribution_arn(self) -> str:
        """ARN of the metric attribution."""
        ...


class _MetricAttributionBase(Grantable):
    @property
    def metric_attribution_arn(self) -> str:
        """ARN of the metric attribution."""
        return self._arn


class _ImportedMetricAttribution(ImportedResource, _MetricAttributionBase):
    pass


class MetricAttribution(PersonalizeResource, _MetricAttributionBase):
    """A metric attribution (API: CreateMetricAttribution); a dataset group has one at most. It has no tags.

    Metrics and output change in place. Only data that comes in later is reported on.
    """

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        provider: PersonalizeProvider,
        dataset_group: IDatasetGroup,
        metrics: Sequence[AttributedMetric],
        role: iam.IRole,
        report_location: str | None = None,
        name: str | None = None,
        adopt: bool = False,
        release: bool = False,
        removal_policy: RemovalPolicy | None = None,
    ) -> None:
        """Declare a metric attribution.

        Args:
            scope: parent construct.
            id: construct id.
            provider: carries out the requests.
            dataset_group: the group whose events are counted; its interactions need a column EVENT_TYPE.
            metrics: 1 to 10 metrics, each with a name of its own.
            role: service role with which Personalize puts metrics into CloudWatch and reports into S3
                (ServiceRole.allow_metrics, ServiceRole.allow_write). The permissions have to be there first.
            report_location: s3:// folder for the reports on imports that publish them, at most 256 characters;
                default: metrics go to CloudWatch only.
            name: a fixed name; default: generated.
            adopt: whether to take over the metric attribution of that `name` instead of making one (library.md).
            release: whether to give up what was adopted: it stays, without the tags of this app (library.md).
            removal_policy: RETAIN_ON_UPDATE_OR_DELETE keeps the attribution when the stack is deleted, RETAIN also
                what a failed first deployment has made; default DESTROY.

        Raises:
            PropsError: a metric or the location is not what the API allows, or the group has a metric attribution
                already (developer guide, "Guidelines and requirements for a metric attribution").
        """
        _check(id, metrics, report_location)
        check_parent(id, adopt, dataset_group.dataset_group_arn, "dataset group")
        take_place(dataset_group, "metric attribution", 1, scope, id)
        destination = {"S3DataDestination": {"Path": report_location}} if report_location else {}
        super().__init__(
            scope,
            id,
            provider=provider,
            noun="MetricAttribution",
            name=name,
            adopt=adopt,
            release=release,
            removal_policy=removal_policy,
            properties={
                "DatasetGroupArn": dataset_group.dataset_group_arn,
                "Metrics": [each.render() for each in metrics],
                "MetricsOutputConfig": {"RoleArn": role.role_arn, **destination},
            },
        )
        provider.allow_pass_role(role)
        self.custom_resource.node.add_dependency(role)
        # The service checks the columns, and deletes no dataset that an attribution references.
        self.node.add_dependency(dataset_group.contents.datasets)

    @staticmethod
    def from_metric_attribution_arn(scope: Construct, id: str, metric_attribution_arn: str) -> IMetricAttribution:
        """Use a metric attribution that exists already.

        Args:
            scope: parent construct.
            id: construct id.
            metric_attribution_arn: its ARN.

        Raises:
            PropsError: it is not such an ARN.
        """
        arn = checked_arn("metric_attribution_arn", metric_attribution_arn, "metric-attribution")
        return _ImportedMetricAttribution(scope, id, arn)


def _check(id: str, metrics: Sequence[AttributedMetric], report_location: str | None) -> None:
    if not 1 <= len(metrics) <= MAX_METRICS:
        raise PropsError(f"{id}: metrics must be 1 to {MAX_METRICS}, but are {len(metrics)}.")
    for each in metrics:
        each.check(id)
    names = [each.metric_name for each in metrics]
    twice = sorted({name for name in names if names.count(name) > 1})
    if twice:
        raise PropsError(f"{id}: metrics has '{twice[0]}' twice. Give each metric a name of its own.")
    if report_location is not None:
        check_location(id, "report_location", report_location)
