"""How resources are created, changed, stopped and deleted, as steps on a region's agenda."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from . import cloudwatch
from .region import ACTIVE, INACTIVE, Region, Resource, Update

# Begins or ends the work behind a status; answers why it failed, or None.
Work = Callable[[Region, Resource, float], str | None]


def create(region: Region, resource: Resource, now: float) -> None:
    """Add a resource, and let it become ACTIVE or CREATE FAILED, or what its kind calls these."""
    kind = resource.kind
    operation = f"Create{kind.noun}"
    faults, durations = region.environment.faults, region.environment.durations
    names = (resource.name, resource.arn, resource.arn.rpartition("/")[2])
    reason = faults.failure(operation, *names)
    seconds = faults.duration(durations.of("create", kind.noun), operation, *names)
    region.add(resource)
    if not kind.has_status:
        return
    statuses = kind.statuses
    resource.set_status(statuses.pending, now)

    def start(at: float) -> None:
        failed = kind.start(region, resource, at)
        _settle(resource, statuses.working, statuses.failed, failed, at)
        cloudwatch.report_creation(region, resource, at)

    def finish(at: float) -> None:
        if resource.status != statuses.working:
            return
        failed = reason or kind.finish(region, resource, at)
        _settle(resource, statuses.done, statuses.failed, failed, at)
        cloudwatch.report_creation(region, resource, at)
        if not failed:
            kind.activated(region, resource, at)

    _plan(region, resource, now, seconds, start, finish)


def update(
    region: Region, resource: Resource, fields: dict[str, Any], shown: dict[str, Any], seconds: float, now: float
) -> None:
    """Change fields in place; until that is done the resource serves as it did.

    Args:
        region: where it is.
        resource: what changes.
        fields: the new values.
        shown: what the summary of the update shows.
        seconds: how long it takes.
        now: time of the request.
    """
    kind = resource.kind
    reason, seconds = _outcome(region, resource, seconds)
    assert kind.update
    in_status = kind.update.in_status
    latest = Update(fields=shown, status="CREATE PENDING", created=now, updated=now)
    resource.update = latest
    if in_status:
        resource.set_status("UPDATE PENDING", now)

    def start(at: float) -> None:
        latest.status, latest.updated = "CREATE IN_PROGRESS", at
        if in_status:
            resource.set_status("UPDATE IN_PROGRESS", at)

    def finish(at: float) -> None:
        before = dict(resource.fields)
        resource.fields.update(fields)
        failed = reason or kind.updated(region, resource, before, at)
        if failed:
            resource.fields = before
        latest.status, latest.updated, latest.failure_reason = "CREATE FAILED" if failed else ACTIVE, at, failed
        if not failed or in_status:
            resource.set_status(INACTIVE if resource.status == INACTIVE else ACTIVE, at)

    _plan(region, resource, now, seconds, start, finish)


def _outcome(region: Region, resource: Resource, seconds: float) -> tuple[str | None, float]:
    """Why an update is going to fail, if a fault says so, and the seconds that it takes."""
    assert resource.kind.update
    operation = resource.kind.update.operation
    names = (resource.name, resource.arn, resource.arn.rpartition("/")[2])
    faults = region.environment.faults
    return faults.failure(operation, *names), faults.duration(seconds, operation, *names)


def change(region: Region, resource: Resource, fields: dict[str, Any], seconds: float, now: float) -> None:
    """Change fields in place where the status of the resource itself shows it; `update` says what the arguments are.

    No page says which statuses a metric attribution has while it is updated: inferred.
    """
    reason, seconds = _outcome(region, resource, seconds)
    resource.set_status("UPDATE PENDING", now)

    def start(at: float) -> None:
        resource.set_status("UPDATE IN_PROGRESS", at)

    def finish(at: float) -> None:
        if not reason:
            resource.fields.update(fields)
        _settle(resource, ACTIVE, "UPDATE FAILED", reason, at)

    _plan(region, resource, now, seconds, start, finish)


def delete(region: Region, resource: Resource, now: float) -> None:
    """Delete a resource."""
    kind = resource.kind
    operation = f"Delete{kind.noun}"
    seconds = region.environment.faults.duration(
        region.environment.durations.of("delete", kind.noun), operation, resource.name, resource.arn
    )
    resource.turn += 1

    def start(at: float) -> None:
        resource.set_status("DELETE IN_PROGRESS", at)

    def finish(at: float) -> None:
        kind.deleted(region, resource, at)
        region.remove(resource)

    if not kind.has_status:
        finish(now)
        return
    resource.set_status("DELETE PENDING", now)
    _plan(region, resource, now, seconds, nothing_at if kind.deletes_from_pending else start, finish)


def pause(region: Region, resource: Resource, now: float) -> None:
    """Take a recommender from ACTIVE to INACTIVE."""
    _move(region, resource, "STOP", "stop", INACTIVE, now)


def resume(region: Region, resource: Resource, now: float) -> None:
    """Take a recommender from INACTIVE to ACTIVE."""
    _move(region, resource, "START", "start", ACTIVE, now)


def stop_creation(region: Region, resource: Resource, now: float) -> None:
    """End a training: from CREATE PENDING at once, from CREATE IN_PROGRESS by way of CREATE STOPPING."""
    resource.turn += 1
    if resource.status == "CREATE PENDING":
        resource.set_status("CREATE STOPPED", now)
        return
    resource.set_status("CREATE STOPPING", now)
    seconds = region.environment.durations.stop_solution_version
    turn = resource.turn
    region.after_work(
        now, seconds, lambda at: resource.set_status("CREATE STOPPED", at) if resource.turn == turn else None
    )


def nothing_at(at: float) -> None:
    """No step."""


def _move(region: Region, resource: Resource, verb: str, duration: str, goal: str, now: float) -> None:
    resource.turn += 1
    resource.set_status(f"{verb} PENDING", now)
    _plan(
        region,
        resource,
        now,
        region.environment.durations.of(duration, resource.kind.noun),
        lambda at: resource.set_status(f"{verb} IN_PROGRESS", at),
        lambda at: resource.set_status(goal, at),
    )


def _plan(
    region: Region,
    resource: Resource,
    now: float,
    seconds: float,
    start: Callable[[float], None],
    finish: Callable[[float], None],
) -> None:
    turn = resource.turn

    def if_unchanged(action: Callable[[float], None]) -> Callable[[float], None]:
        return lambda at: action(at) if resource.turn == turn else None

    region.after_work(now, seconds * region.environment.durations.pending_share, if_unchanged(start))
    region.after_work(now, seconds, if_unchanged(finish))


def _settle(resource: Resource, good: str, bad: str, failed: str | None, at: float) -> None:
    resource.set_status(bad if failed else good, at, failed)
