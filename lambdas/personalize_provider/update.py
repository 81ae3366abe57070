"""UPDATE: changes a resource in place, its properties by the type's Update* operation, its tags one by one.

An update sends only what the template changed; what people, a refresh or the service changed meanwhile stays.
"""

from __future__ import annotations

from dataclasses import replace

from botocore.exceptions import ClientError

from . import errors
from .api import Api
from .change import Changes
from .deployments import CloudFormation, check_wanted, is_rollback
from .describe import ThenPause, attributes, latest_update, unchanged_revision, update_id
from .errors import ProviderError
from .merge import contradicts
from .ownership import sync_tags
from .protocol import Event, Outcome, Progress, complete, pending
from .resource_type import Members, ResourceType
from .service_errors import Meaning, meaning
from .statuses import (
    ACTIVE,
    INACTIVE,
    Description,
    has_failed,
    is_being_switched,
    is_busy,
    is_paused,
    is_running,
    status_of,
)
from .switch import Switch

# A request that would have to wait longer leaves that to the wait chain.
HAND_OVER_SECONDS = 50 * 60


class Updates:
    """Changes in place of one row's resources."""

    def __init__(self, row: ResourceType, api: Api, cloudformation: CloudFormation) -> None:
        """Change resources of a row of the resource table."""
        self._row = row
        self._api = api
        self._cloudformation = cloudformation

    def update_step(self, event: Event, progress: Progress, found: Description, now: float) -> Outcome:
        """Go one step towards what the request asks of an existing resource."""
        row, switch = self._row, Switch.of(self._row, event, progress)
        progress = replace(progress, paused=switch.pauses)
        change = self._changes.find_asked_for(event, progress, found) if row.update else {}
        waits_for = self._resume(event, progress, found) if switch.is_turned and not switch.pauses else ""
        if not waits_for and (change or switch.is_turned):
            found, waits_for = self._change_step(event, progress, found, change, now)
        if waits_for:
            return pending(waits_for)
        sync_tags(self._api, self._cloudformation, row, event, progress, found)
        then_pause = self._left_to_chain(switch, progress, found) if change or switch.is_turned else None
        return complete(
            status_of(found), attributes(self._api, row, found, then_pause, unchanged_revision(progress, found))
        )

    def _left_to_chain(self, switch: Switch, progress: Progress, found: Description) -> ThenPause | None:
        """What the wait chain has to stop, because the request's time was up before that."""
        if not switch.pauses or not self._row.pause or is_paused(found):
            return None
        return ThenPause(int(progress.started) if switch.is_turned else None)

    def must_await_rollback(self, progress: Progress, work: Description, now: float) -> bool:
        """Whether a rollback still has to wait for the update or the run that it asked for.

        The wait chain may have no part in a rollback: CloudFormation rolls back only what the update had reached.
        """
        waits = is_rollback(progress.deployment) and now - progress.started < HAND_OVER_SECONDS
        return waits and is_busy(work)

    @property
    def _changes(self) -> Changes:
        return Changes(self._row, self._api)

    # Steps answer the resource as it is afterwards, and what to wait for; "" if there is nothing to wait for.

    def _change_step(
        self, event: Event, progress: Progress, found: Description, change: Members, now: float
    ) -> tuple[Description, str]:
        """Change properties, and stop what somebody had stopped before, or what the template says."""
        waits_for = ""
        try:
            if change:
                found, waits_for = self._update_or_wait(event, progress, found, change, now)
        except (ProviderError, ClientError) as error:
            is_final = isinstance(error, ProviderError) or meaning(error) is Meaning.INVALID
            if is_final and not Switch.of(self._row, event, progress).is_turned:
                self.pause(event, progress, found)
            raise
        if waits_for or now - progress.started > HAND_OVER_SECONDS:
            return found, waits_for
        return found, self.pause(event, progress, found)

    def _update_or_wait(
        self, event: Event, progress: Progress, found: Description, change: Members, now: float
    ) -> tuple[Description, str]:
        row = self._row
        update = latest_update(row, found)
        is_ours = self._is_asked_for(progress, update, change)
        if is_busy(update) and not (is_ours and self._may_leave(progress, now)):
            return found, f"update {status_of(update)}"
        if not is_ours and _rolls_back_in_place(progress):
            change = self._changes.find_undone(event, found, change)
        if change and not self._is_made(event, progress, found, change):
            found, waits_for = self._request_update(event, progress, found, change)
            if waits_for:
                return found, waits_for
        if self.must_await_rollback(progress, latest_update(row, found), now):
            return found, f"update {status_of(latest_update(row, found))}"
        return found, ""

    def _request_update(
        self, event: Event, progress: Progress, found: Description, change: Members
    ) -> tuple[Description, str]:
        """Ask for the part of a change that the service accepts, and start what has to run for it."""
        change = self._changes.check_accepted(event, found, change, is_rollback(progress.deployment))
        if not change or self._is_made(event, progress, found, change):
            return found, ""
        try:
            found, is_requested = self._call_update(event, progress, found, change)
        except ClientError as error:
            if not _is_refused_as_stopped(found, error):
                raise
            self._start(event, found)
            return found, "starting, to be updated"
        return found, "update requested" if is_requested and not self._hands_over(progress) else ""

    def _call_update(
        self, event: Event, progress: Progress, found: Description, change: Members
    ) -> tuple[Description, bool]:
        """Call Update*; answer the resource as it is then, and whether the service has anything to do."""
        row = self._row
        assert row.update
        check_wanted(self._cloudformation, row, event, progress)
        arn = {row.arn_member: found[row.arn_member]}
        try:
            self._api.call(row.update.operation, **arn, **self._changes.build_request(found, change))
        except ClientError as error:
            found = self._api.describe(row, found[row.arn_member]) or found
            # The service may refuse an update that changes nothing: somebody was quicker.
            if meaning(error) is Meaning.INVALID and self._changes.is_effective(found, change):
                return found, False
            raise
        found = self._api.describe(row, found[row.arn_member]) or found
        update = latest_update(row, found)
        if self._is_asked_for(progress, update, change):
            self._check_update(event, update)
        return found, True

    def restore(self, event: Event, progress: Progress, found: Description, members: Members) -> str:
        """Make a resource what it was before it was adopted; answer what to wait for, if anything.

        Args:
            event: the request that gives it back.
            progress: of the request; whether the resource was paused before.
            found: description of the resource.
            members: of its Update* request, as they were.
        """
        waits_for = "" if progress.paused else self._resume(event, progress, found)
        return waits_for or self._restore_members(event, progress, found, members) or self.pause(event, progress, found)

    def _restore_members(self, event: Event, progress: Progress, found: Description, members: Members) -> str:
        row, update = self._row, latest_update(self._row, found)
        if is_busy(update):
            return f"update {status_of(update)}"
        is_requested = bool(update) and update["creationDateTime"].timestamp() > progress.started
        change = {} if is_requested or not row.update else self._changes.find_restoring(found, members)
        if not change:
            return ""
        assert row.update
        check_wanted(self._cloudformation, row, event, progress)
        try:
            self._api.call(row.update.operation, **{row.arn_member: found[row.arn_member]}, **change)
        except ClientError as error:
            if not _is_refused_as_stopped(found, error):
                raise
            self._start(event, found)
        return "changing it back"

    def _hands_over(self, progress: Progress) -> bool:
        """Whether the wait chain follows the update, so that the request need not; it does not stop anything again."""
        return self._row.outlasts_request and not progress.paused

    def _may_leave(self, progress: Progress, now: float) -> bool:
        """Whether the request may leave an update to the wait chain, or has to because its own time is up."""
        return self._hands_over(progress) or now - progress.started > HAND_OVER_SECONDS

    def _is_asked_for(self, progress: Progress, update: Description, change: Members) -> bool:
        """Whether an update is that of this request, and not one made by hand or by the service itself."""
        is_new = update_id(update) != progress.update_seen
        return bool(update) and is_new and not contradicts(update, change)

    def _is_made(self, event: Event, progress: Progress, found: Description, change: Members) -> bool:
        """Whether there is nothing to ask for, because the resource is as asked for or is being updated so.

        Raises:
            ProviderError: the update that this request asked for has failed.
        """
        update = latest_update(self._row, found)
        if not self._is_asked_for(progress, update, change):
            return self._changes.is_made(found, change, progress.in_place)
        self._check_update(event, update)
        return is_busy(update) or not self._changes.is_contradicted(found, change)

    def _check_update(self, event: Event, update: Description) -> None:
        if has_failed(update):
            raise errors.update_failed(self._row, event["PhysicalResourceId"], update.get("failureReason"))

    def _start(self, event: Event, found: Description) -> None:
        """Start what somebody has stopped, so that it can be updated."""
        row = self._row
        assert row.resume
        try:
            self._api.switch(row.resume, row, found, is_running)
        except ClientError as error:
            if meaning(error) is Meaning.INVALID:
                raise errors.stopped(row, event["PhysicalResourceId"], error) from error
            raise

    def _resume(self, event: Event, progress: Progress, found: Description) -> str:
        """Start what the template switches on; answer what to wait for, if anything."""
        if status_of(found) != INACTIVE:
            return status_of(found) if is_being_switched(found) else ""
        check_wanted(self._cloudformation, self._row, event, progress)
        self._start(event, found)
        return "starting"

    def pause(self, event: Event, progress: Progress, found: Description) -> str:
        """Stop what is to be paused in the end (`progress.paused`); answer what to wait for, if anything."""
        row = self._row
        if not progress.paused or not row.pause:
            return ""
        if status_of(found) != ACTIVE:
            return status_of(found) if is_busy(found) else ""
        if Switch.of(row, event, progress).is_turned:
            # A rollback will want it to serve.
            check_wanted(self._cloudformation, row, event, progress)
        self._api.switch(row.pause, row, found, is_paused)
        return "stopping"


def _is_refused_as_stopped(found: Description, error: ClientError) -> bool:
    """Whether an update may be refused because somebody has stopped the resource; no source says whether it is."""
    return status_of(found) == INACTIVE and meaning(error) in (Meaning.INVALID, Meaning.IN_USE)


def _rolls_back_in_place(progress: Progress) -> bool:
    return progress.in_place and is_rollback(progress.deployment)
