"""The pages say how everything that is inferred will be settled."""

from __future__ import annotations

import re

import pytest

from tools.checkout import CHECKOUT
from tools.conformance import rules_page
from tools.conformance.rules_page import Rule
from tools.conformance.scenarios import STEPS
from tools.docs.first_contact import settled_by, tiers, unproven, with_steps

PAGE = (CHECKOUT / "docs" / "first-contact.md").read_text()
STEP_NAMES = {step.name for step in STEPS}
TOPICS = {name.partition(".")[0] for name in STEP_NAMES}
INFERRED = [rule for rule in rules_page.read().values() if rule.is_inferred]


@pytest.mark.parametrize("rule", INFERRED, ids=lambda rule: rule.id)
def test_every_inferred_rule_says_what_settles_it(rule: Rule) -> None:
    why = f"{rule.id} is inferred, and no conformance step has it among its rules. Write one, or say how it is settled."
    assert rule.settled_by, why


def test_pages_name_steps_that_exist() -> None:
    by_hand, _, _ = PAGE.partition("<!-- unproven")
    named = set(re.findall(r"`([a-z]+\.[a-z_]+)`", by_hand))
    named |= {name for rule in INFERRED for name in re.findall(r"`([a-z]+\.[a-z_]+)`", rule.settled_by)}
    assert len(named) > 50
    assert {name for name in named if name.partition(".")[0] in TOPICS} - STEP_NAMES == set()


@pytest.mark.parametrize(
    ("now", "wanted"),
    [
        ("", "`a.one`, `a.two`"),
        ("`a.gone`, `a.one`", "`a.one`, `a.two`"),
        ("`a.gone`; the rest nobody knows", "`a.one`, `a.two`; the rest nobody knows"),
        ("nobody knows", "`a.one`, `a.two`; nobody knows"),
    ],
)
def test_steps_are_written_anew_and_what_follows_them_stays(now: str, wanted: str) -> None:
    rule = Rule("a.rule", "A", "Something", "**inferred**", "none", "`rules.a`", now)
    assert settled_by(rule, {"a.rule": ["a.one", "a.two"]}) == wanted


def test_what_is_documented_needs_no_step() -> None:
    rule = Rule("a.rule", "A", "Something", "as described", "API", "`rules.a`", "`a.gone`")
    assert settled_by(rule, {"a.rule": ["a.one"]}) == ""


def test_only_the_last_cell_changes() -> None:
    page = rules_page.PAGE.read_text()
    (rule,) = (rule for rule in INFERRED if rule.id == "requests.rate")
    spoilt = page.replace(f"| {rule.settled_by} |", "| `a.gone` |", 1)
    assert spoilt != page
    assert with_steps(spoilt) == page


def test_each_tier_costs_more_than_the_former() -> None:
    free, imports, train = tiers().splitlines()[2:]
    assert free.endswith("| nothing |")
    assert "TIER=import" in imports
    assert float(train.split("$")[1].split()[0]) > float(imports.split("$")[1].split()[0])


def test_everything_inferred_is_in_the_table() -> None:
    table = unproven()
    assert [rule.id for rule in INFERRED if f"[`{rule.id}`](personalize-rules.md#" not in table] == []
