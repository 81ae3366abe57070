"""Races that real deployments meet: things not visible yet, two at once, people and the service at work meanwhile."""

from __future__ import annotations

import copy
import itertools
from typing import Any

import pytest

from lambdas.personalize_provider.patience import HOLD_SECONDS, PROPAGATION_SECONDS
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.single_requests import Requests
from tests.lambdas.personalize_provider.support.template_parts import Resources, arn, custom, deployed, refuse, template
from tests.support.virtual_account import CONDITIONS
from tools.emulator import Durations, Fault
from tools.simulation.cloud import VirtualCloud
from tools.simulation.stacks import Stack

HOUR, MINUTE = 3600.0, 60.0
# Of the waiter's polls.
INTERVAL = 10.0
NOT_YET = "The role arn:aws:iam::000000000000:role/personalize cannot be assumed by Personalize"


# -- not visible yet ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "message", [NOT_YET, "Insufficient privileges for accessing data in S3: check the bucket policy"]
)
def test_a_role_or_bucket_policy_that_is_not_visible_yet_is_waited_for(cloud: VirtualCloud, message: str) -> None:
    refuse(cloud, "CreateDatasetImportJob", message, count=4)
    deployed(cloud, {**blocks.group(), **blocks.data()})


def test_a_role_that_never_becomes_visible_fails_in_the_services_words_after_a_bounded_time(
    cloud: VirtualCloud,
) -> None:
    refuse(cloud, "CreateDatasetImportJob", NOT_YET, count=None)
    stack = cloud.cloudformation.deploy("app", template({**blocks.group(), **blocks.data()}))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert NOT_YET in stack.reasons[0]
    began, failed = (
        next(each.time for each in stack.events if each.logical_id.endswith("Import") and each.status == status)
        for status in ("CREATE_IN_PROGRESS", "CREATE_FAILED")
    )
    assert PROPAGATION_SECONDS <= failed - began <= PROPAGATION_SECONDS + MINUTE
    assert cloud.inventory() == {}


def test_a_refusal_that_speaks_of_something_else_is_held_no_longer_than_any(cloud: VirtualCloud) -> None:
    refuse(cloud, "CreateFilter", "The expression is not valid", count=None)
    stack = cloud.cloudformation.deploy("app", template({**blocks.group(), "Filter": blocks.serving()["Filter"]}))
    failed = next(each for each in stack.events if each.status == "CREATE_FAILED")
    begun = next(each for each in stack.events if each.logical_id == "Filter")
    assert HOLD_SECONDS <= failed.time - begun.time <= HOLD_SECONDS + INTERVAL
    assert failed.reason.startswith("The service refused CreateFilter for filter '")
    assert "': The expression is not valid." in failed.reason


def test_what_cannot_be_seen_yet_is_waited_for(cloud: VirtualCloud) -> None:
    """A crash after the service accepted the call, and then it does not show it: the name is taken, by nobody."""
    deployed(cloud, {"Handle": blocks.handle()})
    requests = Requests(cloud, "DatasetGroup", "app")
    event = requests.event("Create", custom("DatasetGroup", Domain=blocks.VOD)["Properties"])
    assert cloud.framework.request(event).succeeded
    refuse(cloud, "DescribeDatasetGroup", "not yet", count=3, code="ResourceNotFoundException")
    response = cloud.framework.request(event)
    assert response.succeeded, response.reason
    assert len(cloud.inventory()) == 1


def test_what_is_built_on_a_dataset_group_waits_until_it_is_active() -> None:
    cloud = VirtualCloud(
        service_options={"durations": Durations(create_dataset_group=40 * MINUTE)}, conditions=CONDITIONS
    )
    blocks.put_data(cloud)
    stack = deployed(cloud, {**blocks.group(), "Filter": blocks.serving()["Filter"]})
    active = next(each.time for each in stack.events if (each.logical_id, each.status) == ("Group", "CREATE_COMPLETE"))
    begun = min(each.time for each in stack.events if each.logical_id in ("InteractionsDataset", "Filter"))
    assert begun >= active


