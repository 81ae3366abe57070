"""What the documentation points at exists, and the code on its pages works."""

from __future__ import annotations

import datetime
import re
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App
from aws_cdk.assertions import Template

from tests.docs.support.pages import PAGES, ROOT, code, links
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tools.review.money import load_prices
from tools.simulation.cloud import VirtualCloud


@pytest.mark.parametrize(("page", "target"), sorted(set(links())))
def test_a_link_leads_somewhere(page: str, target: str) -> None:
    name, _, anchor = target.partition("#")
    file = (ROOT / page).parent / name if name else ROOT / page
    assert file.exists(), target
    if anchor:
        assert anchor in anchors(file)


def anchors(page: Path) -> set[str]:
    """Of a page's headings, as GitHub makes them."""
    headings = re.findall(r"^#+ (.+)$", page.read_text(), re.MULTILINE)
    return {re.sub(r"[^\w -]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", [str(page.relative_to(ROOT)) for page in PAGES])
def test_examples_hold_in_every_partition(page: str) -> None:
    """An ARN that begins with the partition of most regions is wrong in China."""
    assert "arn:aws:" not in (ROOT / page).read_text()


DECISIONS = ROOT / "docs" / "decisions"
DECISION_FILES = sorted(path.name for path in DECISIONS.glob("[0-9]*.md"))
_STATUS = re.compile(
    r"accepted|amended on \d{4}-\d\d-\d\d|(?:amended|superseded) by \[decision (\d+)\]\((\d{4})-[\w-]+\.md\)"
)
_HEAD = re.compile(r"# (\d+)\. (.+)\n\n\*\*Date:\*\* (\d{4}-\d\d-\d\d) · \*\*Status:\*\* (.+)\n\n\*\*Decided\.\*\*")


def head_of(page: str) -> tuple[str, str, str, str]:
    """Number, title, date and status of a decision."""
    found = _HEAD.match((DECISIONS / page).read_text())
    assert found, f"{page} must begin as the other decisions do: title, date and status, what was decided."
    number, title, date, status = found.groups()
    return number, title, date, status


def test_every_decision_is_listed_with_its_date_and_status() -> None:
    listed = re.findall(
        r"^\| (\d+) \| \[(.+)\]\((.+?\.md)\) \| (\S+) \| (.+) \|$", (DECISIONS / "README.md").read_text(), re.M
    )
    expected = []
    for page in DECISION_FILES:
        number, title, date, status = head_of(page)
        expected.append((number, title, page, date, status))
    assert listed == expected


@pytest.mark.parametrize("page", DECISION_FILES)
def test_a_decision_has_a_number_a_date_and_a_status(page: str) -> None:
    number, _, date, status = head_of(page)
    assert int(page[:4]) == int(number)
    datetime.date.fromisoformat(date)
    found = _STATUS.fullmatch(status)
    assert found, f"'{status}' is not one of the statuses that docs/decisions/README.md explains."
    if found[1]:
        assert int(found[1]) == int(found[2]) != int(number)


def test_decisions_are_in_the_order_of_their_dates() -> None:
    assert [int(page[:4]) for page in DECISION_FILES] == list(range(1, len(DECISION_FILES) + 1))
    dates = [head_of(page)[2] for page in DECISION_FILES]
    assert dates == sorted(dates)


@pytest.mark.parametrize("page", DECISION_FILES)
def test_a_decision_says_why_and_what_was_not_chosen(page: str) -> None:
    text = (DECISIONS / page).read_text()
    for part in ("**Decided.**", "**Why.**", "**Not chosen.**"):
        assert part in text


def test_the_stack_on_what_exists_already_deploys() -> None:
    """The code in docs/operations.md, on a dataset group that another stack has made and filled."""
    (block,) = code("docs/operations.md")
    names: dict[str, Any] = {}
    exec(block, names)
    cloud = VirtualCloud()
    blocks.put_data(cloud)
    owner = cloud.cloudformation.deploy("owner", blocks.template({**blocks.group(), **blocks.data()}))
    assert owner.status == "CREATE_COMPLETE", owner.reasons
    app = App(analytics_reporting=False)
    extra = names["ExtraStack"](
        app,
        "extra",
        dataset_group_arn=owner.resources["Group"].attributes["DatasetGroupArn"],
        campaign_arn="arn:aws:personalize:eu-west-1:000000000000:campaign/films",
    )
    before = cloud.inventory()
    stack = cloud.cloudformation.deploy("extra", Template.from_stack(extra).to_json())
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    new = {arn.rpartition(":")[2].partition("/")[0] for arn in cloud.inventory().keys() - before.keys()}
    assert new == {"recommender", "filter"}
    cloud.cloudformation.delete("extra")
    assert cloud.inventory() == before


def test_the_readme_quotes_the_benchmarks() -> None:
    page = (ROOT / "docs" / "benchmarks.md").read_text()
    cells = [[cell.strip() for cell in line.split("|")] for line in page.splitlines() if line.count("|") > 5]
    rows = {what: (ratio, floor.partition(", ")[2]) for _, what, _, floor, ratio, *_ in cells}
    quoted = (ROOT / "README.md").read_text()
    for what, words in {
        "synthesis of the whole app": "synthesis takes {} times that of {}",
        "handler: import and first client": "the handler imports in {} times",
        "first deployment, virtual time": "a first deployment takes {} times",
    }.items():
        assert words.format(*rows[what]) in quoted, "Quote docs/benchmarks.md as `make bench` wrote it."


def test_the_readme_says_what_the_review_says_of_prices() -> None:
    """Of two recommenders and a campaign of one request a second, which dev.yaml has as it comes."""
    prices = load_prices()
    per_hour = 2 * prices.amounts.recommender.amount + 3600 * prices.per_request("aws-personalized-ranking-v2")
    readme = (ROOT / "README.md").read_text()
    assert (
        f"about {round(per_hour * prices.assumptions.hours_per_month, -1):.0f} {prices.table.currency} a month"
        in readme
    )
    assert f"prices of {prices.oldest} in {prices.table.region}" in readme


def test_the_readme_quotes_the_messages() -> None:
    """As docs/errors.md has them, of which the README leaves out names."""
    section = (ROOT / "README.md").read_text().partition("## When a deployment fails")[2].partition("\n## ")[0]
    quoted = re.findall(r"^- \*\*(.+?)\*\*", section, re.MULTILINE)
    messages = re.findall(r"^> (.+)$", (ROOT / "docs" / "errors.md").read_text(), re.MULTILINE)
    assert len(quoted) > 5
    for quote in quoted:
        pattern = ".+".join(re.escape(part.strip()) for part in quote.split("...") if part.strip())
        assert any(re.search(pattern, message) for message in messages), f"docs/errors.md does not have '{quote}'."
