"""What a reviewer reads: the verdict, every change with what it does, the time it takes, permissions, outputs."""

from __future__ import annotations

import itertools
import json
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from lambdas.personalize_provider.resource_type import Effect
from tools.simulation.assembly import Assembly
from tools.simulation.template import Template

from .diff import PASSING_ON, REFUSALS, Comparison, Kind, PropertyChange, ResourceChange, path_of
from .document import Bar, Block, Document, Gantt, Section, Table
from .iam import Statement, statements
from .money import Cost, Prices, costs, load_prices
from .rehearsal import CHAIN, Rehearsal
from .values import plain

_LONGEST_VALUE = 120
_PARAMETER = "AWS::SSM::Parameter"
_SERVED = "served throughout"
# Serve recommendations.
_SERVING = ("Recommender", "Campaign")

# What else an effect means for a type.
_BESIDES: Mapping[tuple[str, Effect], str] = {
    ("Dataset", Effect.IN_PLACE): ", keeps its data; nothing trains on new columns until included_dataset_columns "
    "lists them, and a rollback cannot remove them",
    ("DatasetImportJob", Effect.REPLACED): " by a new import",
    ("Recommender", Effect.REPLACED): ", with training",
    ("Solution", Effect.REPLACED): ", with retraining",
    ("SolutionVersion", Effect.REPLACED): ", with retraining",
    ("Filter", Effect.REPLACED): " without interruption",
}

# Whether recommendations keep being served while a change is made.
_MEANWHILE: Mapping[tuple[str, Effect], str] = {
    ("Recommender", Effect.IN_PLACE): "served throughout, with the old configuration until the update is done",
    ("Campaign", Effect.IN_PLACE): "served throughout, with the old configuration until the update is done",
    ("Recommender", Effect.REPLACED): "the old one serves until the new one is trained; clients then need the new ARN",
    ("Campaign", Effect.REPLACED): "the old one serves until the new one is ready; clients then need the new ARN",
    ("Solution", Effect.REPLACED): "the campaign serves its version until a new one is trained",
    ("SolutionVersion", Effect.REPLACED): "the campaign serves its version until the new one is trained",
    ("Filter", Effect.REPLACED): "served throughout; requests then need the new filter's ARN",
    ("MetricAttribution", Effect.IN_PLACE): "served throughout; what it counts from now on changes",
    ("MetricAttribution", Effect.REPLACED): "served throughout; what the old one counted stays in CloudWatch and S3",
    ("EventTracker", Effect.REPLACED): "served throughout; clients that send events then need the new tracking id",
}


def stops(comparison: Comparison) -> list[ResourceChange]:
    """Find the changes that would be refused or would lose data."""
    return [each for each in comparison.changes if each.loses_data or each.is_refused]


def is_stopped(comparison: Comparison, rehearsal: Rehearsal) -> bool:
    """Whether the change must not be deployed as it is."""
    return bool(stops(comparison) or rehearsal.refusals)


def verdict(comparison: Comparison, refusals: Sequence[str] = ()) -> str:
    """One sentence.

    Args:
        comparison: what changes.
        refusals: what was refused in rehearsal.
    """
    stopping = stops(comparison)
    if stopping:
        what = ", ".join(f"{each.path} {'loses its data' if each.loses_data else 'is refused'}" for each in stopping)
        return f"**Do not deploy this as it is**: {what}."
    if refusals:
        return f"**Do not deploy this as it is**: the provider refused it in the rehearsal. {refusals[0]}"
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
            Section("Verdict", [verdict(comparison, rehearsal.refusals)]),
            Section("What deploying it does", list(_changes(head, comparison, rehearsal))),
            Section("Time", list(_time(rehearsal))),
            Section("Money", list(_money(base, head, comparison, load_prices()))),
            Section("Permissions", list(_permissions(base, head))),
            Section("Outputs", list(_outputs(comparison))),
            Section("Resources", [_resources(head)]),
        ],
    )


# -- changes -----------------------------------------------------------------------------------------------------


def _summary(change: ResourceChange) -> str:
    if change.kind is not Kind.CHANGED:
        return change.kind.value
    if all(each.name == "Tags" for each in change.properties):
        return "with changed tags only"
    return change.effect.value.partition(",")[0]


