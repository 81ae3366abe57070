"""Clients of boto3 whose calls are checked by botocore's model and answered in this process."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

import boto3

from tools.simulation.cloud import REGION

Answer = Callable[[dict[str, Any]], dict[str, Any]]


def client(service: str, answers: Mapping[str, Answer]) -> Any:
    """A client of which these operations are answered by functions of the call's members; others fail."""
    made = boto3.client(service, region_name=REGION, aws_access_key_id="any", aws_secret_access_key="any")
    name = made.meta.service_model.service_id.hyphenize()

    def keep(params: dict[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["asked"] = params

    def respond(model: Any, context: dict[str, Any], **_: Any) -> tuple[Any, dict[str, Any]]:
        return Response(), answers[model.name](context["asked"])

    made.meta.events.register(f"before-parameter-build.{name}", keep)
    made.meta.events.register(f"before-call.{name}", respond)
    return made


class Response:
    """An answer that succeeded."""

    status_code = 200
    headers: Mapping[str, str] = {}


class ParameterStore:
    """Parameters of Systems Manager.

    Attributes:
        values: by name.
        written: names in the order in which they were written.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.values: dict[str, str] = {}
        self.written: list[str] = []
        self.client = client("ssm", {"GetParameters": self._get, "PutParameter": self._put})

    def _get(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert len(asked["Names"]) <= 10
        return {
            "Parameters": [{"Name": name, "Value": self.values[name]} for name in asked["Names"] if name in self.values]
        }

    def _put(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["Overwrite"]
        self.values[asked["Name"]] = asked["Value"]
        self.written.append(asked["Name"])
        return {"Version": 1}


class CloudWatch:
    """Metrics.

    Attributes:
        latest: the last value by namespace, name and dimensions, such as `vod/dev CostPerHour Recommender=top_picks`.
        times: when the last value was measured.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.latest: dict[str, float] = {}
        self.times: set[datetime] = set()
        self._hours: dict[str, list[tuple[datetime, float]]] = defaultdict(list)
        self.client = client("cloudwatch", {"PutMetricData": self._put, "GetMetricStatistics": self._get_statistics})

    def add_hour(self, metric: str, arn: str, at: datetime, requests: float) -> None:
        """Let the service count requests of an hour."""
        self._hours[f"{metric} {arn}"].append((at, requests))

    def _put(self, asked: dict[str, Any]) -> dict[str, Any]:
        for each in asked["MetricData"]:
            dimensions = ",".join(f"{one['Name']}={one['Value']}" for one in each["Dimensions"])
            self.latest[f"{asked['Namespace']} {each['MetricName']} {dimensions}".strip()] = each["Value"]
            self.times.add(each["Timestamp"])
        return {}

    def _get_statistics(self, asked: dict[str, Any]) -> dict[str, Any]:
        # CloudWatch answers at most 1,440 values.
        assert (asked["EndTime"] - asked["StartTime"]).total_seconds() / asked["Period"] <= 1440
        (dimension,) = asked["Dimensions"]
        found = self._hours[f"{asked['MetricName']} {dimension['Value']}"]
        return {
            "Datapoints": [
                {"Timestamp": at, "Sum": requests}
                for at, requests in found
                if asked["StartTime"] <= at <= asked["EndTime"]
            ]
        }


class StepFunctions:
    """A state machine and its executions.

    Attributes:
        executions: status and end of each, the most recent first; without an end, it is running.
        history: what GetExecutionHistory answers, the last event first; two events to a page.
    """

    def __init__(self, created: datetime | None) -> None:
        """A machine that was created then, and has not run yet."""
        self.executions: list[tuple[str, datetime | None]] = []
        self.history: list[dict[str, Any]] = []
        answers: Mapping[str, Answer] = {
            "ListExecutions": self._list,
            "DescribeStateMachine": lambda _: {"creationDate": created},
            "GetExecutionHistory": self._history,
        }
        self.client = client("stepfunctions", answers)

    def _history(self, asked: dict[str, Any]) -> dict[str, Any]:
        assert asked["reverseOrder"]
        start = int(asked.get("nextToken", 0))
        more = {"nextToken": str(start + 2)} if start + 2 < len(self.history) else {}
        return {"events": self.history[start : start + 2], **more}

    def _list(self, asked: dict[str, Any]) -> dict[str, Any]:
        wanted = asked.get("statusFilter")
        found = [
            {"executionArn": f"execution-{number}", "status": status, **({"stopDate": end} if end else {})}
            for number, (status, end) in enumerate(self.executions)
            if wanted in (None, status)
        ]
        return {"executions": found[: asked["maxResults"]]}


class Recorder:
    """Calls that only tell something: what was published, and what events were put.

    Attributes:
        mails: subject and text of each.
        events: detail type and detail of each.
    """

    def __init__(self) -> None:
        """Begin with none."""
        self.mails: list[tuple[str, str]] = []
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.sns = client("sns", {"Publish": self._publish})
        self.eventbridge = client("events", {"PutEvents": self._put})

    def _publish(self, asked: dict[str, Any]) -> dict[str, Any]:
        # API reference, Publish.
        subject = asked["Subject"]
        assert len(subject) <= 100
        assert subject.isascii()
        assert subject.isprintable()
        self.mails.append((subject, asked["Message"]))
        return {"MessageId": "1"}

    def _put(self, asked: dict[str, Any]) -> dict[str, Any]:
        for each in asked["Entries"]:
            assert each["Source"] == "personalize.operations"
            self.events.append((each["DetailType"], json.loads(each["Detail"])))
        return {"FailedEntryCount": 0}
