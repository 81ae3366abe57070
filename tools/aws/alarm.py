"""What state a metric alarm of CloudWatch is in.

Sources: CloudWatch user guide, "Alarm evaluation", "Configuring how CloudWatch alarms treat missing data" and "Math
expressions with metrics". Alarms are written as PutMetricAlarm takes them.
"""

from __future__ import annotations

import ast
import operator
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

# Of a metric (namespace, name, dimensions) a statistic between two times, in seconds since the epoch: from the first,
# to before the second. None if there is no value.
Statistic = Callable[[str, str, Mapping[str, str], str, float, float], float | None]

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
# How many datapoints are retrieved beyond the evaluation periods: 2 in the guide's tables, whose text says only that
# it depends on the period.
_EXTRA_DATAPOINTS = 2
_IS_BREACHING: Mapping[str, tuple[Callable[[float, float], bool], str]] = {
    "GreaterThanOrEqualToThreshold": (operator.ge, "greater than or equal to"),
    "GreaterThanThreshold": (operator.gt, "greater than"),
    "LessThanThreshold": (operator.lt, "less than"),
    "LessThanOrEqualToThreshold": (operator.le, "less than or equal to"),
}
_ARITHMETIC: Mapping[type[ast.operator], Callable[[float, float], float]] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
}
_COMPARISON: Mapping[type[ast.cmpop], Callable[[float, float], bool]] = {
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}


class ExpressionError(ValueError):
    """An expression of metric math that is not known here; str() says which."""


@dataclass(frozen=True)
class State:
    """The state of an alarm.

    Attributes:
        value: OK, ALARM or INSUFFICIENT_DATA.
        reason: in CloudWatch's words.
        data: StateReasonData; empty where nothing was evaluated.
    """

    value: str
    reason: str
    data: Mapping[str, Any]


def evaluate(alarm: Mapping[str, Any], statistic: Statistic, now: float) -> State | None:
    """What state an alarm is in.

    Args:
        alarm: as PutMetricAlarm takes it.
        statistic: looks up what was measured.
        now: seconds since the epoch.

    Returns:
        None if it stays in the state that it is in.

    Raises:
        ExpressionError: its metric math is not known here.
    """
    period, periods = _period(alarm), int(alarm["EvaluationPeriods"])
    to_alarm = int(alarm.get("DatapointsToAlarm") or periods)
    # "Multi-day alarms ...: CloudWatch takes into account only the metrics up to the current hour."
    step = _HOUR if period * periods > _DAY else _MINUTE
    end = now // step * step
    starts = [end - age * period for age in range(periods + _EXTRA_DATAPOINTS, 0, -1)]
    points = [_value(alarm, statistic, start, start + period) for start in starts]
    value = _judge([_breaches(alarm, point) for point in points], periods, to_alarm, alarm.get("TreatMissingData"))
    if value is None:
        return None
    recent = [point for point in points if point is not None][-periods:]
    data = {"version": "1.0", "period": period, "recentDatapoints": recent, "threshold": float(alarm["Threshold"])}
    return State(value, _reason(alarm, value, recent), data)


def _judge(points: Sequence[bool | None], periods: int, to_alarm: int, missing: str | None) -> str | None:
    """The state by datapoints that breach, do not breach or are missing, the oldest first; None: as it was."""
    real = [point for point in points if point is not None]
    if len(real) >= periods:
        return "ALARM" if sum(real[-periods:]) >= to_alarm else "OK"
    breaching, filled = sum(real), periods - len(real)
    if missing == "breaching":
        return "ALARM" if breaching + filled >= to_alarm else "OK"
    if missing == "notBreaching" or breaching >= to_alarm or not all(real):
        return "ALARM" if breaching >= to_alarm else "OK"
    # What there is breaches, but is too little.
    if missing == "ignore":
        return None
    if not real:
        return "INSUFFICIENT_DATA"
    # "Alarms are designed to always go into ALARM state when the oldest available breaching datapoint ... is at least
    # as old as the value of Datapoints to Alarm." That the state stays as it was otherwise is inferred.
    return "ALARM" if True in points[-periods : len(points) - to_alarm + 1] else None