def _changes(head: Assembly, comparison: Comparison, rehearsal: Rehearsal) -> Iterator[Block]:
    shown = [each for each in comparison.changes if each.type not in PASSING_ON]
    rows = [row for each in shown for row in _rows(each, _takes(each, rehearsal))]
    header = ("resource", "property", "change", "deploying it", "takes", "recommendations")
    yield Table(header, rows) if rows else "Nothing."
    yield from _tagged(shown)
    yield from _retrained_later(head, comparison)
    yield from _new_values(shown)


def _tagged(shown: Sequence[ResourceChange]) -> Iterator[Block]:
    tagged = Counter(each.stack for each in shown if any(change.name == "Tags" for change in each.properties))
    for stack, number in tagged.items():
        yield f"Tags of {number} resources of `{stack}` change in place."


def _new_values(shown: Sequence[ResourceChange]) -> Iterator[Block]:
    follow = [each.path for each in shown if each.type == _PARAMETER and any(one.set_off_by for one in each.properties)]
    if follow:
        names = (path.removesuffix("Parameter") for path in follow)
        yield f"Outputs and SSM parameters that get a new value: {', '.join(names)}."


def _retrained_later(head: Assembly, comparison: Comparison) -> Iterator[Block]:
    """Source: developer guide, "Domain recommenders in Amazon Personalize"."""
    imports = [each.path for each in comparison.changes if each.noun == "DatasetImportJob" and _is_run(each)]
    recommenders = [
        path_of(resource, logical_id)
        for template in head.templates.values()
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == "Custom::PersonalizeRecommender"
    ]
    if imports and recommenders:
        yield (
            f"New data by {_listed(imports)}: the service itself trains {_listed(recommenders)} again from it, "
            f"within 7 days."
        )


def _is_run(change: ResourceChange) -> bool:
    """Whether deploying the change makes a new one."""
    return change.kind is Kind.ADDED or change.effect is Effect.REPLACED


def _listed(paths: Iterable[str]) -> str:
    return ", ".join(f"`{path}`" for path in paths)


def _takes(change: ResourceChange, rehearsal: Rehearsal) -> str:
    """How long the service worked on it in rehearsal; the deployment's own end is in the picture of its time."""
    if change.is_refused or change.kind is Kind.REMOVED or not change.noun:
        return ""
    seconds = rehearsal.seconds_of(change.stack, change.path)
    return _duration(seconds) if seconds >= 60 else f"{seconds:.0f} s"


def _rows(change: ResourceChange, takes: str) -> Iterator[tuple[str, ...]]:
    name = f"`{change.path}` ({change.type.removeprefix('Custom::Personalize')})"
    if change.kind is not Kind.CHANGED:
        what = f"**{change.kind.value}, and its data is lost**" if change.loses_data else change.kind.value
        yield name, "", "", what, takes, _added_or_removed(change)
        return
    for each in change.properties:
        if each.name != "Tags" and not (change.type == _PARAMETER and each.set_off_by):
            yield name, f"`{each.name}`", _before_and_after(each), _what(change, each), takes, _meanwhile(change, each)


def _added_or_removed(change: ResourceChange) -> str:
    if change.kind is Kind.ADDED:
        return _SERVED if change.noun else ""
    return "**it serves nothing any more**" if change.noun in _SERVING else ""


def _before_and_after(change: PropertyChange) -> str:
    if change.set_off_by:
        return f"a new value, because `{change.set_off_by}` is replaced"
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
    if one.effect in REFUSALS:
        return f"**{one.effect.value}**{': ' if one.why else ''}{one.why}"
    if one.effect is Effect.REPLACED and change.loses_data:
        return "**replaced, and its data is lost**"
    return f"{one.effect.value}{_BESIDES.get((change.noun, one.effect), '')}"


def _meanwhile(change: ResourceChange, one: PropertyChange) -> str:
    return _MEANWHILE.get((change.noun, one.effect), _SERVED if change.noun else "")


# -- time --------------------------------------------------------------------------------------------------------


def _time(rehearsal: Rehearsal) -> Iterator[Block]:
    if not rehearsal.steps:
        yield "Nothing here takes time."
    else:
        yield (
            f"About {_duration(rehearsal.seconds)}, rehearsed in virtual time with the real provider and typical "
            f"durations. How long the service takes depends on your data. On the critical path: "
            f"{_listed(step.path for step in rehearsal.critical_path)}."
        )
        yield Gantt(
            [
                Bar(f"{step.path} ({step.type})", step.begins / 60, step.ends / 60, step in rehearsal.critical_path)
                for step in rehearsal.steps
            ]
        )
    for reason in rehearsal.reasons:
        yield f"**This failed in the rehearsal**: {reason}"


