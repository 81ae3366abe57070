"""The states of alarms: the tables of CloudWatch's user guide on missing data, and its rules of metric math."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pytest

from tools.aws.alarm import ExpressionError, State, evaluate

NOW = 1_000_000 * 60.0
TREATMENTS = ("missing", "ignore", "breaching", "notBreaching")
# Datapoints, the newest last: 0 does not breach, X breaches, - is missing. Then the state by how missing data are
# treated, in the order of TREATMENTS; None: as it was.
THREE_OF_THREE = [
    ("0-X-X", ("OK", "OK", "OK", "OK")),
    ("0----", ("OK", "OK", "OK", "OK")),
    ("-----", ("INSUFFICIENT_DATA", None, "ALARM", "OK")),
    ("0XX-X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("--X--", ("ALARM", None, "ALARM", "OK")),
]
TWO_OF_THREE = [
    ("0-X-X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("00X0X", ("ALARM", "ALARM", "ALARM", "ALARM")),
    ("0-X--", ("OK", "OK", "ALARM", "OK")),
    ("----0", ("OK", "OK", "ALARM", "OK")),
    ("---X-", ("ALARM", None, "ALARM", "OK")),
]
# "The alarm does not go immediately into ALARM state."
PREMATURE = [("----X", (None, None, "ALARM", "OK")), ("---X-", (None, None, "ALARM", "OK"))]
ALARM = {
    "Namespace": "vod/dev",
    "MetricName": "Errors",
    "Dimensions": [{"Name": "Recommender", "Value": "top_picks"}],
    "Statistic": "Sum",
    "Period": 300,
    "EvaluationPeriods": 1,
    "Threshold": 10,
    "ComparisonOperator": "GreaterThanThreshold",
}


class Measured:
    """Values of metrics by name and by the number of minutes that they are old; it knows one dimension."""

    def __init__(self, **metrics: Mapping[int, float]) -> None:
        self.metrics = metrics
        self.asked: list[tuple[str, Mapping[str, str], str]] = []

    def __call__(
        self, namespace: str, name: str, dimensions: Mapping[str, str], statistic: str, start: float, end: float
    ) -> float | None:
        self.asked.append((namespace, dimensions, statistic))
        ages = self.metrics[name]
        values = [value for age, value in ages.items() if start <= NOW - age * 60 < end]
        return sum(values) if values else None


def state(alarm: Mapping[str, Any], now: float = NOW, **metrics: Mapping[int, float]) -> str | None:
    found = evaluate(alarm, Measured(**metrics), now)
    return found and found.value


def drawn(points: str) -> dict[int, float]:
    """Datapoints of five minutes each, each in the middle of its period."""
    ages = range(5 * len(points) - 2, 0, -5)
    return {age: 20.0 * (point == "X") for age, point in zip(ages, points, strict=True) if point != "-"}


@pytest.mark.parametrize(("points", "expected"), THREE_OF_THREE + PREMATURE)
def test_three_of_three_datapoints(points: str, expected: tuple[str | None, ...]) -> None:
    alarms = [ALARM | {"EvaluationPeriods": 3, "TreatMissingData": treatment} for treatment in TREATMENTS]
    assert tuple(state(alarm, Errors=drawn(points)) for alarm in alarms) == expected


@pytest.mark.parametrize(("points", "expected"), TWO_OF_THREE)
def test_two_of_three_datapoints(points: str, expected: tuple[str | None, ...]) -> None:
    alarm = ALARM | {"EvaluationPeriods": 3, "DatapointsToAlarm": 2}
    found = [state(alarm | {"TreatMissingData": treatment}, Errors=drawn(points)) for treatment in TREATMENTS]
    assert tuple(found) == expected


def test_missing_is_the_default() -> None:
    assert state(ALARM, Errors={}) == "INSUFFICIENT_DATA"


@pytest.mark.parametrize(
    ("comparison", "expected"),
    [
        ("GreaterThanThreshold", ["OK", "OK", "ALARM"]),
        ("GreaterThanOrEqualToThreshold", ["OK", "ALARM", "ALARM"]),
        ("LessThanThreshold", ["ALARM", "OK", "OK"]),
        ("LessThanOrEqualToThreshold", ["ALARM", "ALARM", "OK"]),
    ],
)
def test_comparisons(comparison: str, expected: list[str]) -> None:
    alarm = ALARM | {"ComparisonOperator": comparison}
    assert [state(alarm, Errors={2: value}) for value in (9, 10, 11)] == expected


def test_a_metric_is_asked_for_by_its_dimensions_and_statistic() -> None:
    measured = Measured(Errors={2: 1})
    evaluate(ALARM, measured, NOW)
    assert set(map(str, measured.asked)) == {str(("vod/dev", {"Recommender": "top_picks"}, "Sum"))}
    percentile = {name: value for name, value in ALARM.items() if name != "Statistic"} | {"ExtendedStatistic": "p99"}
    measured = Measured(Errors={2: 1})
    evaluate(percentile, measured, NOW)
    assert {statistic for *_, statistic in measured.asked} == {"p99"}


def test_what_is_measured_counts_from_the_next_minute_on() -> None:
    alarm = ALARM | {"TreatMissingData": "notBreaching"}
    assert state(alarm, now=NOW + 59, Errors={0: 20}) == "OK"
    assert state(alarm, now=NOW + 60, Errors={0: 20}) == "ALARM"


def test_an_alarm_over_more_than_a_day_looks_at_whole_hours() -> None:
    """The guide's example: what happens at 10:02 is seen at 11:03, not at 10:03."""
    hour = NOW // 3600 * 3600
    happened = {(NOW - hour) / 60 - 2: 20.0}
    alarm = ALARM | {
        "Period": 86400,
        "EvaluationPeriods": 3,
        "DatapointsToAlarm": 1,
        "TreatMissingData": "notBreaching",
    }
    assert state(alarm, now=hour + 180, Errors=happened) == "OK"  # type: ignore[arg-type]
    assert state(alarm, now=hour + 3780, Errors=happened) == "ALARM"  # type: ignore[arg-type]


