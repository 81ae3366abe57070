"""Custom::PersonalizeLookup: what somebody else has made is found by its name, or a sentence says what there is."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.personalize_provider.resources import RESOURCES
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.single_requests import Properties, Requests
from tests.lambdas.personalize_provider.support.template_parts import Resources, deployed, named
from tools.emulator import Fault
from tools.simulation.cloud import VirtualCloud

READS = ("Describe", "List")
NAMES = {"Group": "films", "Filter": "unwatched", "Tracker": "clicks", "ItemsSchema": "films-items"}


@pytest.fixture
def group(cloud: VirtualCloud) -> str:
    """ARN of a dataset group with data, in which somebody has given names."""
    serving = blocks.serving()
    resources: Resources = {**blocks.group(), "Filter": serving["Filter"], "Tracker": serving["Tracker"]}
    stack = deployed(cloud, resources | {key: named(resources[key], name) for key, name in NAMES.items()})
    return stack.resources["Group"].attributes["DatasetGroupArn"]


def looked_up(cloud: VirtualCloud, **properties: Any) -> Any:
    calls = len(cloud.calls)
    response = Requests(cloud, "Lookup").create({"ServiceToken": "token", **properties})
    assert [call for call in cloud.calls[calls:] if not call.startswith(READS)] == []
    return response


@pytest.mark.parametrize(
    ("noun", "properties", "attributes"),
    [
        ("DatasetGroup", {"ResourceName": "films"}, {"DatasetGroupArn"}),
        ("Schema", {"ResourceName": "films-items"}, {"SchemaArn"}),
        ("Dataset", {"DatasetType": "ITEMS"}, {"DatasetArn", "DatasetGroupArn", "SchemaArn"}),
        ("EventTracker", {}, {"EventTrackerArn", "DatasetGroupArn", "TrackingId"}),
        ("EventTracker", {"ResourceName": "clicks"}, {"EventTrackerArn", "DatasetGroupArn", "TrackingId"}),
        ("Filter", {"ResourceName": "unwatched"}, {"FilterArn", "DatasetGroupArn"}),
    ],
)
def test_what_exists_is_found(
    cloud: VirtualCloud, group: str, noun: str, properties: Properties, attributes: set[str]
) -> None:
    within = {} if noun in ("DatasetGroup", "Schema") else {"DatasetGroupArn": group}
    response = looked_up(cloud, Type=noun, **within, **properties)
    assert response.succeeded, response.reason
    assert set(response.data) == attributes
    assert cloud.api.describe(RESOURCES[noun], response.data[f"{noun}Arn"])
    if "DatasetGroupArn" in attributes:
        assert response.data["DatasetGroupArn"] == group


@pytest.mark.parametrize(
    ("properties", "sentence"),
    [
        (
            {"Type": "Filter", "ResourceName": "seen"},
            "There is no filter seen in films. There is unwatched. Correct the name, or make it.",
        ),
        (
            {"Type": "Dataset", "DatasetType": "USERS"},
            "There is no dataset USERS in films. There are INTERACTIONS, ITEMS.",
        ),
        ({"Type": "MetricAttribution"}, "There is no metric attribution in films. There is none."),
        ({"Type": "Recommender", "ResourceName": "not a name"}, "There is no recommender not a name in films."),
        ({"Type": "Colour", "ResourceName": "red"}, "Type Colour is not a type of this provider."),
    ],
)
def test_what_does_not_exist_is_told_with_what_there_is(
    cloud: VirtualCloud, group: str, properties: Properties, sentence: str
) -> None:
    response = looked_up(cloud, DatasetGroupArn=group, **properties)
    assert not response.succeeded
    assert response.reason.startswith(sentence)


def test_a_resource_of_another_group_is_not_found(cloud: VirtualCloud, group: str) -> None:
    other = cloud.personalize.create_dataset_group(name="series", domain=blocks.VOD)["datasetGroupArn"]
    cloud.time.sleep(600)
    response = looked_up(cloud, Type="Filter", ResourceName="unwatched", DatasetGroupArn=other)
    assert response.reason.startswith("There is no filter unwatched in series. There is none.")


def test_what_is_being_made_is_waited_for_and_what_has_failed_is_told(cloud: VirtualCloud) -> None:
    cloud.personalize.create_dataset_group(name="new", domain=blocks.VOD)
    assert looked_up(cloud, Type="DatasetGroup", ResourceName="new").succeeded
    cloud.service.faults.add(Fault("fail", "CreateDatasetGroup", message="No room."))
    cloud.personalize.create_dataset_group(name="full", domain=blocks.VOD)
    response = looked_up(cloud, Type="DatasetGroup", ResourceName="full")
    assert response.reason.startswith("The dataset group 'full' is CREATE FAILED: No room.")


def test_a_missing_permission_is_named_and_a_throttled_call_repeated(cloud: VirtualCloud, group: str) -> None:
    cloud.service.faults.add(Fault("throttle", "DescribeDatasetGroup", count=3))
    assert looked_up(cloud, Type="DatasetGroup", ResourceName="films").succeeded
    cloud.service.faults.add(Fault("access_denied", "DescribeDatasetGroup", count=None))
    response = looked_up(cloud, Type="DatasetGroup", ResourceName="films")
    assert "may not perform personalize:DescribeDatasetGroup" in response.reason


def test_another_name_is_looked_up_in_place_and_nothing_is_deleted(cloud: VirtualCloud, group: str) -> None:
    requests = Requests(cloud, "Lookup")
    before = {"ServiceToken": "token", "Type": "Filter", "ResourceName": "unwatched", "DatasetGroupArn": group}
    first = requests.create(before)
    after = {**before, "Type": "DatasetGroup", "ResourceName": "films"}
    del after["DatasetGroupArn"]
    second = requests.update(first.physical_id, before, after)
    assert second.physical_id == first.physical_id
    assert second.data == {"DatasetGroupArn": group}
    held = cloud.inventory()
    assert requests.delete(first.physical_id, after).succeeded
    assert cloud.inventory() == held


def test_what_never_settles_is_told_within_the_hour(cloud: VirtualCloud) -> None:
    cloud.service.faults.add(Fault("duration", "CreateDatasetGroup", seconds=10_000))
    cloud.personalize.create_dataset_group(name="slow", domain=blocks.VOD)
    response = looked_up(cloud, Type="DatasetGroup", ResourceName="slow")
    assert response.reason.startswith("The dataset group 'slow' is still CREATE ")
