"""What a run talks to."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError
from moto import mock_aws

from tests.tools.conformance.support.emulated import recording_run
from tests.tools.emulator.support import records
from tools.conformance import connections
from tools.conformance.connections import NotConnectedError
from tools.conformance.run import Run
from tools.conformance.step import Endpoint
from tools.emulator import ManualClock, MemoryObjects, Service
from tools.emulator.inprocess import connect
from tools.sandbox.cloud import CloudError

READ = [{"Effect": "Allow", "Action": ["s3:GetObject", "s3:ListBucket"], "Resource": "*"}]
BY_SERVICE = {"Effect": "Allow", "Principal": {"Service": "personalize.amazonaws.com"}, "Resource": "*"}
BY_ANOTHER = {"Effect": "Allow", "Principal": {"Service": "glue.amazonaws.com"}, "Resource": "*"}


@pytest.fixture(scope="module")
def run() -> Iterator[Run]:
    """A run with a Users dataset and its file."""
    with recording_run() as (run, _):
        ask = run.personalize
        group = ask.create_dataset_group(name=run.name("group"))["datasetGroupArn"]
        run.settled("DatasetGroup", group)
        schema = ask.create_schema(name=run.name("users"), schema=records.schema("Users"))["schemaArn"]
        dataset = ask.create_dataset(
            name=run.name("users"), datasetType="Users", datasetGroupArn=group, schemaArn=schema
        )["datasetArn"]
        run.settled("Dataset", dataset)
        run.remember("users", dataset)
        run.bucket("data")
        run.role("reader", READ)
        run.role("powerless")
        run.s3.put_object(Bucket=run.name("data"), Key="users/a.csv", Body=records.csv("Users", records.user_rows()))
        yield run


@pytest.mark.parametrize(
    ("statement", "role", "key", "status", "reason"),
    [
        (BY_SERVICE, "reader", "users/", "ACTIVE", ""),
        (BY_SERVICE, "reader", "users/a.csv", "ACTIVE", ""),
        (BY_SERVICE, "reader", "users/a", "CREATE FAILED", "Invalid Data location"),
        (BY_SERVICE, "powerless", "users/", "CREATE FAILED", "Insufficient privileges"),
        (BY_SERVICE, "none", "users/", "CREATE FAILED", "Insufficient privileges"),
        (BY_ANOTHER, "reader", "users/", "CREATE FAILED", "Insufficient privileges"),
        (None, "reader", "users/", "CREATE FAILED", "Insufficient privileges"),
    ],
)
def test_imports_read_what_role_and_bucket_let_them(
    run: Run, statement: dict[str, Any] | None, role: str, key: str, status: str, reason: str
) -> None:
    bucket = run.name("data")
    run.s3.delete_bucket_policy(Bucket=bucket)
    if statement:
        policy = {"Version": "2012-10-17", "Statement": [{**statement, "Action": "s3:*"}]}
        run.s3.put_bucket_policy(Bucket=bucket, Policy=json.dumps(policy))
    job = run.personalize.create_dataset_import_job(
        jobName=run.name(f"job-{run.now():.0f}"),
        datasetArn=run.recall("users"),
        dataSource={"dataLocation": f"s3://{bucket}/{key}"},
        roleArn=f"arn:aws:iam::{run.account}:role/personalize-conformance/{run.name(role)}",
    )["datasetImportJobArn"]
    assert run.settled("DatasetImportJob", job) == status
    found = run.personalize.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"]
    assert reason in found.get("failureReason", "")


def test_a_region_without_the_service_does_not_answer(run: Run) -> None:
    with pytest.raises(EndpointConnectionError):
        run.client("personalize", region_name="eu-west-3").list_schemas()


# -- AWS ---------------------------------------------------------------------------------------------------


@contextmanager
def profile(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A profile of AWS configuration files, in an account of moto."""
    config = folder / "config"
    config.write_text("[profile mine]\nregion = us-west-2\naws_access_key_id = a\naws_secret_access_key = b\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(folder / "none"))
    with mock_aws():
        yield


def test_an_account_is_found_by_its_profile(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with profile(tmp_path, monkeypatch), connections.to_aws("mine", None) as found:
        assert (found.endpoint, found.region, found.account) == (Endpoint.AWS, "us-west-2", "123456789012")
        # What is wrong is for the service to refuse, not for botocore.
        client = connect(found.client("personalize"), Service(ManualClock(), MemoryObjects()))
        with pytest.raises(ClientError, match="ValidationException"):
            client.delete_filter()
        assert client.meta.config.retries["mode"] == "adaptive"
        assert client.meta.region_name == "us-west-2"
    with profile(tmp_path, monkeypatch), connections.to_aws("mine", "eu-west-1") as found:
        assert found.client("s3").meta.region_name == found.region == "eu-west-1"


def test_wrong_profiles_and_regions_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with profile(tmp_path, monkeypatch):
        with pytest.raises(NotConnectedError, match=r"Profile theirs cannot be used: .*could not be found"):
            connections.to_aws("theirs", None).__enter__()
        with pytest.raises(NotConnectedError, match=r"eu-west-3 has no Amazon Personalize. Choose one of .*eu-west-1"):
            connections.to_aws("mine", "eu-west-3").__enter__()


@pytest.mark.parametrize("name", ["AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_PERSONALIZE", "AWS_ENDPOINT_URL_S3"])
def test_a_shell_that_points_elsewhere_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    monkeypatch.setenv(name, "https://127.0.0.1:4566")
    with profile(tmp_path, monkeypatch), pytest.raises(NotConnectedError, match=r"https://127.0.0.1:4566 is not AWS"):
        connections.to_aws("mine", None).__enter__()


# -- the local cloud ---------------------------------------------------------------------------------------


ENDPOINT = connections.cloud.Endpoint("https://127.0.0.1:1", "", "us-east-1", 0, "", "")


@pytest.fixture
def requests(monkeypatch: pytest.MonkeyPatch) -> list[tuple[Any, ...]]:
    """Requests that steer a local cloud which only seems to run."""
    asked: list[tuple[Any, ...]] = []

    @contextmanager
    def start(speed: float) -> Iterator[Any]:
        asked.append(("start", speed))
        yield ENDPOINT
        asked.append(("stop",))

    def request(*given: Any) -> io.BytesIO:
        asked.append(given)
        return io.BytesIO(b'{"now": 1700000000.5}')

    monkeypatch.setattr(connections.cloud, "Cloud", start)
    monkeypatch.setattr(connections.cloud, "request", request)
    monkeypatch.setattr(connections.cloud, "client", lambda endpoint, name, **options: (endpoint, name, options))
    return asked


def test_a_run_has_a_local_cloud_of_its_own_and_moves_its_clock(requests: list[tuple[Any, ...]]) -> None:
    with connections.to_local_cloud() as found:
        found.pause(5.0)
        assert found.now() == 1_700_000_000.5
        endpoint, name, options = found.client("iam", region_name="us-east-1")
    assert (endpoint, name, options["region_name"]) == (ENDPOINT, "iam", "us-east-1")
    assert (found.endpoint, found.region, found.account) == (Endpoint.LOCAL, "us-east-1", "000000000000")
    assert requests == [
        ("start", 1.0),
        (ENDPOINT, "POST", "/_sandbox/clock/advance", {"seconds": 5.0}),
        (ENDPOINT, "GET", "/_sandbox/state"),
        ("stop",),
    ]


def test_it_says_why_there_is_none(monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(speed: float) -> None:
        raise CloudError("It cannot be started.")

    monkeypatch.setattr(connections.cloud, "Cloud", fail)
    with pytest.raises(NotConnectedError, match="It cannot be started"):
        connections.to_local_cloud().__enter__()
