"""The page of a check: its numbers are those of the data, nothing breaks out of it, and it needs nothing else."""

from __future__ import annotations

import datetime
import html.parser
import re
from collections.abc import Mapping, Sequence
from itertools import pairwise
from pathlib import Path

import pytest

from tests.support.contrast import contrast
from tools.check.check import Report
from tools.check.engines import DuckDb, Readable
from tools.check.findings import Finding
from tools.check.page import WIDTH, as_html
from tools.check.pictures import Chart, pictures
from tools.check.places import LocalFile

NOW = 2_000_000_000.0
DAY = 86_400
MONDAY = 1_699_833_600  # 13 November 2023


def charts(folder: Path, interactions: Sequence[str], items: Sequence[str] = ()) -> dict[str, Chart]:
    engine = DuckDb(folder)
    tables = {"INTERACTIONS": ("USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP", interactions)}
    if items:
        tables["ITEMS"] = ("ITEM_ID,GENRES,CREATION_TIMESTAMP", items)
    for kind, (header, rows) in tables.items():
        file = folder / f"{kind}.csv"
        file.write_text("\n".join([header, *rows, ""]))
        assert engine.load(kind, [Readable(LocalFile(file), header.split(","))]) == []
    columns = {kind: header.split(",") for kind, (header, _) in tables.items()}
    found = {chart.title: chart for chart in pictures(engine, columns, NOW)}
    engine.close()
    return found


def numbers(chart: Chart) -> Mapping[str, list[float]]:
    return {label: list(each) for label, each in chart.bins}


def test_interactions_a_day_and_by_event_type(tmp_path: Path) -> None:
    rows = [f"u{number},i1,{kind},{MONDAY + day * DAY}" for number, day, kind in [(1, 0, "Watch"), (2, 0, "Watch")]]
    rows += [f"u1,i1,Click,{MONDAY + 2 * DAY}", f"u1,i2,Watch,{MONDAY + 3 * DAY - 1}"]
    rows += ["u1,i1,Watch,1700000000000", "u1,i1,Watch,soon"]  # milliseconds, and no time at all
    found = charts(tmp_path, rows)["Interactions a day"]
    assert found.series == ["Watch", "Click"]
    assert numbers(found) == {"2023-11-13": [2, 0], "2023-11-14": [0, 0], "2023-11-15": [1, 1]}


@pytest.mark.parametrize(
    ("days", "title", "labels"),
    [
        (200, "Interactions a week", ["2023-11-06", "2023-11-13"]),
        (1000, "Interactions a month", ["2023-10", "2023-11"]),
        (5000, "Interactions a year", ["2022", "2023"]),
    ],
)
def test_what_goes_on_for_longer_is_drawn_by_longer_periods(
    tmp_path: Path, days: int, title: str, labels: list[str]
) -> None:
    chart = charts(tmp_path, [f"u,i,Watch,{MONDAY}", f"u,i,Watch,{MONDAY - days * DAY}"])[title]
    assert list(numbers(chart))[-2:] == labels
    assert sum(sum(each) for each in numbers(chart).values()) == 2


def test_rare_event_types_are_drawn_together(tmp_path: Path) -> None:
    rows = [f"u,i{number},E{kind},{MONDAY}" for kind in range(8) for number in range(10 - kind)]
    chart = charts(tmp_path, rows)["Interactions a day"]
    assert chart.series == ["E0", "E1", "E2", "E3", "E4", "others"]
    assert numbers(chart) == {"2023-11-13": [10, 9, 8, 7, 6, 5 + 4 + 3]}


def test_users_and_items_by_their_number_of_interactions(tmp_path: Path) -> None:
    rows = [
        f"u{user},i{number},Watch,{MONDAY}"
        for user, count in enumerate([1, 1, 2, 3, 4, 5, 9])
        for number in range(count)
    ]
    found = charts(tmp_path, rows)
    assert numbers(found["Users by their number of interactions"]) == {"1": [2], "2": [1], "3-4": [2], "5-9": [2]}
    # i0 7, i1 5, i2 4, i3 3, i4 2, i5 to i8 1
    assert numbers(found["Items by their number of interactions"]) == {"1": [4], "2": [1], "3-4": [2], "5-9": [2]}


def test_the_catalogue_by_genre_and_age(tmp_path: Path) -> None:
    last = MONDAY + DAY  # midnight after the last day of the data
    items = [
        f"i1,War|Drama,{last - 3 * DAY}",
        f"i2,Drama,{last - 100 * DAY}",
        f"i3,,{last - 4000 * DAY}",
        f"i4,War,{last}",
    ]
    found = charts(tmp_path, [f"u,i1,Watch,{MONDAY}"], [*items, "i5,Drama,never"])
    assert numbers(found["Catalogue by genre"]) == {"Drama": [3], "War": [2]}
    ages = {label: number for label, (number,) in numbers(found["Catalogue by age"]).items() if number}
    assert ages == {"up to a week": 2, "up to a year": 1, "older": 1}
    assert "on 2023-11-13," in found["Catalogue by age"].note


