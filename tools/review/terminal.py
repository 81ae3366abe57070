"""A review for a terminal: a line for each change, and no markup."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from .review import Bar, Change, Difference, Money, MoneyLine, Property, Review, StackChanges, Time, Verdict


def as_text(review: Review) -> str:
    """The verdict, the changes, the time and the money; permissions, outputs and resources are on the page."""
    sections = {"Verdict": _verdict(review)}
    if review.is_compared:
        sections |= {
            "What deploying it does": _changes(review.stacks),
            "Time": _time(review.time),
            "Money": _money(review.money),
        }
    title = f"Review of {review.header.environment} against {review.header.base.name}"
    return "\n\n".join([title, *("\n".join([name, *lines]) for name, lines in sections.items())]) + "\n"


def _verdict(review: Review) -> Iterator[str]:
    is_good = review.verdict is Verdict.DEPLOYABLE
    yield review.headline if is_good else f"{review.verdict.value}: {review.sentence}"
    for each in review.reasons:
        yield f"{each.topic}: {each.text}{f' {each.command}' if each.command else ''}"


def _changes(stacks: Iterable[StackChanges]) -> Iterator[str]:
    lines = [line for stack in stacks for change in stack.changes for line in _change(change)]
    yield from lines or ["Nothing."]
    for stack in stacks:
        if stack.tagged:
            yield f"Tags of {stack.tagged} resources of {stack.name} change in place."
        if not stack.changes and stack.what not in ("updated", "not changed", "created"):
            yield f"{stack.name} is {stack.what}."
        if stack.new_values:
            yield f"Outputs and SSM parameters that get a new value: {', '.join(stack.new_values)}."


def _change(change: Change) -> Iterator[str]:
    name = f"{change.path} ({change.type})"
    if not change.properties:
        spelled_out = change.spelled_out if change.kind == "added" and not change.is_adopted else ()
        said = "; ".join(f"{key}: {value}" for key, value in spelled_out)
        hint = f". {change.hint}" if change.hint else ""
        yield _line(name, "", said, f"{change.what}{hint}", change.takes, change.meanwhile)
    for each in change.properties:
        what = f"{each.what}{': ' if each.why else ''}{each.why}"
        yield _line(name, each.name, _before_and_after(each), what, change.takes, each.meanwhile)


def _line(name: str, property_name: str, change: str, what: str, takes: str, meanwhile: str) -> str:
    said = {
        "property": property_name,
        "change": change,
        "deploying it": what,
        "takes": takes,
        "recommendations": meanwhile,
    }
    return _joined(name, said)


def _joined(name: str, said: dict[str, str]) -> str:
    return "  " + " | ".join([name, *(f"{key}: {value}" for key, value in said.items() if value)])


def _before_and_after(change: Property) -> str:
    if change.follows:
        return f"a new value, because {change.follows} is replaced"
    return "; ".join(map(_difference, change.differences))


def _difference(each: Difference) -> str:
    old, new = ("(none)" if one is None else one for one in (each.before, each.after))
    return f"{each.path}{': ' if each.path else ''}{old} → {new}"


def _time(time: Time) -> Iterator[str]:
    yield f"{time.total}." if time.total else "Nothing here takes time."
    yield from time.notes
    width = max((len(bar.label) for bar in time.bars), default=0)
    yield from (_bar(bar, width) for bar in time.bars)
    yield from (f"This failed in the rehearsal: {reason}" for reason in time.failures)


def _bar(bar: Bar, width: int) -> str:
    return f"  {'*' if bar.is_critical else ' '} {bar.label:<{width}}  {bar.when}"


def _money(money: Money) -> Iterator[str]:
    yield (
        f"While nobody asks for recommendations, about {money.after} a month ({money.per_hour} an hour); before, "
        f"{money.before}: {money.difference}."
    )
    yield from map(_cost, money.lines)
    yield from (*money.once, *money.notes)


def _cost(line: MoneyLine) -> str:
    said = {
        "what is billed": f"{line.what} (no longer)" if line.is_gone else line.what,
        "per hour": line.per_hour,
        "per month": line.per_month,
        "before": line.before,
        "per training": line.per_training,
    }
    return _joined(line.path, said)