def test_a_dataset_group_that_is_not_active_yet_is_waited_for(cloud: VirtualCloud) -> None:
    """Somebody made the group by hand a moment ago, and a stack builds on it."""
    group = cloud.personalize.create_dataset_group(name="mine", domain=blocks.VOD)["datasetGroupArn"]
    schema = cloud.personalize.create_schema(name="mine", schema=blocks.schema("Items"), domain=blocks.VOD)
    properties = {"DatasetGroupArn": group, "DatasetType": "ITEMS", "SchemaArn": schema["schemaArn"]}
    deployed(cloud, {"Dataset": custom("Dataset", **properties)})


# -- two at once --------------------------------------------------------------------------------------------------


def test_two_imports_into_one_dataset_both_arrive(cloud: VirtualCloud) -> None:
    resources = {**blocks.group(), **blocks.data()}
    second = copy.deepcopy(resources["InteractionsImport"])
    second["Properties"]["DataVersion"] = "other"
    resources |= {"Second": second, **blocks.chain("Second", "DatasetImportJob", links=2)}
    stack = deployed(cloud, resources)
    jobs = [each for each in cloud.inventory().values() if "datasetImportJobArn" in each]
    assert [job["status"] for job in jobs] == ["ACTIVE"] * 3
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE", stack.reasons


def test_the_same_request_delivered_twice_at_the_same_time_makes_one_resource(cloud: VirtualCloud) -> None:
    deployed(cloud, {"Handle": blocks.handle()})
    requests = Requests(cloud, "DatasetGroup", "app")
    event = requests.event("Create", custom("DatasetGroup", Domain=blocks.VOD)["Properties"])
    responses = []
    for _ in range(3):
        cloud.time.spawn(lambda: responses.append(cloud.framework.request(copy.deepcopy(event))))
    cloud.time.run()
    assert [response.succeeded for response in responses] == [True] * 3
    assert len({response.physical_id for response in responses}) == 1
    assert len(cloud.inventory()) == 1


# An update is taken back by an Update, so that is one request that can come in an UPDATE_ROLLBACK.
TOO_LATE = [
    ("Create", "UPDATE_ROLLBACK_IN_PROGRESS"),
    *itertools.product(
        ("Create", "Update"),
        (
            "ROLLBACK_IN_PROGRESS",
            "DELETE_IN_PROGRESS",
            "CREATE_COMPLETE",
            "UPDATE_ROLLBACK_COMPLETE",
            "ROLLBACK_FAILED",
        ),
    ),
]


@pytest.mark.parametrize(("request_type", "status"), TOO_LATE)
def test_a_request_that_comes_too_late_makes_nothing(cloud: VirtualCloud, status: str, request_type: str) -> None:
    """CloudFormation has cancelled or answered it, and its deletion may be over already."""
    stack = deployed(cloud, {"Handle": blocks.handle()})
    requests = Requests(cloud, "DatasetGroup", "app")
    stack.status = status
    properties = custom("DatasetGroup", Domain=blocks.VOD)["Properties"]
    response = (
        requests.create(properties) if request_type == "Create" else requests.update("gone", properties, properties)
    )
    assert "CloudFormation has cancelled the deployment that asked for the dataset group" in response.reason
    assert cloud.inventory() == {}


# -- what the service does by itself -------------------------------------------------------------------------------


def training_solution() -> Resources:
    solution = blocks.solution(
        PerformAutoTraining=True,
        SolutionUpdateConfig={"AutoTrainingConfig": {"SchedulingExpression": "rate(1 days)"}},
    )
    return {**blocks.group(), **blocks.data(), "Solution": solution}