def test_the_share_of_new_items(tmp_path: Path) -> None:
    items = [f"new,War,{MONDAY - 29 * DAY}", f"old,War,{MONDAY - 30 * DAY}", f"next,War,{MONDAY + 9 * DAY}"]
    rows = [f"u,new,Watch,{MONDAY}", f"u,old,Watch,{MONDAY}", f"v,old,Watch,{MONDAY}", f"w,old,Watch,{MONDAY + 1}"]
    rows += [f"u,next,Watch,{MONDAY}", f"u,unknown,Watch,{MONDAY}", f"u,new,Watch,{MONDAY + DAY}"]
    chart = charts(tmp_path, rows, items)["Share of new items"]
    assert numbers(chart) == {"2023-11-13": [25.0], "2023-11-14": [0.0]}


def test_without_interactions_there_is_nothing_to_draw(tmp_path: Path) -> None:
    assert charts(tmp_path, []) == {}


# -- the page ----------------------------------------------------------------------------------------------------

EVIL = """</title></style><script>alert(1)</script><!-- "'> {{ 7 * 7 }}"""


class Page(html.parser.HTMLParser):
    """Elements and texts of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.texts.append(data.strip())

    def handle_comment(self, data: str) -> None:
        raise AssertionError(data)


def page(name: str, report: Report) -> str:
    both = [
        Chart(name, name, [name, "others"], [(name, [3, 0]), ("b", [1, 4])]),
        Chart("t", "n", [""], [(name, [3]), ("b", [0])], form="bars"),
        Chart("t", "n", [""], [(name, [0.0])], unit="%"),
    ]
    return as_html(name, report, both, name, datetime.date(2026, 11, 26))


def test_nothing_breaks_out_of_it() -> None:
    def tags(name: str) -> list[str]:
        finding = Finding(name, name)
        report = Report(facts=[name], findings=[finding, Finding(name, name, refuses=False)], unread=[finding])
        return [tag for tag, _ in Page(page(name, report)).elements]

    assert tags(EVIL) == tags("x" * len(EVIL))
    assert "script" not in tags(EVIL)


def test_it_needs_nothing_else() -> None:
    text = page("dev", Report())
    assert not re.search(r"https?:|src=|href=|@import|url\(", text)
    assert len(text) < 20_000


@pytest.mark.parametrize(
    ("report", "level"),
    [
        (Report(), "good"),
        (Report(findings=[Finding("a", "b", refuses=False)]), "good"),
        (Report(findings=[Finding("a", "b")], unread=[Finding("a", "c")]), "bad"),
        (Report(unread=[Finding("a", "b")]), "unknown"),
    ],
)
def test_the_verdict_has_its_colour(report: Report, level: str) -> None:
    assert f"color: var(--{level}); }}" in page("dev", report)


def test_everything_drawn_is_within_its_picture() -> None:
    bins = [(f"2024-01-{day:02}", [day * 1234, 7]) for day in range(1, 61)]
    drawn = [Chart("a", "b", ["x", "y"], bins), Chart("a", "b", [""], [("g" * 99, [10**9]), ("h", [0])], form="bars")]
    shown = Page(as_html("dev", Report(), drawn, "v", datetime.date(2026, 11, 26)))
    height = 0.0
    rectangles = 0
    for tag, attributes in shown.elements:
        if tag == "svg":
            height = float(str(attributes["viewbox"]).split()[3])
        if tag == "rect":
            x, y, width, high = (float(str(attributes[name])) for name in ("x", "y", "width", "height"))
            assert min(x, y) >= 0
            assert x + width <= WIDTH
            assert y + high <= height + 0.11
            rectangles += 1
    assert rectangles == 2 * 60 + 2
    assert "2024-01-01: x 1,234" in shown.texts


def test_labels_below_columns_do_not_run_into_each_other() -> None:
    for count in range(1, 61):
        chart = Chart("a", "b", [""], [(f"2024-{1 + at // 28:02}-{1 + at % 28:02}", [1]) for at in range(count)])
        shown = Page(as_html("dev", Report(), [chart], "v", datetime.date(2026, 11, 26)))
        middles = [
            float(str(a["x"])) for tag, a in shown.elements if tag == "text" and a.get("text-anchor") == "middle"
        ]
        assert middles
        assert all(later - earlier >= len("2024-01-01") * 7.3 for earlier, later in pairwise(middles)), count
        assert middles[-1] <= WIDTH


def test_what_cannot_be_seen_is_written_out() -> None:
    """A mark that reverses text would change what a finding says."""
    text = page("dev", Report(findings=[Finding("items.csv", "ITEM_ID is 'a\u202eb'.")]))
    assert "\u202e" not in text
    assert "ITEM_ID is &#39;a" in text


def test_colours_have_enough_contrast() -> None:
    """WCAG 2.2 AA: 4.5 for text, 3 for what is drawn."""
    text = page("dev", Report())
    light, dark = (
        dict(re.findall(r"--(\w+): (#[0-9a-f]{6})", part)) for part in text.split("prefers-color-scheme")[:2]
    )
    assert len(light) == len(dark) == 14
    for colours in (light, dark):
        for name in ("text", "soft", "good", "bad", "unknown"):
            assert min(contrast(colours[name], colours[back]) for back in ("back", "card")) >= 4.5, name
        for series in range(6):
            assert contrast(colours[f"s{series}"], colours["card"]) >= 3, series
