"""CloudFormation's order of work in virtual time: parallel, cancelling, rolling back, cleaning up.

What it does with custom resources follows the user guide ("Custom resource request types") and, where that is
silent, what users report: a failure cancels requests in flight, and what has not answered its Create request yet
is deleted under an id that CloudFormation makes up (aws/aws-cdk issue 26139,
aws-cloudformation/cloudformation-coverage-roadmap issues 1730 and 1814).
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from lambdas.personalize_provider.deployments import Holder

from .deployment import Deployment
from .framework import Event, Response
from .graph import Graph
from .natives import NativeType, Request
from .stacks import STACK, Deployed, Stack, StackEvent, Target, ValidationError, check, is_kept_when_it_leaves
from .template import Template, Values, as_strings, dependencies, imports
from .time import VirtualTime

# Template reference, "AWS::CloudFormation::CustomResource", ServiceTimeout.
_SERVICE_TIMEOUT = 3600.0
# Template reference, "CloudFormation-supplied parameter types".
_STORED = "AWS::SSM::Parameter::Value<String>"
# In every template of the CDK; nothing refers to it.
_OF_THE_BOOTSTRAP = ("BootstrapVersion",)
_UPDATABLE = ("CREATE_COMPLETE", "UPDATE_COMPLETE", "UPDATE_ROLLBACK_COMPLETE", "CREATE_FAILED", "UPDATE_FAILED")


class CloudFormation:
    """An account's stacks."""

    def __init__(
        self,
        time: VirtualTime,
        request: Callable[[Event], Response],
        *,
        account: str = "000000000000",
        region: str = "eu-west-1",
        natives: Mapping[str, NativeType] | None = None,
        parameters: Mapping[str, str] | None = None,
        watch: Callable[[Stack], None] | None = None,
        failed_update_reports_new_id: bool = False,
    ) -> None:
        """Start without stacks.

        Args:
            time: the clock.
            request: carries out a custom resource's request.
            account: AWS account.
            region: AWS region.
            natives: AWS's own types whose resources do something; all others are names only.
            parameters: those of the Parameter Store.
            watch: is told of every stack that has come to rest.
            failed_update_reports_new_id: whether the id in a failed update's response becomes the resource's; the
                documentation does not say, so both are tried.
        """
        self.stacks: dict[str, Stack] = {}
        self.reports_new_id = failed_update_reports_new_id
        self.time = time
        self._deployments: dict[str, Deployment] = {}
        self._request = request
        self._account = account
        self._region = region
        self._natives = natives or {}
        self._parameters: Mapping[str, str] = {} if parameters is None else parameters
        self._watch = watch or _nothing
        self._numbers = itertools.count(1)

    def deployment(self, stack_id: str) -> str:
        """What the provider asks (deployments.py)."""
        stack = self.stack(stack_id)
        return f"{stack.status} since {stack.began}" if stack else "DELETE_COMPLETE since 0"

    def holder(self, physical_id: str) -> Holder | None:
        """Which stack has the resource of a physical id (deployments.py); the first, if several have one."""
        held = (
            Holder(stack.stack_id, logical_id, deployed.type)
            for stack in self.stacks.values()
            for logical_id, deployed in stack.resources.items()
            if deployed.physical_id == physical_id
        )
        return next(held, None)

    def stack(self, stack_id: str) -> Stack | None:
        """The stack of an id, if it is there."""
        return next((stack for stack in self.stacks.values() if stack.stack_id == stack_id), None)

    @property
    def exports(self) -> dict[str, str]:
        """Values by name, of all stacks."""
        return {name: value for stack in self.stacks.values() for name, value in stack.exports.items()}

    # -- operations ------------------------------------------------------------------------------------------

    def deploy(self, name: str, template: Template, *, disable_rollback: bool = False) -> Stack:
        """Create or update a stack, and wait until everything has come to rest."""
        stack = self.begin_deploy(name, template, disable_rollback=disable_rollback)
        self.time.run()
        return stack

    def delete(self, name: str) -> Stack:
        """Delete a stack, and wait until everything has come to rest."""
        stack = self.begin_delete(name)
        self.time.run()
        return stack

    def begin_deploy(
        self,
        name: str,
        template: Template,
        then: Callable[[Stack], None] | None = None,
        *,
        disable_rollback: bool = False,
    ) -> Stack:
        """Begin to create or update a stack.

        Args:
            name: its name.
            template: what it is to be.
            then: called when it has come to rest.
            disable_rollback: whether what succeeded stays when something fails (`cdk deploy --no-rollback`).

        Raises:
            ValidationError: CloudFormation refuses the template, or the stack's status does not allow it.
        """
        check(template)
        parameters = dict(self._known_parameters(template))
        stack = self.stacks.get(name)
        if stack is None:
            number = next(self._numbers)
            stack_id = f"arn:aws:cloudformation:{self._region}:{self._account}:stack/{name}/{number:08x}"
            stack = self.stacks[name] = Stack(name, stack_id, "CREATE_IN_PROGRESS", self.time.time())
        else:
            _check_updatable(stack, disable_rollback)
        stack.parameters = parameters
        self._deployments[name] = Deployment(
            self, stack, template, self._watched(then), disable_rollback, self._deployments.get(name)
        )
        stack.began = self.time.time()
        self._deployments[name].begin()
        return stack

    def cancel_update(self, name: str) -> None:
        """Cancel an update in progress; it is rolled back (API: CancelUpdateStack)."""
        self._expect(name, "UPDATE_IN_PROGRESS")
        self._deployments[name].cancel()

    def continue_rollback(self, name: str, skip: Iterable[str] = ()) -> Stack:
        """Take up a rollback of an update that failed, and wait for its end (API: ContinueUpdateRollback).

        Args:
            name: of the stack.
            skip: resources that could not be rolled back and count as if they had been.

        Raises:
            ValidationError: the stack is in another state, or a resource to skip did not fail in the rollback.
        """
        stack = self._expect(name, "UPDATE_ROLLBACK_FAILED")
        self._deployments[name].continue_rollback(frozenset(skip))
        self.time.run()
        return stack

    def roll_back(self, name: str) -> Stack:
        """Roll a stack that failed with its rollback disabled back to its last stable state (API: RollbackStack)."""
        stack = self._expect(name, "CREATE_FAILED", "UPDATE_FAILED")
        stack.began = self.time.time()
        self._deployments[name].roll_back()
        self.time.run()
        return stack

    def begin_delete(self, name: str, then: Callable[[Stack], None] | None = None) -> Stack:
        """Begin to delete a stack; it is gone from `stacks` if that succeeds."""
        stack = self.stacks[name]
        then = self._watched(then)
        for export in stack.exports:
            users = self.users(export)
            if users:
                # The stack stays as it was, with the reason (aws/aws-cdk issue 604).
                self.log(stack, stack.name, STACK, stack.status, f"Delete canceled. {_in_use('delete', export, users)}")
                then(stack)
                return stack
        in_flight = self._deployments[name].abandon() if stack.status == "CREATE_IN_PROGRESS" else []
        stack.status = "DELETE_IN_PROGRESS"
        stack.began = self.time.time()
        stack.unwanted = [*stack.unwanted, *in_flight]
        targets = [
            Target(logical_id, deployed, is_kept_when_it_leaves(stack.template, logical_id))
            for logical_id, deployed in stack.resources.items()
        ]

        def over(failed: bool) -> None:
            stack.status = "DELETE_FAILED" if failed else "DELETE_COMPLETE"
            if not failed:
                del self.stacks[name]
            then(stack)

        targets += [each for each in stack.unwanted if each not in targets]
        self.remove(stack, stack.template, targets, over)
        return stack

    def _watched(self, then: Callable[[Stack], None] | None) -> Callable[[Stack], None]:
        def over(stack: Stack) -> None:
            self._watch(stack)
            if then:
                then(stack)

        return over

    def _expect(self, name: str, *statuses: str) -> Stack:
        stack = self.stacks[name]
        if stack.status not in statuses:
            raise ValidationError(f"Stack {name} is in {stack.status} state and not in {' or '.join(statuses)}.")
        return stack

    def _known_parameters(self, template: Template) -> Iterator[tuple[str, str]]:
        """Values of the parameters of a template that stand in the Parameter Store, read once for each operation.

        Source: user guide, "Specify existing resources at runtime with CloudFormation-supplied parameter types".

        Raises:
            ValidationError: one is not there.
        """
        for name, parameter in template.get("Parameters", {}).items():
            if name in _OF_THE_BOOTSTRAP:
                continue
            if parameter["Type"] != _STORED:
                raise NotImplementedError(f"parameter of type {parameter['Type']}")
            if parameter["Default"] not in self._parameters:
                raise ValidationError(
                    f"Unable to fetch parameters [{parameter['Default']}] from parameter store for this account."
                )
            yield name, self._parameters[parameter["Default"]]

    # -- used by Deployment ----------------------------------------------------------------------------------

    def users(self, export: str) -> list[str]:
        """Stacks that import an export."""
        return [
            name
            for name, stack in self.stacks.items()
            if any(export in imports(template) for template in self._templates(stack))
        ]

    def _templates(self, stack: Stack) -> list[Template]:
        """What a stack is, and what it is about to be."""
        is_at_work = stack.status.endswith("_IN_PROGRESS")
        return [stack.template, self._deployments[stack.name].template] if is_at_work else [stack.template]

    def resolved(self, stack: Stack, template: Template, logical_id: str) -> dict[str, Any]:
        """Properties of a resource with every reference replaced by its value.

        Raises:
            ValidationError: it imports what no stack exports.
        """
        resource = template["Resources"][logical_id]
        properties: dict[str, Any] = self._values(stack).resolve(resource.get("Properties", {}))
        return as_strings(properties) if _is_ours(resource["Type"]) else properties

    def send(self, stack: Stack, kind: str, logical_id: str, type_: str, properties: Any, **more: Any) -> Response:
        """Send a request to a resource, and wait for its answer as long as CloudFormation does."""
        if not _is_ours(type_):
            return self._native(kind, type_, properties, more.get("PhysicalResourceId"), stack, logical_id)
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
        patience = float(properties.get("ServiceTimeout", _SERVICE_TIMEOUT))
        return self.time.within(patience, lambda: self._request(event)) or _unanswered(event)

    def _native(
        self, kind: str, type_: str, properties: Any, physical_id: str | None, stack: Stack, logical_id: str
    ) -> Response:
        name = physical_id or self._native_id(stack, logical_id, type_)
        if type_ not in self._natives:
            return Response(True, name)
        if kind == "Delete":
            self._natives[type_].remove(name)
            return Response(True, name)
        try:
            made = self._natives[type_].put(Request(name, properties))
        except ValueError as error:
            return Response(False, name, str(error))
        return Response(True, made.physical_id, data=made.attributes)

    def remove(
        self,
        stack: Stack,
        template: Template,
        targets: Iterable[Target],
        then: Callable[[bool], None],
        attempts: int | None = None,
    ) -> None:
        """Delete resources, each after those that depend on it.

        Args:
            stack: whose they are.
            template: says what depends on what.
            targets: what to delete.
            then: is told whether something could not be deleted.
            attempts: how often to try before the stack goes on without it; None to fail the stack, and leave alone
                what the resource that could not be deleted depends on.
        """
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

        def delete(number: int) -> bool:
            gone = any(self._delete(stack, pending[number]) for _ in range(attempts or 1))
            return gone or attempts is not None

        Graph(self.time, graph, delete, lambda ended: then(ended.failed), goes_on=True).start()

    def _delete(self, stack: Stack, target: Target) -> bool:
        deployed = target.deployed
        if not target.is_kept:
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
            if not response.succeeded:
                return False
        else:
            self.log(stack, target.logical_id, deployed.type, "DELETE_SKIPPED")
        if stack.resources.get(target.logical_id) == deployed:
            del stack.resources[target.logical_id]
        stack.unwanted = [each for each in stack.unwanted if each != target]
        return True

    def log(self, stack: Stack, logical_id: str, type_: str, status: str, reason: str = "") -> None:
        """Add a stack event."""
        stack.events.append(StackEvent(self.time.time(), logical_id, type_, status, reason))

    def record(self, stack: Stack, logical_id: str, deployed: Deployed) -> None:
        """Store what a resource is from now on."""
        stack.resources[logical_id] = deployed
        stack.history.setdefault(logical_id, []).append((self.time.time(), deployed))

    def publish(self, stack: Stack, template: Template) -> str:
        """Publish a stack's outputs and exports; or say why that is not possible, and change nothing.

        Source: user guide, "Get exported outputs from a deployed stack": what another stack imports can be neither
        removed nor changed.
        """
        values = self._values(stack)
        outputs = {key: str(values.resolve(each["Value"])) for key, each in template.get("Outputs", {}).items()}
        exports = {
            values.resolve(each["Export"]["Name"]): outputs[key]
            for key, each in template.get("Outputs", {}).items()
            if "Export" in each
        }
        for name, value in stack.exports.items():
            users = self.users(name) if exports.get(name) != value else []
            if users:
                return _in_use("update" if name in exports else "delete", name, users)
        stack.outputs, stack.exports = outputs, exports
        return ""

    def graph(
        self,
        nodes: Mapping[str, set[str]],
        work: Callable[[str], bool],
        then: Callable[[Graph], None],
        *,
        goes_on: bool = False,
    ) -> Graph:
        """Work on nodes in the order of their dependencies, at the same time where possible."""
        return Graph(self.time, nodes, work, then, goes_on=goes_on).start()

    def _values(self, stack: Stack) -> Values:
        known = {
            **stack.parameters,
            "AWS::AccountId": self._account,
            "AWS::Region": self._region,
            "AWS::Partition": "aws",
            "AWS::URLSuffix": "amazonaws.com",
            "AWS::StackId": stack.stack_id,
            "AWS::StackName": stack.name,
        }

        def ref(name: str) -> str:
            return known[name] if name in known else stack.resources[name].physical_id

        def attribute(logical_id: str, name: str) -> str:
            deployed = stack.resources[logical_id]
            if _is_ours(deployed.type) or name in deployed.attributes:
                return deployed.attributes[name]
            return self._native_attribute(deployed, name)

        def imported(name: str) -> str:
            if name not in self.exports:
                raise ValidationError(f"No export named {name} found.")
            return self.exports[name]

        return Values(ref, attribute, imported)

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


def _check_updatable(stack: Stack, disable_rollback: bool) -> None:
    if stack.status not in _UPDATABLE:
        raise ValidationError(f"Stack:{stack.stack_id} is in {stack.status} state and can not be updated.")
    # User guide, "Choose how to handle failures when provisioning resources".
    if stack.status.endswith("_FAILED") and not disable_rollback:
        raise ValidationError(f"Stack {stack.name} is in {stack.status} state: update it with its rollback disabled.")


def _unanswered(event: Event) -> Response:
    reason = (
        "CloudFormation did not receive a response from your Custom Resource. Please check your logs for requestId "
        f"[{event['RequestId']}]."
    )
    return Response(False, event.get("PhysicalResourceId", ""), reason)


def _in_use(verb: str, export: str, users: Iterable[str]) -> str:
    return f"Cannot {verb} export {export} as it is in use by {' and '.join(users)}"


def _is_ours(resource_type: str) -> bool:
    """Whether the provider carries out the requests of a type; all others take no time here."""
    return resource_type.startswith("Custom::Personalize")


def _nothing(_: object) -> None:
    """Nothing comes after."""
