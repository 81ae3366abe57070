"""What a change does to the bill, as a review says it."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import date

from tools.simulation.assembly import Assembly

from .diff import Comparison, is_run
from .money import Cost, Prices, costs
from .review import Money, MoneyLine
from .values import listed

# Half a cent.
_LEAST = 0.005
UNKNOWN = "not known"


def money_of(base: Assembly, head: Assembly, comparison: Comparison, prices: Prices, today: date) -> Money:
    """The bill before and after, and what deploying costs by itself.

    What stays in a stack that the app no longer has is still billed.
    """
    staying = Assembly({name: base.templates[name] for name in comparison.left_behind}, {})
    before, after = costs(base, prices), costs(head, prices) + costs(staying, prices)
    # What is taken over bills already.
    adopted = {(each.stack, each.path) for each in comparison.changes if each.adopted}
    known = {each.key for each in before}
    before += [each for each in after if (each.stack, each.path) in adopted and each.key not in known]
    hours = prices.assumptions.hours_per_month
    old, new = (sum(each.per_month(hours) for each in side) for side in (before, after))
    return Money(
        before=_dollars(old),
        after=_dollars(new),
        per_hour=_dollars(sum((each.per_hour or 0.0) * each.active for each in after)),
        difference=_difference(new - old),
        goes_up=new - old >= _LEAST,
        lines=tuple(_lines(before, after, hours)),
        once=tuple(_once(after, comparison, prices)),
        notes=tuple(_notes(prices, today)),
    )


def _notes(prices: Prices, today: date) -> Iterator[str]:
    table, assumed = prices.table, prices.assumptions
    yield (
        f"In {table.currency}, region {table.region}, at the prices of {prices.oldest} ({prices.age(today)}). "
        f"Source: {'; '.join(prices.sources)}."
    )
    yield (
        f"A month has {assumed.hours_per_month:g} hours; a training has {assumed.interactions:,} interactions "
        f"({assumed.interactions_are}) or {assumed.training_hours:g} training hours; recommenders are for up to "
        f"100,000 users. You also pay for storage, logs, polling, metrics of your own, and requests "
        f"beyond the minimums."
    )


def _lines(before: Sequence[Cost], after: Sequence[Cost], hours: float) -> Iterator[MoneyLine]:
    """A line for each cost there is or was."""
    old, new = ({each.key: each for each in side} for side in (before, after))
    for key, each in {**old, **new}.items():
        now = new.get(key)
        was, is_now = _monthly(old.get(key), hours), _monthly(now, hours)
        yield MoneyLine(
            path=f"{each.stack}/{each.path}",
            what=each.what,
            per_hour=_or_unknown(now.per_hour) if now else "",
            before=was,
            per_month=is_now,
            per_training=_or_unknown(now.per_training) if now else "",
            is_gone=now is None,
            is_changed=was != is_now,
        )


def _monthly(cost: Cost | None, hours: float) -> str:
    if cost is None:
        return ""
    return _or_unknown(None if cost.per_hour is None else cost.per_month(hours))


def _once(after: Iterable[Cost], comparison: Comparison, prices: Prices) -> Iterator[str]:
    """What deploying the change costs by itself: trainings and imports."""
    runs = [each for each in comparison.changes if is_run(each)]
    made = {(each.stack, each.path) for each in runs}
    trained = [
        each for each in after if not each.automatic_days and each.per_training != 0 and (each.stack, each.path) in made
    ]
    for each in trained:
        yield f"Deploying it trains {each.path} once: {_or_unknown(each.per_training)}."
    imports = [each.path for each in runs if each.noun == "DatasetImportJob"]
    if imports:
        yield f"Deploying it imports {listed(imports)}: {_dollars(prices.amounts.imports.amount)} per GB."


def _or_unknown(amount: float | None) -> str:
    if amount is None:
        return UNKNOWN
    return _dollars(amount) if amount else ""


def _dollars(amount: float) -> str:
    return f"${amount:,.2f}"


def _difference(amount: float) -> str:
    if abs(amount) < _LEAST:
        return "no change"
    return f"{_dollars(abs(amount))} {'more' if amount > 0 else 'less'}"
