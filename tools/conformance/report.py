"""A comparison as one HTML page, and as Markdown to paste into an issue."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.pages import environment, markdown_environment

from .compare import Comparison, Difference
from .recording import Header
from .rules_page import Rule

# GitHub takes 65,536 characters ("Body is too long"); this leaves room for what somebody writes beside it.
LONGEST = 60_000
_TEMPLATES = Path(__file__).with_name("templates")
# Characters of each text, and differences of each rule: fewer the longer it would become.
_LIMITS = ((300, 1000), (150, 100), (80, 20), (40, 5), (20, 1))


@dataclass(frozen=True)
class Section:
    """What differs, of the steps that touch the same rules.

    Attributes:
        rules: their ids.
        texts: what those of them say that the page still has.
        differences: in the order of the steps.
    """

    rules: tuple[str, ...]
    texts: tuple[str, ...]
    differences: tuple[Difference, ...]


def as_html(comparison: Comparison, rules: Mapping[str, Rule]) -> str:
    """The whole comparison; the page needs no other file, no network and no script."""
    template = environment(_TEMPLATES).get_template("page.html.j2")
    return template.render(**_shown(comparison, rules))


def as_markdown(comparison: Comparison, rules: Mapping[str, Rule]) -> str:
    """The comparison with less of its details the longer it would become, so that it has at most LONGEST bytes."""
    text = ""
    for limits in _LIMITS:
        text = _drawn(comparison, rules, *limits)
        if len(text.encode()) <= LONGEST:
            break
    return text


def _drawn(comparison: Comparison, rules: Mapping[str, Rule], characters: int, most: int) -> str:
    template = markdown_environment(_TEMPLATES, characters).get_template("comparison.md.j2")
    return template.render(**_shown(comparison, rules), most=most)


def _shown(comparison: Comparison, rules: Mapping[str, Rule]) -> dict[str, object]:
    return {
        "comparison": comparison,
        "sections": sections(comparison.certain, rules),
        "possible": comparison.possible,
        "sentence": sentence(comparison),
        "a": described(comparison.a),
        "b": described(comparison.b),
    }


def sections(differences: Sequence[Difference], rules: Mapping[str, Rule]) -> list[Section]:
    """The differences by the rules that they concern."""
    by_rules: dict[tuple[str, ...], list[Difference]] = {}
    for each in differences:
        by_rules.setdefault(each.rules, []).append(each)
    return [
        Section(ids, tuple(_plain(rules[each].text) for each in ids if each in rules), tuple(found))
        for ids, found in sorted(by_rules.items())
    ]


def _plain(markdown: str) -> str:
    return markdown.replace("`", "").replace("**", "")


def sentence(comparison: Comparison) -> str:
    """What came of it."""
    steps, number = _counted(len(comparison.compared), "step"), len(comparison.certain)
    if not number:
        return f"The recordings are the same in {steps}."
    rules = _counted(len(comparison.rules), "rule")
    return f"The recordings of {steps} differ in {_counted(number, 'place')}. The steps touch {rules}."


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"


def described(header: Header) -> str:
    """What a recording is of."""
    return f"{header.endpoint}, {header.region}, tier {header.tier}, {header.made}, botocore {header.botocore}"
