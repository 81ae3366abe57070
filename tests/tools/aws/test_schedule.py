"""When schedules run: the examples of the user guide of EventBridge Scheduler, and what it leaves open."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tools.aws.schedule import ScheduleError, next_run

NEW_YEAR = datetime(2026, 1, 1, tzinfo=UTC)


def runs(expression: str, time_zone: str = "UTC", after: datetime = NEW_YEAR) -> Iterator[datetime]:
    at: datetime | None = after
    while at and (at := next_run(expression, time_zone, at, NEW_YEAR)):
        yield at


def first(expression: str, number: int, time_zone: str = "UTC", after: str = "2026-01-01T00:00") -> list[str]:
    begun = datetime.fromisoformat(after).replace(tzinfo=UTC)
    found = itertools.islice(runs(expression, time_zone, begun), number)
    return [run.isoformat(timespec="minutes").removesuffix("+00:00") for run in found]


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("cron(0 4 * * ? *)", ["2026-01-01T04:00", "2026-01-02T04:00"]),
        ("cron(0 0 1 * ? *)", ["2026-02-01T00:00", "2026-03-01T00:00"]),  # later than midnight itself
        ("cron(0 5 ? * SUN *)", ["2026-01-04T05:00", "2026-01-11T05:00"]),
        ("cron(0 5 ? * 1 *)", ["2026-01-04T05:00", "2026-01-11T05:00"]),
        ("cron(30 9 ? jan,Mar MON-WED *)", ["2026-01-05T09:30", "2026-01-06T09:30"]),
        ("cron(1/10 0 * * ? *)", ["2026-01-01T00:01", "2026-01-01T00:11"]),  # the guide's example of a step
        ("cron(50/5 * * * ? *)", ["2026-01-01T00:50", "2026-01-01T00:55", "2026-01-01T01:50"]),
        ("cron(0 8-10/2 * * ? *)", ["2026-01-01T08:00", "2026-01-01T10:00", "2026-01-02T08:00"]),
        ("cron(0 0 L * ? *)", ["2026-01-31T00:00", "2026-02-28T00:00"]),
        ("cron(0 0 ? * L *)", ["2026-01-03T00:00", "2026-01-10T00:00"]),  # the last day of a week: Saturday
        ("cron(15 10 ? * 6L *)", ["2026-01-30T10:15", "2026-02-27T10:15"]),  # the guide's last Friday
        ("cron(0 0 ? * 3#2 *)", ["2026-01-13T00:00", "2026-02-10T00:00"]),  # the guide's second Tuesday
        ("cron(0 0 ? * MON#5 *)", ["2026-03-30T00:00", "2026-06-29T00:00"]),
        ("cron(0 0 3W * ? *)", ["2026-01-02T00:00", "2026-02-03T00:00"]),  # a Saturday: the Friday before
        ("cron(0 0 1W 8,11 ? *)", ["2026-08-03T00:00", "2026-11-02T00:00"]),  # it stays in its month
        ("cron(0 0 31W * ? *)", ["2026-01-30T00:00", "2026-03-31T00:00"]),
        ("cron(0 0 29 2 ? *)", ["2028-02-29T00:00", "2032-02-29T00:00"]),
        ("cron(0 4 * * ?)", ["2026-01-01T04:00", "2026-01-02T04:00"]),  # the year may be missing
        ("rate(1 hours)", ["2026-01-01T01:00", "2026-01-01T02:00"]),
        ("rate(5 minutes)", ["2026-01-01T00:05", "2026-01-01T00:10"]),
        ("rate(1 day)", ["2026-01-02T00:00", "2026-01-03T00:00"]),
    ],
)
def test_a_schedule_runs_when_its_expression_says(expression: str, expected: list[str]) -> None:
    assert first(expression, len(expected)) == expected


@pytest.mark.parametrize(
    ("expression", "left"),
    [
        ("cron(15 10 1 1,2 ? 2026-2027)", 4),
        ("cron(0 0 30 2 ? *)", 0),  # there is no such day
        ("cron(0 0 ? * * 2025)", 0),
        ("at(2026-01-01T13:00:00)", 1),
        ("at(2025-12-31T13:00:00)", 0),
    ],
)
def test_some_schedules_come_to_an_end(expression: str, left: int) -> None:
    assert len(list(runs(expression))) == left


def test_times_are_those_of_the_time_zone() -> None:
    assert first("cron(30 8 * * ? *)", 1, "America/New_York") == ["2026-01-01T13:30"]
    assert first("at(2026-11-20T13:00:00)", 1, "America/Los_Angeles") == ["2026-11-20T21:00"]


def test_a_time_that_summer_time_leaves_out_is_skipped() -> None:
    """The guide's example: 2:30 in Los Angeles, where clocks go from 1:59 to 3:00 on 8 March 2026."""
    expected = ["2026-03-07T10:30", "2026-03-09T09:30"]
    assert first("cron(30 2 * * ? *)", 2, "America/Los_Angeles", "2026-03-07T00:00") == expected


