"""Who may call what."""

from __future__ import annotations

from typing import Protocol


class AccessDeniedError(Exception):
    """The caller may not. Its text, if any, is the service's answer; else the service words one."""


class Authorizer(Protocol):
    """Decides on a request from the caller's policies."""

    def authorize(self, caller: object, action: str, resource: str, context: dict[str, str]) -> None:
        """Return if `caller` may perform `action` (such as `personalize:CreateSolution`) on an ARN or `*`.

        Args:
            caller: the identity; its str() is what error messages show, so an ARN.
            action: IAM action.
            resource: ARN, or `*`.
            context: condition keys of the request, such as `iam:PassedToService`.

        Raises:
            AccessDeniedError: no policy allows it, or one denies it.
        """
        ...


class AllowAll:
    """Lets everybody do everything."""

    def authorize(self, caller: object, action: str, resource: str, context: dict[str, str]) -> None:
        """Allow."""
