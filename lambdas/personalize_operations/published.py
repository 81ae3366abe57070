"""What functions publish: metrics in CloudWatch, parameters in Systems Manager."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

# API reference: PutMetricData takes 1,000 values, GetParameters 10 names.
_MOST_VALUES = 1000
_MOST_NAMES = 10


@dataclass(frozen=True)
class Value:
    """A value of a metric.

    Attributes:
        name: of the metric.
        value: the value; all are numbers without a unit of CloudWatch's.
        dimensions: by their names.
    """

    name: str
    value: float
    dimensions: Mapping[str, str]


def put_values(cloudwatch: Any, namespace: str, values: Sequence[Value], now: float) -> None:
    """Put values of metrics.

    Args:
        cloudwatch: a boto3 `cloudwatch` client.
        namespace: of the metrics.
        values: what to put.
        now: when they were measured, in seconds since the epoch.
    """
    data = [
        {
            "MetricName": each.name,
            "Value": each.value,
            "Timestamp": datetime.fromtimestamp(now, UTC),
            "Dimensions": [{"Name": name, "Value": value} for name, value in each.dimensions.items()],
        }
        for each in values
    ]
    for start in range(0, len(data), _MOST_VALUES):
        cloudwatch.put_metric_data(Namespace=namespace, MetricData=data[start : start + _MOST_VALUES])


class Parameters:
    """Values of parameters that the template has declared.

    Attributes:
        values: by name, below the path.
    """

    def __init__(self, path: str) -> None:
        """Begin with none.

        Args:
            path: beginning of the names, such as `/vod/dev`.
        """
        self.values: dict[str, str] = {}
        self._path = path

    def put(self, ssm: Any) -> None:
        """Write those that have changed: each writing is an event, and a version of the parameter.

        Args:
            ssm: a boto3 `ssm` client.
        """
        wanted = {f"{self._path}/{name}": value for name, value in self.values.items()}
        known: dict[str, str] = {}
        for start in range(0, len(wanted), _MOST_NAMES):
            answer = ssm.get_parameters(Names=list(wanted)[start : start + _MOST_NAMES])
            known |= {each["Name"]: each["Value"] for each in answer["Parameters"]}
        for name, value in wanted.items():
            if known.get(name) != value:
                ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True)
