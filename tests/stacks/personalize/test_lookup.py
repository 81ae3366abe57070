"""What exists already and is found when the stack is deployed."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import aws_iam as iam

from stacks.personalize import (
    Dataset,
    DatasetGroup,
    EventTracker,
    IDatasetGroup,
    PropsError,
    Recommender,
)
from tests.stacks.personalize.support.construct_stacks import GIVEN, GROUP_ARN, Kit, Resources, statements

ARN = "arn:${AWS::Partition}:personalize:${AWS::Region}:${AWS::AccountId}"
HANDLER = "Provider/HandlerRole/DefaultPolicy"
FOUND = "${Group.DatasetGroupArn}"


class Looking(Kit):
    """A stack with a dataset group that is looked up."""

    def __init__(self) -> None:
        super().__init__()
        self.found = DatasetGroup.from_lookup(self.stack, "Group", provider=self.provider, name="films")

    def look_for_dataset(self, group: IDatasetGroup, dataset_type: str = "ITEMS") -> Any:
        return Dataset.from_lookup(
            self.stack, "Items", provider=self.provider, dataset_group=group, dataset_type=dataset_type
        )

    def look_for_tracker(self, group: IDatasetGroup) -> Any:
        return EventTracker.from_lookup(self.stack, "Tracker", provider=self.provider, dataset_group=group)


@pytest.fixture(scope="module")
def kit() -> Looking:
    kit = Looking()
    dataset, tracker = kit.look_for_dataset(kit.found), kit.look_for_tracker(kit.found)
    Recommender(kit.stack, "TopPicks", provider=kit.provider, dataset_group=kit.found, recipe="aws-vod-top-picks")
    dataset.grant_put_items(iam.Role(kit.stack, "Client", assumed_by=iam.AccountRootPrincipal()))
    assert kit.read(dataset.schema_arn) == "${Items.SchemaArn}"
    assert (dataset.dataset_type, dataset.dataset_group) == ("ITEMS", kit.found)
    assert kit.read([tracker.event_tracker_arn, tracker.tracking_id]) == [
        "${Tracker.EventTrackerArn}",
        "${Tracker.TrackingId}",
    ]
    return kit


@pytest.fixture(scope="module")
def resources(kit: Looking) -> Resources:
    return kit.synthesized()


def test_what_is_looked_up_is_a_custom_resource_that_reads(resources: Resources) -> None:
    token = {"ServiceToken": "${Provider/Framework/framework-onEvent.Arn}"}
    found = {path: each["Properties"] for path, each in resources.items() if each["Type"].endswith("Lookup")}
    assert found == {
        "Group": {**token, "Type": "DatasetGroup", "ResourceName": "films"},
        "Items": {**token, "Type": "Dataset", "DatasetGroupArn": FOUND, "DatasetType": "ITEMS"},
        "Tracker": {**token, "Type": "EventTracker", "DatasetGroupArn": FOUND},
    }


def test_the_role_reads_what_is_looked_up_and_creates_in_it_what_is_declared(resources: Resources) -> None:
    on_films = [
        (each["Action"], each["Resource"])
        for each in statements(resources, HANDLER)
        if "films" in str(each["Resource"])
    ]
    assert on_films == [
        ("personalize:DescribeDatasetGroup", f"{ARN}:dataset-group/films"),
        ("personalize:DescribeDataset", f"{ARN}:dataset/films/ITEMS"),
        ("personalize:CreateRecommender", f"{ARN}:dataset-group/films"),
    ]


def test_what_is_declared_in_it_names_what_was_found(resources: Resources) -> None:
    assert resources["TopPicks"]["Properties"]["DatasetGroupArn"] == FOUND


def test_a_dataset_of_a_group_whose_arn_is_given_can_be_looked_up() -> None:
    kit = Looking()
    kit.look_for_dataset(DatasetGroup.from_dataset_group_arn(kit.stack, "Given", GROUP_ARN))
    assert kit.synthesized()["Items"]["Properties"]["DatasetGroupArn"] == GROUP_ARN


@pytest.mark.parametrize(
    ("look", "sentence"),
    [
        (
            lambda kit: DatasetGroup.from_lookup(kit.stack, "X", provider=kit.provider, name="our films"),
            "X: name 'our films' cannot be that of a dataset group, because names are 1 to 63 letters, digits, '-' or "
            "'_', and begin with a letter or digit. Write the name of one that exists.",
        ),
        (
            lambda kit: kit.look_for_dataset(kit.found, "Items"),
            "Items: dataset_type must be one of INTERACTIONS, ITEMS, USERS, but is 'Items'.",
        ),
        (
            lambda kit: kit.look_for_dataset(kit.group("Ours")),
            "Items: from_lookup is for what exists in a dataset group that exists, and this app makes its dataset "
            "group. Adopt the dataset group too, or leave out from_lookup.",
        ),
        (
            lambda kit: kit.look_for_tracker(kit.group("Ours")),
            "Tracker: from_lookup is for what exists in a dataset group that exists, and this app makes its dataset "
            "group. Adopt the dataset group too, or leave out from_lookup.",
        ),
    ],
)
def test_what_cannot_exist_is_not_looked_up(look: Callable[[Looking], object], sentence: str) -> None:
    with pytest.raises(PropsError) as caught:
        look(Looking())
    assert str(caught.value) == sentence


def test_only_a_lookup_tells_the_schema_of_a_dataset() -> None:
    kit = Kit()
    dataset = Dataset.from_dataset_arn(kit.stack, "Items", f"{GIVEN}:dataset/films/ITEMS")
    with pytest.raises(PropsError, match=r"^Test/Items: an ARN does not tell the dataset's schema\. Use Dataset"):
        _ = dataset.schema_arn
    made = kit.dataset(kit.group(), kit.schema())
    assert kit.read(made.schema_arn) == "${Schema.SchemaArn}"
