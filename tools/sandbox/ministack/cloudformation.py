"""Where MiniStack's CloudFormation is more lenient than AWS, or forgets."""

from __future__ import annotations

import contextvars
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ministack.core import responses
from ministack.services import cloudformation
from ministack.services.cloudformation import changesets, custom_resource, engine, handlers, stacks

# User guide, "Troubleshooting CloudFormation", "Resource removed from stack but not deleted": what an update leaves
# behind is deleted in up to three attempts, then forgotten.
_CLEANUP_ATTEMPTS = 3
# Members of a StackResource that its events have too.
_OF_A_RESOURCE = (
    "StackName",
    "StackId",
    "LogicalResourceId",
    "PhysicalResourceId",
    "ResourceType",
    "Timestamp",
    "ResourceStatus",
)


def correct_templates() -> None:
    """Refuse a template without resources (user guide, "CloudFormation template Resources syntax": required)."""
    validate = engine._validate_template_limits

    def validate_all(template: dict[str, Any]) -> None:
        if not template.get("Resources"):
            raise ValueError("Template format error: At least one Resources member must be defined.")
        validate(template)

    engine._validate_template_limits = validate_all


def correct_exports() -> None:
    """Refuse to remove or change an export that another stack imports, or to delete its stack.

    User guide, "Get exported outputs from a deployed CloudFormation stack". MiniStack keeps an export that an update
    removes, takes any new value, and lets go of a stack while those that import from it are between two states. The
    words are those of stack events that users report (aws/aws-cdk issues 7602 and 33395).
    """
    imports, resolve = handlers._imported_export_names, stacks._resolve_stack_outputs
    # MiniStack's own look at the importers answers the request; CloudFormation accepts it and cancels the deletion.
    handlers._imported_export_names = lambda stack, stack_name: set()

    def resolve_outputs(
        definitions: Any, conditions: Any, resources: Any, parameters: Any, mappings: Any, name: str, stack_id: str
    ) -> Any:
        outputs, exports = resolve(definitions, conditions, resources, parameters, mappings, name, stack_id)
        for export in exports:
            owner = cloudformation._exports.get(export, {}).get("StackId", stack_id)
            if owner != stack_id:
                raise ValueError(f"Export with name {export} is already exported by stack {owner.split('/')[1]}.")
        for export, value in _exports_of(name).items():
            importer = _importer(export, name, imports)
            if importer and export not in exports:
                raise ValueError(f"Export {export} cannot be deleted as it is in use by {importer}")
            if importer and exports[export]["Value"] != value:
                raise ValueError(f"Export {export} cannot be updated as it is in use by {importer}")
        for export in _exports_of(name).keys() - exports.keys():
            cloudformation._exports.pop(export, None)
        return outputs, exports

    stacks._resolve_stack_outputs = resolve_outputs
    delete = stacks._delete_stack_async

    async def delete_unless_imported(name: str, stack_id: str, *arguments: Any, **options: Any) -> None:
        for export in _exports_of(name):
            if importer := _importer(export, name, imports):
                reason = f"Delete canceled. Cannot delete export {export} as it is in use by {importer}."
                status = cloudformation._stacks[name]["StackStatus"]
                stacks._add_event(stack_id, name, name, "AWS::CloudFormation::Stack", status, reason, stack_id)
                return
        await delete(name, stack_id, *arguments, **options)

    stacks._delete_stack_async = handlers._delete_stack_async = delete_unless_imported


def _exports_of(stack_name: str) -> dict[str, str]:
    """Values of a stack's exports by name."""
    outputs = cloudformation._stacks[stack_name].get("Outputs", []) if stack_name in cloudformation._stacks else []
    return {output["ExportName"]: output["OutputValue"] for output in outputs if output.get("ExportName")}


def _importer(export: str, exporter: str, imports: Callable[[Any, str], set[str]]) -> str | None:
    """A stack that imports an export."""
    # These have no resource, so they import nothing, whatever their templates say.
    empty = ("DELETE_COMPLETE", "REVIEW_IN_PROGRESS", "ROLLBACK_COMPLETE")
    for name, stack in cloudformation._stacks.items():
        if name != exporter and stack.get("StackStatus") not in empty and export in imports(stack, name):
            return str(name)
    return None


