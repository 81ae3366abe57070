"""Changes of a role's policies that take a while to have an effect, as on AWS."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tools.sandbox.cloud import ACCOUNT, Cloud, Endpoint, client

pytestmark = pytest.mark.xdist_group("sandbox")

ANYBODY = {"Effect": "Allow", "Principal": {"AWS": f"arn:aws:iam::{ACCOUNT}:root"}, "Action": "sts:AssumeRole"}
MAY_LIST = {"Effect": "Allow", "Action": "personalize:ListSchemas", "Resource": "*"}
DENIED = "not authorized to perform: personalize:ListSchemas"
DAY = 86_400.0


def client_with_a_new_role(endpoint: Endpoint) -> Any:
    """A Personalize client in a role that has just been given the permission to list schemas."""
    iam = client(endpoint, "iam")
    role = iam.create_role(RoleName="new", AssumeRolePolicyDocument=json.dumps({"Statement": [ANYBODY]}))["Role"]
    iam.put_role_policy(RoleName="new", PolicyName="look", PolicyDocument=json.dumps({"Statement": [MAY_LIST]}))
    session = client(endpoint, "sts").assume_role(RoleArn=role["Arn"], RoleSessionName="test")["Credentials"]
    return client(
        endpoint,
        "personalize",
        aws_access_key_id=session["AccessKeyId"],
        aws_secret_access_key=session["SecretAccessKey"],
        aws_session_token=session["SessionToken"],
    )


def test_a_new_policy_has_no_effect_yet() -> None:
    with Cloud(propagation_seconds=DAY) as endpoint:
        newcomer = client_with_a_new_role(endpoint)
        with pytest.raises(ClientError, match=DENIED):
            newcomer.list_schemas()


def test_after_a_while_a_change_has_its_effect() -> None:
    with Cloud(propagation_seconds=0.5) as endpoint:
        newcomer = client_with_a_new_role(endpoint)
        wait_until(lambda: not is_denied(newcomer))
        client(endpoint, "iam").delete_role_policy(RoleName="new", PolicyName="look")
        wait_until(lambda: is_denied(newcomer))


def is_denied(newcomer: Any) -> bool:
    try:
        newcomer.list_schemas()
    except ClientError as error:
        return DENIED in str(error)
    return False


def wait_until(condition: Callable[[], bool]) -> None:
    for _ in range(100):
        if condition():
            return
        time.sleep(0.1)
    raise AssertionError("The change has had no effect.")
