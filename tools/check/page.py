"""The page of a check: one file with everything in it, without scripts."""

from __future__ import annotations

import datetime
import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.pages import environment

from .check import Report
from .pictures import Chart

WIDTH = 480
_HEIGHT = 220
_LEFT, _RIGHT, _TOP, _BOTTOM = 52, 6, 8, 26
_ROW = 20
_LABELS = 120
_MOST_LABELS = 6
_CHARACTER = 7.3  # width of one at the size of labels


@dataclass(frozen=True)
class Rectangle:
    """A part of a column or bar; `title` is what it stands for."""

    x: float
    y: float
    width: float
    height: float
    series: int
    title: str


@dataclass(frozen=True)
class Label:
    """A text beside a picture; `rule` is whether a line goes with it."""

    x: float
    y: float
    text: str
    rule: bool = False


@dataclass(frozen=True)
class Drawing:
    """A chart with places for everything in it."""

    chart: Chart
    height: float
    rectangles: Sequence[Rectangle]
    labels: Sequence[Label]
    values: Sequence[Label]


def as_html(env: str, report: Report, charts: Sequence[Chart], verdict: str, date: datetime.date) -> str:
    """The whole page.

    Args:
        env: whose data they are.
        report: what was found.
        charts: what is drawn.
        verdict: the sentence at the top.
        date: of the check.
    """
    templates = environment(Path(__file__).with_name("templates"))
    drawings = [_bars(chart) if chart.form == "bars" else _columns(chart) for chart in charts]
    return templates.get_template("page.html.j2").render(
        env=env,
        report=report,
        refused=[each for each in report.findings if each.refuses],
        advice=[each for each in report.findings if not each.refuses],
        verdict=verdict,
        level="bad" if report.refused else "unknown" if report.unread else "good",
        drawings=drawings,
        width=WIDTH,
        left=_LEFT,
        right=WIDTH - _RIGHT,
        date=date.isoformat(),
    )


def _columns(chart: Chart) -> Drawing:
    most = _nice(max(sum(numbers) for _, numbers in chart.bins))
    high, step = _HEIGHT - _TOP - _BOTTOM, (WIDTH - _LEFT - _RIGHT) / len(chart.bins)
    rectangles = []
    for at, (label, numbers) in enumerate(chart.bins):
        y: float = _HEIGHT - _BOTTOM
        for series, number in enumerate(numbers):
            size = high * number / most
            y -= size
            title = f"{label}: {' '.join(filter(None, [chart.series[series], _number(number, chart.unit)]))}"
            x = _LEFT + step * at + step * 0.08
            if number:
                rectangles.append(
                    Rectangle(round(x, 1), round(y, 1), round(step * 0.84, 1), round(size, 1), series, title)
                )
    ticks = [most * part / 4 for part in range(5)]
    values = [
        Label(_LEFT - 6, round(_HEIGHT - _BOTTOM - high * tick / most, 1), _short(tick, chart.unit), rule=True)
        for tick in ticks
    ]
    return Drawing(chart, _HEIGHT, rectangles, list(_below(chart, step)), values)


def _below(chart: Chart, step: float) -> Iterator[Label]:
    """The labels below columns: as many as there is room for, each within the picture and beside the one before."""
    every = max(math.ceil(len(chart.bins) / _MOST_LABELS), math.ceil(_widest(chart) / step))
    taken = 0.0
    for at, (label, _) in list(enumerate(chart.bins))[::every]:
        half = len(label) * _CHARACTER / 2
        x = min(_LEFT + step * (at + 0.5), WIDTH - half)
        if x - half >= taken:
            yield Label(round(x, 1), _HEIGHT - 8, label)
            taken = x + half + _CHARACTER


def _widest(chart: Chart) -> float:
    """Width of the longest label and a space."""
    return (max(len(label) for label, _ in chart.bins) + 1) * _CHARACTER


def _bars(chart: Chart) -> Drawing:
    most = max(sum(numbers) for _, numbers in chart.bins) or 1
    wide = WIDTH - _LABELS - 60
    rectangles, labels, values = [], [], []
    for at, (label, numbers) in enumerate(chart.bins):
        y, number = _TOP + _ROW * at, sum(numbers)
        size = round(wide * number / most, 1)
        rectangles.append(Rectangle(_LABELS, y + 3, size, _ROW - 6, 0, f"{label}: {_number(number, chart.unit)}"))
        labels.append(Label(_LABELS - 6, y + 14, label if len(label) <= 17 else f"{label[:16]}…"))
        values.append(Label(_LABELS + size + 5, y + 14, _number(number, chart.unit)))
    return Drawing(chart, _TOP * 2 + _ROW * len(chart.bins), rectangles, labels, values)


def _nice(most: float) -> float:
    """The next number that four equal steps lead to without fractions to be read."""
    size = 1.0
    while most > 0 and size * 100 < most:
        size *= 10
    steps = (4, 8, 12, 20, 40, 60, 80, 100)
    return next((step * size for step in steps if most <= step * size), 100 * size)


def _number(number: float, unit: str) -> str:
    return f"{number:.1f} %" if unit else f"{number:,.0f}"


def _short(number: float, unit: str) -> str:
    """On an axis: 12k, 3M."""
    if unit:
        return f"{number:g} %"
    for size, letter in ((1_000_000_000, "G"), (1_000_000, "M"), (1000, "k")):
        if number >= size:
            return f"{number / size:g}{letter}"
    return f"{number:g}"
