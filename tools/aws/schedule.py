"""When a schedule of EventBridge Scheduler runs: its cron, rate and at expressions, in its time zone.

Source: EventBridge Scheduler user guide, "Schedule types in EventBridge Scheduler". The local cloud and the simulation
ask here; no library of others knows time zones, and those that read AWS's grammar fail on parts of it.
"""

from __future__ import annotations

import calendar
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

_UNITS = {"minute": timedelta(minutes=1), "hour": timedelta(hours=1), "day": timedelta(days=1)}
_MONTHS = {name.upper(): number for number, name in enumerate(calendar.month_abbr) if name}
_WEEKDAYS = {name: number for number, name in enumerate(("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"), start=1)}
_LAST_YEAR = 2199


class ScheduleError(Exception):
    """An expression or a time zone that Scheduler does not know; str() says what is wrong."""


def next_run(expression: str, time_zone: str, after: datetime, since: datetime) -> datetime | None:
    """When a schedule runs next.

    A time that the change to daylight saving time leaves out is skipped; one that the change back repeats counts once,
    before the change. A day of a rate has 24 hours.

    Args:
        expression: cron(...), rate(...) or at(...).
        time_zone: a name of the IANA time zone database, for cron and at.
        after: the run is later than this; with a time zone of its own.
        since: the schedule's StartDate, or else when it was made: a rate counts from then, and its first run is then.

    Returns:
        The time in UTC, to the minute but for a rate and for at; None if there is none any more.

    Raises:
        ScheduleError: Scheduler does not know the expression or the time zone.
    """
    kind, _, rest = expression.partition("(")
    if not rest.endswith(")") or kind not in ("cron", "rate", "at"):
        raise ScheduleError(f"{expression} is none of cron(...), rate(...) and at(...).")
    zone, written = _zone(time_zone), rest[:-1]
    if kind == "rate":
        return _next_of_rate(written, after, since)
    if kind == "at":
        once = _parse_at(written).replace(tzinfo=zone).astimezone(UTC)
        return once if once > after else None
    return next((run for run in _parse_cron(written).runs(after.astimezone(zone).date(), zone) if run > after), None)


def _zone(name: str) -> ZoneInfo:
    try:
        return ZoneInfo(name)
    except (KeyError, ValueError, OSError):  # unknown, not relative, a folder
        raise ScheduleError(f"{name} is no time zone of the IANA database.") from None


