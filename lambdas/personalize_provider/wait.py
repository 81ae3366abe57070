"""The links of the two chains that follow what can outlast CloudFormation's hour.

Custom::PersonalizeWait follows a creation or update until it has settled, and stops what the template says, or what
somebody had stopped before. Custom::PersonalizeDeletionWait holds the deletion of the resource back until the service
can delete it. Each link waits for its share of the time and hands over to the next
(docs/decisions/0003-wait-chains.md).
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from . import errors
from .deployments import began, check_wanted, is_rollback, known_deployment
from .describe import NEVER, Revision, ThenPause, attributes, latest_update, source, update_id
from .patience import may_pass, verdict, waiting
from .protocol import CLOCK_SECONDS, REQUEST_SECONDS, Event, Outcome, Progress, complete, pending
from .resource_type import ResourceType, member_name
from .resources import RESOURCES
from .service_errors import SERVICE_ERRORS, Meaning, meaning
from .statuses import ACTIVE, INACTIVE, Description, has_failed, is_busy, is_paused, status_of
from .without_resource import WithoutResource


class Wait(WithoutResource):
    """A link that waits for a creation or update to settle."""

    id_prefix = "wait"

    def on_event(self, event: Event, now: float) -> tuple[str, Progress]:
        """Answer the physical id; where the link may have to stop something, remember which deployment says so."""
        name, progress = super().on_event(event, now)
        then_pause = _then_pause(event)
        if event["RequestType"] == "Update" and then_pause and then_pause.told_at:
            progress = replace(progress, deployment=self._cloudformation.deployment(event["StackId"]))
        return name, progress

    def is_complete(self, event: Event, progress: Progress, now: float) -> Outcome:
        """Look once whether the resource has settled."""
        if event["RequestType"] == "Delete":
            return complete("nothing to delete")
        try:
            return self._until_settled(event, progress, now)
        except SERVICE_ERRORS as error:
            if may_pass(error, now - progress.started) or meaning(error) is Meaning.IN_USE:
                return waiting(error)
            raise verdict(error) or errors.refused(*_target(event["ResourceProperties"]), error) from error

    def timed_out(self, event: Event, outcome: Outcome) -> Exception:
        """The last link gave up, or the service did not answer when a link's time was up."""
        properties = event["ResourceProperties"]
        waited = int(properties["Links"]) * float(properties["LinkSeconds"])
        row, name = _target(properties)
        return errors.timed_out(row, name, "settle", outcome.status, waited, setting="max_wait")

    def _until_settled(self, event: Event, progress: Progress, now: float) -> Outcome:
        properties = event["ResourceProperties"]
        row, name = _target(properties)
        found = self._api.describe(row, properties["ResourceArn"])
        if found is None:
            return self._without_target(event)
        update = latest_update(row, found)
        if has_failed(found):
            raise errors.failed(row, name, status_of(found), found.get("failureReason"), source(row, found))
        is_settled = not is_busy(found) and not is_busy(update)
        if is_settled and status_of(found) == ACTIVE and self._pauses(event, progress, row):
            self._api.switch(str(row.pause), row, found, is_paused)
            return pending("stopping")
        if has_failed(update) and update_id(update) == Revision.asked_for(properties).update:
            raise errors.update_failed(row, name, update.get("failureReason"))
        if is_settled:
            return complete(status_of(found), self._answer(event, row, found))
        return self._go_on(event, progress, row, found, now)

    def _without_target(self, event: Event) -> Outcome:
        """Complete the rollback of a repair that failed: it goes back to what was not there."""
        row, name = _target(event["ResourceProperties"])
        if not is_rollback(known_deployment(self._cloudformation, event["StackId"])):
            raise errors.deleted_outside(row, name)
        arn = event["ResourceProperties"]["ResourceArn"]
        return complete("no longer exists", {f"{row.noun}Arn": arn, "Revision": NEVER})

    def _pauses(self, event: Event, progress: Progress, row: ResourceType) -> bool:
        """Whether the link stops what it follows.

        A rollback gives it its old revision again, and what an earlier deployment said has been done: somebody, or a
        schedule, may have started the resource since.
        """
        then_pause = _then_pause(event)
        if then_pause is None or then_pause.told_at is None:
            return then_pause is not None
        check_wanted(self._cloudformation, row, event, progress)
        return then_pause.told_at >= began(self._cloudformation.deployment(event["StackId"])) - CLOCK_SECONDS

    def _go_on(self, event: Event, progress: Progress, row: ResourceType, found: Description, now: float) -> Outcome:
        """Wait for what is at work, hand over to the next link, or give up."""
        update = latest_update(row, found)
        still = pending(status_of(found if is_busy(found) else update))
        if not _time_is_up(event, progress, now):
            return still
        if _is_last(event):
            raise self.timed_out(event, still)
        return complete("handed over", self._answer(event, row, found))

    def _answer(self, event: Event, row: ResourceType, found: Description) -> dict[str, str]:
        """What the next link goes on from, or, of the last one, everything; metrics are a call more."""
        if _is_last(event):
            return attributes(self._api, row, found)
        then_pause = None if status_of(found) == INACTIVE else _then_pause(event)
        asked = Revision.asked_for(event["ResourceProperties"])
        next_revision = Revision.after(latest_update(row, found), then_pause, asked.update)
        return {f"{row.noun}Arn": found[row.arn_member], "Revision": str(next_revision)}


