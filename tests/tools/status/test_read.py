"""What is found: in step after a deployment, and each kind of drift by its name."""

from __future__ import annotations

from tests.tools.status.support.environment import one
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
