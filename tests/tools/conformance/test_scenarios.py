"""The steps fit together, and name rules that there are."""

from __future__ import annotations

import re

import pytest

from tools.conformance import rules_page
from tools.conformance.scenarios import STEPS
from tools.conformance.step import Step, Tier, in_order

NAME = re.compile(r"[a-z]+\.[a-z_]+")
SENTENCE = re.compile(r"[A-Z].*[.?]")


@pytest.mark.parametrize("tier", Tier)
def test_each_tier_has_all_that_its_steps_need(tier: Tier) -> None:
    assert {step.tier for step in in_order(STEPS, tier)} <= set(tier.holds)


def test_what_the_service_is_asked_first_costs_nothing() -> None:
    assert {step.cost.amount for step in in_order(STEPS, Tier.FREE)} == {"free"}


@pytest.mark.parametrize("step", STEPS, ids=lambda step: step.name)
def test_a_step_says_what_it_does_and_which_rules_it_tries(step: Step) -> None:
    assert NAME.fullmatch(step.name)
    assert SENTENCE.fullmatch(step.what)
    assert step.rules
    assert set(step.rules) - set(rules_page.read()) == set()
