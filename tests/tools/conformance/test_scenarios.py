"""The steps fit together, and name rules that there are."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import pytest

from tests.tools.conformance.support.emulated import conducted
from tools.conformance import conduct, rules_page
from tools.conformance.connections import to_emulator
from tools.conformance.scenarios import STEPS
from tools.conformance.step import Endpoint, Step, Tier, in_order
from tools.emulator import Fault, Faults, Service

NAME = re.compile(r"[a-z]+\.[a-z_]+")
# What it tries is no rule of the service.
OF_OUR_OWN = ("athena.statements",)
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
    assert step.rules or step.name in OF_OUR_OWN
    assert set(step.rules) - set(rules_page.read()) == set()


# -- performed ---------------------------------------------------------------------------------------------


# In one worker, so that it is done once.
performs_all = pytest.mark.xdist_group("conformance")


@pytest.fixture(scope="module")
def performed() -> conduct.Result:
    """Everything that the emulator can be asked."""
    with to_emulator() as connection:
        return conducted(connection, in_order(STEPS, Tier.TRAIN)).result


@performs_all
def test_the_emulator_answers_as_the_steps_expect(performed: conduct.Result) -> None:
    assert {each.step: (each.why, each.unexpected) for each in performed.steps if each.unexpected} == {}
    assert [each.step for each in performed.steps if each.outcome == conduct.FAILED] == []


@performs_all
def test_nothing_is_left(performed: conduct.Result) -> None:
    assert performed.left == ()
    assert not performed.interrupted


@performs_all
def test_what_is_left_out_needs_another_endpoint(performed: conduct.Result) -> None:
    left_out = {each.step for each in performed.steps if each.outcome == conduct.SKIPPED}
    assert left_out == {step.name for step in STEPS if Endpoint.EMULATOR not in step.endpoints}


def elsewhere(make: Callable[..., Service], *names: str) -> dict[str, conduct.StepRecord]:
    """Steps that are not for the emulator, performed on it all the same."""
    with to_emulator(make) as connection:
        steps = in_order(STEPS, Tier.TRAIN, names)
        result = conducted(replace(connection, endpoint=Endpoint.AWS), steps).result
    assert [each.why for each in result.steps if each.outcome != conduct.DONE] == []
    return {each.step: each for each in result.steps if each.step in names}


def test_a_service_with_its_rate_refuses_the_second_of_many_requests() -> None:
    limited = partial(Service, requests_per_second=1)
    (burst,) = elsewhere(limited, "requests.burst").values()
    assert burst.unexpected == ()
    assert burst.notes == {"requests before the first refusal": 1, "codes of refusals": ["ThrottlingException"]}


def test_a_service_that_allows_everything_is_told() -> None:
    names = [step.name for step in STEPS if step.name.startswith("permissions.")]
    found = elsewhere(Service, *names)
    assert [name for name in names if not found[name].unexpected] == []
    denied = "with another: expected AccessDeniedException, found ."
    assert denied in found["permissions.request_tags"].unexpected


def test_a_policy_that_takes_its_time_is_waited_for() -> None:
    faults = Faults(Fault("access_denied", operation="ListRecipes", count=3))
    (record,) = elsewhere(partial(Service, faults=faults), "permissions.nothing_allowed").values()
    assert record.seconds == 3 * 5


def test_metrics_are_listed_with_their_dimensions() -> None:
    (record,) = elsewhere(Service, "cloudwatch.listed").values()
    assert record.notes == {"metrics and their dimensions": []}


def test_a_file_under_a_key_of_the_run_is_imported() -> None:
    (record,) = elsewhere(Service, "imports.encrypted").values()
    # Here nothing looks at keys.
    assert record.notes == {
        "with a policy for role and service": "ACTIVE",
        "with a policy for the role alone": "ACTIVE",
    }
    assert record.unexpected == ("with a policy for the role alone: expected CREATE FAILED, found ACTIVE.",)
