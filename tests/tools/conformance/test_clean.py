"""What runs left is found by name and tag and removed in order; nothing else is touched."""

from __future__ import annotations

import datetime
from collections.abc import Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.tools.conformance.support.emulated import PREFIX, recording_run
from tests.tools.emulator.support import records
from tools.conformance import clean
from tools.conformance.conduct import run_on
from tools.conformance.connections import Connection, to_emulator
from tools.conformance.run import TAG, Run
from tools.emulator import Fault, Faults, Service

OTHER = "personalize-conformance-89abcdef"
# Longer than all deletions together.
HOURS = 36_000.0
VOD = "VIDEO_ON_DEMAND"


@pytest.fixture
def connection() -> Iterator[Connection]:
    with to_emulator() as found:
        yield found


def run_of(connection: Connection, prefix: str = PREFIX) -> Run:
    return run_on(connection, prefix)


def tags(prefix: str = PREFIX) -> list[dict[str, str]]:
    return [{"tagKey": TAG, "tagValue": prefix}]


def fill(run: Run) -> None:
    """One of everything, each in the way of the next."""
    ask, own = run.personalize, tags(run.prefix)
    group = ask.create_dataset_group(name=run.name("group"), domain=VOD, tags=own)["datasetGroupArn"]
    run.settled("DatasetGroup", group)
    text = records.schema("Interactions")
    schema = ask.create_schema(name=run.name("events"), schema=text, domain=VOD)["schemaArn"]
    of_group: dict[str, Any] = {"datasetGroupArn": group, "tags": own}
    dataset = ask.create_dataset(name=run.name("events"), datasetType="Interactions", schemaArn=schema, **of_group)[
        "datasetArn"
    ]
    run.settled("Dataset", dataset)
    recipe = "arn:aws:personalize:::recipe/aws-user-personalization"
    solution = ask.create_solution(name=run.name("solution"), recipeArn=recipe, **of_group)["solutionArn"]
    run.settled("Solution", solution)
    expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")'
    ask.create_filter(name=run.name("watched"), filterExpression=expression, **of_group)
    ask.create_event_tracker(name=run.name("tracker"), **of_group)
    metrics = [{"eventType": "Watch", "metricName": "watched", "expression": "SAMPLECOUNT()"}]
    role = run.role("reader", [{"Effect": "Allow", "Action": "s3:GetObject", "Resource": "*"}])
    ask.create_metric_attribution(
        name=run.name("metrics"), datasetGroupArn=group, metrics=metrics, metricsOutputConfig={"roleArn": role}
    )
    run.s3.put_object(Bucket=run.bucket("data"), Key="a/b.csv", Body=b"x")
    run.database("tables")
    run.key("encrypted", "{}")


def removed(connection: Connection, prefix: str = "") -> list[clean.Outcome]:
    return clean.remove(connection, clean.find(connection, prefix), lambda line: None)


def test_everything_of_a_run_is_found_and_removed(connection: Connection) -> None:
    fill(run_of(connection))
    found = clean.find(connection)
    assert [each.noun for each in found] == [
        *("MetricAttribution", "EventTracker", "Filter", "Solution", "Dataset", "Schema", "DatasetGroup"),
        *("Database", "Bucket", "Role", "Key"),
    ]
    assert [each.reason for each in removed(connection)] == [""] * len(found)
    assert clean.find(connection) == []


def test_the_run_s_own_tag_is_enough() -> None:
    with recording_run() as (run, _):
        run.personalize.create_dataset_group(name=run.name("group"))
        connection = connection_of(run)
        assert [each.is_tagged for each in clean.find(connection)] == [True]


def connection_of(run: Run) -> Connection:
    with to_emulator() as plain:
        return replace(plain, client=run.client)


def test_other_things_stay(connection: Connection) -> None:
    ask, s3, iam = connection.client("personalize"), connection.client("s3"), connection.client("iam")
    schema = records.schema("Interactions")
    for name in ("theirs", "personalize-conformance-plans", f"x{PREFIX}-a", f"{PREFIX}a-b"):
        ask.create_schema(name=name, schema=schema)
    ask.create_dataset_group(name="theirs", tags=tags())
    s3.create_bucket(Bucket="theirs", CreateBucketConfiguration={"LocationConstraint": "eu-west-1"})
    for name in ("theirs", "personalize_conformance_plans"):
        connection.client("glue").create_database(DatabaseInput={"Name": name})
    iam.create_role(RoleName="theirs", AssumeRolePolicyDocument="{}", Path="/personalize-conformance/")
    assert clean.find(connection) == []


def test_what_has_the_name_but_not_the_tag_is_told_and_stays(connection: Connection) -> None:
    run = run_of(connection)
    run.personalize.create_dataset_group(name=run.name("none"))
    run.personalize.create_dataset_group(name=run.name("other"), tags=tags(OTHER))
    place = {"LocationConstraint": "eu-west-1"}
    run.s3.create_bucket(Bucket=run.name("data"), CreateBucketConfiguration=place)
    connection.client("glue").create_database(DatabaseInput={"Name": run.name("data").replace("-", "_")})
    kms = connection.client("kms")
    kms.create_alias(AliasName=f"alias/{run.name('data')}", TargetKeyId=kms.create_key()["KeyMetadata"]["KeyId"])
    outcomes = removed(connection)
    names = ("none", "other", "data", "data", "data")
    assert [each.found.name for each in outcomes] == [run.name(each) for each in names]
    assert all("has no tag personalize-conformance" in each.reason for each in outcomes)
    assert len(clean.find(connection)) == 5


