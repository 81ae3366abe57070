"""The dashboard is one that CloudWatch takes, and draws only what somebody measures."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from stacks.personalize import limits
from tests.stacks.operations.support.dashboards import COLUMNS, Body, drawn, mistakes
from tests.stacks.operations.support.resolved import of_type
from tests.support.synthesized import Templates
from tools.emulator import cloudwatch as measured

# What the function `observe` and refreshes put, with the names of the dimensions.
OWN = {
    ("RefreshAgeHours", ()),
    ("DataAgeHours", ("DatasetType",)),
    ("VersionAgeHours", ("Campaign",)),
    *(
        (name, (kind,))
        for name in ("ProvisionedRequestsPerSecond", "CostPerHour")
        for kind in ("Recommender", "Campaign")
    ),
    *((metric, (kind,)) for metric in limits.RANKING_METRICS for kind in ("Solution", "Recommender")),
}
# Step Functions developer guide, "Monitoring Step Functions metrics using Amazon CloudWatch", of each state machine.
STATES = {f"Executions{end}" for end in ("Succeeded", "Failed", "TimedOut", "Aborted")}


@pytest.fixture(scope="module")
def body(prod: Templates) -> Body:
    (dashboard,) = of_type(prod["operations"], "AWS::CloudWatch::Dashboard").values()
    assert dashboard["DashboardName"] == "vod-prod"
    parsed = json.loads(dashboard["DashboardBody"])
    assert isinstance(parsed, dict)
    return parsed


def graphs(body: Body, title: str) -> list[dict[str, Any]]:
    return [each["properties"] for each in body["widgets"] if title in each["properties"]["title"]]


def test_cloudwatch_takes_it(body: Body) -> None:
    assert list(mistakes(body)) == []
    assert max(each["x"] + each["width"] for each in body["widgets"]) == COLUMNS


@pytest.mark.parametrize(
    ("change", "says"),
    [
        (lambda w: w["properties"].pop("region"), "has the properties"),
        (lambda w: w.update(width=20), "is not on the grid"),
        (lambda w: w.update(x=w["x"] - 1), "is drawn over"),
        (lambda w: w["properties"]["metrics"][0].insert(2, "RecommenderArn"), "not namespace, name, and pairs"),
        (lambda w: w["properties"]["metrics"][0][-1].update(stat="sum"), "has the statistic"),
        (lambda w: w["properties"].update(stacking=True), "has the properties"),
    ],
)
def test_a_mistake_is_seen(body: Body, change: Any, says: str) -> None:
    wrong = copy.deepcopy(body)
    change(next(each for each in wrong["widgets"] if each["type"] == "metric" and each["x"]))
    assert any(says in each for each in mistakes(wrong)), list(mistakes(wrong))


def is_measured(namespace: str, name: str, dimensions: tuple[str, ...]) -> bool:
    """Whether the service (as the emulator does it), Step Functions or this app puts such a metric."""
    if namespace == "AWS/Personalize":
        return name in service_metrics()
    if namespace == "AWS/States":
        return name in STATES and dimensions == ("StateMachineArn",)
    return namespace == "vod/prod" and (name, dimensions) in OWN


def service_metrics() -> set[str]:
    requests = measured._REQUESTS.values()
    return {name for each in requests for name in (each.count, each.client_errors, each.server_errors, each.latency)}


def test_it_draws_only_what_somebody_measures(body: Body) -> None:
    found = drawn(body)
    assert {namespace for namespace, _, _ in found} == {"AWS/Personalize", "AWS/States", "vod/prod"}
    assert [each for each in found if not is_measured(*each)] == []


def test_it_draws_everything_that_serves(body: Body, prod: Templates) -> None:
    for name in ("Recommender more_like_x", "Recommender top_picks", "Campaign rerank"):
        assert len(graphs(body, name)) == 3
    (status,) = (each for each in body["widgets"] if each["type"] == "alarm")
    alarms = of_type(prod["operations"], "AWS::CloudWatch::Alarm")
    assert set(status["properties"]["alarms"]) == {f"<{each}.Arn>" for each in alarms}


def test_the_minimums_of_the_gate_are_lines(body: Body) -> None:
    (graph,) = graphs(body, "Ranking")
    assert graph["annotations"]["horizontal"] == [{"value": 0.1, "label": "least coverage", "yAxis": "left"}]
    assert {each[1] for each in graph["metrics"]} == set(limits.RANKING_METRICS)
