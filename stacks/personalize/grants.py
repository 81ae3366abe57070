"""Permissions for those who use what Personalize serves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from aws_cdk import aws_iam as iam
from constructs import IConstruct

from .errors import PropsError


class IPersonalizeResource(IConstruct, Protocol):
    """A resource of Amazon Personalize, of this app or imported."""

    def grant(self, grantee: iam.IGrantable, *actions: str) -> iam.Grant:
        """Let a principal use actions on this resource.

        Args:
            grantee: who gets the permission.
            *actions: IAM actions of Personalize, such as personalize:DescribeCampaign.
        """
        ...


class Grantable:
    """Grants on whatever has an ARN."""

    @property
    def _arn(self) -> str:
        raise NotImplementedError

    def grant(self, grantee: iam.IGrantable, *actions: str) -> iam.Grant:
        """Let a principal use actions on this resource.

        Which actions IAM checks on which type of resource is in the Service Authorization Reference ("Actions,
        resources, and condition keys for Amazon Personalize").

        Args:
            grantee: who gets the permission.
            *actions: IAM actions of Personalize, such as personalize:DescribeCampaign.

        Raises:
            PropsError: an action is not one of Personalize.
        """
        for action in actions:
            if not action.startswith("personalize:"):
                raise PropsError(
                    f"grant: '{action}' is not an action of Amazon Personalize. Name it like "
                    f"personalize:DescribeCampaign."
                )
        return iam.Grant.add_to_principal(grantee=grantee, actions=list(actions), resource_arns=[self._arn])


def grant_operation(grantee: iam.IGrantable, operation: str, resource_arns: Sequence[str]) -> iam.Grant:
    """Let a principal use an operation of Personalize.

    Args:
        grantee: who gets the permission.
        operation: its name in the API, such as GetRecommendations.
        resource_arns: what it may be used on.
    """
    return iam.Grant.add_to_principal(
        grantee=grantee, actions=[f"personalize:{operation}"], resource_arns=list(resource_arns)
    )
