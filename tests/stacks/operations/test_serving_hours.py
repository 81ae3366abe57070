"""Schedules that start, stop and resize: each call is one that the service knows, and its role may make no other."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas.personalize_operations import handler
from lambdas.personalize_operations.errors import OperationsError
from tests.lambdas.personalize_operations.support.account import Account
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.stacks.operations.support.asking import AROUND, Asked, without
from tests.stacks.operations.support.resolved import actions_of, of_type, statements_of
from tests.support.synthesized import Templates
from tools.aws.sdk import action
from tools.simulation.cloud import VirtualCloud

CALL = "arn:aws:scheduler:::aws-sdk:"
TOP_PICKS, RERANK = "recommender_top_picks_arn", "rerankcampaignarn"


@pytest.fixture(scope="module")
def schedules(prod: Templates) -> dict[str, dict[str, Any]]:
    found = of_type(prod["operations"], "AWS::Scheduler::Schedule").values()
    return {each["Name"]: each for each in found if each["Name"].startswith(("start-", "stop-", "throughput-"))}


def calls(schedules: dict[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Those that call the service themselves."""
    return [each for each in schedules.values() if each["Target"]["Arn"].startswith(CALL)]


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
    for each in calls(schedules):
        call = action(each["Target"]["Arn"])
        members = call.members(json.loads(each["Target"]["Input"]))
        assert set(call.model.input_shape.required_members) <= members.keys()


def test_throughput_is_a_number(schedules: dict[str, Any]) -> None:
    given = json.loads(schedules["throughput-day"]["Target"]["Input"])
    assert given.pop("CampaignArn").startswith("<SsmParameter")
    assert given == {"MinProvisionedTPS": 5}


def test_a_role_may_make_the_calls_of_its_schedules_and_no_other(prod: Templates, schedules: dict[str, Any]) -> None:
    statements = statements_of(prod["operations"], "SchedulesThroughputRole")
    needed = {f"personalize:{action(each['Target']['Arn']).model.name}" for each in calls(schedules)}
    assert needed == {"personalize:UpdateCampaign"}
    assert actions_of(statements) == needed | {"sqs:SendMessage"}
    (statement,) = (each for each in statements if "personalize:" in str(each["Action"]))
    assert RERANK in str(statement["Resource"])
    assert "*" not in str(statement["Resource"])


# -- the function that starts and stops, with what the template tells it and lets it ---------------------------------


@pytest.fixture(scope="module")
def account() -> Account:
    account = Account(VirtualCloud())
    blocks.put_data(account.cloud)
    return account


@pytest.fixture(scope="module")
def recommender(account: Account) -> str:
    parts = {**blocks.group(), **blocks.data("1"), "Recommender": blocks.recommender()}
    stack = blocks.deployed(account.cloud, {**parts, **blocks.chain("Recommender", "Recommender")})
    return str(stack.resources["Recommender"].attributes["RecommenderArn"])


def test_what_is_so_already_is_left_alone(
    prod: Templates, schedules: dict[str, Any], account: Account, recommender: str
) -> None:
    """The first morning after a deployment starts what is active: that must ring no alarm."""
    (parameter,) = (
        key for key, each in prod["operations"]["Parameters"].items() if each["Default"] == f"/vod/prod/{TOP_PICKS}"
    )
    refs = {parameter: recommender}
    asked = Asked(account.clients, lambda _, members: [members["recommenderArn"]])

    def run(name: str) -> str:
        given = json.loads(schedules[name]["Target"]["Input"])
        event = {**given, "recommender_arn": given["recommender_arn"].replace(f"<{parameter}>", recommender)}
        handler.run_switch_recommender(event, asked.client, account.cloud.time)
        account.cloud.time.sleep(3600)
        described = account.cloud.personalize.describe_recommender(recommenderArn=recommender)
        return str(described["recommender"]["status"])

    names = ("start", "stop", "stop", "start", "start")
    assert [run(f"{name}-top_picks") for name in names] == ["ACTIVE", "INACTIVE", "INACTIVE", "ACTIVE", "ACTIVE"]
    statements = statements_of(prod["operations"], "WatchingServingHoursRole", refs)
    assert asked.denied(statements) == set()
    for each in actions_of(statements) - AROUND:
        assert asked.denied(without(statements, each)), f"{each} is not needed."


def test_what_the_service_refuses_for_another_reason_is_an_error(account: Account) -> None:
    gone = "arn:aws:personalize:eu-west-1:000000000000:recommender/gone"
    event = {"action": "startRecommender", "recommender_arn": gone}
    with pytest.raises(OperationsError, match="Could not start or stop a recommender: StartRecommender failed with"):
        handler.run_switch_recommender(event, account.clients, account.cloud.time)


def test_its_schedules_may_call_only_the_function(prod: Templates, schedules: dict[str, Any]) -> None:
    statements = statements_of(prod["operations"], "SchedulesServingHoursRole")
    assert actions_of(statements) == {"lambda:InvokeFunction", "sqs:SendMessage"}
    for name in ("start-top_picks", "stop-top_picks"):
        target = schedules[name]["Target"]
        assert target["RoleArn"].startswith("<SchedulesServingHoursRole")
        assert target["Arn"] in str(statements)
