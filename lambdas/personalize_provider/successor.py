"""Chooses what an update acts on: the resource it has, or the one that replaces it.

The physical id is the resource's name, so a replacement is an update that answers another name.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import errors, errors_adoption
from .agreement import holds
from .api import Api
from .control import adopts, is_anothers_run, is_released, newly_adopts
from .describe import latest_update, update_id
from .names import create_only, is_fixed, is_within_reach, physical_name
from .protocol import Event, as_before
from .repair import is_run_lost
from .resource_type import ResourceType
from .runs import Runs
from .statuses import Description, is_paused


@dataclass(frozen=True)
class Successor:
    """What an update acts on.

    Attributes:
        name: of the resource after the update: the present one, or its replacement.
        update_seen: what tells the last update that the service knows from those to come.
        leftover: name of the replacement that a cancelled update began, if there may be one.
        paused: whether somebody has stopped the resource.
    """

    name: str
    update_seen: str = ""
    leftover: str = ""
    paused: bool = False


class Successors:
    """Chooses for the resources of one row. Only reads."""

    def __init__(self, row: ResourceType, api: Api) -> None:
        """Choose for a row of the resource table."""
        self._row = row
        self._api = api

    def choose(self, event: Event, is_rollback: bool, repairs: bool = False) -> Successor:
        """Choose what an Update request acts on.

        Args:
            event: the request.
            is_rollback: whether it rolls an update back.
            repairs: whether it makes again what no longer exists.

        Raises:
            ProviderError: the change needs a replacement that cannot be, or loses data, or the provider's role would
                no longer reach what is there.
        """
        if not is_rollback:
            self._check_reach(event)
            self._check_contents(event)
        changed = self._changed_create_only(event)
        if not changed and repairs and self._row.is_job and is_run_lost(self._api, self._row, event):
            return Successor(physical_name(self._row, event))
        if not changed:
            return self._keep(event)
        if self._row.is_job and not is_fixed(event["ResourceProperties"]):
            return self._choose_run(event, is_rollback)
        return self._replace(event, changed, is_rollback)

    def _choose_run(self, event: Event, is_rollback: bool) -> Successor:
        runs = Runs(self._row, self._api)
        if newly_adopts(self._row, event) and not is_rollback:
            return Successor(runs.choose_adopted(event))
        name, leftover = runs.choose(event, is_rollback)
        return Successor(name, leftover=leftover)

    def _keep(self, event: Event) -> Successor:
        current = event["PhysicalResourceId"]
        found = (self._api.find(self._row, current, event) if self._row.update else None) or {}
        return Successor(current, self._update_seen(found), paused=is_paused(found))

    def _replace(self, event: Event, changed: list[str], is_rollback: bool) -> Successor:
        row, current, properties = self._row, event["PhysicalResourceId"], event["ResourceProperties"]
        wanted = physical_name(row, event)
        existing = self._api.find(row, wanted, event)
        if wanted == current:
            # A fixed name, or the rollback of an update that never got to replace anything.
            if not is_rollback and not self._holds_already(properties, changed, existing):
                raise errors.name_is_fixed(row, wanted, changed)
        else:
            self._check_successor(event, changed, wanted, existing, is_rollback)
        # Otherwise this is the rollback of a replacement: what it replaced is still there.
        found = existing or {}
        return Successor(wanted, self._update_seen(found), self._leftover(event, wanted), is_paused(found))

    def _check_successor(
        self, event: Event, changed: list[str], wanted: str, existing: Description | None, is_rollback: bool
    ) -> None:
        properties = event["ResourceProperties"]
        if existing is None or (adopts(properties) and not is_rollback):
            self._check_replaceable(event, changed)
        elif not is_rollback and is_fixed(properties) and not self._row.taggable:
            raise errors.exists_elsewhere(self._row, wanted, None)

    def _check_reach(self, event: Event) -> None:
        current, properties, before = event["PhysicalResourceId"], event["ResourceProperties"], as_before(event)
        is_left_alone = is_released(before["ResourceProperties"]) or is_anothers_run(self._row, before, current)
        if is_left_alone or is_within_reach(current, properties):
            return
        if adopts(before["ResourceProperties"]):
            raise errors_adoption.adopted_out_of_reach(self._row, current)
        raise errors.out_of_reach(self._row, current, properties["NamePrefix"])

    def _check_contents(self, event: Event) -> None:
        lost = self._row.taken_away(event["OldResourceProperties"], event["ResourceProperties"])
        if lost and not _accepts_loss(event):
            raise errors.removal_loses_data(self._row, event["PhysicalResourceId"], lost)

    def _check_replaceable(self, event: Event, changed: list[str]) -> None:
        row, current = self._row, event["PhysicalResourceId"]
        if row.holds_data and not _accepts_loss(event):
            raise errors.replacement_loses_data(row, current, changed)
        if row.unique_within and not set(changed) & set(row.unique_within):
            raise errors.one_at_a_time(row, current, changed)

    def _holds_already(self, properties: dict[str, Any], changed: list[str], existing: Description | None) -> bool:
        """Whether there is nothing to replace, because the resource is already what is asked for."""
        if existing is None or set(changed) & self._row.control:
            return False
        return holds(self._api, self._row, properties, existing)

    def _leftover(self, event: Event, successor: str) -> str:
        """Name of the replacement that an update began, if it is not the one CloudFormation knows.

        That is so when the update was cancelled: the rollback is then sent for the old resource.
        """
        before = event["OldResourceProperties"]
        if is_fixed(before) and not adopts(before):
            return ""
        begun = physical_name(self._row, as_before(event))
        return "" if begun in (event["PhysicalResourceId"], successor) else begun

    def _changed_create_only(self, event: Event) -> list[str]:
        before = create_only(self._row, event["OldResourceProperties"])
        after = create_only(self._row, event["ResourceProperties"])
        return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))

    def _update_seen(self, found: Description) -> str:
        return update_id(latest_update(self._row, found))


def _accepts_loss(event: Event) -> bool:
    return str(event["ResourceProperties"].get("AllowReplacement", "false")).lower() == "true"
