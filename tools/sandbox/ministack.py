"""The only module that knows MiniStack's internals: one application for its services and the Personalize emulator.

Written for ministack 1.5.33, the version requirements-tools.txt pins. MiniStack reads its environment while it is
imported, so import this module only in the server process.
"""

from __future__ import annotations

import contextvars
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from ministack.app import app as ministack_app
from ministack.core import iam_evaluator, lambda_runtime, responses, router
from ministack.services import cloudformation, cloudwatch, cloudwatch_logs, iam, kms, lambda_svc, s3
from ministack.services.cloudformation import changesets, custom_resource, engine, handlers, provisioners, stacks

from tools.emulator import (
    NAMESPACE,
    AccessDeniedError,
    Datum,
    ObjectAccessDeniedError,
    ObjectNotFoundError,
    Service,
    ServiceError,
    WallClock,
)
from tools.emulator.app import CONTROL_PREFIX, Headers, PersonalizeApp

from .cloud import LATE_LINES_SECONDS

_PERSONALIZE = "personalize.amazonaws.com"
_KEY_HEADER = "x-amz-server-side-encryption-aws-kms-key-id"
# User guide, "Troubleshooting CloudFormation", "Resource removed from stack but not deleted": what an update leaves
# behind is deleted in up to three attempts, then forgotten.
_CLEANUP_ATTEMPTS = 3
# Marks the answer of a function whose handler has raised.
_RAISED = "sandbox_raised"
# What MiniStack's programs around a handler answer then.
_ANSWERS_OF_RAISING = {
    "_PYTHON_WORKER_SCRIPT": ('{"status": "error", "error": str(e), "trace": traceback.format_exc()}',),
    "_NODEJS_WORKER_SCRIPT": (
        'status: "error", error: String(err.message || err)',
        'status: "error", error: e.message, trace: e.stack',
    ),
}


def build_gateway(speed: float, propagation_seconds: float = 0, requests_per_second: float | None = None) -> Any:
    """The ASGI application of the sandbox.

    Args:
        speed: how many times faster than on AWS Personalize works.
        propagation_seconds: how long a change of a role's policies takes to have an effect.
        requests_per_second: how often each operation of Personalize's control plane may be called; None for no limit.
    """
    correct_buckets()
    correct_lambda_environment()
    correct_lambda_errors()
    correct_lambda_logs()
    correct_templates()
    correct_exports()
    correct_failed_creations()
    correct_deletions()
    if propagation_seconds:
        delay_policies(propagation_seconds)
    account = responses.get_account_id()
    service = Service(
        WallClock(),
        BucketObjects(),
        PolicyAuthorizer(),
        account_id=account,
        metrics=CloudWatchMetrics(),
        speed=speed,
        requests_per_second=requests_per_second,
    )
    personalize = PersonalizeApp(service, caller_of)

    async def gateway(scope: Any, receive: Any, send: Any) -> None:
        ours = scope["type"] == "http" and (
            PersonalizeApp.claims(scope["headers"]) or scope["path"].startswith(CONTROL_PREFIX)
        )
        await (personalize if ours else ministack_app)(scope, receive, send)

    return gateway


# -- who may do what -----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Caller:
    """Whoever signed a request; `principal` is MiniStack's, or why there is none."""

    principal: Any

    def __str__(self) -> str:
        """ARN, as error messages show it."""
        return str(getattr(self.principal, "arn", "unknown"))


def caller_of(headers: Headers) -> Caller:
    """Who signed a request: the root user, or the session of a role, as MiniStack's STS and Lambda issued it."""
    found = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}
    return Caller(iam_evaluator.resolve_principal(router.extract_access_key_id(found), responses.get_account_id()))


class PolicyAuthorizer:
    """Decides by the policies that the caller's role has in MiniStack's IAM."""

    def authorize(self, caller: object, action: str, resource: str, context: dict[str, str]) -> None:
        """Return if the caller may do it.

        Raises:
            AccessDeniedError: its policies do not allow it.
            ServiceError: the credentials are not ones that MiniStack has issued.
        """
        assert isinstance(caller, Caller)
        principal = caller.principal
        if isinstance(principal, iam_evaluator.AuthError):
            raise ServiceError("UnrecognizedClientException", principal.message)
        if principal.policies is None:
            return  # the root user
        asked = iam_evaluator.EvalContext(
            principal_arn=principal.arn,
            principal_type=principal.type,
            principal_account=principal.account,
            action=action,
            resource_arn=resource,
            region=responses.get_region(),
            secure_transport=True,
            service_context={name.lower(): value for name, value in context.items()},
            principal_keys=principal.keys,
        )
        if iam_evaluator.evaluate(asked, principal.policies, *principal.limits).decision != "Allow":
            raise AccessDeniedError


