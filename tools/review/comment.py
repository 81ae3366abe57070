"""A review as Markdown for a comment on a pull request, which GitHub limits to 65,536 characters.

Source: GitHub's answer to a longer one, "Body is too long (maximum is 65536 characters)". The limit here leaves room
for what a pipeline adds, and counts bytes, of which there are never fewer than characters.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path

from jinja2 import Environment
from markupsafe import Markup

from tools.pages import markdown_environment

from .review import Reason, Review, Verdict

LONGEST = 60_000
_TEMPLATES = Path(__file__).with_name("templates")
_ALERTS = {Verdict.DEPLOYABLE: "TIP", Verdict.READ_FIRST: "WARNING", Verdict.REFUSED: "CAUTION"}
_ICONS = {Verdict.DEPLOYABLE: "✅", Verdict.READ_FIRST: "⚠️", Verdict.REFUSED: "⛔"}


@dataclass(frozen=True)
class Limits:
    """How much is shown: entries of each list, of each list of what is folded, and characters of each text."""

    entries: int
    folded: int
    characters: int


# What is folded gives way first, then the length of texts, then the number of changes.
_TIERS = (
    Limits(1000, 1000, 600),
    Limits(1000, 100, 300),
    Limits(300, 20, 200),
    Limits(150, 0, 150),
    Limits(60, 0, 100),
    Limits(20, 0, 60),
    Limits(5, 0, 40),
    Limits(1, 0, 20),
)


def as_markdown(review: Review) -> str:
    """The review, with less of its details the longer it would become; at most `LONGEST` bytes."""
    return next(text for text in (drawn(review, limits) for limits in _TIERS) if len(text.encode()) <= LONGEST)


def drawn(review: Review, limits: Limits) -> str:
    """The review within limits, however long it becomes."""
    template = _environment(limits.characters).get_template("comment.md.j2")
    return template.render(review=review, limits=limits, alerts=_ALERTS, icons=_ICONS, verdicts=Verdict)


@cache
def _environment(characters: int) -> Environment:
    """Templates in which no text has more than so many characters."""
    templates = markdown_environment(_TEMPLATES, characters)
    filters: dict[str, Callable[..., Markup]] = {"label": _label, "moment": _moment}
    templates.filters |= filters
    templates.tests["adds_to"] = Reason.adds_to
    return templates


def _label(text: str) -> Markup:
    """A text in a picture of mermaid, which has no way to escape what separates its fields."""
    return Markup(re.sub(r"[^\w .()/-]", " ", text)[:80])


def _moment(minutes: float) -> Markup:
    """A time of a picture of mermaid, which takes no more than 24 hours without a date."""
    return Markup((datetime(2000, 1, 1) + timedelta(minutes=int(minutes))).strftime("%Y-%m-%d %H:%M"))