def _duration(seconds: float) -> str:
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


# -- money -------------------------------------------------------------------------------------------------------


def _money(base: Assembly, head: Assembly, comparison: Comparison, prices: Prices) -> Iterator[Block]:
    before, after = costs(base, prices), costs(head, prices)
    hours = prices.assumptions.hours_per_month
    old, new = (sum(each.per_month(hours) for each in side) for side in (before, after))
    yield (
        f"While nobody asks for recommendations, about {_dollars(new)} a month "
        f"({_dollars(sum(each.per_hour or 0.0 for each in after))} an hour); before, {_dollars(old)}: "
        f"{_difference(new - old)}."
    )
    if before or after:
        header = ("resource", "what is billed", "per hour", "per month", "before", "per training")
        yield Table(header, list(_costs(before, after, hours)))
    yield from _once(after, comparison, prices)
    yield (
        f"In {prices.currency}, region {prices.region}, at the prices of {prices.as_of} "
        f"({prices.source}, {prices.checked}). A month has {hours:g} hours; recommenders are for up to 100,000 users. "
        f"You also pay for storage, logs, polling, and requests beyond the minimums."
    )


def _costs(before: Sequence[Cost], after: Sequence[Cost], hours: float) -> Iterator[tuple[str, ...]]:
    """A line for each cost there is or was."""
    old, new = ({each.key: each for each in side} for side in (before, after))
    for key, each in {**old, **new}.items():
        now = new.get(key)
        yield (
            f"`{each.stack}/{each.path}`",
            each.what if now else f"{each.what} (**no longer**)",
            _or_unknown(now.per_hour) if now else "",
            _monthly(now, hours),
            _monthly(old.get(key), hours),
            _or_unknown(now.per_training) if now else "",
        )


def _monthly(cost: Cost | None, hours: float) -> str:
    if cost is None:
        return ""
    return _or_unknown(None if cost.per_hour is None else cost.per_month(hours))


def _once(after: Iterable[Cost], comparison: Comparison, prices: Prices) -> Iterator[Block]:
    """What deploying the change costs by itself: trainings and imports."""
    runs = [each for each in comparison.changes if _is_run(each)]
    made = {(each.stack, each.path) for each in runs}
    trained = [
        each for each in after if not each.automatic_days and each.per_training != 0 and (each.stack, each.path) in made
    ]
    for each in trained:
        yield f"Deploying it trains `{each.path}` once: {_or_unknown(each.per_training)}."
    imports = [each.path for each in runs if each.noun == "DatasetImportJob"]
    if imports:
        yield f"Deploying it imports {_listed(imports)}: {_dollars(prices.import_per_gb)} per GB."


def _or_unknown(amount: float | None) -> str:
    if amount is None:
        return "**not known**"
    return _dollars(amount) if amount else ""


def _dollars(amount: float) -> str:
    return f"${amount:,.2f}"


def _difference(amount: float) -> str:
    if abs(amount) < 0.005:
        return "no change"
    return f"{_dollars(abs(amount))} {'more' if amount > 0 else 'less'}"


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
    header = ("stack", "type", "number", "when it leaves the stack", "which")
    return Table(header, [row for stack in head.templates for row in _of_stack(stack, head.templates[stack])])


def _of_stack(stack: str, template: Template) -> Iterator[tuple[str, ...]]:
    kinds: dict[tuple[str, str], list[str]] = {}
    for logical_id, each in template["Resources"].items():
        if each["Type"] != "AWS::CDK::Metadata":
            kind = (each["Type"], each.get("DeletionPolicy", "Delete"))
            kinds.setdefault(kind, []).append(path_of(each, logical_id))
    for (type_, policy), paths in sorted(kinds.items()):
        # The links of a chain follow from the resource that they wait for.
        names = sorted({path.partition(CHAIN)[0] for path in paths} if type_ in PASSING_ON else paths)
        when = "deleted" if policy == "Delete" else "kept"
        yield stack, f"`{type_}`", str(len(paths)), when, ", ".join(names)
