"""What a step works with."""

from __future__ import annotations

from typing import Any

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from moto import mock_aws

from tests.tools.emulator.support import records
from tools.conformance.run import GONE, PATH_OF_ROLES, TAG, Note, Run
from tools.conformance.step import Step
from tools.emulator import Fault, Faults, ManualClock, MemoryObjects, Service
from tools.emulator.inprocess import connect

PREFIX = "personalize-conformance-0123abcd"
ADDED = {"name": "SEASON", "type": ["null", "string"]}
KEYS = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


def run_of(region: str = "eu-west-1", faults: Faults | None = None) -> Run:
    clock = ManualClock()
    service = Service(clock, MemoryObjects(), faults=faults)
    session = boto3.Session(region_name=region, **KEYS)

    def client(name: str, **options: Any) -> Any:
        return connect(session.client(name, config=Config(retries={"total_max_attempts": 1}), **options), service)

    return Run(client, PREFIX, region, "123456789012", clock.advance, clock.now, 5.0, 12.0)


def test_names_begin_with_the_prefix_and_are_not_too_long() -> None:
    run = run_of()
    assert run.name("x" * 30) == f"{PREFIX}-{'x' * 30}"
    with pytest.raises(ValueError, match="more than 63 characters"):
        run.name("x" * 31)


def test_values_pass_from_step_to_step() -> None:
    run = run_of()
    assert run.remember("group", "arn") == run.recall("group") == "arn"
    with pytest.raises(KeyError):
        run.recall("schema")


def test_a_refusal_is_no_answer() -> None:
    run = run_of()
    assert run.ask(run.personalize.delete_filter, filterArn="arn:aws:personalize:eu-west-1:0:filter/none") is None
    answer = run.ask(run.personalize.list_filters)
    assert answer
    assert answer["Filters"] == []


def test_it_waits_until_a_resource_has_settled_or_gone() -> None:
    run = run_of()
    arn = run.personalize.create_dataset_group(name=run.name("group"))["datasetGroupArn"]
    assert run.settled("DatasetGroup", arn) == "ACTIVE"
    run.personalize.delete_dataset_group(datasetGroupArn=arn)
    assert run.settled("DatasetGroup", arn) == GONE


def test_an_update_is_waited_for_too() -> None:
    run = run_of()
    group = run.personalize.create_dataset_group(name=run.name("group"))["datasetGroupArn"]
    run.settled("DatasetGroup", group)
    old, new = (
        run.personalize.create_schema(name=run.name(f"v{number}"), schema=records.schema("Items", fields))["schemaArn"]
        for number, fields in enumerate([records.FIELDS["Items"], [*records.FIELDS["Items"], ADDED]])
    )
    items = run.personalize.create_dataset(
        name=run.name("items"), datasetGroupArn=group, datasetType="Items", schemaArn=old
    )["datasetArn"]
    run.settled("Dataset", items)
    run.personalize.update_dataset(datasetArn=items, schemaArn=new)
    assert run.settled("Dataset", items) == "ACTIVE"
    found = run.personalize.describe_dataset(datasetArn=items)["dataset"]
    assert (found["latestDatasetUpdate"]["status"], found["schemaArn"]) == ("ACTIVE", new)


def test_other_errors_end_the_waiting() -> None:
    run = run_of(faults=Faults(Fault("access_denied", operation="DescribeFilter")))
    with pytest.raises(ClientError, match="AccessDenied"):
        run.settled("Filter", "arn:aws:personalize:eu-west-1:0:filter/none")


def test_it_says_every_minute_that_it_waits() -> None:
    run, told = run_of(), list[str]()
    run.tell = told.append
    arn = run.personalize.create_dataset_group(name=run.name("group"))["datasetGroupArn"]
    run.settled("DatasetGroup", arn)
    run.ask(run.personalize.list_filters)
    end = run.now() + 150
    run.watch(run.personalize.list_filters, lambda answer: run.now() >= end)
    assert told == ["  list_filters: waiting for 1 min", "  list_filters: waiting for 2 min"]


def test_it_does_not_wait_for_ever() -> None:
    run = run_of()
    began = run.now()
    with pytest.raises(TimeoutError, match=r"in 0\.5 hours"):
        run.watch(run.personalize.list_filters, lambda answer: False, hours=0.5)
    assert 1800 <= run.now() - began < 1900


def test_it_notes_what_was_seen() -> None:
    run = run_of()
    run.note("entries", 2, expected=3)
    assert run.notes == {"entries": Note(2, 3)}


@pytest.mark.parametrize("region", ["eu-west-1", "us-east-1"])
def test_a_bucket_and_a_role_say_whose_they_are(region: str) -> None:
    run = run_of(region)
    with mock_aws():
        bucket = run.bucket("data")
        role = run.role(
            "reader", [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": f"arn:aws:s3:::{bucket}/*"}]
        )
        run.role("powerless")
        tags = run.s3.get_bucket_tagging(Bucket=bucket)["TagSet"]
        found = run.iam.get_role(RoleName=run.name("reader"))["Role"]
        policies = [
            run.iam.list_role_policies(RoleName=run.name(each))["PolicyNames"] for each in ("reader", "powerless")
        ]
    assert bucket == f"{PREFIX}-data"
    assert tags == found["Tags"] == [{"Key": TAG, "Value": PREFIX}]
    assert (found["Arn"], found["Path"]) == (role, PATH_OF_ROLES)
    assert found["AssumeRolePolicyDocument"]["Statement"][0]["Principal"] == {"Service": "personalize.amazonaws.com"}
    assert policies == [["conformance"], []]


def test_a_step_works_with_it() -> None:
    run = run_of()
    step = Step("topic.names", "Remembers a name.", lambda run: run.remember("name", run.name("a")), rules=("a.rule",))
    step.does(run)
    assert run.recall("name") == f"{PREFIX}-a"


def test_clients_are_made_once() -> None:
    run = run_of()
    assert run.runtime is run.runtime
    assert run.events.meta.service_model.service_name == "personalize-events"
