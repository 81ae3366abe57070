"""A review as one HTML page: it needs no other file, no network and no script."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tools.pages import environment

from .difference import lines
from .review import Bar, Permission, Reason, Review, StackChanges, Verdict, clock

_TEMPLATES = Path(__file__).with_name("templates")
_STEPS = (1, 2, 5, 10, 15, 30, 60, 120, 180, 360, 720, 1440)
_MOST_TICKS = 8


def as_html(review: Review) -> str:
    """The whole review; whatever its texts hold, it is shown and not obeyed."""
    return _ENVIRONMENT.get_template("page.html.j2").render(review=review, verdicts=Verdict)


def _ticks(bars: Sequence[Bar]) -> list[int]:
    """Minutes to label on the axis, at full hours or parts of one."""
    length = _length(bars)
    step = next((each for each in _STEPS if length / each <= _MOST_TICKS), None) or 1440 * (1 + int(length // 11520))
    return list(range(0, int(length) + 1, step))


def _length(bars: Sequence[Bar]) -> float:
    return max((bar.ends for bar in bars), default=0.0) or 1.0


def _is_still(stack: StackChanges) -> bool:
    return not (stack.changes or stack.tagged or stack.new_values)


def _unchanged(permission: Permission) -> bool:
    return permission.kind == "unchanged"


_ENVIRONMENT = environment(_TEMPLATES)
_ENVIRONMENT.filters |= {
    "clock": clock,
    "length_of": _length,
    "ticks": _ticks,
}
_ENVIRONMENT.tests |= {"adds_to": Reason.adds_to, "still": _is_still, "unchanged": _unchanged}
_ENVIRONMENT.globals["difference"] = lines