def _breaches(alarm: Mapping[str, Any], point: float | None) -> bool | None:
    if point is None:
        return None
    compare, _ = _IS_BREACHING[alarm["ComparisonOperator"]]
    return compare(point, float(alarm["Threshold"]))


def _reason(alarm: Mapping[str, Any], value: str, recent: Sequence[float]) -> str:
    if not recent:
        treated = alarm.get("TreatMissingData") or "missing"
        what = "is in insufficient data" if value == "INSUFFICIENT_DATA" else f"are treated as [{treated}]"
        return f"No datapoints were received for {alarm['EvaluationPeriods']} periods, which {what}."
    _, words = _IS_BREACHING[alarm["ComparisonOperator"]]
    was = "was" if value == "ALARM" else "was not"
    shown = ", ".join(str(point) for point in recent)
    return f"Threshold Crossed: {len(recent)} datapoints [{shown}] {was} {words} the threshold ({alarm['Threshold']})."


def _period(alarm: Mapping[str, Any]) -> int:
    inner = (query.get("Period") or query.get("MetricStat", {}).get("Period") for query in alarm.get("Metrics") or [])
    return int(alarm.get("Period") or next(filter(None, inner)))


def _value(alarm: Mapping[str, Any], statistic: Statistic, start: float, end: float) -> float | None:
    queries = alarm.get("Metrics") or []
    if not queries:
        name = alarm.get("ExtendedStatistic") or alarm["Statistic"]
        return statistic(alarm["Namespace"], alarm["MetricName"], _dimensions(alarm), name, start, end)
    values: dict[str, float | None] = {}
    for query in queries:
        if "MetricStat" in query:
            metric, name = query["MetricStat"]["Metric"], query["MetricStat"]["Stat"]
            found = statistic(metric["Namespace"], metric["MetricName"], _dimensions(metric), name, start, end)
            values[query["Id"]] = found
    result = next(query for query in queries if query.get("ReturnData", True))
    expressions = {query["Id"]: query["Expression"] for query in queries if query.get("Expression")}
    return _Math(values, expressions).value(result["Id"])


def _dimensions(metric: Mapping[str, Any]) -> dict[str, str]:
    return {each["Name"]: each["Value"] for each in metric.get("Dimensions") or []}


@dataclass(frozen=True)
class _Math:
    """Metric math for one period: arithmetic, comparisons and IF.

    Attributes:
        measured: by id, the values of metrics.
        expressions: by id, the expressions.
    """

    measured: Mapping[str, float | None]
    expressions: Mapping[str, str]

    def value(self, id_: str) -> float | None:
        """The value of a metric or an expression; none if all that is in it is missing, or it divides by zero."""
        if id_ in self.measured:
            return self.measured[id_]
        tree = _parsed(self.expressions[id_])
        names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)} & self._known
        if all(self.value(name) is None for name in names):
            return None
        try:
            return self._compute(tree)
        except ZeroDivisionError:
            return None  # "the data point is dropped"

    @property
    def _known(self) -> set[str]:
        return {*self.measured, *self.expressions}

    def _compute(self, node: ast.expr) -> float:
        match node:
            case ast.Constant(value=int() | float() as number):
                return float(number)
            case ast.Name(id=name) if name in self._known:
                return self.value(name) or 0.0  # "Missing values in a time series are treated as 0."
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return -self._compute(operand)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _ARITHMETIC:
                return _ARITHMETIC[type(op)](self._compute(left), self._compute(right))
            case ast.Compare(left=left, ops=[op], comparators=[right]) if type(op) in _COMPARISON:
                return float(_COMPARISON[type(op)](self._compute(left), self._compute(right)))
            case ast.Call(func=ast.Name(id="IF"), args=[condition, chosen, other]):
                return self._compute(chosen if self._compute(condition) else other)
        raise ExpressionError(f"Metric math that is not known here: {ast.unparse(node)}")


@lru_cache(maxsize=256)
def _parsed(expression: str) -> ast.expr:
    """CloudWatch's grammar is that of Python, as far as it is known here."""
    try:
        return ast.parse(expression, mode="eval").body
    except SyntaxError:
        raise ExpressionError(f"Metric math that is not known here: {expression}") from None
