"""What a reviewer reads: the verdict, every change with what it does, the time it takes, permissions, outputs."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from lambdas.personalize_provider.resources import Effect
from sandbox.virtual.assembly import Assembly

from .diff import PASSING_ON, Comparison, Kind, PropertyChange, ResourceChange
from .document import Bar, Block, Document, Gantt, Section, Table
from .iam import Statement, statements
from .rehearsal import Rehearsal
from .values import plain

_LONGEST_VALUE = 120
_PARAMETER = "AWS::SSM::Parameter"
_SERVED = "served throughout"

# Whether recommendations keep being served while a change is made.
_MEANWHILE: Mapping[tuple[str, Effect], str] = {
    ("Recommender", Effect.IN_PLACE): "served throughout, as before until the update is done",
    ("Campaign", Effect.IN_PLACE): "served throughout, as before until the update is done",
    ("Recommender", Effect.REPLACED): "the old one serves until the new one is trained; clients then need the new ARN",
    ("Campaign", Effect.REPLACED): "the old one serves until the new one is there; clients then need the new ARN",
    ("Solution", Effect.REPLACED): "the campaign serves the version it has until a new one is trained",
    ("SolutionVersion", Effect.REPLACED): "the campaign serves the version it has until the new one is trained",
    ("Filter", Effect.REPLACED): "served throughout; requests then need the new filter's ARN",
    ("EventTracker", Effect.REPLACED): "served throughout; clients that send events then need the new tracking id",
    ("Dataset", Effect.IN_PLACE): "served throughout; the dataset keeps its data",
}


def stops(comparison: Comparison) -> list[ResourceChange]:
    """Changes that would be refused, or lose data."""
    return [each for each in comparison.changes if each.loses_data or each.is_refused]


def verdict(comparison: Comparison) -> str:
    """One sentence."""
    stopping = stops(comparison)
    if stopping:
        what = ", ".join(f"{each.path} {'loses its data' if each.loses_data else 'is refused'}" for each in stopping)
        return f"**Do not deploy this as it is**: {what}."
    counts = Counter(_summary(each) for each in comparison.changes if each.type not in PASSING_ON)
    if not counts:
        return "Deploying changes nothing."
    return "Can be deployed. " + ", ".join(f"{number} {what}" for what, number in sorted(counts.items())) + "."


def document(
    env: str, base_name: str, base: Assembly, head: Assembly, comparison: Comparison, rehearsal: Rehearsal
) -> Document:
    """The whole report."""
    return Document(
        f"Review of {env} against {base_name}",
        [
            Section("Verdict", [verdict(comparison)]),
            Section("What deploying it does", list(_changes(comparison))),
            Section("Time", list(_time(rehearsal))),
            Section("Permissions", list(_permissions(base, head))),
            Section("Outputs", list(_outputs(comparison))),
            Section("Resources", [_resources(head)]),
        ],
    )


# -- changes -----------------------------------------------------------------------------------------------------


def _summary(change: ResourceChange) -> str:
    return change.effect.value.partition(",")[0] if change.kind is Kind.CHANGED else change.kind.value


def _changes(comparison: Comparison) -> Iterator[Block]:
    shown = [each for each in comparison.changes if each.type not in PASSING_ON]
    rows = [row for each in shown for row in _rows(each)]
    yield Table(("resource", "property", "change", "deploying it", "recommendations"), rows) if rows else "Nothing."
    tagged = Counter(each.stack for each in shown if any(change.name == "Tags" for change in each.properties))
    for stack, number in tagged.items():
        yield f"Tags of {number} resources of `{stack}` change in place."
    follow = [each.path for each in shown if each.type == _PARAMETER and any(one.set_off_by for one in each.properties)]
    if follow:
        names = (path.removesuffix("Parameter") for path in follow)
        yield f"Outputs, and SSM parameters, that get another value: {', '.join(names)}."


def _rows(change: ResourceChange) -> Iterator[tuple[str, ...]]:
    name = f"`{change.path}` ({change.type.removeprefix('Custom::Personalize')})"
    if change.kind is not Kind.CHANGED:
        what = f"**{change.kind.value}, and its data is lost**" if change.loses_data else change.kind.value
        yield name, "", "", what, _SERVED if change.kind is Kind.ADDED else ""
        return
    for each in change.properties:
        if each.name != "Tags" and not (change.type == _PARAMETER and each.set_off_by):
            yield name, f"`{each.name}`", _before_and_after(each), _what(change, each), _meanwhile(change, each)


def _before_and_after(change: PropertyChange) -> str:
    if change.set_off_by:
        return f"another value, because `{change.set_off_by}` is replaced"
    pairs = _differences(plain(change.before), plain(change.after))
    return "; ".join(f"{path}{': ' if path else ''}`{_shown(old)}` → `{_shown(new)}`" for path, old, new in pairs)


def _differences(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """The innermost parts that differ, each with its path."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*after, *(key for key in before if key not in after)]:
            if before.get(key) != after.get(key):
                yield from _differences(before.get(key), after.get(key), f"{path}.{key}".lstrip("."))
        return
    if isinstance(before, list) and isinstance(after, list):
        gone, new = ([each for each in one if each not in other] for one, other in ((before, after), (after, before)))
        for old, other in itertools.zip_longest(gone, new):
            yield path, old, other
        return
    yield path, before, after


