"""IAM is enforced in the local cloud: what the provider's role may not do ends the deployment, and says so."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.tools.sandbox.conftest import App
from tools.sandbox import inventory
from tools.sandbox.cloud import Endpoint, client

pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("deploying 1")]

DATA = "vod-dev-data"


@pytest.mark.parametrize("action", ["personalize:CreateDatasetGroup", "personalize:TagResource", "iam:PassRole"])
def test_a_missing_permission_fails_the_deployment_and_is_named(app: App, action: str) -> None:
    deploy = ["deploy", DATA, "--require-approval", "never", "--progress", "events"]
    result = app.run(deploy, without=action)
    assert result.exit_status != 0
    assert f"Access denied: the provider's role may not perform {action} on arn:aws:" in result.output
    assert inventory.personalize(app.endpoint) == []
    result = app.run(["destroy", DATA, "--force"], without=action)
    assert result.exit_status == 0, result.output
    assert app.left() == {}


def test_credentials_that_nobody_issued_are_refused(cloud: Endpoint) -> None:
    stranger = client(cloud, "personalize", aws_access_key_id="AKIASTRANGER")
    with pytest.raises(ClientError, match="security token"):
        stranger.list_schemas()


def test_a_user_without_policies_may_do_nothing(cloud: Endpoint) -> None:
    iam = client(cloud, "iam")
    iam.create_user(UserName="visitor")
    key = iam.create_access_key(UserName="visitor")["AccessKey"]
    visitor = client(
        cloud,
        "personalize",
        aws_access_key_id=key["AccessKeyId"],
        aws_secret_access_key=key["SecretAccessKey"],
    )
    with pytest.raises(ClientError, match="not authorized to perform: personalize:ListSchemas"):
        visitor.list_schemas()
    iam.put_user_policy(
        UserName="visitor",
        PolicyName="look",
        PolicyDocument=(
            '{"Version": "2012-10-17", "Statement":'
            ' [{"Effect": "Allow", "Action": "personalize:List*", "Resource": "*"}]}'
        ),
    )
    assert visitor.list_schemas()["schemas"] == []
