"""One creation or update of a stack, and how to undo it."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from .framework import Response
from .graph import Graph
from .stacks import (
    STACK,
    Deployed,
    Stack,
    Target,
    ValidationError,
    is_kept_when_it_leaves,
    is_kept_when_it_was_in_vain,
    is_kept_when_replaced,
)
from .template import Template, dependencies

if TYPE_CHECKING:
    from .cloudformation import CloudFormation

# User guide, "Troubleshooting CloudFormation", "Resource removed from stack but not deleted": what an update leaves
# behind is deleted in up to three attempts, then forgotten. That what it depends on is deleted nevertheless is
# inferred.
_CLEANUP_ATTEMPTS = 3


class Deployment:
    """One creation or update of a stack.

    Attributes:
        template: what the stack is to be.
    """

    def __init__(
        self,
        cloud: CloudFormation,
        stack: Stack,
        template: Template,
        then: Callable[[Stack], None],
        disable_rollback: bool,
        last: Deployment | None,
    ) -> None:
        """Prepare a deployment.

        Args:
            cloud: the account.
            stack: what is created or updated.
            template: what it is to be.
            then: called when the stack has come to rest.
            disable_rollback: whether what succeeded stays when something fails.
            last: the deployment before; what it has left counts if it failed with its rollback disabled.
        """
        self.template = template
        self._cloud = cloud
        self._stack = stack
        self._then = then
        self._disable_rollback = disable_rollback
        self._is_create = stack.status == "CREATE_IN_PROGRESS"
        # The last stable state, and what has been replaced since.
        follows = last if last and stack.status in ("CREATE_FAILED", "UPDATE_FAILED") else None
        self._has_stable_state: bool = follows._has_stable_state if follows else not self._is_create
        self._before: dict[str, Deployed] = follows._before if follows else dict(stack.resources)
        self._old_template: Template = follows._old_template if follows else stack.template
        self._superseded: list[Target] = follows._superseded if follows else []
        self._known = dict(stack.resources)
        self._wanted: dict[str, Any] = {}
        self._refused: dict[str, str] = {}
        self._unwanted: list[Target] = []
        self._cancelled = False
        self._graph: Graph
        self._rollback: Graph

    def begin(self) -> None:
        """Begin; first delete what an earlier failed operation has left."""
        if not self._is_create:
            self._stack.status = "UPDATE_IN_PROGRESS"
        left, self._stack.unwanted = self._stack.unwanted, []
        if left:
            self._cloud.remove(self._stack, self._both(), left, lambda _: self._start(), _CLEANUP_ATTEMPTS)
        else:
            self._start()

    def cancel(self) -> None:
        """Fail as if a resource had failed."""
        self._graph.fail()

    def abandon(self) -> list[Target]:
        """End without a rollback; what is in flight."""
        self._cancelled = True
        self._graph.abandon()
        self._stack.template = self.template
        # The stack is deleted: its policies count, not those of a rollback.
        return [replace(each, is_kept=is_kept_when_it_leaves(self.template, each.logical_id)) for each in self._left()]

    def continue_rollback(self, skip: frozenset[str]) -> None:
        """Take up a rollback of an update that failed.

        Raises:
            ValidationError: a resource to skip did not fail in the rollback.
        """
        if not skip <= self._rollback.failures:
            names = ", ".join(sorted(skip - self._rollback.failures))
            raise ValidationError(f"Resources [{names}] did not fail in the rollback and cannot be skipped.")
        self._stack.status = "UPDATE_ROLLBACK_IN_PROGRESS"
        for logical_id in sorted(skip):
            self._cloud.log(self._stack, logical_id, self._before[logical_id].type, "UPDATE_COMPLETE")
        self._take_all_back(self._remaining - self._rollback.done - skip)

    def roll_back(self) -> None:
        """Go back to the last stable state; without one, delete what there is."""
        left, self._stack.unwanted = self._stack.unwanted, []
        if self._has_stable_state:
            self._undo_update(set(), left)
        else:
            self._undo_create(left)

    # -- forward ---------------------------------------------------------------------------------------------

    def _start(self) -> None:
        nodes = {logical_id: dependencies(self.template, logical_id) for logical_id in self.template["Resources"]}
        self._graph = self._cloud.graph(nodes, self._bring, self._brought, goes_on=self._disable_rollback)

    def _bring(self, logical_id: str) -> bool:
        stack, cloud = self._stack, self._cloud
        type_ = self._type(logical_id)
        known = self._known.get(logical_id)
        verb = "UPDATE" if known else "CREATE"
        try:
            properties = cloud.resolved(stack, self.template, logical_id)
        except ValidationError as error:
            cloud.log(stack, logical_id, type_, f"{verb}_FAILED", str(error))
            return False
        if known and known.properties == properties:
            return True
        self._wanted[logical_id] = properties
        cloud.log(stack, logical_id, type_, f"{verb}_IN_PROGRESS")
        response = self._ask(logical_id, type_, properties, known)
        if self._cancelled:
            return False  # nobody waits for this answer any more
        if not response.succeeded:
            self._refused[logical_id] = response.physical_id
            cloud.log(stack, logical_id, type_, f"{verb}_FAILED", response.reason)
            return False
        if known and known.physical_id != response.physical_id:
            self._superseded.append(Target(logical_id, known, is_kept_when_replaced(self.template, logical_id)))
        cloud.record(stack, logical_id, Deployed(response.physical_id, type_, properties, response.data))
        cloud.log(stack, logical_id, type_, f"{verb}_COMPLETE")
        return True

    def _ask(self, logical_id: str, type_: str, properties: Any, known: Deployed | None) -> Response:
        if known is None:
            return self._cloud.send(self._stack, "Create", logical_id, type_, properties)
        return self._cloud.send(
            self._stack,
            "Update",
            logical_id,
            type_,
            properties,
            PhysicalResourceId=known.physical_id,
            OldResourceProperties=known.properties,
        )

    def _brought(self, graph: Graph) -> None:
        if graph.failed:
            self._failed(graph)
            return
        refusal = self._cloud.publish(self._stack, self.template)
        if refusal:
            self._turn_back(refusal)
            return
        removed = sorted(self._known.keys() - self.template["Resources"].keys())
        gone = [
            Target(logical_id, self._known[logical_id], is_kept_when_it_leaves(self._both(), logical_id))
            for logical_id in removed
        ]
        if not self._is_create:
            self._stack.status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
        for logical_id in removed:
            del self._stack.resources[logical_id]
        both, self._stack.template = self._both(), self.template
        self._cloud.remove(
            self._stack, both, [*self._superseded, *gone], lambda _: self._rest("_COMPLETE"), _CLEANUP_ATTEMPTS
        )

    def _rest(self, suffix: str) -> None:
        self._stack.status = f"{'CREATE' if self._is_create else 'UPDATE'}{suffix}"
        self._then(self._stack)

    # -- failed ----------------------------------------------------------------------------------------------

    def _failed(self, graph: Graph) -> None:
        for logical_id in sorted(graph.in_flight):
            self._cloud.log(self._stack, logical_id, self._type(logical_id), "CANCELLED", "Resource creation cancelled")
        if self._disable_rollback and graph.failures:
            self._stay(graph)
            return
        self._turn_back("")

    def _stay(self, graph: Graph) -> None:
        """What succeeded stays; a failed update is taken back, a failed creation deleted when something follows."""
        self._stack.unwanted = self._left()
        self._stack.template = self._both()
        failed = {key for key in graph.failures & self._known.keys() if key in self._refused}
        nodes = {logical_id: set[str]() for logical_id in failed}
        before = self._known
        self._cloud.graph(
            nodes,
            lambda logical_id: self._take_back(logical_id, before[logical_id]),
            lambda _: self._rest("_FAILED"),
            goes_on=True,
        )

    def _turn_back(self, reason: str) -> None:
        """Roll back."""
        self._cancelled = True
        left = self._left()
        if self._has_stable_state:
            touched = (self._graph.done | set(self._refused) | self._graph.in_flight) & self._wanted.keys()
            self._undo_update(touched, left, reason)
        else:
            self._undo_create(left, reason)

    def _left(self) -> list[Target]:
        """What was asked for and is not known to exist, under the ids that CloudFormation has for it."""
        unfinished = [*self._refused, *sorted(self._graph.in_flight & self._wanted.keys())]
        return [
            self._in_vain(
                logical_id, Deployed(self._id_of(logical_id), self._type(logical_id), self._wanted[logical_id])
            )
            for logical_id in unfinished
            if logical_id not in self._stack.resources
        ]

    def _in_vain(self, logical_id: str, deployed: Deployed) -> Target:
        """Something new that a rollback removes."""
        return Target(logical_id, deployed, is_kept_when_it_was_in_vain(self._both(), logical_id))

    def _id_of(self, logical_id: str) -> str:
        made_up = hashlib.sha256(f"{self._stack.stack_id}{logical_id}".encode()).hexdigest()[:12].upper()
        return self._refused.get(logical_id) or f"{self._stack.name}-{logical_id}-{made_up}"

    def _type(self, logical_id: str) -> str:
        return str(self.template["Resources"][logical_id]["Type"])

    def _both(self) -> Template:
        """The template before and the one after: what is in either."""
        old = self._stack.template
        return {
            **old,
            "Resources": {**self._old_template["Resources"], **old["Resources"], **self.template["Resources"]},
        }

    # -- rollback --------------------------------------------------------------------------------------------

    def _undo_create(self, left: Iterable[Target], reason: str = "") -> None:
        stack = self._stack
        stack.status = "ROLLBACK_IN_PROGRESS"
        self._cloud.log(stack, stack.name, STACK, stack.status, reason)
        stack.unwanted = list(left)
        targets = [self._in_vain(logical_id, deployed) for logical_id, deployed in stack.resources.items()]

        def over(failed: bool) -> None:
            stack.status = "ROLLBACK_FAILED" if failed else "ROLLBACK_COMPLETE"
            stack.template = self._both()
            if not failed:
                del self._cloud.stacks[stack.name]
            self._then(stack)

        self._cloud.remove(stack, self._both(), [*targets, *self._superseded, *stack.unwanted], over)

    def _undo_update(self, touched: set[str], left: Iterable[Target], reason: str = "") -> None:
        stack = self._stack
        changed = {key for key, each in self._before.items() if key in touched or stack.resources[key] != each}
        stack.status = "UPDATE_ROLLBACK_IN_PROGRESS"
        self._cloud.log(stack, stack.name, STACK, stack.status, reason)
        for logical_id in sorted(self._before.keys() & self._refused.keys()):
            if self._cloud.reports_new_id and self._refused[logical_id]:
                stack.resources[logical_id] = replace(
                    stack.resources[logical_id], physical_id=self._refused[logical_id]
                )
        new = [
            self._in_vain(logical_id, deployed)
            for logical_id, deployed in stack.resources.items()
            if logical_id not in self._before
        ]
        self._unwanted = [*new, *left]
        self._take_all_back(frozenset(changed))

    def _take_all_back(self, changed: frozenset[str]) -> None:
        self._remaining = changed
        nodes = {logical_id: dependencies(self._old_template, logical_id) & changed for logical_id in sorted(changed)}
        self._rollback = self._cloud.graph(
            nodes, lambda logical_id: self._take_back(logical_id, self._before[logical_id]), self._taken_back
        )

    def _take_back(self, logical_id: str, before: Deployed) -> bool:
        stack = self._stack
        current = stack.resources[logical_id]
        asked = self._wanted.get(logical_id, current.properties)
        response = self._cloud.send(
            stack,
            "Update",
            logical_id,
            before.type,
            before.properties,
            PhysicalResourceId=current.physical_id,
            OldResourceProperties=asked,
        )
        status = "UPDATE_COMPLETE" if response.succeeded else "UPDATE_FAILED"
        self._cloud.log(stack, logical_id, before.type, status, response.reason)
        if not response.succeeded:
            return False
        if response.physical_id != current.physical_id:
            # That no policy keeps what a rollback replaces is inferred: they speak of the instance that existed.
            self._unwanted.append(Target(logical_id, replace(current, properties=asked)))
        self._cloud.record(
            stack, logical_id, Deployed(response.physical_id, before.type, before.properties, response.data)
        )
        return True

    def _taken_back(self, undone: Graph) -> None:
        stack = self._stack
        if undone.failed:
            stack.status = "UPDATE_ROLLBACK_FAILED"
            # If the stack is deleted now, all of this goes with it.
            stack.unwanted = [*self._unwanted, *self._superseded]
            stack.template = self._both()
            self._then(stack)
            return
        stack.status = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
        for target in self._unwanted:
            if target.logical_id not in self._before:
                stack.resources.pop(target.logical_id, None)
        both, stack.template, stack.unwanted = self._both(), self._old_template, []
        self._cloud.remove(stack, both, self._unwanted, lambda _: self._rest("_ROLLBACK_COMPLETE"), _CLEANUP_ATTEMPTS)
