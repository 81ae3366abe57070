"""What is found: in step after a deployment, and each kind of drift by its name."""

from __future__ import annotations

import pytest

from tests.tools.status.support.environment import of, one
from tools.status.rows import Difference, Found, State


def test_right_after_a_deployment_everything_is_in_step(deployed: Found) -> None:
    assert {row.state for row in deployed.rows} == {State.IN_STEP}
    assert [stack.name for stack in deployed.stacks] == [
        f"vod-dev-{name}" for name in ("data", "recommenders", "ranking", "operations")
    ]
    assert {row.type for row in deployed.rows} == {
        *("DatasetGroup", "Schema", "Dataset", "DatasetImportJob", "Filter", "EventTracker"),
        *("Recommender", "Solution", "SolutionVersion", "Campaign"),
    }


def test_what_somebody_has_deleted_is_missing(drifted: Found) -> None:
    row = one(drifted, "FilterUnwatched")
    assert (row.state, row.says, row.there_is) == (State.MISSING, "is there", "nothing")
    assert row.construct == "vod-dev-data/FilterUnwatched"


def test_what_somebody_has_stopped_is_stopped(drifted: Found) -> None:
    row = one(drifted, "MoreLikeX")
    assert (row.state, row.says, row.there_is) == (State.STOPPED, "serves", "stopped (INACTIVE)")


def test_each_member_that_somebody_has_changed_is_named(drifted: Found) -> None:
    row = one(drifted, "RerankCampaign")
    assert row.state is State.CHANGED
    assert row.differences == (
        Difference("CampaignConfig.EnableMetadataWithRecommendations", False, True),
        Difference("MinProvisionedTPS", 1, 5),
    )


def test_what_somebody_has_put_into_the_dataset_group_is_not_ours(drifted: Found) -> None:
    row = one(drifted, "mine")
    assert (row.stack, row.type, row.state, row.there_is) == ("", "Filter", State.NOT_OURS, "ACTIVE")


# -- what refreshes and schedules do is not by hand ----------------------------------------------------------------


def test_the_version_of_a_refresh_serves_and_nobody_has_changed_that_by_hand(deployed: Found, refreshed: Found) -> None:
    before, after = (of(each, "RerankCampaign") for each in (deployed, refreshed))
    assert [row.there_is.rpartition(", of ")[2] for row in before] == ["a deployment"]
    changed, behind = after
    assert {each.member for each in changed.differences} == {
        "CampaignConfig.EnableMetadataWithRecommendations",
        "MinProvisionedTPS",
    }
    assert "serves vod-dev_refresh-" in behind.there_is
    assert ", of a refresh" in behind.there_is


def test_runs_of_refreshes_and_deployments_are_ours(refreshed: Found) -> None:
    assert [(run.of, run.made_by, run.status) for run in refreshed.imports[:2]] == [
        ("INTERACTIONS", "a refresh", "ACTIVE"),
        ("INTERACTIONS", "a deployment", "ACTIVE"),
    ]
    assert [row.name for row in refreshed.rows if row.state is State.NOT_OURS] == ["mine", "by-hand"]


def test_what_serving_hours_have_stopped_is_in_step(later: Found) -> None:
    row = one(later, "TopPicks")
    assert (row.state, row.there_is) == (State.IN_STEP, "stopped")
    assert row.note == "Serving hours have stopped it at 23:00 UTC."


# -- behind and idle -----------------------------------------------------------------------------------------------


def test_a_campaign_is_behind_a_newer_version_that_passes(refreshed: Found) -> None:
    row = of(refreshed, "RerankCampaign")[1]
    assert (row.state, row.says) == (State.BEHIND, "serves the newest version that passed")
    assert row.there_is.endswith("; by-hand passed and does not serve")


def test_a_recommender_that_was_trained_before_the_last_import_is_behind(refreshed: Found) -> None:
    row = one(refreshed, "TopPicks")
    assert row.state is State.BEHIND
    assert row.there_is.startswith("trained before the import of 2023-11-15 ")
    assert [each.state for each in of(refreshed, "MoreLikeX")] == [State.STOPPED]


def test_what_nobody_asks_is_idle_with_its_cost(drifted: Found, later: Found) -> None:
    assert State.IDLE not in {row.state for row in drifted.rows}
    row = of(later, "RerankCampaign")[-1]
    # 5 requests a second at 0.15 USD for 1,000, for 730 hours.
    assert row.state is State.IDLE
    assert row.there_is.endswith("no request for 3 days, $1,971.00 a month")


# -- money ---------------------------------------------------------------------------------------------------------


def test_the_bill_is_of_what_there_is(deployed: Found, drifted: Found) -> None:
    before, after = ({each.path: each.per_month for each in found.bill} for found in (deployed, drifted))
    assert before["RerankCampaign"] == pytest.approx(394.2)
    assert after["RerankCampaign"] == pytest.approx(5 * 394.2)
    assert before["MoreLikeX"] == pytest.approx(0.375 * 730)
    assert after["MoreLikeX"] == 0
