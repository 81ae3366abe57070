"""What serves now: parameters that say so, a function that looks, and what it is told."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.stacks.operations.support.resolved import of_type
from tests.support.synthesized import Templates


@pytest.fixture(scope="module")
def template(prod: Templates) -> dict[str, Any]:
    return prod["operations"]


@pytest.fixture(scope="module")
def config(template: dict[str, Any]) -> dict[str, Any]:
    (function,) = (
        each for each in of_type(template, "AWS::Lambda::Function").values() if each["Handler"].endswith(".observe")
    )
    found = json.loads(function["Environment"]["Variables"]["CONFIG"])
    assert isinstance(found, dict)
    return found


def test_what_serves_is_not_known_before_somebody_has_looked(template: dict[str, Any]) -> None:
    parameters = of_type(template, "AWS::SSM::Parameter").values()
    assert {each["Name"] for each in parameters if each["Value"] == "not known yet"} == {
        "/vod/prod/serving_metrics",
        "/vod/prod/serving_solution_version_arn",
        "/vod/prod/serving_recommender_more_like_x_metrics",
        "/vod/prod/serving_recommender_top_picks_metrics",
    }


def test_the_function_knows_everything_that_serves(config: dict[str, Any]) -> None:
    assert (config["namespace"], config["parameter_path"]) == ("vod/prod", "/vod/prod")
    assert config["recommenders"].keys() == {"more_like_x", "top_picks"}
    assert config["campaigns"].keys() == config["solutions"].keys() == {"rerank"}
    assert config["datasets"].keys() == {"INTERACTIONS", "ITEMS", "USERS"}
    assert config["refresh_machine_arn"] == "arn:aws:states:eu-west-1:123456789012:stateMachine:vod-prod-refresh"
    assert config["prices"] == {
        "recommender_hour": 0.375,
        "recommender_included_requests": 4000,
        "recommender_request": 0.0000833,
        "campaign_request": {"rerank": 0.00015},
    }


def test_arns_come_by_parameters_of_the_other_stacks(config: dict[str, Any], template: dict[str, Any]) -> None:
    """No export: what another stack imports could neither leave the settings nor be replaced."""
    arns = [*config["recommenders"].values(), *config["campaigns"].values(), *config["datasets"].values()]
    names = {template["Parameters"][arn.strip("<>")]["Default"] for arn in arns}
    assert names == {
        "/vod/prod/recommender_more_like_x_arn",
        "/vod/prod/recommender_top_picks_arn",
        "/vod/prod/rerank_campaign_arn",
        *(f"/vod/prod/{kind}_dataset_arn" for kind in ("interactions", "items", "users")),
    }
    assert "Fn::ImportValue" not in json.dumps(template)


def test_it_looks_once_in_each_hour(template: dict[str, Any]) -> None:
    """Otherwise an hour without a value, and one with two, would be drawn."""
    (schedule,) = (each for each in of_type(template, "AWS::Scheduler::Schedule").values() if each["Name"] == "observe")
    assert schedule["ScheduleExpression"] == "cron(5 * * * ? *)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}
