"""Deletions that something blocks: what somebody made by hand, what CloudFormation has forgotten, what was retained."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.personalize_provider.patience import PROPAGATION_SECONDS
from lambdas.personalize_provider.resources import RESOURCES
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.single_requests import Requests
from tests.lambdas.personalize_provider.support.template_parts import Resources, custom, deployed, refuse, template
from tools.emulator import Fault
from tools.simulation.cloud import VirtualCloud, not_permitted
from tools.simulation.cloudformation import Stack

HOUR, MINUTE = 3600.0, 60.0
RANKING_RECIPE = f"{blocks.RECIPE}/aws-personalized-ranking"
WATCHED = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")'


def arn_of(stack: Stack, logical_id: str) -> str:
    noun = stack.resources[logical_id].type.removeprefix("Custom::Personalize")
    return stack.resources[logical_id].attributes[f"{noun}Arn"]


def names(cloud: VirtualCloud, key: str) -> list[str]:
    return [each["name"] for each in cloud.inventory().values() if key in each]


# -- what somebody made by hand ------------------------------------------------------------------------------------


def campaign(cloud: VirtualCloud, stack: Stack) -> None:
    version = stack.resources["VersionSettled"].attributes["SolutionVersionArn"]
    cloud.personalize.create_campaign(name="by-hand", solutionVersionArn=version)


def filter_(cloud: VirtualCloud, stack: Stack) -> None:
    group = arn_of(stack, "Group")
    cloud.personalize.create_filter(name="by-hand", datasetGroupArn=group, filterExpression=WATCHED)


def tracker(cloud: VirtualCloud, stack: Stack) -> None:
    cloud.personalize.create_event_tracker(name="by-hand", datasetGroupArn=arn_of(stack, "Group"))


def attribution(cloud: VirtualCloud, stack: Stack) -> None:
    cloud.personalize.create_metric_attribution(
        name="by-hand",
        datasetGroupArn=arn_of(stack, "Group"),
        metrics=[{"eventType": "Watch", "metricName": "watches", "expression": "SAMPLECOUNT()"}],
        metricsOutputConfig={"roleArn": blocks.ROLE},
    )


def recommender(cloud: VirtualCloud, stack: Stack) -> None:
    recipe = f"{blocks.RECIPE}/aws-vod-top-picks"
    cloud.personalize.create_recommender(name="by-hand", datasetGroupArn=arn_of(stack, "Group"), recipeArn=recipe)


def solution(cloud: VirtualCloud, stack: Stack) -> None:
    cloud.personalize.create_solution(
        name="by-hand", datasetGroupArn=arn_of(stack, "Group"), recipeArn=RANKING_RECIPE, performAutoTraining=False
    )


def dataset(cloud: VirtualCloud, stack: Stack) -> None:
    """On our schema, in a group of its own."""
    group = cloud.personalize.create_dataset_group(name="theirs", domain=blocks.VOD)["datasetGroupArn"]
    cloud.time.sleep(HOUR)
    schema = arn_of(stack, "ItemsSchema")
    cloud.personalize.create_dataset(name="by-hand", datasetGroupArn=group, schemaArn=schema, datasetType="ITEMS")


BY_HAND: dict[str, tuple[Callable[[VirtualCloud, Stack], None], str, str]] = {
    "campaign": (campaign, "campaign", "The solution 'vod-test-solution-"),
    "filter": (filter_, "filter", "The dataset 'vod-test-dataset-"),
    "tracker": (tracker, "event tracker", "The dataset 'vod-test-dataset-"),
    "attribution": (attribution, "metric attribution", "The dataset 'vod-test-dataset-"),
    "recommender": (recommender, "recommender", "The dataset group 'vod-test-datasetgroup-"),
    "solution": (solution, "solution", "The dataset group 'vod-test-datasetgroup-"),
    "dataset": (dataset, "dataset", "The schema 'vod-test-schema-"),
}


def base() -> Resources:
    version = {"Solution": blocks.solution(), "Version": blocks.version(), **blocks.chain("Version", "SolutionVersion")}
    return {**blocks.group(), **blocks.data(), **version}


@pytest.mark.parametrize("kind", BY_HAND)
def test_what_somebody_built_on_ours_ends_a_deletion_within_a_minute_and_is_named(
    cloud: VirtualCloud, kind: str
) -> None:
    """Case 20: named, left alone, and once it is gone everything goes."""
    make, words, whose = BY_HAND[kind]
    stack = deployed(cloud, base())
    make(cloud, stack)
    cloud.time.sleep(3 * HOUR)
    begun = cloud.time.time()
    cloud.cloudformation.delete("app")
    assert stack.status == "DELETE_FAILED"
    assert stack.reasons[0].startswith(whose), stack.reasons
    sentence = (
        f"cannot be deleted, because it is in use by {words} 'by-hand', which this deployment does not delete. "
        f"Delete that first if nobody needs it, then try again."
    )
    assert stack.reasons[0].endswith(sentence), stack.reasons
    # What is deleted before takes a few minutes.
    assert next(each.time for each in stack.events if each.status == "DELETE_FAILED") - begun <= 5 * MINUTE
    (left,) = (each for each in cloud.inventory().values() if each.get("name") == "by-hand")
    cloud.api.call(f"Delete{''.join(each.capitalize() for each in words.split())}", **arn_member(left, words))
    cloud.time.sleep(HOUR)
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
    assert names(cloud, "datasetGroupArn") in ([], ["theirs"])


def arn_member(description: dict[str, Any], words: str) -> dict[str, str]:
    first, *rest = words.split()
    member = f"{first}{''.join(each.capitalize() for each in rest)}Arn"
    return {member: description[member]}


def test_a_single_deletion_that_is_blocked_ends_within_a_minute(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, base())
    campaign(cloud, stack)
    cloud.time.sleep(HOUR)
    requests = Requests(cloud, "Solution", "app")
    begun = cloud.time.time()
    response = requests.delete(stack.resources["Solution"].physical_id, stack.resources["Solution"].properties)  # type: ignore[arg-type]
    assert "in use by campaign 'by-hand'" in response.reason
    assert cloud.time.time() - begun <= MINUTE


def test_what_is_in_transition_is_waited_for(cloud: VirtualCloud) -> None:
    """Somebody deletes what blocks just when the stack goes."""
    stack = deployed(cloud, base())
    recommender(cloud, stack)
    cloud.time.sleep(3 * HOUR)
    (made,) = (arn for arn in cloud.inventory() if ":recommender/" in arn)
    cloud.service.faults.add(Fault("duration", "DeleteRecommender", seconds=20 * MINUTE))
    cloud.personalize.delete_recommender(recommenderArn=made)
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
    assert cloud.inventory() == {}


def test_an_event_tracker_blocks_the_dataset_that_it_records_into_and_no_other(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, blocks.group())
    tracker(cloud, stack)
    filter_(cloud, stack)
    cloud.time.sleep(HOUR)
    cloud.cloudformation.delete("app")
    both, one = sorted({reason for reason in stack.reasons if "The dataset '" in reason}, key=len, reverse=True)
    assert "in use by filter 'by-hand', event tracker 'by-hand', which" in both
    assert "in use by filter 'by-hand', which" in one


def test_what_another_stack_has_built_is_named_with_its_owner(cloud: VirtualCloud) -> None:
    """No export holds the group, since the other stack knows its ARN by heart."""
    stack = deployed(cloud, blocks.group())
    theirs = custom("Filter", DatasetGroupArn=arn_of(stack, "Group"), FilterExpression=WATCHED)
    other = cloud.cloudformation.deploy("other", template({"Theirs": theirs}))
    cloud.cloudformation.delete("app")
    name = other.resources["Theirs"].physical_id
    assert f"in use by filter '{name}' (Theirs of stack {other.stack_id}), which" in stack.reasons[0]


def test_what_another_stack_is_deleting_is_waited_for(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, blocks.group())
    theirs = custom("Filter", DatasetGroupArn=arn_of(stack, "Group"), FilterExpression=WATCHED)
    cloud.cloudformation.deploy("other", template({"Theirs": theirs}))
    # It cannot delete its filter for a while.
    cloud.service.faults.add(Fault("throttle", "DeleteFilter", count=8))
    for name in ("other", "app"):
        cloud.cloudformation.begin_delete(name)
    cloud.time.run()
    assert stack.status == "DELETE_COMPLETE", stack.reasons
    assert cloud.inventory() == {}


@pytest.mark.parametrize("at_once", [True, False])
def test_what_another_stack_could_not_delete_is_named(cloud: VirtualCloud, at_once: bool) -> None:
    """Case 20: nobody is deleting it any more, so it is not waited for."""
    stack = deployed(cloud, blocks.group())
    theirs = custom("Filter", DatasetGroupArn=arn_of(stack, "Group"), FilterExpression=WATCHED)
    other = cloud.cloudformation.deploy("other", template({"Theirs": theirs}))
    refuse(cloud, "DeleteFilter", "No.", count=99)
    cloud.cloudformation.begin_delete("other")
    if not at_once:
        cloud.time.run()
    begun = cloud.time.time()
    cloud.cloudformation.begin_delete("app")
    cloud.time.run()
    assert (other.status, stack.status) == ("DELETE_FAILED", "DELETE_FAILED")
    name = other.resources["Theirs"].physical_id
    assert f"in use by filter '{name}' (Theirs of stack {other.stack_id}), which" in stack.reasons[0]
    assert cloud.time.time() - begun <= 5 * MINUTE


@pytest.mark.parametrize(("noun", "member"), [("Campaign", "solutionArn"), ("Dataset", "datasetGroupArn")])
def test_nothing_is_built_on_what_has_gone_meanwhile(cloud: VirtualCloud, noun: str, member: str) -> None:
    """Between the list of solutions and that of a solution's campaigns somebody may delete the solution."""
    gone = {
        "solutionArn": "arn:aws:personalize:eu-west-1:000000000000:solution/gone",
        "datasetGroupArn": "arn:aws:personalize:eu-west-1:000000000000:dataset-group/gone",
    }

    def answer(**_: Any) -> None:
        error: Any = {"Error": {"Code": "ResourceNotFoundException", "Message": "There is none."}}
        raise ClientError(error, f"List{noun}s")

    cloud.personalize.meta.events.register(f"before-call.personalize.List{noun}s", answer)
    assert cloud.api.child_summaries(RESOURCES[noun], member, gone[member]) == []


