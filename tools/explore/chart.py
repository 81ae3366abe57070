"""One small chart for each metric: a point for each solution version, and lines for what the gate asks."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from .found import Bound, Ranking

WIDTH, HEIGHT = 340, 170
LEFT, RIGHT, TOP, BOTTOM = 46, 12, 12, 24
_TICKS = 4


@dataclass(frozen=True)
class Point:
    """A version in a chart."""

    x: float
    y: float
    title: str
    serves: bool
    is_below: bool


@dataclass(frozen=True)
class Line:
    """A value with a name at its height: a grid line, or what the gate asks."""

    y: float
    text: str
    title: str = ""


@dataclass(frozen=True)
class Chart:
    """A metric over time, with a place for everything in it.

    Attributes:
        metric: its name.
        latest: its value of the version that serves, or else of the newest one.
        points: oldest first.
        path: through the points, for SVG.
        grid: lines at round values.
        bounds: what the gate asks.
        begins: date of the first training.
        ends: date of the last one.
    """

    metric: str
    latest: str
    points: Sequence[Point]
    path: str
    grid: Sequence[Line]
    bounds: Sequence[Line]
    begins: str
    ends: str


def charts(ranking: Ranking) -> Iterator[Chart]:
    """A chart for each metric that any version has, those with a bound first."""
    names = sorted({name for version in ranking.versions for name in version.metrics})
    for name in sorted(names, key=lambda name: name not in ranking.bounds):
        yield _chart(name, ranking, ranking.bounds.get(name, ()))


def _chart(name: str, ranking: Ranking, bounds: Sequence[Bound]) -> Chart:
    versions = [each for each in ranking.versions if name in each.metrics]
    values = [each.metrics[name] for each in versions]
    top, step = _scale(max([*values, *(bound.least for bound in bounds)]))
    first, last = versions[0].trained, versions[-1].trained
    points = [
        Point(
            x=_across(each.trained, first, last),
            y=_up(value, top),
            title=f"{each.name}, {each.trained:%Y-%m-%d %H:%M}: {value:.4f}{', serves now' if each.serves else ''}",
            serves=each.serves,
            is_below=any(value < bound.least for bound in bounds),
        )
        for each, value in zip(versions, values, strict=True)
    ]
    begins, ends = _ends(first, last)
    shown = next((each.metrics[name] for each in versions if each.serves), values[-1])
    grid = [Line(_up(at * step, top), f"{at * step:g}") for at in range(round(top / step) + 1)]
    return Chart(
        metric=name,
        latest=f"{shown:.4f}",
        points=points,
        path=" ".join(f"{'L' if at else 'M'}{point.x} {point.y}" for at, point in enumerate(points)),
        grid=grid,
        bounds=[Line(_up(each.least, top), f"{each.least:g}", each.why) for each in bounds],
        begins=begins,
        ends=ends,
    )


def _ends(first: datetime, last: datetime) -> tuple[str, str]:
    """What stands below the first version and below the last one: days, or times of one day."""
    if last == first:
        return f"{first:%Y-%m-%d}", ""
    if last.date() == first.date():
        return f"{first:%Y-%m-%d %H:%M}", f"{last:%H:%M}"
    return f"{first:%Y-%m-%d}", f"{last:%Y-%m-%d}"


def _across(when: datetime, first: datetime, last: datetime) -> float:
    """Where a time is; a single version is in the middle."""
    length = (last - first).total_seconds()
    share = (when - first).total_seconds() / length if length else 0.5
    return round(LEFT + 8 + share * (WIDTH - LEFT - RIGHT - 16), 1)


def _up(value: float, top: float) -> float:
    return round(HEIGHT - BOTTOM - (HEIGHT - TOP - BOTTOM) * min(value, top) / top, 1)


def _scale(most: float) -> tuple[float, float]:
    """The end of the axis and the step between its lines: a round number of them at round values."""
    if most <= 0:
        return 1.0, 0.25
    size = 10.0 ** math.floor(math.log10(most / _TICKS))
    step = next(each * size for each in (1, 2, 2.5, 5, 10) if each * size * _TICKS >= most)
    return round(math.ceil(most / step - 1e-9) * step, 10), step
