"""Finding an environment: in the local cloud or on AWS, and sentences where there is none."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
import yaml
from botocore.exceptions import ClientError, NoCredentialsError
from moto import mock_aws
from moto.core import DEFAULT_ACCOUNT_ID

from tools import deployed
from tools.checkout import EXAMPLE_SETTINGS
from tools.deployed import NotDeployedError, find, paced, reach
from tools.sandbox.cloud import Endpoint
from tools.sandbox.shared import Running

REGION = "eu-west-1"
ENDPOINT = Endpoint("https://127.0.0.1:1", "", REGION, 0, "", "")


pytestmark = pytest.mark.usefixtures("account")


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """An account with what an environment publishes, and no local cloud."""
    for name, value in {"ACCESS_KEY_ID": "test", "SECRET_ACCESS_KEY": "test", "DEFAULT_REGION": REGION}.items():
        monkeypatch.setenv(f"AWS_{name}", value)
    monkeypatch.setattr(deployed.shared, "find", lambda: None)
    with mock_aws():
        client = boto3.client("ssm")
        # More than one page of them.
        for name in ("bucket_name", *(f"filter_{at}_arn" for at in range(12))):
            client.put_parameter(Name=f"/vod/dev/{name}", Value=f"the {name}", Type="String")
        yield client


def settings_with(folder: Path, **values: Any) -> Path:
    document = yaml.safe_load((EXAMPLE_SETTINGS / "dev.yaml").read_text()) | values
    (folder / "schemas").symlink_to(EXAMPLE_SETTINGS / "schemas")
    (folder / "dev.yaml").write_text(yaml.safe_dump(document))
    return folder


def refused(*arguments: Any) -> str:
    with pytest.raises(NotDeployedError) as caught:
        find(*arguments)
    return str(caught.value)


def test_it_reads_what_the_stacks_publish() -> None:
    found = find("dev", EXAMPLE_SETTINGS)
    assert found.name == "vod-dev"
    assert found.where == f"account {DEFAULT_ACCOUNT_ID}, {REGION}"
    assert not found.is_local
    assert len(found.parameters) == 13
    assert found.parameter("bucket_name", "") == "the bucket_name"
    assert found.client("ssm") is found.client("ssm")


def test_a_local_cloud_that_runs_comes_first_unless_a_profile_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deployed.shared, "find", lambda: Running(ENDPOINT, detached=True))
    monkeypatch.setattr(deployed.cloud, "client", lambda endpoint, name: boto3.client(name))
    found = find("dev", EXAMPLE_SETTINGS)
    assert found.where == "the local cloud https://127.0.0.1:1"
    assert found.is_local
    assert "Profile nobody cannot be used: The config profile (nobody) could not be found." in refused(
        "dev", EXAMPLE_SETTINGS, "nobody"
    )


def test_an_environment_that_is_not_deployed(tmp_path: Path) -> None:
    assert refused("dev", settings_with(tmp_path, app_name="films")) == (
        f"films-dev is not deployed in account {DEFAULT_ACCOUNT_ID}, {REGION}: there are no parameters below "
        "/films/dev. Deploy it, or name another environment with ENV=name."
    )


def test_credentials_of_another_account_than_the_settings_say(tmp_path: Path) -> None:
    assert refused("dev", settings_with(tmp_path, account="210987654321")) == (
        f"The settings of dev say account 210987654321, but these credentials are of {DEFAULT_ACCOUNT_ID}. Name "
        "another profile with PROFILE=name."
    )


def test_the_region_is_that_of_the_command_then_that_of_the_settings(tmp_path: Path) -> None:
    folder = settings_with(tmp_path, region="us-west-2")
    assert "us-west-2: there are no parameters" in refused("dev", folder)
    assert find("dev", folder, None, REGION).where.endswith(REGION)


def test_no_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    def denied(*_: object) -> str:
        raise NoCredentialsError

    monkeypatch.setattr(deployed, "_where", denied)
    assert refused("dev", EXAMPLE_SETTINGS) == (
        "No local cloud runs here, and AWS cannot be used: Unable to locate credentials. Start a local cloud with "
        "`make deploy`, or name a profile of AWS with PROFILE=name."
    )


def test_parameters_that_may_not_be_read(monkeypatch: pytest.MonkeyPatch) -> None:
    connect = boto3.Session.client

    def client(self: boto3.Session, name: str, **options: Any) -> Any:
        made = connect(self, name, **options)
        if name == "ssm":
            made.meta.events.register("before-call.ssm", deny)
        return made

    def deny(**_: Any) -> None:
        raise ClientError({"Error": {"Code": "AccessDeniedException", "Message": "No"}}, "GetParametersByPath")

    monkeypatch.setattr(boto3.Session, "client", client)
    assert refused("dev", EXAMPLE_SETTINGS) == (
        f"The parameters below /vod/dev in account {DEFAULT_ACCOUNT_ID}, {REGION} cannot be read: An error occurred "
        "(AccessDeniedException) when calling the GetParametersByPath operation: No."
    )


def test_an_account_is_reached_without_anything_of_ours_in_it(monkeypatch: pytest.MonkeyPatch) -> None:
    found = reach(region="us-west-2")
    assert (found.where, found.id, found.is_local) == (
        f"account {DEFAULT_ACCOUNT_ID}, us-west-2",
        DEFAULT_ACCOUNT_ID,
        False,
    )
    monkeypatch.setattr(deployed.shared, "find", lambda: Running(ENDPOINT, detached=True))
    assert (reach().where, reach().is_local) == ("the local cloud https://127.0.0.1:1", True)


def test_a_paced_client_lets_a_second_pass_between_two_calls_of_an_operation() -> None:
    pauses: list[float] = []
    client = paced(boto3.client("personalize"), pauses.append)
    arn = client.create_schema(name="films", schema="{}")["schemaArn"]
    client.list_schemas()
    client.describe_schema(schemaArn=arn)
    assert pauses == []
    client.list_schemas()
    assert pauses == [1.0]
