"""The sample CSV files, uploaded into the data bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_deployment as s3_deployment
from constructs import Construct

from .personalize import PropsError
from .personalize.acknowledge import (
    acknowledge,
    acknowledge_functions,
    acknowledge_log_encryption,
    acknowledge_own_policies,
    acknowledge_wildcards,
)

_LOGGING = "arn:<AWS::Partition>:iam::aws:policy/service-role/AWSLambdaBasicExecutionRole"


class SampleData(Construct):
    """Uploads files under a path that names their content, so that other content is another data location."""

    def __init__(self, scope: Construct, id: str, *, bucket: s3.Bucket, directory: Path, names: Iterable[str]) -> None:
        """Declare the upload.

        Args:
            scope: parent construct.
            id: construct id.
            bucket: where the files go.
            directory: where they are.
            names: their names.

        Raises:
            PropsError: a file is missing.
        """
        super().__init__(scope, id)
        files = [directory / name for name in sorted(names)]
        missing = [file for file in files if not file.is_file()]
        if missing:
            raise PropsError(
                f"data: the sample file {missing[0]} is missing. Run `make data` to make it, "
                f"or set data to an s3:// location."
            )
        digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:10]
        self._bucket = bucket
        self._prefix = f"sample/{digest}"
        deployment = s3_deployment.BucketDeployment(
            self,
            "Upload",
            sources=[s3_deployment.Source.asset(str(directory), exclude=["*", *(f"!{file.name}" for file in files)])],
            destination_bucket=bucket,
            destination_key_prefix=self._prefix,
            memory_limit=256,
            # CDK's default keeps the log group when the stack is deleted.
            log_group=logs.LogGroup(
                self, "Logs", retention=logs.RetentionDays.ONE_MONTH, removal_policy=RemovalPolicy.DESTROY
            ),
        )
        self._acknowledge_findings(deployment)

    def location(self, name: str) -> str:
        """s3:// location of an uploaded file."""
        return self._bucket.s3_url_for_object(f"{self._prefix}/{name}")

    def _acknowledge_findings(self, deployment: s3_deployment.BucketDeployment) -> None:
        copier = deployment.handler_role.node.scope
        assert copier is not None
        acknowledge(copier, f"AwsSolutions-IAM4[Policy::{_LOGGING}]", "CDK's own copying function: lets it log.")
        acknowledge(copier, "AwsSolutions-L1", "CDK's own copying function: the runtime is CDK's choice.")
        acknowledge_functions(copier)
        acknowledge_own_policies(copier)
        acknowledge_log_encryption(self)
        stack = Stack.of(self)
        acknowledge_wildcards(
            copier,
            "CDK's own copying function: reads any asset of the app and writes any key of this bucket.",
            resources=[
                self._bucket.arn_for_objects("*"),
                f"arn:{stack.partition}:s3:::cdk-hnb659fds-assets-{stack.account}-{stack.region}/*",
            ],
            actions=["s3:GetBucket*", "s3:GetObject*", "s3:List*", "s3:Abort*", "s3:DeleteObject*"],
        )
