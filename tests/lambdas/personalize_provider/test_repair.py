"""A repair: what people changed, stopped or deleted by hand is again as the template says; nothing else is touched."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from lambdas.personalize_provider.ownership import LOGICAL_TAG, STACK_TAG
from lambdas.personalize_provider.resources import RESOURCES
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.template_parts import Resources, custom, named, template
from tools.emulator import Fault
from tools.simulation.cloud import VirtualCloud
from tools.simulation.cloudformation import Stack

HOUR = 3600.0
READS = ("Describe", "List", "Get")
TAGS = {"team": "films"}


def repairing(resources: Resources, token: str = "1", **properties: Any) -> Resources:
    """The same template, with the repair of every resource in it."""
    result = copy.deepcopy(resources)
    for resource in result.values():
        if resource["Type"].removeprefix("Custom::Personalize") in RESOURCES:
            resource["Properties"] |= {"Repair": token, **properties}
    return result


class Deployment:
    """A stack in which people change things by hand."""

    def __init__(self, cloud: VirtualCloud, resources: Resources) -> None:
        self.cloud = cloud
        self.resources = resources
        self.stack = self.deploy(resources)

    def deploy(self, resources: Resources) -> Stack:
        stack = self.cloud.cloudformation.deploy("app", template(resources, TAGS))
        assert stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), stack.reasons
        return stack

    def repair(self, token: str = "1") -> list[str]:
        """Deploy a repair; answers the calls that changed something."""
        before = len(self.cloud.calls)
        self.deploy(repairing(self.resources, token))
        return [call for call in self.cloud.calls[before:] if not call.startswith(READS)]

    def arn(self, logical_id: str) -> str:
        noun = self.noun(logical_id)
        return str(self.stack.resources[logical_id].attributes[f"{noun}Arn"])

    def noun(self, logical_id: str) -> str:
        return str(self.resources[logical_id]["Type"]).removeprefix("Custom::Personalize")

    def described(self, logical_id: str) -> dict[str, Any]:
        return self.cloud.api.describe(RESOURCES[self.noun(logical_id)], self.arn(logical_id)) or {}

    def delete(self, *logical_ids: str) -> None:
        """Delete by hand, and wait until it is gone."""
        for logical_id in logical_ids:
            row = RESOURCES[self.noun(logical_id)]
            self.cloud.api.call(f"Delete{row.noun}", **{row.arn_member: self.arn(logical_id)})
            self.cloud.time.sleep(HOUR)


@pytest.fixture
def whole(cloud: VirtualCloud) -> Deployment:
    return Deployment(cloud, blocks.whole())


def served(cloud: VirtualCloud, extra: Resources) -> Deployment:
    """A dataset group without data, and what a test needs in it."""
    return Deployment(cloud, {**blocks.group(), **extra})


# -- nothing out of step ------------------------------------------------------------------------------------------


def test_a_repair_of_what_is_in_step_changes_nothing_and_neither_does_the_end_of_it(whole: Deployment) -> None:
    before = whole.cloud.inventory()
    assert whole.repair() == []
    calls = len(whole.cloud.calls)
    whole.deploy(whole.resources)
    assert [call for call in whole.cloud.calls[calls:] if not call.startswith(READS)] == []
    assert whole.cloud.inventory() == before


def is_named_by_its_content(arn: str) -> bool:
    """Neither a run, nor a tracker, whose id the service generates."""
    return ":event-tracker/" not in arn and ":dataset-import-job/" not in arn and arn.count("solutionversion") == 0


# -- missing ------------------------------------------------------------------------------------------------------


def test_a_dataset_group_that_is_gone_with_all_in_it_is_made_again(whole: Deployment) -> None:
    before = set(whole.cloud.inventory())
    whole.delete("Attribution", "Tracker", "Filter", "Campaign", "Recommender", "Solution")
    whole.delete("InteractionsDataset", "ItemsDataset", "InteractionsSchema", "ItemsSchema", "Group")
    calls = whole.repair()
    assert {f"Create{noun}" for noun in RESOURCES} == set(calls)
    assert whole.described("Recommender")["status"] == "ACTIVE"
    assert whole.described("Version")["status"] == "ACTIVE"
    assert whole.described("Campaign")["solutionVersionArn"] == whole.arn("Version")
    assert {arn for arn in before if is_named_by_its_content(arn)} <= set(whole.cloud.inventory())
    assert whole.repair("2") == []
    assert whole.cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
    assert whole.cloud.inventory() == {}


def test_what_is_deleted_by_hand_is_made_again_and_waited_for(cloud: VirtualCloud) -> None:
    """Longer than one link of a chain waits."""
    whole = Deployment(cloud, blocks.whole())
    cloud.service.faults.add(Fault("duration", "CreateRecommender", seconds=3 * HOUR))
    gone = ["Filter", "Tracker", "Attribution", "Campaign", "Recommender"]
    whole.delete(*gone)
    assert sorted(whole.repair()) == sorted(f"Create{whole.noun(logical_id)}" for logical_id in gone)
    assert {whole.described(logical_id).get("status") for logical_id in gone} == {"ACTIVE"}
    assert whole.repair("2") == []


def test_without_a_repair_data_that_are_gone_are_not_made_again(cloud: VirtualCloud) -> None:
    deployment = Deployment(cloud, {"Group": custom("DatasetGroup", Domain=blocks.VOD)})
    deployment.delete("Group")
    stack = cloud.cloudformation.deploy("app", template(deployment.resources, {"team": "other"}))
    assert "deleted outside CloudFormation" in stack.reasons[0]


def test_a_run_that_the_service_still_remembers_is_lost_with_its_dataset(cloud: VirtualCloud) -> None:
    """Somebody has made the dataset again under its name, and it is empty."""
    deployment = Deployment(cloud, {**blocks.group(), **blocks.data()})
    dataset = deployment.described("ItemsDataset")
    deployment.delete("ItemsDataset")
    remembered = {key: dataset[key] for key in ("name", "datasetType", "datasetGroupArn", "schemaArn")}
    cloud.personalize.create_dataset(**remembered)
    cloud.time.sleep(HOUR)
    assert sorted(deployment.repair()) == ["CreateDatasetImportJob", "TagResource"]
    assert deployment.repair("2") == []


# -- changed ------------------------------------------------------------------------------------------------------


def change_recommender(deployment: Deployment) -> None:
    arn = deployment.arn("Recommender")
    config = {"minRecommendationRequestsPerSecond": 9}
    deployment.cloud.personalize.update_recommender(recommenderArn=arn, recommenderConfig=config)


def change_solution(deployment: Deployment) -> None:
    deployment.cloud.personalize.update_solution(solutionArn=deployment.arn("Solution"), performAutoTraining=True)


def change_campaign(deployment: Deployment) -> None:
    deployment.cloud.personalize.update_campaign(campaignArn=deployment.arn("Campaign"), minProvisionedTPS=9)


def change_attribution(deployment: Deployment) -> None:
    deployment.cloud.personalize.update_metric_attribution(
        metricAttributionArn=deployment.arn("Attribution"), removeMetrics=["watches"]
    )


MEMBERS = {
    "Recommender": "recommenderConfig",
    "Solution": "performAutoTraining",
    "Campaign": "minProvisionedTPS",
    "Attribution": "metrics",
}


def test_a_member_that_people_changed_is_as_the_template_says(whole: Deployment) -> None:
    before = {logical_id: whole.described(logical_id)[member] for logical_id, member in MEMBERS.items()}
    for change in (change_recommender, change_solution, change_campaign, change_attribution):
        change(whole)
    whole.cloud.time.sleep(HOUR)
    for logical_id, member in MEMBERS.items():
        assert whole.described(logical_id)[member] != before[logical_id]
    assert sorted(whole.repair()) == sorted(f"Update{whole.noun(logical_id)}" for logical_id in MEMBERS)
    for logical_id, member in MEMBERS.items():
        assert whole.described(logical_id)[member] == before[logical_id]
    assert whole.repair("2") == []


def test_what_the_service_cannot_change_back_is_refused_in_a_sentence(cloud: VirtualCloud) -> None:
    deployment = served(cloud, {})
    longer = cloud.personalize.create_schema(
        name="longer", domain=blocks.VOD, schema=blocks.schema("Items", [{"name": "S", "type": ["null", "string"]}])
    )
    cloud.personalize.update_dataset(datasetArn=deployment.arn("ItemsDataset"), schemaArn=longer["schemaArn"])
    cloud.time.sleep(HOUR)
    stack = cloud.cloudformation.deploy("app", template(repairing(deployment.resources), TAGS))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "SchemaArn" in stack.reasons[0]


def test_a_campaign_keeps_the_version_that_a_refresh_gave_it(whole: Deployment) -> None:
    api, time = whole.cloud.personalize, whole.cloud.time
    version = api.create_solution_version(solutionArn=whole.arn("Solution"), name="newer")["solutionVersionArn"]
    time.sleep(3 * HOUR)
    api.update_campaign(campaignArn=whole.arn("Campaign"), solutionVersionArn=version, minProvisionedTPS=9)
    time.sleep(HOUR)
    assert whole.repair() == ["UpdateCampaign"]
    campaign = whole.described("Campaign")
    assert (campaign["solutionVersionArn"], campaign["minProvisionedTPS"]) == (version, 1)


def test_a_change_of_the_template_comes_with_the_repair(whole: Deployment) -> None:
    """What leaves the template goes back to the service's default, as in every update."""
    change_campaign(whole)
    whole.cloud.time.sleep(HOUR)
    after = repairing(whole.resources)
    del after["Campaign"]["Properties"]["MinProvisionedTPS"]
    after["Campaign"]["Properties"]["CampaignConfig"] = {"EnableMetadataWithRecommendations": "true"}
    whole.deploy(after)
    campaign = whole.described("Campaign")
    assert campaign["minProvisionedTPS"] == 1
    assert campaign["campaignConfig"]["enableMetadataWithRecommendations"]


