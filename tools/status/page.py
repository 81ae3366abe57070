"""The page: the system as it is now, in one file without scripts, in the review's style."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tools import explore, review
from tools.deployed import Deployed
from tools.explore import chart, quality
from tools.explore.found import Ranking
from tools.explore.service import Personalize
from tools.pages import environment

from . import picture
from .activity import Activity, activity
from .rows import Found, Row, State
from .table import member, short, verdict, when


@dataclass(frozen=True)
class Page:
    """What the page shows.

    Attributes:
        found: what there is to say of the resources.
        ranking: versions of the ranking model; None if there is none.
        activity: requests and events.
    """

    found: Found
    ranking: Ranking | None
    activity: Sequence[Activity]


def gather(deployed: Deployed, found: Found) -> Page:
    """Read what only the page shows.

    Args:
        deployed: the environment.
        found: what was found there.

    Raises:
        ClientError, BotoCoreError: a service does not answer.
    """
    ranking = quality.ranking(Personalize(deployed), deployed.settings, deployed.parameters)
    return Page(found, ranking, list(activity(deployed.client("cloudwatch"), found)))


def as_html(page: Page) -> str:
    """The whole page; whatever its texts hold, it is shown and not obeyed."""
    found = page.found
    return _ENVIRONMENT.get_template("status.html.j2").render(
        page=page,
        found=found,
        verdict=verdict(found),
        banner=picture.tone([row.state for row in found.rows if row.state is not State.IN_STEP] or [State.IN_STEP]),
        cards=[row for row in found.rows if row.state is not State.IN_STEP],
        drawn=picture.picture(found),
        measures=picture,
        charts=list(chart.charts(page.ranking)) if page.ranking else [],
        side=chart,
        total=sum(each.per_month or 0.0 for each in found.bill),
    )


def _said(row: Row) -> str:
    """What the template says, in a cell."""
    return "; ".join(filter(None, [row.says, *(f"{member(each)}: {short(each.wanted)}" for each in row.differences)]))


def _there(row: Row) -> str:
    """What there is, in a cell."""
    return "; ".join(filter(None, [row.there_is, *(short(each.actual) for each in row.differences)]))


def _tone(row: Row) -> str:
    return picture.tone([row.state])


def _words(metric: str) -> str:
    """A metric's name as a line can be broken in it."""
    return metric.replace("_", " ")


_ENVIRONMENT = environment(
    Path(__file__).with_name("templates"),
    # The style is the review's; the charts are those of `make explore`.
    *(Path(package.__path__[0]) / "templates" for package in (review, explore)),
)
_ENVIRONMENT.filters |= {
    "member": member,
    "said": _said,
    "short": short,
    "there": _there,
    "tone": _tone,
    "when": when,
    "words": _words,
}
