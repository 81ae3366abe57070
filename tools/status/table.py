"""The table in a terminal: a line for everything that there is to say, and a sentence at the end."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from lambdas.personalize_provider.log import printable

from .rows import Found, Row, State

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
    """Everything that was found, for a console of any width."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for column in ("resource", "state", "the template says", "there is", "since"):
        table.add_column(column, overflow="fold")
    stack = None
    for row in found.rows:
        if row.stack != stack:
            stack = row.stack
            table.add_row(Text(stack or f"in the dataset group, but not of {found.name}", style="bold"))
        for cells in _lines(row):
            table.add_row(*cells)
    return Group(table, Text(), *(Text(line) for line in sentences(found)))


def print_table(found: Found, console: Console) -> None:
    """Print everything that was found."""
    console.print(as_table(found))


def _lines(row: Row) -> Iterator[tuple[Text, ...]]:
    """The lines of a row: one, or one for each member that differs, so that both values are beside each other."""
    pairs = [(row.says, row.there_is)] if row.says or row.there_is or not row.differences else []
    pairs += [(f"{each.member}: {short(each.wanted)}", short(each.actual)) for each in row.differences]
    first = (Text(printable(f"  {row.path} ({row.type})")), Text(row.state.value, style=_STYLES[row.state]))
    for at, pair in enumerate(pairs):
        said, there_is = (Text(printable(each)) for each in pair)
        yield (*first, said, there_is, Text(when(row.since))) if at == 0 else (Text(), Text(), said, there_is, Text())


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
    for row in found.rows:
        yield from (printable(f"{row.path}: {text}") for text in (row.note, row.advice) if text)
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
