"""CloudFormation's order of work in virtual time: parallel, cancelling, rolling back, cleaning up.

What it does with custom resources follows the user guide ("Custom resource request types") and, where that is
silent, what users report: a failure cancels requests in flight, and what has not answered its Create request yet
is deleted under an id that CloudFormation makes up (aws/aws-cdk issue 26139,
aws-cloudformation/cloudformation-coverage-roadmap issues 1730 and 1814).
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from .framework import Event, Response, words
from .template import Template, Values, as_strings, dependencies
from .time import VirtualTime

# User guide, "Troubleshooting CloudFormation", "Resource removed from stack but not deleted": what an update leaves
# behind is deleted in up to three attempts, then forgotten.
_CLEANUP_ATTEMPTS = 3


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


@dataclass
class Stack:
    """A stack and what happened to it."""

    name: str
    stack_id: str
    status: str
    created: float
    operation: int = 0
    template: Template = field(default_factory=lambda: {"Resources": {}})
    resources: dict[str, Deployed] = field(default_factory=dict)
    outputs: dict[str, str] = field(default_factory=dict)
    events: list[StackEvent] = field(default_factory=list)
    # What a failed rollback has left, besides the resources.
    unwanted: list[_Target] = field(default_factory=list)

    @property
    def reasons(self) -> list[str]:
        """What failed, in the provider's words."""
        return [words(event.reason) for event in self.events if event.status.endswith("_FAILED")]


