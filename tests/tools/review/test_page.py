"""The page of a review: safe, whole, readable in light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given, settings

from tests.support.contrast import contrast
from tools.review import page as page_module
from tools.review.comment import as_markdown
from tools.review.page import as_html
from tools.review.report import refused_review
from tools.review.review import Bar, Review, Verdict
from tools.review.terminal import as_text

from .support.hostile import HOSTILE, TEXTS
from .support.rendering import harmless, html_of, text, tree, without_space
from .support.reviews import a_review, rewritten

CSS = Path(page_module.__file__).with_name("templates").joinpath("page.css").read_text()


def with_text(hostile: str) -> Review:
    """A review all of whose texts begin and end with one."""
    return rewritten(a_review(), lambda own: f"{hostile}{own}{hostile}")


def assert_nothing_breaks_out(hostile: str) -> None:
    page = as_html(with_text(hostile))
    assert tree(page) == tree(as_html(with_text(harmless(hostile))))
    assert without_space(hostile) in text(page)


@pytest.mark.parametrize("hostile", TEXTS)
def test_no_value_breaks_out(hostile: str) -> None:
    assert_nothing_breaks_out(hostile)


@given(HOSTILE)
@settings(max_examples=100, deadline=None)
def test_no_value_that_can_be_thought_of_breaks_out(hostile: str) -> None:
    assert_nothing_breaks_out(hostile)


def test_it_needs_nothing_else() -> None:
    page = as_html(a_review())
    assert not re.search(r"<(script|link|img|iframe|object)|\ssrc=|url\(|@import", page)
    assert set(re.findall(r'href="(.)', page)) == {"#"}


def test_the_contents_lead_to_every_section() -> None:
    page = as_html(a_review())
    led_to = re.findall(r'href="#(\w+)"', page)
    assert led_to == ["verdict", "changes", "time", "money", "permissions", "outputs", "resources"]
    assert [each for each in led_to if f'<section id="{each}"' not in page] == []


@pytest.mark.parametrize("verdict", Verdict)
def test_the_banner_says_the_verdict_in_words_and_colour(verdict: Verdict) -> None:
    (banner,) = re.findall(
        r'<div class="banner (\w+)" role="status">(?s:.*?)<strong>(.*?)</strong>', as_html(a_review(verdict))
    )
    classes = {Verdict.DEPLOYABLE: "good", Verdict.READ_FIRST: "read", Verdict.REFUSED: "stop"}
    assert banner == (classes[verdict], verdict.value)


def test_what_does_not_change_is_folded() -> None:
    page = as_html(a_review())
    folded = "".join(re.findall(r"<details>(?s:.*?)</details>", page))
    assert "vod-dev-ranking</li>" in folded
    assert "Role D may personalize:List*" in folded
    assert "FilterExpression" not in folded


@pytest.mark.parametrize(
    ("minutes", "labels"), [(0, [0, 1]), (40, [0, 5, 10, 15, 20, 25, 30, 35, 40]), (125, [0, 30, 60, 90, 120])]
)
def test_the_axis_is_labelled_at_round_times(minutes: int, labels: list[int]) -> None:
    assert page_module._ticks([Bar("Import", "DatasetImportJob", 0, minutes)]) == labels


@pytest.mark.parametrize("minutes", [1, 9, 700, 5000, 100_000])
def test_the_axis_has_room_for_its_labels(minutes: int) -> None:
    assert len(page_module._ticks([Bar("Import", "DatasetImportJob", 0, minutes)])) <= 9


def test_settings_that_are_refused_leave_nothing_else_to_say() -> None:
    review = refused_review(a_review().header, "config/dev.yaml: filters: <genre> is no filter.")
    page, comment, terminal = as_html(review), html_of(as_markdown(review)), as_text(review)
    for shown in (text(page), text(comment), without_space(terminal)):
        assert "Cannotbedeployed" in shown
        assert "<genre>isnofilter." in shown
        assert "Money" not in shown
        assert "Whatdeployingitdoes" not in shown


# -- contrast ----------------------------------------------------------------------------------------------------


def palettes() -> list[tuple[str, dict[str, str]]]:
    """Colours by name, in light and dark; what dark does not set is as in light."""
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in blocks)
    return [("light", light), ("dark", light | dark)]


def test_contrast_is_computed_as_published() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#767676", "#ffffff") == pytest.approx(4.54, abs=0.01)


@pytest.mark.parametrize(("name", "colours"), palettes())
def test_every_text_has_the_contrast_of_wcag_aa(name: str, colours: dict[str, str]) -> None:
    pairs = [(each, each.partition("-on-")[2]) for each in colours if "-on-" in each]
    assert len(pairs) > 20
    low = {each: round(contrast(colours[each], colours[surface]), 2) for each, surface in pairs
           if contrast(colours[each], colours[surface]) < 4.5}  # fmt: skip
    assert low == {}


def test_every_text_has_a_colour_whose_contrast_is_tested() -> None:
    used = re.findall(r"(?<![-\w])color: ([^;]+);", CSS)
    assert [each for each in used if not re.fullmatch(r"var\(--[\w-]+-on-[\w-]+\)", each)] == []


def test_every_text_has_a_colour_for_what_it_is_on() -> None:
    pairs = [
        (ground, ink)
        for rule in re.findall(r"\{([^{}]*)\}", CSS)
        for ground in re.findall(r"background: var\(--([\w-]+)\)", rule)
        for ink in re.findall(r"(?<![-\w])color: var\(--([\w-]+)\)", rule)
    ]
    assert len(pairs) > 5
    assert [pair for pair in pairs if not pair[1].endswith(f"-on-{pair[0]}")] == []
