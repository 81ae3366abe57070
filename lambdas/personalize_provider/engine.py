"""Carries out CREATE, UPDATE and DELETE requests of every resource type, from its row in the resource table.

on_event only reads: the Provider framework answers a create whose on_event fails with a marker id and drops
the delete that follows, so anything made there could be orphaned. All changes happen in is_complete, which starts
from what the service says now and may be repeated, interrupted or delivered twice.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from . import errors, errors_adoption
from .adoption import Adoption
from .api import Api
from .control import adopts, check_control, is_released
from .deletion import Deletion
from .deployments import CloudFormation, asks_for, check_wanted, is_rollback
from .describe import ThenPause, attributes, is_older, known_attributes, source, unchanged_revision
from .names import physical_name
from .ownership import all_tags, as_api, check_not_taken, check_unclaimed, is_ours, owner
from .patience import PROPAGATION_SECONDS, may_be_seen_soon, may_pass, verdict, waiting
from .protocol import REQUEST_SECONDS, Event, Outcome, Progress, complete, pending
from .repair import asks_for_repair, is_made_anew, is_sound, undoes_repair
from .resource_type import CONTROL_PROPERTIES, Members, ResourceType, property_name
from .runs import Runs
from .service_errors import SERVICE_ERRORS, Meaning, meaning
from .statuses import Description, has_failed, is_being_deleted, is_busy, is_paused, is_update, status_of
from .successor import Successors
from .switch import is_switched_off
from .update import Updates

_FRAMEWORK_PROPERTIES = frozenset({"ServiceToken", "ServiceTimeout"})


class Engine:
    """Carries out requests for the resource type of one row."""

    young_seconds = PROPAGATION_SECONDS

    def __init__(self, row: ResourceType, api: Api, cloudformation: CloudFormation) -> None:
        """Carry out requests for a row of the resource table."""
        self._row = row
        self._api = api
        self._cloudformation = cloudformation
        self._updates = Updates(row, api, cloudformation)
        self._adoption = Adoption(row, api, cloudformation)
        self._deletion = Deletion(row, api, cloudformation)

    def on_event(self, event: Event, now: float) -> tuple[str, Progress]:
        """Choose the physical id: the resource's name, known before the resource is."""
        if event["RequestType"] == "Delete":
            return event["PhysicalResourceId"], Progress(started=now)
        if event["RequestType"] == "Update":
            return self._start_update(event, now)
        check_control(self._row, event["ResourceProperties"])
        if adopts(event["ResourceProperties"]):
            return self._adoption.start_creation(event, now)
        if is_released(event["ResourceProperties"]):
            raise errors_adoption.releases_nothing(self._row)
        # Few calls here: it is is_complete that waits until a new policy takes effect.
        check_unclaimed(self._api, self._row, event, now)
        return physical_name(self._row, event), Progress(started=now)

    def is_complete(self, event: Event, progress: Progress, now: float) -> Outcome:
        """Go one step towards what the request asks for."""
        steps = {"Create": self._create_step, "Update": self._update_step, "Delete": self._deletion.delete_step}
        try:
            return steps[event["RequestType"]](event, progress, now)
        except SERVICE_ERRORS as error:
            return self._wait_or_fail(error, event, progress, now)

    def is_staggered(self, event: Event) -> bool:
        """Every is_complete calls the service, and siblings begin together."""
        return True

    def timed_out(self, event: Event, outcome: Outcome) -> Exception:
        """The request used up the time that CloudFormation gives it."""
        doing = "be deleted" if event["RequestType"] == "Delete" else "settle"
        return errors.timed_out(
            self._row, event["PhysicalResourceId"], doing, outcome.status, REQUEST_SECONDS, setting=None
        )

    # -- CREATE --------------------------------------------------------------------------------------------

    def _create_step(self, event: Event, progress: Progress, now: float) -> Outcome:
        self._check_properties(event)
        found = self._api.find(self._row, event["PhysicalResourceId"], event)
        if is_released(event["ResourceProperties"]):
            return self._adoption.release_step(event, progress, found, now)
        if progress.adopts:
            return self._adopt_step(event, progress, found, now)
        return self._create_or_adopt(event, progress, found, now)

    def _create_or_adopt(self, event: Event, progress: Progress, found: Description | None, now: float) -> Outcome:
        """Create the resource, or go on with what an earlier delivery or deployment created under that name."""
        row, name = self._row, event["PhysicalResourceId"]
        if found is None:
            older = self._find_older_run(event)
            if older:
                return pending(f"waiting for {older}, which would replace what this imports")
            return self._complete_once_settled(event, progress, self._create(event, progress), now)
        if not is_ours(self._api, row, event, found):
            raise errors.exists_elsewhere(row, name, owner(self._api, row, found))
        if not is_older(found, progress.started):
            return self._complete_once_settled(event, progress, found, now)
        if has_failed(found):
            return self._remove_failed(event, progress, found, now)
        return self._adopt(event, progress, found, now)

    def _create(self, event: Event, progress: Progress) -> Description:
        row = self._row
        check_wanted(self._cloudformation, row, event, progress)
        answer = self._api.call(f"Create{row.noun}", **self._create_request(event))
        found = self._api.describe(row, answer[row.arn_member])
        return found or {row.arn_member: answer[row.arn_member], "status": "CREATE PENDING"}

    def _create_request(self, event: Event) -> Members:
        row, properties = self._row, event["ResourceProperties"]
        operation = f"Create{row.noun}"
        direct = row.properties - row.unsent - row.on_create.keys()
        request = self._api.request(operation, {name: properties[name] for name in direct if name in properties})
        for name, member in row.on_create.items():
            if name in properties:
                merged = self._api.request(operation, {property_name(member): properties[name]})
                request[member] = {**request.get(member, {}), **merged[member]}
        request[row.name_member] = event["PhysicalResourceId"]
        if row.taggable:
            request["tags"] = as_api(all_tags(event))
        return request

    def _find_older_run(self, event: Event) -> str | None:
        """Name of a run in flight that may end later than a new one, and so undo it."""
        if not self._row.reuse_latest_only or event["RequestType"] != "Update":
            return None
        return Runs(self._row, self._api).find_in_flight(event)

    def _remove_failed(self, event: Event, progress: Progress, found: Description, now: float) -> Outcome:
        """Make room for a new resource where an earlier deployment left one that has failed."""
        if not self._row.deletable:
            raise errors.name_used_up(self._row, event["PhysicalResourceId"], status_of(found))
        self._deletion.remove(found, event, now - progress.started)
        return pending("removing what an earlier deployment left")

    def _adopt_step(self, event: Event, progress: Progress, found: Description | None, now: float) -> Outcome:
        """Go one step towards owning what somebody else has made, changed as the template says."""
        claiming = self._adoption.claim_step(event, found, progress)
        if claiming:
            return claiming
        assert found
        if not self._adoption.claims:
            return self._complete_once_settled(event, progress, found, now)
        return self._update_or_recreate(event, progress, found, now)

    def _adopt(self, event: Event, progress: Progress, found: Description, now: float) -> Outcome:
        """Take over what an earlier deployment left, changed as the template says."""
        if self._row.is_job and is_busy(found):
            return self._complete_once_settled(event, progress, found, now)
        if is_busy(found):
            return pending(status_of(found))
        self._check_sound(event, found)
        return self._updates.update_step(event, progress, found, now)

    def _complete_once_settled(self, event: Event, progress: Progress, found: Description, now: float) -> Outcome:
        """Complete the request once the resource has settled, or before that if it may outlast the request."""
        hands_over = self._row.outlasts_request and not self._updates.must_await_rollback(progress, found, now)
        if not hands_over:
            if is_busy(found):
                return pending(status_of(found))
            self._check_sound(event, found)
        pauses = is_switched_off(self._row, event)
        waits_for = self._updates.pause(event, replace(progress, paused=pauses), found) if not hands_over else ""
        if waits_for:
            return pending(waits_for)
        then_pause = ThenPause(int(progress.started)) if pauses and not is_paused(found) else None
        return complete(
            status_of(found),
            attributes(self._api, self._row, found, then_pause, unchanged_revision(progress, found)),
        )

    # -- UPDATE --------------------------------------------------------------------------------------------

    def _start_update(self, event: Event, now: float) -> tuple[str, Progress]:
        self._check_properties(event)
        deployment = self._cloudformation.deployment(event["StackId"])
        if not asks_for(deployment, "Update"):
            raise errors.cancelled(self._row, event["PhysicalResourceId"])
        if is_released(event["ResourceProperties"]):
            return event["PhysicalResourceId"], Progress(started=now, in_place=True, deployment=deployment)
        repairs = asks_for_repair(event) and not is_rollback(deployment)
        successor = Successors(self._row, self._api).choose(event, is_rollback(deployment), repairs)
        progress = Progress(
            started=now,
            in_place=successor.name == event["PhysicalResourceId"],
            update_seen=successor.update_seen,
            deployment=deployment,
            leftover=successor.leftover,
            paused=successor.paused,
            repairs=repairs,
        )
        return successor.name, self._adoption.start_update(event, successor.name, progress)

    def _update_step(self, event: Event, progress: Progress, now: float) -> Outcome:
        self._check_properties(event)
        if progress.leftover and not self._deletion.remove_leftover(event, progress, now).done:
            return pending(f"removing {progress.leftover}")
        found = self._api.find(self._row, event["PhysicalResourceId"], event)
        if is_released(event["ResourceProperties"]):
            return self._adoption.release_step(event, progress, found, now)
        if progress.adopts:
            return self._adopt_step(event, progress, found, now)
        if not progress.in_place:
            return self._create_or_adopt(event, progress, found, now)
        if undoes_repair(event, progress) and not is_sound(found):
            return complete("as it was before the repair", known_attributes(self._row, event))
        return self._update_or_recreate(event, progress, found, now)

    def _update_or_recreate(self, event: Event, progress: Progress, found: Description | None, now: float) -> Outcome:
        """Update the resource in place, or create it again if somebody has deleted it."""
        if found is None and self._may_recreate(progress):
            return self._create_or_adopt(event, progress, None, now)
        if found is None or (is_being_deleted(found) and not progress.repairs):
            raise errors.deleted_outside(self._row, event["PhysicalResourceId"])
        if is_being_deleted(found) or (is_busy(found) and not self._row.outlasts_request):
            return pending(status_of(found))
        if is_made_anew(found, progress):
            return self._remove_failed(event, progress, found, now)
        self._check_sound(event, found)
        check_not_taken(self._api, self._row, event, progress, found)
        return self._updates.update_step(event, progress, found, now)

    def _may_recreate(self, progress: Progress) -> bool:
        """Whether what the template still asks for had no data to lose, or who repairs it knows that they are lost."""
        return progress.repairs or not self._row.holds_data

    # -- what requests have in common ----------------------------------------------------------------------

    def _check_properties(self, event: Event) -> None:
        """Refuse a property that the type does not have, and a switch that is neither on nor off."""
        known = self._row.properties | CONTROL_PROPERTIES | _FRAMEWORK_PROPERTIES
        unknown = event["ResourceProperties"].keys() - known
        if unknown:
            raise errors.unknown_property(self._row.noun, sorted(unknown))
        is_switched_off(self._row, event)
        check_control(self._row, event["ResourceProperties"])

    def _check_sound(self, event: Event, found: Description) -> None:
        row, name = self._row, event["PhysicalResourceId"]
        if has_failed(found) and not is_update(found):
            raise errors.failed(row, name, status_of(found), found.get("failureReason"), source(row, found))

    def _wait_or_fail(self, error: Any, event: Event, progress: Progress, now: float) -> Outcome:
        """Try again later after an error of the service, or end the request with a sentence."""
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
