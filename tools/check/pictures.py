"""What a person looks at in data before trusting them, as numbers: over time, by user, by item, the catalogue."""

from __future__ import annotations

import datetime
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from .engines import Engine

_DAY = 86_400  # seconds
# How long an item counts as new: the default cut-off age of exploration ("Configuring exploration for a domain
# recommender").
NEW_DAYS = 30
_SHOWN_TYPES = 5
_SHOWN_GENRES = 20
# As many columns as can be told apart.
_MOST_COLUMNS = 60

_FREQUENCIES = (1, 2, 3, 5, 10, 20, 50, 100, 200, 500, 1000)
_AGES = {0: "in the future", 7: "a week", 30: "a month", 90: "3 months", 365: "a year", 730: "2 years", 1825: "5 years"}

_DAILY = """\
SELECT CAST(floor(TRY_CAST("TIMESTAMP" AS DOUBLE) / 86400) AS BIGINT) AS "day", "EVENT_TYPE", count(*)
FROM interactions WHERE TRY_CAST("TIMESTAMP" AS BIGINT) BETWEEN 0 AND {latest} GROUP BY 1, 2
"""
_BY_FREQUENCY = """\
SELECT {bucket}, count(*) FROM (
  SELECT count(*) AS "found" FROM interactions WHERE "{key}" <> '' GROUP BY "{key}"
) AS "each" GROUP BY 1
"""
_BY_GENRE = """\
SELECT "genre", count(*) FROM items CROSS JOIN UNNEST(string_split("GENRES", '|')) AS "split"("genre")
WHERE "genre" <> '' GROUP BY "genre"
"""
_BY_AGE = """\
SELECT {bucket}, count(*) FROM (
  SELECT ({latest} - TRY_CAST("CREATION_TIMESTAMP" AS DOUBLE)) / 86400 AS "age" FROM items
) AS "each" WHERE "age" IS NOT NULL GROUP BY 1
"""
_NEW_DAILY = """\
SELECT CAST(floor(CAST("at" AS DOUBLE) / 86400) AS BIGINT) AS "day", count(*),
  count(*) FILTER (WHERE "at" - "born" < {new})
FROM (SELECT "ITEM_ID", TRY_CAST("TIMESTAMP" AS BIGINT) AS "at" FROM interactions) AS "seen"
JOIN (
  SELECT "ITEM_ID", max(TRY_CAST("CREATION_TIMESTAMP" AS BIGINT)) AS "born" FROM items GROUP BY "ITEM_ID"
) AS "made" ON "seen"."ITEM_ID" = "made"."ITEM_ID"
WHERE "at" BETWEEN 0 AND {latest} AND "born" <= "at" GROUP BY 1
"""


@dataclass(frozen=True)
class Chart:
    """Numbers to be drawn.

    Attributes:
        title: what they are.
        note: a sentence about them.
        series: names of what is stacked in each bin; one without a name if nothing is.
        bins: label and a number for each of the series.
        form: columns stand side by side, bars below each other.
        unit: of the numbers.
    """

    title: str
    note: str
    series: Sequence[str]
    bins: Sequence[tuple[str, Sequence[float]]]
    form: Literal["columns", "bars"] = "columns"
    unit: Literal["", "%"] = ""


