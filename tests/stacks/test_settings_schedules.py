"""Schedules as EventBridge Scheduler takes them, and a sentence for any other."""

from __future__ import annotations

import re

import pytest

from stacks.settings_schedules import check_schedule, check_time_zone, minutes_between


@pytest.mark.parametrize(
    "expression",
    [
        "cron(0 4 * * ? *)",
        "cron(15 10 ? * 6L 2027-2028)",
        "cron(0/15 8-18 ? * MON-FRI *)",
        "cron(0,30 0 1,15 JAN,jul ? *)",
        "cron(0 0 L * ?)",
        "cron(0 0 3W * ? *)",
        "cron(0 0 ? * 3#2 *)",
        "cron(0 0 29 2 ? *)",
        "rate(1 minute)",
        "rate(6 hours)",
    ],
)
def test_right(expression: str) -> None:
    assert check_schedule(expression) == expression


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("every day", "'every day' must be like cron(0 4 * * ? *) or rate(6 hours)."),
        ("at(2027-01-01T00:00:00)", "must be like cron(0 4 * * ? *) or rate(6 hours)."),
        ("rate(0 hours)", "a rate is a positive number and minutes, hours or days"),
        ("rate(2 weeks)", "a rate is a positive number and minutes, hours or days"),
        ("cron(0 4 * *)", "has 4 fields, but cron needs 6: minutes, hours, day of month, month, day of week, year."),
        ("cron(0 25 * * ? *)", "'25' cannot be the hours. Use 0 to 23."),
        ("cron(60 4 * * ? *)", "'60' cannot be the minutes. Use 0 to 59."),
        ("cron(0 4 * MAI ? *)", "'MAI' cannot be the month. Use 1 to 12 or JAN to DEC."),
        ("cron(0 4 ? * 0 *)", "'0' cannot be the day of week. Use 1 to 7 or SUN to SAT."),
        ("cron(0 4 9-3 * ? *)", "'9-3' cannot be the day of month."),
        ("cron(0/0 4 * * ? *)", "'0/0' cannot be the minutes."),
        ("cron(0 4 * * * *)", "exactly one of day of month and day of week must be ?."),
        ("cron(0 4 ? * ? *)", "exactly one of day of month and day of week must be ?."),
        ("cron(0 4 31 FEB ? *)", "month FEB has no day 31, so it would never run."),
        ("cron(0 4 ? * 3#1,6#3 *)", "'3#1,6#3' cannot be the day of week."),
    ],
)
def test_wrong(expression: str, sentence: str) -> None:
    with pytest.raises(ValueError, match=re.escape(sentence)):
        check_schedule(expression)


def test_time_zones() -> None:
    assert check_time_zone("Europe/Berlin") == "Europe/Berlin"
    for name in ("Berlin", "europe/berlin", "../etc/passwd", ""):
        with pytest.raises(ValueError, match="is not a time zone"):
            check_time_zone(name)


def test_minutes() -> None:
    minutes_of = minutes_between(1, 120)
    assert (minutes_of("10m"), minutes_of("2h")) == (10, 120)
    for wrong in (10, "10", "0m", "3h"):
        with pytest.raises(ValueError, match="must be"):
            minutes_of(wrong)
