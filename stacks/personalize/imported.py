"""What the app uses and has not made."""

from __future__ import annotations

import re
from collections.abc import Sequence

from aws_cdk import Fn, Token
from constructs import Construct

from .errors import PropsError
from .grants import Grantable


class ImportedArn(str):
    """ARN of a resource that exists already, under a name that the provider's role need not reach.

    What is created in such a resource brings the permission on it along (PersonalizeProvider.allow_creation).

    Attributes:
        permitted_on: ARNs that IAM checks when something is created in it; default: its own.
    """

    permitted_on: Sequence[str]

    def __new__(cls, arn: str, permitted_on: Sequence[str] = ()) -> ImportedArn:
        """Mark an ARN."""
        marked = super().__new__(cls, arn)
        marked.permitted_on = permitted_on or [arn]
        return marked


def as_imported(arn: str, with_contents: bool = False) -> ImportedArn:
    """Mark the ARN of a resource that exists already; of one that is looked up, policies know it before.

    Args:
        arn: its ARN, or that of a Lookup.
        with_contents: whether IAM checks what is in it by ARNs that begin with its own.
    """
    known = arn.permitted_on[0] if isinstance(arn, ImportedArn) else arn
    return ImportedArn(arn, permitted_on=[known, f"{known}/*"] if with_contents else [known])


class AdoptedArn(str):
    """ARN of a resource that this app takes over; the provider's role reaches it, and what is in it.

    Attributes:
        name: of the resource.
    """

    name: str

    def __new__(cls, arn: str, name: str) -> AdoptedArn:
        """Mark an ARN."""
        marked = super().__new__(cls, arn)
        marked.name = name
        return marked


def existing_name(arn: str) -> str | None:
    """Name of a resource that exists already, as ARNs below it hold it; None of one that this app makes.

    Args:
        arn: its ARN, as its construct answers it.
    """
    if isinstance(arn, AdoptedArn):
        return arn.name
    if not isinstance(arn, ImportedArn):
        return None
    known = arn.permitted_on[0]
    return known.split("/")[1] if "/" in known else Fn.select(1, Fn.split("/", known))


class ImportedResource(Construct, Grantable):
    """A resource that exists already: it adds nothing to the template."""

    def __init__(self, scope: Construct, id: str, arn: str) -> None:
        """Use a resource.

        Args:
            scope: parent construct.
            id: construct id.
            arn: its ARN.
        """
        super().__init__(scope, id)
        self._given_arn = arn

    @property
    def _arn(self) -> str:
        return self._given_arn


def checked_arn(prop: str, arn: str, resource: str) -> str:
    """An ARN, if it is one of such a resource or known only at deployment.

    Args:
        prop: what the caller calls it, for the message.
        arn: the ARN.
        resource: the type as ARNs name it, such as dataset-group.

    Raises:
        PropsError: it is not.
    """
    if Token.is_unresolved(arn) or re.fullmatch(rf"arn:[^:]+:personalize:[^:]*:[^:]*:{resource}/\S+", arn):
        return arn
    raise PropsError(f"{prop}: '{arn}' must be an ARN such as arn:aws:personalize:REGION:ACCOUNT:{resource}/NAME.")
