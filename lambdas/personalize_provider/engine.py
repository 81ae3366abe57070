"""Carries out the requests of every resource type, from its row in the resource table.

on_event only reads: the Provider framework answers a create whose on_event fails with a marker id and drops
the delete that follows, so anything made there could be orphaned. All changes happen in polls, which start
from what the service says now and may be repeated, interrupted or delivered twice.
"""

from __future__ import annotations

from typing import Any

from . import errors
from .api import Api, Description
from .deletion import Deletion
from .describe import attributes, has_failed, is_busy, is_older, source, status_of
from .identity import Identity
from .names import physical_name
from .ownership import all_tags, as_api, is_ours, owner
from .patience import PROPAGATION_SECONDS, may_be_seen_soon, may_pass, verdict, waiting
from .protocol import REQUEST_SECONDS, Event, Outcome, Progress, complete, pending
from .resources import DELETING, Resource
from .service_errors import SERVICE_ERRORS, Meaning, meaning
from .stacks import Stacks, asks_for, is_rollback
from .update import Updates, check_wanted


class Engine:
    """Carries out requests for the resource type of one row."""

    young_seconds = PROPAGATION_SECONDS

    def __init__(self, row: Resource, api: Api, stacks: Stacks) -> None:
        """Make an engine for a row of the resource table."""
        self._row = row
        self._api = api
        self._stacks = stacks
        self._identity = Identity(row, api)
        self._updates = Updates(row, api, stacks)
        self._deletion = Deletion(row, api, stacks, self._identity)

    def begin(self, event: Event, now: float) -> tuple[str, Progress]:
        """Choose the physical id: the resource's name, known before the resource is."""
        if event["RequestType"] == "Delete":
            return event["PhysicalResourceId"], Progress(started=now)
        if event["RequestType"] == "Create":
            # Few calls before the first poll, since it is the polls that wait until a new policy takes effect.
            self._identity.check_unclaimed(event, now)
            return physical_name(self._row, event), Progress(started=now)
        self._identity.check_properties(event["ResourceProperties"])
        deployment = self._stacks.deployment(event["StackId"])
        if not asks_for(deployment, event["RequestType"]):
            raise errors.cancelled(self._row, event["PhysicalResourceId"])
        choice = self._identity.choose(event, is_rollback(deployment))
        return choice.name, Progress(
            started=now,
            in_place=choice.name == event["PhysicalResourceId"],
            update_seen=choice.update_seen,
            deployment=deployment,
            leftover=choice.leftover,
            paused=choice.paused,
        )

    def poll(self, event: Event, progress: Progress, now: float) -> Outcome:
        """Bring the resource one step nearer to what the request asks for."""
        step = self._deletion.delete_step if event["RequestType"] == "Delete" else self._create_or_update
        try:
            return step(event, progress, now)
        except SERVICE_ERRORS as error:
            return self._answer_to(error, event, progress, now)

    def is_staggered(self, event: Event) -> bool:
        """Each poll calls the service, and siblings begin together."""
        return True

    def timed_out(self, event: Event, outcome: Outcome) -> Exception:
        """The request used up the time that CloudFormation gives it."""
        doing = "be gone" if event["RequestType"] == "Delete" else "settle"
        return errors.timed_out(
            self._row, event["PhysicalResourceId"], doing, outcome.status, REQUEST_SECONDS, setting=None
        )

    # -- create and update ---------------------------------------------------------------------------------

    def _create_or_update(self, event: Event, progress: Progress, now: float) -> Outcome:
        row, name = self._row, event["PhysicalResourceId"]
        self._identity.check_properties(event["ResourceProperties"])
        if progress.leftover and not self._deletion.remove_leftover(event, progress, now).done:
            return pending(f"removing {progress.leftover}")
        found = self._api.find(row, name, event)
        if progress.in_place:
            return self._update_or_recreate(event, progress, found, now)
        return self._create_or_adopt(event, progress, found, now)

    def _update_or_recreate(self, event: Event, progress: Progress, found: Description | None, now: float) -> Outcome:
        """The resource that the stack has, changed in place."""
        row, name = self._row, event["PhysicalResourceId"]
        if found is None and not row.holds_data:
            # Somebody deleted it. The template still asks for it, and there is nothing in it to lose.
            return self._create_or_adopt(event, progress, None, now)
        if found is None or status_of(found) in DELETING:
            raise errors.deleted_outside(row, name)
        if row.outlasts_request or not is_busy(found):
            self._check_sound(name, found)
            return self._updates.bring_up_to_date(event, progress, found, now)
        return pending(status_of(found))

    def _create_or_adopt(self, event: Event, progress: Progress, found: Description | None, now: float) -> Outcome:
        """A new resource, or what is there of that name from an earlier delivery or deployment."""
        row, name = self._row, event["PhysicalResourceId"]
        if found is None:
            older = self._older_run_in_flight(event)
            if older:
                return pending(f"waiting for {older}, which would replace what this imports")
            return self._follow(event, progress, self._create(event, progress), now, remains=False)
        if not is_ours(self._api, row, event, found):
            raise errors.exists_elsewhere(row, name, owner(self._api, row, found))
        remains = is_older(found, progress.started)
        if remains and has_failed(found):
            if not row.deletable:
                raise errors.name_used_up(row, name, status_of(found))
            self._deletion.remove(found, event, now - progress.started)
            return pending("removing what an earlier deployment left")
        return self._follow(event, progress, found, now, remains=remains)

    def _follow(self, event: Event, progress: Progress, found: Description, now: float, *, remains: bool) -> Outcome:
        """Complete the request once the resource has settled, or before that if it may outlast the request.

        Args:
            event: the request.
            progress: of the request.
            found: the resource's description.
            now: seconds since the epoch.
            remains: whether it is what an earlier deployment left, and so may have to be changed.
        """
        row = self._row
        is_new = not remains or (row.is_job and is_busy(found))
        if row.outlasts_request and is_new and not self._updates.must_await_rollback(progress, found, now):
            return complete(status_of(found), attributes(self._api, row, found))
        if is_busy(found):
            return pending(status_of(found))
        self._check_sound(event["PhysicalResourceId"], found)
        if remains:
            return self._updates.bring_up_to_date(event, progress, found, now)
        return complete(status_of(found), attributes(self._api, row, found))

    def _older_run_in_flight(self, event: Event) -> str | None:
        """Name of a run that would undo what an update is to make, because it may end later."""
        if not self._row.reuse_latest_only or event["RequestType"] != "Update":
            return None
        return self._identity.any_run_in_flight(event)

    def _check_sound(self, name: str, found: Description) -> None:
        if has_failed(found):
            raise errors.failed(self._row, name, status_of(found), found.get("failureReason"), source(self._row, found))

    def _create(self, event: Event, progress: Progress) -> Description:
        row, properties = self._row, event["ResourceProperties"]
        check_wanted(self._stacks, self._row, event, progress)
        operation = f"Create{row.noun}"
        direct = row.properties - row.unsent - row.on_create.keys()
        request = self._api.request(operation, {name: properties[name] for name in direct if name in properties})
        for name, member in row.on_create.items():
            if name in properties:
                merged = self._api.request(operation, {member[0].upper() + member[1:]: properties[name]})
                request[member] = {**request.get(member, {}), **merged[member]}
        request[row.name_member] = event["PhysicalResourceId"]
        if row.taggable:
            request["tags"] = as_api(all_tags(event))
        answer = self._api.call(operation, **request)
        found = self._api.describe(row, answer[row.arn_member])
        return found or {row.arn_member: answer[row.arn_member], "status": "CREATE PENDING"}

    # -- errors of the service -----------------------------------------------------------------------------

    def _answer_to(self, error: Any, event: Event, progress: Progress, now: float) -> Outcome:
        """Another poll, or the sentence that ends the request."""
        row, name = self._row, event["PhysicalResourceId"]
        what, age = meaning(error), now - progress.started
        if what is Meaning.NO_SERVICE and event["RequestType"] == "Delete":
            return complete("nothing can exist in a region without Amazon Personalize")
        if what is Meaning.IN_USE or may_pass(error, age) or may_be_seen_soon(error, age):
            return waiting(error)
        if what is Meaning.EXISTS:
            raise errors.place_taken(row, name, error) from error
        if what is Meaning.LIMIT:
            raise errors.limit_exceeded(row, error) from error
        raise verdict(error) or errors.refused(row, name, error) from error
