"""What `make conformance-deploy` tries of adoption, and what it makes of it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from stacks.settings import load_settings
from tools.conformance.adopting import ENV, Second, attempt
from tools.sandbox import cdk

GROUP = "arn:aws:personalize:eu-west-1:123456789012:dataset-group/conformance-smallest_group-1"
STACK = "arn:aws:cloudformation:eu-west-1:123456789012:stack/conformance-adopting-data/1"
NATIVE = "arn:aws:cloudformation:eu-west-1:123456789012:stack/conformance-adopting-native/1"
FAILED = "Error: The filter 'f' cannot be adopted, because it belongs to Filter of\n  stack arn:aws:cloudformation:"


class Account:
    """Personalize and CloudFormation with a stack of native types, and a CDK CLI that does what the settings say."""

    def __init__(self, config: Path) -> None:
        self.config = config
        self.created = "CREATE_COMPLETE"
        self.exit_status = 0
        self.refuses = True
        self.obeys = True
        self.forgets = False
        self.looks = 0
        self.status = ""
        self.tags: list[dict[str, str]] = []
        self.typed: list[str] = []

    def second(self) -> Second:
        return Second(self, self, self.cli, self.config, (), 1, lambda seconds: None)

    def cli(self, arguments: Sequence[str]) -> cdk.Result:
        self.typed.append(arguments[0])
        if arguments[0] == "destroy":
            return cdk.Result(0, "")
        if self.status == "CREATE_COMPLETE" and self.refuses:
            return cdk.Result(1, FAILED)
        if not self.exit_status and self.obeys:
            made = load_settings(ENV, self.config).filters["native"]
            self.tags = [] if made.release else [{"tagKey": "cloudformation:stack-id", "tagValue": STACK}]
        return cdk.Result(self.exit_status, "")

    # -- CloudFormation -------------------------------------------------------------------------------------

    def create_stack(self, **members: str) -> dict[str, str]:
        resources = json.loads(members["TemplateBody"])["Resources"]
        assert sorted(resources) == ["DatasetGroup", "Filter"]
        assert resources["Filter"]["Properties"]["DatasetGroupArn"] == GROUP
        self.status = self.created
        return {"StackId": NATIVE}

    def describe_stacks(self, **_: str) -> dict[str, Any]:
        self.looks += 1
        return {"Stacks": [{"StackStatus": self.status if self.looks > 1 else "CREATE_IN_PROGRESS"}]}

    def describe_stack_resources(self, **members: str) -> dict[str, Any]:
        found = [
            {"LogicalResourceId": noun, "PhysicalResourceId": f"arn:{noun}", "StackId": NATIVE}
            for noun in ("Filter", "DatasetGroup")
        ]
        if "PhysicalResourceId" not in members:
            return {"StackResources": found}
        if self.forgets:
            raise ClientError({"Error": {"Code": "ValidationError", "Message": "gone"}}, "DescribeStackResources")
        return {"StackResources": [{**found[0], "ResourceStatus": "DELETE_SKIPPED"}]}

    def delete_stack(self, **_: str) -> None:
        self.typed.append("leave")
        self.status = "DELETE_COMPLETE"

    # -- Personalize ----------------------------------------------------------------------------------------

    def delete_filter(self, **members: str) -> None:
        self.typed.append(members["filterArn"])

    def delete_dataset_group(self, **members: str) -> None:
        self.typed.append(members["datasetGroupArn"])

    def list_tags_for_resource(self, **members: str) -> dict[str, Any]:
        of_aws = {"tagKey": "aws:cloudformation:stack-id", "tagValue": NATIVE}
        stays = {"tagKey": "stage", "tagValue": "test"}
        return {"tags": [stays, *self.tags] if members["resourceArn"] == "arn:Filter" else [stays, of_aws]}


@pytest.fixture
def account(tmp_path: Path) -> Account:
    return Account(tmp_path)


CLEANED = ["destroy", "leave", "arn:Filter", "arn:DatasetGroup"]


def test_a_filter_is_left_to_its_stack_then_taken_over_and_given_up(account: Account) -> None:
    left, behind, taken, given_up = attempt(account.second(), GROUP)
    assert (left.is_good, left.text) == (True, "refused, and its tags name no stack")
    counts = "filter 0, dataset group 1"
    seen = f"the stack is DELETE_COMPLETE; tags of CloudFormation's own: before {counts}, after {counts}; "
    assert (behind.is_good, behind.text) == (True, f"{seen}it is listed as DELETE_SKIPPED of {NATIVE}")
    assert (taken.is_good, taken.text) == (True, f"its tags name {STACK}")
    assert (given_up.is_good, given_up.text) == (True, "its tags name no stack")
    assert account.typed == ["deploy", "leave", "deploy", "deploy", *CLEANED]


def test_a_stack_that_is_not_made_ends_it(account: Account) -> None:
    account.created = "ROLLBACK_COMPLETE"
    (made,) = attempt(account.second(), GROUP)
    assert (made.is_good, made.text) == (False, "it is ROLLBACK_COMPLETE")
    assert account.typed == ["destroy", "leave"]


def test_what_is_taken_from_its_stack_is_told(account: Account) -> None:
    account.refuses = False
    left, *_ = attempt(account.second(), GROUP)
    assert (left.is_good, left.text) == (False, f"not refused for that reason (status 0), and its tags name {STACK}")


def test_a_deployment_that_fails_ends_it(account: Account) -> None:
    account.exit_status, account.forgets = 1, True
    _, behind, taken = attempt(account.second(), GROUP)
    assert behind.text.endswith("calling the DescribeStackResources operation: gone")
    assert (taken.is_good, taken.text) == (False, "the deployment failed (status 1), and its tags name no stack")
    assert account.typed == ["deploy", "leave", "deploy", *CLEANED]


def test_tags_that_stay_as_they_are(account: Account) -> None:
    account.obeys = False
    account.tags = [{"tagKey": "cloudformation:stack-id", "tagValue": "another"}]
    assert [each.is_good for each in attempt(account.second(), GROUP)] == [False, True, False, False]