def test_a_time_that_comes_twice_counts_once_before_the_change() -> None:
    """Clocks go from 1:59 back to 1:00 on 1 November 2026, so 1:30 comes at 8:30 and at 9:30 UTC."""
    expected = ["2026-11-01T08:30", "2026-11-02T09:30"]
    assert first("cron(30 1 * * ? *)", 2, "America/Los_Angeles", "2026-11-01T00:00") == expected


def test_a_rate_begins_at_once_and_its_days_have_24_hours() -> None:
    made = datetime(2026, 3, 7, 12, 0, 30, tzinfo=UTC)
    assert next_run("rate(1 days)", "America/Los_Angeles", NEW_YEAR, made) == made
    assert next_run("rate(1 days)", "America/Los_Angeles", made, made) == datetime(2026, 3, 8, 12, 0, 30, tzinfo=UTC)


@pytest.mark.parametrize(
    ("expression", "wrong"),
    [
        ("every day", "every day is none of cron(...), rate(...) and at(...)"),
        ("cron(0 4 * *)", "has not the fields"),
        ("cron(0 4 * * * *)", "one of day-of-month and day-of-week has to be ?"),
        ("cron(0 4 ? * ? *)", "one of day-of-month and day-of-week has to be ?"),
        ("cron(60 4 * * ? *)", "minutes: 60 is not between 0 and 59"),
        ("cron(0 25 * * ? *)", "hours: 25 is not between 0 and 23"),
        ("cron(0 4 32 * ? *)", "day-of-month: 32 is not between 1 and 31"),
        ("cron(0 4 * MAI ? *)", "month: MAI is not between 1 and 12"),
        ("cron(0 4 ? * 8 *)", "day-of-week: 8 is not between 1 and 7"),
        ("cron(0 4 ? * 2#6 *)", "day-of-week: 6 is not between 1 and 5"),
        ("cron(0 4 ? * 3#1,6#3 *)", "day-of-week: 1,6#3 is not between 1 and 5"),  # the guide's example
        ("cron(0 4 * * ? 1969)", "year: 1969 is not between 1970 and 2199"),
        ("cron(0 4-2 * * ? *)", "hours: 4-2 is no range"),
        ("cron(0/0 4 * * ? *)", "minutes: 0/0 is no range, or has no step above 0"),
        ("cron(/5 4 * * ? *)", "minutes:  is not between 0 and 59"),
        ("rate(0 minutes)", "with a number above 0"),
        ("rate(1 week)", "rate(1 week) is not rate(<number> minutes|hours|days)"),
        ("at(tomorrow)", "at(tomorrow) is not at(yyyy-mm-ddThh:mm:ss)"),
    ],
)
def test_an_expression_that_scheduler_does_not_know_is_refused(expression: str, wrong: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        next_run(expression, "UTC", NEW_YEAR, NEW_YEAR)
    assert wrong in str(caught.value)


@pytest.mark.parametrize("name", ["Europe/Atlantis", "", "/etc/passwd", "Europe"])
def test_a_time_zone_that_does_not_exist_is_refused(name: str) -> None:
    with pytest.raises(ScheduleError, match="is no time zone of the IANA database"):
        next_run("cron(0 4 * * ? *)", name, NEW_YEAR, NEW_YEAR)


@given(
    expression=st.sampled_from(["cron(30 2 * * ? *)", "cron(0 */6 ? * MON-FRI *)", "cron(15 0,23 L * ? *)"]),
    zone=st.sampled_from(["Europe/Berlin", "America/Sao_Paulo", "Australia/Lord_Howe", "Asia/Kathmandu", "UTC"]),
    after=st.datetimes(datetime(2010, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC)),
)
def test_nothing_runs_between_a_time_and_the_next_run(expression: str, zone: str, after: datetime) -> None:
    """The next run from any later time before it is the same run."""
    run = next_run(expression, zone, after, NEW_YEAR)
    assert run is not None
    assert run > after
    assert next_run(expression, zone, after + (run - after) / 2, NEW_YEAR) == run