def test_an_automatic_training_in_flight_is_stopped_when_the_solution_goes() -> None:
    cloud = VirtualCloud(
        service_options={"durations": Durations(create_solution_version=9 * HOUR)}, conditions=CONDITIONS
    )
    blocks.put_data(cloud)
    deployed(cloud, training_solution())
    cloud.time.sleep(2 * HOUR)
    assert [each["status"] for each in cloud.inventory().values() if "solutionVersionArn" in each] == [
        "CREATE IN_PROGRESS"
    ]
    begun = cloud.time.time()
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
    assert cloud.time.time() - begun < HOUR
    assert cloud.inventory() == {}


def following() -> Resources:
    """A campaign that follows the latest version of its solution."""
    resources = {**blocks.group(), **blocks.data(), **blocks.ranking()}
    latest = {"Fn::Join": ["/", [arn("Solution", "Solution"), "$LATEST"]]}
    campaign = resources["Campaign"]
    campaign["Properties"] |= {
        "SolutionVersionArn": latest,
        "CampaignConfig": {"SyncWithLatestSolutionVersion": True},
    }
    return {**resources, "Campaign": {**campaign, "DependsOn": ["VersionSettled"]}}


def changed(resources: Resources, logical_id: str, **properties: Any) -> Resources:
    result = copy.deepcopy(resources)
    result[logical_id]["Properties"] |= properties
    return result


def campaign_of(cloud: VirtualCloud, stack: Stack) -> dict[str, Any]:
    found = cloud.personalize.describe_campaign(campaignArn=stack.resources["Campaign"].attributes["CampaignArn"])
    return dict(found["campaign"])


def test_a_campaign_that_follows_the_latest_version_is_updated_once_and_stays_what_it_is(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, following())
    before = campaign_of(cloud, stack)
    deployed(cloud, changed(following(), "Campaign", MinProvisionedTPS=2))
    after = campaign_of(cloud, stack)
    assert (before["minProvisionedTPS"], after["minProvisionedTPS"]) == (1, 2)
    assert after["solutionVersionArn"] == before["solutionVersionArn"]
    assert cloud.calls.count("UpdateCampaign") == 1
    # A new version: the service moves the campaign by itself.
    deployed(cloud, changed(following(), "Version", Triggers={"TrainingTrigger": "2"}))
    cloud.time.sleep(HOUR)
    assert campaign_of(cloud, stack)["solutionVersionArn"] != before["solutionVersionArn"]


def test_an_update_by_the_service_is_not_taken_for_ours(cloud: VirtualCloud) -> None:
    """A version becomes ACTIVE, and the campaign follows it, just when the template changes the campaign too."""
    stack = deployed(cloud, following())
    solution = stack.resources["Solution"].attributes["SolutionArn"]
    cloud.personalize.create_solution_version(solutionArn=solution, name="by-hand")
    trained = cloud.time.time() + Durations().create_solution_version
    cloud.time.sleep(trained - cloud.time.time() - 0.5)
    # The service begins its update after the request has begun, and before ours is accepted.
    cloud.service.faults.add(Fault("throttle", "UpdateCampaign"))
    deployed(cloud, changed(following(), "Campaign", MinProvisionedTPS=3))
    cloud.time.sleep(HOUR)
    assert campaign_of(cloud, stack)["minProvisionedTPS"] == 3


def test_a_failed_update_by_the_service_does_not_fail_ours(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, following())
    solution = stack.resources["Solution"].attributes["SolutionArn"]
    cloud.personalize.create_solution_version(solutionArn=solution, name="by-hand")
    cloud.service.faults.add(Fault("fail", "UpdateCampaign", message="No capacity."))
    cloud.time.sleep(Durations().create_solution_version - 0.5)
    cloud.service.faults.add(Fault("throttle", "UpdateCampaign"))
    deployed(cloud, changed(following(), "Campaign", MinProvisionedTPS=3))
    cloud.time.sleep(HOUR)
    assert campaign_of(cloud, stack)["minProvisionedTPS"] == 3


def test_a_campaign_is_deleted_while_the_service_updates_it(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, following())
    solution = stack.resources["Solution"].attributes["SolutionArn"]
    cloud.personalize.create_solution_version(solutionArn=solution, name="by-hand")
    cloud.time.sleep(Durations().create_solution_version + MINUTE)
    assert campaign_of(cloud, stack)["latestCampaignUpdate"]["status"] != "ACTIVE"
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
    assert cloud.inventory() == {}


