"""What happens to each stack and each resource, as a review says it."""

from __future__ import annotations

import itertools
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any

from lambdas.personalize_provider.resource_type import Effect
from tools.simulation.assembly import Assembly

from .adoption import Adopted
from .diff import REFUSALS, Comparison, Kind, PropertyChange, ResourceChange
from .rehearsal import Rehearsal
from .renames import Rename
from .review import Change, Difference, Property, StackChanges, Verdict
from .stored import PASSING_ON
from .times import takes
from .values import plain

PARAMETER = "AWS::SSM::Parameter"
_SERVED = "served throughout"
# Serve recommendations.
SERVING = ("Recommender", "Campaign")
# Called by their ARN or id, which a new one changes.
CALLED = (*SERVING, "Filter", "EventTracker")

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

# The same for a property that says more than its effect.
_OF_PROPERTY: Mapping[tuple[str, str], str] = {
    ("Recommender", "Active"): "a stopped recommender answers no request; started again, it serves the model it had",
}

# Properties that say what a resource is; of the others of a new one, nobody has to judge.
_TELLING = (
    *("RecipeArn", "RecommenderConfig", "FilterExpression", "DatasetType", "Schema", "DataSource", "ImportMode"),
    *("SolutionConfig", "PerformAutoTraining", "SolutionUpdateConfig", "MinProvisionedTPS", "CampaignConfig"),
    *("Metrics", "MetricsOutputConfig", "Domain", "KmsKeyArn", "Active"),
    # Of CloudFormation's own types, in the operations stack.
    *("ScheduleExpression", "ScheduleExpressionTimezone", "Threshold", "AlarmDescription", "Endpoint", "EventPattern"),
)


def stacks_of(
    base: Assembly, head: Assembly, comparison: Comparison, rehearsal: Rehearsal, renames: Sequence[Rename]
) -> tuple[StackChanges, ...]:
    """Every stack of either side, with what happens to it."""
    known = [_stack(name, base, head, comparison, rehearsal, renames) for name in head.templates]
    left = [
        StackChanges(name, "not touched: it has left the app, so it stays and bills") for name in comparison.left_behind
    ]
    return (*known, *left)


def _stack(
    name: str,
    base: Assembly,
    head: Assembly,
    comparison: Comparison,
    rehearsal: Rehearsal,
    renames: Sequence[Rename],
) -> StackChanges:
    changes = [each for each in comparison.changes if each.stack == name]
    shown = [each for each in changes if each.type not in PASSING_ON]
    side = {Kind.REMOVED: base, Kind.ADDED: head, Kind.CHANGED: head}
    made = [_change(each, side[each.kind].templates[name], rehearsal, renames) for each in shown]
    if name not in base.templates:
        # Nothing serves yet, but for what exists.
        made = [each if each.is_adopted else replace(each, meanwhile="") for each in made]
    what = "created" if name not in base.templates else "updated" if changes else "not changed"
    return StackChanges(
        name=name,
        what=what,
        changes=tuple(each for each in made if each.kind != Kind.CHANGED.value or each.properties),
        tagged=sum(any(one.name == "Tags" for one in each.properties) for each in shown),
        new_values=tuple(_new_values(shown)),
    )


def _new_values(changes: Sequence[ResourceChange]) -> Iterator[str]:
    for each in changes:
        if each.type == PARAMETER and any(one.set_off_by for one in each.properties):
            yield each.path.removesuffix("Parameter")


def _change(
    change: ResourceChange, template: Mapping[str, Any], rehearsal: Rehearsal, renames: Sequence[Rename]
) -> Change:
    rename = next((each for each in renames if each.concerns(change)), None)
    made = Change(
        path=change.path,
        type=change.type.removeprefix("Custom::Personalize"),
        kind=change.kind.value,
        what=change.effect.value,
        takes="" if change.is_refused or change.kind is Kind.REMOVED else takes(change, rehearsal),
        meanwhile="",
        verdict=verdict_on(change),
        hint=rename.hint(change) if rename else "",
    )
    if change.kind is Kind.CHANGED and not change.adopted:
        return replace(made, what=_gravest(change), properties=tuple(_properties(change)))
    spelled_out = tuple(_telling(template["Resources"][change.logical_id].get("Properties", {})))
    if change.adopted:
        return _adopted(made, change, change.adopted, spelled_out)
    if change.kind is Kind.ADDED:
        return replace(made, what="added", meanwhile=_SERVED if change.noun else "", spelled_out=spelled_out)
    serves = "it serves nothing any more" if change.noun in SERVING and not change.is_kept else ""
    return replace(made, what=_removed(change), meanwhile=serves, spelled_out=spelled_out)


