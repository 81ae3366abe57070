"""What functions ask of AWS, as IAM sees it: each call with its action and its resource."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from tests.support.iam import permits

# What IAM calls a service, where it is not what boto3 does.
_PREFIX = {"stepfunctions": "states"}
# A function's role has them in any case.
AROUND = {"logs:CreateLogStream", "logs:PutLogEvents", "sqs:SendMessage"}
Statement = Mapping[str, Any]
Resources = Callable[[str, Mapping[str, Any]], list[str]]


@dataclass
class Asked:
    """Gives out clients, and remembers what is asked of them.

    Attributes:
        clients: gives the client of a service by boto3's name for it.
        resources: ARNs that a call is checked on, by its action and members.
        context: of every request, by action.
        calls: actions, each with a resource.
    """

    clients: Callable[[str], Any]
    resources: Resources
    context: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    calls: set[tuple[str, str]] = field(default_factory=set)
    _known: dict[str, Any] = field(default_factory=dict)

    def client(self, service: str) -> Any:
        """The client of a service, whose calls are remembered."""
        if service not in self._known:
            self._known[service] = self.clients(service)
            self._known[service].meta.events.register("provide-client-params.*", self._remember_for(service))
        return self._known[service]

    def _remember_for(self, service: str) -> Callable[..., None]:
        def remember(params: dict[str, Any], model: Any, **_: Any) -> None:
            action = f"{_PREFIX.get(service, service)}:{model.name}"
            self.calls |= {(action, arn) for arn in self.resources(action, params)}

        return remember

    def denied(self, statements: Sequence[Statement]) -> set[tuple[str, str]]:
        """The calls that policy statements do not allow."""
        return {
            (action, arn)
            for action, arn in self.calls
            if not permits(statements, action, arn, self.context.get(action, {}))
        }


def without(statements: Sequence[Statement], action: str) -> list[Statement]:
    """The same statements, none of which allows an action."""
    return [
        {**each, "Action": [one for one in _listed(each["Action"]) if one != action]}
        for each in statements
        if _listed(each["Action"]) != [action]
    ]


def _listed(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value
