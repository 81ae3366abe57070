"""The sample CSV files, uploaded into the data bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from aws_cdk import RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3
from aws_cdk import aws_s3_assets as s3_assets
from aws_cdk import aws_s3_deployment as s3_deployment
from constructs import Construct

from .personalize import PropsError, findings


class SampleData(Construct):
    """Uploads files to a path that depends on their content, so that new content has a new data location."""

    def __init__(
        self,
        scope: Construct,
        id: str,
        *,
        bucket: s3.Bucket,
        directory: Path,
        names: Iterable[str],
        log_retention: logs.RetentionDays,
    ) -> None:
        """Declare the upload.

        Args:
            scope: parent construct.
            id: construct id.
            bucket: where the files go.
            directory: where they are.
            names: their names.
            log_retention: how long the function that uploads them keeps its log.

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
        # CDK's default keeps the log group when the stack is deleted.
        log_group = logs.LogGroup(self, "Logs", retention=log_retention, removal_policy=RemovalPolicy.DESTROY)
        # CDK's own role may make log groups, so that the function's last lines would make its log group again.
        self._role = iam.Role(
            self,
            "Role",
            assumed_by=iam.ServicePrincipal("lambda.amazonaws.com"),
            description="Uploads the sample data",
        )
        log_group.grant_write(self._role)
        self._files = s3_assets.Asset(
            self, "Files", path=str(directory), exclude=["*", *(f"!{file.name}" for file in files)]
        )
        s3_deployment.BucketDeployment(
            self,
            "Upload",
            sources=[s3_deployment.Source.bucket(self._files.bucket, self._files.s3_object_key)],
            destination_bucket=bucket,
            destination_key_prefix=self._prefix,
            memory_limit=256,
            role=self._role,
            log_group=log_group,
        )
        self._acknowledge_findings()

    def location(self, name: str) -> str:
        """s3:// location of an uploaded file."""
        return self._bucket.s3_url_for_object(f"{self._prefix}/{name}")

    def _acknowledge_findings(self) -> None:
        children = Stack.of(self).node.children
        copier = next(child for child in children if child.node.id.startswith("Custom::CDKBucketDeployment"))
        findings.acknowledge(copier, "AwsSolutions-L1", "CDK's own copying function: the runtime is CDK's choice.")
        findings.acknowledge_functions(copier)
        findings.acknowledge_own_policies(self._role)
        findings.acknowledge_log_encryption(self)
        findings.acknowledge_wildcards(
            self._role,
            "CDK's own copying function: reads any asset of the app and writes any key of this bucket.",
            resources=[bucket.arn_for_objects("*") for bucket in (self._bucket, self._files.bucket)],
            actions=["s3:GetBucket*", "s3:GetObject*", "s3:List*", "s3:Abort*", "s3:DeleteObject*"],
        )
        if self._bucket.encryption_key:
            findings.acknowledge_wildcards(
                self._role,
                "The CDK's names for the operations of the key that S3 encrypts objects with.",
                actions=["kms:GenerateDataKey*", "kms:ReEncrypt*"],
            )
