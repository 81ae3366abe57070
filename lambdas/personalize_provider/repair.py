"""What a repair is: an update that compares what there is with all that the template says, not with what it changed."""

from __future__ import annotations

from .api import Api
from .deployments import is_rollback
from .describe import is_older
from .protocol import Event, Progress
from .resource_type import ResourceType
from .resources import RESOURCES
from .statuses import Description, has_failed, is_being_deleted, is_update

_PROPERTY = "Repair"


def asks_for_repair(event: Event) -> bool:
    """Whether an Update request asks for a repair, by a text that the template did not have before."""
    token = event["ResourceProperties"].get(_PROPERTY, "")
    return bool(token) and token != event["OldResourceProperties"].get(_PROPERTY)


def undoes_repair(event: Event, progress: Progress) -> bool:
    """Whether an update takes a repair back: what it could not mend is then as it was, missing or failed."""
    before, after = event["OldResourceProperties"].get(_PROPERTY), event["ResourceProperties"].get(_PROPERTY)
    return is_rollback(progress.deployment) and bool(before) and before != after


def is_sound(found: Description | None) -> bool:
    """Whether there is a resource that has not failed and is not being deleted."""
    return found is not None and not is_being_deleted(found) and not has_failed(found)


def is_made_anew(found: Description, progress: Progress) -> bool:
    """Whether a resource is removed and made again, because its creation had failed before the request began."""
    return progress.repairs and has_failed(found) and not is_update(found) and is_older(found, progress.started)


def is_run_lost(api: Api, row: ResourceType, event: Event) -> bool:
    """Whether what a run of a job brought no longer exists.

    No page says how long the service remembers the imports of a dataset that was deleted. One that is older than the
    dataset brought nothing into it.
    """
    found = api.find(row, event["PhysicalResourceId"], event)
    if found is None or has_failed(found):
        return True
    parent = api.describe(RESOURCES[row.parent.removesuffix("Arn")], event["ResourceProperties"][row.parent])
    return parent is not None and bool(found["creationDateTime"] < parent["creationDateTime"])