class BucketObjects:
    """Objects of MiniStack's S3 as Personalize gets and puts them: with the service role, if the bucket policy agrees.

    Developer guide, "Giving Amazon Personalize access to Amazon S3 resources": to read, the role needs s3:GetObject and
    s3:ListBucket, to write s3:PutObject, and the bucket policy has to allow the same to Personalize itself. "Giving
    Amazon Personalize permission to use your AWS KMS key": the policy of an object's key has to let both use it.
    """

    def read(self, role_arn: str, location: str) -> Iterator[tuple[str, bytes]]:
        """Yield key and body of what is at or below a location.

        Raises:
            ObjectAccessDeniedError: trust policy, role or bucket policy do not allow it.
            ObjectNotFoundError: nothing is there.
        """
        bucket, path = _opened(role_arn, location)
        below = f"{path.rstrip('/')}/"
        is_object = path in s3._buckets[bucket]["objects"]
        yield from _read(role_arn, location, lambda key: key == path if is_object else key.startswith(below))

    def find(self, role_arn: str, prefix: str) -> Iterator[tuple[str, bytes]]:
        """Yield key and body of all objects whose location begins with a prefix; it raises what `read` raises."""
        _, beginning = _opened(role_arn, prefix)
        yield from _read(role_arn, prefix, lambda key: key.startswith(beginning))

    def write(
        self, role_arn: str, location: str, body: bytes, *, key_arn: str | None = None, lists: bool = False
    ) -> None:
        """Put an object.

        Raises:
            ObjectAccessDeniedError: trust policy, role, bucket policy or the key do not allow it.
            ObjectNotFoundError: there is no such bucket.
        """
        bucket, key = _opened(role_arn, location)
        if lists:
            _permit(role_arn, bucket, "s3:ListBucket", f"arn:aws:s3:::{bucket}")
        _permit(role_arn, bucket, "s3:PutObject", f"arn:aws:s3:::{bucket}/{key}")
        asked = {"x-amz-server-side-encryption": "aws:kms", _KEY_HEADER: key_arn} if key_arn else {}
        encryption, _ = s3._resolve_sse_write_headers(asked, bucket)
        if not _may_use_key(role_arn, "kms:GenerateDataKey", encryption.get(_KEY_HEADER)):
            raise ObjectAccessDeniedError(f"The role {role_arn} may not write {location}.")
        s3._put_object(bucket, key, body, asked)


def _opened(role_arn: str, location: str) -> tuple[str, str]:
    """Bucket and key of a location, if Personalize can assume the role, and the bucket exists."""
    bucket, _, key = location.removeprefix("s3://").partition("/")
    _assume(role_arn)
    if bucket not in s3._buckets:
        raise ObjectNotFoundError(f"There is no bucket {bucket}.")
    return bucket, key


def _read(role_arn: str, location: str, is_wanted: Callable[[str], bool]) -> Iterator[tuple[str, bytes]]:
    bucket, _ = _opened(role_arn, location)
    _permit(role_arn, bucket, "s3:ListBucket", f"arn:aws:s3:::{bucket}")
    objects = s3._buckets[bucket]["objects"]
    keys = sorted(filter(is_wanted, objects))
    if not keys:
        raise ObjectNotFoundError(f"Nothing is at {location}.")
    for key in keys:
        _permit(role_arn, bucket, "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}")
        # The reason names no key, as on AWS.
        if not _may_use_key(role_arn, "kms:Decrypt", objects[key].get("preserved_headers", {}).get(_KEY_HEADER)):
            raise ObjectAccessDeniedError(f"The role {role_arn} may not read {location}.")
        yield key, s3._get_object_data(bucket, key) or b""


def _assume(role_arn: str) -> None:
    role = iam._roles.get(role_arn.rpartition("/")[2])
    trusted = role and iam_evaluator.evaluate_resource_policy(
        role.get("AssumeRolePolicyDocument"), _by_personalize("sts:AssumeRole", role_arn), service=_PERSONALIZE
    )
    if not trusted or trusted.decision != "Allow":
        raise ObjectAccessDeniedError(f"{_PERSONALIZE} cannot assume the role {role_arn}.")


