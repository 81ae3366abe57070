"""The page: one file with every answer in it, without scripts, so that it can be kept and mailed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from tools.pages import environment

from . import chart
from .found import Found, Ranking


def as_html(found: Found) -> str:
    """The whole page; whatever its texts hold, it is shown and not obeyed."""
    choices = _choices(found)
    return _ENVIRONMENT.get_template("page.html.j2").render(
        found=found,
        charts=list(chart.charts(found.ranking)) if found.ranking else [],
        side=chart,
        metrics=_metrics(found.ranking),
        choices=range(1, max(choices, default=1) + 1),
    )


def _words(metric: str) -> str:
    """A metric's name as a line can be broken in it."""
    return metric.replace("_", " ")


def _choices(found: Found) -> list[int]:
    """How many there are to choose from, everywhere on the page: the style sheet has a rule for each number."""
    versions = len(found.ranking.versions) if found.ranking else 0
    return [len(found.users), versions, *(len(each) for user in found.users for each in (user.lists, user.rankings))]


def _metrics(ranking: Ranking | None) -> Sequence[str]:
    return sorted({name for version in ranking.versions for name in version.metrics}) if ranking else ()


_ENVIRONMENT = environment(Path(__file__).with_name("templates"))
_ENVIRONMENT.filters["words"] = _words
