"""Custom::PersonalizeWait: one link of the chain that follows what can outlast CloudFormation's hour.

Each link waits for the resource to settle, and hands over to the next when its time is up. On delete the
links come first, in reverse, so that the resource's own delete finds something it can delete.
"""

from __future__ import annotations

import hashlib

from . import errors
from .api import SERVICE_ERRORS, Api
from .describe import attributes, has_failed, is_busy, latest_update, status_of, update_id
from .engine import stop
from .errors import Meaning, meaning
from .protocol import REQUEST_SECONDS, Event, Outcome, Progress, complete, pending
from .resources import RESOURCES, Resource


class Wait:
    """Carries out the requests of the links."""

    def __init__(self, api: Api) -> None:
        """Wait through an API."""
        self._api = api

    def begin(self, event: Event, now: float) -> tuple[str, Progress]:
        """Keep one physical id for the link's whole life: a link is never replaced."""
        if event["RequestType"] != "Create":
            return event["PhysicalResourceId"], Progress(started=now)
        identity = f"{event['StackId']} {event['LogicalResourceId']}"
        return f"wait-{hashlib.sha256(identity.encode()).hexdigest()[:10]}", Progress(started=now)

    def poll(self, event: Event, progress: Progress, now: float) -> Outcome:
        """Look once whether the resource has settled."""
        try:
            if event["RequestType"] == "Delete":
                return self._until_idle(event, progress, now)
            return self._until_settled(event, progress, now)
        except SERVICE_ERRORS as error:
            if meaning(error) in (Meaning.RETRY, Meaning.IN_USE):
                return pending(f"waiting ({errors.message(error)})")
            if meaning(error) is Meaning.DENIED:
                raise errors.access_denied(error) from error
            raise errors.refused(*_target(event), error) from error

    def allowed_seconds(self, event: Event) -> float:
        """Longer than a link waits, so that a poll that fails at the end of its time does not fail the request."""
        return REQUEST_SECONDS

    def timed_out(self, event: Event, outcome: Outcome) -> Exception:
        """The last link gave up, or the service did not answer when a link's time was up."""
        properties = event["ResourceProperties"]
        waited = int(properties["Links"]) * float(properties["LinkSeconds"])
        row, name = _target(event)
        return errors.timed_out(row, name, "settle", outcome.status, waited, setting="max_wait")

    def _until_settled(self, event: Event, progress: Progress, now: float) -> Outcome:
        row, name = _target(event)
        found = self._api.describe(row, event["ResourceProperties"]["ResourceArn"])
        if found is None:
            raise errors.deleted_outside(row, name)
        update = latest_update(row, found)
        if has_failed(found):
            raise errors.failed(row, name, status_of(found), found.get("failureReason"))
        if has_failed(update) and update_id(update) == event["ResourceProperties"]["Revision"]:
            raise errors.update_failed(row, name, update.get("failureReason"))
        if not is_busy(found) and not is_busy(update):
            return complete(status_of(found), attributes(self._api, row, found))
        still = pending(status_of(found if is_busy(found) else update))
        if not _time_is_up(event, progress, now):
            return still
        if _is_last(event):
            raise self.timed_out(event, still)
        return complete("handed over", attributes(self._api, row, found))

    def _until_idle(self, event: Event, progress: Progress, now: float) -> Outcome:
        row, _ = _target(event)
        found = self._api.describe(row, event["ResourceProperties"]["ResourceArn"])
        if found is None or not (is_busy(found) or is_busy(latest_update(row, found))):
            return complete("idle")
        stop(self._api, row, found)
        if _time_is_up(event, progress, now):
            return complete("handed over")
        return pending(status_of(found))


def _target(event: Event) -> tuple[Resource, str]:
    properties = event["ResourceProperties"]
    return RESOURCES[properties["ResourceType"]], properties["ResourceArn"].rpartition("/")[2]


def _time_is_up(event: Event, progress: Progress, now: float) -> bool:
    """Whether the link has waited its share of max_wait."""
    return now - progress.started >= float(event["ResourceProperties"]["LinkSeconds"])


def _is_last(event: Event) -> bool:
    properties = event["ResourceProperties"]
    return int(properties["Link"]) >= int(properties["Links"])