# -- what CloudFormation has forgotten -------------------------------------------------------------------------------


LONG = "vod-test-because-you-watched-something-really-very-nice-in-the-evening"


def with_recommender(prefix: str = LONG) -> Resources:
    one = blocks.recommender(NamePrefix=prefix)
    return {**blocks.group(), **blocks.data(), "Recommender": one, **blocks.chain("Recommender", "Recommender")}


def forget(cloud: VirtualCloud, with_it: Resources, without: Resources) -> str:
    """Take a recommender away whose deletion fails three times; its ARN."""
    stack = deployed(cloud, with_it)
    old = arn_of(stack, "Recommender")
    refuse(cloud, "DeleteRecommender", "No.", count=3)
    deployed(cloud, without)
    assert old in cloud.inventory()
    return old


@pytest.mark.parametrize("prefix", ["vod-test-recommender", LONG])
def test_a_forgotten_resource_of_a_logical_id_that_exists_goes_with_the_stack(cloud: VirtualCloud, prefix: str) -> None:
    """Case 25: however long its name would be."""
    after = with_recommender(prefix)
    after["Recommender"]["Properties"]["RecipeArn"] = f"{blocks.RECIPE}/aws-vod-most-popular"
    forget(cloud, with_recommender(prefix), after)
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
    assert cloud.inventory() == {}


