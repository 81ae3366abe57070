"""Changes in place: only what the template changed, whatever people, a refresh or the service did meanwhile."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from lambdas.personalize_provider.change import Changes
from lambdas.personalize_provider.resources import RESOURCES
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.template_parts import RECIPE, Resources, custom, deployed, template
from tools.emulator import Behaviour, Durations, Fault
from tools.review.diff import compare
from tools.simulation.assembly import Assembly
from tools.simulation.cloud import VirtualCloud
from tools.simulation.cloudformation import Stack

HOUR, MINUTE = 3600.0, 60.0
FASTER = {"MinRecommendationRequestsPerSecond": 5}


def account(**options: Any) -> VirtualCloud:
    cloud = VirtualCloud(service_options=options)
    blocks.put_data(cloud)
    return cloud


def rolled_back(cloud: VirtualCloud, resources: Resources, after: str) -> Stack:
    """Deploy with something that is refused once a resource is through."""
    broken = {**custom("DatasetGroup", Domain="MUSIC"), "DependsOn": after}
    stack = cloud.cloudformation.deploy("app", template({**resources, "Broken": broken}))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    return stack


def changed(resources: Resources, logical_id: str, **properties: Any) -> Resources:
    result = copy.deepcopy(resources)
    result[logical_id]["Properties"] |= properties
    return result


def described(cloud: VirtualCloud, stack: Stack, logical_id: str, noun: str) -> dict[str, Any]:
    key = noun[0].lower() + noun[1:]
    found = stack.resources[logical_id].attributes[f"{noun}Arn"]
    return dict(getattr(cloud.personalize, f"describe_{noun.lower()}")(**{f"{key}Arn": found})[key])


# -- campaigns ----------------------------------------------------------------------------------------------------


def ranked(**campaign: Any) -> Resources:
    return changed({**blocks.group(), **blocks.data(), **blocks.ranking()}, "Campaign", **campaign)


def refreshed(cloud: VirtualCloud, stack: Stack) -> str:
    """Train a version that no template names, and have the campaign serve it."""
    solution = stack.resources["Solution"].attributes["SolutionArn"]
    version = cloud.personalize.create_solution_version(solutionArn=solution, name="by-refresh")["solutionVersionArn"]
    cloud.time.sleep(3 * HOUR)
    campaign = stack.resources["Campaign"].attributes["CampaignArn"]
    cloud.personalize.update_campaign(campaignArn=campaign, solutionVersionArn=version)
    cloud.time.sleep(HOUR)
    return str(version)


@pytest.mark.parametrize(
    "change",
    [
        {"MinProvisionedTPS": 2},
        {"CampaignConfig": {"EnableMetadataWithRecommendations": True}},
        {"Tags": [{"Key": "team", "Value": "films"}]},
    ],
)
def test_a_campaign_keeps_the_version_that_a_refresh_gave_it(cloud: VirtualCloud, change: dict[str, Any]) -> None:
    stack = deployed(cloud, ranked())
    newer = refreshed(cloud, stack)
    deployed(cloud, ranked(**change))
    campaign = described(cloud, stack, "Campaign", "Campaign")
    assert campaign["solutionVersionArn"] == newer
    assert campaign["minProvisionedTPS"] == change.get("MinProvisionedTPS", 1)
    assert campaign["campaignConfig"]["enableMetadataWithRecommendations"] is ("CampaignConfig" in change)


@pytest.mark.parametrize(("solution", "is_left"), [("films", True), ("series", False)])
def test_a_refresh_moves_a_campaign_within_its_solution(cloud: VirtualCloud, solution: str, is_left: bool) -> None:
    arn = "arn:aws:personalize:eu-west-1:000000000000:solution"
    served, wanted = {"solutionVersionArn": f"{arn}/films/2"}, {"solutionVersionArn": f"{arn}/{solution}/1"}
    left = Changes(RESOURCES["Campaign"], cloud.api).leave_to_refreshes(served, {**wanted, "minProvisionedTPS": 2})
    assert left == {"minProvisionedTPS": 2, **({} if is_left else wanted)}


def test_a_deployment_that_trains_moves_the_campaign_all_the_same(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, ranked())
    refreshed(cloud, stack)
    deployed(cloud, changed(ranked(), "Version", Triggers={"TrainingTrigger": "2"}))
    serving = described(cloud, stack, "Campaign", "Campaign")["solutionVersionArn"]
    assert serving == stack.resources["Version"].attributes["SolutionVersionArn"]


def test_a_rollback_keeps_the_version_that_a_refresh_gave_the_campaign(cloud: VirtualCloud) -> None:
    """Only the throughput was changed, so only the throughput is changed back."""
    stack = deployed(cloud, ranked())
    newer = refreshed(cloud, stack)
    rolled_back(cloud, ranked(MinProvisionedTPS=3), after="Campaign")
    campaign = described(cloud, stack, "Campaign", "Campaign")
    assert (campaign["solutionVersionArn"], campaign["minProvisionedTPS"]) == (newer, 1)


def test_a_campaign_whose_update_fails_keeps_the_version_that_a_refresh_gave_it(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, ranked())
    newer = refreshed(cloud, stack)
    cloud.service.faults.add(Fault("fail", "UpdateCampaign"))
    cloud.calls.clear()
    trained = template(changed(ranked(), "Version", Triggers={"TrainingTrigger": "2"}))
    assert cloud.cloudformation.deploy("app", trained).status == "UPDATE_ROLLBACK_COMPLETE"
    assert described(cloud, stack, "Campaign", "Campaign")["solutionVersionArn"] == newer
    assert cloud.calls.count("UpdateCampaign") == 1


def test_a_member_that_leaves_the_template_goes_back_to_its_default(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, ranked(MinProvisionedTPS=3, CampaignConfig={"EnableMetadataWithRecommendations": True}))
    without = ranked()
    del without["Campaign"]["Properties"]["MinProvisionedTPS"], without["Campaign"]["Properties"]["CampaignConfig"]
    deployed(cloud, without)
    campaign = described(cloud, stack, "Campaign", "Campaign")
    assert campaign["minProvisionedTPS"] == 1
    assert not campaign["campaignConfig"]["enableMetadataWithRecommendations"]


def test_a_campaign_that_was_told_by_hand_to_follow_keeps_following(cloud: VirtualCloud) -> None:
    """The service wants the latest version named with the configuration that follows it."""
    stack = deployed(cloud, ranked())
    campaign = stack.resources["Campaign"].attributes["CampaignArn"]
    solution = stack.resources["Solution"].attributes["SolutionArn"]
    cloud.personalize.update_campaign(
        campaignArn=campaign,
        solutionVersionArn=f"{solution}/$LATEST",
        campaignConfig={"syncWithLatestSolutionVersion": True},
    )
    cloud.time.sleep(HOUR)
    deployed(cloud, ranked(CampaignConfig={"EnableMetadataWithRecommendations": True}))
    config = described(cloud, stack, "Campaign", "Campaign")["campaignConfig"]
    assert config == {"syncWithLatestSolutionVersion": True, "enableMetadataWithRecommendations": True}


# -- recommenders -------------------------------------------------------------------------------------------------


def recommending(**config: Any) -> Resources:
    recommender = blocks.recommender(RecommenderConfig={"MinRecommendationRequestsPerSecond": 1, **config})
    waiting = blocks.chain("Recommender", "Recommender")
    return {**blocks.group(), **blocks.data(), "Recommender": recommender, **waiting}


def changed_by_hand(cloud: VirtualCloud, stack: Stack, **config: Any) -> None:
    cloud.personalize.update_recommender(
        recommenderArn=stack.resources["Recommender"].attributes["RecommenderArn"], recommenderConfig=config
    )
    cloud.time.sleep(3 * HOUR)


def config_of(cloud: VirtualCloud, stack: Stack) -> dict[str, Any]:
    return dict(described(cloud, stack, "Recommender", "Recommender")["recommenderConfig"])


def test_a_recommender_keeps_what_was_changed_by_hand_beside_the_templates_change(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, recommending())
    columns = {"excludedDatasetColumns": {"ITEMS": ["GENRES"]}}
    changed_by_hand(cloud, stack, minRecommendationRequestsPerSecond=7, trainingDataConfig=columns)
    deployed(cloud, recommending(EnableMetadataWithRecommendations=True))
    assert config_of(cloud, stack) == {
        "minRecommendationRequestsPerSecond": 7,
        "enableMetadataWithRecommendations": True,
        "trainingDataConfig": columns,
    }


def test_a_rollback_of_a_recommender_takes_back_only_what_the_update_did(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, recommending())
    changed_by_hand(cloud, stack, minRecommendationRequestsPerSecond=7)
    rolled_back(cloud, recommending(EnableMetadataWithRecommendations=True), after="RecommenderSettled")
    assert config_of(cloud, stack) == {
        "minRecommendationRequestsPerSecond": 7,
        "enableMetadataWithRecommendations": False,
    }


def test_columns_that_leave_the_template_are_trained_on_again(cloud: VirtualCloud) -> None:
    columns = {"ExcludedDatasetColumns": {"ITEMS": ["GENRES"]}}
    stack = deployed(cloud, recommending(TrainingDataConfig=columns))
    deployed(cloud, recommending())
    assert config_of(cloud, stack)["trainingDataConfig"] == {"excludedDatasetColumns": {}}


# -- solutions ----------------------------------------------------------------------------------------------------


def events(*parameters: dict[str, Any], days: int = 3) -> dict[str, Any]:
    """Properties of a solution that weighs events, and whose recipe does."""
    config = {
        "AutoTrainingConfig": {"SchedulingExpression": f"rate({days} days)"},
        "EventsConfig": {"EventParametersList": list(parameters)},
    }
    recipe = f"{RECIPE}/aws-personalized-ranking-v2"
    return {"RecipeArn": recipe, "PerformAutoTraining": True, "SolutionUpdateConfig": config}


def solved(**properties: Any) -> Resources:
    return {**blocks.group(), "Solution": blocks.solution(**properties)}


def test_a_solution_keeps_the_schedule_that_was_set_by_hand(cloud: VirtualCloud) -> None:
    watch = {"EventType": "Watch", "Weight": 0.5}
    stack = deployed(cloud, solved(**events(watch)))
    cloud.personalize.update_solution(
        solutionArn=stack.resources["Solution"].attributes["SolutionArn"],
        solutionUpdateConfig={
            "autoTrainingConfig": {"schedulingExpression": "rate(9 days)"},
            "eventsConfig": {"eventParametersList": [{"eventType": "Watch", "weight": 0.5}]},
        },
    )
    cloud.time.sleep(HOUR)
    deployed(cloud, solved(**events({"EventType": "Watch", "Weight": 0.75})))
    config = described(cloud, stack, "Solution", "Solution")["solutionConfig"]
    assert config["autoTrainingConfig"] == {"schedulingExpression": "rate(9 days)"}
    assert config["eventsConfig"] == {"eventParametersList": [{"eventType": "Watch", "weight": 0.75}]}


def test_the_order_of_keys_in_a_list_of_structures_is_no_difference(cloud: VirtualCloud) -> None:
    """Case 26: one call, and the update is through at once."""
    deployed(cloud, solved(**events({"EventType": "Click", "Weight": 1})))
    begun = cloud.time.time()
    cloud.calls.clear()
    deployed(cloud, solved(**events({"Weight": 0.5, "EventType": "Watch"}, {"Weight": 1, "EventType": "Click"})))
    assert cloud.calls.count("UpdateSolution") == 1
    assert cloud.time.time() - begun < 5 * MINUTE
    cloud.calls.clear()
    deployed(cloud, solved(**events({"Weight": 1, "EventType": "Click"}, {"EventType": "Watch", "Weight": 0.5})))
    assert cloud.calls.count("UpdateSolution") == 0


def ranges(is_turned: bool) -> dict[str, Any]:
    """Hyperparameters to try, and columns to leave out, in one order or the other."""
    turn = -1 if is_turned else 1
    hidden = {"MaxValue": 256, "MinValue": 32, "Name": "hidden_dimension"}
    integers = [{"Name": "bptt", "MinValue": 2, "MaxValue": 8}, hidden]
    categories = [{"Name": "recency_mask", "Values": ["true", "false"][::turn]}]
    tried = {"IntegerHyperParameterRanges": integers[::turn], "CategoricalHyperParameterRanges": categories}
    excluded = {"ITEMS": ["GENRES", "CREATION_TIMESTAMP"][::turn]}
    config = {
        "HpoConfig": {"AlgorithmHyperParameterRanges": tried},
        "TrainingDataConfig": {"ExcludedDatasetColumns": excluded},
    }
    return {"PerformHPO": True, "SolutionConfig": config}


@pytest.mark.parametrize("is_named", [False, True])
def test_the_order_of_a_list_makes_no_new_solution(cloud: VirtualCloud, is_named: bool) -> None:
    """Case 26: a replacement would train for hours; provider and review agree that nothing changes."""
    before, after = (solved(**ranges(is_turned)) for is_turned in (False, True))
    if is_named:
        before, after = ({**each, "Solution": blocks.named(each["Solution"], "mine")} for each in (before, after))
    deployed(cloud, before)
    cloud.calls.clear()
    deployed(cloud, after)
    assert not [call for call in cloud.calls if call.startswith(("Create", "Update", "Delete"))]
    base, head = (Assembly({"app": template(each)}, {"app": frozenset()}) for each in (before, after))
    assert compare(base, head).changes == []


# -- updates that change nothing ----------------------------------------------------------------------------------


def test_a_refusal_of_what_is_there_already_is_no_failure() -> None:
    """Somebody makes the same change between our look and our call, and the service refuses to do it again."""
    cloud = account(behaviour=Behaviour(refuses_unchanged=True))
    stack = deployed(cloud, recommending())
    update = cloud.personalize.update_recommender

    def quicker(**members: Any) -> Any:
        cloud.personalize.update_recommender = update
        update(**members)
        cloud.time.sleep(11 * MINUTE)
        return update(**members)

    cloud.personalize.update_recommender = quicker
    deployed(cloud, recommending(**FASTER))
    assert config_of(cloud, stack)["minRecommendationRequestsPerSecond"] == 5


def test_a_refusal_for_any_other_reason_is_one(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, recommending())
    wrong = recommending(ItemExplorationConfig={"explorationWeight": "7"})
    assert cloud.cloudformation.deploy("app", template(wrong)).status == "UPDATE_ROLLBACK_COMPLETE"
    assert "The service refused UpdateRecommender for recommender" in stack.reasons[0]


# -- stopped recommenders -----------------------------------------------------------------------------------------


def stopped(cloud: VirtualCloud) -> Stack:
    stack = deployed(cloud, recommending())
    recommender = stack.resources["Recommender"].attributes["RecommenderArn"]
    cloud.personalize.stop_recommender(recommenderArn=recommender)
    return stack


@pytest.mark.parametrize("is_updated_inactive", [True, False])
@pytest.mark.parametrize("seconds_since", [0.0, HOUR])
def test_a_stopped_recommender_is_changed_and_stays_stopped(is_updated_inactive: bool, seconds_since: float) -> None:
    """Case 11: it is started for the change only where the service does not update it as it is."""
    cloud = account(behaviour=Behaviour(updates_inactive_recommenders=is_updated_inactive))
    stack = stopped(cloud)
    cloud.time.sleep(seconds_since)
    cloud.calls.clear()
    deployed(cloud, recommending(**FASTER))
    recommender = described(cloud, stack, "Recommender", "Recommender")
    assert recommender["status"] == "INACTIVE"
    assert recommender["recommenderConfig"]["minRecommendationRequestsPerSecond"] == 5
    expected = 0 if is_updated_inactive else 1
    assert [cloud.calls.count(f"{verb}Recommender") for verb in ("Start", "Stop")] == [expected, expected]


def test_a_rollback_leaves_a_stopped_recommender_stopped(cloud: VirtualCloud) -> None:
    """Case 11: it is changed back just as it was changed."""
    stack = stopped(cloud)
    cloud.time.sleep(HOUR)
    rolled_back(cloud, recommending(**FASTER), after="RecommenderSettled")
    recommender = described(cloud, stack, "Recommender", "Recommender")
    assert recommender["status"] == "INACTIVE"
    assert recommender["recommenderConfig"]["minRecommendationRequestsPerSecond"] == 1


@pytest.mark.parametrize("is_accepted", [True, False])
def test_a_stopped_recommender_whose_change_fails_is_stopped_again(cloud: VirtualCloud, is_accepted: bool) -> None:
    """Case 11: a deployment that fails leaves nothing running, which would cost money."""
    stack = stopped(cloud)
    cloud.time.sleep(HOUR)
    wrong = FASTER if is_accepted else {"ItemExplorationConfig": {"explorationWeight": "7"}}
    if is_accepted:
        cloud.service.faults.add(Fault("fail", "UpdateRecommender"))
    cloud.cloudformation.deploy("app", template(recommending(**wrong)))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert described(cloud, stack, "Recommender", "Recommender")["status"] == "INACTIVE"


def test_a_recommender_that_cannot_be_started_is_told_of(cloud: VirtualCloud) -> None:
    """Case 11: the sentence says what to do."""
    stack = stopped(cloud)
    cloud.time.sleep(HOUR)

    def refused(**_: Any) -> None:
        raise cloud.personalize.exceptions.InvalidInputException(
            {"Error": {"Code": "InvalidInputException", "Message": "Not today"}}, "StartRecommender"
        )

    cloud.personalize.start_recommender = refused
    cloud.cloudformation.deploy("app", template(recommending(**FASTER)))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "is stopped, so it cannot be changed, and starting it failed: Not today." in stack.reasons[0]
    assert "Start it (StartRecommender), then deploy again." in stack.reasons[0]


OTHER_COLUMNS = {"TrainingDataConfig": {"ExcludedDatasetColumns": {"ITEMS": ["GENRES"]}}}


@pytest.mark.parametrize("hours", [1, 3])
@pytest.mark.parametrize("fails", [False, True])
def test_a_stopped_recommender_whose_training_outlasts_the_request_is_stopped_by_the_chain(
    hours: float, fails: bool
) -> None:
    """Case 11: columns train, which takes longer than a request; nothing is left running, which would cost money."""
    cloud = account(durations=Durations(retrain_recommender=hours * HOUR))
    stack = stopped(cloud)
    cloud.time.sleep(HOUR)
    if fails:
        cloud.service.faults.add(Fault("fail", "UpdateRecommender"))
    cloud.cloudformation.deploy("app", template(recommending(**OTHER_COLUMNS)))
    assert stack.status == ("UPDATE_ROLLBACK_COMPLETE" if fails else "UPDATE_COMPLETE"), stack.reasons
    recommender = described(cloud, stack, "Recommender", "Recommender")
    assert recommender["status"] == "INACTIVE"
    columns = {} if fails else {"ITEMS": ["GENRES"]}
    assert recommender["recommenderConfig"].get("trainingDataConfig", {}).get("excludedDatasetColumns", {}) == columns


def test_a_recommender_that_the_chain_has_stopped_is_left_to_whoever_starts_it(cloud: VirtualCloud) -> None:
    """The chain of a later deployment has nothing to stop."""
    stack = stopped(cloud)
    cloud.time.sleep(HOUR)
    deployed(cloud, recommending(**OTHER_COLUMNS))
    cloud.personalize.start_recommender(recommenderArn=stack.resources["Recommender"].attributes["RecommenderArn"])
    cloud.time.sleep(HOUR)
    tagged = recommending(**OTHER_COLUMNS)
    tagged["Recommender"]["Properties"]["Tags"] = [{"Key": "team", "Value": "films"}]
    deployed(cloud, tagged)
    assert described(cloud, stack, "Recommender", "Recommender")["status"] == "ACTIVE"


def test_what_a_template_does_not_name_is_left_to_the_service(cloud: VirtualCloud) -> None:
    """A version cannot be unset: the request says nothing of it."""
    stack = deployed(cloud, solved(**events({"EventType": "Watch", "Weight": 1})))
    deployed(cloud, solved(RecipeArn=f"{RECIPE}/aws-personalized-ranking-v2", PerformAutoTraining=True))
    assert "eventsConfig" in described(cloud, stack, "Solution", "Solution")["solutionConfig"]