def pictures(engine: Engine, columns: Mapping[str, Collection[str]], now: float) -> list[Chart]:
    """What there is to look at.

    Args:
        engine: has the tables.
        columns: of each table, by dataset type.
        now: seconds since 1970; what is more than a day later is left out.
    """
    charts: list[Chart] = []
    latest = int(now) + _DAY
    items = columns.get("ITEMS", ())
    if "INTERACTIONS" in columns:
        daily = engine.ask(_DAILY.format(latest=latest))
        charts += _over_time(daily)
        charts += [_by_frequency(engine, "USER_ID", "users"), _by_frequency(engine, "ITEM_ID", "items")]
        # The data's own last day: they may be of last year.
        latest = max((day + 1 for day, _, _ in daily), default=latest // _DAY) * _DAY
    if "GENRES" in items:
        charts.append(_by_genre(engine))
    if "CREATION_TIMESTAMP" in items:
        charts.append(_by_age(engine, latest))
        if "INTERACTIONS" in columns:
            charts += _new_items(engine.ask(_NEW_DAILY.format(new=NEW_DAYS * _DAY, latest=latest)))
    return [chart for chart in charts if chart.bins]


def _over_time(daily: Sequence[tuple[Any, ...]]) -> Iterator[Chart]:
    totals: Counter[str] = Counter()
    for _, event_type, count in daily:
        totals[event_type or ""] += count
    named = [name for name, _ in totals.most_common(_SHOWN_TYPES)]
    series = [*named, *(["others"] if len(totals) > len(named) else [])]
    period, what = _period([day for day, _, _ in daily])
    found: dict[str, list[int]] = defaultdict(lambda: [0] * len(series))
    for day, event_type, count in daily:
        place = named.index(event_type or "") if (event_type or "") in named else len(named)
        found[period(day)][place] += count
    bins = [(label, found[label]) for label in _all_periods(daily, period)]
    note = "By event type. A week begins on the Monday that is shown." if what == "week" else "By event type."
    yield Chart(f"Interactions a {what}", note, [name or "no event type" for name in series], bins)


def _period(days: Collection[int]) -> tuple[Callable[[int], str], str]:
    """The day, week or month of a day, whichever gives few enough columns."""
    span = max(days, default=0) - min(days, default=0) + 1
    if span <= _MOST_COLUMNS:
        return lambda day: _date(day).isoformat(), "day"
    if span <= 7 * _MOST_COLUMNS:
        return lambda day: _date(day - (day + 3) % 7).isoformat(), "week"  # from Monday; day 0 was a Thursday
    if span <= 30 * 2 * _MOST_COLUMNS:
        return lambda day: f"{_date(day):%Y-%m}", "month"
    return lambda day: f"{_date(day):%Y}", "year"


def _all_periods(daily: Iterable[tuple[Any, ...]], period: Callable[[int], str]) -> list[str]:
    """Also those in which nothing happened."""
    days = [each[0] for each in daily]
    return list(dict.fromkeys(period(day) for day in range(min(days), max(days) + 1))) if days else []


def _date(day: int) -> datetime.date:
    return datetime.date(1970, 1, 1) + datetime.timedelta(days=day)


def _by_frequency(engine: Engine, key: str, what: str) -> Chart:
    found = dict(engine.ask(_BY_FREQUENCY.format(key=key, bucket=_bucket("found", _FREQUENCIES[1:]))))
    labels = [_range(least, after) for least, after in zip(_FREQUENCIES, (*_FREQUENCIES[1:], None), strict=True)]
    bins = [(label, [found.get(at, 0)]) for at, label in enumerate(labels)]
    title = f"{what.capitalize()} by their number of interactions"
    return Chart(title, f"{sum(found.values()):,} {what} have interactions.", [""], _without_end(bins))


def _bucket(column: str, bounds: Iterable[int]) -> str:
    """SQL: how many of the bounds a number reaches."""
    cases = " ".join(f'WHEN "{column}" < {bound} THEN {at}' for at, bound in enumerate(bounds))
    return f"CASE {cases} ELSE {len(list(bounds))} END"


def _range(least: int, after: int | None) -> str:
    if after is None:
        return f"{least:,}+"
    return str(least) if after == least + 1 else f"{least}-{after - 1}"


def _without_end(bins: Sequence[tuple[str, Sequence[float]]]) -> Sequence[tuple[str, Sequence[float]]]:
    """Without the empty bins after the last."""
    last = max((at for at, (_, numbers) in enumerate(bins) if any(numbers)), default=-1)
    return bins[: last + 1]


def _by_genre(engine: Engine) -> Chart:
    found = sorted(engine.ask(_BY_GENRE), key=lambda each: (-each[1], each[0]))
    bins = [(genre, [count]) for genre, count in found[:_SHOWN_GENRES]]
    rest = f" The {_SHOWN_GENRES} most frequent of {len(found)}." if len(found) > _SHOWN_GENRES else ""
    return Chart("Catalogue by genre", f"An item counts for each of its genres.{rest}", [""], bins, form="bars")


def _by_age(engine: Engine, latest: int) -> Chart:
    found = dict(engine.ask(_BY_AGE.format(latest=latest, bucket=_bucket("age", _AGES))))
    labels = [f"up to {age}" if days else age for days, age in _AGES.items()]
    bins = [(label, [found.get(at, 0)]) for at, label in enumerate([*labels, "older"])]
    shown = [each for each in bins if each[0] != "in the future" or any(each[1])]
    note = f"Age by CREATION_TIMESTAMP on {_date(latest // _DAY - 1)}, the last day of the data."
    return Chart("Catalogue by age", note, [""], shown if any(found.values()) else [], form="bars")


def _new_items(daily: Sequence[tuple[Any, ...]]) -> Iterator[Chart]:
    period, what = _period([day for day, _, _ in daily])
    found: dict[str, tuple[int, int]] = defaultdict(lambda: (0, 0))
    for day, count, new in daily:
        before = found[period(day)]
        found[period(day)] = (before[0] + count, before[1] + new)
    bins = [(label, [100 * found[label][1] / (found[label][0] or 1)]) for label in _all_periods(daily, period)]
    note = f"Share of each {what}'s interactions that were with items created at most {NEW_DAYS} days before."
    yield Chart("Share of new items", note, [""], bins, unit="%")
