"""The runs of a job: imports and solution versions, of which every request may begin a new one."""

from __future__ import annotations

from collections.abc import Iterable

from . import errors_adoption
from .api import Api
from .control import adopts
from .names import LATEST, is_fixed, last_part, physical_name, same_content
from .protocol import Event, as_before
from .resource_type import ResourceType
from .statuses import Description, has_failed, is_being_stopped, is_busy


class Runs:
    """Runs of one row's jobs. Only reads."""

    def __init__(self, row: ResourceType, api: Api) -> None:
        """Look for runs of a row of the resource table."""
        self._row = row
        self._api = api

    def choose(self, event: Event, is_rollback: bool) -> tuple[str, str]:
        """Choose the run that an update acts on, and the one that it has to end.

        Args:
            event: the request.
            is_rollback: whether it rolls an update back.

        Returns:
            Name of an earlier run that did what is asked for, or of a new one; and name of the run that a cancelled
            update began, empty if there is none.
        """
        runs = self._list(event)
        earlier = self._find_earlier(event, runs) or (self._find_untouched(event, runs) if is_rollback else None)
        if is_rollback and not earlier:
            earlier = self._find_adopted(event, runs)
        name = earlier or physical_name(self._row, event)
        return name, self._find_leftover(event, name, runs)

    def choose_adopted(self, event: Event) -> str:
        """Choose the run that the template adopts.

        Returns:
            Its name: the one that the template says, or that of the latest that is sound.

        Raises:
            ProviderError: there is none.
        """
        wanted = str(event["ResourceProperties"]["Adopt"])
        if wanted != LATEST:
            return wanted
        latest = next((run for run in self._list(event) if not has_failed(run) and not is_being_stopped(run)), None)
        if latest is None:
            raise errors_adoption.no_run_to_adopt(self._row, str(self._parent(event)))
        return self._name(latest)

    def find_same_in_flight(self, event: Event) -> str | None:
        """Name of a run that the service is at work on and that does what the request asks for."""
        return self._find_same(event, filter(is_busy, self._list(event)))

    def find_in_flight(self, event: Event) -> str | None:
        """Name of a run that the service is at work on, whatever it does, within the parent that a request names."""
        return next(map(self._name, filter(is_busy, self._list(event))), None)

    def _find_leftover(self, event: Event, chosen: str, runs: list[Description]) -> str:
        """Name of the run that a cancelled update began, where it can be stopped or deleted."""
        if not self._row.stop and not self._row.deletable:
            return ""
        cancelled = as_before(event)
        runs = runs if self._parent(cancelled) == self._parent(event) else self._list(cancelled)
        begun = self._find_same(cancelled, filter(is_busy, runs))
        return "" if begun in (None, event["PhysicalResourceId"], chosen) else str(begun)

    def _find_earlier(self, event: Event, runs: list[Description]) -> str | None:
        """Name of a run that did what this request asks for, so that it need not run again.

        Where only the latest run counts, one in flight counts too: when it is through, it is the latest.
        """
        sound = [run for run in runs if not has_failed(run)]
        if self._row.reuse_latest_only:
            return self._find_same(event, sound[:1])
        return self._find_same(event, [run for run in sound if not is_busy(run)])

    def _find_untouched(self, event: Event, runs: list[Description]) -> str | None:
        """Name of the run that a rollback goes back to, if no run of the update has come after it.

        Then there is nothing to take back, and what a refresh has brought since stays. A run of the update counts
        while it is in flight, too.
        """
        sound = [self._name(run) for run in runs if not has_failed(run)]
        update = as_before(event)
        for name in sound:
            if is_fixed(update["ResourceProperties"]) and name == physical_name(self._row, update):
                return None
            if same_content(self._row, update, name):
                return None
            if same_content(self._row, event, name):
                return name
        return None

    def _find_adopted(self, event: Event, runs: list[Description]) -> str | None:
        """Name of the run that the template had adopted, to which a rollback goes back; no run of its own is there.

        Where only the latest run counts, that is so only if the update has begun none.
        """
        if not adopts(event["ResourceProperties"]):
            return None
        sound = [self._name(run) for run in runs if not has_failed(run)]
        others = [name for name in sound if not same_content(self._row, as_before(event), name)]
        if self._row.reuse_latest_only and len(others) < len(sound):
            return None
        for name in (event["PhysicalResourceId"], event["ResourceProperties"]["Adopt"], *others):
            if name in others:
                return str(name)
        return None

    def _find_same(self, event: Event, runs: Iterable[Description]) -> str | None:
        """Name of the first run that has the create-only properties of a request."""
        return next((name for name in map(self._name, runs) if same_content(self._row, event, name)), None)

    def _list(self, event: Event) -> list[Description]:
        """Runs within the parent that a request names, the latest first."""
        runs = self._api.summaries(self._row, event["ResourceProperties"])
        return sorted(runs, key=lambda run: run["creationDateTime"], reverse=True)

    def _parent(self, event: Event) -> object:
        return event["ResourceProperties"].get(self._row.parent)

    def _name(self, run: Description) -> str:
        return last_part(run[self._row.arn_member])
