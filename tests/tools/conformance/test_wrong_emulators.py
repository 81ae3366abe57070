"""An emulator that differs from AWS in a rule is found, and the rule is named.

The emulator as it is takes the place of AWS here, and one that is wrong on purpose that of the emulator.
"""

from __future__ import annotations

import pytest

from tests.tools.conformance.support.emulated import recorded
from tests.tools.conformance.support.wrong_emulators import WRONG, Wrong
from tools.conformance.compare import Comparison, compare
from tools.conformance.recording import Recording

# The right recording is made once.
pytestmark = pytest.mark.xdist_group("wrong_emulators")
ALL = tuple(sorted(wrong.step for wrong in WRONG.values()))


@pytest.fixture(scope="module")
def right() -> Recording:
    return recorded(ALL)


def test_the_emulator_is_like_itself(right: Recording) -> None:
    again = compare(right, recorded(ALL))
    assert len(again.compared) > len(ALL)
    assert again.differences == ()


@pytest.mark.parametrize("wrong", WRONG.values(), ids=WRONG)
def test_each_wrong_rule_is_found_by_itself(wrong: Wrong, right: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong.make(monkeypatch)
    found = compare(right, recorded([wrong.step]))
    assert names(found, wrong)
    assert wrong.rule in found.rules


def test_all_are_found_at_once(right: Recording, monkeypatch: pytest.MonkeyPatch) -> None:
    for wrong in WRONG.values():
        wrong.make(monkeypatch)
    found = compare(right, recorded(ALL))
    assert [name for name, wrong in WRONG.items() if not names(found, wrong)] == []


def names(found: Comparison, wrong: Wrong) -> bool:
    """Whether a difference shows what is wrong, names its rule, and the step that settles it."""
    return any(
        each.kind == wrong.kind and wrong.rule in each.rules and wrong.step in each.steps and wrong.shown in each.b
        for each in found.certain
    )
