"""Every grant is used: a client with its policy and nothing else calls the emulator, where IAM is enforced."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest
from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from botocore.exceptions import ClientError

import stacks.personalize as constructs
from stacks.personalize import Campaign, Dataset, EventTracker, Filter, Recommender
from tests.stacks.personalize.support.construct_stacks import by_path, new_app, statements
from tests.support.iam import Policies, Principal, Statement
from tests.tools.emulator.support.account import Account

Call = Callable[["Client"], Any]


@dataclass
class Client:
    """What exists at the service, and a principal's clients of it."""

    account: Account
    arns: dict[str, str]
    principal: object = "test"

    @property
    def runtime(self) -> Any:
        return self.account.client("personalize-runtime", caller=self.principal)

    @property
    def events(self) -> Any:
        return self.account.client("personalize-events", caller=self.principal)


@pytest.fixture(scope="module")
def owner() -> Client:
    """An account with one of everything that serves or takes in data."""
    account = Account(authorizer=Policies())
    account.fill()
    return Client(
        account,
        {
            "recommender": account.recommender(),
            "campaign": account.campaign(),
            "solution": account.campaign(recipe="aws-user-personalization"),
            "filter": account.filter("INCLUDE ItemID WHERE Items.PRICE > 1"),
            "items": account.datasets["Items"],
            "users": account.datasets["Users"],
            "tracker": account.created("EventTracker", datasetGroupArn=account.group),
        },
    )


def recommend(client: Client) -> Any:
    return client.runtime.get_recommendations(
        recommenderArn=client.arns["recommender"], userId="u0", filterArn=client.arns["filter"]
    )


def recommend_by_campaign(client: Client) -> Any:
    return client.runtime.get_recommendations(
        campaignArn=client.arns["solution"], userId="u0", filterArn=client.arns["filter"]
    )


def rank(client: Client) -> Any:
    return client.runtime.get_personalized_ranking(
        campaignArn=client.arns["campaign"], userId="u0", inputList=["i1", "i2"], filterArn=client.arns["filter"]
    )


def put_events(client: Client) -> Any:
    tracking_id = client.account.describe("EventTracker", client.arns["tracker"])["trackingId"]
    event = {"eventType": "Watch", "itemId": "i1", "sentAt": 1}
    return client.events.put_events(trackingId=tracking_id, sessionId="s", userId="u0", eventList=[event])


def put_items(client: Client) -> Any:
    properties = '{"price": 2.0, "genres": "Drama", "creationTimestamp": 1}'
    return client.events.put_items(datasetArn=client.arns["items"], items=[{"itemId": "new", "properties": properties}])


def put_users(client: Client) -> Any:
    return client.events.put_users(
        datasetArn=client.arns["users"], users=[{"userId": "new", "properties": '{"age": 30}'}]
    )


def describe_campaign(client: Client) -> Any:
    control_plane = client.account.client("personalize", caller=client.principal)
    return control_plane.describe_campaign(campaignArn=client.arns["campaign"])


def describe_tracker(client: Client) -> Any:
    control_plane = client.account.client("personalize", caller=client.principal)
    return control_plane.describe_event_tracker(eventTrackerArn=client.arns["tracker"])


def filters(stack: Stack, arns: dict[str, str]) -> list[Any]:
    return [Filter.from_filter_arn(stack, "Filter", arns["filter"])]


def dataset(stack: Stack, arn: str) -> Any:
    return Dataset.from_dataset_arn(stack, "Dataset", arn)


def recommender(stack: Stack, arns: dict[str, str]) -> Any:
    return Recommender.from_recommender_arn(stack, "Recommender", arns["recommender"])


def campaign(stack: Stack, arn: str) -> Any:
    return Campaign.from_campaign_arn(stack, "Campaign", arn)


def tracker(stack: Stack, arns: dict[str, str]) -> Any:
    return EventTracker.from_event_tracker_arn(stack, "Tracker", arns["tracker"])


# Class and method -> how it is used, and what its grantee then does. `grant` is once for each class that defines it.
Use = tuple[Callable[[Stack, dict[str, str], iam.IGrantable], Any], Call]
USES: dict[tuple[str, str], Use] = {
    ("Grantable", "grant"): (
        lambda stack, arns, role: campaign(stack, arns["campaign"]).grant(role, "personalize:DescribeCampaign"),
        describe_campaign,
    ),
    ("_EventTrackerBase", "grant"): (
        lambda stack, arns, role: tracker(stack, arns).grant(role, "personalize:DescribeEventTracker"),
        describe_tracker,
    ),
    ("Recommender", "grant_get_recommendations"): (
        lambda stack, arns, role: recommender(stack, arns).grant_get_recommendations(role, filters(stack, arns)),
        recommend,
    ),
    ("Campaign", "grant_get_recommendations"): (
        lambda stack, arns, role: campaign(stack, arns["solution"]).grant_get_recommendations(
            role, filters(stack, arns)
        ),
        recommend_by_campaign,
    ),
    ("Campaign", "grant_get_personalized_ranking"): (
        lambda stack, arns, role: campaign(stack, arns["campaign"]).grant_get_personalized_ranking(
            role, filters(stack, arns)
        ),
        rank,
    ),
    ("Dataset", "grant_put_items"): (
        lambda stack, arns, role: dataset(stack, arns["items"]).grant_put_items(role),
        put_items,
    ),
    ("Dataset", "grant_put_users"): (
        lambda stack, arns, role: dataset(stack, arns["users"]).grant_put_users(role),
        put_users,
    ),
    ("EventTracker", "grant_put_events"): (
        lambda stack, arns, role: tracker(stack, arns).grant_put_events(role),
        put_events,
    ),
}


def grants() -> Iterator[tuple[str, str]]:
    """Every class that the package offers, and each of its grants."""
    for name, found in inspect.getmembers(constructs, inspect.isclass):
        if is_protocol(found):
            continue
        for method, function in inspect.getmembers(found, inspect.isfunction):
            if not function.__module__.startswith("stacks."):
                continue
            if method == "grant":
                yield function.__qualname__.partition(".")[0], method
            if method.startswith("grant_"):
                yield name, method


def is_protocol(found: type) -> bool:
    """Whether it is an interface, which has no code."""
    return getattr(found, "_is_protocol", False)


def test_every_grant_is_tried() -> None:
    assert set(grants()) == USES.keys()


def granted(use: Use, arns: dict[str, str]) -> list[Statement]:
    """Statements that a grant gives a role."""
    stack = Stack(new_app(), "Test")
    use[0](stack, arns, iam.Role(stack, "Client", assumed_by=iam.AccountRootPrincipal()))
    return list(statements(by_path(stack), "Client/DefaultPolicy"))


@pytest.mark.parametrize("name", USES, ids=".".join)
def test_a_client_can_do_what_it_is_granted(name: tuple[str, str], owner: Client) -> None:
    """Case 27: events too can be recorded with the grant for it, and nothing can without."""
    client = Client(owner.account, owner.arns, Principal("arn:aws:iam::000000000000:role/client", []))
    with pytest.raises(ClientError, match="is not authorized to perform"):
        USES[name][1](client)
    client.principal = Principal("arn:aws:iam::000000000000:role/client", granted(USES[name], owner.arns))
    USES[name][1](client)
