"""Boto3 clients connected to a service in the same process."""

from __future__ import annotations

from collections.abc import Callable

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import EndpointConnectionError

from tests.tools.emulator.support.account import Account
from tools.emulator.inprocess import connect, regions

# AWS General Reference, "Amazon Personalize endpoints and quotas".
REGIONS = {
    "ap-northeast-1",
    "ap-northeast-2",
    "ap-south-1",
    "ap-southeast-1",
    "ap-southeast-2",
    "ca-central-1",
    "cn-north-1",
    "eu-central-1",
    "eu-west-1",
    "us-east-1",
    "us-east-2",
    "us-west-2",
}
ONE_TRY = Config(retries={"total_max_attempts": 1})


def new_session() -> boto3.Session:
    return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name="eu-west-1")


def test_a_connected_client_calls_the_service(account: Account) -> None:
    client = new_session().client("personalize")
    assert connect(client, account.service) is client
    arn = client.create_dataset_group(name="movies")["datasetGroupArn"]
    assert account.status("DatasetGroup", arn) == "CREATE PENDING"


def test_all_later_clients_of_a_connected_session_do(movies: Account) -> None:
    session = new_session()
    connect(session, movies.service)
    recommender = movies.recommender()
    picks = session.client("personalize-runtime").get_recommendations(recommenderArn=recommender, userId="u0")
    assert [one["itemId"] for one in picks["itemList"]] == movies.recommended(recommender)
    described = session.client("personalize").describe_recommender(recommenderArn=recommender)
    assert described["recommender"]["recommenderArn"] == recommender


def test_paginators_work(account: Account) -> None:
    for _ in range(5):
        account.create("DatasetGroup")
    pages = list(account.personalize.get_paginator("list_dataset_groups").paginate(PaginationConfig={"PageSize": 2}))
    assert [len(page["datasetGroups"]) for page in pages] == [2, 2, 1]


def test_botocore_and_the_general_reference_know_the_same_regions() -> None:
    assert regions() == REGIONS


@pytest.mark.parametrize("api", ["personalize", "personalize-runtime", "personalize-events"])
def test_elsewhere_the_endpoint_does_not_exist(account: Account, api: str) -> None:
    """Case 10, the emulator's side: eu-north-1 has no Amazon Personalize."""
    session = new_session()
    connect(session, account.service)
    client = session.client(api, region_name="eu-north-1", config=ONE_TRY)
    calls: dict[str, Callable[[], object]] = {
        "personalize": lambda: client.list_dataset_groups(),
        "personalize-runtime": lambda: client.get_recommendations(),
        "personalize-events": lambda: client.put_users(
            datasetArn="arn:aws:personalize:eu-north-1:000000000000:dataset/movies/USERS", users=[{"userId": "u"}]
        ),
    }
    with pytest.raises(EndpointConnectionError, match=rf"https://{api}.eu-north-1.amazonaws.com"):
        calls[api]()


def test_a_test_may_have_it_in_any_region(account: Account) -> None:
    client = new_session().client("personalize", region_name="eu-north-1", config=ONE_TRY)
    assert connect(client, account.service, anywhere=True).list_dataset_groups()["datasetGroups"] == []


@pytest.mark.parametrize("region", sorted(REGIONS))
def test_it_answers_wherever_the_service_is(account: Account, region: str) -> None:
    client = connect(new_session().client("personalize", region_name=region), account.service)
    assert region in client.create_dataset_group(name="movies")["datasetGroupArn"]
