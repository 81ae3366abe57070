"""Reading descriptions: what statuses mean, and when a value is the one that was asked for."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.personalize_provider.describe import contradicts, covers, has_failed, is_busy, revision, status_of

# Statuses as the API reference lists them: DatasetGroup, Recommender, Solution, SolutionVersion, Campaign and their
# update summaries.
BUSY = [
    "CREATE PENDING",
    "CREATE IN_PROGRESS",
    "CREATE STOPPING",
    "START PENDING",
    "START IN_PROGRESS",
    "STOP PENDING",
    "STOP IN_PROGRESS",
    "UPDATE PENDING",
    "UPDATE IN_PROGRESS",
    "DELETE PENDING",
    "DELETE IN_PROGRESS",
]
FAILED = ["CREATE FAILED", "CREATE STOPPED", "UPDATE FAILED"]
SETTLED = ["ACTIVE", "INACTIVE"]


@pytest.mark.parametrize("status", [*BUSY, *FAILED, *SETTLED])
def test_a_status_means_one_thing(status: str) -> None:
    assert is_busy({"status": status}) is (status in BUSY)
    assert has_failed({"status": status}) is (status in FAILED)


def test_what_has_no_status_is_there() -> None:
    assert status_of({}) == "ACTIVE"
    assert not is_busy({})
    assert not has_failed({})


@pytest.mark.parametrize(
    ("update", "expected"),
    [
        ({}, "0"),
        ({"creationDateTime": 7, "status": "ACTIVE"}, "7"),
        ({"creationDateTime": 7, "status": "CREATE IN_PROGRESS"}, "7"),
        # Only the deployment that asked for it fails with it.
        ({"creationDateTime": 7, "status": "CREATE FAILED"}, "0"),
    ],
)
def test_a_revision_is_that_of_an_update_that_has_not_failed(update: dict[str, Any], expected: str) -> None:
    assert revision(update) == expected


SOLUTION = "arn:aws:personalize:eu-west-1:000000000000:solution/films"


@pytest.mark.parametrize(
    ("actual", "wanted", "before", "is_covered", "is_contradicted"),
    [
        (1, 1, None, True, False),
        (1, 2, None, False, True),
        (None, 2, None, False, False),
        ({"a": 1, "b": 2}, {"a": 1}, None, True, False),
        ({"a": 1}, {"a": 1, "b": 2}, None, False, False),
        # What the template has just taken away must be gone; what the service adds by itself may stay.
        ({"a": 1, "b": 2}, {"a": 1}, {"a": 1, "b": 2}, False, False),
        ({"a": {"b": 1}}, {"a": {}}, {"a": {"b": 1}}, False, False),
        # The service leaves out what is empty.
        (None, {}, None, True, False),
        ({}, {"columns": {"ITEMS": {}}}, None, True, False),
        (["a", "b"], ["b", "a"], None, True, False),
        (["a"], ["a", "b"], None, False, True),
        (None, ["a"], None, False, False),
        (f"{SOLUTION}/1a2b", f"{SOLUTION}/$LATEST", None, True, False),
        (f"{SOLUTION}2/1a2b", f"{SOLUTION}/$LATEST", None, False, True),
    ],
)
def test_a_value_is_compared_with_what_was_asked_for(
    actual: Any, wanted: Any, before: Any, is_covered: bool, is_contradicted: bool
) -> None:
    assert covers(actual, wanted, before) is is_covered
    assert contradicts(actual, wanted) is is_contradicted
