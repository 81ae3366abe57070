"""Three-way merges: what a template changed, and that change applied to what is there."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.personalize_provider.merge import GONE, applied, contradicts, covers, difference, merged, only

SOLUTION = "arn:aws:personalize:eu-west-1:000000000000:solution/films"
WATCH = {"eventType": "Watch", "weight": 0.5}
CLICK = {"eventType": "Click", "weight": 1}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ({"a": 1}, {"a": 1}, {}),
        ({"a": 1}, {"a": 2}, {"a": 2}),
        ({}, {"a": 1}, {"a": 1}),
        ({"a": 1}, {}, {"a": GONE}),
        ({"tps": 2}, {}, {"tps": 1}),
        ({"config": {"a": 1, "b": 1}}, {"config": {"a": 1, "b": 2}}, {"config": {"b": 2}}),
        ({"config": {"a": 1, "b": 1}}, {"config": {"a": 1}}, {"config": {"b": GONE}}),
        # A structure that is gone: its members are.
        ({"config": {"columns": {"ITEMS": ["A"]}}}, {}, {"config": {"columns": {"ITEMS": GONE}}}),
        ({"config": {"sync": True}}, {}, {"config": {"sync": False}}),
        ({}, {"config": {}}, {}),
        # Lists are sets, whatever the order of their elements and of the members in these.
        ({"events": [WATCH, CLICK]}, {"events": [CLICK, dict(reversed(WATCH.items()))]}, {}),
        ({"events": [WATCH]}, {"events": [{"eventType": "Watch"}]}, {"events": [{"eventType": "Watch"}]}),
        ({"arn": f"{SOLUTION}/1a2b"}, {"arn": f"{SOLUTION}/$LATEST"}, {"arn": f"{SOLUTION}/$LATEST"}),
    ],
)
def test_what_changes_between_two_templates(before: Any, after: Any, expected: Any) -> None:
    """Case 26: among others, the order of keys in a list of structures is no change."""
    assert difference(before, after, {"tps": 1, "config": {"sync": False}}) == expected


@pytest.mark.parametrize(
    ("actual", "change", "expected"),
    [
        ({"tps": 5, "metadata": False}, {"metadata": True}, {"tps": 5, "metadata": True}),
        ({"tps": 5, "metadata": False}, {"metadata": GONE}, {"tps": 5}),
        (None, {"a": {"b": 1}}, {"a": {"b": 1}}),
        # That a structure is empty has to be said.
        ({"columns": {"ITEMS": ["A"]}}, {"columns": {"ITEMS": GONE}}, {"columns": {}}),
        ({"events": [WATCH]}, {"events": [CLICK]}, {"events": [CLICK]}),
    ],
)
def test_a_change_keeps_what_it_does_not_speak_of(actual: Any, change: Any, expected: Any) -> None:
    assert merged(actual, change) == expected


def test_a_rollback_undoes_only_what_the_update_has_done() -> None:
    change = {"version": "1", "config": {"metadata": False, "tps": 1}}
    done = {"version": "2", "config": {"metadata": True, "tps": 2}}
    actual = {"version": "3", "config": {"metadata": True, "tps": 7}}
    assert only(change, applied(done, actual)) == {"config": {"metadata": False}}
    assert only(change, applied(done, {})) == {}
    assert only(change, applied(done, done)) == change


@pytest.mark.parametrize(
    ("actual", "wanted", "is_covered", "is_contradicted"),
    [
        (1, 1, True, False),
        (1, 2, False, True),
        (None, 2, False, False),
        ({"a": 1, "b": 2}, {"a": 1}, True, False),
        ({"a": 1}, {"a": 1, "b": 2}, False, False),
        ({"a": 1, "b": 2}, {"b": GONE}, False, False),
        ({"a": 1}, {"b": GONE}, True, False),
        # The service leaves out what is empty.
        (None, {}, True, False),
        ({"b": {}}, {"b": GONE}, True, False),
        ({}, {"columns": {"ITEMS": {}}}, True, False),
        (["a", "b"], ["b", "a"], True, False),
        (["a"], ["a", "b"], False, True),
        (["a", "b"], ["a"], False, True),
        (None, ["a"], False, False),
        ([WATCH, CLICK], [CLICK, dict(reversed(WATCH.items()))], True, False),
        ([WATCH, WATCH], [CLICK, WATCH], False, True),
        (f"{SOLUTION}/1a2b", f"{SOLUTION}/$LATEST", True, False),
        (f"{SOLUTION}2/1a2b", f"{SOLUTION}/$LATEST", False, True),
    ],
)
def test_a_value_is_compared_with_what_was_asked_for(
    actual: Any, wanted: Any, is_covered: bool, is_contradicted: bool
) -> None:
    """Case 26: among others, lists of structures are compared by what they hold."""
    assert covers(actual, wanted) is is_covered
    assert contradicts(actual, wanted) is is_contradicted