# -- stopped ------------------------------------------------------------------------------------------------------


def test_a_recommender_that_people_changed_and_stopped_serves_again(cloud: VirtualCloud) -> None:
    resources = {**blocks.group(), **blocks.data(), "Recommender": blocks.recommender()}
    deployment = Deployment(cloud, {**resources, **blocks.chain("Recommender", "Recommender")})
    change_recommender(deployment)
    cloud.time.sleep(HOUR)
    cloud.personalize.stop_recommender(recommenderArn=deployment.arn("Recommender"))
    cloud.time.sleep(HOUR)
    assert deployment.repair() == ["StartRecommender", "UpdateRecommender"]
    assert deployment.described("Recommender")["status"] == "ACTIVE"
    assert deployment.repair("2") == []


def test_a_recommender_that_the_template_pauses_is_paused_again(cloud: VirtualCloud) -> None:
    resources = {**blocks.group(), **blocks.data(), "Recommender": blocks.recommender(Active="false")}
    deployment = Deployment(cloud, {**resources, **blocks.chain("Recommender", "Recommender")})
    cloud.personalize.start_recommender(recommenderArn=deployment.arn("Recommender"))
    cloud.time.sleep(HOUR)
    assert deployment.repair() == ["StopRecommender"]
    assert deployment.described("Recommender")["status"] == "INACTIVE"
    assert deployment.repair("2") == []