def test_a_key_waits_as_short_as_it_can(connection: Connection) -> None:
    run = run_of(connection)
    key = run.key("encrypted", "{}")
    assert [each.reason for each in removed(connection)] == [""]
    described = connection.client("kms").describe_key(KeyId=key)["KeyMetadata"]
    assert described["KeyState"] == "PendingDeletion"
    assert (described["DeletionDate"].date() - datetime.datetime.now(datetime.UTC).date()).days in (6, 7)


def test_a_run_removes_only_its_own(connection: Connection) -> None:
    run_of(connection).bucket("data")
    run_of(connection, OTHER).bucket("data")
    assert [each.found.name for each in removed(connection, PREFIX)] == [f"{PREFIX}-data"]
    assert [each.name for each in clean.find(connection)] == [f"{OTHER}-data"]


def test_who_may_not_list_roles_and_buckets_made_none(connection: Connection) -> None:
    def denied(name: str, **options: Any) -> Any:
        if name == "personalize":
            return connection.client(name, **options)
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, "ListRoles")

    assert clean.find(replace(connection, client=denied)) == []


def test_trainings_are_stopped_instead_of_waited_for() -> None:
    faults = Faults(Fault("duration", operation="CreateSolutionVersion", seconds=HOURS, count=None))
    with to_emulator(partial(Service, faults=faults)) as connection:
        run = run_of(connection)
        fill(run)
        solution = run.personalize.list_solutions()["solutions"][0]["solutionArn"]
        stopped, _ = (
            run.personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"] for _ in range(2)
        )
        run.personalize.stop_solution_version_creation(solutionVersionArn=stopped)
        began = run.now()
        assert [each.reason for each in removed(connection) if each.reason] == []
        assert run.now() - began < HOURS / 10


def test_a_training_that_ends_meanwhile_is_no_fault() -> None:
    faults = Faults(Fault("access_denied", operation="StopSolutionVersionCreation"))
    with to_emulator(partial(Service, faults=faults)) as connection:
        run = run_of(connection)
        fill(run)
        solution = run.personalize.list_solutions()["solutions"][0]["solutionArn"]
        run.personalize.create_solution_version(solutionArn=solution)
        assert [each.reason for each in removed(connection) if each.reason] == []


def test_what_does_not_show_its_tags_stays() -> None:
    faults = Faults(Fault("access_denied", operation="ListTagsForResource", count=None))
    with to_emulator(partial(Service, faults=faults)) as connection:
        run = run_of(connection)
        run.personalize.create_dataset_group(name=run.name("group"), tags=tags())
        assert [each.is_tagged for each in clean.find(connection)] == [False]


def test_a_deletion_that_is_refused_is_told() -> None:
    faults = Faults(Fault("access_denied", operation="DeleteDatasetGroup", count=None))
    with to_emulator(partial(Service, faults=faults)) as connection:
        run = run_of(connection)
        run.personalize.create_dataset_group(name=run.name("group"), tags=tags())
        (outcome,) = removed(connection)
    assert "AccessDeniedException" in outcome.reason


def test_it_does_not_wait_for_ever_for_what_blocks(connection: Connection) -> None:
    run = run_of(connection)
    fill(run)
    group = run.personalize.list_dataset_groups()["datasetGroups"][0]["datasetGroupArn"]
    recipe = "arn:aws:personalize:::recipe/aws-user-personalization"
    run.personalize.create_solution(name="theirs", datasetGroupArn=group, recipeArn=recipe)
    outcomes = removed(replace(connection, hours=0.5))
    assert [(each.found.noun, each.reason) for each in outcomes if each.reason] == [
        ("DatasetGroup", "It was not deleted in 0.5 hours.")
    ]


def test_what_cannot_be_described_is_told() -> None:
    faults = Faults(Fault("access_denied", operation="DescribeDatasetGroup", count=None))
    with to_emulator(partial(Service, faults=faults)) as connection:
        run = run_of(connection)
        run.personalize.create_dataset_group(name=run.name("group"), tags=tags())
        (outcome,) = removed(connection)
    assert "DescribeDatasetGroup" in outcome.reason


def test_what_goes_while_it_looks_is_no_fault(connection: Connection) -> None:
    run = run_of(connection)
    group = run.personalize.create_dataset_group(name=run.name("group"), tags=tags())["datasetGroupArn"]
    run.settled("DatasetGroup", group)
    (found,) = clean.find(connection)
    run.personalize.delete_dataset_group(datasetGroupArn=group)
    run.settled("DatasetGroup", group)
    assert [each.reason for each in clean.remove(connection, [found], lambda line: None)] == [""]
