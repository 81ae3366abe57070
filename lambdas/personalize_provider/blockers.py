"""Finds what blocks a deletion: deletes what nobody else will delete, and names what belongs to somebody.

The resource table says which types block. Tags say whom a resource belongs to.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from enum import Enum

from . import errors
from .api import Api
from .deployments import CloudFormation, is_gone, known_deployment, stack_goes
from .ownership import LOGICAL_TAG, STACK_TAG
from .protocol import Event
from .resource_type import Blocker, ResourceType
from .resources import RESOURCES
from .service_errors import SERVICE_ERRORS, Meaning, meaning
from .statuses import Description, is_busy

# A list may still show what has just been deleted, so a blocker is only named the second time.
_NAMED_AFTER_SECONDS = 20.0

Remove = Callable[[ResourceType, Description], object]


class _Fate(Enum):
    """What becomes of a resource that blocks a deletion."""

    GOES = "it is in transition, or will be deleted by itself"
    FORGOTTEN = "a stack of the provider created it, and nobody will delete it"
    STAYS = "this deployment does not delete it"


class Blockers:
    """What blocks the deletion of one row's resources."""

    def __init__(self, row: ResourceType, api: Api, cloudformation: CloudFormation) -> None:
        """Look for what blocks deletions of a row of the resource table."""
        self._row = row
        self._api = api
        self._cloudformation = cloudformation

    def clear(self, found: Description, event: Event, age: float, remove: Remove) -> None:
        """Delete what is forgotten, and stop what can be stopped.

        Args:
            found: description of what is to be deleted.
            event: the request that asks for it.
            age: seconds since it began.
            remove: goes one step towards deleting a resource of a type, or stopping it.

        Raises:
            ProviderError: something is built on it that this deployment does not delete.
        """
        staying = []
        for blocker, child, summary in self._blocking(found):
            tags = {} if is_busy(summary) else self._tags(child, summary)
            fate = _Fate.GOES if is_busy(summary) else self._fate(blocker, child, tags, event)
            if fate is _Fate.STAYS:
                staying.append(_words(child, summary, tags))
            elif fate is _Fate.FORGOTTEN or child.stop:
                remove(child, summary)
        if staying and age >= _NAMED_AFTER_SECONDS:
            raise errors.blocked(self._row, str(found[self._row.name_member]), staying)

    def _blocking(self, found: Description) -> Iterator[tuple[Blocker, ResourceType, Description]]:
        for blocker in self._row.blockers:
            if blocker.only_for and found.get(blocker.only_for[0]) != blocker.only_for[1]:
                continue
            child = RESOURCES[blocker.path[-1][0]]
            for summary in self._along(blocker, found):
                if is_busy(summary) or not blocker.only_in_transition:
                    yield blocker, child, summary

    def _along(self, blocker: Blocker, found: Description) -> list[Description]:
        """Summaries at the end of a blocker's path."""
        level = [found]
        for noun, member in blocker.path:
            row = RESOURCES[noun]
            level = [
                one for each in level for one in self._api.child_summaries(row, member, each.get(member or "", ""))
            ]
        if blocker.names is None and blocker.refers is None:
            return level
        return [one for one in level if self._uses(blocker, one, found)]

    def _uses(self, blocker: Blocker, summary: Description, found: Description) -> bool:
        """Whether one of a blocker's resources uses what is deleted, as its description tells.

        What the provider may not look at is somebody else's. It may stand in the way only where the list is narrowed.
        """
        child = RESOURCES[blocker.path[-1][0]]
        try:
            description = self._api.describe(child, summary[child.arn_member]) or {}
        except SERVICE_ERRORS as error:
            if meaning(error) is not Meaning.DENIED:
                raise
            return blocker.names is None
        if blocker.refers:
            return bool(description) and blocker.refers(description, found)
        return bool(description.get(blocker.names or "") == found[self._row.arn_member])

    def _tags(self, child: ResourceType, summary: Description) -> dict[str, str]:
        """Tags of a resource; none if it is not the provider's to look at, or if the type has none."""
        if not child.taggable:
            return {}
        try:
            return self._api.tags(summary[child.arn_member])
        except SERVICE_ERRORS as error:
            if meaning(error) is not Meaning.DENIED:
                raise
            return {}

    def _fate(self, blocker: Blocker, child: ResourceType, tags: dict[str, str], event: Event) -> _Fate:
        stack_id = tags.get(STACK_TAG)
        if stack_id is None:
            return _Fate.STAYS
        is_own = stack_id == event["StackId"]
        if child.holds_data:
            # Somebody may have kept it on purpose.
            return _Fate.GOES if is_own and not blocker.is_inside else _Fate.STAYS
        if is_own and blocker.is_inside:
            return _Fate.FORGOTTEN  # Its own deletion would have come before.
        return self._fate_with_stack(stack_id, is_own)

    def _fate_with_stack(self, stack_id: str, is_own: bool) -> _Fate:
        deployment = known_deployment(self._cloudformation, stack_id)
        if is_gone(deployment) or (is_own and stack_goes(deployment)):
            return _Fate.FORGOTTEN
        return _Fate.GOES if is_own or stack_goes(deployment) else _Fate.STAYS


def _words(child: ResourceType, summary: Description, tags: dict[str, str]) -> str:
    """How the error names what stays."""
    name = str(summary.get(child.name_member) or summary[child.arn_member])
    if STACK_TAG not in tags:
        return errors.called(child, name)
    return f"{errors.called(child, name)} ({tags.get(LOGICAL_TAG)} of stack {tags[STACK_TAG]})"