def _permit(role_arn: str, bucket: str, action: str, resource: str) -> None:
    asked = _by_personalize(action, resource)
    policies = iam_evaluator._gather_role_policies(role_arn.rpartition("/")[2], responses.get_account_id())
    if iam_evaluator.evaluate(asked, policies).decision != "Allow":
        raise ObjectAccessDeniedError(f"The role {role_arn} may not perform {action} on {resource}.")
    policy = s3._bucket_policies.get(bucket)
    if iam_evaluator.evaluate_resource_policy(policy, asked, service=_PERSONALIZE).decision != "Allow":
        raise ObjectAccessDeniedError(f"The policy of bucket {bucket} does not let {_PERSONALIZE} perform {action}.")


def _may_use_key(role_arn: str, action: str, key_arn: str | None) -> bool:
    """Whether the role and Personalize may both use a key, if one is named."""
    if not key_arn:
        return True
    policy, owner = kms.key_policy_for_arn(key_arn) or ("", None)
    by_service = _by_personalize(action, key_arn)
    by_role = replace(by_service, principal_arn=role_arn, principal_type="AssumedRole")
    policies = iam_evaluator._gather_role_policies(role_arn.rpartition("/")[2], responses.get_account_id())
    decisions = (
        iam_evaluator.evaluate_resource_policy(policy, by_service, service=_PERSONALIZE),
        iam_evaluator.combine_resource_policy(
            iam_evaluator.evaluate(by_role, policies), by_role, policy, owner, required=True
        ),
    )
    return all(each.decision == "Allow" for each in decisions)


def _by_personalize(action: str, resource: str) -> Any:
    """What Personalize asks for on behalf of a resource of this account."""
    account, region = responses.get_account_id(), responses.get_region()
    return iam_evaluator.EvalContext(
        principal_arn=_PERSONALIZE,
        principal_type="AWSService",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=region,
        secure_transport=True,
        service_context={
            "aws:sourceaccount": account,
            "aws:sourcearn": f"arn:aws:personalize:{region}:{account}:dataset-import-job/any",
        },
    )


# -- what is measured ----------------------------------------------------------------------------------------------


class CloudWatchMetrics:
    """MiniStack's CloudWatch as Personalize puts its metrics there."""

    def put(self, region: str, datum: Datum) -> None:
        """Put a value."""
        dimensions = dict(datum.dimensions)
        with responses.request_scope(responses.get_account_id(), region):
            cloudwatch._store_datum(
                *(NAMESPACE, datum.name, dimensions, datum.at, datum.unit, datum.value),
                values=None,
                counts=None,
                stat_values=None,
            )


# -- where MiniStack differs from AWS ------------------------------------------------------------------------------


