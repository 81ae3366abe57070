"""The bucket that Personalize reads, and CDK's function that empties it."""

from __future__ import annotations

from typing import cast

from aws_cdk import CfnResource, Duration, RemovalPolicy, Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_logs as logs
from aws_cdk import aws_s3 as s3

from .personalize import allow_personalize_read, findings

# Where CDK puts the function behind `auto_delete_objects`.
_EMPTYING = "Custom::S3AutoDeleteObjectsCustomResourceProvider"
_ACCESS_LOGS = "Access logs need a bucket of their own; accounts that log S3 access use CloudTrail data events."
# Findings of cdk-nag on the bucket, accepted.
_FINDINGS = {
    "AwsSolutions-S1": _ACCESS_LOGS,
    "NIST.800.53.R5-S3BucketLoggingEnabled": _ACCESS_LOGS,
    "NIST.800.53.R5-S3BucketReplicationEnabled": "It holds copies for imports; their source is elsewhere.",
}
_S3_KEY = (
    "Encrypted with S3's own key unless the settings name another, which would need a policy for Personalize and a "
    "charge per request, for data that is copied into Personalize anyway."
)


def add_bucket(
    stack: Stack,
    *,
    removal_policy: RemovalPolicy,
    encryption_key: kms.IKey | None,
    conditions: bool,
    log_retention: logs.RetentionDays,
    tells_of_files: bool,
) -> s3.Bucket:
    """Declare the bucket, which Personalize may read.

    Args:
        stack: where.
        removal_policy: what happens to the bucket and its policy when they leave the template; DESTROY empties it.
        encryption_key: KMS key of its objects; None for S3's own.
        conditions: whether Personalize has to act for this account when it reads.
        log_retention: how long the function that empties it keeps its log.
        tells_of_files: whether EventBridge hears of new files.
    """
    destroy = removal_policy is RemovalPolicy.DESTROY
    bucket = s3.Bucket(
        stack,
        "Bucket",
        encryption=s3.BucketEncryption.KMS if encryption_key else s3.BucketEncryption.S3_MANAGED,
        encryption_key=encryption_key,
        # One key for the bucket instead of a request to KMS for each object.
        bucket_key_enabled=True if encryption_key else None,
        enforce_ssl=True,
        block_public_access=s3.BlockPublicAccess.BLOCK_ALL,
        versioned=True,
        removal_policy=removal_policy,
        auto_delete_objects=destroy,
        # Older versions are for undoing an upload by mistake, not an archive.
        lifecycle_rules=[
            s3.LifecycleRule(
                noncurrent_version_expiration=Duration.days(30),
                abort_incomplete_multipart_upload_after=Duration.days(1),
            )
        ],
    )
    if tells_of_files:
        # Not by `event_bridge_enabled`, for which the CDK adds a function and a custom resource.
        resource = cast(CfnResource, bucket.node.default_child)
        resource.add_property_override("NotificationConfiguration.EventBridgeConfiguration.EventBridgeEnabled", True)
    allow_personalize_read(bucket, conditions=conditions)
    if destroy:
        _keep_log_of_emptying(stack, bucket, log_retention)
    else:
        # A bucket that stays without its policy would take requests without TLS.
        policy = bucket.policy
        assert policy
        policy.apply_removal_policy(removal_policy)
    for rule, reason in _FINDINGS.items():
        findings.acknowledge(bucket, rule, reason)
    if not encryption_key:
        findings.acknowledge(bucket, "NIST.800.53.R5-S3DefaultEncryptionKMS", _S3_KEY)
    return bucket


def _keep_log_of_emptying(stack: Stack, bucket: s3.Bucket, retention: logs.RetentionDays) -> None:
    """Let the function that empties the bucket write to a log group of the stack, and create none itself.

    CDK's policy for it lets it make log groups, so that its last lines would make it again after CloudFormation has
    deleted it.
    """
    emptying = stack.node.find_child(_EMPTYING)
    function = cast(CfnResource, emptying.node.find_child("Handler"))
    role = cast(CfnResource, emptying.node.find_child("Role"))
    log_group = logs.LogGroup(
        stack,
        "EmptyingLogs",
        log_group_name=f"/aws/lambda/{function.ref}",
        retention=retention,
        removal_policy=RemovalPolicy.DESTROY,
    )
    findings.acknowledge_log_encryption(log_group)
    role.add_property_deletion_override("ManagedPolicyArns")
    write = iam.PolicyStatement(
        actions=["logs:CreateLogStream", "logs:PutLogEvents"], resources=[log_group.log_group_arn]
    )
    # A resource of its own: the log group's name comes from the function, which needs its role first.
    policy = iam.CfnPolicy(
        stack,
        "EmptyingPolicy",
        policy_name="WriteLog",
        policy_document=iam.PolicyDocument(statements=[write]),
        roles=[role.ref],
    )
    findings.acknowledge_own_policies(policy)
    bucket.node.find_child("AutoDeleteObjectsCustomResource").node.add_dependency(log_group, policy)