class CloudFormation:
    """An account's stacks."""

    def __init__(
        self,
        time: VirtualTime,
        request: Callable[[Event], Response],
        *,
        account: str = "000000000000",
        region: str = "eu-west-1",
        failed_update_reports_new_id: bool = False,
    ) -> None:
        """Start without stacks.

        Args:
            time: the clock.
            request: carries out a custom resource's request.
            account: AWS account.
            region: AWS region.
            failed_update_reports_new_id: whether the id in a failed update's response becomes the resource's; the
                documentation does not say, so both are tried.
        """
        self.stacks: dict[str, Stack] = {}
        self.exports: dict[str, str] = {}
        self._deployments: dict[str, _Deployment] = {}
        self._time = time
        self._request = request
        self._account = account
        self._region = region
        self._reports_new_id = failed_update_reports_new_id
        self._numbers = itertools.count(1)

    def deployment(self, stack_id: str) -> str:
        """What the provider's Stacks protocol asks."""
        stack = self.stack(stack_id)
        return f"{stack.status} since {stack.operation}" if stack else "DELETE_COMPLETE"

    def stack(self, stack_id: str) -> Stack | None:
        """The stack of an id, if it is there."""
        return next((stack for stack in self.stacks.values() if stack.stack_id == stack_id), None)

    def deploy(self, name: str, template: Template) -> Stack:
        """Create or update a stack, and wait until everything has come to rest."""
        stack = self.begin_deploy(name, template)
        self._time.run()
        return stack

    def delete(self, name: str) -> Stack:
        """Delete a stack, and wait until everything has come to rest."""
        stack = self.begin_delete(name)
        self._time.run()
        return stack

    def begin_deploy(self, name: str, template: Template, then: Callable[[Stack], None] | None = None) -> Stack:
        """Begin to create or update a stack.

        Args:
            name: its name.
            template: what it is to be.
            then: called when it has come to rest.
        """
        stack = self.stacks.get(name)
        if stack is None:
            number = next(self._numbers)
            stack_id = f"arn:aws:cloudformation:{self._region}:{self._account}:stack/{name}/{number:08x}"
            stack = self.stacks[name] = Stack(name, stack_id, "CREATE_IN_PROGRESS", self._time.time())
        else:
            stack.status = "UPDATE_IN_PROGRESS"
        stack.operation = next(self._numbers)
        self._deployments[name] = _Deployment(self, stack, template, then or _nothing)
        self._deployments[name].begin()
        return stack

    def cancel_update(self, name: str) -> None:
        """Cancel an update in progress; it is rolled back (API: CancelUpdateStack)."""
        assert self.stacks[name].status == "UPDATE_IN_PROGRESS"
        self._deployments[name].cancel()

    def begin_delete(self, name: str, then: Callable[[Stack], None] | None = None) -> Stack:
        """Begin to delete a stack; it is gone from `stacks` if that succeeds."""
        stack = self.stacks[name]
        in_flight = self._deployments[name].abandon() if stack.status == "CREATE_IN_PROGRESS" else []
        stack.status = "DELETE_IN_PROGRESS"
        stack.operation = next(self._numbers)
        targets = [_Target(logical_id, deployed) for logical_id, deployed in stack.resources.items()]
        stack.unwanted = [*stack.unwanted, *in_flight]
        targets += [each for each in stack.unwanted if each not in targets]

        def over(failed: bool) -> None:
            stack.status = "DELETE_FAILED" if failed else "DELETE_COMPLETE"
            if not failed:
                del self.stacks[name]
            (then or _nothing)(stack)

        self.remove(stack, stack.template, targets, over)
        return stack

    # -- used by _Deployment ---------------------------------------------------------------------------------

    def resolved(self, stack: Stack, template: Template, logical_id: str) -> dict[str, Any]:
        """Properties of a resource with every reference replaced by its value."""
        resource = template["Resources"][logical_id]
        properties: dict[str, Any] = self._values(stack).resolve(resource.get("Properties", {}))
        return as_strings(properties) if _is_ours(resource["Type"]) else properties

    def send(self, stack: Stack, kind: str, logical_id: str, type_: str, properties: Any, **more: Any) -> Response:
        """Send a request to a resource."""
        if not _is_ours(type_):
            return Response(True, more.get("PhysicalResourceId") or self._native_id(stack, logical_id, type_))
        event: Event = {
            "RequestType": kind,
            "RequestId": f"request-{next(self._numbers):06d}",
            "StackId": stack.stack_id,
            "LogicalResourceId": logical_id,
            "ResourceType": type_,
            "ResponseURL": "https://cloudformation.invalid/secret",
            "ResourceProperties": properties,
            **more,
        }
        return self._request(event)

    def remove(
        self,
        stack: Stack,
        template: Template,
        targets: Iterable[_Target],
        then: Callable[[bool], None],
        attempts: int = 1,
    ) -> None:
        """Delete resources, each after those that depend on it. `then` is told whether one could not be."""
        pending = dict(enumerate(targets))
        needs = {key: dependencies(template, key) for key in template["Resources"]}
        graph = {
            number: {
                other
                for other, dependant in pending.items()
                if target.logical_id in needs.get(dependant.logical_id, set())
            }
            for number, target in pending.items()
        }
        failures: list[str] = []

        def delete(number: int) -> bool:
            target = pending[number]
            definition = template["Resources"].get(target.logical_id, {})
            if definition.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate"):
                return True
            for _ in range(attempts):
                response = self._delete(stack, target)
                if response.succeeded:
                    break
            if not response.succeeded:
                failures.append(target.logical_id)
            return True

        _Graph(self._time, graph, delete, lambda _: then(bool(failures))).start()

    def _delete(self, stack: Stack, target: _Target) -> Response:
        deployed = target.deployed
        response = self.send(
            stack,
            "Delete",
            target.logical_id,
            deployed.type,
            deployed.properties,
            PhysicalResourceId=deployed.physical_id,
        )
        status = "DELETE_COMPLETE" if response.succeeded else "DELETE_FAILED"
        self.log(stack, target.logical_id, deployed.type, status, response.reason)
        return response

    def log(self, stack: Stack, logical_id: str, type_: str, status: str, reason: str = "") -> None:
        """Add a stack event."""
        stack.events.append(StackEvent(self._time.time(), logical_id, type_, status, reason))

    def publish(self, stack: Stack, template: Template) -> None:
        """Make a stack's outputs and exports known."""
        values = self._values(stack)
        for key, output in template.get("Outputs", {}).items():
            stack.outputs[key] = values.resolve(output["Value"])
            if "Export" in output:
                self.exports[values.resolve(output["Export"]["Name"])] = stack.outputs[key]

    def graph(
        self, nodes: Mapping[str, set[str]], work: Callable[[str], bool], then: Callable[[_Graph], None]
    ) -> _Graph:
        """Work on nodes in the order of their dependencies, at the same time where possible."""
        graph = _Graph(self._time, nodes, work, then)
        graph.start()
        return graph

    @property
    def reports_new_id(self) -> bool:
        """See the constructor."""
        return self._reports_new_id

    def _values(self, stack: Stack) -> Values:
        pseudo = {
            "AWS::AccountId": self._account,
            "AWS::Region": self._region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackId": stack.stack_id,
            "AWS::StackName": stack.name,
        }

        def ref(name: str) -> str:
            return pseudo[name] if name in pseudo else stack.resources[name].physical_id

        def attribute(logical_id: str, name: str) -> str:
            deployed = stack.resources[logical_id]
            if _is_ours(deployed.type):
                return deployed.attributes[name]
            return self._native_attribute(deployed, name)

        return Values(ref, attribute, self.exports.__getitem__)

    def _native_id(self, stack: Stack, logical_id: str, type_: str) -> str:
        return f"{stack.name}-{logical_id}".lower() if type_ == "AWS::S3::Bucket" else f"{stack.name}-{logical_id}"

    def _native_attribute(self, deployed: Deployed, name: str) -> str:
        if name != "Arn":
            return f"{deployed.physical_id}.{name}"
        if deployed.type == "AWS::IAM::Role":
            return f"arn:aws:iam::{self._account}:role/{deployed.physical_id}"
        if deployed.type == "AWS::S3::Bucket":
            return f"arn:aws:s3:::{deployed.physical_id}"
        return f"arn:aws:any:{self._region}:{self._account}:{deployed.physical_id}"