def test_a_forgotten_resource_of_a_logical_id_that_is_gone_goes_with_the_dataset_group(cloud: VirtualCloud) -> None:
    """Case 25: nobody sends a Delete for it any more."""
    forget(cloud, with_recommender(), {**blocks.group(), **blocks.data()})
    stack = cloud.cloudformation.delete("app")
    assert stack.status == "DELETE_COMPLETE", stack.reasons
    assert cloud.inventory() == {}


def test_what_keeps_the_datasets_goes_as_well(cloud: VirtualCloud) -> None:
    """Case 25: a filter, a tracker and a whole ranking that were forgotten block the datasets already."""
    everything = blocks.whole()
    deployed(cloud, everything)
    for operation in ("DeleteFilter", "DeleteEventTracker", "DeleteCampaign", "DeleteSolution"):
        refuse(cloud, operation, "No.", count=3)
    deployed(cloud, {**blocks.group(), **blocks.data()})
    assert {"filterArn", "eventTrackerArn", "campaignArn", "solutionArn"} <= {
        key for each in cloud.inventory().values() for key in each
    }
    stack = cloud.cloudformation.delete("app")
    assert stack.status == "DELETE_COMPLETE", stack.reasons
    assert cloud.inventory() == {}


def test_what_a_stack_that_is_gone_has_left_goes_with_the_dataset_group(cloud: VirtualCloud) -> None:
    """Case 25: the recommenders' stack was deleted without its recommender, the data's stack follows."""
    stack = deployed(cloud, {**blocks.group(), **blocks.data()})
    recipe = f"{blocks.RECIPE}/aws-vod-top-picks"
    one = custom("Recommender", DatasetGroupArn=arn_of(stack, "Group"), RecipeArn=recipe)
    cloud.cloudformation.deploy("serving", template({"Recommender": one}))
    cloud.time.sleep(3 * HOUR)
    # Somebody skips it: aws cloudformation delete-stack --retain-resources Recommender
    del cloud.cloudformation.stacks["serving"]
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE", stack.reasons
    assert cloud.inventory() == {}


