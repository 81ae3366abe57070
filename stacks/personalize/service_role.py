"""The role with which Personalize reads data from S3."""

from __future__ import annotations

from aws_cdk import Stack
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk import aws_s3 as s3
from constructs import Construct

from .findings import acknowledge_own_policies, acknowledge_wildcards

PRINCIPAL = "personalize.amazonaws.com"
# Developer guide, "Giving Amazon Personalize access to Amazon S3 resources": both the role and the bucket
# policy need these.
_READ_ACTIONS = ("s3:GetObject", "s3:ListBucket")
# Developer guide, "Giving Amazon Personalize permission to use your AWS KMS key": the role and the key policy need
# these, the key policy kms:CreateGrant too.
_KEY_ACTIONS = ("kms:Decrypt", "kms:GenerateDataKey", "kms:DescribeKey", "kms:ListGrants")


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

    def __init__(self, scope: Construct, id: str, *, role_name: str | None = None) -> None:
        """Declare the role.

        Args:
            scope: parent construct.
            id: construct id.
            role_name: a fixed name, at most 64 characters, so that policies elsewhere can name the role before it
                exists; default: generated.
        """
        super().__init__(
            scope,
            id,
            assumed_by=iam.ServicePrincipal(PRINCIPAL, conditions=from_this_account(scope)),
            role_name=role_name,
            description="Amazon Personalize reads its data from S3",
        )
        acknowledge_own_policies(self)

    def allow_read(self, bucket: s3.IBucket, prefix: str = "") -> None:
        """Let the role read what is under a prefix of a bucket.

        Args:
            bucket: the bucket; one that this app does not own needs a bucket policy of its own. If the app knows the
                KMS key of its objects, the role may use it too.
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
        if bucket.encryption_key:
            self.allow_key(bucket.encryption_key)

    def allow_write(self, bucket: s3.IBucket, prefix: str = "") -> None:
        """Let the role write what is under a prefix of a bucket: reports of a metric attribution, batch jobs.

        Source: developer guide, "Guidelines and requirements for a metric attribution", "Giving Amazon Personalize
        access to Amazon S3 resources".

        Args:
            bucket: the bucket; one that this app does not own needs a bucket policy of its own. If the app knows the
                KMS key of its objects, the role may use it too.
            prefix: beginning of the keys; "" for all.
        """
        objects = bucket.arn_for_objects(f"{prefix}*")
        self.add_to_policy(iam.PolicyStatement(actions=["s3:PutObject"], resources=[objects]))
        acknowledge_wildcards(self, "The service chooses the names of what it writes.", resources=[objects])
        if bucket.encryption_key:
            self.allow_key(bucket.encryption_key)

    def allow_metrics(self) -> None:
        """Let the role put the metrics of a metric attribution into CloudWatch.

        Source: developer guide, "Guidelines and requirements for a metric attribution".
        """
        self.add_to_policy(iam.PolicyStatement(actions=["cloudwatch:PutMetricData"], resources=["*"]))
        acknowledge_wildcards(
            self,
            "The action cloudwatch:PutMetricData has no resource type, so IAM takes no narrower resource.",
            resources=["*"],
        )

    def allow_key(self, key: kms.IKey) -> None:
        """Let the role use a KMS key that data is encrypted with.

        Args:
            key: the key; the policy of one that this app does not own has to let the role and Personalize use it.
        """
        allow_key(self, key)


def allow_key(role: iam.IRole, key: kms.IKey) -> None:
    """Let a role and, if the key is of this app, Personalize itself use a KMS key.

    The policy of a key that this app does not own has to let them already (docs/operations.md). It has no conditions,
    as in the guide's example: with which keys of a request Personalize uses it, no source says.

    Args:
        role: role with which Personalize reads data, or uses what is encrypted in a dataset group.
        key: the key.
    """
    role.add_to_principal_policy(iam.PolicyStatement(actions=list(_KEY_ACTIONS), resources=[key.key_arn]))
    key.add_to_resource_policy(
        iam.PolicyStatement(
            sid="PersonalizeUsesTheKey",
            principals=[iam.ArnPrincipal(role.role_arn), iam.ServicePrincipal(PRINCIPAL)],
            actions=[*_KEY_ACTIONS, "kms:CreateGrant"],
            resources=["*"],
        ),
        allow_no_op=True,
    )


def allow_personalize_write(
    bucket: s3.Bucket, prefix: str, *, sid: str = "PersonalizeWritesReports", conditions: bool = True
) -> None:
    """Let Personalize write reports, or answers of batch jobs, into a bucket of this app (its bucket policy).

    Source: developer guide, "Guidelines and requirements for a metric attribution", "Giving Amazon Personalize access
    to Amazon S3 resources".

    Args:
        bucket: the bucket.
        prefix: beginning of the keys; "" for all.
        sid: of the statement; each has another one.
        conditions: as for allow_personalize_read.
    """
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            sid=sid,
            principals=[iam.ServicePrincipal(PRINCIPAL)],
            actions=["s3:PutObject"],
            resources=[bucket.arn_for_objects(f"{prefix}*")],
            conditions=from_this_account(bucket) if conditions else None,
        )
    )


def allow_personalize_read(bucket: s3.Bucket, *, conditions: bool = True) -> None:
    """Let Personalize read a bucket of this app (its bucket policy).

    Args:
        bucket: the bucket.
        conditions: whether Personalize has to act for this account. The developer guide recommends the condition keys,
            but its own bucket policies lack them ("Giving Amazon Personalize access to Amazon S3 resources"), so leave
            them off if an import is refused with them.
    """
    bucket.add_to_resource_policy(
        iam.PolicyStatement(
            sid="PersonalizeReads",
            principals=[iam.ServicePrincipal(PRINCIPAL)],
            actions=list(_READ_ACTIONS),
            resources=[bucket.bucket_arn, bucket.arn_for_objects("*")],
            conditions=from_this_account(bucket) if conditions else None,
        )
    )