def _shown(value: Any) -> str:
    text = value if isinstance(value, str) else "(none)" if value is None else json.dumps(value)
    text = text.replace("`", "'")
    return text if len(text) <= _LONGEST_VALUE else f"{text[:_LONGEST_VALUE]} ..."


def _what(change: ResourceChange, one: PropertyChange) -> str:
    if one.effect in (Effect.REFUSED, Effect.GUARDED):
        return f"**{one.effect.value}**"
    if one.effect is Effect.REPLACED and change.loses_data:
        return "**replaced, and its data is lost**"
    return one.effect.value


def _meanwhile(change: ResourceChange, one: PropertyChange) -> str:
    return _MEANWHILE.get((change.noun, one.effect), _SERVED if change.noun else "")


# -- time --------------------------------------------------------------------------------------------------------


def _time(rehearsal: Rehearsal) -> Iterator[Block]:
    if not rehearsal.steps:
        yield "Nothing takes time."
    else:
        yield (
            f"About {_duration(rehearsal.seconds)}, rehearsed in virtual time with the real provider and typical "
            f"durations; how long the service takes depends on the data."
        )
        yield Gantt([Bar(f"{step.path} ({step.type})", step.begins / 60, step.ends / 60) for step in rehearsal.steps])
    for reason in rehearsal.reasons:
        yield f"**In rehearsal this failed**: {reason}"


def _duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


# -- permissions -------------------------------------------------------------------------------------------------


def _permissions(base: Assembly, head: Assembly) -> Iterator[Block]:
    before, after = statements(base), statements(head)
    old, new = set(before), set(after)
    changed = [("**added**", *_line(each)) for each in after if each not in old]
    changed += [("removed", *_line(each)) for each in before if each not in new]
    yield Table(("", "statement", "wildcards"), changed) if changed else "Nothing changes."
    yield f"All {len(after)} statements:"
    yield Table(("statement", "wildcards"), [_line(each) for each in after])


def _line(statement: Statement) -> tuple[str, str]:
    wildcards = ", ".join(f"`{text}`" for text in statement.wildcards)
    return statement.text, f"**wildcard** {wildcards}" if wildcards else ""


# -- outputs and resources ---------------------------------------------------------------------------------------


def _outputs(comparison: Comparison) -> Iterator[Block]:
    rows = [
        (stack, what, ", ".join(names))
        for stack, (added, removed) in comparison.outputs.items()
        for what, names in (("added", added), ("**removed**", removed))
        if names
    ]
    yield Table(("stack", "", "outputs"), rows) if rows else "None is added or removed."


def _resources(head: Assembly) -> Table:
    return Table(("stack", "type", "number", "when it leaves the stack"), list(_counted(head)))


def _counted(head: Assembly) -> Iterable[tuple[str, ...]]:
    for stack, template in head.templates.items():
        kinds = Counter(
            (each["Type"], each.get("DeletionPolicy", "Delete"))
            for each in template["Resources"].values()
            if each["Type"] != "AWS::CDK::Metadata"
        )
        for (type_, policy), number in sorted(kinds.items()):
            yield stack, f"`{type_}`", str(number), "kept" if policy == "Retain" else "deleted"
