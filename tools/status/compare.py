"""Compares one resource with its template, by what the provider itself compares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from lambdas.personalize_provider import agreement
from lambdas.personalize_provider.api import Api
from lambdas.personalize_provider.change import Changes
from lambdas.personalize_provider.control import is_anothers_run, is_released
from lambdas.personalize_provider.describe import latest_update
from lambdas.personalize_provider.merge import covers
from lambdas.personalize_provider.ownership import all_tags
from lambdas.personalize_provider.protocol import Progress
from lambdas.personalize_provider.resource_type import ResourceType, property_name
from lambdas.personalize_provider.resources import RESOURCES
from lambdas.personalize_provider.statuses import (
    Description,
    has_failed,
    is_busy,
    is_paused,
    is_running,
    is_update,
    status_of,
)
from lambdas.personalize_provider.switch import is_switched_off

from .rows import Difference, Row, State
from .scheduled import Scheduled
from .stacks import Resource

# As for a resource that a stack has just adopted: all that the template says counts, not only what has changed in it.
_EVERYTHING = Progress(started=0.0)
_NO_REASON = "the service gives no reason"


@dataclass(frozen=True)
class Compared:
    """A resource and what there is of it.

    Attributes:
        resource: as the template wants it.
        row: of the provider's table.
        found: its description; None if there is none.
        rows: what there is to say.
    """

    resource: Resource
    row: ResourceType
    found: Description | None
    rows: tuple[Row, ...]

    @property
    def arn(self) -> str:
        """Its ARN; empty if there is none."""
        return str(self.found[self.row.arn_member]) if self.found else ""


class Comparison:
    """Compares resources with what the service describes. Only reads."""

    def __init__(self, api: Api, scheduled: Scheduled) -> None:
        """Compare what an API describes.

        Args:
            api: the provider's.
            scheduled: what schedules have changed since the deployment.
        """
        self._api = api
        self._scheduled = scheduled

    def compare(self, resource: Resource) -> Compared:
        """Compare a resource.

        Raises:
            ServiceError: the service did not answer.
        """
        row = RESOURCES[resource.noun]
        found = self._api.find(row, resource.name, resource.event) if resource.name else None
        return Compared(resource, row, found, tuple(self._rows(resource, row, found)))

    def _rows(self, resource: Resource, row: ResourceType, found: Description | None) -> Iterator[Row]:
        if is_released(resource.properties):
            there_is = "given up, and left in the account" if found else "nothing"
            yield made_row(resource, State.RELEASED, found, row, there_is=there_is)
        elif found is None:
            yield made_row(resource, State.MISSING, None, row, says="is there", there_is="nothing")
        elif has_failed(found) and not is_update(found):
            reason = str(found.get("failureReason") or _NO_REASON)
            there_is = f"{status_of(found)}: {reason}"
            yield made_row(resource, State.FAILED, found, row, says="is there", there_is=there_is)
        elif is_busy(found) or is_busy(latest_update(row, found)):
            status = status_of(found) if is_busy(found) else f"update {status_of(latest_update(row, found))}"
            yield made_row(resource, State.CHANGING, found, row, there_is=status)
        else:
            yield from self._of_settled(resource, row, found)

    def _of_settled(self, resource: Resource, row: ResourceType, found: Description) -> Iterator[Row]:
        rows = [*self._stopped(resource, row, found), *self._changed(resource, row, found)]
        if not any(each.state.is_out_of_step for each in rows) and resource.unknown:
            tokens = ", ".join(f"{name} ({token})" for name, token in resource.unknown.items())
            note = f"Not compared, because CloudFormation does not tell the value: {tokens}."
            rows = [made_row(resource, State.UNREADABLE, found, row, note=note)]
        yield from rows or [made_row(resource, State.IN_STEP, found, row)]

    def _stopped(self, resource: Resource, row: ResourceType, found: Description) -> Iterator[Row]:
        """What the template lets serve and somebody has stopped, unless a schedule has."""
        if not row.switch or not is_paused(found) or is_switched_off(row, resource.event):
            return
        stop = self._scheduled.last_switch(resource)
        if stop and not stop.serves:
            note = f"Serving hours have stopped it at {stop.at:%H:%M} UTC."
            yield made_row(resource, State.IN_STEP, found, row, there_is="stopped", note=note)
            return
        yield made_row(resource, State.STOPPED, found, row, says="serves", there_is=f"stopped ({status_of(found)})")

    def _changed(self, resource: Resource, row: ResourceType, found: Description) -> Iterator[Row]:
        differences = tuple(
            each
            for each in self._differences(resource, row, found)
            if not self._scheduled.made(resource, each.member, each.actual)
        )
        if not differences:
            return
        update = latest_update(row, found)
        note = f"Its last update failed: {update.get('failureReason') or _NO_REASON}." if has_failed(update) else ""
        yield made_row(resource, State.CHANGED, found, row, differences=differences, note=note)

    def _differences(self, resource: Resource, row: ResourceType, found: Description) -> Iterator[Difference]:
        yield from self._of_create_only(resource, row, found)
        if row.update:
            changes = Changes(row, self._api)
            said = changes.find_asked_for(resource.event, _EVERYTHING, found)
            wanted = changes.leave_to_refreshes(found, said)
            yield from uncovered(changes.effective(found), wanted, resource.properties)
        if row.switch and is_switched_off(row, resource.event) and is_running(found):
            last = self._scheduled.last_switch(resource)
            if not (last and last.serves):
                yield Difference(row.switch, False, True)
        if row.taggable and not is_anothers_run(row, resource.event, resource.name):
            held = self._api.tags(found[row.arn_member])
            yield from uncovered(held, all_tags(resource.event), None, "Tags")

    def _of_create_only(self, resource: Resource, row: ResourceType, found: Description) -> Iterator[Difference]:
        """What differs of properties that cannot change: somebody has deleted the resource and made another one."""
        for each in agreement.differences(self._api, row, resource.properties, found):
            # What the template leaves out may have the service's default.
            if each.wanted is not None:
                yield Difference(each.prop, each.wanted, each.words or each.actual)


def made_row(
    resource: Resource,
    state: State,
    found: Description | None,
    row: ResourceType,
    **more: Any,
) -> Row:
    """A row about a resource of a stack.

    Args:
        resource: the resource.
        state: how it is.
        found: its description; None if there is none.
        row: of the provider's table.
        **more: members of the row; `since` is the last change that the service tells of, unless it is given.
    """
    return Row(
        **{
            "stack": resource.stack,
            "path": resource.path,
            "logical_id": resource.logical_id,
            "type": resource.noun,
            "name": resource.name,
            "arn": str(found[row.arn_member]) if found else "",
            "state": state,
            "since": last_change(found) if found else None,
            **more,
        }
    )


def last_change(found: Description) -> datetime | None:
    """When the service, or somebody, changed a resource last."""
    moment: datetime | None = found.get("lastUpdatedDateTime") or found.get("creationDateTime")
    return moment


def uncovered(actual: Any, wanted: Mapping[str, Any], spelled: Any, path: str = "") -> Iterator[Difference]:
    """The members in which something is not as it is wanted; the service may have more, and leaves out what is empty.

    Args:
        actual: members that there are.
        wanted: members that there should be.
        spelled: the same as the template spells them; None where they have names of the user's.
        path: of all three in the template.
    """
    present = actual if isinstance(actual, Mapping) else {}
    spelled = spelled if isinstance(spelled, Mapping) else None
    for name, value in wanted.items():
        shown = name if spelled is None or name in spelled else property_name(name)
        member = f"{path}.{shown}" if path else shown
        held = present.get(name)
        if isinstance(value, Mapping):
            yield from uncovered(held, value, (spelled or {}).get(shown), member)
        elif not covers(held, value):
            yield Difference(member, as_values(value), as_values(held))


def as_values(value: Any) -> Any:
    """A value for people: the provider has an element of a list as pairs, in one order."""
    return dict(value) if isinstance(value, tuple) else value
