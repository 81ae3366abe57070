"""A review as sections of a document."""

from __future__ import annotations

from collections.abc import Iterator

from .document import Bar as _Bar
from .document import Block, Document, Gantt, Section, Table
from .review import Change, Difference, Permission, Property, Review, Verdict


def document(review: Review) -> Document:
    """The whole review."""
    header = review.header
    return Document(
        f"Review of {header.environment} against {header.base.name}",
        [
            Section("Verdict", list(_verdict(review))),
            Section("What deploying it does", list(_changes(review))),
            Section("Time", list(_time(review))),
            Section("Money", list(_money(review))),
            Section("Permissions", list(_permissions(review))),
            Section("Outputs", list(_outputs(review))),
            Section("Resources", [_resources(review)]),
        ],
    )


def _verdict(review: Review) -> Iterator[Block]:
    is_good = review.verdict is Verdict.DEPLOYABLE
    yield review.headline if is_good else f"**{review.verdict.value}**: {review.sentence}"
    for each in review.reasons:
        yield f"**{each.topic}**: {each.text}{f' `{each.command}`' if each.command else ''}"


def _changes(review: Review) -> Iterator[Block]:
    header = ("resource", "property", "change", "deploying it", "takes", "recommendations")
    rows = [row for stack in review.stacks for change in stack.changes for row in _rows(change)]
    yield Table(header, rows) if rows else "Nothing."
    for stack in review.stacks:
        if stack.tagged:
            yield f"Tags of {stack.tagged} resources of `{stack.name}` change in place."
        if not stack.changes and stack.what not in ("updated", "not changed", "created"):
            yield f"`{stack.name}` is {stack.what}."
        if stack.new_values:
            yield f"Outputs and SSM parameters that get a new value: {', '.join(stack.new_values)}."


def _rows(change: Change) -> Iterator[tuple[str, ...]]:
    name = f"`{change.path}` ({change.type})"
    if not change.properties:
        spelled_out = change.spelled_out if change.kind == "added" else ()
        said = "; ".join(f"{key}: `{value}`" for key, value in spelled_out)
        hint = f". {change.hint}" if change.hint else ""
        yield name, "", said, f"{change.what}{hint}", change.takes, _strong(change.meanwhile, change.verdict)
    for each in change.properties:
        what = _strong(f"{each.what}{': ' if each.why else ''}{each.why}", each.verdict)
        yield name, f"`{each.name}`", _before_and_after(each), what, change.takes, each.meanwhile


def _strong(text: str, verdict: Verdict) -> str:
    return f"**{text}**" if text and verdict is Verdict.REFUSED else text


def _before_and_after(change: Property) -> str:
    if change.follows:
        return f"a new value, because `{change.follows}` is replaced"
    return "; ".join(_difference(each) for each in change.differences)


def _difference(each: Difference) -> str:
    old, new = ("(none)" if one is None else one for one in (each.before, each.after))
    return f"{each.path}{': ' if each.path else ''}`{old}` → `{new}`"


def _time(review: Review) -> Iterator[Block]:
    yield f"{review.time.total}." if review.time.total else "Nothing here takes time."
    yield from review.time.notes
    if review.time.bars:
        yield Gantt([_Bar(each.label, each.begins, each.ends, each.is_critical) for each in review.time.bars])
    for reason in review.time.failures:
        yield f"**This failed in the rehearsal**: {reason}"


def _money(review: Review) -> Iterator[Block]:
    money = review.money
    yield (
        f"While nobody asks for recommendations, about {money.after} a month ({money.per_hour} an hour); before, "
        f"{money.before}: {money.difference}."
    )
    header = ("resource", "what is billed", "per hour", "per month", "before", "per training")
    rows = [
        (
            f"`{each.path}`",
            f"{each.what} (**no longer**)" if each.is_gone else each.what,
            *(f"**{one}**" if one == "not known" else one for one in (each.per_hour, each.per_month)),
            *(f"**{one}**" if one == "not known" else one for one in (each.before, each.per_training)),
        )
        for each in money.lines
    ]
    if rows:
        yield Table(header, rows)
    yield from (*money.once, *money.notes)


def _permissions(review: Review) -> Iterator[Block]:
    yield Table(("", "statement", "wildcards"), [_permission(each) for each in review.permissions])


def _permission(each: Permission) -> tuple[str, str, str]:
    parts = "; ".join(
        f"{name}: {', '.join([*(f'- {text}' for text in went), *(f'+ {text}' for text in came)])}"
        for name, went, came in each.differences
    )
    wildcards = ", ".join(f"`{text}`" for text in each.wildcards)
    return each.kind, f"{each.text}{f' ({parts})' if parts else ''}", wildcards and f"**wildcard** {wildcards}"


def _outputs(review: Review) -> Iterator[Block]:
    rows = [
        (each.stack, what, ", ".join(names))
        for each in review.outputs
        for what, names in (("added", each.added), ("**removed**", each.removed))
        if names
    ]
    yield Table(("stack", "", "outputs"), rows) if rows else "None is added or removed."


def _resources(review: Review) -> Table:
    header = ("stack", "type", "number", "when it leaves the stack", "which")
    rows = [
        (each.stack, f"`{each.type}`", str(each.number), each.leaving, ", ".join(each.paths))
        for each in review.resources
    ]
    return Table(header, rows)