# -- what people do by hand ----------------------------------------------------------------------------------------


def with_recommender(**properties: Any) -> Resources:
    recommender = blocks.recommender(**properties)
    waiting = blocks.chain("Recommender", "Recommender")
    return {**blocks.group(), **blocks.data(), "Recommender": recommender, **waiting}


def stop_recommender(cloud: VirtualCloud, stack: Stack) -> str:
    recommender = stack.resources["Recommender"].attributes["RecommenderArn"]
    cloud.personalize.stop_recommender(recommenderArn=recommender)
    return recommender


def test_tags_of_a_stopped_recommender_change(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, with_recommender())
    recommender = stop_recommender(cloud, stack)
    cloud.cloudformation.deploy("app", template(with_recommender(), tags={"team": "films"}))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    assert cloud.api.tags(recommender)["team"] == "films"


@pytest.mark.parametrize("later", [0.0, HOUR])
def test_a_stopped_or_stopping_recommender_is_deleted(cloud: VirtualCloud, later: float) -> None:
    stop_recommender(cloud, deployed(cloud, with_recommender()))
    cloud.time.sleep(later)
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
    assert cloud.inventory() == {}


def test_a_rollback_leaves_what_was_done_by_hand_and_ends_when_that_is_done(cloud: VirtualCloud) -> None:
    """An update by hand is under way, ours waits for it and is cancelled before it has changed anything."""
    stack = deployed(cloud, with_recommender())
    recommender = stack.resources["Recommender"].attributes["RecommenderArn"]
    cloud.personalize.update_recommender(
        recommenderArn=recommender, recommenderConfig={"minRecommendationRequestsPerSecond": 9}
    )
    faster = template(with_recommender(RecommenderConfig={"MinRecommendationRequestsPerSecond": 5}))
    cloud.cloudformation.begin_deploy("app", faster)
    cloud.time.spawn(lambda: cloud.cloudformation.cancel_update("app"), delay=3 * MINUTE)
    cloud.time.run()
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    described = cloud.personalize.describe_recommender(recommenderArn=recommender)["recommender"]
    assert described["latestRecommenderUpdate"]["status"] == "ACTIVE"
    assert described["recommenderConfig"]["minRecommendationRequestsPerSecond"] == 9


def test_a_training_stopped_by_hand_fails_with_its_status(cloud: VirtualCloud) -> None:
    resources = {
        **blocks.group(),
        **blocks.data(),
        "Solution": blocks.solution(),
        "Version": blocks.version(),
        **blocks.chain("Version", "SolutionVersion"),
    }
    cloud.service.faults.add(Fault("duration", "CreateSolutionVersion", seconds=3 * HOUR))

    def stop_all() -> None:
        for version in cloud.personalize.list_solution_versions()["solutionVersions"]:
            cloud.personalize.stop_solution_version_creation(solutionVersionArn=version["solutionVersionArn"])

    cloud.time.spawn(stop_all, delay=1.5 * HOUR)
    stack = cloud.cloudformation.deploy("app", template(resources))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "is CREATE STOPPED: the service gave no reason." in stack.reasons[0]
    assert cloud.inventory() == {}


def test_what_was_deleted_by_hand_is_made_again_when_its_template_changes(cloud: VirtualCloud) -> None:
    resources = {**blocks.group(), **blocks.data(), **blocks.ranking()}
    stack = deployed(cloud, resources)
    campaign = stack.resources["Campaign"]
    cloud.personalize.delete_campaign(campaignArn=campaign.attributes["CampaignArn"])
    cloud.time.sleep(HOUR)
    deployed(cloud, changed(resources, "Campaign", MinProvisionedTPS=4))
    assert stack.resources["Campaign"].physical_id == campaign.physical_id
    assert campaign_of(cloud, stack)["minProvisionedTPS"] == 4


