"""A recommender with Active: false is stopped; what a schedule stops or starts stays so until Active changes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas.personalize_provider.protocol import Progress
from lambdas.personalize_provider.resource_type import ResourceType
from lambdas.personalize_provider.resources import RESOURCES
from lambdas.personalize_provider.statuses import Description
from lambdas.personalize_provider.switch import Switch
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.template_parts import RECIPE, Resources, custom, deployed, template
from tools.emulator import Behaviour, Durations
from tools.simulation.cloud import VirtualCloud
from tools.simulation.stacks import Stack

HOUR, MINUTE = 3600.0, 60.0
OFF = {"Active": "false"}
FASTER = {"RecommenderConfig": {"MinRecommendationRequestsPerSecond": 5}}
OTHER_COLUMNS = {
    "RecommenderConfig": {
        "MinRecommendationRequestsPerSecond": 1,
        "TrainingDataConfig": {"ExcludedDatasetColumns": {"ITEMS": ["GENRES"]}},
    }
}


def account(**options: Any) -> VirtualCloud:
    cloud = VirtualCloud(service_options=options)
    blocks.put_data(cloud)
    return cloud


def recommending(links: int = 5, **properties: Any) -> Resources:
    return {
        **blocks.group(),
        **blocks.data(),
        "Recommender": blocks.recommender(**properties),
        **blocks.chain("Recommender", "Recommender", links=links),
    }


def broken(resources: Resources, after: str = "RecommenderSettled") -> Resources:
    """With something that is refused later in the same deployment."""
    return {**resources, "Broken": {**custom("DatasetGroup", Domain="MUSIC"), "DependsOn": after}}


def arn_of(stack: Stack) -> str:
    return stack.resources["Recommender"].attributes["RecommenderArn"]


def described(cloud: VirtualCloud, stack: Stack) -> dict[str, Any]:
    return dict(cloud.personalize.describe_recommender(recommenderArn=arn_of(stack))["recommender"])


def by_schedule(cloud: VirtualCloud, stack: Stack, verb: str) -> None:
    getattr(cloud.personalize, f"{verb}_recommender")(recommenderArn=arn_of(stack))
    cloud.time.sleep(HOUR)


def switched(cloud: VirtualCloud) -> list[int]:
    return [cloud.calls.count(f"{verb}Recommender") for verb in ("Start", "Stop")]


@pytest.mark.parametrize("hours", [0.2, 3])
def test_it_is_trained_and_then_stopped(hours: float) -> None:
    cloud = account(durations=Durations(create_recommender=hours * HOUR))
    stack = deployed(cloud, recommending(**OFF))
    found = described(cloud, stack)
    assert found["status"] == "INACTIVE"
    assert switched(cloud) == [0, 1]
    assert json.loads(stack.resources["RecommenderSettled"].attributes["ModelMetrics"]) == found["modelMetrics"]
    cloud.cloudformation.delete("app")
    assert cloud.inventory() == {}


@pytest.mark.parametrize(
    ("more", "updates_inactive"), [({}, False), (FASTER, True), (FASTER, False), (OTHER_COLUMNS, False)]
)
def test_a_change_stops_and_starts_it_whatever_else_changes(more: dict[str, Any], updates_inactive: bool) -> None:
    """Columns train for longer than a request may take, so that the chain stops it."""
    cloud = account(
        behaviour=Behaviour(updates_inactive_recommenders=updates_inactive),
        durations=Durations(retrain_recommender=2 * HOUR),
    )
    stack = deployed(cloud, recommending())
    deployed(cloud, recommending(**OFF, **more))
    assert described(cloud, stack)["status"] == "INACTIVE"
    assert switched(cloud) == [0, 1]
    deployed(cloud, recommending(Active="true", **(FASTER if more == OTHER_COLUMNS else OTHER_COLUMNS)))
    assert described(cloud, stack)["status"] == "ACTIVE"
    assert switched(cloud) == [1, 1]


@pytest.mark.parametrize(("before", "after"), [({}, {"Active": "true"}), ({"Active": "true"}, {})])
def test_serving_is_the_default(cloud: VirtualCloud, before: dict[str, str], after: dict[str, str]) -> None:
    stack = deployed(cloud, recommending(**before))
    by_schedule(cloud, stack, "stop")
    deployed(cloud, recommending(**after))
    assert described(cloud, stack)["status"] == "INACTIVE"


def test_left_out_again_it_serves_again(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, recommending(**OFF))
    deployed(cloud, recommending())
    assert described(cloud, stack)["status"] == "ACTIVE"


@pytest.mark.parametrize(("said", "verb", "status"), [({}, "stop", "INACTIVE"), (OFF, "start", "ACTIVE")])
@pytest.mark.parametrize("change", [FASTER, {"Tags": [{"Key": "team", "Value": "films"}]}])
@pytest.mark.parametrize("fails", [True, False])
def test_what_a_schedule_did_stays(
    said: dict[str, str], verb: str, status: str, change: dict[str, Any], fails: bool
) -> None:
    cloud = account(durations=Durations(retrain_recommender=20 * MINUTE))
    stack = deployed(cloud, recommending(**said))
    by_schedule(cloud, stack, verb)
    wanted = recommending(**said, **change)
    cloud.cloudformation.deploy("app", template(broken(wanted) if fails else wanted))
    assert stack.status == ("UPDATE_ROLLBACK_COMPLETE" if fails else "UPDATE_COMPLETE"), stack.reasons
    assert described(cloud, stack)["status"] == status


@pytest.mark.parametrize(("before", "after", "status"), [({}, OFF, "ACTIVE"), (OFF, {}, "INACTIVE")])
@pytest.mark.parametrize("more", [{}, OTHER_COLUMNS])
def test_a_rollback_takes_it_back(
    before: dict[str, str], after: dict[str, str], status: str, more: dict[str, Any]
) -> None:
    cloud = account(durations=Durations(retrain_recommender=20 * MINUTE))
    stack = deployed(cloud, recommending(**before))
    cloud.cloudformation.deploy("app", template(broken(recommending(**after, **more))))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    found = described(cloud, stack)
    assert found["status"] == status
    assert found["recommenderConfig"]["minRecommendationRequestsPerSecond"] == 1
    assert not found["recommenderConfig"].get("trainingDataConfig", {}).get("excludedDatasetColumns")


def test_a_rollback_of_a_refused_change_leaves_it_serving(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, recommending())
    wrong = {"RecommenderConfig": {"ItemExplorationConfig": {"explorationWeight": "7"}}}
    cloud.cloudformation.deploy("app", template(recommending(**OFF, **wrong)))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert described(cloud, stack)["status"] == "ACTIVE"
    assert switched(cloud) == [0, 0]


@pytest.mark.parametrize("minutes", [5, 65])
def test_what_a_cancelled_update_wanted_to_stop_goes_on_serving(minutes: float) -> None:
    """Its last request may go on for an hour after CloudFormation has forgotten it: the resource's, or a link's."""
    cloud = account(durations=Durations(retrain_recommender=3 * HOUR))
    stack = deployed(cloud, recommending())
    cloud.cloudformation.begin_deploy("app", template(recommending(**OFF, **OTHER_COLUMNS)))
    cloud.time.run(until=cloud.time.time() + minutes * MINUTE)
    cloud.cloudformation.cancel_update("app")
    cloud.time.run()
    assert stack.status in ("UPDATE_ROLLBACK_COMPLETE", "UPDATE_ROLLBACK_FAILED"), stack.reasons
    cloud.time.sleep(4 * HOUR)
    assert described(cloud, stack)["status"] == "ACTIVE"


def test_a_rollback_to_what_was_replaced_leaves_it_stopped(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, recommending())
    before = arn_of(stack)
    by_schedule(cloud, stack, "stop")
    other = {"RecipeArn": f"{RECIPE}/aws-vod-most-popular"}
    cloud.cloudformation.deploy("app", template(broken(recommending(**other))))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert arn_of(stack) == before
    assert described(cloud, stack)["status"] == "INACTIVE"


def test_a_replacement_is_stopped_too(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, recommending(**OFF))
    deployed(cloud, recommending(**OFF, RecipeArn=f"{RECIPE}/aws-vod-most-popular"))
    assert described(cloud, stack)["status"] == "INACTIVE"


def test_what_somebody_deleted_is_made_again_and_stopped(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, recommending(**OFF))
    cloud.personalize.delete_recommender(recommenderArn=arn_of(stack))
    cloud.time.sleep(HOUR)
    deployed(cloud, recommending(**OFF, **FASTER))
    assert described(cloud, stack)["status"] == "INACTIVE"


@pytest.mark.parametrize(("said", "status"), [({}, "ACTIVE"), (OFF, "INACTIVE")])
@pytest.mark.parametrize("verb", ["start", "stop"])
def test_what_is_taken_over_becomes_as_the_template_says(
    cloud: VirtualCloud, said: dict[str, str], status: str, verb: str
) -> None:
    kept = recommending(**(OFF if verb == "start" else {}))
    kept["Recommender"]["DeletionPolicy"] = "Retain"
    stack = deployed(cloud, kept)
    left = arn_of(stack)
    by_schedule(cloud, stack, verb)
    deployed(cloud, {**blocks.group(), **blocks.data()})
    deployed(cloud, recommending(**said))
    assert arn_of(stack) == left
    assert described(cloud, stack)["status"] == status


@pytest.mark.parametrize(("before", "after", "verb"), [({}, OFF, "stop"), (OFF, {}, "start")])
@pytest.mark.parametrize("seconds", [10.0, 30.0])
def test_a_schedule_that_does_the_same_at_that_moment_is_no_failure(
    before: dict[str, str], after: dict[str, str], verb: str, seconds: float
) -> None:
    cloud = account(durations=Durations(stop_recommender=5 * MINUTE, start_recommender=5 * MINUTE))
    stack = deployed(cloud, recommending(**before))
    cloud.cloudformation.begin_deploy("app", template(recommending(**after)))
    cloud.time.spawn(lambda: by_schedule(cloud, stack, verb), seconds)
    try:
        cloud.time.run()
    except cloud.personalize.exceptions.ResourceInUseException:
        cloud.time.run()  # the deployment was quicker
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    assert described(cloud, stack)["status"] == ("INACTIVE" if verb == "stop" else "ACTIVE")


def test_a_value_that_is_neither_is_named(cloud: VirtualCloud) -> None:
    stack = cloud.cloudformation.deploy("app", template(recommending(Active="at night")))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert stack.reasons[0].startswith("Active must be of type boolean, but is 'at night'.")


def test_a_type_without_a_switch_stays_as_somebody_left_it() -> None:
    event = {"ResourceProperties": {}, "OldResourceProperties": {}}
    assert Switch.of(RESOURCES["Campaign"], event, Progress(0.0, paused=True)) == Switch(False, True)


# -- metrics ------------------------------------------------------------------------------------------------------


def asking_for_metrics(**properties: Any) -> Resources:
    """What the construct makes of it: the last link says that it answers them, and something asks for them."""
    resources = recommending(**properties)
    resources["RecommenderSettled"]["Properties"]["Answers"] = ["ModelMetrics"]
    asks = {"Name": "/vod/metrics", "Value": {"Fn::GetAtt": ["RecommenderSettled", "ModelMetrics"]}}
    return {**resources, "Asks": {"Type": "AWS::SSM::Parameter", "Properties": asks}}


def test_a_stack_of_an_earlier_version_is_asked_for_its_metrics(cloud: VirtualCloud) -> None:
    """CloudFormation keeps what a resource answered last, and fails if an attribute is not in it."""
    stack = deployed(cloud, recommending())
    before = arn_of(stack)
    for resource in stack.resources.values():
        resource.attributes.pop("ModelMetrics", None)
    deployed(cloud, asking_for_metrics())
    assert json.loads(stack.resources["Asks"].properties["Value"]) == described(cloud, stack)["modelMetrics"]
    assert arn_of(stack) == before
    assert cloud.calls.count("UpdateRecommender") == 0


def test_without_metrics_there_is_an_empty_object(cloud: VirtualCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """As an SSM parameter takes it, which cannot be empty."""
    describe = cloud.api.describe

    def without_metrics(row: ResourceType, arn: str) -> Description | None:
        found = describe(row, arn)
        return found and {name: value for name, value in found.items() if name != "modelMetrics"}

    monkeypatch.setattr(cloud.api, "describe", without_metrics)
    stack = deployed(cloud, asking_for_metrics())
    assert stack.resources["RecommenderSettled"].attributes["ModelMetrics"] == "{}"
