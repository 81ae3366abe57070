"""When something runs: the grammar of EventBridge Scheduler, and time zones.

Source: EventBridge Scheduler user guide, "Schedule types in EventBridge Scheduler".
"""

from __future__ import annotations

import math
import re
import zoneinfo
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated

from pydantic import AfterValidator, Field

_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_UNITS = ("minute", "minutes", "hour", "hours", "day", "days")
# Of February 29th there is one in four years.
_LONGEST_MONTH = {2: 29, 4: 30, 6: 30, 9: 30, 11: 30}


@dataclass(frozen=True)
class _Field:
    """A field of a cron expression.

    Attributes:
        name: as sentences name it.
        low: the least value.
        high: the greatest value.
        names: words for the values, beginning with the least.
        special: what else may stand there, alone.
    """

    name: str
    low: int
    high: int
    names: tuple[str, ...] = ()
    special: str | None = None
    words: Mapping[str, int] = field(init=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "words", {name: self.low + index for index, name in enumerate(self.names)})

    @property
    def allowed(self) -> str:
        """What may stand there, for sentences."""
        named = f" or {self.names[0]} to {self.names[-1]}" if self.names else ""
        return f"{self.low} to {self.high}{named}"

    def number(self, text: str) -> int | None:
        """The value that a number or a word stands for; None if there is none."""
        value = self.words.get(text.upper())
        if value is None and re.fullmatch(r"\d{1,4}", text):
            value = int(text)
        return value if value is not None and self.low <= value <= self.high else None

    def takes(self, text: str) -> bool:
        """Whether the field may be this text."""
        return bool(self.special and re.fullmatch(self.special, text, re.IGNORECASE)) or all(
            map(self._takes_part, text.split(","))
        )

    def _takes_part(self, part: str) -> bool:
        start, slash, step = part.partition("/")
        if slash and not re.fullmatch(r"[1-9]\d{0,3}", step):
            return False
        if start == "*":
            return True
        first, dash, last = start.partition("-")
        low, high = self.number(first), self.number(last if dash else first)
        return low is not None and high is not None and low <= high


_DAY_NAMES = "|".join(_DAYS)
_MINUTES = _Field("minutes", 0, 59)
_HOURS = _Field("hours", 0, 23)
_DAY_OF_MONTH = _Field("day of month", 1, 31, special=r"\?|L|LW|([1-9]|[12]\d|3[01])W")
_MONTH = _Field("month", 1, 12, _MONTHS)
_DAY_OF_WEEK = _Field("day of week", 1, 7, _DAYS, special=rf"\?|L|([1-7]|{_DAY_NAMES})(L|#[1-5])")
_YEAR = _Field("year", 1970, 2199)
_FIELDS = (_MINUTES, _HOURS, _DAY_OF_MONTH, _MONTH, _DAY_OF_WEEK, _YEAR)


def check_schedule(expression: str) -> str:
    """The same expression, if EventBridge Scheduler takes it as a recurring one.

    Raises:
        ValueError: it does not; one sentence.
    """
    found = re.fullmatch(r"(cron|rate)\((.*)\)", expression)
    if not found:
        raise ValueError(f"'{expression}' must be like cron(0 4 * * ? *) or rate(6 hours).")
    check = _check_cron if found[1] == "cron" else _check_rate
    mistake = check(found[2].split())
    if mistake:
        raise ValueError(f"'{expression}': {mistake}")
    return expression


def _check_rate(parts: list[str]) -> str | None:
    if len(parts) != 2 or not re.fullmatch(r"[1-9]\d{0,5}", parts[0]) or parts[1] not in _UNITS:
        return "a rate is a positive number and minutes, hours or days, such as rate(6 hours)."
    return None


def _check_cron(parts: list[str]) -> str | None:
    if len(parts) not in (len(_FIELDS) - 1, len(_FIELDS)):
        names = ", ".join(each.name for each in _FIELDS)
        return f"has {len(parts)} fields, but cron needs 6: {names}. Correct it."
    for each, text in zip(_FIELDS, parts, strict=False):
        if not each.takes(text):
            return f"'{text}' cannot be the {each.name}. Use {each.allowed}."
    day, month, week_day = parts[2:5]
    if (day == "?") is (week_day == "?"):
        return "exactly one of day of month and day of week must be ?. Correct it."
    return _check_day_exists(day, month)


def _check_day_exists(day: str, month: str) -> str | None:
    """The 31st of February never comes, and a schedule that never runs says nothing."""
    number, of_month = _DAY_OF_MONTH.number(day), _MONTH.number(month)
    if number is None or of_month is None or number <= _LONGEST_MONTH.get(of_month, 31):
        return None
    return f"month {month} has no day {number}, so it would never run. Correct it."


def check_time_zone(name: str) -> str:
    """The same name, if it is one of the IANA's time zones.

    Raises:
        ValueError: it is not; one sentence.
    """
    # Spelled as the IANA does: what the file system takes besides is not what the service takes.
    if name not in zoneinfo.available_timezones():
        raise ValueError(f"'{name}' is not a time zone. Use a name of the IANA, such as Europe/Berlin or UTC.")
    return name


def has_summer_time(time_zone: str) -> bool:
    """Whether clocks of a time zone are changed twice a year.

    Args:
        time_zone: a name that check_time_zone takes.
    """
    zone = zoneinfo.ZoneInfo(time_zone)
    return len({datetime(2026, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)}) > 1


def minutes_between(low: int, high: int) -> Callable[[object], object]:
    """A check that reads `10m` or `2h` as minutes.

    Args:
        low: the fewest minutes.
        high: the most.
    """

    def minutes_of(value: object) -> object:
        found = re.fullmatch(DURATION, value) if isinstance(value, str) else None
        if not found:
            raise ValueError("must be a number of minutes or hours, such as 10m or 2h.")
        minutes = int(found[1]) * (1 if found[2] == "m" else 60)
        if not low <= minutes <= high:
            raise ValueError(f"'{value}' must be {low}m to {high}m.")
        return minutes

    return minutes_of


DURATION = r"([0-9]{1,6})(m|h)"


def most_hours_between(expression: str) -> int:
    """The most hours between two times at which a schedule runs, rounded up to what its fields make sure of.

    Args:
        expression: a right one, cron(...) or rate(...).
    """
    kind, _, fields = expression.rstrip(")").partition("(")
    if kind == "rate":
        number, unit = fields.split()
        return math.ceil(int(number) * {"m": 1 / 60, "h": 1, "d": 24}[unit[0]])
    _, _, day, month, week_day = fields.split()[:5]
    return 24 * _most_days_between(day, month, week_day)


def _most_days_between(day: str, month: str, week_day: str) -> int:
    if month != "*":
        return 366
    if day not in ("*", "?"):
        return 31
    return 1 if week_day in ("*", "?") else 7


# A recurring one.
Schedule = Annotated[str, AfterValidator(check_schedule), Field(examples=["cron(0 4 * * ? *)", "rate(6 hours)"])]
