"""Chooses what a request acts on: the physical id, which is the resource's name, and what else it may have begun."""

from __future__ import annotations

from typing import Any

from . import errors
from .api import Api, Description
from .describe import has_failed, is_busy, latest_update, update_id
from .names import create_only, is_fixed, physical_name, same_content
from .ownership import holds
from .protocol import Event
from .resources import CONTROL_PROPERTIES, Resource

_FRAMEWORK_PROPERTIES = frozenset({"ServiceToken", "ServiceTimeout"})


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

    def successor(self, event: Event, way_back: bool) -> str:
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

    def leftover(self, event: Event, successor: str) -> str:
        """Name of the replacement that an update began, if it is not the one CloudFormation knows.

        That is so when the update was cancelled: the update that takes it back is sent for the old resource.
        """
        if is_fixed(event["OldResourceProperties"]):
            return ""
        cancelled = {**event, "ResourceProperties": event["OldResourceProperties"]}
        begun = self.run_in_flight(cancelled) if self._row.is_job else physical_name(self._row, cancelled)
        return "" if begun in (None, event["PhysicalResourceId"], successor) else str(begun)

    def run_in_flight(self, event: Event) -> str | None:
        """Name of a run that the service is at work on and that does what the request asks for."""
        for run in self._api.summaries(self._row, event["ResourceProperties"]):
            name = self._name_of(run) if is_busy(run) else None
            if name and same_content(self._row, event, name):
                return name
        return None

    def update_seen(self, event: Event, name: str) -> str:
        """What tells the last update that the service knows from those to come."""
        if not self._row.update:
            return ""
        found = self._api.find(self._row, name, event["ResourceProperties"])
        return update_id(latest_update(self._row, found or {}))

    def _holds_already(self, properties: dict[str, Any], changed: list[str], existing: Description | None) -> bool:
        """Whether there is nothing to replace, because the resource is already what is asked for."""
        if existing is None or set(changed) & self._row.control:
            return False
        return holds(self._api, self._row, properties, existing)

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
