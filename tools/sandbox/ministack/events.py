"""Events of MiniStack's EventBridge: those of stacks, and targets that only get what their policies let them have."""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from typing import Any

from ministack.services import eventbridge, lambda_svc, sqs
from ministack.services.cloudformation import changesets, handlers, stacks

from .permissions import role_may, trusts
from .topics import allows, may_publish

_EVENTS = "events.amazonaws.com"
_STACK = "AWS::CloudFormation::Stack"
_logger = logging.getLogger(__name__)


def correct_stack_events() -> None:
    """Tell EventBridge each status of a stack (CloudFormation user guide, "Stack Status Change event detail")."""
    add_event = stacks._add_event

    def add_and_tell(
        stack_id: str,
        stack_name: str,
        logical_id: str,
        type_: str,
        status: str,
        reason: str = "",
        *rest: Any,
        **more: Any,
    ) -> None:
        add_event(stack_id, stack_name, logical_id, type_, status, reason, *rest, **more)
        if type_ != _STACK or logical_id != stack_name:
            return
        details = {"status": status, "status-reason": reason}
        entry = {
            "Source": "aws.cloudformation",
            "DetailType": "CloudFormation Stack Status Change",
            "Detail": json.dumps({"stack-id": stack_id, "status-details": details, "client-request-token": ""}),
            "Resources": [stack_id],
        }
        eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)

    stacks._add_event = handlers._add_event = changesets._add_event = add_and_tell


def correct_targets() -> None:
    """Let a rule reach its targets only as far as policies go, and put what it cannot deliver into its queue.

    EventBridge user guide, "Using resource-based policies for Amazon EventBridge": functions, topics and queues have
    to let EventBridge in by their own policies; state machines are started with the target's role, which has to trust
    EventBridge. "Using dead-letter queues to process undelivered events". MiniStack asks nobody.
    """
    invoke = eventbridge._invoke_target

    def invoke_if_permitted(
        target: dict[str, Any], event: dict[str, Any], rule: dict[str, Any], view: Any = None
    ) -> None:
        if reason := _refusal(target, rule.get("Arn", "")):
            _logger.error("EventBridge: %s is not delivered to %s: %s", rule.get("Name"), target["Arn"], reason)
            _bury(target, event, rule)
            return
        invoke(target, event, rule, view)

    eventbridge._invoke_target = invoke_if_permitted


def _refusal(target: Mapping[str, Any], rule_arn: str) -> str | None:
    """Why a rule may not use a target."""
    arn, role = target["Arn"], target.get("RoleArn", "")
    match arn.split(":")[2]:
        case "states":
            permitted = trusts(role, _EVENTS, rule_arn) and role_may(role, "states:StartExecution", arn)
            return None if permitted else f"The role {role} may not be assumed, or not start the state machine."
        case "lambda":
            function, _, _ = lambda_svc._get_func_record_for_ref(arn)
            policy = (function or {}).get("policy")
            permitted = allows(policy, _EVENTS, "lambda:InvokeFunction", arn, rule_arn)
        case "sns":
            permitted = may_publish(_EVENTS, arn, rule_arn)
        case "sqs":
            permitted = _may_send(arn, rule_arn)
        case _:
            return None
    return None if permitted else f"The policy of {arn} does not let {_EVENTS} in."


def _may_send(queue_arn: str, rule_arn: str) -> bool:
    policy, _ = sqs.queue_policy_for_arn(queue_arn) or ("", None)
    return allows(policy, _EVENTS, "sqs:SendMessage", queue_arn, rule_arn)


def _bury(target: Mapping[str, Any], event: dict[str, Any], rule: Mapping[str, Any]) -> None:
    queue_arn = (target.get("DeadLetterConfig") or {}).get("Arn")
    queue = sqs._queue_by_arn(queue_arn) if queue_arn else None
    if queue_arn and queue and _may_send(queue_arn, rule.get("Arn", "")):
        body = json.dumps(eventbridge._pattern_event_view(event).event_with_detail())
        eventbridge._dispatch_to_sqs(eventbridge.parse_arn(queue_arn), body)
