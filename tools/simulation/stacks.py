"""Stacks as CloudFormation knows them, and what it checks of a template before it begins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from graphlib import CycleError, TopologicalSorter
from typing import Any

from .framework import words
from .template import Template, dependencies

STACK = "AWS::CloudFormation::Stack"
# User guide, "Understand CloudFormation quotas".
MOST_RESOURCES = 500
# Template reference, "DeletionPolicy attribute", "UpdateReplacePolicy attribute"; Snapshot is for databases.
_POLICIES = {
    "DeletionPolicy": ("Delete", "Retain", "RetainExceptOnCreate"),
    "UpdateReplacePolicy": ("Delete", "Retain"),
}


class ValidationError(ValueError):
    """CloudFormation refuses a call, in its words where they are known."""


@dataclass(frozen=True)
class Deployed:
    """A resource as the stack knows it."""

    physical_id: str
    type: str
    properties: Mapping[str, Any]
    attributes: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class StackEvent:
    """One line of the stack's events."""

    time: float
    logical_id: str
    type: str
    status: str
    reason: str = ""

    @property
    def is_failure(self) -> bool:
        """Whether something failed. (The stack's own event says why it rolls back, when the rollback begins.)"""
        turns_back = self.type == STACK and "ROLLBACK" in self.status
        return self.status.endswith("_FAILED") or bool(turns_back and self.reason)


@dataclass(frozen=True)
class Target:
    """Something that leaves the stack.

    Attributes:
        logical_id: its name in the template.
        deployed: what it is.
        is_kept: whether its policy says that it is not deleted.
    """

    logical_id: str
    deployed: Deployed
    is_kept: bool = False


@dataclass
class Stack:
    """A stack and what happened to it."""

    name: str
    stack_id: str
    status: str
    created: float
    began: float = 0.0
    template: Template = field(default_factory=lambda: {"Resources": {}})
    parameters: Mapping[str, str] = field(default_factory=dict)
    resources: dict[str, Deployed] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    exports: dict[str, str] = field(default_factory=dict)
    events: list[StackEvent] = field(default_factory=list)
    # What a failed operation has left, besides the resources.
    unwanted: list[Target] = field(default_factory=list)
    # What each resource was from when on; what is deleted stays listed.
    history: dict[str, list[tuple[float, Deployed]]] = field(default_factory=dict)

    @property
    def reasons(self) -> list[str]:
        """What failed, in the provider's words."""
        return [words(event.reason) for event in self.events if event.is_failure]

    def was(self, logical_id: str, moment: float) -> Deployed | None:
        """What a resource was at a moment; None if it was not there yet."""
        known = [deployed for since, deployed in self.history.get(logical_id, []) if since <= moment]
        return known[-1] if known else None


def check(template: Template) -> None:
    """Refuse a template that CloudFormation would refuse, and one that is not modelled.

    Raises:
        ValidationError: CloudFormation would refuse it.
        NotImplementedError: the simulation does not know something in it.
    """
    resources = template.get("Resources", {})
    if not resources:
        raise ValidationError("Template format error: At least one Resources member must be defined.")
    if len(resources) > MOST_RESOURCES:
        raise ValidationError(
            f"Template format error: Number of resources, {len(resources)}, is greater than maximum allowed, "
            f"{MOST_RESOURCES}"
        )
    if "Conditions" in template or any("Condition" in each for each in resources.values()):
        raise NotImplementedError("Conditions")
    for logical_id, resource in resources.items():
        for attribute in _POLICIES:
            _policy(resource, logical_id, attribute)
    _check_order(template)


def _check_order(template: Template) -> None:
    nodes = {logical_id: dependencies(template, logical_id) for logical_id in template["Resources"]}
    try:
        TopologicalSorter(nodes).prepare()
    except CycleError as error:
        names = ", ".join(sorted(set(error.args[1])))
        raise ValidationError(f"Circular dependency between resources: [{names}]") from None


def _policy(resource: Mapping[str, Any], logical_id: str, attribute: str) -> str:
    policy = str(resource.get(attribute, "Delete"))
    if policy not in _POLICIES[attribute]:
        raise ValidationError(f"Template format error: Unrecognized {attribute} {policy} for resource {logical_id}")
    return policy


def is_kept_when_it_leaves(template: Template, logical_id: str) -> bool:
    """Whether a resource stays when it leaves the template, or goes with its stack."""
    resource = template["Resources"].get(logical_id, {})
    return _policy(resource, logical_id, "DeletionPolicy") in ("Retain", "RetainExceptOnCreate")


def is_kept_when_it_was_in_vain(template: Template, logical_id: str) -> bool:
    """Whether a resource stays when the operation that created it is rolled back."""
    return _policy(template["Resources"].get(logical_id, {}), logical_id, "DeletionPolicy") == "Retain"


def is_kept_when_replaced(template: Template, logical_id: str) -> bool:
    """Whether a resource stays when another has replaced it."""
    return _policy(template["Resources"].get(logical_id, {}), logical_id, "UpdateReplacePolicy") == "Retain"
