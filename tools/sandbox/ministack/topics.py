"""Topics of MiniStack's SNS: who may publish by policy and key, and what was published."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from typing import Any

from ministack.core import iam_evaluator, responses
from ministack.services import kms, sns

from .permissions import asked_by_service, role_may_use_key

_KEY_ACTIONS = ("kms:GenerateDataKey", "kms:Decrypt")

# The latest of what was published; a day of alarms and notices is a few dozen.
_published: deque[dict[str, Any]] = deque(maxlen=1000)


def correct_topics() -> None:
    """Remember what is published, which on AWS would be in a mailbox, and ask the topic's key whether a role may.

    SNS developer guide, "Managing Amazon SNS encryption keys and costs", "AWS KMS permissions": whoever publishes needs
    kms:GenerateDataKey* and kms:Decrypt.
    """
    fan_out, publish = sns._fanout, sns._publish

    def remember(topic_arn: str, message_id: str, message: str, subject: str, *rest: Any, **more: Any) -> None:
        _published.append({"topic": topic_arn, "subject": subject, "message": message, "at": time.time()})
        fan_out(topic_arn, message_id, message, subject, *rest, **more)

    def publish_if_permitted(parameters: Any) -> Any:
        key = _key_of(sns._p(parameters, "TopicArn"))
        caller = iam_evaluator.caller_arn()
        if key and ":assumed-role/" in caller and not all(_role_may(caller, action, key) for action in _KEY_ACTIONS):
            return sns._error("KMSAccessDenied", f"{caller} may not use the key {key} of the topic.", 400)
        return publish(parameters)

    sns._fanout = remember
    sns._publish = publish_if_permitted


def _key_of(topic_arn: str) -> str | None:
    """The key that a topic is encrypted with."""
    key: str | None = (sns._topics.get(topic_arn) or {"attributes": {}})["attributes"].get("KmsMasterKeyId")
    return key


def _role_may(caller: str, action: str, key: str) -> bool:
    """Whether the role of a session may use a key."""
    account, name = caller.split(":")[4], caller.split("/")[1]
    return role_may_use_key(f"arn:aws:iam::{account}:role/{name}", action, _arn_of(key))


def _arn_of(key: str) -> str:
    """ARN of a key that is named by its id or its ARN."""
    if key.startswith("arn:"):
        return key
    return f"arn:aws:kms:{responses.get_region()}:{responses.get_account_id()}:key/{key}"


def published() -> list[dict[str, Any]]:
    """What was published, the oldest first: topic, subject, message, and the time in seconds since the epoch."""
    return list(_published)


def may_publish(principal: str, topic_arn: str, source_arn: str) -> bool:
    """Whether a topic's policy and the policy of its key let a service publish.

    SNS developer guide, "Enable compatibility between event sources from AWS services and encrypted topics": the key
    has to let the service use kms:GenerateDataKey* and kms:Decrypt.

    Args:
        principal: the service, such as cloudwatch.amazonaws.com.
        topic_arn: the topic; true for an ARN of something else.
        source_arn: for which resource it publishes.
    """
    topic = sns._topics.get(topic_arn)
    if topic is None:
        return True
    if not allows(topic["attributes"].get("Policy"), principal, "sns:Publish", topic_arn, source_arn):
        return False
    key = _key_of(topic_arn)
    # The key that AWS manages lets no service use it.
    policy = (kms.key_policy_for_arn(_arn_of(key)) or ("",))[0] if key else None
    return not key or all(allows(policy, principal, action, _arn_of(key), source_arn) for action in _KEY_ACTIONS)


def allows(policy: str | dict[str, Any] | None, principal: str, action: str, resource: str, source_arn: str) -> bool:
    """Whether a resource's policy lets a service do something, on behalf of a resource of this account."""
    asked = asked_by_service(principal, action, resource, source_arn)
    # What the policy that SNS gives a new topic asks for.
    owner = {"aws:sourceowner": responses.get_account_id()}
    asked = replace(asked, service_context=asked.service_context | owner)
    return bool(iam_evaluator.evaluate_resource_policy(policy, asked, service=principal).decision == "Allow")
