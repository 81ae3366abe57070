"""Carries out the requests of every resource type, from its row in the resource table.

on_event only reads: the Provider framework answers a create whose on_event fails with a marker id and drops
the delete that follows, so anything made there could be orphaned. All changes happen in polls, which start
from what the service says now and may be repeated, interrupted or delivered twice.
"""

from __future__ import annotations

from typing import Any

from . import errors
from .api import SERVICE_ERRORS, Api, Description, member_name
from .describe import attributes, contradicts, covers, has_failed, is_busy, latest_update, status_of, update_id
from .errors import Meaning, meaning
from .names import create_only, is_fixed, is_made_here, physical_name, same_content
from .ownership import all_tags, as_api, foreign_tags, holds, is_ours, made_by, owner, user_tags
from .protocol import REQUEST_SECONDS, Event, Outcome, Progress, complete, pending
from .resources import CONTROL_PROPERTIES, DELETING, Resource
from .stacks import Stacks, asks_for, is_rollback, stack_goes

# IAM and the service's own lists are eventually consistent: within this time of a request's start, "no such
# role" and "name taken, but nothing of that name" are worth another poll.
PROPAGATION_SECONDS = 120
# A cancelled request may have a call under way when CloudFormation already asks for deletion: an absence that
# early may not last.
CANCELLATION_SECONDS = 60
# A request that could wait longer leaves the rest to others.
HAND_OVER_SECONDS = 50 * 60
# The service's clock and that of the function may differ by this much.
CLOCK_SECONDS = 60
_FRAMEWORK_PROPERTIES = frozenset({"ServiceToken", "ServiceTimeout"})


