"""Drifts of a small environment: what was made again by hand, what failed, tags, and what was given up."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from stacks.settings import load_settings
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.tools.status.support.environment import one
from tools.checkout import EXAMPLE_SETTINGS
from tools.deployed import Deployed
from tools.emulator.faults import Fault, Faults
from tools.simulation.answers import answered
from tools.simulation.cloud import REGION, VirtualCloud
from tools.simulation.small_services import Metrics, StacksApi
from tools.simulation.stacks import Stack
from tools.status import stacks
from tools.status.read import read
from tools.status.rows import Difference, Found, Row, State

STACK = "vod-dev-data"
HOUR = 3600.0


def look(cloud: VirtualCloud) -> Found:
    clients = {
        "personalize": cloud.personalize,
        "cloudformation": answered("cloudformation", REGION, StacksApi(cloud.cloudformation)),
        "cloudwatch": answered("cloudwatch", REGION, Metrics(cloud.time)),
    }
    deployed = Deployed(load_settings("dev", EXAMPLE_SETTINGS), "a test", clients.__getitem__, True, {})
    return read(deployed, now=datetime.fromtimestamp(cloud.time.time(), UTC))


@pytest.fixture(scope="module")
def cloud() -> VirtualCloud:
    """A dataset group with recommender, filter, tracker and metric attribution."""
    cloud = VirtualCloud(service_options={"faults": Faults()})
    blocks.put_data(cloud)
    return cloud


@pytest.fixture(scope="module")
def stack(cloud: VirtualCloud) -> Stack:
    resources = {**blocks.group(), **blocks.data(), **blocks.serving()}
    stack = cloud.cloudformation.deploy(STACK, blocks.template(resources, {"project": "films"}))
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    return stack


@pytest.fixture(scope="module")
def drifted(cloud: VirtualCloud, stack: Stack) -> Found:
    """After somebody has made resources again, under their names, and changed metrics and tags."""
    assert {row.state for row in look(cloud).rows} == {State.IN_STEP}
    personalize, known = cloud.personalize, stack.resources
    group = known["Group"].attributes["DatasetGroupArn"]
    for logical_id, noun in (("Filter", "filter"), ("Recommender", "recommender")):
        arn = known[logical_id].attributes[f"{noun.title()}Arn"]
        getattr(personalize, f"delete_{noun}")(**{f"{noun}Arn": arn})
    cloud.time.run(cloud.time.time() + HOUR)
    name = known["Filter"].physical_id
    personalize.create_filter(
        name=name, datasetGroupArn=group, filterExpression='INCLUDE ItemID WHERE Items.GENRES IN ("War")'
    )
    cloud.service.faults.add(Fault("fail", operation="CreateRecommender", message="no data"))
    personalize.create_recommender(
        name=known["Recommender"].physical_id, datasetGroupArn=group, recipeArn=f"{blocks.RECIPE}/aws-vod-top-picks"
    )
    attribution = known["Attribution"].attributes["MetricAttributionArn"]
    personalize.update_metric_attribution(metricAttributionArn=attribution, removeMetrics=["watches"])
    tracker = known["Tracker"].attributes["EventTrackerArn"]
    personalize.tag_resource(resourceArn=tracker, tags=[{"tagKey": "project", "tagValue": "mine"}])
    cloud.time.run(cloud.time.time() + 4 * HOUR)
    return look(cloud)


def test_what_was_made_again_by_hand_is_changed(drifted: Found) -> None:
    row = one(drifted, "Filter")
    assert row.state is State.CHANGED
    assert [each.member for each in row.differences] == [
        "FilterExpression",
        "Tags.project",
        "Tags.cloudformation:stack-id",
        "Tags.cloudformation:logical-id",
    ]
    assert row.differences[0].actual == 'INCLUDE ItemID WHERE Items.GENRES IN ("War")'


def test_what_failed_says_the_reason_of_the_service(drifted: Found) -> None:
    row = one(drifted, "Recommender")
    assert (row.state, row.there_is) == (State.FAILED, "CREATE FAILED: no data")


def test_an_element_of_a_list_is_named(drifted: Found) -> None:
    row = one(drifted, "Attribution")
    assert [(each.member, each.actual) for each in row.differences] == [("Metrics.watches", None)]
    assert row.differences[0].wanted["expression"] == "SAMPLECOUNT()"


def test_a_tag_is_named_with_both_values(drifted: Found) -> None:
    assert one(drifted, "Tracker").differences == (Difference("Tags.project", "films", "mine"),)


def test_what_the_settings_give_up_is_released(cloud: VirtualCloud, stack: Stack, drifted: Found) -> None:
    template = {**stack.template, "Resources": {**stack.template["Resources"]}}
    tracker = template["Resources"]["Tracker"]
    properties = {**tracker["Properties"], "Release": "true"}
    template["Resources"]["Tracker"] = {**tracker, "Properties": properties}
    cloud.cloudformation.stacks[STACK].template = template
    row: Row = one(look(cloud), "Tracker")
    assert (row.state, row.there_is) == (State.RELEASED, "given up, and left in the account")
    assert not row.state.is_out_of_step


def test_what_is_looked_up_has_its_arn() -> None:
    """CloudFormation tells no attribute of a custom resource; an output may."""
    properties = {"Type": "DatasetGroup", "ResourceName": "films"}
    looked_up = {"Type": "Custom::PersonalizeLookup", "Properties": properties}
    recommender = blocks.custom("Recommender", DatasetGroupArn=blocks.arn("Group", "DatasetGroup"))
    tracker = blocks.custom("Filter", FilterExpression={"Fn::GetAtt": ["Tracker", "TrackingId"]})
    template = {"Resources": {"Group": looked_up, "Recommender": recommender, "Filter": tracker}}
    stack_id = f"arn:aws:cloudformation:{REGION}:000000000000:stack/{STACK}/1"
    physical = {"Group": "lookup-1", "Recommender": "r", "Filter": "f"}
    stack = stacks.Stack(STACK, stack_id, "CREATE_COMPLETE", datetime.now(UTC), template, physical, {}, {})
    known, unknown = stacks.resources_of([stack])
    assert known.properties["DatasetGroupArn"] == f"arn:aws:personalize:{REGION}:000000000000:dataset-group/films"
    assert unknown.unknown == {"FilterExpression": "Tracker.TrackingId"}