# -- failed -------------------------------------------------------------------------------------------------------


def test_what_has_failed_is_removed_and_made_again(cloud: VirtualCloud) -> None:
    deployment = served(cloud, {"Filter": blocks.serving()["Filter"]})
    found = deployment.described("Filter")
    deployment.delete("Filter")
    cloud.service.faults.add(Fault("fail", "CreateFilter"))
    cloud.personalize.create_filter(**{key: found[key] for key in ("name", "datasetGroupArn", "filterExpression")})
    cloud.time.sleep(HOUR)
    assert deployment.described("Filter")["status"] == "CREATE FAILED"
    assert deployment.repair() == ["DeleteFilter", "CreateFilter"]
    assert deployment.described("Filter")["status"] == "ACTIVE"


def test_what_is_being_deleted_is_waited_for_and_made_again(cloud: VirtualCloud) -> None:
    deployment = Deployment(cloud, {"Group": custom("DatasetGroup", Domain=blocks.VOD)})
    cloud.personalize.delete_dataset_group(datasetGroupArn=deployment.arn("Group"))
    assert deployment.repair() == ["CreateDatasetGroup"]
    assert deployment.described("Group")["status"] == "ACTIVE"


# -- tags ---------------------------------------------------------------------------------------------------------


def test_tags_that_people_took_away_come_back_and_those_they_added_stay(whole: Deployment) -> None:
    taggable = [key for key in whole.resources if getattr(RESOURCES.get(whole.noun(key)), "taggable", False)]
    for key in taggable:
        arn = whole.arn(key)
        whole.cloud.personalize.untag_resource(resourceArn=arn, tagKeys=["team", STACK_TAG, LOGICAL_TAG])
        whole.cloud.personalize.tag_resource(resourceArn=arn, tags=[{"tagKey": "theirs", "tagValue": "1"}])
    assert whole.repair() == ["TagResource"] * len(taggable)
    for key in taggable:
        expected = {**TAGS, "theirs": "1", STACK_TAG: whole.stack.stack_id, LOGICAL_TAG: key}
        assert whole.cloud.api.tags(whole.arn(key)) == expected
    assert whole.repair("2") == []


