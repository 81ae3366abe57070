"""Permissions for those who use what Personalize serves."""

from __future__ import annotations

from collections.abc import Sequence

from aws_cdk import aws_iam as iam


def grant(grantee: iam.IGrantable, operations: Sequence[str], resource_arns: Sequence[str]) -> iam.Grant:
    """Allow Personalize operations on resources to a principal.

    Args:
        grantee: who gets the permission.
        operations: names of the API, such as GetRecommendations.
        resource_arns: what the operations may be used on.
    """
    return iam.Grant.add_to_principal(
        grantee=grantee,
        actions=[f"personalize:{operation}" for operation in operations],
        resource_arns=list(resource_arns),
    )
