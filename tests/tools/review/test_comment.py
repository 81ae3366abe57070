"""The comment on a pull request, as GitHub renders it: no value breaks out of its place, and it always fits."""

from __future__ import annotations

import dataclasses
import json
import re
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings

from tools.review.comment import LONGEST, Limits, as_markdown, drawn
from tools.review.diff import compare
from tools.review.rehearsal import Rehearsal
from tools.review.report import review_of
from tools.review.review import Bar, Commit, Header, Review, Verdict
from tools.simulation.assembly import Assembly

from .support.hostile import HOSTILE, TEXTS
from .support.rendering import harmless, html_of, text, tree, without_space
from .support.reviews import a_review, rewritten

# How much is left out depends on how long a text becomes; here nothing is.
WIDE = Limits(1000, 1000, 10_000)
HEADINGS = ["What deploying it does", "Money", "Time"]


def with_text(hostile: str) -> Review:
    """A review all of whose texts begin and end with one."""
    return rewritten(a_review(), lambda own: f"{hostile}{own}{hostile}")


def assert_nothing_breaks_out(hostile: str) -> None:
    page = html_of(drawn(with_text(hostile), WIDE))
    assert tree(page) == tree(html_of(drawn(with_text(harmless(hostile)), WIDE)))
    assert without_space(hostile) in text(page)


@pytest.mark.parametrize("hostile", TEXTS)
def test_no_value_breaks_out(hostile: str) -> None:
    assert_nothing_breaks_out(hostile)


@given(HOSTILE)
@settings(max_examples=50, deadline=None)
def test_no_value_that_can_be_thought_of_breaks_out(hostile: str) -> None:
    assert_nothing_breaks_out(hostile)


@pytest.mark.parametrize("shown", ["<Bucket>/*", "<Region>", "personalize:List*", "EVENT_TYPE"])
def test_references_and_wildcards_stay_visible(shown: str) -> None:
    assert shown in text(html_of(as_markdown(a_review())))


def test_a_filter_of_several_lines_keeps_its_row() -> None:
    comment = as_markdown(a_review())
    (row,) = (line for line in comment.splitlines() if "FilterExpression" in line and line.startswith("|"))
    assert row.count("|") == 5
    assert '("Watch",<br>  "Click")' in row


@pytest.mark.parametrize(
    ("verdict", "alert"),
    [
        (Verdict.DEPLOYABLE, "[!TIP]"),
        (Verdict.READ_FIRST, "[!WARNING]"),
        (Verdict.REFUSED, "[!CAUTION]"),
    ],
)
def test_the_verdict_comes_first(verdict: Verdict, alert: str) -> None:
    title, _, banner, sentence, *_ = as_markdown(a_review(verdict)).splitlines()
    assert title == "# Review of dev against origin/main"
    assert banner == f"> {alert}"
    assert verdict.value in sentence


def test_nobody_is_notified() -> None:
    """GitHub looks for mentions in what it has rendered, where an entity is its character again; not in code."""
    page = html_of(as_markdown(with_text("@somebody")))
    outside = "".join(part.partition("</code>")[2] for part in page.split("<code>"))
    assert "@somebody" not in outside
    assert "@\u200bsomebody" in outside


@pytest.mark.parametrize("repeated", [1, 30, 300])
@pytest.mark.parametrize("value", ["x", "<" * 50, "|`語\n" * 1000])
def test_it_always_fits(repeated: int, value: str) -> None:
    review = rewritten(a_review(), lambda own: own + value)
    stack = dataclasses.replace(review.stacks[0], changes=review.stacks[0].changes * repeated)
    large = dataclasses.replace(
        review,
        reasons=review.reasons * repeated,
        stacks=(stack,) * min(repeated, 5),
        permissions=review.permissions * repeated,
        resources=review.resources * repeated,
        time=dataclasses.replace(review.time, bars=(Bar(value, value, 0, 5000),) * repeated),
    )
    comment = as_markdown(large)
    assert len(comment.encode()) <= LONGEST
    page = html_of(comment)
    assert [heading for heading in HEADINGS if f"<h2>{heading}</h2>" in page] == HEADINGS


def test_what_is_folded_gives_way_before_the_changes() -> None:
    review = a_review()
    large = dataclasses.replace(review, resources=review.resources * 800)
    comment = as_markdown(large)
    assert len(comment.encode()) <= LONGEST
    assert "FilterExpression" in comment
    assert comment.count("Custom&#58;&#58;PersonalizeFilter") == 100


def test_a_day_of_more_than_24_hours_is_drawn() -> None:
    review = a_review()
    long = dataclasses.replace(review.time, bars=(Bar("Import", "DatasetImportJob", 0, 1505),))
    assert "2000-01-01 00:00, 2000-01-02 01:05" in as_markdown(dataclasses.replace(review, time=long))


# -- from templates ----------------------------------------------------------------------------------------------

HEADER = Header("vod", "dev", "", "", Commit("main"), Commit("working tree"), datetime(2026, 11, 26, tzinfo=UTC))
BREAKING_OUT = "1\n\n# Verdict\n\nCan be deployed | `x` <!-- <h2>Verdict</h2>"
# What an author of a pull request writes into the settings, by the property that it becomes.
WRITTEN = {
    "Custom::PersonalizeDatasetImportJob": ("DataVersion", BREAKING_OUT),
    "Custom::PersonalizeSolutionVersion": ("Triggers", {"Trigger": BREAKING_OUT}),
    "Custom::PersonalizeFilter": ("FilterExpression", f"EXCLUDE ItemID\nWHERE {BREAKING_OUT}"),
}


def test_what_an_author_writes_is_shown_in_its_place(dev_assembly: Path) -> None:
    """Found: the comment had a second heading "Verdict", and nothing below an opened HTML comment was to be seen."""
    base = Assembly.read(dev_assembly)
    templates = json.loads(json.dumps(base.templates))
    for resource in (each for template in templates.values() for each in template["Resources"].values()):
        if resource["Type"] in WRITTEN:
            name, value = WRITTEN[resource["Type"]]
            resource["Properties"][name] = value
    head = Assembly(templates, base.needs)
    page = html_of(as_markdown(review_of(HEADER, base, head, compare(base, head), Rehearsal(0.0, (), ()))))
    assert re.findall("<h[12]>(.*?)</h[12]>", page) == ["Review of dev against main", *HEADINGS]
    assert "<!--" not in page
    rows = re.findall(r"<tr>\n<td><code>(\w+)</code>(?s:.*?)</tr>", page)
    assert {"FilterUnwatched", "RerankVersion", "ItemsImport"} <= set(rows)
    assert text(page).count(without_space(BREAKING_OUT)) == 6
