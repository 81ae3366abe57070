"""The role with which Personalize reads data from S3."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_s3 as s3
from constructs import Construct

from .acknowledge import acknowledge_own_policies, acknowledge_wildcards

PRINCIPAL = "personalize.amazonaws.com"
# Developer guide, "Giving Amazon Personalize access to Amazon S3 resources": both the role and the bucket
# policy need these.
_READ_ACTIONS = ("s3:GetObject", "s3:ListBucket")


def from_this_account(scope: Construct) -> dict[str, dict[str, str]]:
    """Conditions against the confused deputy: Personalize acts for this account's resources only.

    Source: developer guide, "Cross-service confused deputy prevention".
    """
    stack = Stack.of(scope)
    return {
        "StringEquals": {"aws:SourceAccount": stack.account},
        "ArnLike": {"aws:SourceArn": f"arn:{stack.partition}:personalize:{stack.region}:{stack.account}:*"},
    }


class ServiceRole(iam.Role):
    """A role that only Personalize, acting for this account, can assume."""

    def __init__(self, scope: Construct, id: str) -> None:
        """Declare the role."""
        super().__init__(
            scope,
            id,
            assumed_by=iam.ServicePrincipal(PRINCIPAL, conditions=from_this_account(scope)),
            description="Amazon Personalize reads its data from S3",
        )
        acknowledge_own_policies(self)

    def allow_read(self, bucket: s3.IBucket, prefix: str = "") -> None:
        """Let the role read what is under a prefix of a bucket.

        Args:
            bucket: the bucket; one that this app does not own needs a bucket policy of its own.
            prefix: beginning of the keys; "" for all.
        """
        self.add_to_policy(iam.PolicyStatement(actions=["s3:ListBucket"], resources=[bucket.bucket_arn]))
        self.add_to_policy(
            iam.PolicyStatement(actions=["s3:GetObject"], resources=[bucket.arn_for_objects(f"{prefix}*")])
        )
        acknowledge_wildcards(
            self,
            "Reads every object of the location it is given, and nothing else.",
            resources=[bucket.arn_for_objects(f"{prefix}*")],
        )


def allow_personalize_read(bucket: s3.Bucket) -> None:
    """Let Personalize, acting for this account, read a bucket of this app (its bucket policy)."""
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            sid="PersonalizeReads",
            principals=[iam.ServicePrincipal(PRINCIPAL)],
            actions=list(_READ_ACTIONS),
            resources=[bucket.bucket_arn, bucket.arn_for_objects("*")],
            conditions=from_this_account(bucket),
        )
    )
