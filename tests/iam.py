"""Policies as IAM judges them, by an evaluator that is not ours: MiniStack's, which knows conditions and IfExists."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from sandbox.personalize import AccessDeniedError

Statement = Mapping[str, Any]


def permits(statements: Sequence[Statement], action: str, resource: str, context: Mapping[str, str]) -> bool:
    """Whether policy statements allow an action on an ARN, or on `*`, in the context of a request."""
    asked = EvalContext(
        principal_arn="arn:aws:iam::000000000000:role/any",
        principal_type="AssumedRole",
        principal_account="000000000000",
        action=action,
        resource_arn=resource,
        region="eu-west-1",
        secure_transport=True,
        service_context={name.lower(): value for name, value in context.items()},
    )
    document = {"Version": "2012-10-17", "Statement": list(statements)}
    return bool(evaluate(asked, [parse_policy_document(document)]).decision == "Allow")


@dataclass(frozen=True)
class Principal:
    """A caller with the policy statements it has."""

    arn: str
    statements: Sequence[Statement]

    def __str__(self) -> str:
        """ARN, as messages of the service show it."""
        return self.arn


class Policies:
    """Lets each Principal do what its statements allow, and every other caller everything."""

    def authorize(self, caller: object, action: str, resource: str, context: dict[str, str]) -> None:
        """Return if the caller may.

        Raises:
            AccessDeniedError: it is a Principal, and its statements do not allow it.
        """
        if isinstance(caller, Principal) and not permits(caller.statements, action, resource, context):
            raise AccessDeniedError
