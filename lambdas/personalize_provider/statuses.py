"""Statuses of the service, as botocore's `personalize` service model and the API reference list them."""

from __future__ import annotations

from typing import Any

# What a Describe* operation answers about a resource, or a List* operation in a summary.
Description = dict[str, Any]

ACTIVE = "ACTIVE"
# Stopped: kept as it is, serving nobody (API, StopRecommender).
INACTIVE = "INACTIVE"
# A training on its way to CREATE STOPPED (API, StopSolutionVersionCreation).
CREATE_STOPPING = "CREATE STOPPING"
TRANSITIONAL = frozenset(
    {
        "CREATE PENDING",
        "CREATE IN_PROGRESS",
        CREATE_STOPPING,
        "START PENDING",
        "START IN_PROGRESS",
        "STOP PENDING",
        "STOP IN_PROGRESS",
        "UPDATE PENDING",
        "UPDATE IN_PROGRESS",
    }
)
DELETING = frozenset({"DELETE PENDING", "DELETE IN_PROGRESS"})
FAILED = frozenset({"CREATE FAILED", "CREATE STOPPED", "UPDATE FAILED"})
_CREATING = frozenset({"CREATE PENDING", "CREATE IN_PROGRESS"})
_RESUMING = frozenset({"START PENDING", "START IN_PROGRESS"})
_PAUSING = frozenset({"STOP PENDING", "STOP IN_PROGRESS"})
# A schema has no status: it exists or it does not.
_NO_STATUS = ACTIVE


def status_of(description: Description) -> str:
    """Status of a resource, or of an update summary."""
    return str(description.get("status", _NO_STATUS))


def is_busy(description: Description) -> bool:
    """Whether the service is still at work on it."""
    return status_of(description) in TRANSITIONAL | DELETING


def is_being_created(description: Description) -> bool:
    """Whether its creation is under way, and is not being stopped."""
    return status_of(description) in _CREATING


def is_being_stopped(description: Description) -> bool:
    """Whether its creation is on its way to being stopped."""
    return status_of(description) == CREATE_STOPPING


def is_being_deleted(description: Description) -> bool:
    """Whether its deletion has begun."""
    return status_of(description) in DELETING


def is_paused(description: Description) -> bool:
    """Whether somebody has stopped it, or is stopping it."""
    return status_of(description) in _PAUSING | {INACTIVE}


def is_running(description: Description) -> bool:
    """Whether it serves, or somebody is starting it again."""
    return status_of(description) in _RESUMING | {ACTIVE}


def is_being_switched(description: Description) -> bool:
    """Whether somebody is stopping it, or starting it again."""
    return status_of(description) in _PAUSING | _RESUMING


def is_update(description: Description) -> bool:
    """Whether the status speaks of an update, under way or failed; what has failed serves as it did before."""
    return status_of(description).startswith("UPDATE")


def has_failed(description: Description) -> bool:
    """Whether the service gave up on it."""
    return status_of(description) in FAILED