class Engine:
    """Carries out requests for the resource type of one row."""

    def __init__(self, row: Resource, api: Api, stacks: Stacks) -> None:
        """Make an engine for a row of the resource table."""
        self._row = row
        self._api = api
        self._stacks = stacks

    def begin(self, event: Event, now: float) -> tuple[str, Progress]:
        """Choose the physical id: the resource's name, known before the resource is."""
        if event["RequestType"] == "Delete":
            return event["PhysicalResourceId"], Progress(started=now)
        self._check_properties(event["ResourceProperties"])
        deployment = self._stacks.deployment(event["StackId"])
        if not asks_for(deployment, event["RequestType"]):
            raise errors.cancelled(self._row, event.get("PhysicalResourceId") or physical_name(self._row, event))
        if event["RequestType"] == "Create":
            return physical_name(self._row, event), Progress(started=now, deployment=deployment)
        name = self._successor(event, is_rollback(deployment))
        in_place = name == event["PhysicalResourceId"]
        return name, Progress(
            started=now,
            in_place=in_place,
            update_seen=self._update_seen(event, name),
            deployment=deployment,
            leftover=self._leftover(event, name),
        )

    def poll(self, event: Event, progress: Progress, now: float) -> Outcome:
        """Bring the resource one step nearer to what the request asks for."""
        step = self._absent if event["RequestType"] == "Delete" else self._present
        try:
            return step(event, progress, now)
        except SERVICE_ERRORS as error:
            return self._answer_to(error, event, progress, now)

    def allowed_seconds(self, event: Event) -> float:
        """As long as CloudFormation waits, less what it takes to say so."""
        return REQUEST_SECONDS

    def timed_out(self, event: Event, outcome: Outcome) -> Exception:
        """The request used up the time that CloudFormation gives it."""
        doing = "be gone" if event["RequestType"] == "Delete" else "settle"
        return errors.timed_out(
            self._row, event["PhysicalResourceId"], doing, outcome.status, REQUEST_SECONDS, setting=None
        )

    # -- identity ------------------------------------------------------------------------------------------

    def _check_properties(self, properties: dict[str, Any]) -> None:
        unknown = properties.keys() - self._row.properties - CONTROL_PROPERTIES - _FRAMEWORK_PROPERTIES
        if unknown:
            raise errors.unknown_property(self._row.noun, sorted(unknown))

    def _successor(self, event: Event, way_back: bool) -> str:
        """Name of the resource after an update: the present one, or that of a replacement."""
        row, current, properties = self._row, event["PhysicalResourceId"], event["ResourceProperties"]
        changed = self._changed_create_only(event)
        if not changed:
            return str(current)
        if row.is_job and not is_fixed(properties):
            return self._earlier_run(event) or physical_name(row, event)
        wanted = physical_name(row, event)
        existing = self._api.find(row, wanted, properties)
        if wanted == current:
            # A fixed name, or the way back from an update that never got to replace anything.
            if way_back or self._holds_already(properties, changed, existing):
                return wanted
            raise errors.name_is_fixed(row, wanted, changed)
        if existing:
            return wanted  # the way back from a replacement: what it replaced is still there
        if row.holds_data and str(properties.get("AllowReplacement", "false")).lower() != "true":
            raise errors.replacement_guarded(row, current, changed)
        if row.unique_within and not set(changed) & set(row.unique_within):
            raise errors.one_at_a_time(row, current, changed)
        return wanted

    def _holds_already(self, properties: dict[str, Any], changed: list[str], existing: Description | None) -> bool:
        """Whether there is nothing to replace, because the resource is already what is asked for."""
        if existing is None or set(changed) & self._row.control:
            return False
        return holds(self._api, self._row, properties, existing)

    def _leftover(self, event: Event, successor: str) -> str:
        """Name of the replacement that an update began, if it is not the one CloudFormation knows.

        That is so when the update was cancelled: the update that takes it back is sent for the old resource.
        """
        if is_fixed(event["OldResourceProperties"]):
            return ""
        cancelled = {**event, "ResourceProperties": event["OldResourceProperties"]}
        begun = self._run_in_flight(cancelled) if self._row.is_job else physical_name(self._row, cancelled)
        return "" if begun in (None, event["PhysicalResourceId"], successor) else str(begun)

    def _run_in_flight(self, event: Event) -> str | None:
        """Name of a run that the service is at work on and that does what the request asks for."""
        for run in self._api.summaries(self._row, event["ResourceProperties"]):
            name = self._name_of(run) if is_busy(run) else None
            if name and same_content(self._row, event, name):
                return name
        return None

    def _changed_create_only(self, event: Event) -> list[str]:
        before = create_only(self._row, event["OldResourceProperties"])
        after = create_only(self._row, event["ResourceProperties"])
        return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))

    def _earlier_run(self, event: Event) -> str | None:
        """Name of a finished run that did what this request asks for, so that it need not run again."""
        runs = [run for run in self._api.summaries(self._row, event["ResourceProperties"]) if not is_busy(run)]
        runs = sorted((run for run in runs if not has_failed(run)), key=update_id, reverse=True)
        for run in runs[:1] if self._row.reuse_latest_only else runs:
            name = self._name_of(run)
            if name and same_content(self._row, event, name):
                return name
        return None

    def _name_of(self, summary: Description) -> str | None:
        if self._row.key_in_list:
            return summary.get(self._row.name_member)
        description = self._api.describe(self._row, summary[self._row.arn_member])
        return (description or {}).get(self._row.name_member)

    def _update_seen(self, event: Event, name: str) -> str:
        if not self._row.update:
            return ""
        found = self._api.find(self._row, name, event["ResourceProperties"])
        return update_id(latest_update(self._row, found or {}))

    # -- create and update ---------------------------------------------------------------------------------

    def _present(self, event: Event, progress: Progress, now: float) -> Outcome:
        row, name = self._row, event["PhysicalResourceId"]
        if progress.leftover and not self._removed(self._find_leftover(event, progress)).done:
            return pending(f"removing {progress.leftover}")
        found = self._api.find(row, name, event["ResourceProperties"])
        if progress.in_place:
            return self._kept(event, progress, found, now)
        return self._made(event, progress, found, now)

    def _kept(self, event: Event, progress: Progress, found: Description | None, now: float) -> Outcome:
        """The resource that the stack has, changed in place."""
        row, name = self._row, event["PhysicalResourceId"]
        if found is None and not row.holds_data:
            # Somebody deleted it. The template still asks for it, and there is nothing in it to lose.
            return self._made(event, progress, None, now)
        if found is None or status_of(found) in DELETING:
            raise errors.deleted_outside(row, name)
        if row.outlasts_request or not is_busy(found):
            self._check_sound(name, found)
            return self._brought_up_to_date(event, progress, found, now)
        return pending(status_of(found))

    def _made(self, event: Event, progress: Progress, found: Description | None, now: float) -> Outcome:
        """A new resource, or what is there of that name from an earlier delivery or deployment."""
        row, name = self._row, event["PhysicalResourceId"]
        if found and not is_ours(self._api, row, event, found):
            raise errors.exists_elsewhere(row, name, owner(self._api, row, found))
        remains = found and _began_before(progress, found)
        if found and remains and has_failed(found) and row.deletable:
            self._removed(found)
            return pending("removing what an earlier deployment left")
        found = found or self._create(event, progress)
        if row.outlasts_request and not remains:
            return complete(status_of(found), attributes(self._api, row, found))
        if is_busy(found):
            return pending(status_of(found))
        self._check_sound(name, found)
        if remains:
            return self._brought_up_to_date(event, progress, found, now)
        return complete(status_of(found), attributes(self._api, row, found))

    def _check_sound(self, name: str, found: Description) -> None:
        if has_failed(found):
            raise errors.failed(self._row, name, status_of(found), found.get("failureReason"))

    def _create(self, event: Event, progress: Progress) -> Description:
        row, properties = self._row, event["ResourceProperties"]
        self._check_wanted(event, progress)
        operation = f"Create{row.noun}"
        direct = row.properties - row.control - row.on_create.keys()
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

    # -- changes in place ----------------------------------------------------------------------------------

    def _brought_up_to_date(self, event: Event, progress: Progress, found: Description, now: float) -> Outcome:
        row = self._row
        if row.update and self._updatable_changed(event, progress):
            update = latest_update(row, found)
            if is_busy(update) and not (row.outlasts_request and self._is_asked_for(event, progress, update)):
                return pending(f"update {status_of(update)}")
            if not self._is_applied(event, progress, found):
                self._check_wanted(event, progress)
                found = self._update(event, progress, found)
                if not row.outlasts_request:
                    return pending("update requested")
            if self._is_way_back_under_way(progress, found, now):
                return pending(f"update {status_of(latest_update(row, found))}")
        self._sync_tags(event, progress, found)
        return complete(status_of(found), attributes(self._api, row, found))

    def _is_way_back_under_way(self, progress: Progress, found: Description, now: float) -> bool:
        """Whether a rollback still has to wait for its update.

        The links that wait for updates elsewhere may have no part in a rollback: CloudFormation takes back only
        what the update had reached.
        """
        waits = is_rollback(progress.deployment) and now - progress.started < HAND_OVER_SECONDS
        return waits and is_busy(latest_update(self._row, found))

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
            self._check_wanted(event, progress)
        if gone:
            self._api.call("UntagResource", resourceArn=arn, tagKeys=gone)
        if new:
            self._api.call("TagResource", resourceArn=arn, tags=as_api(new))

    def _check_wanted(self, event: Event, progress: Progress) -> None:
        """Make and change nothing for a deployment that CloudFormation has given up."""
        if self._stacks.deployment(event["StackId"]) != progress.deployment:
            raise errors.cancelled(self._row, event["PhysicalResourceId"])

    # -- delete --------------------------------------------------------------------------------------------

    def _absent(self, event: Event, progress: Progress, now: float) -> Outcome:
        row, name = self._row, event["PhysicalResourceId"]
        known = is_made_here(name, event["ResourceProperties"])
        found = self._api.find(row, name, event["ResourceProperties"]) if known else self._find_unreported(event)
        if found is None and not known and now - progress.started < CANCELLATION_SECONDS:
            return pending("watching for what a cancelled request may still make")
        if found and not is_ours(self._api, row, event, found):
            return complete("left alone: not made by this stack")
        outcome = self._removed(found)
        return self._removed(self._find_forgotten(event)) if outcome.done else outcome

    def _find_forgotten(self, event: Event) -> Description | None:
        """What else this logical id has made, when the whole stack goes.

        CloudFormation forgets what it fails to delete after an update, and what a request made that it cancelled
        before a rollback failed. What holds data is never looked for: it may have been retained on purpose.
        """
        row, properties = self._row, event["ResourceProperties"]
        may_be_forgotten = row.taggable and row.deletable and not row.holds_data and not is_fixed(properties)
        if not may_be_forgotten or not stack_goes(self._stacks.deployment(event["StackId"])):
            return None
        for summary in self._api.summaries(row, properties):
            is_candidate = str(summary.get(row.name_member)).startswith(f"{properties['NamePrefix']}-")
            if is_candidate and made_by(self._api.tags(summary[row.arn_member]), event):
                return self._api.describe(row, summary[row.arn_member])
        return None

    def _find_unreported(self, event: Event) -> Description | None:
        """What a Create request has made that never answered CloudFormation."""
        row, properties = self._row, event["ResourceProperties"]
        is_run = row.is_job and not is_fixed(properties)
        name = self._run_in_flight(event) if is_run else physical_name(row, event)
        return self._api.find(row, name, properties) if name else None

    def _find_leftover(self, event: Event, progress: Progress) -> Description | None:
        return self._api.find(self._row, progress.leftover, event["OldResourceProperties"])

    def _removed(self, found: Description | None) -> Outcome:
        """Bring a resource of ours one step nearer to its absence."""
        if found is None:
            return complete("absent")
        if status_of(found) in DELETING:
            return pending(status_of(found))
        if is_busy(found):
            stop(self._api, self._row, found)
            return pending(status_of(found))
        if not self._row.deletable:
            return complete(status_of(found))
        return self._delete(found)

    def _delete(self, found: Description) -> Outcome:
        row, arn = self._row, found[self._row.arn_member]
        try:
            self._api.call(f"Delete{row.noun}", **{row.arn_member: arn})
        except SERVICE_ERRORS as error:
            if meaning(error) is Meaning.ABSENT:
                return complete("absent")
            if meaning(error) is Meaning.IN_USE:
                self._stop_children(arn)
            raise
        return pending("deletion requested")

    def _stop_children(self, arn: str) -> None:
        related = self._api.children(self._row)
        if not related:
            return
        child, member = related
        for summary in self._api.child_summaries(child, member, arn):
            if is_busy(summary):
                stop(self._api, child, summary)

    # -- errors of the service -----------------------------------------------------------------------------

    def _answer_to(self, error: Any, event: Event, progress: Progress, now: float) -> Outcome:
        """Another poll, or the sentence that ends the request."""
        row, name = self._row, event["PhysicalResourceId"]
        what = meaning(error)
        young = now - progress.started < PROPAGATION_SECONDS
        if what in (Meaning.RETRY, Meaning.IN_USE):
            return pending(f"waiting ({errors.message(error)})")
        if what is Meaning.EXISTS and not young:
            raise errors.place_taken(row, name, error) from error
        if what is Meaning.EXISTS or (young and errors.may_be_propagation(error)):
            return pending(f"waiting ({errors.message(error)})")
        if what is Meaning.DENIED:
            raise errors.access_denied(error) from error
        if what is Meaning.LIMIT:
            raise errors.limit_exceeded(row, error) from error
        raise errors.refused(row, name, error) from error


def _before(event: Event) -> dict[str, Any]:
    """Properties before the request; none for a Create."""
    return dict(event.get("OldResourceProperties", {}))


def _began_before(progress: Progress, found: Description) -> bool:
    """Whether a resource is older than the request, beyond what clocks may differ by."""
    created = found.get("creationDateTime")
    return created is not None and bool(created.timestamp() + CLOCK_SECONDS < progress.started)


def stop(api: Api, row: Resource, found: Description) -> None:
    """End a creation in progress, where the service can; it refuses what is stopping or done already."""
    if not row.stop or status_of(found) not in ("CREATE PENDING", "CREATE IN_PROGRESS"):
        return
    try:
        api.call(row.stop, **{row.arn_member: found[row.arn_member]})
    except SERVICE_ERRORS as error:
        if meaning(error) not in (Meaning.IN_USE, Meaning.ABSENT, Meaning.INVALID):
            raise