def test_a_dataset_deleted_by_hand_is_not_made_again_empty(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, {key: each for key, each in blocks.group().items() if "Items" not in key})
    cloud.personalize.delete_dataset(datasetArn=stack.resources["InteractionsDataset"].attributes["DatasetArn"])
    cloud.time.sleep(HOUR)
    tagged = template({key: each for key, each in blocks.group().items() if "Items" not in key}, tags={"team": "films"})
    cloud.cloudformation.deploy("app", tagged)
    assert any("no longer exists: it was deleted outside CloudFormation" in reason for reason in stack.reasons)
    assert [each for each in cloud.inventory() if ":dataset/" in each] == []
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"


# -- what an earlier deployment left -------------------------------------------------------------------------------


def test_what_a_failed_deletion_left_is_taken_up_and_brought_up_to_date(cloud: VirtualCloud) -> None:
    """CloudFormation gives up deleting what an update left behind; a later update comes back to it."""
    first = with_recommender()
    second = with_recommender(
        RecipeArn=f"{blocks.RECIPE}/aws-vod-most-popular", RecommenderConfig={"MinRecommendationRequestsPerSecond": 7}
    )
    stack = deployed(cloud, first)
    old = stack.resources["Recommender"].attributes["RecommenderArn"]
    refuse(cloud, "DeleteRecommender", "No.", count=3)
    deployed(cloud, second)
    assert old in cloud.inventory()
    third = with_recommender(RecommenderConfig={"MinRecommendationRequestsPerSecond": 2})
    cloud.cloudformation.deploy("app", template(third, tags={"team": "films"}))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    assert stack.resources["Recommender"].attributes["RecommenderArn"] == old
    described = cloud.personalize.describe_recommender(recommenderArn=old)["recommender"]
    assert described["recommenderConfig"]["minRecommendationRequestsPerSecond"] == 2
    assert cloud.api.tags(old)["team"] == "films"
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
    assert cloud.inventory() == {}


def test_what_cloudformation_has_forgotten_goes_with_the_stack(cloud: VirtualCloud) -> None:
    """It would cost money for ever, and keep the dataset group from being deleted."""
    stack = deployed(cloud, with_recommender())
    old = stack.resources["Recommender"].attributes["RecommenderArn"]
    refuse(cloud, "DeleteRecommender", "No.", count=3)
    deployed(cloud, with_recommender(RecipeArn=f"{blocks.RECIPE}/aws-vod-most-popular"))
    assert old in cloud.inventory()
    group = stack.resources["Group"].attributes["DatasetGroupArn"]
    cloud.personalize.create_recommender(
        name="vod-test-recommender-by-hand", datasetGroupArn=group, recipeArn=f"{blocks.RECIPE}/aws-vod-top-picks"
    )
    cloud.time.sleep(3 * HOUR)
    cloud.cloudformation.delete("app")
    # What somebody else made in the group is left alone, so the group and its datasets cannot go.
    left = [each["name"] for each in cloud.inventory().values() if "recommenderArn" in each]
    assert left == ["vod-test-recommender-by-hand"]


def test_the_remains_of_a_failed_creation_give_way(cloud: VirtualCloud) -> None:
    """A filter failed, its deletion was denied until CloudFormation gave up, and the app asks for it again."""
    without = blocks.group()
    with_filter = {**without, "Filter": blocks.serving()["Filter"]}
    stack = deployed(cloud, without)
    cloud.service.faults.add(Fault("fail", "CreateFilter", message="No capacity."))
    refuse(cloud, "DeleteFilter", "No.", count=3)
    cloud.cloudformation.deploy("app", template(with_filter))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert [each["status"] for each in cloud.inventory().values() if "filterArn" in each] == ["CREATE FAILED"]
    cloud.time.sleep(HOUR)
    deployed(cloud, with_filter)
    assert [each["status"] for each in cloud.inventory().values() if "filterArn" in each] == ["ACTIVE"]


