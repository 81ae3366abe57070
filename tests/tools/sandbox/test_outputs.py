"""What Personalize writes into a bucket of the local cloud, and which policies it needs for that."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tools.sandbox.cloud import Cloud, client

pytestmark = pytest.mark.xdist_group("sandbox")

SCHEMA = """{"type": "record", "name": "Items", "namespace": "com.amazonaws.personalize.schema", "version": "1.0",
 "fields": [{"name": "ITEM_ID", "type": "string"}, {"name": "GENRES", "type": "string", "categorical": true}]}"""
BUCKET = "personalize-outputs"
SPEED = 100_000
WHERE = [f"arn:aws:s3:::{BUCKET}", f"arn:aws:s3:::{BUCKET}/*"]


def settled(describe: Callable[[], dict[str, Any]]) -> dict[str, Any]:
    """A description whose status does not change by itself any more."""
    while True:
        found = describe()
        if not found["status"].endswith(("PENDING", "IN_PROGRESS")):
            return found


def policy(principal: dict[str, Any], *actions: str, where: Any = WHERE) -> str:
    on = {"Resource": where} if where else {}
    return json.dumps({"Statement": [{"Effect": "Allow", **principal, "Action": list(actions), **on}]})


def test_an_export_needs_what_the_documentation_says() -> None:
    service = {"Principal": {"Service": "personalize.amazonaws.com"}}
    with Cloud(speed=SPEED) as endpoint:
        personalize, s3, iam = (client(endpoint, name) for name in ("personalize", "s3", "iam"))
        s3.create_bucket(Bucket=BUCKET)
        trust = policy(service, "sts:AssumeRole", where=None)
        role = iam.create_role(RoleName="writer", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        group = personalize.create_dataset_group(name="films")["datasetGroupArn"]
        schema = personalize.create_schema(name="items", schema=SCHEMA)["schemaArn"]
        settled(lambda: personalize.describe_dataset_group(datasetGroupArn=group)["datasetGroup"])
        wanted = {"name": "items", "datasetGroupArn": group, "datasetType": "Items", "schemaArn": schema}
        dataset = personalize.create_dataset(**wanted)["datasetArn"]
        settled(lambda: personalize.describe_dataset(datasetArn=dataset)["dataset"])
        item = {"itemId": "i1", "properties": '{"genres": "War"}'}
        client(endpoint, "personalize-events").put_items(datasetArn=dataset, items=[item])
        key = client(endpoint, "kms").create_key()["KeyMetadata"]["Arn"]

        def export(name: str, **destination: str) -> str:
            output = {"s3DataDestination": {"path": f"s3://{BUCKET}/exports/", **destination}}
            job = personalize.create_dataset_export_job(
                jobName=name, datasetArn=dataset, roleArn=role, jobOutput=output
            )["datasetExportJobArn"]
            found = settled(
                lambda: personalize.describe_dataset_export_job(datasetExportJobArn=job)["datasetExportJob"]
            )
            return str(found.get("failureReason") or found["status"])

        documented = ("s3:PutObject", "s3:ListBucket")
        assert "may not perform s3:ListBucket" in export("no-role-policy")
        iam.put_role_policy(RoleName="writer", PolicyName="p", PolicyDocument=policy({}, *documented))
        s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(service, "s3:ListBucket", "s3:GetObject"))
        assert "does not let personalize.amazonaws.com perform s3:PutObject" in export("only-reading")
        s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(service, *documented))
        assert export("allowed") == "ACTIVE"
        written = s3.get_object(Bucket=BUCKET, Key="exports/allowed.csv")["Body"].read()
        assert written.decode() == "ITEM_ID,GENRES\ni1,War\n"
        assert "may not write" in export("under-a-key", kmsKeyArn=key)
        s3.delete_bucket_policy(Bucket=BUCKET)
        s3.delete_object(Bucket=BUCKET, Key="exports/allowed.csv")
        s3.delete_bucket(Bucket=BUCKET)
        assert "There is no bucket" in export("no-bucket")
