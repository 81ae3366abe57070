"""Who calls, what a role's policies let it do, and how long a change of them takes."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from ministack.core import iam_actions, iam_evaluator, responses, router
from ministack.services import iam, kms
from ministack.services.cloudformation import provisioners

from tools.emulator import AccessDeniedError, ServiceError
from tools.emulator.app import Headers


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


def asked_by_service(principal: str, action: str, resource: str, source_arn: str) -> Any:
    """What a service of AWS asks for on behalf of a resource of this account."""
    account = responses.get_account_id()
    return iam_evaluator.EvalContext(
        principal_arn=principal,
        principal_type="AWSService",
        principal_account=account,
        action=action,
        resource_arn=resource,
        region=responses.get_region(),
        secure_transport=True,
        service_context={"aws:sourceaccount": account, "aws:sourcearn": source_arn},
    )


def trusts(role_arn: str, principal: str, source_arn: str) -> bool:
    """Whether there is such a role, and its trust policy lets a service of AWS assume it for a resource."""
    role = iam._roles.get(role_arn.rpartition("/")[2])
    asked = asked_by_service(principal, "sts:AssumeRole", role_arn, source_arn)
    policy = (role or {}).get("AssumeRolePolicyDocument")
    return bool(iam_evaluator.evaluate_resource_policy(policy, asked, service=principal).decision == "Allow")


def role_may(role_arn: str, action: str, resource: str) -> bool:
    """Whether the policies of a role let it do something."""
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


def role_may_use_key(role_arn: str, action: str, key_arn: str) -> bool:
    """Whether the policies of a role and of a KMS key let the role use the key."""
    policy, owner = kms.key_policy_for_arn(key_arn) or ("", None)
    asked = replace(asked_by_service(role_arn, action, key_arn, ""), principal_type="AssumedRole", service_context={})
    policies = iam_evaluator._gather_role_policies(role_arn.rpartition("/")[2], responses.get_account_id())
    by_role = iam_evaluator.evaluate(asked, policies)
    found = iam_evaluator.combine_resource_policy(by_role, asked, policy, owner, required=True)
    return bool(found.decision == "Allow")


def know_condition_keys() -> None:
    """Judge policies by condition keys of EventBridge and CloudWatch, which MiniStack does not know.

    Service Authorization Reference, "Condition keys for Amazon EventBridge", "... for Amazon CloudWatch".
    """
    know = iam_actions.request_tag_context

    def know_more(service: str, action: str, body: bytes, params: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = know(service, action, body, params)
        if action == "events:PutEvents":
            entries = json.loads(body).get("Entries", [])
            found |= {"events:source": _one_or_all(entries, "Source")}
            found |= {"events:detail-type": _one_or_all(entries, "DetailType")}
        if action == "cloudwatch:PutMetricData":
            found |= {"cloudwatch:namespace": _namespace(body, params)}
        return found

    iam_actions.request_tag_context = know_more


def know_parameters() -> None:
    """Ask for each parameter that GetParameters names, where MiniStack asks for all that there are.

    Service Authorization Reference, "Actions defined by AWS Systems Manager": its resource type is the parameter.
    """
    extract, enforce = iam_actions.extract_resource_arn, iam_evaluator.enforce

    def extract_each(service: str, method: str, path: str, headers: Mapping[str, str], body: bytes, *rest: Any) -> str:
        if not headers.get("x-amz-target", "").endswith(".GetParameters"):
            return str(extract(service, method, path, headers, body, *rest))
        _, region, account = rest
        arn = f"arn:aws:ssm:{region}:{account}:parameter"
        return "\n".join(f"{arn}/{name.lstrip('/')}" for name in json.loads(body)["Names"])

    def enforce_each(*arguments: Any, resource_arn: str = "*", **options: Any) -> Any:
        denials = (enforce(*arguments, resource_arn=each, **options) for each in resource_arn.split("\n"))
        return next(filter(None, denials), None)

    iam_actions.extract_resource_arn, iam_evaluator.enforce = extract_each, enforce_each


def _one_or_all(entries: Sequence[Mapping[str, Any]], member: str) -> str | list[str]:
    values = sorted({str(entry.get(member, "")) for entry in entries})
    return values[0] if len(values) == 1 else values


def _namespace(body: bytes, params: Mapping[str, Any]) -> str:
    """Of metrics that are put, in the protocols that MiniStack reads here: JSON, and that of queries."""
    if body.startswith(b"{"):
        return str(json.loads(body).get("Namespace", ""))
    return str(next(iter(params.get("Namespace", [])), ""))


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
