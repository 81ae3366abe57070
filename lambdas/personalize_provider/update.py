"""Changes a resource in place: its properties by the type's Update* operation, its tags one by one."""

from __future__ import annotations

from typing import Any

from . import errors
from .api import Api, Description, member_name
from .describe import attributes, contradicts, covers, has_failed, is_busy, latest_update, status_of, update_id
from .ownership import as_api, foreign_tags, user_tags
from .protocol import Event, Outcome, Progress, complete, pending
from .resources import Resource
from .stacks import Stacks, is_rollback, is_wanted

# A request that could wait longer leaves the rest to others.
HAND_OVER_SECONDS = 50 * 60


class Updates:
    """Changes in place of one row's resources."""

    def __init__(self, row: Resource, api: Api, stacks: Stacks) -> None:
        """Change resources of a row of the resource table."""
        self._row = row
        self._api = api
        self._stacks = stacks

    def bring_up_to_date(self, event: Event, progress: Progress, found: Description, now: float) -> Outcome:
        """Bring an existing resource one step nearer to what the request asks for."""
        row = self._row
        if row.update and self._updatable_changed(event, progress):
            update = latest_update(row, found)
            if is_busy(update) and not (row.outlasts_request and self._is_asked_for(event, progress, update)):
                return pending(f"update {status_of(update)}")
            if not self._is_applied(event, progress, found):
                check_wanted(self._stacks, self._row, event, progress)
                found = self._update(event, progress, found)
                if not row.outlasts_request:
                    return pending("update requested")
            if self.must_await_rollback(progress, latest_update(row, found), now):
                return pending(f"update {status_of(latest_update(row, found))}")
        self._sync_tags(event, progress, found)
        return complete(status_of(found), attributes(self._api, row, found))

    def must_await_rollback(self, progress: Progress, work: Description, now: float) -> bool:
        """Whether a rollback still has to wait for the update or the run that it asked for.

        The links that wait for them elsewhere may have no part in a rollback: CloudFormation takes back only what
        the update had reached.
        """
        waits = is_rollback(progress.deployment) and now - progress.started < HAND_OVER_SECONDS
        return waits and is_busy(work)

    def _updatable(self, properties: dict[str, Any], other: dict[str, Any]) -> dict[str, Any]:
        """Request members of an update; what only the other side of the change has gets its default."""
        update = self._row.update
        assert update
        given = {name: properties[name] for name in update.properties & properties.keys()}
        gone = {name: value for name, value in update.defaults.items() if name in other and name not in properties}
        return self._api.request(update.operation, {**given, **gone})

    def _before(self, event: Event) -> dict[str, Any]:
        return self._updatable(_before(event), event["ResourceProperties"])

    def _wanted(self, event: Event) -> dict[str, Any]:
        return self._updatable(event["ResourceProperties"], _before(event))

    def _updatable_changed(self, event: Event, progress: Progress) -> bool:
        """Whether anything is to be updated; what an earlier deployment left may differ in everything."""
        return not progress.in_place or self._before(event) != self._wanted(event)

    def _is_asked_for(self, event: Event, progress: Progress, update: Description) -> bool:
        """Whether an update is that of this request, and not one made by hand or by the service itself."""
        is_new = update_id(update) != progress.update_seen
        return bool(update) and is_new and not contradicts(update, self._wanted(event))

    def _is_applied(self, event: Event, progress: Progress, found: Description) -> bool:
        """Whether the resource is as asked for.

        Raises:
            ProviderError: the update that this request asked for has failed.
        """
        update = latest_update(self._row, found)
        actual, wanted = self._actual(found), self._wanted(event)
        if self._is_asked_for(event, progress, update):
            self._check_update(event["PhysicalResourceId"], update)
            return is_busy(update) or not contradicts(actual, wanted)
        if not progress.in_place:
            return not contradicts(actual, wanted)
        before = self._before(event)
        return all(covers(actual.get(member), value, before.get(member)) for member, value in wanted.items())

    def _actual(self, found: Description) -> Description:
        """The description by the members of an update request."""
        assert self._row.update
        elsewhere = {member_name(name): found.get(member) for name, member in self._row.update.actual.items()}
        return {**found, **elsewhere}

    def _check_update(self, name: str, update: Description) -> None:
        if has_failed(update):
            raise errors.update_failed(self._row, name, update.get("failureReason"))

    def _update(self, event: Event, progress: Progress, found: Description) -> Description:
        row = self._row
        assert row.update
        self._api.call(row.update.operation, **{row.arn_member: found[row.arn_member]}, **self._wanted(event))
        found = self._api.describe(row, found[row.arn_member]) or found
        update = latest_update(row, found)
        if self._is_asked_for(event, progress, update):
            self._check_update(event["PhysicalResourceId"], update)
        return found

    def _sync_tags(self, event: Event, progress: Progress, found: Description) -> None:
        if not self._row.taggable:
            return
        arn, after = found[self._row.arn_member], user_tags(event["ResourceProperties"])
        before = user_tags(event["OldResourceProperties"]) if progress.in_place else foreign_tags(self._api.tags(arn))
        gone = sorted(before.keys() - after.keys())
        new = {key: value for key, value in after.items() if before.get(key) != value}
        if gone or new:
            check_wanted(self._stacks, self._row, event, progress)
        if gone:
            self._api.call("UntagResource", resourceArn=arn, tagKeys=gone)
        if new:
            self._api.call("TagResource", resourceArn=arn, tags=as_api(new))


def _before(event: Event) -> dict[str, Any]:
    """Properties before the request; none for a Create."""
    return dict(event.get("OldResourceProperties", {}))


def check_wanted(stacks: Stacks, row: Resource, event: Event, progress: Progress) -> None:
    """Make and change nothing for a deployment that CloudFormation has given up.

    Raises:
        ProviderError: it has.
    """
    if not is_wanted(stacks.deployment(event["StackId"]), event["RequestType"], progress):
        raise errors.cancelled(row, event["PhysicalResourceId"])
