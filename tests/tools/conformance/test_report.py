"""The report of a comparison: everything is in it, and no text breaks out of it."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.support.contrast import contrast
from tests.tools.conformance.support.recordings import exchange, record, recording, refused, watched
from tests.tools.review.support.rendering import harmless, html_of, text, tree
from tools.conformance.compare import Comparison, compare
from tools.conformance.recording import Recording
from tools.conformance.report import LONGEST, as_html, as_markdown, sections, sentence
from tools.conformance.rules_page import Rule

RULES = {
    name: Rule(name, "Topic", f"The rule **{name}** says `something`", "", "", "", "") for name in ("a.rule", "b.rule")
}
HOSTILE = "</td><script>alert(1)</script> | `x` @somebody\n| y"


def two(message: str = "No.") -> tuple[Recording, Recording]:
    """Recordings that differ in a message, an answer, a status and the protocol."""
    a = [
        record(refused("InvalidInputException", message), step="a.message"),
        record(exchange(answer={"x": 1}), step="a.member", rules=("b.rule", "gone.rule")),
        record(watched("CREATE PENDING", "ACTIVE", looked=2), step="a.timing"),
        record(exchange(), step="a.same"),
        record(step="a.here"),
    ]
    b = [
        record(refused("InvalidInputException", "Wrong."), step="a.message"),
        record(exchange(content_type="text/plain"), step="a.member", rules=("b.rule", "gone.rule")),
        record(watched("ACTIVE", looked=1), step="a.timing"),
        record(exchange(), step="a.same"),
        record(step="a.there"),
    ]
    return recording(*a), recording(*b)


def compared(message: str = "No.") -> Comparison:
    return compare(*two(message))


def markdown(comparison: Comparison) -> str:
    return html_of(as_markdown(comparison, RULES))


def test_differences_are_told_by_the_rules_that_they_concern() -> None:
    found = sections(compared().certain, RULES)
    assert [(section.rules, [each.kind for each in section.differences]) for section in found] == [
        (("a.rule",), ["message"]),
        (("b.rule", "gone.rule"), ["member"]),
        (("requests.answers",), ["content type"]),
    ]
    assert found[0].texts == ("The rule a.rule says something",)
    assert found[1].texts == ("The rule b.rule says something",)


@pytest.mark.parametrize("draw", [lambda: as_html(compared(), RULES), lambda: markdown(compared())])
def test_a_report_has_everything(draw: Callable[[], str]) -> None:
    shown = LexborHTMLParser(draw()).text()
    for expected in (
        "The recordings of 4 steps differ in 3 places. The steps touch 4 rules.",
        *("emulator, eu-west-1, tier free", "a.rule", "b.rule", "requests.answers"),
        *("No.", "Wrong.", "text/plain", "a.message", "CreateFilter, InvalidInputException"),
        *("Perhaps only of timing", "CREATE PENDING → ACTIVE", "a.here", "a.there"),
    ):
        assert expected in shown


def test_a_step_that_touches_no_rule() -> None:
    steps = [record(notes={"n": number}, rules=(), step="a.ours") for number in range(2)]
    found = compare(*(recording(each) for each in steps))
    assert "The steps touch 0 rules." in sentence(found)
    for page in (as_html(found, RULES), markdown(found)):
        assert "No rule of the service" in page


def test_the_same_recordings() -> None:
    same = compare(recording(record(step="a.one")), recording(record(step="a.one")))
    assert sentence(same) == "The recordings are the same in 1 step."
    for page in (as_html(same, RULES), markdown(same)):
        assert "The recordings are the same in 1 step." in page
        assert "Perhaps" not in page
        assert "only in A" not in page


@pytest.mark.parametrize("draw", [lambda found: as_html(found, RULES), markdown])
def test_no_text_breaks_out(draw: Callable[[Comparison], str]) -> None:
    page = draw(compared(HOSTILE))
    assert tree(page) == tree(draw(compared(harmless(HOSTILE))))
    assert "alert(1)" in text(page)


def test_the_page_needs_nothing_else() -> None:
    page = as_html(compared(), RULES)
    assert re.findall(r"(?:src|href|url)\b\s*[=(]", page) == []
    assert "<script" not in page


def test_texts_can_be_read_on_their_ground() -> None:
    page = as_html(compared(), RULES)
    themes = re.findall(r":root \{(.*?)\}", page, re.DOTALL)
    assert len(themes) == 2
    for theme in themes:
        colors = dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", theme))
        for name in ("text", "soft", "good", "bad"):
            assert min(contrast(colors[name], colors[ground]) for ground in ("back", "card")) >= 4.5


def test_the_markdown_of_many_differences_fits_into_an_issue() -> None:
    def many(letter: str) -> Recording:
        answer = {f"member{number}": letter * 100 for number in range(600)}
        steps = [record(exchange(answer=answer), step=f"a.step{number}") for number in range(5)]
        return recording(*steps)

    shown = as_markdown(compare(many("x"), many("y")), RULES)
    assert 1000 < len(shown.encode()) <= LONGEST
    assert "more" in shown


def test_what_never_fits_is_as_short_as_it_can_be() -> None:
    steps = range(1200)
    a = recording(*(record(exchange(answer={"x": n}), step=f"a.s{n}", rules=(f"r.r{n}",)) for n in steps))
    b = recording(*(record(exchange(), step=f"a.s{n}", rules=(f"r.r{n}",)) for n in steps))
    assert "r.r1199" in as_markdown(compare(a, b), RULES)
