"""What `make conformance-deploy` tries of adoption, and what it makes of it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from stacks.settings import load_settings
from tools.conformance.adopting import ENV, Second, attempt
from tools.sandbox import cdk

GROUP = "arn:aws:personalize:eu-west-1:123456789012:dataset-group/conformance-smallest_group-1"
STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/conformance-adopting-data/1"


class Account:
    """Personalize with a filter, and a CDK CLI that does what the settings say."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.exit_status = 0
        self.obeys = True
        self.looks = 0
        self.filters: list[str] = []
        self.tags: list[dict[str, str]] = []
        self.typed: list[str] = []

    def second(self) -> Second:
        return Second(self, self.cli, self.config, (), 1, lambda seconds: None)

    def cli(self, arguments: Sequence[str]) -> cdk.Result:
        self.typed.append(arguments[0])
        if arguments[0] == "deploy" and not self.exit_status and self.obeys:
            made = load_settings(ENV, self.config).filters["by_hand"]
            self.tags = [] if made.release else [{"tagKey": "cloudformation:stack-id", "tagValue": STACK}]
        return cdk.Result(self.exit_status, "")

    def create_filter(self, **members: str) -> dict[str, Any]:
        assert members["datasetGroupArn"] == GROUP
        self.filters.append(members["name"])
        return {"filterArn": "arn:filter"}

    def describe_filter(self, **_: str) -> dict[str, Any]:
        self.looks += 1
        return {"filter": {"status": "ACTIVE" if self.looks > 1 else "CREATE PENDING"}}

    def delete_filter(self, **members: str) -> None:
        assert self.typed[-1] == "destroy"
        self.filters.clear()

    def list_tags_for_resource(self, **_: str) -> dict[str, Any]:
        return {"tags": [{"tagKey": "stage", "tagValue": "test"}, *self.tags]}


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account(tmp_path)


def test_a_filter_is_taken_over_and_given_up(account: Account) -> None:
    taken, given_up = attempt(account.second(), GROUP)
    assert (taken.is_good, taken.text) == (True, f"its tags name {STACK}")
    assert (given_up.is_good, given_up.text) == (True, "its tags name no stack")
    assert account.typed == ["deploy", "deploy", "destroy"]
    assert (account.filters, account.looks) == ([], 2)


def test_a_deployment_that_fails_ends_it(account: Account) -> None:
    account.exit_status = 1
    (taken,) = attempt(account.second(), GROUP)
    assert (taken.is_good, taken.text) == (False, "the deployment failed (status 1), and its tags name no stack")
    assert account.typed == ["deploy", "destroy"]
    assert account.filters == []


def test_tags_that_stay_as_they_are(account: Account) -> None:
    account.obeys = False
    account.tags = [{"tagKey": "cloudformation:stack-id", "tagValue": "another"}]
    assert [each.is_good for each in attempt(account.second(), GROUP)] == [False, False]
