"""What the operations stack does to what bills: schedules that stop, start and change things, and that train.

A schedule names what it acts on by a parameter that another stack stores; this follows the parameter to the resource.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from tools.aws.schedule import next_run
from tools.simulation.assembly import Assembly

from .diff import path_of
from .stored import Resource, named_in, stored_by
from .values import plain

_SCHEDULE = "AWS::Scheduler::Schedule"
_CALL = "arn:aws:scheduler:::aws-sdk:personalize:"
_REFRESH = "-refresh"
# A year of whole weeks, from a Monday: what happens in it is what happens on average.
_BEGIN, _DAYS = datetime(2026, 1, 5, tzinfo=UTC), 364


@dataclass(frozen=True)
class Schedule:
    """A schedule.

    Attributes:
        stack: that it is in.
        path: of its construct.
        expression: cron(...) or rate(...).
        time_zone: of the expression.
        target: ARN, as far as the template tells.
        input: what the target gets, as far as the template tells.
        acts_on: the resource that its input names; None if none of this app's is.
    """

    stack: str
    path: str
    expression: str
    time_zone: str
    target: str
    input: Mapping[str, Any]
    acts_on: Resource | None

    @property
    def action(self) -> str:
        """The action of Personalize that it calls, itself or by a function; empty if it calls none."""
        return self.target.removeprefix(_CALL) if self.target.startswith(_CALL) else str(self.input.get("action", ""))

    @property
    def refreshes(self) -> bool:
        """Whether it starts the refresh."""
        return self.target.endswith(_REFRESH)

    @property
    def trains(self) -> bool:
        """Whether the refresh may train."""
        return self.refreshes and self.input.get("train") != "never"

    def runs(self) -> list[datetime]:
        """When it runs in a year."""
        found, end = [_BEGIN], _BEGIN + timedelta(days=_DAYS)
        while True:
            following = next_run(self.expression, self.time_zone, found[-1], _BEGIN)
            if following is None or following >= end:
                return found[1:]
            found.append(following)

    def per_month(self, hours: float) -> float:
        """How often it runs in a month of so many hours."""
        return len(self.runs()) * hours / 24 / _DAYS


def schedules_of(assembly: Assembly) -> list[Schedule]:
    """Every schedule of an app."""
    stored = stored_by(assembly)
    return [
        _schedule(assembly, stored, stack, path_of(resource, logical_id), resource["Properties"])
        for stack, template in assembly.templates.items()
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == _SCHEDULE
    ]


def _schedule(
    assembly: Assembly, stored: Mapping[str, Resource], stack: str, path: str, properties: Mapping[str, Any]
) -> Schedule:
    target = properties["Target"]
    said = plain(target.get("Input", {}))
    return Schedule(
        stack=stack,
        path=path,
        expression=properties["ScheduleExpression"],
        time_zone=properties.get("ScheduleExpressionTimezone", "UTC"),
        target=str(plain(target["Arn"])),
        input=json.loads(said) if isinstance(said, str) else said,
        acts_on=next(named_in(assembly.templates[stack], stored, target.get("Input", {})), None),
    )


def active_share(schedules: Sequence[Schedule], recommender: Resource) -> float:
    """The part of the time in which a recommender is active: 1 unless schedules stop it."""
    changes = _changes(schedules, recommender, {"startRecommender": 1.0, "stopRecommender": 0.0})
    return _mean(changes) if any(value == 0 for _, value in changes) else 1.0


def mean_throughput(schedules: Sequence[Schedule], campaign: Resource, minimum: int) -> float:
    """How many requests per second a campaign always has, on average.

    Args:
        schedules: those that change it among them.
        campaign: which.
        minimum: that of its template, if no schedule changes it.
    """
    changes = [
        (moment, float(each.input["MinProvisionedTPS"]))
        for each in schedules
        if each.action == "updateCampaign" and each.acts_on == campaign and "MinProvisionedTPS" in each.input
        for moment in each.runs()
    ]
    return _mean(sorted(changes)) if changes else float(minimum)


def _changes(
    schedules: Sequence[Schedule], resource: Resource, values: Mapping[str, float]
) -> list[tuple[datetime, float]]:
    return sorted(
        (moment, values[each.action])
        for each in schedules
        if each.action in values and each.acts_on == resource
        for moment in each.runs()
    )


def _mean(changes: Sequence[tuple[datetime, float]]) -> float:
    """Mean of a value over a year in which it changes so; before the first change it is what the last one made it."""
    before, since, total = changes[-1][1], _BEGIN, 0.0
    end = _BEGIN + timedelta(days=_DAYS)
    for moment, value in [*changes, (end, 0.0)]:
        total += before * (moment - since).total_seconds()
        before, since = value, moment
    return total / (end - _BEGIN).total_seconds()
