"""Reading descriptions: what statuses mean."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.personalize_provider.describe import Revision, ThenPause
from lambdas.personalize_provider.statuses import has_failed, is_busy, status_of

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
    assert str(Revision.after(update)) == expected


@pytest.mark.parametrize("then_pause", [None, ThenPause(), ThenPause(1_700_000_000)])
def test_a_chain_reads_the_revision_that_a_resource_answered(then_pause: ThenPause | None) -> None:
    answered = Revision("2026-01-01 00:00:00+00:00", then_pause)
    assert Revision.asked_for({"Revision": str(answered)}) == answered


def test_the_revision_of_a_resource_that_is_not_paused_again_is_that_of_earlier_versions() -> None:
    """Otherwise every chain of a deployed stack would run once more."""
    assert str(Revision("0")) == "0"