def correct_failed_creations() -> None:
    """Let the rollback delete the custom resource whose creation failed, and keep what it cannot delete.

    MiniStack deletes what was created before it only. CloudFormation sends a Delete request for the failed one too,
    under the id of its answer (custom resource providers of the CDK ignore it where nothing was made: framework's
    CREATE_FAILED marker). After ROLLBACK_FAILED a deletion of the stack tries again, which MiniStack has forgotten.
    """
    invoke, deliver = custom_resource.invoke_custom_resource, custom_resource.deliver_response
    answered: dict[tuple[str, str], str] = {}
    failed: dict[tuple[str, str], dict[str, Any]] = {}

    def deliver_and_note(token: str, response: dict[str, Any]) -> bool:
        key = (response.get("StackId", ""), response.get("LogicalResourceId", ""))
        answered[key] = response.get("PhysicalResourceId") or ""
        return bool(deliver(token, response))

    def invoke_and_note(
        kind: str, logical_id: str, properties: Any, stack_name: str, stack_id: str, type_: str, *rest: Any, **more: Any
    ) -> Any:
        key = (stack_id, logical_id)
        answered.pop(key, None)
        try:
            return invoke(kind, logical_id, properties, stack_name, stack_id, type_, *rest, **more)
        except Exception:
            if kind == "Create":
                # Who did not answer is known by an id that CloudFormation makes up.
                physical_id = answered.get(key) or f"{stack_name}-{logical_id}-{responses.new_uuid()[:12].upper()}"
                failed[key] = {
                    "PhysicalResourceId": physical_id,
                    "ResourceType": type_,
                    "LogicalResourceId": logical_id,
                    "Properties": properties,
                    "Attributes": {},
                }
            raise

    custom_resource.deliver_response = deliver_and_note
    custom_resource.invoke_custom_resource = invoke_and_note
    roll_back = stacks._roll_back_operation

    async def roll_back_all(
        stack_name: str, stack_id: str, stack: dict[str, Any], operation: dict[str, Any], *rest: Any
    ) -> None:
        logical_id = operation.get("failed_logical_id")
        record = failed.pop((stack_id, logical_id or ""), None)
        if record and operation.get("failed_update") is None:
            stack.setdefault("_resources", {})[logical_id] = record
            operation["created"] = [*operation.get("created", []), logical_id]
        known = dict(stack.get("_resources", {}))
        await roll_back(stack_name, stack_id, stack, operation, *rest)
        if stack["StackStatus"] == "ROLLBACK_FAILED":
            for undeleted in stack.get("_rollback_failed", {}):
                stack["_resources"][undeleted] = {**known[undeleted], "ResourceStatus": "DELETE_FAILED"}

    stacks._roll_back_operation = handlers._roll_back_operation = roll_back_all


@dataclass
class _Deletions:
    """What an operation on a stack deletes.

    Attributes:
        definitions: the resources of its templates, the old one and the new one.
        attempts: how often each is tried.
        failed: logical ids of those that could not be deleted.
    """

    definitions: Mapping[str, Any]
    attempts: int
    failed: set[str] = field(default_factory=set)

    def blocker_of(self, logical_id: str) -> str | None:
        """What depends on a resource and is still there because its own deletion failed."""
        for dependant in sorted(self.failed):
            if logical_id in stacks._extract_deps(self.definitions.get(dependant, {}), set(self.definitions)):
                return dependant
        return None


_deletions: contextvars.ContextVar[_Deletions | None] = contextvars.ContextVar("deletions", default=None)


