"""The parts of SNS, CloudWatch and CloudFormation that our functions and machines call."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from tools.emulator import NAMESPACE, Datum

from .answers import Refusal
from .cloudformation import CloudFormation
from .stacks import Stack
from .time import VirtualTime


@dataclass(frozen=True)
class Message:
    """What was published to a topic, and when."""

    at: float
    topic_arn: str
    subject: str
    text: str


class Topics:
    """SNS.

    Attributes:
        messages: all that have been published, in order.
    """

    def __init__(self, time: VirtualTime) -> None:
        """Begin without messages."""
        self.messages: list[Message] = []
        self._time = time

    def publish(self, **members: Any) -> dict[str, Any]:
        """Keep a message."""
        message = Message(self._time.time(), members["TopicArn"], members.get("Subject", ""), members["Message"])
        self.messages.append(message)
        return {"MessageId": f"{len(self.messages):08d}"}


_Series = tuple[str, str, tuple[tuple[str, str], ...]]


@dataclass(frozen=True)
class Point:
    """A value of a metric, and when it was measured."""

    at: float
    value: float


class Metrics:
    """CloudWatch's metrics, of the service and of our own."""

    def __init__(self, time: VirtualTime) -> None:
        """Begin without any."""
        self._time = time
        self._points: dict[_Series, list[Point]] = defaultdict(list)

    def of(self, namespace: str, name: str, **dimensions: str) -> list[Point]:
        """The values of a metric, in order."""
        return list(self._points.get((namespace, name, tuple(sorted(dimensions.items()))), []))

    def put(self, region: str, datum: Datum) -> None:
        """Take what the service has measured."""
        series = NAMESPACE, datum.name, tuple(sorted(datum.dimensions.items()))
        self._points[series].append(Point(datum.at, datum.value))

    # -- the API ---------------------------------------------------------------------------------------------

    def put_metric_data(self, **members: Any) -> dict[str, Any]:
        """Take values of our own."""
        for each in members["MetricData"]:
            at = each["Timestamp"].timestamp() if "Timestamp" in each else self._time.time()
            self._points[_series(members["Namespace"], each)].append(Point(at, float(each["Value"])))
        return {}

    def get_metric_statistics(self, **members: Any) -> dict[str, Any]:
        """Sum up a metric by periods, in the statistics that are asked for."""
        periods = self._periods(_series(members["Namespace"], members), members, members["Period"])
        points = [
            {
                "Timestamp": datetime.fromtimestamp(begin, UTC),
                **{name: _statistic(name, values) for name in members["Statistics"]},
            }
            for begin, values in periods
        ]
        return {"Label": members["MetricName"], "Datapoints": points}

    def get_metric_data(self, **members: Any) -> dict[str, Any]:
        """Sum up several metrics by periods."""
        return {"MetricDataResults": [self._result(query, members) for query in members["MetricDataQueries"]]}

    def _result(self, query: Mapping[str, Any], members: Mapping[str, Any]) -> dict[str, Any]:
        if "MetricStat" not in query:
            raise NotImplementedError("metric math")
        stat = query["MetricStat"]
        series = _series(stat["Metric"]["Namespace"], stat["Metric"])
        periods = list(self._periods(series, members, stat["Period"]))[::-1]
        return {
            "Id": query["Id"],
            "StatusCode": "Complete",
            "Timestamps": [datetime.fromtimestamp(begin, UTC) for begin, _ in periods],
            "Values": [_statistic(stat["Stat"], values) for _, values in periods],
        }

    def _periods(self, series: _Series, members: Mapping[str, Any], period: int) -> Iterator[tuple[float, list[float]]]:
        begin, end = members["StartTime"].timestamp(), members["EndTime"].timestamp()
        found = defaultdict[float, list[float]](list)
        for point in self._points.get(series, []):
            if begin <= point.at < end:
                found[point.at // period * period].append(point.value)
        yield from sorted(found.items())


def _series(namespace: str, metric: Mapping[str, Any]) -> _Series:
    dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions", ())}
    return namespace, metric["MetricName"], tuple(sorted(dimensions.items()))


def _statistic(name: str, values: list[float]) -> float:
    match name:
        case "Sum":
            return sum(values)
        case "Average":
            return sum(values) / len(values)
        case "Maximum":
            return max(values)
        case "Minimum":
            return min(values)
        case "SampleCount":
            return float(len(values))
    raise NotImplementedError(f"the statistic {name}")


class StacksApi:
    """CloudFormation as it is asked about its stacks."""

    def __init__(self, cloudformation: CloudFormation) -> None:
        """Ask these stacks."""
        self._cloudformation = cloudformation

    def describe_stacks(self, **members: Any) -> dict[str, Any]:
        """Describe a stack, or all."""
        name = members.get("StackName")
        stacks = self._cloudformation.stacks
        found = [each for each in stacks.values() if name in (None, each.name, each.stack_id)]
        if name and not found:
            raise Refusal("ValidationError", f"Stack with id {name} does not exist")
        return {"Stacks": [_described(each) for each in found]}

    def describe_stack_resources(self, **members: Any) -> dict[str, Any]:
        """Say which stack has the resource of a physical id; what it has left behind is nobody's here."""
        physical_id = members["PhysicalResourceId"]
        found = self._cloudformation.holder(physical_id)
        if found is None:
            raise Refusal("ValidationError", f"Stack for {physical_id} does not exist")
        return {
            "StackResources": [
                {
                    "StackId": found.stack_id,
                    "LogicalResourceId": found.logical_id,
                    "PhysicalResourceId": physical_id,
                    "ResourceType": found.type,
                    "ResourceStatus": "CREATE_COMPLETE",
                }
            ]
        }

    def list_stack_resources(self, **members: Any) -> dict[str, Any]:
        """List what a stack has made."""
        stack = self._stack(members["StackName"])
        return {
            "StackResourceSummaries": [
                {
                    "LogicalResourceId": logical_id,
                    "PhysicalResourceId": each.physical_id,
                    "ResourceType": each.type,
                    "ResourceStatus": "CREATE_COMPLETE",
                    "LastUpdatedTimestamp": _moment(stack.began),
                }
                for logical_id, each in stack.resources.items()
            ]
        }

    def get_template(self, **members: Any) -> dict[str, Any]:
        """The template that a stack was deployed with last."""
        return {"TemplateBody": dict(self._stack(members["StackName"]).template)}

    def _stack(self, name: str) -> Stack:
        if name not in self._cloudformation.stacks:
            raise Refusal("ValidationError", f"Stack with id {name} does not exist")
        return self._cloudformation.stacks[name]


def _described(stack: Stack) -> dict[str, Any]:
    return {
        "StackName": stack.name,
        "StackId": stack.stack_id,
        "StackStatus": stack.status,
        "CreationTime": _moment(stack.created),
        "LastUpdatedTime": _moment(stack.began),
        "Outputs": [{"OutputKey": key, "OutputValue": value} for key, value in stack.outputs.items()],
        "Parameters": [{"ParameterKey": key, "ResolvedValue": value} for key, value in stack.parameters.items()],
    }


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
