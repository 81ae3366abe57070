"""The page about the month, in Markdown, and its picture of the versions' quality."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

from .month import DAYS, FIRST, METRIC, MINIMUM, Month

PICTURE = "month.svg"
_WIDTH, _HEIGHT, _EDGE = 640, 220, 40
_COLOURS = {"passed": "#1a7f37", "refused": "#cf222e"}


def as_markdown(month: Month) -> str:
    """The whole page."""
    return "\n".join(_lines(month)) + "\n"


def _lines(month: Month) -> Iterator[str]:
    money = month.money
    yield f"# {DAYS} days of operations, simulated"
    yield ""
    yield (
        f"{month.imports} files were imported, {len(month.trainings)} versions trained; refreshes: "
        f"{', '.join(f'{number} {status.lower()}' for status, number in sorted(month.refreshes.items()))}."
    )
    yield ""
    yield f"## Quality of the versions ({METRIC}; the gate asks for {MINIMUM:g})"
    yield ""
    yield f"![{METRIC} of each version, with the minimum of the quality gate]({PICTURE})"
    yield ""
    yield from ("| trained | value | verdict |", "| --- | --- | --- |")
    yield from (f"| {_when(each.at)} | {each.metric:.3f} | {each.verdict} |" for each in month.trainings)
    yield ""
    yield "## Money, in USD"
    yield ""
    yield from ("| what | measured | by the review |", "| --- | --- | --- |")
    for path, measured in money.hours.items():
        yield f"| {path} | {measured:.2f} | {money.predicted_hours[path]:.2f} |"
    yield f"| trainings | {money.trainings:.2f} | {money.predicted_trainings:.2f} |"
    yield ""
    yield (
        "What bills by the hour is measured once an hour, at minute 5: a recommender that starts on the hour is not "
        "active yet."
    )
    yield ""
    yield "## Notices, as they were mailed"
    for each in month.notices:
        yield from ("", f"### {_when(each.at)}: {each.subject}", "", "```", each.text.rstrip(), "```")


def as_picture(month: Month) -> str:
    """The versions' metric over the days, with the gate's minimum, as an SVG."""
    highest = max(MINIMUM, *(each.metric for each in month.trainings)) * 1.2
    low = _y(MINIMUM, highest)
    points = "".join(
        f'<circle cx="{_x(each.at):.0f}" cy="{_y(each.metric, highest):.0f}" r="6" fill="{_COLOURS[each.verdict]}">'
        f"<title>{_when(each.at)}: {each.metric:.3f}, {each.verdict}</title></circle>"
        for each in month.trainings
    )
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'font-family="sans-serif" font-size="12">'
        f"<title>{METRIC} of each version, and the minimum of the quality gate</title>"
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#ffffff"/>'
        f'<path d="M{_EDGE} {low:.0f}H{_WIDTH - _EDGE}" stroke="#57606a" stroke-dasharray="4"/>'
        f'<text x="{_EDGE}" y="{low - 6:.0f}" fill="#57606a">minimum {MINIMUM:g}</text>{points}'
        f'<text x="{_EDGE}" y="{_HEIGHT - 10}" fill="#57606a">day 1</text>'
        f'<text x="{_WIDTH - _EDGE}" y="{_HEIGHT - 10}" fill="#57606a" text-anchor="end">day {DAYS}</text></svg>\n'
    )


def _x(at: float) -> float:
    return _EDGE + (at - FIRST.timestamp()) / (DAYS * 86400) * (_WIDTH - 2 * _EDGE)


def _y(value: float, highest: float) -> float:
    return _HEIGHT - _EDGE - value / highest * (_HEIGHT - 2 * _EDGE)


def _when(at: float) -> str:
    day = (at - FIRST.timestamp()) // 86400 + 1
    return f"day {day:.0f}, {datetime.fromtimestamp(at, UTC):%a %H:%M} UTC"
