"""Steps come in the order of what they need, within what a run may cost."""

from __future__ import annotations

import pytest

from tools.conformance.step import Endpoint, PlanError, Step, Tier, in_order


def step(name: str, *needs: str, tier: Tier = Tier.FREE) -> Step:
    return Step(name=name, what="Tries something.", does=lambda run: None, rules=("a.rule",), needs=needs, tier=tier)


def names(steps: list[Step]) -> list[str]:
    return [each.name for each in steps]


def test_a_step_comes_after_what_it_needs() -> None:
    steps = [step("c", "b", "a"), step("a"), step("b", "a"), step("d")]
    assert names(in_order(steps, Tier.FREE)) == ["a", "b", "c", "d"]


def test_a_tier_has_the_steps_of_those_before_it() -> None:
    steps = [step("dear", "cheap", tier=Tier.TRAIN), step("cheap", tier=Tier.IMPORT), step("free")]
    assert names(in_order(steps, Tier.FREE)) == ["free"]
    assert names(in_order(steps, Tier.IMPORT)) == ["cheap", "free"]
    assert names(in_order(steps, Tier.TRAIN)) == ["cheap", "dear", "free"]


def test_single_steps_bring_what_they_need() -> None:
    steps = [step("a"), step("b", "a"), step("c")]
    assert names(in_order(steps, Tier.FREE, ["b"])) == ["a", "b"]


def test_a_step_is_free_and_runs_everywhere_unless_it_says_otherwise() -> None:
    plain = step("a")
    assert plain.endpoints == {Endpoint.EMULATOR, Endpoint.LOCAL, Endpoint.AWS}
    assert (plain.cost.amount, plain.cost.dollars, plain.minutes, plain.expects) == ("free", None, 0.0, ())


@pytest.mark.parametrize(
    ("steps", "only", "sentence"),
    [
        ([step("a"), step("a")], [], "Two steps have the name a."),
        ([step("a", "b")], [], "There is no step b, which a needs."),
        ([step("a")], ["b"], "There is no step b."),
        ([step("a", "b"), step("b", "a")], [], "These steps need each other: a, b."),
        ([step("a", tier=Tier.TRAIN)], ["a"], "a is of tier train, not free."),
        ([step("a", "b"), step("b", tier=Tier.IMPORT)], [], "a needs b, which is of tier import, not free."),
    ],
)
def test_steps_that_do_not_fit_together(steps: list[Step], only: list[str], sentence: str) -> None:
    with pytest.raises(PlanError, match=f"^{sentence}$"):
        in_order(steps, Tier.FREE, only)
