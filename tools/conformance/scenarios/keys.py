"""Data that a KMS key of the run's own encrypts."""

from __future__ import annotations

import json
from typing import Any

from tools.conformance.clean import DAYS_OF_A_KEY
from tools.conformance.run import Run
from tools.conformance.step import Cost, Endpoint, Step, Tier

from .imports import start_import
from .materials import csv, users

# A key is billed by the hour until its deletion is scheduled; the week until it has gone costs nothing.
_CENTS = Cost("cents", 0.01, "https://aws.amazon.com/kms/pricing/: a dollar a month")
_USING = ["kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey", "kms:CreateGrant", "kms:ListGrants"]
_KEY = "encrypted/users.csv"


def _import_encrypted(run: Run) -> None:
    """With a policy for the role and for Personalize, then for the role alone."""
    key = run.key("encrypted", _policy(run, with_service=True))
    run.s3.put_object(
        Bucket=run.recall("bucket"),
        Key=_KEY,
        Body=csv("Users", users()).encode(),
        ServerSideEncryption="aws:kms",
        SSEKMSKeyId=key,
    )
    run.note("with a policy for role and service", _imported(run, "encrypted"), expected="ACTIVE")
    run.client("kms").put_key_policy(KeyId=key, PolicyName="default", Policy=_policy(run, with_service=False))
    run.note("with a policy for the role alone", _imported(run, "encrypted-role"), expected="CREATE FAILED")


def _imported(run: Run, name: str) -> str:
    arn = start_import(run, name, "vod-Users", _KEY)
    return run.settled("DatasetImportJob", arn) if arn else "refused"


def _policy(run: Run, *, with_service: bool) -> str:
    root = {"AWS": f"arn:aws:iam::{run.account}:root"}
    # The account keeps its key, but by this alone its roles may not use it.
    owner = ["kms:Create*", "kms:Delete*", "kms:Describe*", "kms:List*", "kms:Put*"]
    owner += ["kms:ScheduleKeyDeletion", "kms:TagResource"]
    whoever_uploads = {"StringEquals": {"kms:ViaService": f"s3.{run.region}.amazonaws.com"}}
    statements: list[dict[str, Any]] = [
        {"Principal": root, "Action": owner},
        {"Principal": root, "Action": "kms:GenerateDataKey", "Condition": whoever_uploads},
        {"Principal": {"AWS": run.recall("role")}, "Action": _USING},
    ]
    if with_service:
        statements.append({"Principal": {"Service": "personalize.amazonaws.com"}, "Action": _USING})
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Resource": "*", **each} for each in statements]}
    )


STEPS = (
    Step(
        "imports.encrypted",
        "Imports a file that a KMS key of the run encrypts, with and without a statement for Personalize in its "
        f"policy; the key goes {DAYS_OF_A_KEY} days after the run.",
        _import_encrypted,
        rules=("imports.kms_key",),
        tier=Tier.IMPORT,
        needs=("imports.new_role",),
        cost=_CENTS,
        minutes=10,
        endpoints=frozenset({Endpoint.AWS}),
    ),
)
