"""Chooses what an update acts on: the physical id, which is the resource's name, and what else it may have begun."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from . import errors
from .api import Api, Description
from .describe import has_failed, is_busy, is_older, latest_update, status_of, update_id
from .names import create_only, is_fixed, is_within_reach, last_part, physical_name, same_content
from .ownership import holds
from .protocol import Event, as_before
from .resources import CONTROL_PROPERTIES, PAUSED, Resource

_FRAMEWORK_PROPERTIES = frozenset({"ServiceToken", "ServiceTimeout"})


@dataclass(frozen=True)
class Choice:
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


class Identity:
    """Names for the resources of one row. Only reads."""

    def __init__(self, row: Resource, api: Api) -> None:
        """Choose names for a row of the resource table."""
        self._row = row
        self._api = api

    def check_properties(self, properties: dict[str, Any]) -> None:
        """Refuse a property that the type does not have."""
        unknown = properties.keys() - self._row.properties - CONTROL_PROPERTIES - _FRAMEWORK_PROPERTIES
        if unknown:
            raise errors.unknown_property(self._row.noun, sorted(unknown))

    def check_unclaimed(self, event: Event, now: float) -> None:
        """Refuse a name of the user's choice that something without tags has already: nothing says whose that is.

        Said by on_event, so that CloudFormation has no id under which it would then ask for a deletion.

        Raises:
            ProviderError: it exists, and is older than the request.
        """
        row = self._row
        if row.taggable or not is_fixed(event["ResourceProperties"]):
            return
        name = physical_name(row, event)
        found = self._api.find(row, name, event)
        if found and is_older(found, now):
            raise errors.exists_elsewhere(row, name, None)

    def choose(self, event: Event, is_rollback: bool) -> Choice:
        """Choose what an Update request acts on.

        Args:
            event: the request.
            is_rollback: whether it takes an update back.

        Raises:
            ProviderError: the change is a replacement that cannot be, or loses data, or the provider's role would no
                longer reach what is there.
        """
        if not is_rollback and not is_within_reach(event["PhysicalResourceId"], event["ResourceProperties"]):
            raise errors.out_of_reach(self._row, event["PhysicalResourceId"], event["ResourceProperties"]["NamePrefix"])
        changed = self._changed_create_only(event)
        lost = self._row.taken_away(event["OldResourceProperties"], event["ResourceProperties"])
        if lost and not is_rollback and not _accepts_loss(event):
            raise errors.contents_guarded(self._row, event["PhysicalResourceId"], lost)
        if not changed:
            current = event["PhysicalResourceId"]
            found = self._api.find(self._row, current, event) if self._row.update else None
            return Choice(current, self._update_seen(found), paused=status_of(found or {}) in PAUSED)
        if self._row.is_job and not is_fixed(event["ResourceProperties"]):
            return self._choose_run(event)
        return self._choose_successor(event, changed, is_rollback)

    def run_in_flight(self, event: Event) -> str | None:
        """Name of a run that the service is at work on and that does what the request asks for."""
        return self._same_run(event, [run for run in self._runs(event) if is_busy(run)])

    def any_run_in_flight(self, event: Event) -> str | None:
        """Name of a run that the service is at work on, whatever it does, within the parent that a request names."""
        return next((last_part(run[self._row.arn_member]) for run in self._runs(event) if is_busy(run)), None)

    def _choose_successor(self, event: Event, changed: list[str], is_rollback: bool) -> Choice:
        row, current, properties = self._row, event["PhysicalResourceId"], event["ResourceProperties"]
        wanted = physical_name(row, event)
        existing = self._api.find(row, wanted, event)
        if wanted == current:
            # A fixed name, or the rollback of an update that never got to replace anything.
            if not is_rollback and not self._holds_already(properties, changed, existing):
                raise errors.name_is_fixed(row, wanted, changed)
        elif existing is None:
            self._check_replaceable(event, changed)
        elif not is_rollback and is_fixed(properties) and not row.taggable:
            raise errors.exists_elsewhere(row, wanted, None)
        # Otherwise this is the rollback of a replacement: what it replaced is still there.
        return Choice(wanted, self._update_seen(existing), self._leftover(event, wanted))

    def _check_replaceable(self, event: Event, changed: list[str]) -> None:
        row, current = self._row, event["PhysicalResourceId"]
        if row.holds_data and not _accepts_loss(event):
            raise errors.replacement_guarded(row, current, changed)
        if row.unique_within and not set(changed) & set(row.unique_within):
            raise errors.one_at_a_time(row, current, changed)

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
        begun = physical_name(self._row, as_before(event))
        return "" if begun in (event["PhysicalResourceId"], successor) else begun

    def _changed_create_only(self, event: Event) -> list[str]:
        before = create_only(self._row, event["OldResourceProperties"])
        after = create_only(self._row, event["ResourceProperties"])
        return sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))

    def _update_seen(self, found: Description | None) -> str:
        return update_id(latest_update(self._row, found or {}))

    # -- runs of jobs --------------------------------------------------------------------------------------

    def _choose_run(self, event: Event) -> Choice:
        """Choose the run of a job: an earlier one that did what is asked for, or a new one."""
        runs = self._runs(event)
        name = self._earlier_run(event, runs) or physical_name(self._row, event)
        return Choice(name, leftover=self._run_left_over(event, name, runs))

    def _run_left_over(self, event: Event, successor: str, runs: list[Description]) -> str:
        """Name of the run that a cancelled update began, where it can be stopped or deleted."""
        if not self._row.stop and not self._row.deletable:
            return ""
        cancelled = as_before(event)
        runs = runs if self._parents(cancelled) == self._parents(event) else self._runs(cancelled)
        begun = self._same_run(cancelled, [run for run in runs if is_busy(run)])
        return "" if begun in (None, event["PhysicalResourceId"], successor) else str(begun)

    def _runs(self, event: Event) -> list[Description]:
        """Runs within the parent that a request names, the latest first."""
        runs = list(self._api.summaries(self._row, event["ResourceProperties"]))
        return sorted(runs, key=lambda run: run["creationDateTime"], reverse=True)

    def _parents(self, event: Event) -> list[Any]:
        return [event["ResourceProperties"].get(name) for name in self._row.list_filter]

    def _earlier_run(self, event: Event, runs: list[Description]) -> str | None:
        """Name of a run that did what this request asks for, so that it need not run again.

        Where only the latest run counts, one in flight counts too: when it is through, it is the latest.
        """
        sound = [run for run in runs if not has_failed(run)]
        if self._row.reuse_latest_only:
            return self._same_run(event, sound[:1])
        return self._same_run(event, [run for run in sound if not is_busy(run)])

    def _same_run(self, event: Event, runs: list[Description]) -> str | None:
        """Name of the first run that has the create-only properties of a request."""
        names = (last_part(run[self._row.arn_member]) for run in runs)
        return next((name for name in names if same_content(self._row, event, name)), None)


def _accepts_loss(event: Event) -> bool:
    return str(event["ResourceProperties"].get("AllowReplacement", "false")).lower() == "true"
