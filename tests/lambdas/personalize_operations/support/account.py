"""An account in which an app has been deployed: the emulator in virtual time, and an S3 that tells the same time."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from lambdas.personalize_operations import handler
from tests.lambdas.personalize_operations.support import services
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tools.simulation.cloud import VirtualCloud
from tools.simulation.stacks import Stack

BUCKET = "vod-data"
INCOMING = f"s3://{BUCKET}/incoming"
HOUR, DAY = 3600.0, 86_400.0
PREFIX = "vod-dev_refresh"


@dataclass
class Account:
    """An account, and how to act in it as people and workflows do.

    Attributes:
        cloud: CloudFormation, the provider and Personalize.
        states, parameters, cloudwatch: the other services.
    """

    cloud: VirtualCloud

    def __post_init__(self) -> None:
        """Begin with nothing in S3 but what the cloud has."""
        self._objects: dict[str, dict[str, Any]] = {}
        self._s3 = services.client("s3", {"ListObjectsV2": self._list})
        self.states = services.StepFunctions(self.now)
        self.parameters = services.ParameterStore()
        self.cloudwatch = services.CloudWatch()

    # -- clients ------------------------------------------------------------------------------------------------

    def clients(self, service: str) -> Any:
        """The clients that functions are given."""
        own = {"personalize": self.cloud.personalize, "s3": self._s3, "stepfunctions": self.states.client}
        return {**own, "ssm": self.parameters.client, "cloudwatch": self.cloudwatch.client}[service]

    def _list(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Two objects to a page, so that every test of several has pages."""
        beginning = f"s3://{asked['Bucket']}/{asked['Prefix']}"
        found = [each for location, each in sorted(self._objects.items()) if location.startswith(beginning)]
        start = int(asked.get("ContinuationToken", 0))
        page = {"Contents": found[start : start + 2], "IsTruncated": start + 2 < len(found)}
        return {**page, "NextContinuationToken": str(start + 2)}

    @property
    def now(self) -> datetime:
        """The time."""
        return datetime.fromtimestamp(self.cloud.time.time(), UTC)

    # -- acting -------------------------------------------------------------------------------------------------

    def put(self, location: str, body: str) -> None:
        """Put an object."""
        self.cloud.objects.put(location, body)
        # S3 says when, in whole seconds.
        modified = self.now.replace(microsecond=0)
        self._objects[location] = {
            "Key": location.removeprefix("s3://").partition("/")[2],
            "ETag": f'"{hashlib.md5(body.encode(), usedforsecurity=False).hexdigest()}"',
            "Size": len(body),
            "LastModified": modified,
        }

    def deploy(self, trigger: str = "1", data: str = "1") -> Stack:
        """Deploy datasets with data, a solution with a version, and a campaign behind a gate."""
        return blocks.deployed(self.cloud, blocks.gated({"TrainingTrigger": trigger}, data))

    def deploy_items(self, data: str = "1") -> Stack:
        """Deploy an items dataset with data, and nothing that is trained."""
        resources = {**blocks.group(), **blocks.data(data)}
        kept = {name: each for name, each in resources.items() if name == "Group" or name.startswith("Items")}
        return blocks.deployed(self.cloud, kept)

    def find(
        self, stack: Stack, *kinds: str, train: str = "if-new", import_mode: str = "INCREMENTAL", **more: Any
    ) -> dict[str, Any]:
        """What find_new_data says about what is below `incoming/`."""
        datasets = [
            {
                "type": kind.upper(),
                "dataset_arn": stack.resources[f"{kind}Dataset"].attributes["DatasetArn"],
                "location": f"{INCOMING}/{kind.lower()}/",
                "import_mode": import_mode,
            }
            for kind in kinds or ("Items",)
        ]
        event = {"datasets": datasets, "job_prefix": PREFIX, "train": train, "events_count": False}
        solution = stack.resources.get("Solution")
        event |= {"solution_arn": solution.attributes["SolutionArn"] if solution else None, **more}
        return handler.run_find_new_data(event, self.clients, self.cloud.time)

    def import_(self, found: Mapping[str, Any]) -> list[str]:
        """Import what is due as the workflow does: one job of a dataset after the other; the statuses they end with."""
        return [self.run(each["dataset_arn"], job) for each in found["imports"] for job in each["jobs"]]

    def run(self, dataset_arn: str, job: Mapping[str, str]) -> str:
        """Start a job, if it does not exist yet, and wait for it."""
        try:
            self.cloud.personalize.create_dataset_import_job(
                jobName=job["job_name"],
                datasetArn=dataset_arn,
                dataSource={"dataLocation": job["location"]},
                roleArn=blocks.ROLE,
                importMode=job["import_mode"],
            )
        except ClientError as error:
            if error.response["Error"]["Code"] != "ResourceAlreadyExistsException":
                raise
        while True:
            self.cloud.time.sleep(60)
            found = self.cloud.personalize.describe_dataset_import_job(datasetImportJobArn=job["job_arn"])
            status = str(found["datasetImportJob"]["status"])
            if status in ("ACTIVE", "CREATE FAILED"):
                return status