def _next_of_rate(written: str, after: datetime, since: datetime) -> datetime:
    found = re.fullmatch(r"([1-9]\d*) (minute|hour|day)s?", written)
    if not found:
        raise ScheduleError(f"rate({written}) is not rate(<number> minutes|hours|days), with a number above 0.")
    interval = int(found[1]) * _UNITS[found[2]]
    begun = since.astimezone(UTC)
    return begun if begun > after else begun + interval * ((after - begun) // interval + 1)


def _parse_at(written: str) -> datetime:
    try:
        return datetime.strptime(written, "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        raise ScheduleError(f"at({written}) is not at(yyyy-mm-ddThh:mm:ss).") from None


@dataclass(frozen=True)
class _Cron:
    """A cron expression: what each of its fields lets through."""

    minutes: tuple[int, ...]
    hours: tuple[int, ...]
    is_day: Callable[[date], bool]
    months: tuple[int, ...]
    years: tuple[int, ...]

    def runs(self, first_day: date, zone: ZoneInfo) -> Iterator[datetime]:
        """Every run from a day on, in UTC."""
        for day in self._days(first_day):
            for hour in self.hours:
                for minute in self.minutes:
                    run = datetime.combine(day, time(hour, minute), zone).astimezone(UTC)
                    if run.astimezone(zone).replace(tzinfo=None) == datetime.combine(day, time(hour, minute)):
                        yield run

    def _days(self, first: date) -> Iterator[date]:
        for year in (year for year in self.years if year >= first.year):
            for month in self.months:
                for day in range(1, _days_in(year, month) + 1):
                    each = date(year, month, day)
                    if each >= first and self.is_day(each):
                        yield each


@lru_cache(maxsize=256)
def _parse_cron(written: str) -> _Cron:
    fields = written.upper().split()
    if len(fields) == 5:
        fields.append("*")  # "one optional field, year"
    if len(fields) != 6:
        raise ScheduleError(f"cron({written}) has not the fields minutes hours day-of-month month day-of-week year.")
    minutes, hours, day, month, weekday, year = fields
    if (day == "?") == (weekday == "?"):
        raise ScheduleError(f"cron({written}): one of day-of-month and day-of-week has to be ?, the other not.")
    return _Cron(
        _numbers("minutes", minutes, range(60)),
        _numbers("hours", hours, range(24)),
        _day_of_month(day) if weekday == "?" else _day_of_week(weekday),
        _numbers("month", month, range(1, 13), _MONTHS),
        _numbers("year", year, range(1970, _LAST_YEAR + 1)),
    )


def _numbers(field: str, written: str, allowed: range, names: dict[str, int] | None = None) -> tuple[int, ...]:
    """What values, lists, ranges and steps stand for."""
    found: set[int] = set()
    for part in written.split(","):
        span, _, step = part.partition("/")
        first, _, last = span.partition("-")
        if span == "*":
            bounds = allowed[0], allowed[-1]
        else:
            low = _number(field, first, allowed, names)
            # A step without an end goes on to the end of the field: "1/10" in minutes is 1, 11, 21 ...
            bounds = low, _number(field, last, allowed, names) if last else (allowed[-1] if step else low)
        if bounds[0] > bounds[1] or ("/" in part and not (step.isdecimal() and int(step) > 0)):
            raise ScheduleError(f"{field}: {part} is no range, or has no step above 0.")
        found.update(range(bounds[0], bounds[1] + 1, int(step or 1)))
    return tuple(sorted(found))


def _number(field: str, written: str, allowed: range, names: dict[str, int] | None) -> int:
    number = (names or {}).get(written, int(written) if written.isdecimal() else -1)
    if number not in allowed:
        raise ScheduleError(f"{field}: {written} is not between {allowed[0]} and {allowed[-1]}.")
    return number


def _day_of_month(written: str) -> Callable[[date], bool]:
    if written == "L":
        return lambda day: day.day == _days_in(day.year, day.month)
    if written.endswith("W"):
        wanted = _number("day-of-month", written[:-1], range(1, 32), None)
        return lambda day: day == _weekday_near(wanted, day.year, day.month)
    days = _numbers("day-of-month", written, range(1, 32))
    return lambda day: day.day in days


def _weekday_near(wanted: int, year: int, month: int) -> date | None:
    """The day from Monday to Friday that is closest to a day, in its month; None where the month has no such day."""
    if wanted > _days_in(year, month):
        return None
    days = (date(year, month, day) for day in range(1, _days_in(year, month) + 1))
    return min((day for day in days if day.isoweekday() <= 5), key=lambda day: abs(day.day - wanted))


def _day_of_week(written: str) -> Callable[[date], bool]:
    if "#" in written:  # "you can define only one expression"
        name, _, instance = written.partition("#")
        wanted = _number("day-of-week", name, range(1, 8), _WEEKDAYS)
        nth = _number("day-of-week", instance, range(1, 6), None)
        return lambda day: _weekday(day) == wanted and (day.day - 1) // 7 + 1 == nth
    if written == "L":  # "the last day of the month or week"
        return lambda day: _weekday(day) == _WEEKDAYS["SAT"]
    if written.endswith("L"):
        wanted = _number("day-of-week", written[:-1], range(1, 8), _WEEKDAYS)
        return lambda day: _weekday(day) == wanted and day.day + 7 > _days_in(day.year, day.month)
    days = _numbers("day-of-week", written, range(1, 8), _WEEKDAYS)
    return lambda day: _weekday(day) in days


def _weekday(day: date) -> int:
    """1 is Sunday, as in AWS's expressions."""
    return day.isoweekday() % 7 + 1


def _days_in(year: int, month: int) -> int:
    return calendar.monthrange(year, month)[1]
