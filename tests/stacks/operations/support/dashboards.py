"""What a dashboard must look like, by CloudWatch's rules, and what it draws.

Source: API reference of Amazon CloudWatch, "Dashboard Body Structure and Syntax". PutDashboard refuses a body that
breaks them, and nothing before the deployment notices: for templates it is text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any

COLUMNS = 24
_STATISTICS = {"SampleCount", "Average", "Sum", "Minimum", "Maximum"}
_VIEWS = {"timeSeries", "singleValue", "gauge", "bar", "pie", "table"}
_WIDGET = {"type", "x", "y", "width", "height", "properties"}
_METRIC_WIDGET = {"accountId", "annotations", "legend", "liveData", "metrics", "period", "region", "sparkline"} | {
    "stacked",
    "stat",
    "table",
    "timezone",
    "title",
    "view",
    "yAxis",
}
_RENDERING = {"color", "label", "period", "stat", "visible", "yAxis", "id", "expression", "region", "accountId"}

Body = dict[str, Any]


def mistakes(body: Body) -> Iterator[str]:
    """What CloudWatch would refuse, or draw over something else."""
    if body.keys() - {"widgets", "variables", "start", "end", "periodOverride"}:
        yield f"the body has {sorted(body)}"
    if not re.fullmatch(r"-P(T\d+[MH]|\d+[DWM])", body.get("start", "-P1D")):
        yield f"start is {body['start']}"
    if len(body["widgets"]) > 500:
        yield "more than 500 widgets"
    taken: dict[tuple[int, int], str] = {}
    for widget in body["widgets"]:
        name = str(widget["properties"].get("title", widget))
        yield from (f"{name}: {each}" for each in _mistakes_of(widget))
        for cell in _cells(widget):
            if cell in taken:
                yield f"{name}: is drawn over {taken[cell]}"
                break
            taken[cell] = name


def _cells(widget: Body) -> Iterator[tuple[int, int]]:
    for x in range(widget["x"], widget["x"] + widget["width"]):
        for y in range(widget["y"], widget["y"] + widget["height"]):
            yield x, y


def _mistakes_of(widget: Body) -> Iterator[str]:
    if widget.keys() != _WIDGET:
        yield f"has {sorted(widget)}"
    if not 0 <= widget["x"] < widget["x"] + widget["width"] <= COLUMNS or not 1 <= widget["height"] <= 1000:
        yield "is not on the grid"
    if widget["type"] == "metric":
        yield from _mistakes_of_graph(widget["properties"])
    elif widget["type"] == "alarm":
        if not 1 <= len(widget["properties"]["alarms"]) <= 100:
            yield "must have 1 to 100 alarms"
    else:
        yield f"is of type {widget['type']}"


def _mistakes_of_graph(properties: Body) -> Iterator[str]:
    if properties.keys() - _METRIC_WIDGET or "region" not in properties:
        yield f"has the properties {sorted(properties)}"
    if properties.get("view", "timeSeries") not in _VIEWS:
        yield f"has the view {properties['view']}"
    if not 1 <= len(properties["metrics"]) <= 500:
        yield f"has {len(properties['metrics'])} metrics"
    for metric in properties["metrics"]:
        yield from _mistakes_of_metric(metric)
    for line in properties.get("annotations", {}).get("horizontal", []):
        if not isinstance(line.get("value"), float | int):
            yield f"has a line at {line}"
    ids = [each[-1]["id"] for each in properties["metrics"] if isinstance(each[-1], dict) and "id" in each[-1]]
    if len(ids) != len(set(ids)):
        yield f"has the ids {ids}"


def _mistakes_of_metric(metric: Sequence[Any]) -> Iterator[str]:
    rendering = metric[-1] if isinstance(metric[-1], dict) else {}
    names = [each for each in metric if isinstance(each, str)]
    if rendering.keys() - _RENDERING:
        yield f"renders {sorted(rendering)}"
    if "expression" in rendering:
        if len(metric) != 1:
            yield f"an expression has more: {metric}"
    elif len(names) < 2 or len(names) % 2:
        yield f"not namespace, name, and pairs: {metric}"
    if rendering.get("stat", "Average") not in _STATISTICS:
        yield f"has the statistic {rendering['stat']}"
    if rendering.get("period", 300) % 60 or rendering.get("period", 300) < 60:
        yield f"has the period {rendering['period']}"


Metric = tuple[str, str, tuple[str, ...]]


def drawn(body: Body) -> set[Metric]:
    """Namespace, name and names of the dimensions of every metric."""
    metrics = (each for widget in body["widgets"] for each in widget["properties"].get("metrics", []))
    return {(each[0], each[1], tuple(part for part in each[2:-1:2])) for each in metrics if isinstance(each[0], str)}
