"""Topics of MiniStack's SNS: who may publish by policy and key, and what was published."""

from __future__ import annotations

import time
from collections import deque
from dataclasses import replace
from typing import Any

from ministack.core import iam_evaluator, responses
from ministack.services import kms, sns

from .permissions import asked_by_service

# The latest of what was published; a day of alarms and notices is a few dozen.
_published: deque[dict[str, Any]] = deque(maxlen=1000)


def record_publications() -> None:
    """Remember what is published, for a look at notices that on AWS would be in a mailbox."""
    fan_out = sns._fanout

    def remember(topic_arn: str, message_id: str, message: str, subject: str, *rest: Any, **more: Any) -> None:
        _published.append({"topic": topic_arn, "subject": subject, "message": message, "at": time.time()})
        fan_out(topic_arn, message_id, message, subject, *rest, **more)

    sns._fanout = remember


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
    attributes = topic["attributes"]
    if not allows(attributes.get("Policy"), principal, "sns:Publish", topic_arn, source_arn):
        return False
    key = attributes.get("KmsMasterKeyId")
    # The key that AWS manages lets no service use it.
    policy = (kms.key_policy_for_arn(key) or ("",))[0] if key else None
    actions = ("kms:GenerateDataKey", "kms:Decrypt") if key else ()
    return all(allows(policy, principal, action, key, source_arn) for action in actions)


def allows(policy: str | dict[str, Any] | None, principal: str, action: str, resource: str, source_arn: str) -> bool:
    """Whether a resource's policy lets a service do something, on behalf of a resource of this account."""
    asked = asked_by_service(principal, action, resource, source_arn)
    # What the policy that SNS gives a new topic asks for.
    owner = {"aws:sourceowner": responses.get_account_id()}
    asked = replace(asked, service_context=asked.service_context | owner)
    return bool(iam_evaluator.evaluate_resource_policy(policy, asked, service=principal).decision == "Allow")
