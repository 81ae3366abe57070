"""A key of the customer in the local cloud: the policy that the documentation gives for it is enough, and is needed."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from tests.tools.sandbox.conftest import App
from tools.checkout import CHECKOUT
from tools.sandbox import inventory
from tools.sandbox.cdk import Result

# With the other tests of permissions, so that there are no more clouds at once.
pytestmark = [pytest.mark.e2e, pytest.mark.xdist_group("deploying 1")]

DATA = "vod-dev-data"


def documented(account: str, region: str) -> list[dict[str, Any]]:
    """Statements for the policy of a key in docs/operations.md."""
    page = (CHECKOUT / "docs" / "operations.md").read_text()
    text = re.search(r"## A key of your own.*?```json\n(.*?)```", page, re.DOTALL)
    assert text
    known = {"YOUR-PARTITION": "aws", "YOUR-ACCOUNT": account, "YOUR-REGION": region, "vod-prod": "vod-dev"}
    return list(json.loads(re.sub("|".join(known), lambda match: known[match[0]], text[1])))


def administrators(account: str) -> dict[str, Any]:
    """What every key has, so that somebody can manage it."""
    who = {"AWS": f"arn:aws:iam::{account}:root"}
    return {"Effect": "Allow", "Principal": who, "Action": "kms:*", "Resource": "*"}


def put_policy(app: App, key_arn: str, *statements: dict[str, Any]) -> None:
    document = {"Version": "2012-10-17", "Statement": [administrators(key_arn.split(":")[4]), *statements]}
    app.client("kms").put_key_policy(KeyId=key_arn, PolicyName="default", Policy=json.dumps(document))


def deploy(app: App) -> Result:
    return app.run(["deploy", DATA, "--require-approval", "never", "--progress", "events"])


def test_the_documented_policy_of_a_key_is_enough_and_is_needed(app: App) -> None:
    """Case 17."""
    key_arn = app.client("kms").create_key()["KeyMetadata"]["Arn"]
    app.edit("encryption_key: null", f"encryption_key: {key_arn}")
    put_policy(app, key_arn, *documented(key_arn.split(":")[4], key_arn.split(":")[3]))
    result = deploy(app)
    assert result.exit_status == 0, result.output
    put_policy(app, key_arn)
    app.edit('data_version: "1"', 'data_version: "2"')
    result = deploy(app)
    assert result.exit_status != 0
    assert "Insufficient privileges for accessing data in Amazon S3" in result.output
    assert "in the key's policy" in result.output
    result = app.run(["destroy", DATA, "--force"])
    assert result.exit_status == 0, result.output
    assert inventory.leftovers(app.endpoint) == {"KMS": [key_arn.rpartition("/")[2]]}