def test_what_somebody_else_has_made_under_its_name_is_not_taken(cloud: VirtualCloud) -> None:
    deployment = served(cloud, {"Filter": named(blocks.serving()["Filter"], "unwatched")})
    found = deployment.described("Filter")
    deployment.delete("Filter")
    theirs = [{"tagKey": STACK_TAG, "tagValue": "theirs"}, {"tagKey": LOGICAL_TAG, "tagValue": "Filter"}]
    same = {key: found[key] for key in ("name", "datasetGroupArn", "filterExpression")}
    cloud.personalize.create_filter(**same, tags=theirs)
    cloud.time.sleep(HOUR)
    stack = cloud.cloudformation.deploy("app", template(repairing(deployment.resources), TAGS))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "belongs to Filter of stack theirs" in stack.reasons[0]
    assert cloud.api.tags(deployment.arn("Filter"))[STACK_TAG] == "theirs"


def test_a_run_that_was_adopted_stays_as_it_is(cloud: VirtualCloud) -> None:
    theirs = cloud.cloudformation.deploy("theirs", template({**blocks.group(), **blocks.data()}))
    imports = blocks.data()["ItemsImport"]
    imports["Properties"] |= {"DatasetArn": theirs.resources["ItemsDataset"].attributes["DatasetArn"]}
    deployment = Deployment(cloud, {"Import": {**imports, "Properties": {**imports["Properties"], "Adopt": "$LATEST"}}})
    assert deployment.repair() == []


# -- interrupted, and taken back ----------------------------------------------------------------------------------


def drift(deployment: Deployment) -> None:
    deployment.delete("Filter", "Recommender")
    change_campaign(deployment)
    deployment.cloud.personalize.untag_resource(resourceArn=deployment.arn("Tracker"), tagKeys=["team"])
    deployment.cloud.time.sleep(HOUR)


def test_a_repair_that_is_interrupted_goes_on(whole: Deployment) -> None:
    """The service carries each call out, and the answer is lost."""
    drift(whole)
    operations = ["CreateFilter", "CreateRecommender", "UpdateCampaign", "TagResource"]
    for operation in operations:
        whole.cloud.service.faults.add(Fault("crash_after_commit", operation))
    assert set(whole.repair()) == set(operations)
    assert whole.described("Campaign")["minProvisionedTPS"] == 1
    assert whole.described("Recommender")["status"] == "ACTIVE"
    assert whole.repair("2") == []


def test_a_repair_that_is_taken_back_leaves_what_it_mended(whole: Deployment) -> None:
    drift(whole)
    broken = {"Broken": {**custom("Schema", Schema="not a schema", Domain=blocks.VOD), "DependsOn": "Campaign"}}
    stack = whole.cloud.cloudformation.deploy("app", template({**repairing(whole.resources), **broken}, TAGS))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert whole.described("Campaign")["minProvisionedTPS"] == 1
    assert whole.repair("2") == []


@pytest.mark.parametrize("fails", ["CreateDatasetGroup", "CreateDataset", "CreateDatasetImportJob"])
def test_a_repair_that_fails_is_taken_back_and_can_be_tried_again(cloud: VirtualCloud, fails: str) -> None:
    whole = Deployment(cloud, {**blocks.group(), **blocks.data()})
    whole.delete("InteractionsDataset", "ItemsDataset", "InteractionsSchema", "ItemsSchema", "Group")
    whole.cloud.service.faults.add(Fault("fail", fails))
    stack = whole.cloud.cloudformation.deploy("app", template(repairing(whole.resources), TAGS))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    whole.repair("2")
    jobs = [each for each in cloud.inventory().values() if each.get("status") == "ACTIVE" and "jobName" in each]
    assert len(jobs) >= 2
    assert whole.repair("3") == []


def test_a_training_that_fails_in_a_repair_is_taken_back_and_can_be_tried_again(whole: Deployment) -> None:
    whole.delete("Campaign", "Solution")
    whole.cloud.service.faults.add(Fault("fail", "CreateSolutionVersion"))
    stack = whole.cloud.cloudformation.deploy("app", template(repairing(whole.resources), TAGS))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    whole.repair("2")
    assert whole.described("Campaign")["solutionVersionArn"] == whole.arn("Version")
    assert whole.repair("3") == []
