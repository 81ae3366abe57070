"""Boto3 clients connected to a service in the same process."""

from __future__ import annotations

import boto3

from sandbox.personalize.inprocess import connect
from tests.emulator.account import Account


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
