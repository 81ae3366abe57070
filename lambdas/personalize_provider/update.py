"""Changes a resource in place: its properties by the type's Update* operation, its tags one by one.

An update sends only what the template changed; what people, a refresh or the service changed meanwhile stays.
"""

from __future__ import annotations

from botocore.exceptions import ClientError

from . import errors
from .api import Api
from .deployments import CloudFormation, check_wanted, is_rollback
from .describe import Revision, attributes, latest_update, update_id
from .elements import by_name, lists_of, missing, update_request
from .errors import ProviderError
from .merge import applied, contradicts, covers, difference, merged, only
from .ownership import sync_tags
from .protocol import Event, Outcome, Progress, as_before, complete, pending
from .resource_type import Members, ResourceType, ValueRule, member_name
from .resources import RESOURCES
from .service_errors import Meaning, meaning
from .statuses import ACTIVE, INACTIVE, Description, has_failed, is_busy, is_paused, status_of

# A request that could wait longer leaves the rest to others.
HAND_OVER_SECONDS = 50 * 60


class Updates:
    """Changes in place of one row's resources."""

    def __init__(self, row: ResourceType, api: Api, cloudformation: CloudFormation) -> None:
        """Change resources of a row of the resource table."""
        self._row = row
        self._api = api
        self._cloudformation = cloudformation

    def update_step(self, event: Event, progress: Progress, found: Description, now: float) -> Outcome:
        """Bring an existing resource one step nearer to what the request asks for."""
        change = self._change(event, progress) if self._row.update else {}
        if change:
            found, waits_for = self._step(event, progress, found, change, now)
            if waits_for:
                return pending(waits_for)
        sync_tags(self._api, self._cloudformation, self._row, event, progress, found)
        answer = attributes(self._api, self._row, found)
        if change and progress.paused and self._row.pause and not is_paused(found):
            answer["Revision"] = str(Revision.after(latest_update(self._row, found), then_pause=True))
        return complete(status_of(found), answer)

    def must_await_rollback(self, progress: Progress, work: Description, now: float) -> bool:
        """Whether a rollback still has to wait for the update or the run that it asked for.

        The links that wait for them elsewhere may have no part in a rollback: CloudFormation takes back only what
        the update had reached.
        """
        waits = is_rollback(progress.deployment) and now - progress.started < HAND_OVER_SECONDS
        return waits and is_busy(work)

    # -- properties ----------------------------------------------------------------------------------------

    def _step(
        self, event: Event, progress: Progress, found: Description, change: Members, now: float
    ) -> tuple[Description, str]:
        """Go one step; answer the resource as it is then, and what to wait for, if anything."""
        try:
            found, waits_for = self._change_step(event, progress, found, change, now)
        except (ProviderError, ClientError) as error:
            if isinstance(error, ProviderError) or meaning(error) is Meaning.INVALID:
                self._pause_again(progress, found)
            raise
        if waits_for or now - progress.started > HAND_OVER_SECONDS:
            return found, waits_for
        return found, self._pause_again(progress, found)

    def _change_step(
        self, event: Event, progress: Progress, found: Description, change: Members, now: float
    ) -> tuple[Description, str]:
        row = self._row
        update = latest_update(row, found)
        is_ours = self._is_asked_for(progress, update, change)
        if is_busy(update) and not (
            is_ours and (self._hands_over(progress) or now - progress.started > HAND_OVER_SECONDS)
        ):
            return found, f"update {status_of(update)}"
        if not is_ours:
            change = self._still_to_do(event, progress, found, change)
        if change and not self._is_applied(event, progress, found, change):
            found, waits_for = self._request(event, progress, found, change)
            if waits_for:
                return found, waits_for
        if self.must_await_rollback(progress, latest_update(row, found), now):
            return found, f"update {status_of(latest_update(row, found))}"
        return found, ""

    def _hands_over(self, progress: Progress) -> bool:
        """Whether the links follow the update, so that the request need not; they stop nothing again."""
        return self._row.outlasts_request and not progress.paused

    def _request(
        self, event: Event, progress: Progress, found: Description, change: Members
    ) -> tuple[Description, str]:
        """Ask for what the service can change; answer the resource as it is then, and what to wait for, if anything."""
        change = self._possible(event, progress, found, change)
        if not change or self._is_applied(event, progress, found, change):
            return found, ""
        try:
            found, is_accepted = self._update(event, progress, found, change)
        except ClientError as error:
            if not self._is_refused_as_stopped(found, error):
                raise
            self._start(event, found)
            return found, "starting, to be updated"
        return found, "update requested" if is_accepted and not self._hands_over(progress) else ""

    def _change(self, event: Event, progress: Progress) -> Members:
        """What the template changed, in request members; all it says of what an earlier deployment left."""
        return self._difference(as_before(event), event) if progress.in_place else self._difference(None, event)

    def _difference(self, before: Event | None, after: Event) -> Members:
        update = self._row.update
        assert update
        old, new = ({} if side is None else self._members(side) for side in (before, after))
        change = difference(old, new, update.defaults)
        # A request can set a member, or its default, but cannot say that there is none.
        return {name: value for name, value in change.items() if name in new or name in update.defaults}

    def _members(self, event: Event) -> Members:
        update, properties = self._row.update, event["ResourceProperties"]
        assert update
        whole, lists = (
            {name: properties[name] for name in names & properties.keys()}
            for names in (update.properties - update.elements.keys(), update.elements.keys())
        )
        # Only Create* takes the lists as the template has them.
        elements = self._api.request(f"Create{self._row.noun}", lists)
        named = {member: by_name(value, lists_of(update)[member]) for member, value in elements.items()}
        return {**self._api.request(update.operation, whole), **named}

    def _still_to_do(self, event: Event, progress: Progress, found: Description, change: Members) -> Members:
        """A rollback undoes what the update did; where it did nothing, what is there stays.

        A campaign whose update failed still serves the version that a refresh gave it, which no template names.
        """
        if not (progress.in_place and is_rollback(progress.deployment)):
            return change
        undone, actual = self._difference(event, as_before(event)), self._effective(found)
        assert self._row.update
        return only(change, [*applied(undone, actual), *missing(self._row.update, change, actual)])

    def _possible(self, event: Event, progress: Progress, found: Description, change: Members) -> Members:
        """A change without what the service refuses to change back, if it is a rollback.

        Raises:
            ProviderError: the service refuses the change of a property from the value it has.
        """
        update = self._row.update
        assert update
        left = dict(change)
        for prop, rule in update.rules.items():
            member = member_name(prop)
            if member not in change:
                continue
            before, after = (self._content(rule, str(arn)) for arn in (self._actual(found).get(member), change[member]))
            why = rule.refusal(before, after) if before and after else ""
            if why and not is_rollback(progress.deployment):
                raise errors.cannot_change(self._row, event["PhysicalResourceId"], prop, why)
            if why:
                del left[member]
        return left

    def _content(self, rule: ValueRule, arn: str) -> str:
        """What a value stands for; empty if it is gone."""
        described = self._api.describe(RESOURCES[rule.noun], arn) or {}
        return str(described.get(member_name(rule.content), ""))

    def _is_asked_for(self, progress: Progress, update: Description, change: Members) -> bool:
        """Whether an update is that of this request, and not one made by hand or by the service itself."""
        is_new = update_id(update) != progress.update_seen
        return bool(update) and is_new and not contradicts(update, change)

    def _is_applied(self, event: Event, progress: Progress, found: Description, change: Members) -> bool:
        """Whether the resource is as asked for.

        Raises:
            ProviderError: the update that this request asked for has failed.
        """
        update = latest_update(self._row, found)
        if self._is_asked_for(progress, update, change):
            self._check_update(event["PhysicalResourceId"], update)
            return is_busy(update) or not contradicts(self._actual(found), change)
        if not progress.in_place:
            actual = self._actual(found)
            return covers(actual, self._lists(change)) and not contradicts(actual, change)
        return covers(self._effective(found), change)

    def _actual(self, found: Description) -> Members:
        """The description by the members of an update request."""
        update = self._row.update
        assert update
        elsewhere = {member_name(name): found.get(member) or {} for name, member in update.actual.items()}
        lists = {member: by_name(found.get(member, ()), rule) for member, rule in lists_of(update).items()}
        return {**self._api.accepted(update.operation, {**found, **elsewhere}), **lists}

    def _lists(self, change: Members) -> Members:
        """A change in the lists that are known whole, so that what is not there is missing."""
        assert self._row.update
        return {member: change[member] for member in lists_of(self._row.update).keys() & change.keys()}

    def _effective(self, found: Description) -> Members:
        """The same with the service's defaults, which a description may leave out."""
        assert self._row.update
        return dict(merged(self._row.update.defaults, self._actual(found)))

    def _check_update(self, name: str, update: Description) -> None:
        if has_failed(update):
            raise errors.update_failed(self._row, name, update.get("failureReason"))

    def _update(
        self, event: Event, progress: Progress, found: Description, change: Members
    ) -> tuple[Description, bool]:
        """Ask for the update; answer the resource as it is then, and whether the service has anything to do."""
        row = self._row
        assert row.update
        check_wanted(self._cloudformation, row, event, progress)
        actual = self._actual(found)
        request = update_request(row.update, actual, change)
        try:
            self._api.call(row.update.operation, **{row.arn_member: found[row.arn_member]}, **request)
        except ClientError as error:
            found = self._api.describe(row, found[row.arn_member]) or found
            # The service may refuse an update that changes nothing: somebody was quicker.
            if meaning(error) is Meaning.INVALID and covers(self._effective(found), change):
                return found, False
            raise
        found = self._api.describe(row, found[row.arn_member]) or found
        update = latest_update(row, found)
        if self._is_asked_for(progress, update, change):
            self._check_update(event["PhysicalResourceId"], update)
        return found, True

    # -- stopped resources ---------------------------------------------------------------------------------

    def _is_refused_as_stopped(self, found: Description, error: ClientError) -> bool:
        """Whether an update may be refused because somebody has stopped the resource; no source says whether it is."""
        return status_of(found) == INACTIVE and meaning(error) in (Meaning.INVALID, Meaning.IN_USE)

    def _start(self, event: Event, found: Description) -> None:
        row = self._row
        assert row.resume
        try:
            self._api.call(row.resume, **{row.arn_member: found[row.arn_member]})
        except ClientError as error:
            if meaning(error) is Meaning.INVALID:
                raise errors.stopped(row, event["PhysicalResourceId"], error) from error
            raise

    def _pause_again(self, progress: Progress, found: Description) -> str:
        """Stop what was stopped before the request; answer what to wait for, if anything."""
        row = self._row
        if not progress.paused or not row.pause:
            return ""
        if status_of(found) == ACTIVE:
            self._api.call(row.pause, **{row.arn_member: found[row.arn_member]})
            return "stopping again"
        return status_of(found) if is_busy(found) else ""
