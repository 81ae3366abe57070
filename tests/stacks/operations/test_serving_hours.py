"""Schedules that start, stop and resize: each call is one that the service knows, and its role may make no other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.stacks.operations.support.resolved import actions_of, of_type, statements_of
from tests.support.synthesized import Templates
from tools.aws.sdk import action

CALL = "arn:aws:scheduler:::aws-sdk:"
TOP_PICKS, RERANK = "recommendertoppicksarn", "rerankcampaignarn"


@pytest.fixture(scope="module")
def schedules(prod: Templates) -> dict[str, dict[str, Any]]:
    found = of_type(prod["operations"], "AWS::Scheduler::Schedule").values()
    return {each["Name"]: each for each in found if each["Target"]["Arn"].startswith(CALL)}


def test_recommenders_and_throughput_have_their_hours(schedules: dict[str, Any]) -> None:
    assert {name: each["ScheduleExpression"] for name, each in schedules.items()} == {
        "start-top_picks": "cron(0 7 * * ? *)",
        "stop-top_picks": "cron(0 23 * * ? *)",
        "throughput-day": "cron(0 7 * * ? *)",
        "throughput-night": "cron(0 23 * * ? *)",
    }
    for each in schedules.values():
        assert each["ScheduleExpressionTimezone"] == "Europe/Berlin"
        # Clients rely on it, and what is late is not worth doing.
        assert each["FlexibleTimeWindow"] == {"Mode": "OFF"}
        assert each["Target"]["RetryPolicy"]["MaximumEventAgeInSeconds"] == 900


def test_the_service_knows_every_call_with_all_that_it_needs(schedules: dict[str, Any]) -> None:
    """Scheduler checks no input when a schedule is made, and fails each time it runs (its user guide says so)."""
    for each in schedules.values():
        call = action(each["Target"]["Arn"])
        members = call.members(json.loads(each["Target"]["Input"]))
        assert set(call.model.input_shape.required_members) <= members.keys()


def test_throughput_is_a_number(schedules: dict[str, Any]) -> None:
    given = json.loads(schedules["throughput-day"]["Target"]["Input"])
    assert given.pop("CampaignArn").startswith("<SsmParameter")
    assert given == {"MinProvisionedTPS": 5}


@pytest.mark.parametrize(
    ("role", "needed", "resource"),
    [
        ("SchedulesServingHoursRole", {"personalize:StartRecommender", "personalize:StopRecommender"}, TOP_PICKS),
        ("SchedulesThroughputRole", {"personalize:UpdateCampaign"}, RERANK),
    ],
)
def test_a_role_may_make_the_calls_of_its_schedules_and_no_other(
    prod: Templates, schedules: dict[str, Any], role: str, needed: set[str], resource: str
) -> None:
    statements = statements_of(prod["operations"], role)
    calls = {
        f"personalize:{action(each['Target']['Arn']).model.name}"
        for each in schedules.values()
        if each["Target"]["RoleArn"].startswith(f"<{role}")
    }
    assert calls == needed
    assert actions_of(statements) == needed | {"sqs:SendMessage"}
    (statement,) = (each for each in statements if "personalize:" in str(each["Action"]))
    assert resource in str(statement["Resource"])
    assert "*" not in str(statement["Resource"])
