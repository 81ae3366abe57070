"""The alarms: what each watches, from when it rings, and that it says what to do."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from stacks.operations import prices
from stacks.settings_schedules import most_hours_between
from tests.stacks.operations.support.resolved import of_type
from tests.support.synthesized import Templates
from tools.aws.alarm import evaluate
from tools.review.money import load_table

HOUR, WEEK = 3600, 7 * 24 * 3600
SERVED = ("more_like_x", "top_picks", "rerank")
OF_EACH = ("server-errors", "client-errors", "latency", "throughput-high", "throughput-low", "idle")
OTHERS = ("refresh-failed", "refresh-overdue", "interactions-data-age", "undelivered")


@pytest.fixture(scope="module")
def alarms(prod: Templates) -> dict[str, dict[str, Any]]:
    """By the part of the name after the environment's."""
    found = of_type(prod["operations"], "AWS::CloudWatch::Alarm").values()
    return {each["AlarmName"].removeprefix("vod-prod_"): each for each in found}


def test_everything_is_watched(alarms: dict[str, dict[str, Any]]) -> None:
    assert alarms.keys() == {*(f"{name}-{what}" for name in SERVED for what in OF_EACH), *OTHERS}


def queries(alarm: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {each["Id"]: each for each in alarm["Metrics"]}


def plain(alarm: dict[str, Any]) -> tuple[str, str, dict[str, str]]:
    dimensions = {each["Name"]: each["Value"] for each in alarm.get("Dimensions", [])}
    return alarm["Namespace"], alarm["MetricName"], dimensions


@pytest.mark.parametrize(
    ("name", "operation"), [("top_picks", "GetRecommendations"), ("rerank", "GetPersonalizedRanking")]
)
def test_errors_are_a_share_of_all_requests(alarms: dict[str, Any], name: str, operation: str) -> None:
    for what, metric, threshold in (("server-errors", "5xxErrors", 1), ("client-errors", "4xxErrors", 5)):
        alarm = alarms[f"{name}-{what}"]
        used = queries(alarm)
        assert used["expr_1"]["Expression"] == "100 * errors / (errors + requests)"
        assert used["errors"]["MetricStat"]["Metric"]["MetricName"] == f"{operation}{metric}"
        assert used["requests"]["MetricStat"]["Metric"]["MetricName"] == operation
        assert {used[each]["MetricStat"]["Stat"] for each in ("errors", "requests")} == {"Sum"}
        assert [each for each in used.values() if each.get("ReturnData", True)] == [used["expr_1"]]
        assert (alarm["Threshold"], alarm["EvaluationPeriods"]) == (threshold, 3)
        assert alarm["ComparisonOperator"] == "GreaterThanThreshold"


def test_throughput_follows_what_is_provisioned_at_the_time(alarms: dict[str, Any]) -> None:
    """So that neither a schedule nor somebody's hand makes it ring."""
    high, low = alarms["rerank-throughput-high"], alarms["rerank-throughput-low"]
    for alarm in (high, low):
        provisioned = queries(alarm)["provisioned"]["MetricStat"]
        assert provisioned["Metric"]["MetricName"] == "ProvisionedRequestsPerSecond"
        assert provisioned["Metric"]["Dimensions"] == [{"Name": "Campaign", "Value": "rerank"}]
        assert provisioned["Period"] == queries(alarm)["requests"]["MetricStat"]["Period"] == HOUR
    assert (high["Threshold"], high["EvaluationPeriods"], high["ComparisonOperator"]) == (90, 3, "GreaterThanThreshold")
    assert (low["Threshold"], low["EvaluationPeriods"], low["ComparisonOperator"]) == (10, 24, "LessThanThreshold")


@pytest.mark.parametrize(
    ("name", "metric", "dimensions", "threshold"),
    [
        ("top_picks-idle", "IdleDays", {"Recommender": "top_picks"}, 7),
        ("rerank-idle", "IdleDays", {"Campaign": "rerank"}, 7),
        ("refresh-failed", "RefreshFailed", {}, 0),
        ("refresh-overdue", "RefreshAgeHours", {}, 24 + 2 + 9),
        ("interactions-data-age", "DataAgeHours", {"DatasetType": "INTERACTIONS"}, 192),
    ],
)
def test_ages_keep_their_last_value_between_two_looks(
    alarms: dict[str, Any], name: str, metric: str, dimensions: dict[str, str], threshold: float
) -> None:
    alarm = alarms[name]
    assert plain(alarm) == ("vod/prod", metric, dimensions)
    assert (alarm["Threshold"], alarm["EvaluationPeriods"], alarm["Statistic"]) == (threshold, 1, "Maximum")
    assert alarm["TreatMissingData"] == "ignore"


def test_what_nobody_asks_is_not_wrong(alarms: dict[str, Any]) -> None:
    for name in SERVED:
        for what in OF_EACH[:-1]:
            assert alarms[f"{name}-{what}"]["TreatMissingData"] == "notBreaching"


def test_each_says_what_to_do_and_tells_when_it_rings(alarms: dict[str, Any], prod: Templates) -> None:
    (topic,) = (f"<{key}>" for key in of_type(prod["operations"], "AWS::SNS::Topic"))
    for name, alarm in alarms.items():
        assert 80 < len(alarm["AlarmDescription"]) <= 1024, name
        # A failed refresh is mailed by the function that tells, which knows the step and the reason.
        told = [] if name == "refresh-failed" else [topic]
        assert alarm.get("AlarmActions", []) == told, name
        # Each new alarm becomes OK: a first deployment would send a mail for every one of them.
        assert "OKActions" not in alarm, name


def test_no_alarm_looks_back_further_than_cloudwatch_lets_it(alarms: dict[str, Any]) -> None:
    """API reference of Amazon CloudWatch, PutMetricAlarm: a day, or 7 days with periods of an hour or longer."""
    for name, alarm in alarms.items():
        periods = (
            [alarm["Period"]]
            if "Period" in alarm
            else [each["MetricStat"]["Period"] for each in alarm["Metrics"] if "MetricStat" in each]
        )
        assert len(set(periods)) == 1
        looked_back = alarm["EvaluationPeriods"] * periods[0]
        assert looked_back <= (WEEK if periods[0] >= HOUR else 24 * HOUR), name


def test_idleness_says_what_it_costs(alarms: dict[str, Any]) -> None:
    assert "about 274 USD a month" in alarms["top_picks-idle"]["AlarmDescription"]
    assert "about 394 USD a month" in alarms["rerank-idle"]["AlarmDescription"]


def test_prices_are_those_of_the_review() -> None:
    """Write the new ones into stacks/operations/prices.py where they differ."""
    table = load_table().prices
    assert table.recommender.amount == prices.RECOMMENDER_HOUR
    assert table.recommender_included.amount == prices.RECOMMENDER_INCLUDED_REQUESTS
    assert table.recommender_requests.amount == prices.RECOMMENDER_REQUESTS
    assert table.v2_requests.amount == prices.V2_REQUESTS
    assert table.other_requests.amount == prices.OTHER_REQUESTS


@pytest.mark.parametrize(
    ("expression", "hours"),
    [
        ("rate(6 hours)", 6),
        ("rate(90 minutes)", 2),
        ("rate(2 days)", 48),
        ("cron(0 4 * * ? *)", 24),
        ("cron(0 */4 * * ? *)", 24),
        ("cron(0 5 ? * SUN *)", 168),
        ("cron(0 5 ? * MON-FRI *)", 168),
        ("cron(0 5 1 * ? *)", 744),
        ("cron(0 5 1 1 ? *)", 8784),
    ],
)
def test_how_long_a_schedule_may_pause(expression: str, hours: int) -> None:
    assert most_hours_between(expression) == hours


# -- each rings, and is over ---------------------------------------------------------------------------------------

# By what an alarm is about: values with which it rings, and values just good enough.
RINGS: Mapping[str, tuple[Mapping[str, float], Mapping[str, float]]] = {
    "server-errors": ({"": 98, "5xxErrors": 2}, {"": 99, "5xxErrors": 1}),
    "client-errors": ({"": 94, "4xxErrors": 6}, {"": 95, "4xxErrors": 5}),
    "latency": ({"Latency": 501}, {"Latency": 500}),
    "throughput-high": (
        {"": 3600 * 9.1, "ProvisionedRequestsPerSecond": 10},
        {"": 3600 * 9, "ProvisionedRequestsPerSecond": 10},
    ),
    "throughput-low": (
        {"": 3600 * 0.9, "ProvisionedRequestsPerSecond": 10},
        {"": 3600, "ProvisionedRequestsPerSecond": 10},
    ),
    "idle": ({"IdleDays": 7.1}, {"IdleDays": 7}),
    "refresh-failed": ({"RefreshFailed": 1}, {"RefreshFailed": 0}),
    "refresh-overdue": ({"RefreshAgeHours": 35.1}, {"RefreshAgeHours": 35}),
    "data-age": ({"DataAgeHours": 193}, {"DataAgeHours": 192}),
    "undelivered": ({"ApproximateNumberOfMessagesVisible": 1}, {"ApproximateNumberOfMessagesVisible": 0}),
}
NOON = 1_700_000_000.0 // 86400 * 86400 + 43200
ALL = (*(f"{name}-{what}" for name in SERVED for what in OF_EACH), *OTHERS)


def state(alarm: Mapping[str, Any], values: Mapping[str, float], since: float = 0.0) -> str | None:
    """State of an alarm at noon; None if it stays as it is.

    Args:
        alarm: as the template has it.
        values: of metrics, by the end of their names; the operation itself is "".
        since: until then nothing was measured, in seconds since the epoch.
    """

    def statistic(
        namespace: str, metric: str, dimensions: Mapping[str, str], name: str, start: float, end: float
    ) -> float | None:
        operation = next((each for each in ("GetRecommendations", "GetPersonalizedRanking") if each in metric), "")
        return values.get(metric.removeprefix(operation)) if start >= since else None

    found = evaluate(alarm, statistic, NOON)
    return found.value if found else None


@pytest.mark.parametrize("name", ALL)
def test_each_rings_and_is_over(alarms: dict[str, Any], name: str) -> None:
    wrong, right = next(values for what, values in RINGS.items() if name.endswith(what))
    assert state(alarms[name], wrong) == "ALARM"
    assert state(alarms[name], right) == "OK"


@pytest.mark.parametrize("name", [name for name in ALL if not name.endswith(("idle", "age", "failed", "overdue"))])
def test_nothing_measured_is_nothing_wrong(alarms: dict[str, Any], name: str) -> None:
    assert state(alarms[name], {}) == "OK"


@pytest.mark.parametrize("name", [name for name in ALL if name.endswith(("idle", "age", "failed", "overdue"))])
def test_between_two_looks_it_stays_as_it_is(alarms: dict[str, Any], name: str) -> None:
    assert state(alarms[name], {}) is None


@pytest.mark.parametrize("what", ["server-errors", "client-errors", "latency"])
def test_five_bad_minutes_ring_nothing(alarms: dict[str, Any], what: str) -> None:
    wrong, _ = RINGS[what]
    assert state(alarms[f"top_picks-{what}"], wrong, since=NOON - 600) == "OK"
    assert state(alarms[f"top_picks-{what}"], wrong, since=NOON - 900) == "ALARM"


def test_what_is_stopped_or_cannot_be_lowered_is_not_too_large(alarms: dict[str, Any]) -> None:
    for provisioned in (0, 1):
        assert state(alarms["top_picks-throughput-low"], {"ProvisionedRequestsPerSecond": provisioned}) == "OK"
    assert state(alarms["top_picks-throughput-low"], {"ProvisionedRequestsPerSecond": 2}) == "ALARM"