def correct_deletions() -> None:
    """Keep a resource while what depends on it could not be deleted; forget what an update could not clean up.

    MiniStack goes on with everything else, tries once, and has the next operation try again. It also lets an update
    that was under way when a deletion began write its own last status over that of the deletion, which whoever waits
    for the deletion takes for its failure. That AWS lets a deletion begin then, and end so, is inferred.
    """
    delete = stacks._delete_resource

    def delete_in_order(type_: str, physical_id: str, properties: Any, stack_name: str, logical_id: str) -> None:
        running = _deletions.get()
        if running is None:
            delete(type_, physical_id, properties, stack_name, logical_id)
            return
        _note_cleanup(stack_name)
        if blocker := running.blocker_of(logical_id):
            running.failed.add(logical_id)
            raise ValueError(f"{blocker} depends on it and could not be deleted.")
        for attempt in range(1, running.attempts + 1):
            try:
                delete(type_, physical_id, properties, stack_name, logical_id)
                return
            except Exception:
                if attempt == running.attempts:
                    running.failed.add(logical_id)
                    raise

    stacks._delete_resource = delete_in_order
    deploy, delete_stack, roll_back = (
        stacks._deploy_stack_async,
        stacks._delete_stack_async,
        stacks._roll_back_operation,
    )

    # By stack id, the status of its deletion.
    deleted: dict[str, str] = {}

    def give_way(name: str, stack_id: str) -> None:
        stack = cloudformation._stacks.get(name) or {}
        if stack_id in deleted and stack.get("StackId") == stack_id:
            stack["StackStatus"] = deleted[stack_id]

    async def deploy_and_forget(
        name: str, stack_id: str, template: dict[str, Any], *arguments: Any, **options: Any
    ) -> None:
        before = (options.get("previous_stack") or {}).get("_template") or {}
        _deletions.set(_Deletions(_resources_of(before) | _resources_of(template), _CLEANUP_ATTEMPTS))
        await deploy(name, stack_id, template, *arguments, **options)
        give_way(name, stack_id)
        stack = cloudformation._stacks.get(name) or {}
        if stack.get("StackStatus") == "UPDATE_COMPLETE":
            for forgotten in stack["_resources"].keys() - _resources_of(template).keys():
                del stack["_resources"][forgotten]

    async def delete_stack_in_order(name: str, stack_id: str, *arguments: Any, **options: Any) -> None:
        template = (cloudformation._stacks.get(name) or {}).get("_template")
        _deletions.set(_Deletions(_resources_of(template), 1))
        deleted[stack_id] = "DELETE_IN_PROGRESS"
        await delete_stack(name, stack_id, *arguments, **options)
        status = (cloudformation._stacks.get(name) or {}).get("StackStatus", "DELETE_COMPLETE")
        if status.startswith("DELETE"):
            deleted[stack_id] = status
        else:  # it was canceled
            del deleted[stack_id]

    async def roll_back_in_order(
        name: str, stack_id: str, stack: dict[str, Any], operation: dict[str, Any], *rest: Any
    ) -> None:
        before = (operation.get("previous_stack") or {}).get("_template")
        attempts = _CLEANUP_ATTEMPTS if operation.get("is_update") else 1
        _deletions.set(_Deletions(_resources_of(before) | _resources_of(operation.get("template")), attempts))
        await roll_back(name, stack_id, stack, operation, *rest)
        give_way(name, stack_id)

    stacks._deploy_stack_async = handlers._deploy_stack_async = changesets._deploy_stack_async = deploy_and_forget
    stacks._delete_stack_async = handlers._delete_stack_async = delete_stack_in_order
    stacks._roll_back_operation = handlers._roll_back_operation = roll_back_in_order


def correct_resource_lookups() -> None:
    """Say which stack has the resource of a physical id, in DescribeStackResources; MiniStack ignores that id.

    The answer is that one resource, and one of several with the same physical id (aws-cloudformation/
    cloudformation-coverage-roadmap issue 998). That it is one that its stack still has, if any has, or else the last,
    is inferred, and so are the words when no stack has it. What a stack has left behind is DELETE_SKIPPED (user guide,
    "DeletionPolicy attribute"), also when the stack is gone.
    """
    describe = handlers._ACTION_HANDLERS["DescribeStackResources"]

    def describe_by_physical_id(params: Any) -> Any:
        physical_id = handlers._p(params, "PhysicalResourceId")
        if not physical_id:
            return describe(params)
        found = max(_last_events(physical_id), key=_precedence, default=None)
        if found is None:
            return handlers._error("ValidationError", f"Stack for {physical_id} does not exist")
        members = "".join(f"<{name}>{handlers._esc(found[name])}</{name}>" for name in _OF_A_RESOURCE)
        listed = f"<StackResources><member>{members}</member></StackResources>"
        action = "DescribeStackResources"
        return handlers._xml(200, f"{action}Response", f"<{action}Result>{listed}</{action}Result>")

    handlers._ACTION_HANDLERS["DescribeStackResources"] = describe_by_physical_id


def _last_events(physical_id: str) -> list[Mapping[str, str]]:
    """What happened last to the resource of a physical id, in each stack that has had it."""
    of_stacks = cloudformation._stack_events.values()
    found = ([each for each in events if each.get("PhysicalResourceId") == physical_id] for events in of_stacks)
    return [events[-1] for events in found if events]


def _precedence(event: Mapping[str, str]) -> tuple[bool, str]:
    return event["ResourceStatus"] not in ("DELETE_SKIPPED", "DELETE_COMPLETE"), event["Timestamp"]


def _note_cleanup(stack_name: str) -> None:
    """Say that an update has succeeded and deletes what it has replaced, or what has left the template.

    User guide, "Stack status codes": UPDATE_COMPLETE_CLEANUP_IN_PROGRESS. MiniStack goes on saying UPDATE_IN_PROGRESS,
    by which nobody can tell that from a deletion before the update.
    """
    stack = cloudformation._stacks.get(stack_name) or {}
    if stack.get("StackStatus") == "UPDATE_IN_PROGRESS":
        stack["StackStatus"] = "UPDATE_COMPLETE_CLEANUP_IN_PROGRESS"


def _resources_of(template: Mapping[str, Any] | None) -> dict[str, Any]:
    return dict((template or {}).get("Resources", {}))
