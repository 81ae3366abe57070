"""The section `operations.alarms` of the settings: when somebody is told that something is wrong."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from stacks.settings_section import Section

Percent = Annotated[float, Field(ge=0.01, le=100)]
Milliseconds = Annotated[float, Field(ge=1)]
# A year; whoever wants more wants no alarm.
Hours = Annotated[int, Field(ge=1, le=24 * 365)]
Days = Annotated[int, Field(ge=1, le=365)]
DataAges = dict[Literal["interactions", "items", "users"], Hours]


def _a_week_and_a_day() -> DataAges:
    return {"interactions": 192}


class AlarmSettings(Section):
    """When the alarms ring; null: no such alarm."""

    server_errors_percent: Percent | None = 1
    """More of the requests fail at the service, for 15 minutes."""
    client_errors_percent: Percent | None = 5
    """More of the requests are refused (throttled, or the client's mistake), for 15 minutes."""
    latency_ms: Milliseconds | None = 500
    """An answer takes longer on average, for 15 minutes."""
    throughput_above_percent: Percent | None = 90
    """More of the provisioned throughput is used, for 3 hours: beyond it the service bills more, and may refuse."""
    throughput_below_percent: Percent | None = 10
    """Less of a provisioned throughput above 1 is used, for a day: the rest is paid for and used by nobody."""
    refresh_age_hours: Hours | None = None
    """The last good refresh is older; null: what schedules leave between two, and as long as one may take."""
    data_age_hours: DataAges = Field(default_factory=_a_week_and_a_day)
    """By dataset: the last import is older; {}: no such alarms."""
    idle_days: Days | None = 7
    """A recommender or the campaign costs money and nobody has asked it for so many days."""
