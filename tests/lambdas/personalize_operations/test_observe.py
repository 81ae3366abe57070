"""What serves now is published as it is, whoever put it there."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import pytest

from lambdas.personalize_operations import handler
from lambdas.personalize_operations.published import Parameters, Value, put_values
from lambdas.personalize_operations.serving import Served
from tests.lambdas.personalize_operations.support import services
from tests.lambdas.personalize_operations.support.account import DAY, HOUR, Account
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tools.emulator import Behaviour
from tools.simulation.cloud import VirtualCloud
from tools.simulation.stacks import Stack

PRICES = {
    "recommender_hour": 0.375,
    "recommender_included_requests": 4000,
    "recommender_request": 0.0000833,
    "campaign_request": {"rerank": 0.0001},
}

NOTHING: dict[str, Any] = {
    "namespace": "vod/dev",
    "parameter_path": "/vod/dev",
    "campaigns": {},
    "recommenders": {},
    "solutions": {},
    "datasets": {},
    "refresh_machine_arn": "arn:aws:states:eu-west-1:000000000000:stateMachine:vod-dev-refresh",
    "prices": PRICES,
}


def deploy(account: Account) -> Stack:
    resources = {**blocks.gated({"TrainingTrigger": "1"}), "Recommender": blocks.recommender()}
    return blocks.deployed(account.cloud, {**resources, **blocks.chain("Recommender", "Recommender")})


def configuration(stack: Stack) -> dict[str, Any]:
    def arn(logical_id: str, noun: str) -> str:
        return str(stack.resources[logical_id].attributes[f"{noun}Arn"])

    return {
        **NOTHING,
        "campaigns": {"rerank": arn("Campaign", "Campaign")},
        "recommenders": {"top_picks": arn("Recommender", "Recommender")},
        "solutions": {"rerank": arn("Solution", "Solution"), "another": "arn:other"},
        "datasets": {"ITEMS": arn("ItemsDataset", "Dataset")},
    }


def observe(account: Account, config: Mapping[str, Any]) -> dict[str, Any]:
    return handler.run_observe({}, account.clients, account.cloud.time, config)


def test_what_serves_is_published(account: Account) -> None:
    stack = deploy(account)
    config = configuration(stack)
    account.cloud.time.sleep(12 * HOUR)
    answer = observe(account, config)
    version = stack.resources["VersionSettled"].attributes["SolutionVersionArn"]
    metrics = account.cloud.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"]
    recommender = account.cloud.personalize.describe_recommender(recommenderArn=config["recommenders"]["top_picks"])
    own = recommender["recommender"]["modelMetrics"]
    parameters = account.parameters.values
    assert parameters["/vod/dev/serving_solution_version_arn"] == version
    assert json.loads(parameters["/vod/dev/serving_metrics"]) == metrics
    assert json.loads(parameters["/vod/dev/serving_recommender_top_picks_metrics"]) == own
    latest = account.cloudwatch.latest
    assert {name: latest[f"vod/dev {name} Solution=rerank"] for name in metrics} == metrics
    assert {name: latest[f"vod/dev {name} Recommender=top_picks"] for name in own} == own
    assert not any("another" in key for key in latest)
    assert latest["vod/dev ProvisionedRequestsPerSecond Recommender=top_picks"] == 1
    assert latest["vod/dev ProvisionedRequestsPerSecond Campaign=rerank"] == 1
    assert latest["vod/dev CostPerHour Recommender=top_picks"] == 0.375
    assert latest["vod/dev CostPerHour Campaign=rerank"] == pytest.approx(0.36)
    assert latest["vod/dev VersionAgeHours Campaign=rerank"] > 12
    assert 12 < latest["vod/dev DataAgeHours DatasetType=ITEMS"] < 24
    assert 0.5 < latest["vod/dev IdleDays Campaign=rerank"] < 1
    assert len(latest) == answer["metrics"]
    assert account.cloudwatch.times == {account.now}
    # What has not changed is not written again.
    written = len(account.parameters.written)
    observe(account, config)
    assert len(account.parameters.written) == written == 3


def test_of_a_campaign_that_says_only_that_it_follows_the_newest_trained_version_serves() -> None:
    cloud = VirtualCloud(service_options={"behaviour": Behaviour(shows_latest=True)})
    blocks.put_data(cloud)
    account = Account(cloud)
    stack = deploy(account)
    config = configuration(stack)
    solution = config["solutions"]["rerank"]
    cloud.personalize.update_campaign(
        campaignArn=config["campaigns"]["rerank"],
        solutionVersionArn=f"{solution}/$LATEST",
        campaignConfig={"syncWithLatestSolutionVersion": True},
    )
    trained = cloud.personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    cloud.time.sleep(12 * HOUR)
    cloud.personalize.create_solution_version(solutionArn=solution)
    observe(account, config)
    assert account.parameters.values["/vod/dev/serving_solution_version_arn"] == trained


def test_days_without_requests_are_counted_from_the_last_one(account: Account) -> None:
    stack = deploy(account)
    config = configuration(stack)
    account.cloud.time.sleep(10 * DAY)
    observe(account, config)
    latest = account.cloudwatch.latest
    assert 10 <= latest["vod/dev IdleDays Recommender=top_picks"] < 11
    at = account.now
    arn = config["recommenders"]["top_picks"]
    account.cloudwatch.add_hour("GetRecommendations", arn, at - timedelta(days=3, hours=1), 2)
    account.cloudwatch.add_hour("GetRecommendations", arn, at - timedelta(days=1), 0)
    observe(account, config)
    assert latest["vod/dev IdleDays Recommender=top_picks"] == 3
    account.cloudwatch.add_hour("GetPersonalizedRanking", config["campaigns"]["rerank"], at - timedelta(minutes=5), 1)
    observe(account, config)
    assert latest["vod/dev IdleDays Campaign=rerank"] == 0
    account.cloud.time.sleep(60 * DAY)
    observe(account, config)
    assert latest["vod/dev IdleDays Recommender=top_picks"] == 30
    # While it is stopped, it costs nothing and is not idle.
    account.cloud.personalize.stop_recommender(recommenderArn=arn)
    account.cloud.time.sleep(HOUR)
    observe(account, config)
    names = ("ProvisionedRequestsPerSecond", "CostPerHour", "IdleDays")
    assert [latest[f"vod/dev {name} Recommender=top_picks"] for name in names] == [0, 0, 0]


def test_what_is_gone_is_left_out(account: Account) -> None:
    """A deployment may be deleting it."""
    gone = "arn:aws:personalize:eu-west-1:000000000000:{}/gone"
    config = {**NOTHING, "campaigns": {"rerank": gone.format("campaign")}}
    observe(account, {**config, "recommenders": {"top_picks": gone.format("recommender")}})
    assert list(account.cloudwatch.latest) == ["vod/dev RefreshAgeHours"]


@pytest.mark.parametrize(
    ("executions", "age", "failed"),
    [
        ([], 5, None),
        ([("SUCCEEDED", 1)], 1, 0),
        ([("FAILED", 1), ("SUCCEEDED", 2)], 2, 1),
        ([("TIMED_OUT", 1)], 5, 1),
        ([("ABORTED", 1), ("SUCCEEDED", 3)], 3, 1),
        # The one that is running will tell how it ended.
        ([("RUNNING", None), ("FAILED", 1), ("SUCCEEDED", 4)], 4, None),
    ],
)
def test_the_last_refresh_that_succeeded_has_an_age(
    account: Account, executions: list[tuple[str, int | None]], age: float, failed: float | None
) -> None:
    account.cloud.time.sleep(5 * HOUR)
    account.states.executions = [
        (status, account.now - timedelta(hours=hours) if hours else None) for status, hours in executions
    ]
    observe(account, NOTHING)
    assert account.cloudwatch.latest["vod/dev RefreshAgeHours"] == pytest.approx(age)
    assert account.cloudwatch.latest.get("vod/dev RefreshFailed") == failed


def test_throughput_beyond_what_the_hour_includes_costs_more() -> None:
    served = Served("Recommender", "top_picks", "arn", provisioned=2, created=0, counted_by="")
    # 2 requests a second are 7,200 an hour, 3,200 more than are included.
    assert served.cost_per_hour(PRICES) == pytest.approx(0.375 + 3200 * 0.0000833)


def test_many_values_and_parameters_are_sent_in_parts() -> None:
    cloudwatch, store = services.CloudWatch(), services.ParameterStore()
    put_values(cloudwatch.client, "vod/dev", [Value(f"n{n}", n, {}) for n in range(1001)], 0.0)
    assert len(cloudwatch.latest) == 1001
    parameters = Parameters("/vod/dev")
    parameters.values |= {f"n{n}": str(n) for n in range(11)}
    parameters.put(store.client)
    assert len(store.values) == 11
