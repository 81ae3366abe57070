"""Whose a resource is: tags that name the stack and the logical id that made it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .api import Api, Description
from .merge import covers
from .names import is_fixed
from .protocol import Event
from .resources import Resource

STACK_TAG = "cloudformation:stack-id"
LOGICAL_TAG = "cloudformation:logical-id"


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
    """Tags without those that say whose the resource is."""
    return {key: value for key, value in tags.items() if key not in (STACK_TAG, LOGICAL_TAG)}


def as_api(tags: Mapping[str, str]) -> list[dict[str, str]]:
    """Tags as TagResource takes them."""
    return [{"tagKey": key, "tagValue": value} for key, value in sorted(tags.items())]


def owner(api: Api, row: Resource, description: Description) -> str | None:
    """Who made a resource, as far as its tags tell."""
    if not row.taggable:
        return None
    tags = api.tags(description[row.arn_member])
    if STACK_TAG not in tags:
        return None
    return f"{tags.get(LOGICAL_TAG, 'a resource')} of stack {tags[STACK_TAG]}"


def is_ours(api: Api, row: Resource, event: Event, description: Description) -> bool:
    """Whether the resource of the request's name was made for this logical id of this stack.

    A generated name proves it: it holds a hash of both. A name that a user fixed does not, so the tags have to say
    so. Where the service has no tags, it was not there before the request (`Identity.check_unclaimed`), and still has
    the same content.
    """
    properties = event["ResourceProperties"]
    if not is_fixed(properties):
        return True
    if not row.taggable:
        return holds(api, row, properties, description)
    return made_by(api.tags(description[row.arn_member]), event)


def made_by(tags: Mapping[str, str], event: Event) -> bool:
    """Whether tags say that a resource was made for the logical id and the stack of a request."""
    return tags.get(STACK_TAG) == event["StackId"] and tags.get(LOGICAL_TAG) == event["LogicalResourceId"]


def holds(api: Api, row: Resource, properties: Mapping[str, Any], description: Description) -> bool:
    """Whether a resource has the create-only properties that are asked for."""
    asked = {name: properties[name] for name in row.create_only - row.control if name in properties}
    return covers(description, api.request(f"Create{row.noun}", asked))
