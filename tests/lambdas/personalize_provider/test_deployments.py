"""What CloudFormation says about a stack, with moto's CloudFormation."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber
from moto import mock_aws

from lambdas.personalize_provider import api, deployments
from lambdas.personalize_provider.deployments import AwsCloudFormation, Holder, asks_for, is_rollback
from tools.simulation.cloud import REGION, not_permitted


@pytest.fixture
def stack_id(monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    """A stack of moto's CloudFormation, at rest."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with mock_aws():
        deployments.default_cloudformation.cache_clear()
        template = '{"Resources": {"Topic": {"Type": "AWS::SNS::Topic"}}}'
        client = boto3.client("cloudformation", region_name=REGION)
        yield client.create_stack(StackName="app", TemplateBody=template)["StackId"]
    deployments.default_cloudformation.cache_clear()


def test_a_stack_that_is_not_there_is_gone(stack_id: str) -> None:
    """Case 1: CloudFormation answers an error about a stack it does not know."""
    assert deployments.default_cloudformation().deployment(f"{stack_id[:-3]}abc") == "DELETE_COMPLETE since 0"


def test_an_answer_that_is_neither_a_stack_nor_its_absence_is_an_error() -> None:
    client = boto3.client("cloudformation", region_name=REGION, aws_access_key_id="a", aws_secret_access_key="b")

    def answer(**_: Any) -> None:
        raise not_permitted("any")

    client.meta.events.register("before-call.cloudformation.DescribeStacks", answer)
    with pytest.raises(ClientError, match="not authorized"):
        AwsCloudFormation(client).deployment("any")


def test_cloudformation_says_what_goes_on_and_since_when(stack_id: str) -> None:
    known = deployments.default_cloudformation()
    before = known.deployment(stack_id)
    assert before.startswith("CREATE_COMPLETE since ")
    assert known.deployment(stack_id) == before
    client = boto3.client("cloudformation", region_name=REGION)
    client.update_stack(StackName="app", TemplateBody='{"Resources": {"Other": {"Type": "AWS::SNS::Topic"}}}')
    assert AwsCloudFormation(client).deployment(stack_id) != before


@pytest.mark.parametrize(
    ("statuses", "expected"),
    [
        (["UPDATE_COMPLETE"], "films/1"),
        (["DELETE_FAILED"], "films/1"),
        (["DELETE_SKIPPED", "CREATE_COMPLETE"], "films/2"),
        (["DELETE_SKIPPED", "DELETE_COMPLETE"], None),
        ([], None),
    ],
)
def test_cloudformation_says_which_stack_has_a_physical_id(statuses: list[str], expected: str | None) -> None:
    client = boto3.client("cloudformation", region_name=REGION, aws_access_key_id="a", aws_secret_access_key="b")
    arn = "arn:aws:personalize:eu-west-1:000000000000:event-tracker/1a2b"
    type_ = "AWS::Personalize::EventTracker"
    one = {"LogicalResourceId": "Tracker", "ResourceType": type_, "Timestamp": datetime.now(UTC)}
    found = [
        {**one, "StackId": f"films/{number}", "PhysicalResourceId": arn, "ResourceStatus": status}
        for number, status in enumerate(statuses, 1)
    ]
    other = {**one, "StackId": "films/0", "PhysicalResourceId": "another", "ResourceStatus": "CREATE_COMPLETE"}
    with Stubber(client) as stubbed:
        if statuses:
            answer = {"StackResources": [other, *found]}
            stubbed.add_response("describe_stack_resources", answer, {"PhysicalResourceId": arn})
        else:
            said = f"Stack for {arn} does not exist"
            stubbed.add_client_error("describe_stack_resources", "ValidationError", said)
        holder = AwsCloudFormation(client).holder(arn)
    assert holder == (Holder(expected, "Tracker", type_) if expected else None)


def test_a_holder_that_cloudformation_does_not_say_is_an_error() -> None:
    client = boto3.client("cloudformation", region_name=REGION, aws_access_key_id="a", aws_secret_access_key="b")
    with Stubber(client) as stubbed:
        stubbed.add_client_error("describe_stack_resources", "AccessDenied", "You may not.")
        with pytest.raises(ClientError, match="You may not"):
            AwsCloudFormation(client).holder("films")


def test_clients_are_made_once(stack_id: str) -> None:
    assert deployments.default_cloudformation() is deployments.default_cloudformation()
    assert api.default_client() is api.default_client()
    assert api.default_client().meta.config.retries["mode"] == "adaptive"


@pytest.mark.parametrize(
    ("status", "create", "update"),
    [
        ("CREATE_IN_PROGRESS", True, True),
        ("UPDATE_IN_PROGRESS", True, True),
        ("UPDATE_COMPLETE_CLEANUP_IN_PROGRESS", True, True),
        ("UPDATE_ROLLBACK_IN_PROGRESS", False, True),
        ("ROLLBACK_IN_PROGRESS", False, False),
        ("DELETE_IN_PROGRESS", False, False),
        ("UPDATE_COMPLETE", False, False),
        ("UPDATE_ROLLBACK_FAILED", False, False),
    ],
)
def test_what_cloudformation_asks_for_in_a_status(status: str, create: bool, update: bool) -> None:
    deployment = f"{status} since 2026-01-01 00:00:00+00:00"
    assert asks_for(deployment, "Create") is create
    assert asks_for(deployment, "Update") is update
    assert asks_for(deployment, "Delete")
    assert is_rollback(deployment) is status.startswith("UPDATE_ROLLBACK")
