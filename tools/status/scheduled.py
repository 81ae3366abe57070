"""What schedules of the operations stack have made of a resource since its deployment: nobody did that by hand."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tools.aws.schedule import next_run
from tools.review.running import Schedule

from .stacks import Resource

_SWITCHES = {"startRecommender": True, "stopRecommender": False}
# The longest time between two runs that counts: they may be once a year.
_LOOK_BACK = (timedelta(days=2), timedelta(days=40), timedelta(days=367))


@dataclass(frozen=True)
class Switched:
    """A recommender that a schedule has started or stopped.

    Attributes:
        at: when.
        serves: whether it was started.
    """

    at: datetime
    serves: bool


class Scheduled:
    """Looks back at the runs of schedules."""

    def __init__(self, schedules: list[Schedule], now: datetime) -> None:
        """Look back from a moment.

        Args:
            schedules: of the deployed templates.
            now: the moment.
        """
        self._schedules = schedules
        self._now = now

    def last_switch(self, resource: Resource) -> Switched | None:
        """What schedules did last to a recommender; None if they do not switch it."""
        runs = [Switched(at, _SWITCHES[each.action]) for at, each in self._last_runs(resource, *_SWITCHES)]
        return max(runs, key=lambda run: run.at, default=None)

    def made(self, resource: Resource, member: str, value: Any) -> bool:
        """Whether a member of a campaign has the value that schedules gave it last."""
        runs = ((at, each.input) for at, each in self._last_runs(resource, "updateCampaign"))
        given = [(at, said[member]) for at, said in runs if member in said]
        return bool(given) and str(max(given)[1]) == str(value)

    def _last_runs(self, resource: Resource, *actions: str) -> Iterator[tuple[datetime, Schedule]]:
        for each in self._schedules:
            if each.action in actions and each.acts_on == (resource.stack, resource.logical_id):
                at = last_run(each, self._now)
                if at:
                    yield at, each


def last_run(schedule: Schedule, now: datetime) -> datetime | None:
    """When a schedule ran last; None if it has not within a year."""
    for back in _LOOK_BACK:
        found, begin = None, now.astimezone(UTC) - back
        following = next_run(schedule.expression, schedule.time_zone, begin, begin)
        while following and following <= now:
            found = following
            following = next_run(schedule.expression, schedule.time_zone, following, begin)
        if found:
            return found
    return None