def _is_ours(resource_type: str) -> bool:
    """Whether the provider carries out the requests of a type; all others take no time here."""
    return resource_type.startswith("Custom::Personalize")


@dataclass(frozen=True)
class _Target:
    """Something to delete."""

    logical_id: str
    deployed: Deployed


class _Graph:
    """Nodes worked on in the order of their dependencies; the first failure ends it, whatever is in flight."""

    def __init__(
        self,
        time: VirtualTime,
        nodes: Mapping[Any, set[Any]],
        work: Callable[[Any], bool],
        then: Callable[[_Graph], None],
    ) -> None:
        self.failed = False
        self.done: set[Any] = set()
        self.in_flight: set[Any] = set()
        self._due: set[Any] = set()
        self._time = time
        self._nodes = nodes
        self._work = work
        self._then = then

    def start(self) -> None:
        self._time.spawn(self._advance)

    def fail(self) -> None:
        """End the work, whatever is in flight."""
        self.failed = True
        self._then(self)

    def abandon(self) -> None:
        """End the work without a word."""
        self._then = _nothing
        self.failed = True

    def _advance(self) -> None:
        if self.failed:
            return
        if len(self.done) == len(self._nodes):
            self._then(self)
            return
        for node, needs in self._nodes.items():
            if node not in self._due and needs <= self.done:
                self._due.add(node)
                self._time.spawn(lambda node=node: self._run(node))  # type: ignore[misc]

    def _run(self, node: Any) -> None:
        if self.failed:
            return  # what has not begun is not begun any more
        self.in_flight.add(node)
        succeeded = self._work(node)
        if self.failed:
            return  # cancelled: nobody waits for this any more
        self.in_flight.discard(node)
        if succeeded:
            self.done.add(node)
            self._advance()
            return
        self.fail()


