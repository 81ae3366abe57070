"""What `make adopt` found and wrote: for a terminal, and as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from lambdas.personalize_provider.log import printable
from tools.pages import markdown_environment
from tools.review.money import Cost

from .bill import Bill
from .plan import Left, Plan, Taken

_TEMPLATES = Path(__file__).with_name("templates")
_LONGEST = 1000


_TAGS = "Tags that they have stay. The app adds two of its own, by which it knows what is its."


@dataclass(frozen=True)
class Report:
    """All there is to say.

    Attributes:
        env: name of the environment.
        where: the account, as the user reads it.
        plan: what is written.
        bill: what the group costs.
        files: that were written.
        commands: what to do next, each with what it does.
    """

    env: str
    where: str
    plan: Plan
    bill: Bill
    files: tuple[Path, ...]
    commands: tuple[tuple[str, str], ...]

    @property
    def headline(self) -> str:
        """What has happened."""
        group, taken, left = self.plan.group.itself.name, len(self.plan.taken), len(self.plan.left)
        how = "only looked at" if self.plan.is_existing else "taken over"
        what = "resource" if taken == 1 else "resources"
        return f"Dataset group {group} in {self.where}: {how}. {taken} {what} taken over, {left} left alone."

    def lines(self) -> Iterator[tuple[str, str, str, str]]:
        """What bills: what it is, how the figure comes about, a month, a training."""
        for each in self.bill.lines:
            yield each.path, each.what, _month(each, self.bill.hours), _training(each)


def _month(cost: Cost, hours: float) -> str:
    if cost.per_hour is None:
        return "not known"
    amount = cost.per_month(hours)
    return f"${amount:,.2f}" if amount >= 0.005 else "nothing"


def _training(cost: Cost) -> str:
    if cost.per_training is None:
        return "not known"
    return f"${cost.per_training:,.2f}" if cost.per_training else ""


def show(report: Report, console: Console) -> None:
    """Print the report.

    Args:
        report: what there is to say.
        console: where.
    """
    console.print(_text(report.headline), style="bold")
    console.print(_table("Taken over", ("what", "name", "setting", "what there is to know"), _taken(report.plan.taken)))
    if report.plan.taken:
        console.print(_text(_TAGS))
    if report.plan.left:
        console.print(_table("Left alone", ("what", "name", "why", "what to do instead"), _left(report.plan.left)))
    lines = list(report.lines())
    if lines:
        title = f"What bills, also if nobody asks: about ${report.bill.per_month:,.2f} a month"
        console.print(_table(title, ("what", "how it comes about", "a month", "a training"), lines))
        for note in report.bill.notes:
            console.print(_text(note))
    console.print(_text(f"Written: {', '.join(map(str, report.files))}"))
    for command, does in report.commands:
        console.print(f"  [bold]{_text(command)}[/bold]  {_text(does)}")


def as_markdown(report: Report) -> str:
    """The report as Markdown."""
    return markdown_environment(_TEMPLATES, _LONGEST).get_template("report.md.j2").render(report=report, tags=_TAGS)


def _taken(taken: Iterable[Taken]) -> Iterator[tuple[str, ...]]:
    return ((each.found.what, each.found.name, each.setting, " ".join(each.notes)) for each in taken)


def _left(left: Iterable[Left]) -> Iterator[tuple[str, ...]]:
    return ((each.found.what, each.found.name, each.why, each.instead) for each in left)


def _table(title: str, columns: Iterable[str], rows: Iterable[tuple[str, ...]]) -> Table:
    table = Table(title=title, title_justify="left", title_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*map(_text, row))
    return table


def _text(text: str) -> str:
    """A text in which nothing is markup, and nothing controls the terminal."""
    return escape(printable(text))