class DeletionWait(WithoutResource):
    """A link that waits, when it is deleted, until the resource can be deleted; of an import, until the dataset can be.

    It also does when it is turned to another resource: CloudFormation is going to delete the one before, which is
    still at work if this is the rollback of a replacement.
    """

    id_prefix = "wait"

    def is_complete(self, event: Event, progress: Progress, now: float) -> Outcome:
        """Look once whether the resource that will be deleted is idle."""
        following = self._following(event)
        leaving = _leaving(event)
        if leaving is None:
            return complete("nothing to wait for", following)
        try:
            status = self._busy(event, *leaving)
        except SERVICE_ERRORS as error:
            if meaning(error) is Meaning.NO_SERVICE:
                return complete("nothing can exist in a region without Amazon Personalize", following)
            sentence = None if may_pass(error, now - progress.started) else verdict(error)
            if sentence:
                raise sentence from error
            status = waiting(error).status
        if status is None:
            return complete("idle", following)
        if _time_is_up(event, progress, now):
            return complete("handed over", following)
        return pending(status)

    def is_staggered(self, event: Event) -> bool:
        """The last links of all chains begin their deletion together."""
        return _leaving(event) is not None

    def timed_out(self, event: Event, outcome: Outcome) -> Exception:
        """Cannot happen: a link hands over before. If it does, the resource's own deletion is what counts."""
        row, name = _target(event["ResourceProperties"])
        return errors.timed_out(row, name, "be idle", outcome.status, REQUEST_SECONDS, setting=None)

    def _busy(self, event: Event, row: ResourceType, arn: str) -> str | None:
        """What the service is still doing with the resource, ended where it can be ended; None if nothing."""
        found = self._api.describe(row, arn)
        if found is None:
            return None
        update = latest_update(row, found)
        if not is_busy(found) and not is_busy(update):
            return self._busy_beside(row, found) if event["RequestType"] == "Delete" else None
        self._api.stop(row, found)
        return status_of(found if is_busy(found) else update)

    def _busy_beside(self, row: ResourceType, found: Description) -> str | None:
        """What the service does with a run that a refresh, or a hand, began in the same parent; None if nothing.

        The parent cannot be deleted before that has ended (API, DeleteDataset), and its own request waits for an hour
        at most. What can be stopped is stopped when the parent is deleted.
        """
        if not row.is_job or row.stop:
            return None
        parent = member_name(row.parent)
        beside = self._api.child_summaries(row, parent, found[parent])
        return next((status_of(each) for each in beside if is_busy(each)), None)

    def _following(self, event: Event) -> dict[str, str]:
        """The ARN, which the next link takes from this one."""
        properties = event["ResourceProperties"]
        return {f"{properties['ResourceType']}Arn": properties["ResourceArn"]}


def _leaving(event: Event) -> tuple[ResourceType, str] | None:
    """The resource that CloudFormation is going to delete after this request; None if none."""
    if event["RequestType"] == "Delete":
        return _row_and_arn(event["ResourceProperties"])
    before = event.get("OldResourceProperties")
    if before is None or before["ResourceArn"] == event["ResourceProperties"]["ResourceArn"]:
        return None
    return _row_and_arn(before)


def _row_and_arn(properties: dict[str, Any]) -> tuple[ResourceType, str]:
    return RESOURCES[properties["ResourceType"]], properties["ResourceArn"]


def _target(properties: dict[str, Any]) -> tuple[ResourceType, str]:
    """Type and name of what a link follows."""
    row, arn = _row_and_arn(properties)
    return row, arn.rpartition("/")[2]


def _then_pause(event: Event) -> ThenPause | None:
    """Whether, and why, the link has to stop what it follows.

    Where only the link's words or the length of its chain changes, that is over: somebody may have started the
    resource since.
    """
    properties = event["ResourceProperties"]
    is_over = properties["Revision"] == event.get("OldResourceProperties", {}).get("Revision")
    return None if is_over else Revision.asked_for(properties).then_pause


def _time_is_up(event: Event, progress: Progress, now: float) -> bool:
    """Whether the link has waited its share."""
    return now - progress.started >= float(event["ResourceProperties"]["LinkSeconds"])


def _is_last(event: Event) -> bool:
    properties = event["ResourceProperties"]
    return int(properties["Link"]) >= int(properties["Links"])
