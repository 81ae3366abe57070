"""The table in a terminal: a line for everything that there is to say, and a sentence at the end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from lambdas.personalize_provider.log import printable

from .rows import Difference, Found, Row, State

_STYLES = {
    State.IN_STEP: "green",
    State.CHANGING: "cyan",
    State.RELEASED: "cyan",
    State.IDLE: "yellow",
    State.BEHIND: "yellow",
    State.NOT_OURS: "yellow",
    State.STOPPED: "yellow",
    State.CHANGED: "yellow",
    State.MISSING: "red",
    State.FAILED: "red",
    State.UNREADABLE: "red",
}
# So much of a value is shown; --json has all of it.
_MOST = 60


def as_table(found: Found) -> RenderableType:
    """Everything that was found, for a console of 80 columns or more: a line for each row, and its details below it."""
    widths = [max([len(cell) for cell in cells], default=0) for cells in zip(*map(_cells, found.rows), strict=True)]
    parts: list[RenderableType] = []
    stack = None
    for row in found.rows:
        if row.stack != stack:
            stack = row.stack
            parts.append(Text(stack or f"in the dataset group, but not of {found.name}", style="bold"))
        parts.append(_line(row, widths))
        parts += [Padding(Text(printable(detail)), (0, 0, 0, 6), expand=False) for detail in details(row)]
    return Group(*parts, Text(), *(Text(line) for line in sentences(found)))


def print_table(found: Found, console: Console) -> None:
    """Print everything that was found."""
    console.print(as_table(found))


def _cells(row: Row) -> tuple[str, ...]:
    return printable(row.path), row.type, row.state.value, when(row.since)


def _line(row: Row, widths: list[int]) -> RenderableType:
    table = Table.grid(padding=(0, 2, 0, 0))
    styles = ("", "dim", _STYLES[row.state], "dim")
    for width in widths:
        table.add_column(min_width=width, overflow="fold")
    table.add_row(*(Text(cell, style=style) for cell, style in zip(_cells(row), styles, strict=True)))
    return Padding(table, (0, 0, 0, 2), expand=False)


def details(row: Row) -> Iterator[str]:
    """What the template says and what there is, and what else to know."""
    if row.says:
        yield f"the template says: {row.says}; there is: {row.there_is}"
    elif row.there_is:
        yield row.there_is
    for each in row.differences:
        yield f"{member(each)}: {short(each.wanted)} -> {short(each.actual)}"
    yield from filter(None, [row.note, row.advice])


def member(difference: Difference) -> str:
    """The member that differs, for people."""
    tags, _, key = difference.member.partition(".")
    return f"tag {key}" if tags == "Tags" else difference.member


def short(value: Any, most: int = _MOST) -> str:
    """A value on a line, cut if it is long."""
    if value is None:
        return "(none)"
    text = value if isinstance(value, str) else json.dumps(value, default=str)
    return text if len(text) <= most else f"{text[:most]} ..."


def when(moment: datetime | None) -> str:
    """A time as people read it."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}" if moment else ""


def sentences(found: Found) -> Iterator[str]:
    """What to know besides, and what it all comes to."""
    for stack in found.stacks:
        if not stack.status.endswith("_COMPLETE"):
            yield f"{stack.name} is {stack.status}: what its template says may not have been deployed."
    yield verdict(found)


def verdict(found: Found) -> str:
    """What it comes to, in a sentence."""
    counts = list(_counted(row.state for row in found.out_of_step()))
    resources = len({(row.stack, row.path) for row in found.rows if row.stack})
    if not counts:
        return f"{found.name} in {found.where}: all {resources} resources are in step."
    return f"{found.name} in {found.where}: {', '.join(counts)}; {resources} resources in all."


def _counted(states: Iterable[State]) -> Iterator[str]:
    listed = list(states)
    return (f"{listed.count(state)} {state.value}" for state in State if state in listed)