def test_what_is_still_being_deleted_is_waited_for_before_it_is_made_again(cloud: VirtualCloud) -> None:
    resources = with_recommender()
    around = {key: each for key, each in resources.items() if not key.startswith("Recommender")}
    stack = deployed(cloud, around)
    requests = Requests(cloud, "Recommender", "app")
    properties = cloud.cloudformation.resolved(stack, template(resources), "Recommender")
    created = requests.create(properties)
    cloud.time.sleep(3 * HOUR)
    cloud.service.faults.add(Fault("duration", "DeleteRecommender", seconds=30 * MINUTE))
    cloud.personalize.delete_recommender(recommenderArn=created.data["RecommenderArn"])
    begun = cloud.time.time()
    again = requests.create(properties)
    assert again.succeeded, again.reason
    assert again.physical_id == created.physical_id
    assert cloud.time.time() - begun >= 30 * MINUTE
    assert [each["status"] for each in cloud.inventory().values() if "recommenderArn" in each] == ["CREATE PENDING"]


# -- cancelled updates ---------------------------------------------------------------------------------------------


def test_a_replacement_that_a_cancelled_update_began_is_removed(cloud: VirtualCloud) -> None:
    """CloudFormation never heard of it: its request had not been answered."""
    before = {**blocks.group(), "Filter": blocks.serving()["Filter"]}
    stack = deployed(cloud, before)
    held = cloud.inventory()
    expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Click")'
    cloud.cloudformation.begin_deploy("app", template(changed(before, "Filter", FilterExpression=expression)))
    cloud.time.spawn(lambda: cloud.cloudformation.cancel_update("app"), delay=30)
    cloud.time.run()
    assert cloud.calls.count("CreateFilter") == 2
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert cloud.inventory() == held


def test_a_training_that_a_cancelled_update_began_is_stopped(cloud: VirtualCloud) -> None:
    before = {
        **blocks.group(),
        **blocks.data(),
        "Solution": blocks.solution(),
        "Version": blocks.version(),
        **blocks.chain("Version", "SolutionVersion"),
    }
    stack = deployed(cloud, before)
    # The training begins in the waiter's second round, and nobody hears of it before the update is cancelled.
    cloud.service.faults.add(Fault("crash_after_commit", "CreateSolutionVersion"))
    after = changed(before, "Version", Triggers={"TrainingTrigger": "2"})
    cloud.cloudformation.begin_deploy("app", template(after))
    cloud.time.spawn(lambda: cloud.cloudformation.cancel_update("app"), delay=10.5)
    cloud.time.run()
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    versions = [each for each in cloud.inventory().values() if "solutionVersionArn" in each]
    assert sorted(each["status"] for each in versions) == ["ACTIVE", "CREATE STOPPED"]


def test_a_deletion_that_somebody_else_was_quicker_with_is_done(cloud: VirtualCloud) -> None:
    deployed(cloud, {"Handle": blocks.handle()})
    requests = Requests(cloud, "DatasetGroup", "app")
    properties = custom("DatasetGroup", Domain=blocks.VOD)["Properties"]
    created = requests.create(properties)
    refuse(cloud, "DeleteDatasetGroup", "gone", count=1, code="ResourceNotFoundException")
    assert requests.delete(created.physical_id, properties).succeeded


def test_a_training_that_ends_just_when_it_is_to_be_stopped_is_no_failure(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, {**blocks.group(), **blocks.data(), "Solution": blocks.solution()})
    requests = Requests(cloud, "SolutionVersion", "app")
    whole = template({**blocks.group(), **blocks.data(), "Solution": blocks.solution(), "Target": blocks.version()})
    properties = cloud.cloudformation.resolved(stack, whole, "Target")
    created = requests.create(properties)
    refuse(cloud, "StopSolutionVersionCreation", "It is ACTIVE", count=None)
    assert requests.delete(created.physical_id, properties).succeeded
    (version,) = (each for each in cloud.inventory().values() if "solutionVersionArn" in each)
    assert version["status"] == "ACTIVE"