def test_the_reason_has_the_datapoints_and_the_threshold() -> None:
    found = evaluate(ALARM, Measured(Errors={2: 20}), NOW)
    reason = "Threshold Crossed: 1 datapoints [20] was greater than the threshold (10)."
    data = {"version": "1.0", "period": 300, "recentDatapoints": [20], "threshold": 10.0}
    assert found == State("ALARM", reason, data)
    fine = evaluate(ALARM | {"TreatMissingData": "notBreaching"}, Measured(Errors={}), NOW)
    assert fine is not None
    assert fine.reason == "No datapoints were received for 1 periods, which are treated as [notBreaching]."


def percent(expression: str, **metrics: Mapping[int, float]) -> str | None:
    """The state of an alarm above 10 that has metric math in place of a metric."""
    metric = {"Namespace": "AWS/Personalize", "Dimensions": ALARM["Dimensions"]}
    queries = [
        {
            "Id": name.lower(),
            "MetricStat": {"Metric": metric | {"MetricName": name}, "Period": 300, "Stat": "Sum"},
            "ReturnData": False,
        }
        for name in metrics
    ]
    own = ("Namespace", "MetricName", "Dimensions", "Statistic", "Period")
    alarm = {name: value for name, value in ALARM.items() if name not in own}
    alarm["Metrics"] = [*queries, {"Id": "result", "Expression": expression, "ReturnData": True}]
    return state(alarm, **metrics)


RATE = "100 * errors / (errors + requests)"


@pytest.mark.parametrize(
    ("expression", "errors", "requests", "expected"),
    [
        (RATE, {2: 20.0}, {2: 80.0}, "ALARM"),
        (RATE, {2: 5.0}, {2: 95.0}, "OK"),
        (RATE, {2: 5.0}, {}, "ALARM"),  # what is missing counts as 0
        (RATE, {}, {}, "INSUFFICIENT_DATA"),
        (RATE, {2: 0.0}, {2: 0.0}, "INSUFFICIENT_DATA"),  # a datapoint that divides by zero is dropped
        ("IF(requests > 1, errors, 0)", {2: 20.0}, {2: 1.0}, "OK"),
        ("IF(requests > 1, errors, 0)", {2: 20.0}, {2: 2.0}, "ALARM"),
        ("-errors + 2 * (requests - 1)", {2: 1.0}, {2: 7.0}, "ALARM"),
    ],
)
def test_metric_math(
    expression: str, errors: Mapping[int, float], requests: Mapping[int, float], expected: str
) -> None:
    assert percent(expression, Errors=errors, Requests=requests) == expected


@pytest.mark.parametrize("expression", ["ANOMALY_DETECTION_BAND(errors)", "errors AND", "errors ** requests", "others"])
def test_metric_math_that_is_not_known_is_no_result(expression: str) -> None:
    with pytest.raises(ExpressionError, match="Metric math that is not known here"):
        percent(f"1 * errors + ({expression})", Errors={2: 1.0}, Requests={2: 1.0})
