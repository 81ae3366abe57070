"""Whose a resource is: by its tags, which are those of the template too, and by what CloudFormation says."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import errors
from .agreement import holds
from .api import Api
from .control import is_anothers_run
from .deployments import CloudFormation, check_wanted
from .describe import is_older
from .memento import is_memento
from .names import is_fixed, physical_name
from .protocol import TYPE_PREFIX, Event, Progress
from .resource_type import ResourceType
from .statuses import Description

STACK_TAG = "cloudformation:stack-id"
LOGICAL_TAG = "cloudformation:logical-id"
# What begins the tags of resources that CloudFormation makes itself (user guide, "Resource tags").
_NATIVE = "aws:cloudformation:"


def user_tags(properties: Mapping[str, Any]) -> dict[str, str]:
    """Tags that the template asks for."""
    return {tag["Key"]: tag["Value"] for tag in properties.get("Tags", [])}


def all_tags(event: Event) -> dict[str, str]:
    """The template's tags and ours."""
    return {
        **user_tags(event["ResourceProperties"]),
        STACK_TAG: event["StackId"],
        LOGICAL_TAG: event["LogicalResourceId"],
    }


def foreign_tags(tags: Mapping[str, str]) -> dict[str, str]:
    """Tags without those that name its owner."""
    return {key: value for key, value in tags.items() if key not in (STACK_TAG, LOGICAL_TAG)}


def owners(tags: Mapping[str, str]) -> list[tuple[str, str]]:
    """Stacks that a resource belongs to by its tags, each with the logical id; CloudFormation's own tags count too."""
    named = ((STACK_TAG, LOGICAL_TAG), (f"{_NATIVE}stack-id", f"{_NATIVE}logical-id"))
    return [(tags[stack], tags.get(logical, "a resource")) for stack, logical in named if stack in tags]


def holders(cloudformation: CloudFormation, row: ResourceType, found: Description) -> list[tuple[str, str]]:
    """Stacks that have a resource by what CloudFormation says, each with the logical id.

    CloudFormation tags what it makes of some native types only (registry schemas, `tagging`), and of schemas and metric
    attributions we read no tags. It knows a native type's resource by its ARN (`primaryIdentifier`), and ours by the
    name, which may be that of something else, too. Nobody owns the run of a job.
    """
    if row.is_job:
        return []
    native = cloudformation.holder(found[row.arn_member])
    ours = None if row.taggable else cloudformation.holder(found[row.name_member])
    if ours and ours.type != f"{TYPE_PREFIX}{row.noun}":
        ours = None
    return [(each.stack_id, each.logical_id) for each in (native, ours) if each]


def as_api(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as TagResource takes them."""
    return [{"tagKey": key, "tagValue": value} for key, value in sorted(tags.items())]


def sync_tags(
    api: Api, cloudformation: CloudFormation, row: ResourceType, event: Event, progress: Progress, found: Description
) -> None:
    """Add, change and remove the tags that the template changed; all of the template's on what is new to the stack.

    What is adopted keeps the tags that it had.

    Args:
        api, cloudformation: what to ask.
        row: the resource's type; nothing happens if the service does not tag it.
        event: the request.
        progress: of the request.
        found: description of the resource.

    Raises:
        ProviderError: CloudFormation has given the deployment up.
    """
    if not row.taggable or is_anothers_run(row, event, event["PhysicalResourceId"]):
        return
    arn = found[row.arn_member]
    gone, new = _tag_changes(api, event, progress, arn)
    if gone or new:
        check_wanted(cloudformation, row, event, progress)
    if gone:
        api.call("UntagResource", resourceArn=arn, tagKeys=gone)
    if new:
        api.call("TagResource", resourceArn=arn, tags=as_api(new))


def _tag_changes(api: Api, event: Event, progress: Progress, arn: str) -> tuple[list[str], dict[str, str]]:
    """Keys of tags to remove, and tags to add; a repair adds what is missing, and leaves what people have added."""
    after, told = user_tags(event["ResourceProperties"]), user_tags(event.get("OldResourceProperties", {}))
    if progress.only_changes:
        return sorted(told.keys() - after.keys()), _added(told, after)
    actual = api.tags(arn)
    if progress.repairs:
        return sorted((told.keys() - after.keys()) & actual.keys()), _added(actual, all_tags(event))
    keeps = any(map(is_memento, actual))
    return [] if keeps else sorted(foreign_tags(actual).keys() - after.keys()), _added(actual, after)


def _added(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    return {key: value for key, value in after.items() if before.get(key) != value}


def check_not_taken(api: Api, row: ResourceType, event: Event, progress: Progress, found: Description) -> None:
    """Refuse to repair what somebody else has made under the name of a resource that was deleted.

    Raises:
        ProviderError: its tags name another stack or logical id.
    """
    if not progress.repairs or not row.taggable or is_anothers_run(row, event, event["PhysicalResourceId"]):
        return
    tags = api.tags(found[row.arn_member])
    if STACK_TAG in tags and not made_by(tags, event):
        raise errors.exists_elsewhere(row, event["PhysicalResourceId"], owner(api, row, found))


def owner(api: Api, row: ResourceType, description: Description) -> str | None:
    """Who created a resource, as far as its tags say."""
    if not row.taggable:
        return None
    tags = api.tags(description[row.arn_member])
    if STACK_TAG not in tags:
        return None
    return f"{tags.get(LOGICAL_TAG, 'a resource')} of stack {tags[STACK_TAG]}"


def is_ours(api: Api, row: ResourceType, event: Event, description: Description) -> bool:
    """Whether the resource of the request's name was created for this logical id of this stack.

    A generated name proves it: it contains a hash of both. A name that the user chose does not, so the tags have to
    say so. If the type has no tags, it did not exist before the request (`check_unclaimed`), and has the same content.
    """
    properties = event["ResourceProperties"]
    if not is_fixed(properties):
        return True
    if not row.taggable:
        return holds(api, row, properties, description)
    return made_by(api.tags(description[row.arn_member]), event)


def check_unclaimed(api: Api, row: ResourceType, event: Event, now: float) -> None:
    """Refuse a name that the user chose if something without tags already has it: nothing says whose that is.

    on_event does it, so that CloudFormation learns no id that it would then ask to delete.

    Raises:
        ProviderError: it exists, and is older than the request.
    """
    if row.taggable or not is_fixed(event["ResourceProperties"]):
        return
    name = physical_name(row, event)
    found = api.find(row, name, event)
    if found and is_older(found, now):
        raise errors.exists_elsewhere(row, name, None)


def made_by(tags: Mapping[str, str], event: Event) -> bool:
    """Whether tags say that a resource was created for the logical id and the stack of a request."""
    return tags.get(STACK_TAG) == event["StackId"] and tags.get(LOGICAL_TAG) == event["LogicalResourceId"]
