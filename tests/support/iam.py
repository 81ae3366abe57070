"""Policies as IAM judges them, by an evaluator that is not ours: MiniStack's, which knows conditions and IfExists."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ministack.core.iam_evaluator import EvalContext, evaluate, parse_policy_document

from lambdas.personalize_provider.deployments import Holder
from tools.emulator import AccessDeniedError
from tools.emulator.faults import Faults
from tools.simulation.assembly import FilesByName
from tools.simulation.cloud import VirtualCloud, not_permitted
from tools.simulation.stacks import Deployed

Statement = Mapping[str, Any]
DATA = "vod-dev-data"
POLICIES = ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy")
ROLE = "ProviderHandlerRole"
# Until a new policy is seen.
PROPAGATION_SECONDS = 60.0


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


class Iam:
    """Judges calls by the policy that the provider's role had a minute before, and remembers what was asked."""

    def __init__(self, stack: str = DATA) -> None:
        """Judge by the policy of the provider in a stack."""
        self._stack = stack
        self.cloud: VirtualCloud
        self.asked: set[tuple[str, str]] = set()
        self._is_looking = True

    @contextmanager
    def looking_away(self) -> Iterator[None]:
        """While somebody else calls the service."""
        self._is_looking = False
        yield
        self._is_looking = True

    def authorize(self, caller: object, action: str, resource: str, context: dict[str, str]) -> None:
        if not self._is_looking:
            return
        self.asked.add((action, resource))
        if not permits(self.statements(), action, resource, context):
            raise AccessDeniedError

    def statements(self) -> list[Statement]:
        """Of the versions of the role's policies that are in effect, with the ARNs they have there.

        A policy that is deleted counts no longer at once.
        """
        since = self.cloud.time.time() - PROPAGATION_SECONDS
        return [
            statement
            for stack in self.cloud.cloudformation.stacks.values()
            for logical_id in [*stack.resources, *(each.logical_id for each in stack.unwanted)]
            if (version := stack.was(logical_id, since)) and self._is_of_the_role(version)
            for statement in version.properties["PolicyDocument"]["Statement"]
        ]

    def _is_of_the_role(self, deployed: Deployed) -> bool:
        roles = map(str, deployed.properties.get("Roles", []))
        return deployed.type in POLICIES and any(each.startswith(f"{self._stack}-{ROLE}") for each in roles)


def is_policy(logical_id: str, type_: str) -> bool:
    return type_ in POLICIES and logical_id.startswith(ROLE)


def account(files: Path, iam: Iam) -> VirtualCloud:
    """An account in which the provider may do what its role's policy allows."""
    cloud = VirtualCloud(service_options={"authorizer": iam, "faults": Faults()}, objects=FilesByName(files))
    iam.cloud, look, look_for = cloud, cloud.cloudformation.deployment, cloud.cloudformation.holder

    def deployment(stack_id: str) -> str:
        try:
            iam.authorize("the provider", "cloudformation:DescribeStacks", stack_id, {})
        except AccessDeniedError:
            raise not_permitted(stack_id) from None
        return look(stack_id)

    def holder(physical_id: str) -> Holder | None:
        try:
            iam.authorize("the provider", "cloudformation:DescribeStackResources", "*", {})
        except AccessDeniedError:
            raise not_permitted("*", "DescribeStackResources") from None
        return look_for(physical_id)

    cloud.cloudformation.deployment = deployment  # type: ignore[method-assign]
    cloud.cloudformation.holder = holder  # type: ignore[method-assign]
    return cloud
