"""What the app uses and has not made."""

from __future__ import annotations

from collections.abc import Sequence


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
