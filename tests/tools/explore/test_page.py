"""The page: safe, whole, readable in light and dark, and every choice on it shows something."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from selectolax.lexbor import LexborHTMLParser

from tests.support.contrast import contrast
from tests.tools.review.support.hostile import TEXTS
from tests.tools.review.support.rendering import harmless, text, tree, without_space
from tools.explore import chart
from tools.explore import page as page_module
from tools.explore.found import Bound, Found, Item, Listed, Ranking, Recommender, Reordered, Seen, User, Version
from tools.explore.page import as_html

CSS = Path(page_module.__file__).with_name("templates").joinpath("page.css").read_text()
BEGIN = datetime(2026, 11, 1, tzinfo=UTC)


def a_version(number: int, coverage: float, serves: bool = False) -> Version:
    metrics = {"coverage": coverage, "precision_at_5": 0.01 * number}
    return Version(f"v{number}", BEGIN + timedelta(days=number), "manual, full", metrics, serves)


def a_page(word: str = "", versions: Sequence[Version] | None = None) -> Found:
    """A page all of whose texts end with a word."""
    films = [Item(f"i{at}{word}", f"Film {at}{word}", f"Drama, War{word}") for at in range(4)]
    lists = [
        Listed(f"Top picks{word}", "", films),
        Listed(f"Top picks{word}", f"filter genre: {word}", problem=f"No answer: {word}"),
        Listed(f"More like{word}", "", films[:2]),
    ]
    rankings = [
        Reordered("Re-ranked", "", [films[2], films[0], films[1]], before=films),
        Reordered("Re-ranked", f"filter genre{word}", problem=f"No answer: {word}", before=films),
    ]
    users = [
        User(f"u1{word}", 7, [Seen(films[0], f"Watch{word}", "2026-01-01")], lists, rankings),
        User(f"u2{word}", 1, [], lists, rankings),
    ]
    trained = [a_version(1, 0.4), a_version(2, 0.5, serves=True), a_version(9, 0.2)] if versions is None else versions
    bounds = {"coverage": [Bound(0.3, f"minimum{word}")]}
    recommender = Recommender(
        f"top_picks{word}", "arn", f"aws-vod-top-picks{word}", f"Top picks{word}", "ACTIVE", 1, BEGIN, {"coverage": 0.5}
    )
    return Found(
        f"vod-dev{word}",
        f"a test{word}",
        BEGIN,
        [f"data{word}"],
        users,
        [recommender, replace(recommender, metrics={})],
        Ranking(trained, 3, bounds, f"ACTIVE{word}"),
    )


@pytest.mark.parametrize("hostile", TEXTS)
def test_no_value_breaks_out(hostile: str) -> None:
    page = as_html(a_page(hostile))
    assert tree(page) == tree(as_html(a_page(harmless(hostile))))
    assert without_space(hostile) in text(page)


def test_it_needs_nothing_else() -> None:
    page = as_html(a_page())
    assert not re.search(r"<(script|link|img|iframe|object)|\ssrc=|url\(|@import", page)
    assert set(re.findall(r'href="(.)', page)) == {"#"}
    assert [each for each in re.findall(r'href="#(\w+)"', page) if f'<section id="{each}"' not in page] == []


def test_every_choice_has_a_label_and_shows_something() -> None:
    page = LexborHTMLParser(as_html(a_page()))
    picks = page.css(".pick")
    # The users; for each of them two lists and the rankings; two versions.
    assert len(picks) == 1 + 2 * 3 + 2
    for pick in picks:
        own = [each for each in pick.iter() if each.tag == "input"]
        labels, shown = (
            next(e for e in pick.iter() if e.attributes.get("class") == name) for name in ("labels", "shown")
        )
        assert [each.attributes["id"] for each in own] == [each.attributes["for"] for each in labels.iter()]
        assert len(list(shown.iter())) == len(own)
        assert len([each for each in own if "checked" in each.attributes]) == 1
        assert len({each.attributes["name"] for each in own}) == 1
        assert f"input:nth-of-type({len(own)}):checked ~ .shown > :nth-child({len(own)})" in page.html  # type: ignore[operator]
    ids = [each.attributes["id"] for each in page.css("[id]")]
    assert len(ids) == len(set(ids))


def chosen(page: str, group: str) -> str:
    (found,) = re.findall(rf'id="{group}-(\d+)" checked', page)
    return str(found)


def test_at_first_different_things_are_side_by_side() -> None:
    page = as_html(a_page())
    assert (chosen(page, "user0a"), chosen(page, "user0b")) == ("1", "3")
    assert (chosen(page, "version-a"), chosen(page, "version-b")) == ("2", "3")
    assert a_page().users[0].beside == 3
    one = replace(a_page().users[0], lists=a_page().users[0].lists[:1])
    assert one.beside == 1


def test_what_has_moved_says_by_how_many_places() -> None:
    moved = [(n.text(strip=True)) for n in LexborHTMLParser(as_html(a_page())).css(".up, .down")]
    assert moved[:3] == ["▲ 2", "▼ 1", "▼ 1"]
    assert "filtered out" in as_html(a_page())


def test_one_version_alone_can_be_shown() -> None:
    page = as_html(a_page(versions=[a_version(1, 0.4, serves=True)]))
    assert (chosen(page, "version-a"), chosen(page, "version-b")) == ("1", "1")
    assert "None is trained." in as_html(a_page(versions=[]))


def test_without_ranking_there_is_nothing_about_it() -> None:
    page = as_html(replace(a_page(), ranking=None))
    assert "#versions" not in page
    assert "Versions of the ranking model" not in page


# -- charts ------------------------------------------------------------------------------------------------------


def test_metrics_with_a_bound_come_first_with_what_the_gate_asks() -> None:
    ranking = a_page().ranking
    assert ranking
    first, second = chart.charts(ranking)
    assert (first.metric, first.latest) == ("coverage", "0.5000")
    assert [(each.serves, each.is_below) for each in first.points] == [(False, False), (True, False), (False, True)]
    assert [line.text for line in first.bounds] == ["0.3"]
    low, bound, high = first.points[2].y, first.bounds[0].y, first.points[0].y
    assert low > bound > high
    assert second.bounds == []
    assert (first.begins, first.ends) == ("2026-11-02", "2026-11-10")


def test_versions_of_one_day_are_told_apart_by_their_times() -> None:
    first = a_version(1, 0.4)
    versions = [first, replace(first, trained=first.trained + timedelta(minutes=90))]
    one = next(iter(chart.charts(Ranking(versions, 0, {}, "ACTIVE"))))
    assert (one.begins, one.ends) == ("2026-11-02 00:00", "01:30")
    alone = next(iter(chart.charts(Ranking([first], 0, {}, "ACTIVE"))))
    assert (alone.begins, alone.ends) == ("2026-11-02", "")


@pytest.mark.parametrize("values", [[0.0], [1.0, 1.0], [0.0001, 0.00021], [0.999, 0.3, 0.1], [12.5, 3.0]])
def test_everything_drawn_is_within_its_picture(values: list[float]) -> None:
    versions = [a_version(number, value) for number, value in enumerate(values)]
    ranking = Ranking(versions, 0, {"coverage": [Bound(0.9, "minimum")]}, "ACTIVE")
    for one in chart.charts(ranking):
        heights = [each.y for each in (*one.points, *one.bounds, *one.grid)]
        assert min(heights) >= chart.TOP
        assert max(heights) <= chart.HEIGHT - chart.BOTTOM
        assert all(chart.LEFT < each.x < chart.WIDTH - chart.RIGHT for each in one.points)
        assert 3 <= len(one.grid) <= 6
        assert len({line.text for line in one.grid}) == len(one.grid)


# -- contrast ----------------------------------------------------------------------------------------------------


def palettes() -> list[tuple[str, dict[str, str]]]:
    """Colours by name, in light and dark; what dark does not set is as in light."""
    blocks = re.findall(r":root \{(.*?)\}", CSS, re.DOTALL)
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6});", block)) for block in blocks)
    return [("light", light), ("dark", light | dark)]


@pytest.mark.parametrize(("name", "colours"), palettes())
def test_every_text_has_the_contrast_of_wcag_aa(name: str, colours: dict[str, str]) -> None:
    pairs = [(each, each.partition("-on-")[2]) for each in colours if "-on-" in each]
    assert len(pairs) > 8
    low = {each: round(contrast(colours[each], colours[surface]), 2) for each, surface in pairs
           if contrast(colours[each], colours[surface]) < 4.5}  # fmt: skip
    assert low == {}


def test_every_text_has_a_colour_whose_contrast_is_tested() -> None:
    used = re.findall(r"(?<![-\w])color: ([^;]+);", CSS)
    assert used
    assert [each for each in used if not re.fullmatch(r"var\(--[\w-]+-on-[\w-]+\)", each)] == []
