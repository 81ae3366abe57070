"""Two environments of one account: what the role of one may do with the resources of the other, at the emulator."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import Stack
from botocore.exceptions import ClientError

from lambdas.personalize_provider.ownership import LOGICAL_TAG, STACK_TAG
from stacks.personalize import DatasetGroup, PersonalizeProvider
from tests.stacks.personalize.support.construct_stacks import by_path, new_app, statements
from tests.support.iam import Policies, Principal, Statement
from tests.tools.emulator.support.account import ACCOUNT, REGION, Account

ROLE = f"arn:aws:iam::{ACCOUNT}:role/provider"
PSEUDO = {"${AWS::Partition}": "aws", "${AWS::Region}": REGION, "${AWS::AccountId}": ACCOUNT}


def of_stack(name: str) -> list[dict[str, str]]:
    """Tags of a resource that a stack has made."""
    stack_id = f"arn:aws:cloudformation:{REGION}:{ACCOUNT}:stack/{name}/1a2b"
    return [{"tagKey": STACK_TAG, "tagValue": stack_id}, {"tagKey": LOGICAL_TAG, "tagValue": "Tracker"}]


def provider_statements(**props: Any) -> list[Statement]:
    """What the role of a provider that serves the stack `vod-dev` may do in the emulator's account."""
    stack = Stack(new_app(), "vod-dev")
    provider = PersonalizeProvider(stack, "Provider", name_prefix="vod-dev", **props)
    DatasetGroup(stack, "Group", provider=provider)
    return [known(each) for each in statements(by_path(stack), "Provider/HandlerRole/DefaultPolicy")]


def known(value: Any) -> Any:
    """A statement with the account's own partition, region and id."""
    if isinstance(value, dict):
        return {key: known(inner) for key, inner in value.items()}
    if isinstance(value, list):
        return [known(inner) for inner in value]
    return re.sub(r"\$\{AWS::\w+\}", lambda match: PSEUDO[match[0]], value)


@pytest.fixture
def authorizer() -> Policies:
    """Who judges requests."""
    return Policies()


@pytest.fixture
def account(authorizer: Policies) -> Account:
    """A dataset group with an Interactions dataset, whose names are within reach."""
    account = Account(authorizer=authorizer)
    account.group = account.created("DatasetGroup", name="vod-dev_group", domain="VIDEO_ON_DEMAND")
    account.dataset("Interactions")
    return account


@pytest.fixture(scope="module")
def role() -> Principal:
    return Principal(ROLE, provider_statements())


Act = Callable[[Any, str], Any]
CHANGES: dict[str, Act] = {
    "TagResource": lambda client, arn: client.tag_resource(resourceArn=arn, tags=of_stack("vod-dev")),
    "UntagResource": lambda client, arn: client.untag_resource(resourceArn=arn, tagKeys=[STACK_TAG]),
    "DeleteEventTracker": lambda client, arn: client.delete_event_tracker(eventTrackerArn=arn),
}


def act(account: Account, role: Principal, change: Act, owner: str) -> None:
    """Let the role change an event tracker, whose ARN says nothing about its owner."""
    arn = account.created("EventTracker", datasetGroupArn=account.group, tags=of_stack(owner))
    change(account.client("personalize", caller=role), arn)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
@pytest.mark.parametrize("owner", ["vod-dev-eu", "vod", "somebody/vod-dev"])
def test_what_another_stack_has_made_is_out_of_reach(
    account: Account, role: Principal, change: Act, owner: str
) -> None:
    with pytest.raises(ClientError, match="is not authorized to perform"):
        act(account, role, change, owner)


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_the_own_stack_has_made_is_not(account: Account, role: Principal, change: Act) -> None:
    act(account, role, change, "vod-dev")


def test_whose_something_is_can_still_be_asked(account: Account, role: Principal) -> None:
    arn = account.created("EventTracker", datasetGroupArn=account.group, tags=of_stack("vod-dev-eu"))
    client = account.client("personalize", caller=role)
    assert client.describe_event_tracker(eventTrackerArn=arn)
    tags = client.list_tags_for_resource(resourceArn=arn)["tags"]
    assert of_stack("vod-dev-eu")[0] in tags


def create(account: Account, role: Principal, owner: str) -> None:
    client = account.client("personalize", caller=role)
    client.create_event_tracker(name="vod-dev_x", datasetGroupArn=account.group, tags=of_stack(owner))


def test_nothing_can_be_created_in_the_name_of_another_stack(account: Account, role: Principal) -> None:
    with pytest.raises(ClientError, match="is not authorized to perform: personalize:CreateEventTracker"):
        create(account, role, "vod-dev-eu")
    create(account, role, "vod-dev")


class Silent(Policies):
    """Judges by what IAM would know of a request if the service did not tell it the tags."""

    def authorize(self, caller: object, action: str, resource: str, context: dict[str, str]) -> None:
        super().authorize(caller, action, resource, {key: value for key, value in context.items() if "Tag/" not in key})


@pytest.mark.parametrize("authorizer", [Silent()])
def test_a_service_that_does_not_tell_iam_the_tags_refuses_nothing(account: Account, role: Principal) -> None:
    """Whether Personalize does with each call, only AWS can tell; the app must work in any case."""
    act(account, role, CHANGES["DeleteEventTracker"], "vod-dev")


def test_without_the_conditions_an_event_tracker_of_anybody_is_within_reach(account: Account) -> None:
    """So the conditions are what keeps the other tests from succeeding."""
    act(account, Principal(ROLE, provider_statements(tag_conditions=False)), CHANGES["DeleteEventTracker"], "other")
