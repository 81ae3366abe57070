"""Alarms of MiniStack's CloudWatch: in the state that AWS documents, every minute, and telling topics and rules."""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any

from ministack.core import responses
from ministack.services import cloudwatch, eventbridge, sqs
from ministack.services.cloudformation import provisioners

from tools.aws.alarm import ExpressionError, evaluate

from .topics import may_publish

_CLOUDWATCH = "cloudwatch.amazonaws.com"
_EVERY_SECONDS = 60
# Members of an alarm on one metric, which one on metric math has not.
_OF_ONE_METRIC = ("MetricName", "Namespace", "Dimensions", "Statistic", "ExtendedStatistic", "Period", "Unit")
_ACTIONS = ("AlarmActions", "OKActions", "InsufficientDataActions")
_logger = logging.getLogger(__name__)


def correct_alarms() -> Callable[[], None]:
    """Let alarms change their states as on AWS.

    MiniStack looks at all metrics of a name, whatever their dimensions, over all periods at once, only when somebody
    puts a metric; a metric that has ended leaves its alarm as it was. It has no metric math in templates. Its alarms
    publish to topics whose policy or key does not let CloudWatch (user guide, "Notifying users on alarm changes"),
    and tell EventBridge nothing ("Alarm events and EventBridge"). Nobody measures how many messages a queue has.

    Returns:
        What evaluates all alarms of all regions if a minute has begun; for a tick every second.
    """
    cloudwatch._evaluate_alarm = _evaluate
    dispatch, record = cloudwatch._dispatch_alarm_actions, provisioners._cw_metric_alarm_record

    def dispatch_if_permitted(alarm: dict[str, Any], old_state: str, new_state: str, reason: str) -> None:
        permitted = {name: [arn for arn in alarm.get(name) or [] if _permits(arn, alarm)] for name in _ACTIONS}
        dispatch(alarm | permitted, old_state, new_state, reason)
        _tell_event_bus(alarm, old_state, new_state, reason)

    def record_with_math(name: str, properties: dict[str, Any]) -> dict[str, Any]:
        queries = properties.get("Metrics")
        if not queries:
            return dict(record(name, properties))
        one_metric = {"Metrics": None, "MetricName": "none", "Namespace": "none"}
        alarm = dict(record(name, properties | one_metric))
        return {member: value for member, value in alarm.items() if member not in _OF_ONE_METRIC} | {
            "Metrics": [_as_in_requests(query) for query in queries]
        }

    cloudwatch._dispatch_alarm_actions = dispatch_if_permitted
    provisioners._cw_metric_alarm_record = record_with_math
    evaluated = 0.0

    def tick() -> None:
        nonlocal evaluated
        minute = time.time() // _EVERY_SECONDS
        if minute != evaluated:
            evaluated = minute
            _measure_queues()
            evaluate_all()

    return tick


def evaluate_all() -> None:
    """Evaluate all alarms of all regions."""
    for (account, region, _), alarm in list(cloudwatch._alarms._data.items()):
        with responses.request_scope(account, region):
            _evaluate(alarm)


def _measure_queues() -> None:
    """SQS developer guide, "Available CloudWatch metrics for Amazon SQS": the number of messages, every minute."""
    for (account, region, _), queue in list(sqs._queues._data.items()):
        with responses.request_scope(account, region):
            dimensions = {"QueueName": queue["name"]}
            number = len(queue["messages"])
            cloudwatch.record_metric("AWS/SQS", "ApproximateNumberOfMessagesVisible", number, "Count", dimensions)


def _evaluate(alarm: dict[str, Any]) -> None:
    try:
        state = evaluate(alarm, _statistic, time.time())
    except ExpressionError as error:
        _logger.error("Alarm %s: %s", alarm["AlarmName"], error)
        return
    old = alarm["StateValue"]
    if state is None or state.value == old:
        return
    alarm |= {
        "StateValue": state.value,
        "StateReason": state.reason,
        "StateReasonData": json.dumps(state.data),
        "StateUpdatedTimestamp": int(time.time()),
    }
    cloudwatch._record_history(alarm["AlarmName"], old, state.value, state.reason, reason_data=dict(state.data))
    cloudwatch._dispatch_alarm_actions(alarm, old, state.value, state.reason)
    cloudwatch._evaluate_parent_alarms(alarm)


def _statistic(
    namespace: str, name: str, dimensions: Mapping[str, str], statistic: str, start: float, end: float
) -> float | None:
    points = cloudwatch._metrics.get((namespace, name, cloudwatch._dims_key(dict(dimensions)))) or []
    inside = [point for point in points if start <= point["Timestamp"] < end]
    measured = cloudwatch._calc_stats(inside)
    if not measured:
        return None
    value: float | None = cloudwatch._stat_value(measured, statistic, inside)
    return value


def _permits(topic: str, alarm: Mapping[str, Any]) -> bool:
    return may_publish(_CLOUDWATCH, topic, alarm["AlarmArn"])


def _as_in_requests(query: Mapping[str, Any]) -> dict[str, Any]:
    """An entry of `Metrics` with the numbers and truth values that templates may have as text."""
    found = dict(query)
    if "ReturnData" in found:
        found["ReturnData"] = str(found["ReturnData"]).lower() == "true"
    if "MetricStat" in found:
        found["MetricStat"] = found["MetricStat"] | {"Period": int(found["MetricStat"]["Period"])}
    return found


def _tell_event_bus(alarm: Mapping[str, Any], old_state: str, new_state: str, reason: str) -> None:
    now = datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "+0000")
    detail = {
        "alarmName": alarm["AlarmName"],
        "configuration": {"description": alarm.get("AlarmDescription", ""), "metrics": _metrics_of(alarm)},
        "previousState": {"value": old_state},
        "state": {"value": new_state, "reason": reason, "timestamp": now},
    }
    entry = {
        "Source": "aws.cloudwatch",
        "DetailType": "CloudWatch Alarm State Change",
        "Detail": json.dumps(detail),
        "Resources": [alarm["AlarmArn"]],
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def _metrics_of(alarm: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The metrics of an alarm as its events show them."""
    if not alarm.get("Metrics"):
        stat = alarm.get("ExtendedStatistic") or alarm.get("Statistic")
        return [{"id": "m1", "metricStat": _shown(alarm, alarm["Period"], stat), "returnData": True}]
    shown = []
    for query in alarm["Metrics"]:
        inner = query.get("MetricStat")
        what = {"metricStat": _shown(inner["Metric"], inner["Period"], inner["Stat"])} if inner else {}
        what |= {"expression": query["Expression"]} if "Expression" in query else {}
        shown.append({"id": query["Id"], **what, "returnData": query.get("ReturnData", True)})
    return shown


def _shown(metric: Mapping[str, Any], period: int, stat: str | None) -> dict[str, Any]:
    dimensions = {each["Name"]: each["Value"] for each in metric.get("Dimensions") or []}
    named = {"namespace": metric["Namespace"], "name": metric["MetricName"], "dimensions": dimensions}
    return {"metric": named, "period": period, "stat": stat}
