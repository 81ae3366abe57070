"""The picture of the system: what comes in, what is kept, what is trained, what answers, each with its state."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from .rows import Found, Row, State

BOX_WIDTH, BOX_HEIGHT, GAP, LANE_GAP = 232, 56, 14, 58
TOP, EDGE = 40, 12
# Lanes from left to right, each with the types that stand in it.
_LANES = (
    ("comes in", ("DatasetImportJob", "EventTracker")),
    ("is kept", ("Dataset", "MetricAttribution")),
    ("is trained", ("Recommender", "Solution", "SolutionVersion")),
    ("ranks and filters", ("Campaign", "Filter")),
)
_KEPT = 1
# What is drawn with a line from the whole group; a line for each filter would hide the others.
_OF_GROUP = ("Recommender", "Solution", "EventTracker")
_MOST_LETTERS = 27


@dataclass(frozen=True)
class Box:
    """A resource in the picture.

    Attributes:
        x, y: of its upper left corner.
        title: its path, cut if it is long.
        type: noun.
        states: what there is to say, in words.
        tone: `good`, `read`, `stop` or `quiet`, for its colour.
        tip: all of it.
    """

    x: float
    y: float
    title: str
    type: str
    states: str
    tone: str
    tip: str


@dataclass(frozen=True)
class Picture:
    """Everything drawn.

    Attributes:
        width, height: of the picture.
        lanes: headings, with where they begin.
        group: name of the dataset group, and what colour it has; it is a frame around what is kept.
        frame: x, y, width, height of that frame.
        boxes: resources.
        lines: paths for SVG, from what is used to what uses it.
    """

    width: float
    height: float
    lanes: Sequence[tuple[float, str]]
    group: tuple[str, str]
    frame: tuple[float, float, float, float]
    boxes: Sequence[Box]
    lines: Sequence[str]


def picture(found: Found) -> Picture:
    """Draw what was found; what is not ours, and schemas, are only in the table."""
    resources: dict[tuple[str, str], list[Row]] = {}
    for row in found.rows:
        if row.stack:
            resources.setdefault((row.stack, row.path), []).append(row)
    lanes = [[rows for kind in types for rows in resources.values() if rows[0].type == kind] for _, types in _LANES]
    boxes = {
        rows[0].arn or rows[0].construct: _box(_left(number), TOP + at * (BOX_HEIGHT + GAP), rows)
        for number, lane in enumerate(lanes)
        for at, rows in enumerate(lane)
    }
    frame_height = max(1, len(lanes[_KEPT])) * (BOX_HEIGHT + GAP) - GAP + 2 * EDGE
    frame = (_left(_KEPT) - EDGE, TOP - EDGE, BOX_WIDTH + 2 * EDGE, frame_height)
    group = next((rows for rows in resources.values() if rows[0].type == "DatasetGroup"), [])
    states = ", ".join(row.state.value for row in group)
    return Picture(
        width=_left(len(_LANES)) - LANE_GAP + 2,
        height=TOP + max(map(len, lanes)) * (BOX_HEIGHT + GAP),
        lanes=[(_left(number), heading) for number, (heading, _) in enumerate(_LANES)],
        group=(f"dataset group: {states}" if states else "dataset group", tone([row.state for row in group])),
        frame=frame,
        boxes=list(boxes.values()),
        lines=list(_lines(found, boxes, {row.arn for row in group} - {""}, frame)),
    )


def _left(lane: int) -> float:
    return 1 + lane * (BOX_WIDTH + LANE_GAP)


def _box(x: float, y: float, rows: Sequence[Row]) -> Box:
    first = rows[0]
    states = ", ".join(dict.fromkeys(row.state.value for row in rows))
    tip = f"{first.path} ({first.type}), {first.name}: {states}"
    return Box(x, y, _cut(first.path), first.type, _cut(states), tone([row.state for row in rows]), tip)


def tone(states: Sequence[State]) -> str:
    """The colour of states: `good`, `read`, `stop` or `quiet`."""
    if any(each in (State.FAILED, State.MISSING, State.UNREADABLE) for each in states):
        return "stop"
    if any(each.is_out_of_step for each in states):
        return "read"
    return "good" if State.IN_STEP in states else "quiet"


def _cut(text: str) -> str:
    return text if len(text) <= _MOST_LETTERS else f"{text[: _MOST_LETTERS - 1]}…"


def _lines(
    found: Found, boxes: dict[str, Box], groups: set[str], frame: tuple[float, float, float, float]
) -> Iterator[str]:
    """A line for each link between boxes of two lanes, from the left one to the right one."""
    x, y, width, height = frame
    for one, other in found.links:
        box = boxes.get(one)
        if box and other in groups and box.type in _OF_GROUP:
            middle = box.y + BOX_HEIGHT / 2
            beside = min(max(middle, y + EDGE), y + height - EDGE)
            is_left = box.x < x
            begin = (box.x + BOX_WIDTH, middle) if is_left else (x + width, beside)
            yield _line(begin, (x, beside) if is_left else (box.x, middle))
        elif box and other in boxes and box.x != boxes[other].x:
            left, right = sorted((box, boxes[other]), key=lambda each: each.x)
            begin = (left.x + BOX_WIDTH, left.y + BOX_HEIGHT / 2)
            yield _line(begin, (right.x, right.y + BOX_HEIGHT / 2))


def _line(begin: tuple[float, float], end: tuple[float, float]) -> str:
    middle = (begin[0] + end[0]) / 2
    return f"M{begin[0]} {begin[1]}C{middle} {begin[1]} {middle} {end[1]} {end[0]} {end[1]}"