def correct_buckets() -> None:
    """Let CloudFormation tag and encrypt buckets, and refuse to delete one that is not empty, as on AWS."""
    handler = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    create, update, delete = handler["create"], handler["update"], handler["delete"]

    def create_tagged(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        name, attributes = create(logical_id, properties, stack_name)
        s3._bucket_tags[name] = provisioners._tag_map(properties.get("Tags"))
        _set_default_encryption(name, properties)
        return name, attributes

    def update_tagged(name: str, old: dict[str, Any], new: dict[str, Any], stack_name: str) -> Any:
        updated, attributes = update(name, old, new, stack_name)
        s3._bucket_tags[updated] = provisioners._tag_map(new.get("Tags"))
        _set_default_encryption(updated, new)
        return updated, attributes

    def delete_empty(name: str, properties: dict[str, Any]) -> None:
        bucket = s3._buckets.get(name)
        if bucket and (bucket["objects"] or s3._bucket_has_versions(name)):
            raise ValueError("The bucket you tried to delete is not empty. You must delete all versions in the bucket.")
        delete(name, properties)

    handler |= {"create": create_tagged, "update": update_tagged, "delete": delete_empty}
    provisioners._STACK_TAG_PROPERTY["AWS::S3::Bucket"] = ("Tags", "list")


def _set_default_encryption(bucket: str, properties: Mapping[str, Any]) -> None:
    rules = properties.get("BucketEncryption", {}).get("ServerSideEncryptionConfiguration", [])
    default = rules[0].get("ServerSideEncryptionByDefault", {}) if rules else {}
    named = [name for name in ("SSEAlgorithm", "KMSMasterKeyID") if default.get(name)]
    if named:
        members = "".join(f"<{name}>{default[name]}</{name}>" for name in named)
        s3._bucket_encryption[bucket] = f"<Rule>{members}</Rule>"


def correct_lambda_environment() -> None:
    """Keep functions from naming a trust store that only the images of Lambda have (CDK's BucketDeployment does)."""
    lambda_runtime._RESERVED_RUNTIME_ENV_VARS.add("AWS_CA_BUNDLE")


def correct_lambda_errors() -> None:
    """Let a function that raises keep its execution environment, as on AWS.

    MiniStack ends the process. Lambda developer guide, "Understanding the Lambda execution environment lifecycle": an
    environment is reset when a function crashes or times out. "Building a custom runtime for AWS Lambda": a runtime
    reports what a handler raises, and gets the next event. The CDK's Provider framework raises at each poll but the
    last (Retry, framework.js), and every poll after it would begin with a cold start.
    """
    for script, answers in _ANSWERS_OF_RAISING.items():
        program = getattr(lambda_runtime, script)
        for answer in answers:
            program = program.replace(answer, answer.replace('"error",', f'"ok", "{_RAISED}": 1,', 1))
        setattr(lambda_runtime, script, program)
    invoke = lambda_runtime.Worker.invoke

    def invoke_and_keep(self: Any, *arguments: Any, **options: Any) -> dict[str, Any]:
        response: dict[str, Any] = invoke(self, *arguments, **options)
        if response.pop(_RAISED, False):
            response["status"] = "error"
        return response

    lambda_runtime.Worker.invoke = invoke_and_keep


def correct_lambda_logs() -> None:
    """Let functions log only where their roles may, and let their last lines arrive late, as on AWS.

    MiniStack asks nobody, and is never late. On AWS the lines with which an invocation ends arrive after the caller has
    its answer, with the permissions of the role as it was while the function ran: a function that may create log
    groups makes its own again, after CloudFormation has deleted it (aws/aws-cdk issues 11549, 31487 and 35632).
    """
    emit = lambda_svc._emit_lambda_logs

    def emit_if_permitted(function: dict[str, Any], *arguments: Any, **options: Any) -> None:
        config = function.get("config") or function
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
        arn = f"arn:aws:logs:{responses.get_region()}:{responses.get_account_id()}:log-group:{group}:log-stream:any"
        may_write = _role_may(config["Role"], "logs:PutLogEvents", arn)
        may_create = _role_may(config["Role"], "logs:CreateLogGroup", arn)

        def deliver(*arguments: Any, **options: Any) -> None:
            if may_write and (may_create or group in cloudwatch_logs._log_groups):
                emit(function, *arguments, **options)

        deliver(*arguments, **options)
        if may_write and may_create:
            context = contextvars.copy_context()
            request_id, _, *rest = arguments
            late = threading.Timer(LATE_LINES_SECONDS, context.run, [deliver, request_id, "", *rest], options)
            late.daemon = True
            late.start()

    lambda_svc._emit_lambda_logs = emit_if_permitted


def _role_may(role_arn: str, action: str, resource: str) -> bool:
    account = responses.get_account_id()
    asked = iam_evaluator.EvalContext(
        principal_arn=role_arn,
        principal_type="AssumedRole",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=responses.get_region(),
    )
    policies = iam_evaluator._gather_role_policies(role_arn.rpartition("/")[2], account)
    return bool(iam_evaluator.evaluate(asked, policies).decision == "Allow")


# -- where MiniStack is more lenient than CloudFormation -----------------------------------------------------------


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


def _resources_of(template: Mapping[str, Any] | None) -> dict[str, Any]:
    return dict((template or {}).get("Resources", {}))


# -- IAM takes its time --------------------------------------------------------------------------------------------


def delay_policies(seconds: float) -> None:
    """Let a change of a role's policies take effect after a delay.

    User guide of IAM, "Changes that I make are not always immediately visible"; aws/aws-cdk issues 18237 and 37675
    report denied calls after CloudFormation has said that the policy is there.
    """
    gather = iam_evaluator._gather_role_policies
    histories: dict[str, list[tuple[float, Any]]] = {}

    def note_changes() -> None:
        for role in iam._roles:
            history = histories.setdefault(role, [])
            policies = gather(role, responses.get_account_id())
            if not history or history[-1][1] != policies:
                history.append((time.monotonic(), policies))

    def noting(change: Callable[..., Any]) -> Callable[..., Any]:
        def change_and_note(*arguments: Any, **options: Any) -> Any:
            done = change(*arguments, **options)
            note_changes()
            return done

        return change_and_note

    for action in iam._IAM_HANDLERS:
        iam._IAM_HANDLERS[action] = noting(iam._IAM_HANDLERS[action])
    for type_, handler in provisioners._RESOURCE_HANDLERS.items():
        if type_.startswith("AWS::IAM::"):
            handler |= {step: noting(handler[step]) for step in ("create", "update", "delete") if step in handler}

    def gather_effective(role: str, account: str) -> Any:
        now = time.monotonic()
        effective = [policies for since, policies in histories.get(role, []) if now - since >= seconds]
        return effective[-1] if effective else []

    iam_evaluator._gather_role_policies = gather_effective
