"""What an update has to change: a three-way merge of the old template, the new one, and the resource as it is."""

from __future__ import annotations

from typing import Any

from . import errors
from .api import Api
from .elements import by_name, lists_of, missing, update_request
from .merge import applied, contradicts, covers, difference, merged, only
from .names import in_order
from .protocol import Event, Progress, as_before
from .resource_type import Members, ResourceType, ValueRule, member_name
from .resources import RESOURCES
from .statuses import Description


class Changes:
    """Changes of a type that can be updated in place, as members of its Update* request. Only reads."""

    def __init__(self, row: ResourceType, api: Api) -> None:
        """Compute changes for a row of the resource table that has an update."""
        assert row.update
        self._row = row
        self._update = row.update
        self._api = api

    def find_asked_for(self, event: Event, progress: Progress, found: Description) -> Members:
        """What the template changed; everything it says if the stack has just adopted the resource, or repairs it."""
        if progress.repairs:
            wanted = self.leave_to_refreshes(found, self._difference(None, event))
            return dict(merged(self._difference(as_before(event), event), wanted))
        change = self._difference(as_before(event) if progress.in_place else None, event)
        return self.leave_to_refreshes(found, change) if progress.adopts else change

    def leave_to_refreshes(self, found: Description, change: Members) -> Members:
        """A change without what a refresh has moved on: the campaign keeps the version that it serves.

        A version of another solution is no refresh's doing, so it stays in the change.
        """
        actual = self._actual(found)
        moved = {
            member
            for member in map(member_name, self._update.left_to_refreshes)
            if _stem(actual.get(member)) == _stem(change.get(member))
        }
        return {member: value for member, value in change.items() if member not in moved}

    def find_present(self, found: Description, change: Members) -> Members:
        """What the members that a change's request names are now, or their defaults; None for what has neither."""
        actual = {**self._update.defaults, **self._actual(found)}
        return {member: actual.get(member) for member in self.build_request(found, change)}

    def find_undone(self, event: Event, found: Description, change: Members) -> Members:
        """The part of a rollback's change that the update before it made; the rest stays as it is.

        A campaign whose update failed still serves the version that a refresh gave it, which no template names.
        """
        update, actual = self._difference(event, as_before(event)), self.effective(found)
        return only(change, [*applied(update, actual), *missing(self._update, change, actual)])

    def check_accepted(self, event: Event, found: Description, change: Members, is_rollback: bool) -> Members:
        """Answer a change, and for a rollback leave out what the service refuses to change back.

        Raises:
            ProviderError: the service refuses to change a property from the value it has.
        """
        accepted = dict(change)
        for prop, rule in self._update.rules.items():
            why = self._find_refusal(rule, self._actual(found), change, member_name(prop))
            if why and not is_rollback:
                raise errors.cannot_change(self._row, event["PhysicalResourceId"], prop, why)
            if why:
                del accepted[member_name(prop)]
        return accepted

    def is_made(self, found: Description, change: Members, in_place: bool) -> bool:
        """Whether the resource is as the change wants it; the service may leave out what has its default."""
        if in_place:
            return self.is_effective(found, change)
        actual = self._actual(found)
        return covers(actual, self._lists(change)) and not contradicts(actual, change)

    def is_effective(self, found: Description, change: Members) -> bool:
        """Whether the resource, with the service's defaults, is as the change wants it."""
        return covers(self.effective(found), change)

    def is_contradicted(self, found: Description, change: Members) -> bool:
        """Whether a resource's description says something else than the change."""
        return contradicts(self._actual(found), change)

    def build_request(self, found: Description, change: Members) -> Members:
        """The members of the Update* request, besides the ARN."""
        return update_request(self._update, self._actual(found), change)

    def find_restoring(self, found: Description, members: Members) -> Members:
        """The members of the Update* request that makes them what they were; empty if they are."""
        actual, before = self.effective(found), merged(self._update.defaults, members)
        changed = {name: value for name, value in members.items() if in_order(actual[name]) != in_order(before[name])}
        known = {name: value for name, value in changed.items() if value is not None}
        return self._update.completed(known, actual) if known else {}

    def _difference(self, before: Event | None, after: Event) -> Members:
        old, new = ({} if side is None else self._members(side) for side in (before, after))
        change = difference(old, new, self._update.defaults)
        # A request can set a member, or its default, but cannot say that there is none.
        return {name: value for name, value in change.items() if name in new or name in self._update.defaults}

    def _members(self, event: Event) -> Members:
        """What a template says, as members of the request."""
        update, properties = self._update, event["ResourceProperties"]
        whole, lists = (
            {name: properties[name] for name in names & properties.keys()}
            for names in (update.properties - update.elements.keys(), update.elements.keys())
        )
        # Only Create* takes the lists as the template has them.
        elements = self._api.request(f"Create{self._row.noun}", lists)
        named = {member: by_name(value, lists_of(update)[member]) for member, value in elements.items()}
        return {**self._api.request(update.operation, whole), **named}

    def _actual(self, found: Description) -> Members:
        """What the description says, as members of the request."""
        elsewhere = {member_name(name): found.get(member) or {} for name, member in self._update.actual.items()}
        lists = {member: by_name(found.get(member, ()), rule) for member, rule in lists_of(self._update).items()}
        return {**self._api.accepted(self._update.operation, {**found, **elsewhere}), **lists}

    def effective(self, found: Description) -> Members:
        """The same with the service's defaults, which a description may leave out."""
        return dict(merged(self._update.defaults, self._actual(found)))

    def _lists(self, change: Members) -> Members:
        """A change in the lists that are known whole, so that what is not there is missing."""
        return {member: change[member] for member in lists_of(self._update).keys() & change.keys()}

    def _find_refusal(self, rule: ValueRule, actual: Members, change: Members, member: str) -> str:
        """Why the service refuses the new value of a member; empty if it accepts it."""
        if member not in change:
            return ""
        before, after = self._content(rule, actual.get(member)), self._content(rule, change[member])
        return rule.refusal(before, after) if before and after else ""

    def _content(self, rule: ValueRule, arn: Any) -> str:
        """What a value stands for; empty if that no longer exists."""
        described = self._api.describe(RESOURCES[rule.noun], str(arn)) or {}
        return str(described.get(member_name(rule.content), ""))


def _stem(arn: Any) -> str:
    """What an ARN of a version says of its solution."""
    return str(arn).rpartition("/")[0]