def _adopted(made: Change, change: ResourceChange, adopted: Adopted, telling: tuple[tuple[str, str], ...]) -> Change:
    """What happens to a resource that is taken over."""
    in_place = _BESIDES.get((change.noun, Effect.IN_PLACE), "")
    properties = tuple(
        Property(
            name=name,
            differences=tuple(_differences(before, after)),
            follows="",
            what=f"{Effect.IN_PLACE.value}{in_place}",
            why="",
            meanwhile=_meanwhile(change.noun, name, Effect.IN_PLACE),
            verdict=Verdict.DEPLOYABLE,
        )
        for name, before, after in adopted.changes
    )
    return replace(
        made,
        what=adopted.what,
        hint=adopted.refused,
        meanwhile="" if adopted.refused else _SERVED,
        properties=properties,
        spelled_out=telling,
        is_adopted=True,
    )


def verdict_on(change: ResourceChange) -> Verdict:
    """What a change alone would lead to."""
    if change.is_stopped:
        return Verdict.REFUSED
    removed = change.kind is Kind.REMOVED and change.noun in CALLED
    replaced = change.effect is Effect.REPLACED and change.noun in CALLED
    return Verdict.READ_FIRST if change.loses_data or removed or replaced else Verdict.DEPLOYABLE


def _removed(change: ResourceChange) -> str:
    if change.is_kept:
        return "removed from the stack, but kept in the account by its removal policy"
    if change.loses_data:
        return "removed, and its data is lost"
    return "removed: deleted at the end of its stack's update"


def _gravest(change: ResourceChange) -> str:
    return next((_what(change, each) for each in change.properties if each.effect is change.effect), "")


def _telling(properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for name in _TELLING:
        if properties.get(name) not in (None, {}, []):
            yield name, shown(plain(properties[name])) or ""


def _properties(change: ResourceChange) -> Iterator[Property]:
    for each in change.properties:
        if each.name != "Tags" and not (change.type == PARAMETER and each.set_off_by):
            yield Property(
                name=each.name,
                differences=() if each.set_off_by else tuple(_differences(plain(each.before), plain(each.after))),
                follows=each.set_off_by,
                what=_what(change, each),
                why=each.why,
                meanwhile=_meanwhile(change.noun, each.name, each.effect),
                verdict=_verdict_on_property(change, each),
            )


def _meanwhile(noun: str, name: str, effect: Effect) -> str:
    said = _OF_PROPERTY.get((noun, name)) or _MEANWHILE.get((noun, effect))
    return said or (_SERVED if noun else "")


def _verdict_on_property(change: ResourceChange, one: PropertyChange) -> Verdict:
    if one.effect in REFUSALS:
        return Verdict.REFUSED
    return verdict_on(change) if one.effect is Effect.REPLACED else Verdict.DEPLOYABLE


def _what(change: ResourceChange, one: PropertyChange) -> str:
    if one.effect in REFUSALS:
        return "refused" if one.why and one.effect is Effect.REFUSED else one.effect.value
    if one.effect is Effect.REPLACED and change.loses_data:
        return "replaced, and its data is lost"
    return f"{one.effect.value}{_BESIDES.get((change.noun, one.effect), '')}"


def _differences(before: Any, after: Any, path: str = "") -> Iterator[Difference]:
    """The innermost parts that differ, each with its path."""
    if _are_named(before, after):
        before, after = ({each["name"]: each for each in side} for side in (before, after))
    if isinstance(before, dict) and isinstance(after, dict):
        for key in [*after, *(key for key in before if key not in after)]:
            if before.get(key) != after.get(key):
                yield from _differences(before.get(key), after.get(key), f"{path}.{key}".lstrip("."))
    elif isinstance(before, list) and isinstance(after, list):
        gone, new = ([each for each in one if each not in other] for one, other in ((before, after), (after, before)))
        for old, now in itertools.zip_longest(gone, new):
            yield Difference(path, shown(old), shown(now))
    else:
        yield Difference(path, shown(before), shown(after))


def _are_named(*lists: Any) -> bool:
    """Whether both are lists of what has a name each, as the fields of a schema."""
    elements = [each for one in lists for each in (one if isinstance(one, list) else [None])]
    return bool(elements) and all(isinstance(each, dict) and "name" in each for each in elements)


def shown(value: Any) -> str | None:
    """A value as text, whole."""
    return value if isinstance(value, str) or value is None else json.dumps(value)
