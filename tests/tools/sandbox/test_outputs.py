"""What Personalize writes into a bucket of the local cloud, and which policies it needs for that."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.tools.emulator.support import records
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


def test_a_batch_reads_all_files_of_a_prefix_and_writes_beside_them() -> None:
    service = {"Principal": {"Service": "personalize.amazonaws.com"}}
    everything = ("s3:GetObject", "s3:ListBucket", "s3:PutObject")
    with Cloud(speed=SPEED) as endpoint:
        personalize, s3, iam = (client(endpoint, name) for name in ("personalize", "s3", "iam"))
        s3.create_bucket(Bucket=BUCKET)
        s3.put_bucket_policy(Bucket=BUCKET, Policy=policy(service, *everything))
        trust = policy(service, "sts:AssumeRole", where=None)
        role = iam.create_role(RoleName="batch", AssumeRolePolicyDocument=trust)["Role"]["Arn"]
        iam.put_role_policy(RoleName="batch", PolicyName="p", PolicyDocument=policy({}, *everything[:2]))

        def made(noun: str, **params: Any) -> tuple[str, dict[str, Any]]:
            """ARN and description of something new that has settled."""
            member = noun[0].lower() + noun[1:]
            snake = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in noun)
            arn = getattr(personalize, f"create{snake}")(**params)[f"{member}Arn"]
            describe = getattr(personalize, f"describe{snake}")
            return arn, settled(lambda: describe(**{f"{member}Arn": arn})[member])

        group, _ = made("DatasetGroup", name="films")
        schema = personalize.create_schema(name="events", schema=records.schema("Interactions"))["schemaArn"]
        dataset, _ = made("Dataset", name="events", datasetGroupArn=group, datasetType="Interactions", schemaArn=schema)
        rows = records.csv("Interactions", records.interaction_rows())
        s3.put_object(Bucket=BUCKET, Key="events.csv", Body=rows)
        source = {"dataLocation": f"s3://{BUCKET}/events.csv"}
        _, job = made("DatasetImportJob", jobName="events", datasetArn=dataset, dataSource=source, roleArn=role)
        assert job["status"] == "ACTIVE", job
        recipe = "arn:aws:personalize:::recipe/aws-popularity-count"
        solution, _ = made("Solution", name="best", datasetGroupArn=group, recipeArn=recipe, performAutoTraining=False)
        version, _ = made("SolutionVersion", solutionArn=solution)
        for name in ("in/a.json", "in_too/b.json"):
            s3.put_object(Bucket=BUCKET, Key=name, Body='{"userId": "u1"}\n')

        def infer(name: str) -> dict[str, Any]:
            return made(
                "BatchInferenceJob",
                jobName=name,
                solutionVersionArn=version,
                roleArn=role,
                numResults=2,
                jobInput={"s3DataSource": {"path": f"s3://{BUCKET}/in"}},
                jobOutput={"s3DataDestination": {"path": f"s3://{BUCKET}/out/"}},
            )[1]

        assert "may not perform s3:PutObject" in infer("only-reading")["failureReason"]
        iam.put_role_policy(RoleName="batch", PolicyName="p", PolicyDocument=policy({}, *everything))
        assert infer("allowed")["status"] == "ACTIVE"
        written = s3.list_objects_v2(Bucket=BUCKET, Prefix="out/")["Contents"]
        assert [one["Key"] for one in written] == ["out/_CHECK", "out/a.json.out", "out/b.json.out"]
        line = json.loads(s3.get_object(Bucket=BUCKET, Key="out/b.json.out")["Body"].read())
        assert (line["input"], len(line["output"]["recommendedItems"])) == ({"userId": "u1"}, 2)
