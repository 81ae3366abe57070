"""DELETE: deletes resources, and finds those that CloudFormation does not know of."""

from __future__ import annotations

from .adoption import Adoption
from .api import Api
from .blockers import Blockers
from .deployments import CloudFormation, known_deployment, stack_goes
from .describe import is_older
from .names import content_hash, has_prefix, is_fixed, is_made_here, physical_name
from .ownership import is_ours, made_by
from .patience import waiting
from .protocol import Event, Outcome, Progress, as_before, complete, pending
from .resource_type import ResourceType, member_name
from .runs import Runs
from .service_errors import SERVICE_ERRORS, Meaning, meaning
from .statuses import CREATE_STOPPING, Description, is_being_deleted, is_busy, status_of

# A cancelled request may have a call under way when CloudFormation already asks for deletion: what does not exist that
# early may still appear.
CANCELLATION_SECONDS = 60
# CloudFormation waits no longer for a creation, so the creation that it cancelled did not make anything older.
_LONGEST_CREATION_SECONDS = 3600
# The deletion of a training waits this long for it to stop; no page says how long that takes. After that it completes:
# the service keeps the version until its solution is deleted, and the solution's deletion waits for it as well.
_STOPPING_SECONDS = 50 * 60
# What uses it may be deleted at the same time.
_STAYS_AFTER_SECONDS = 300


class Deletion:
    """Deletes one row's resources."""

    def __init__(self, row: ResourceType, api: Api, cloudformation: CloudFormation) -> None:
        """Delete resources of a row of the resource table."""
        self._row = row
        self._api = api
        self._cloudformation = cloudformation
        self._adoption = Adoption(row, api, cloudformation)
        self._listed: list[Description] | None = None

    def delete_step(self, event: Event, progress: Progress, now: float) -> Outcome:
        """Go one step towards deleting what a Delete request names."""
        row, name = self._row, event["PhysicalResourceId"]
        why_not = self._adoption.find_reason_to_leave(event)
        if why_not:
            return complete(why_not)
        known = is_made_here(name, event["ResourceProperties"])
        found = self._find(name, event) if known else self._find_unreported(event, now)
        giving_back = self._adoption.give_back_step(event, progress, found, known, now)
        if giving_back:
            return giving_back
        if found is None and not known and now - progress.started < CANCELLATION_SECONDS:
            return pending("watching for what a cancelled request may still create")
        if found and not is_ours(self._api, row, event, found):
            return complete("left alone: this stack did not create it")
        age = now - progress.started
        outcome = self.remove(found, event, age)
        return self.remove(self._find_forgotten(event), event, age) if outcome.done else outcome

    def _find_forgotten(self, event: Event) -> Description | None:
        """What else this logical id has created, when the whole stack is deleted.

        CloudFormation forgets what it fails to delete after an update, and what a request created that it cancelled
        before a rollback failed. What holds data is never looked for: somebody may have kept it on purpose. What other
        logical ids have left is deleted with the dataset group (blockers.py).
        """
        row, properties = self._row, event["ResourceProperties"]
        may_be_forgotten = row.deletable and not row.holds_data and not is_fixed(properties)
        if not may_be_forgotten or not stack_goes(known_deployment(self._cloudformation, event["StackId"])):
            return None
        for summary in self._summaries(event):
            if has_prefix(str(summary.get(row.name_member)), properties["NamePrefix"]):
                found = self._api.describe(row, summary[row.arn_member])
                if found and self._is_made_by(event, found):
                    return found
        return None

    def _is_made_by(self, event: Event, found: Description) -> bool:
        """Whether this logical id created a resource: its tags say so, or its name, which contains a hash of both."""
        row = self._row
        if row.taggable:
            return made_by(self._api.tags(found[row.arn_member]), event)
        content = {name: found[member_name(name)] for name in row.create_only if member_name(name) in found}
        return str(found[row.name_member]).endswith(f"-{content_hash(row, {**event, 'ResourceProperties': content})}")

    def _find(self, name: str, event: Event) -> Description | None:
        """Describe what has a name. If only a list shows it, that is the list of the search for forgotten resources."""
        row = self._row
        if not row.arn_is_generated:
            return self._api.find(row, name, event)
        arns = (each[row.arn_member] for each in self._summaries(event) if each.get(row.name_member) == name)
        arn = next(arns, None)
        return self._api.describe(row, arn) if arn else None

    def _summaries(self, event: Event) -> list[Description]:
        """The row's resources, listed once in an is_complete: the service accepts one request a second."""
        if self._listed is None:
            self._listed = list(self._api.summaries(self._row, event["ResourceProperties"]))
        return self._listed

    def remove_leftover(self, event: Event, progress: Progress, now: float) -> Outcome:
        """Go one step towards deleting the replacement that a cancelled update began."""
        cancelled = as_before(event)
        found = self._api.find(self._row, progress.leftover, cancelled)
        giving_back = self._adoption.give_back_step(cancelled, progress, found, is_known=False, now=now)
        return giving_back or self.remove(found, event, now - progress.started)

    def _find_unreported(self, event: Event, now: float) -> Description | None:
        """What a Create request created that never answered CloudFormation."""
        row, properties = self._row, event["ResourceProperties"]
        is_run = row.is_job and not is_fixed(properties)
        name = Runs(row, self._api).find_same_in_flight(event) if is_run else physical_name(row, event)
        found = self._api.find(row, name, event) if name else None
        is_claimed = row.taggable or not is_fixed(properties)
        return found if found and (is_claimed or not is_older(found, now - _LONGEST_CREATION_SECONDS)) else None

    def remove(self, found: Description | None, event: Event, age: float) -> Outcome:
        """Go one step towards deleting a resource of ours.

        Args:
            found: its description, or summary.
            event: the request to delete it, or what it is built on.
            age: seconds since that began.

        Raises:
            ProviderError: something is built on it that this deployment does not delete.
        """
        if found is None:
            return complete("does not exist")
        if is_being_deleted(found):
            return pending(status_of(found))
        if is_busy(found):
            self._api.stop(self._row, found)
            if status_of(found) == CREATE_STOPPING and age >= _STOPPING_SECONDS:
                return complete("still stopping; it goes with its solution")
            return pending(status_of(found))
        if not self._row.deletable:
            return complete(status_of(found))
        return self._delete(found, event, age)

    def _may_stay(self, event: Event, age: float) -> bool:
        """Whether something in use may stay, so that nobody has to wait for it.

        A dataset cannot go back to its old schema, so after a rollback it has one that CloudFormation deletes.
        """
        if not self._row.stays_while_used or age < _STAYS_AFTER_SECONDS:
            return False
        return not stack_goes(known_deployment(self._cloudformation, event["StackId"]))

    def _delete(self, found: Description, event: Event, age: float) -> Outcome:
        row, arn = self._row, found[self._row.arn_member]
        try:
            self._api.call(f"Delete{row.noun}", **{row.arn_member: arn})
        except SERVICE_ERRORS as error:
            if meaning(error) is Meaning.ABSENT:
                return complete("does not exist")
            if meaning(error) is not Meaning.IN_USE:
                raise

            def remove(child: ResourceType, summary: Description) -> Outcome:
                return Deletion(child, self._api, self._cloudformation).remove(summary, event, age)

            if self._may_stay(event, age):
                return complete("kept, because it is in use; it is deleted with the stack")
            Blockers(row, self._api, self._cloudformation).clear(found, event, age, remove)
            return waiting(error)
        return pending("deletion requested")
