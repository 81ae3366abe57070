"""The page: safe, whole, with every state in its picture, and readable in light and dark."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.support.contrast import contrast
from tests.tools.review.support.hostile import TEXTS
from tests.tools.review.support.rendering import harmless, text, tree, without_space
from tests.tools.status.support.environment import Environment
from tools import review
from tools.explore.found import Bound, Ranking, Version
from tools.status import page as page_module
from tools.status.activity import Activity
from tools.status.page import Page, as_html, gather
from tools.status.picture import BOX_HEIGHT, BOX_WIDTH, picture
from tools.status.rows import Bill, Difference, Found, Row, Run, StackState, State

BEGIN = datetime(2026, 11, 1, tzinfo=UTC)
CSS = "".join(
    (Path(package.__file__ or "").parent / "templates" / name).read_text()
    for package, name in ((review, "page.css"), (page_module, "status.css"))
)


def a_row(state: State, word: str = "", kind: str = "Recommender") -> Row:
    return Row(
        stack=f"vod-dev-data{word}",
        path=f"{state.name.title()}{word}",
        logical_id="Logical",
        type=kind,
        name=f"name{word}",
        arn=f"arn:{state.name}",
        state=state,
        says=f"says{word}",
        there_is=f"there{word}",
        differences=(Difference(f"Member{word}", f"wanted{word}", f"actual{word}"),),
        since=BEGIN,
        note=f"note{word}",
        advice=f"advice{word}",
    )


def a_page(word: str = "") -> Page:
    """A page with every state, all of whose texts end with a word."""
    rows = [a_row(state, word) for state in State]
    rows += [replace(a_row(State.NOT_OURS, word), stack=""), a_row(State.IN_STEP, word, "DatasetGroup")]
    runs = [Run("ITEMS", f"run{word}", f"by{word}", f"ACTIVE{word}", BEGIN, BEGIN, f"reason{word}")]
    bill = [Bill(f"path{word}", f"what{word}", 12.5), Bill("other", "what", None)]
    stacks = [StackState(f"vod-dev-data{word}", "CREATE_COMPLETE", BEGIN)]
    found = Found(f"vod-dev{word}", f"a test{word}", BEGIN, stacks, rows, runs, bill, [("arn:IN_STEP", "arn:IDLE")])
    version = Version("v1", BEGIN, "manual, full", {"coverage": 0.4}, True)
    ranking = Ranking([version], 0, {"coverage": [Bound(0.3, f"minimum{word}")]}, f"ACTIVE{word}")
    return Page(found, ranking, [Activity(f"path{word}", "GetRecommendations", (0, 3), ("2026-10-31", "2026-11-01"))])


@pytest.mark.parametrize("hostile", TEXTS)
def test_no_value_breaks_out(hostile: str) -> None:
    page = as_html(a_page(hostile))
    assert tree(page) == tree(as_html(a_page(harmless(hostile))))
    assert without_space(hostile) in text(page)


def test_it_needs_nothing_else() -> None:
    page = as_html(a_page())
    assert not re.search(r"<(script|link|img|iframe|object)|\ssrc=|url\(|@import", page)
    assert [each for each in re.findall(r'href="#(\w+)"', page) if f'<section id="{each}"' not in page] == []


def test_everything_that_is_out_of_step_has_a_card_and_the_picture_its_state() -> None:
    page = LexborHTMLParser(as_html(a_page()))
    states = {state.value for state in State}
    assert {each.text(strip=True) for each in page.css("#cards .what")} == states - {"in step"}
    assert {each.text(strip=True) for each in page.css("#system .state")} == states
    assert "$12.50" in page.css_first("#money .big").text()


def test_boxes_do_not_overlap_and_are_within_the_picture() -> None:
    drawn = picture(a_page().found)
    corners = [(box.x, box.y) for box in drawn.boxes]
    assert len(set(corners)) == len(corners) == len(State)
    assert all(x + BOX_WIDTH <= drawn.width and y + BOX_HEIGHT <= drawn.height for x, y in corners)


def test_a_deployed_environment_has_a_page(environment: Environment, deployed: Found) -> None:
    page = gather(environment.deployed, deployed)
    assert page.ranking
    assert {each.path for each in page.activity} == {"MoreLikeX", "TopPicks", "RerankCampaign", "EventTracker"}
    drawn = picture(deployed)
    # Three imports, the tracker, two recommenders, the solution; the campaign belongs to the solution and a version.
    assert len(drawn.lines) == 3 + 1 + 2 + 1 + 2
    assert "Everything is in step" in as_html(page)


def test_every_text_has_the_contrast_of_wcag_aa() -> None:
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in blocks[:2])
    used = set(re.findall(r"(?:color|fill): var\(--([\w-]+-on-[\w-]+)\)", CSS))
    assert used >= {"good-on-page", "read-on-page", "stop-on-page", "good-on-panel", "read-on-panel", "stop-on-panel"}
    for colours in (light, light | dark):
        low = {each for each in used if contrast(colours[each], colours[each.partition("-on-")[2]]) < 4.5}
        assert low == set()
