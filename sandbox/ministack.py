"""Everything that knows the inside of MiniStack: the one application for its services and the Personalize emulator.

Written for ministack 1.5.33, the version requirements-dev.txt pins. MiniStack reads its environment while it is
imported, so import this module only in the server process.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ministack.app import app as ministack_app
from ministack.core import iam_evaluator, lambda_runtime, responses, router
from ministack.services import cloudwatch_logs, iam, lambda_svc, s3
from ministack.services.cloudformation import provisioners

from .personalize import (
    AccessDeniedError,
    ObjectAccessDeniedError,
    ObjectNotFoundError,
    ScaledClock,
    Service,
    ServiceError,
)
from .personalize.app import CONTROL_PREFIX, Headers, PersonalizeApp

_PERSONALIZE = "personalize.amazonaws.com"


def build_gateway(speed: float) -> Any:
    """The ASGI application of the sandbox; `speed` is that of the Personalize emulator's clock."""
    correct_buckets()
    correct_lambda_environment()
    correct_lambda_logs()
    account = responses.get_account_id()
    service = Service(ScaledClock(speed), BucketObjects(), PolicyAuthorizer(), account_id=account)
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
    """Objects of MiniStack's S3 as Personalize gets them: with the service role, and if the bucket policy agrees.

    Developer guide, "Giving Amazon Personalize access to Amazon S3 resources": the role needs s3:GetObject and
    s3:ListBucket, and the bucket policy has to allow both to Personalize itself.
    """

    def read(self, role_arn: str, location: str) -> Iterator[tuple[str, bytes]]:
        """Yield key and body of what is at or below a location.

        Raises:
            ObjectAccessDeniedError: trust policy, role or bucket policy do not allow it.
            ObjectNotFoundError: nothing is there.
        """
        bucket, _, path = location.removeprefix("s3://").partition("/")
        _assume(role_arn)
        if bucket not in s3._buckets:
            raise ObjectNotFoundError(f"There is no bucket {bucket}.")
        _permit_read(role_arn, bucket, "s3:ListBucket", f"arn:aws:s3:::{bucket}")
        objects = s3._buckets[bucket]["objects"]
        keys = [path] if path in objects else sorted(key for key in objects if key.startswith(f"{path.rstrip('/')}/"))
        if not keys:
            raise ObjectNotFoundError(f"Nothing is at {location}.")
        for key in keys:
            _permit_read(role_arn, bucket, "s3:GetObject", f"arn:aws:s3:::{bucket}/{key}")
            yield key, s3._get_object_data(bucket, key) or b""


def _assume(role_arn: str) -> None:
    role = iam._roles.get(role_arn.rpartition("/")[2])
    trusted = role and iam_evaluator.evaluate_resource_policy(
        role.get("AssumeRolePolicyDocument"), _by_personalize("sts:AssumeRole", role_arn), service=_PERSONALIZE
    )
    if not trusted or trusted.decision != "Allow":
        raise ObjectAccessDeniedError(f"{_PERSONALIZE} cannot assume the role {role_arn}.")


def _permit_read(role_arn: str, bucket: str, action: str, resource: str) -> None:
    asked = _by_personalize(action, resource)
    policies = iam_evaluator._gather_role_policies(role_arn.rpartition("/")[2], responses.get_account_id())
    if iam_evaluator.evaluate(asked, policies).decision != "Allow":
        raise ObjectAccessDeniedError(f"The role {role_arn} may not perform {action} on {resource}.")
    policy = s3._bucket_policies.get(bucket)
    if iam_evaluator.evaluate_resource_policy(policy, asked, service=_PERSONALIZE).decision != "Allow":
        raise ObjectAccessDeniedError(f"The policy of bucket {bucket} does not let {_PERSONALIZE} perform {action}.")


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


# -- where MiniStack differs from AWS ------------------------------------------------------------------------------


def correct_buckets() -> None:
    """Let CloudFormation tag buckets, and refuse to delete one that is not empty, as on AWS."""
    handler = provisioners._RESOURCE_HANDLERS["AWS::S3::Bucket"]
    create, update, delete = handler["create"], handler["update"], handler["delete"]

    def create_tagged(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        name, attributes = create(logical_id, properties, stack_name)
        s3._bucket_tags[name] = provisioners._tag_map(properties.get("Tags"))
        return name, attributes

    def update_tagged(name: str, old: dict[str, Any], new: dict[str, Any], stack_name: str) -> Any:
        updated, attributes = update(name, old, new, stack_name)
        s3._bucket_tags[updated] = provisioners._tag_map(new.get("Tags"))
        return updated, attributes

    def delete_empty(name: str, properties: dict[str, Any]) -> None:
        bucket = s3._buckets.get(name)
        if bucket and (bucket["objects"] or s3._bucket_has_versions(name)):
            raise ValueError("The bucket you tried to delete is not empty. You must delete all versions in the bucket.")
        delete(name, properties)

    handler |= {"create": create_tagged, "update": update_tagged, "delete": delete_empty}
    provisioners._STACK_TAG_PROPERTY["AWS::S3::Bucket"] = ("Tags", "list")


def correct_lambda_environment() -> None:
    """Keep functions from naming a trust store that only the images of Lambda have (CDK's BucketDeployment does)."""
    lambda_runtime._RESERVED_RUNTIME_ENV_VARS.add("AWS_CA_BUNDLE")


def correct_lambda_logs() -> None:
    """Let functions log only where their roles may, as on AWS.

    MiniStack asks nobody, so what is still running when a stack is deleted would make its log group again.
    """
    emit = lambda_svc._emit_lambda_logs

    def emit_if_permitted(function: dict[str, Any], *arguments: Any, **options: Any) -> None:
        config = function.get("config") or function
        group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{config['FunctionName']}"
        action = "logs:PutLogEvents" if group in cloudwatch_logs._log_groups else "logs:CreateLogGroup"
        arn = f"arn:aws:logs:{responses.get_region()}:{responses.get_account_id()}:log-group:{group}:log-stream:any"
        if _role_may(config["Role"], action, arn):
            emit(function, *arguments, **options)

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