def test_a_dataset_that_was_retained_blocks_its_group_and_is_named(cloud: VirtualCloud) -> None:
    """Case 25: what holds data may have been retained on purpose."""
    retained = blocks.group()
    for kind in ("ItemsDataset", "ItemsSchema"):
        retained[kind]["DeletionPolicy"] = "Retain"
    stack = deployed(cloud, retained)
    name = stack.resources["ItemsDataset"].physical_id
    cloud.cloudformation.delete("app")
    assert stack.status == "DELETE_FAILED"
    assert f"in use by dataset '{name}' (ItemsDataset of stack {stack.stack_id}), which" in stack.reasons[0]
    assert names(cloud, "datasetArn") == [name]


def test_a_live_resource_of_a_stack_that_stays_is_not_taken_for_a_forgotten_one(cloud: VirtualCloud) -> None:
    """A dataset leaves the template; the filter stays, and blocks it until CloudFormation gives up."""
    stack = deployed(cloud, {**blocks.group(), "Filter": blocks.serving()["Filter"]})
    held = arn_of(stack, "Filter")
    without = {key: each for key, each in blocks.group().items() if "Items" not in key}
    filter_ = {**blocks.serving()["Filter"], "DependsOn": ["InteractionsDataset"]}
    cloud.cloudformation.deploy("app", template({**without, "Filter": filter_}))
    assert held in cloud.inventory()


# -- what the provider may not look at -------------------------------------------------------------------------------


def test_a_deletion_goes_on_when_cloudformation_does_not_answer_for_it(cloud: VirtualCloud) -> None:
    """Case 1: the permission to ask leaves with the stack that gave it."""
    stack = deployed(cloud, blocks.whole())

    def look(stack_id: str) -> str:
        raise not_permitted(stack_id)

    cloud.cloudformation.deployment = look  # type: ignore[method-assign]
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE", stack.reasons
    assert cloud.inventory() == {}


def test_a_deletion_waits_for_cloudformation_when_it_is_too_busy_to_answer(cloud: VirtualCloud) -> None:
    deployed(cloud, {**blocks.group(), "Filter": blocks.serving()["Filter"]})
    look, left = cloud.cloudformation.deployment, [3]

    def busy(stack_id: str) -> str:
        if left[0]:
            left[0] -= 1
            raise ClientError({"Error": {"Code": "Throttling", "Message": "Rate exceeded"}}, "DescribeStacks")
        return look(stack_id)

    cloud.cloudformation.deployment = busy  # type: ignore[method-assign]
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
    assert left == [0]


@pytest.mark.parametrize("code", ["access_denied", "throttle"])
def test_what_the_provider_may_not_look_at_is_somebody_elses(cloud: VirtualCloud, code: str) -> None:
    stack = deployed(cloud, blocks.group())
    filter_(cloud, stack)
    cloud.time.sleep(HOUR)
    cloud.service.faults.add(Fault(code, "ListTagsForResource", count=None if code == "access_denied" else 2))
    cloud.cloudformation.delete("app")
    assert stack.status == "DELETE_FAILED"
    assert any("in use by filter 'by-hand', which" in reason for reason in stack.reasons), stack.reasons


@pytest.mark.parametrize("code", ["access_denied", "throttle"])
def test_a_dataset_that_the_provider_cannot_look_at_yet_is_looked_at_again(cloud: VirtualCloud, code: str) -> None:
    stack = deployed(cloud, blocks.group())
    dataset(cloud, stack)
    cloud.time.sleep(HOUR)
    cloud.service.faults.add(Fault(code, "DescribeDataset", resource="*theirs*", count=2))
    cloud.cloudformation.delete("app")
    assert any("in use by dataset 'by-hand', which" in reason for reason in stack.reasons), stack.reasons


def test_a_forgotten_resource_that_the_provider_may_not_delete_is_named_by_the_missing_permission(
    cloud: VirtualCloud,
) -> None:
    forget(cloud, with_recommender(), {**blocks.group(), **blocks.data()})
    cloud.service.faults.add(Fault("access_denied", "DeleteRecommender", count=None))
    begun = cloud.time.time()
    stack = cloud.cloudformation.delete("app")
    assert "may not perform personalize:DeleteRecommender" in stack.reasons[-1]
    assert cloud.time.time() - begun <= PROPAGATION_SECONDS + 10 * MINUTE
