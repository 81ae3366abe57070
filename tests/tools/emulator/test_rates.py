"""One request per second for each operation of the control plane, as an option."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import Account, refusal


@pytest.fixture
def limited() -> Account:
    return Account(requests_per_second=1.0)


def test_the_second_request_within_a_second_is_throttled(limited: Account) -> None:
    limited.personalize.list_schemas()
    with pytest.raises(ClientError) as caught:
        limited.personalize.list_schemas()
    assert caught.value.response["Error"] == {"Code": "ThrottlingException", "Message": "Rate exceeded"}
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


def test_a_throttled_request_has_no_effect(limited: Account) -> None:
    limited.personalize.create_dataset_group(name="one")
    assert refusal(limited.personalize.create_dataset_group, name="two")[0] == "Throttling"
    assert [group["name"] for group in limited.personalize.list_dataset_groups()["datasetGroups"]] == ["one"]


@pytest.mark.parametrize("start", [0.0, 0.1, 0.7])
def test_a_second_later_the_next_one_goes_through(limited: Account, start: float) -> None:
    limited.wait(start)
    for _ in range(5):
        limited.personalize.list_schemas()
        limited.wait(1.0)


def test_requests_are_not_saved_up_and_refused_ones_not_counted(limited: Account) -> None:
    limited.wait(100)
    limited.personalize.list_schemas()
    for _ in range(3):
        limited.wait(0.3)
        assert refusal(limited.personalize.list_schemas)[0] == "Throttling"
    limited.wait(0.1)
    limited.personalize.list_schemas()


def test_operations_and_regions_do_not_take_from_each_other(limited: Account) -> None:
    limited.personalize.list_schemas()
    limited.personalize.list_dataset_groups()
    limited.client("personalize", region="us-east-1").list_schemas()


def test_clients_of_one_account_share_the_limit(limited: Account) -> None:
    limited.personalize.list_schemas()
    assert refusal(limited.client("personalize", "somebody else").list_schemas)[0] == "Throttling"


def test_refused_before_the_request_is_looked_at(limited: Account) -> None:
    limited.personalize.create_schema(name="s", schema=records.schema("Items"))
    assert refusal(limited.personalize.create_schema, name="", schema="")[0] == "Throttling"


def test_recommendations_are_not_limited_by_it(limited: Account) -> None:
    limited.fill()
    recommender = limited.recommender()
    for _ in range(3):
        assert limited.recommended(recommender)


def test_by_default_there_is_no_limit(account: Account) -> None:
    for _ in range(20):
        account.personalize.list_schemas()


def test_a_rate_is_positive() -> None:
    with pytest.raises(ValueError, match="requests_per_second must be positive"):
        Account(requests_per_second=0)