class _Deployment:
    """One creation or update of a stack, with what it takes to undo it."""

    def __init__(self, cloud: CloudFormation, stack: Stack, template: Template, then: Callable[[Stack], None]) -> None:
        self._cloud = cloud
        self._stack = stack
        self._template = template
        self._then = then
        self._before = dict(stack.resources)
        self._is_create = stack.status == "CREATE_IN_PROGRESS"
        self._wanted: dict[str, Any] = {}
        self._refused: dict[str, str] = {}
        self._superseded: list[_Target] = []
        self._cancelled = False
        self._graph: _Graph

    def begin(self) -> None:
        nodes = {logical_id: dependencies(self._template, logical_id) for logical_id in self._template["Resources"]}
        self._graph = self._cloud.graph(nodes, self._bring, self._brought)

    def cancel(self) -> None:
        """Fail as if a resource had."""
        self._graph.fail()

    def abandon(self) -> list[_Target]:
        """End without a rollback; what is in flight."""
        self._cancelled = True
        self._graph.abandon()
        self._stack.template = self._template
        return self._unfinished(self._graph, self._stack.resources)

    def _bring(self, logical_id: str) -> bool:
        stack, cloud = self._stack, self._cloud
        type_ = self._template["Resources"][logical_id]["Type"]
        properties = cloud.resolved(stack, self._template, logical_id)
        known = self._before.get(logical_id)
        if known and known.properties == properties:
            return True
        self._wanted[logical_id] = properties
        verb = "UPDATE" if known else "CREATE"
        cloud.log(stack, logical_id, type_, f"{verb}_IN_PROGRESS")
        response = self._ask(logical_id, type_, properties, known)
        if self._cancelled:
            return False  # nobody waits for this answer any more
        if not response.succeeded:
            self._refused[logical_id] = response.physical_id
            cloud.log(stack, logical_id, type_, f"{verb}_FAILED", response.reason)
            return False
        if known and known.physical_id != response.physical_id:
            self._superseded.append(_Target(logical_id, known))
        stack.resources[logical_id] = Deployed(response.physical_id, type_, properties, response.data)
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

    def _brought(self, graph: _Graph) -> None:
        if graph.failed:
            self._cancelled = True
            for logical_id in sorted(graph.in_flight):
                type_ = self._template["Resources"][logical_id]["Type"]
                self._cloud.log(self._stack, logical_id, type_, "CANCELLED", "Resource creation cancelled")
            if self._is_create:
                self._undo_create(graph)
            else:
                self._undo_update(graph)
            return
        removed = sorted(self._before.keys() - self._template["Resources"].keys())
        targets = [*self._superseded, *(_Target(logical_id, self._before[logical_id]) for logical_id in removed)]
        self._stack.status = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"
        for logical_id in removed:
            del self._stack.resources[logical_id]
        self._cloud.publish(self._stack, self._template)
        both = {"Resources": {**self._stack.template["Resources"], **self._template["Resources"]}}
        self._stack.template = self._template
        self._cloud.remove(self._stack, both, targets, lambda _: self._rest("_COMPLETE"), _CLEANUP_ATTEMPTS)

    def _rest(self, suffix: str) -> None:
        self._stack.status = f"{'CREATE' if self._is_create else 'UPDATE'}{suffix}"
        self._then(self._stack)

    # -- rollback --------------------------------------------------------------------------------------------

    def _undo_create(self, graph: _Graph) -> None:
        stack = self._stack
        stack.status = "ROLLBACK_IN_PROGRESS"
        targets = [_Target(logical_id, deployed) for logical_id, deployed in stack.resources.items()]
        stack.unwanted = self._unfinished(graph, stack.resources.keys())
        targets += stack.unwanted

        def over(failed: bool) -> None:
            stack.status = "ROLLBACK_FAILED" if failed else "ROLLBACK_COMPLETE"
            if not failed:
                del self._cloud.stacks[stack.name]
            self._then(stack)

        self._cloud.remove(stack, self._template, targets, over)

    def _unfinished(self, graph: _Graph, known: Iterable[str]) -> list[_Target]:
        """What was asked for and is not known to exist, under the ids that CloudFormation has for it."""
        unfinished = [*self._refused, *sorted(graph.in_flight & self._wanted.keys())]
        return [
            _Target(logical_id, Deployed(self._id_of(logical_id), self._type(logical_id), self._wanted[logical_id]))
            for logical_id in unfinished
            if logical_id not in known
        ]

    def _id_of(self, logical_id: str) -> str:
        made_up = hashlib.sha256(f"{self._stack.stack_id}{logical_id}".encode()).hexdigest()[:12].upper()
        return self._refused.get(logical_id) or f"{self._stack.name}-{logical_id}-{made_up}"

    def _type(self, logical_id: str) -> str:
        return str(self._template["Resources"][logical_id]["Type"])

    def _undo_update(self, graph: _Graph) -> None:
        stack = self._stack
        stack.status = "UPDATE_ROLLBACK_IN_PROGRESS"
        touched = (graph.done | set(self._refused) | graph.in_flight) & self._wanted.keys()
        changed = sorted(touched & self._before.keys())
        for logical_id in sorted(self._before.keys() & self._refused.keys()):
            if self._cloud.reports_new_id:
                stack.resources[logical_id] = replace(
                    stack.resources[logical_id], physical_id=self._refused[logical_id]
                )
        new = [
            _Target(logical_id, deployed)
            for logical_id, deployed in stack.resources.items()
            if logical_id not in self._before
        ]
        unwanted = [*new, *self._unfinished(graph, {*self._before, *(target.logical_id for target in new)})]
        nodes = {logical_id: dependencies(stack.template, logical_id) & set(changed) for logical_id in changed}
        self._cloud.graph(
            nodes,
            lambda logical_id: self._take_back(logical_id, unwanted),
            lambda undone: self._taken_back(undone, unwanted),
        )

    def _take_back(self, logical_id: str, unwanted: list[_Target]) -> bool:
        stack, before = self._stack, self._before[logical_id]
        current = stack.resources[logical_id]
        response = self._cloud.send(
            stack,
            "Update",
            logical_id,
            before.type,
            before.properties,
            PhysicalResourceId=current.physical_id,
            OldResourceProperties=self._wanted[logical_id],
        )
        status = "UPDATE_COMPLETE" if response.succeeded else "UPDATE_FAILED"
        self._cloud.log(stack, logical_id, before.type, status, response.reason)
        if not response.succeeded:
            return False
        if response.physical_id != current.physical_id:
            unwanted.append(_Target(logical_id, replace(current, properties=self._wanted[logical_id])))
        stack.resources[logical_id] = Deployed(response.physical_id, before.type, before.properties, response.data)
        return True

    def _taken_back(self, undone: _Graph, unwanted: list[_Target]) -> None:
        stack = self._stack
        if undone.failed:
            stack.status = "UPDATE_ROLLBACK_FAILED"
            stack.unwanted = [*unwanted, *self._superseded]
            self._then(stack)
            return
        stack.status = "UPDATE_ROLLBACK_COMPLETE_CLEANUP_IN_PROGRESS"
        for target in unwanted:
            if target.logical_id not in self._before:
                stack.resources.pop(target.logical_id, None)
        both = {"Resources": {**stack.template["Resources"], **self._template["Resources"]}}
        self._cloud.remove(stack, both, unwanted, lambda _: self._rest("_ROLLBACK_COMPLETE"), _CLEANUP_ATTEMPTS)


def _nothing(_: object) -> None:
    """Nothing comes after."""
