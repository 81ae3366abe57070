"""Physical names: a readable prefix and a short hash, so that a replacement never has the name of what it replaces."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from typing import Any

from .resource_type import ResourceType

# All names of the service: at most 63 characters (CreateDatasetGroup, Name).
MAX_LENGTH = 63
# What a campaign names that serves the newest version of a solution (API, CreateCampaign, solutionVersionArn).
LATEST = "$LATEST"
_HASH_LENGTH = 10
_RUN_LENGTH = 6
_VALID = re.compile(rf"[a-zA-Z0-9][a-zA-Z0-9_-]{{0,{MAX_LENGTH - 1}}}")
_GENERATED = re.compile(rf".+-[0-9a-f]{{{_HASH_LENGTH}}}(-[0-9a-f]{{{_RUN_LENGTH}}})?")


def create_only(row: ResourceType, properties: Mapping[str, Any]) -> dict[str, Any]:
    """The properties of a request that cannot change without a new resource, Name included; lists in one order.

    Lists of the API are sets, so a new order is no reason for a new resource.
    """
    names = row.create_only | {"Name"}
    return {name: in_order(properties[name]) for name in sorted(names) if name in properties}


def in_order(value: Any) -> Any:
    """The same with every list in one order, whichever it was in."""
    if isinstance(value, Mapping):
        return {key: in_order(each) for key, each in value.items()}
    if isinstance(value, list):
        return sorted(map(in_order, value), key=lambda each: json.dumps(each, sort_keys=True))
    return value


def is_fixed(properties: Mapping[str, Any]) -> bool:
    """Whether the user chose the name."""
    return "Name" in properties


def content_hash(row: ResourceType, event: Mapping[str, Any]) -> str:
    """Short hash of what the resource is: stack, logical id and create-only properties."""
    identity = [event["StackId"], event["LogicalResourceId"], create_only(row, event["ResourceProperties"])]
    text = json.dumps(identity, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:_HASH_LENGTH]


def physical_name(row: ResourceType, event: Mapping[str, Any]) -> str:
    """Name of the resource a request asks for; the same for every delivery of that request.

    Jobs run once per request, so their names also depend on the request id: a request that returns to an
    earlier data version imports it again.
    """
    properties = event["ResourceProperties"]
    if is_fixed(properties):
        return str(properties["Name"])
    suffix = content_hash(row, event)
    if row.is_job:
        suffix = f"{suffix}-{hashlib.sha256(event['RequestId'].encode()).hexdigest()[:_RUN_LENGTH]}"
    return _generated(properties["NamePrefix"], suffix)


def steady_id(prefix: str, event: Mapping[str, Any]) -> str:
    """Physical id of a custom resource with no resource of the service behind it: it never changes."""
    if event["RequestType"] != "Create":
        return str(event["PhysicalResourceId"])
    identity = f"{event['StackId']} {event['LogicalResourceId']}"
    return f"{prefix}-{hashlib.sha256(identity.encode()).hexdigest()[:_HASH_LENGTH]}"


def has_prefix(name: str, prefix: str) -> bool:
    """Whether a name may have been generated from a prefix, which is cut if the name would be too long."""
    return name == _generated(prefix, name[-_HASH_LENGTH:])


def is_within_reach(name: str, properties: Mapping[str, Any]) -> bool:
    """Whether the provider's role reaches a name, if it has the prefix of a request's properties.

    The role is limited to names that begin with what stands before a prefix's underscore, and the underscore.
    """
    app, underscore, _ = str(properties.get("NamePrefix", "")).partition("_")
    return not underscore or name.startswith(f"{app}_")


def _generated(prefix: object, suffix: str) -> str:
    readable = str(prefix)[: MAX_LENGTH - len(suffix) - 1].rstrip("-_")
    return f"{readable}-{suffix}"


def arn_of(row: ResourceType, name: str, event: Mapping[str, Any]) -> str | None:
    """ARN that the resource of a name has in the account and region of a request's stack.

    None if there can be no such resource: the service accepts no such name, or a property of the ARN is missing.
    """
    if not _VALID.fullmatch(name):
        return None
    last_parts = {key: last_part(value) for key, value in event["ResourceProperties"].items() if isinstance(value, str)}
    _, partition, _, region, account, _ = event["StackId"].split(":", 5)
    try:
        return f"arn:{partition}:personalize:{region}:{account}:{row.arn_path(name, last_parts)}"
    except KeyError:
        return None


def last_part(text: str) -> str:
    """What follows the last slash: the name, in an ARN, and in the name that a solution version answers."""
    return text.rpartition("/")[2]


def same_content(row: ResourceType, event: Mapping[str, Any], name: str) -> bool:
    """Whether a generated job name stands for the create-only properties of this request."""
    return f"-{content_hash(row, event)}-" in name


def is_made_here(physical_id: str, properties: Mapping[str, Any]) -> bool:
    """Whether a physical id is a name that `physical_name` may have given.

    CloudFormation invents an id when it deletes a resource that has not answered its Create request yet
    (aws-cloudformation/cloudformation-coverage-roadmap issue 1814).
    """
    return physical_id == properties.get("Name") or bool(_GENERATED.fullmatch(physical_id))
