"""The plan of a repair in a terminal."""

from __future__ import annotations

import sys
from collections.abc import Iterator

from rich.console import Console, Group, RenderableType
from rich.table import Table
from rich.text import Text

from lambdas.personalize_provider.log import printable
from tools.status.table import short

from .plan import Left, Plan, Step

# Where nobody looks, as in the log of a pipeline.
_WIDTH = 140
_STYLES = {"deleted and made again": "red", "made again": "yellow", "run again": "yellow"}


def console() -> Console:
    """Where it is printed: as wide as the terminal, if there is one."""
    return Console() if sys.stdout.isatty() else Console(width=_WIDTH)


def as_table(plan: Plan) -> RenderableType:
    """What is done and what is left alone, for a console of any width."""
    table = Table(box=None, pad_edge=False, header_style="bold", show_edge=False)
    for column in ("resource", "repairing it", "change", "takes", "costs"):
        table.add_column(column, overflow="fold")
    for step in plan.steps:
        for cells in _lines(step):
            table.add_row(*cells)
    notes = [Text(printable(f"{step.path}: {step.note}.")) for step in plan.steps if step.note]
    left = [Text(printable(line)) for line in map(_left, plan.left)]
    return Group(*([table] if plan.steps else []), *notes, *([Text("Left alone:"), *left] if left else []))


def _lines(step: Step) -> Iterator[tuple[Text, ...]]:
    """The lines of a step: one, or one for each member."""
    what = Text(step.what, style=_STYLES.get(step.what, "cyan"))
    first = (Text(printable(f"{step.construct} ({step.type})")), what)
    last = (Text(step.takes), Text(step.costs))
    changes = [
        Text(printable(f"{each.member}: {short(each.actual)} → {short(each.wanted)}")) for each in step.differences
    ]
    for at, change in enumerate(changes or [Text()]):
        yield (*first, change, *last) if at == 0 else (Text(), Text(), change, Text(), Text())


def _left(left: Left) -> str:
    note = f" ({left.row.note})" if left.row.note else ""
    return f"  {left.row.construct} ({left.row.type}) is {left.row.state.value}: {left.why}{note}"
