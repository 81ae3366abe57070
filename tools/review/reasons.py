"""Why a change cannot be deployed, or what a reviewer has to know before it is."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from lambdas.personalize_provider.resource_type import Effect
from tools.simulation.assembly import Assembly
from tools.simulation.template import Template, dependencies, everything_before, references

from .changes import CALLED, SERVING
from .diff import Comparison, Kind, ResourceChange, is_run, path_of
from .operating import operating_reasons
from .rehearsal import Rehearsal
from .renames import Rename
from .review import Money, Reason, Time, Verdict
from .stored import PASSING_ON
from .values import listed

_CUSTOM = "Custom::Personalize"
_GATE = f"{_CUSTOM}QualityGate"
# Longer than anybody watches a terminal.
_LONG = 3600
# Train on columns, with the property that says which.
_TRAINED = {f"{_CUSTOM}Recommender": "RecommenderConfig", f"{_CUSTOM}Solution": "SolutionConfig"}


@dataclass(frozen=True)
class Found:
    """Everything that reasons are drawn from.

    Attributes:
        base: what is deployed.
        head: what would be.
        comparison: what differs.
        rehearsal: how deploying it went.
        renames: what is probably renamed.
        time: what the review says of it.
        money: the same.
        errors: for which `cdk deploy` refuses it.
        destroy: how to destroy what is deployed; empty if nothing is.
    """

    base: Assembly
    head: Assembly
    comparison: Comparison
    rehearsal: Rehearsal
    renames: Sequence[Rename]
    time: Time
    money: Money
    errors: Sequence[str] = ()
    destroy: str = ""

    @property
    def changes(self) -> list[ResourceChange]:
        """Every change."""
        return self.comparison.changes

    @cached_property
    def made(self) -> set[tuple[str, str]]:
        """Stack and logical id of what is new once it is deployed."""
        return {(each.stack, each.logical_id) for each in self.changes if is_run(each)}

    def is_renamed(self, change: ResourceChange) -> bool:
        """Whether it is probably one side of a rename."""
        return any(each.concerns(change) for each in self.renames)


def reasons_of(found: Found) -> tuple[Reason, ...]:
    """Every reason, the gravest first."""
    stopping = tuple(_refused(found.comparison)) or tuple(_refused_in_rehearsal(found.rehearsal))
    return (
        *(Reason(Verdict.REFUSED, "refused at synth", each) for each in found.errors),
        *stopping,
        *_unrehearsed(found.rehearsal),
        *_adopted(found.changes),
        *_left_behind(found),
        *_lost(found),
        *_renamed(found),
        *_new_arns(found),
        *_removed(found),
        *_stopped(found),
        *_new_columns(found),
        *_unserved(found),
        *_judged(found),
        *operating_reasons(found.base, found.head),
        *_money(found.money),
        *_time(found),
    )


def sentence(comparison: Comparison, reasons: Sequence[Reason]) -> str:
    """What follows the words of the verdict."""
    stopping = [each for each in reasons if each.verdict is Verdict.REFUSED]
    if stopping:
        return " ".join(dict.fromkeys(each.text for each in stopping))
    counts = Counter(_summary(each) for each in comparison.changes if each.type not in PASSING_ON)
    said = ", ".join(f"{number} {what}" for what, number in sorted(counts.items()))
    what = f"{said}." if counts else "Deploying changes nothing."
    topics = ", ".join(dict.fromkeys(each.topic for each in reasons))
    return f"{topics}. {what}" if topics else what


def _summary(change: ResourceChange) -> str:
    if change.adopted:
        return "adopted"
    if change.kind is not Kind.CHANGED:
        return change.kind.value
    if all(each.name == "Tags" for each in change.properties):
        return "with changed tags only"
    return change.effect.value.partition(",")[0]


# -- what stops it -----------------------------------------------------------------------------------------------


def _refused(comparison: Comparison) -> Iterator[Reason]:
    for each in comparison.stopped:
        if each.loses_data and not each.is_refused:
            yield Reason(Verdict.REFUSED, "data is lost", f"{each.path} loses its data.", (each.path,))
            continue
        if each.adopted and each.adopted.refused:
            yield Reason(Verdict.REFUSED, "not adopted", f"{each.path}: {each.adopted.refused}", (each.path,))
            continue
        why = next((one.why for one in each.properties if one.why), "")
        effect = each.effect.value.removeprefix("refused, ")
        text = f"{each.path} is refused{f': {why}' if why else f', {effect}'}"
        yield Reason(Verdict.REFUSED, "refused", f"{text.rstrip('.')}.", (each.path,))


def _refused_in_rehearsal(rehearsal: Rehearsal) -> Iterator[Reason]:
    for each in rehearsal.refusals:
        text = f"The provider refused it in the rehearsal: {each}"
        yield Reason(Verdict.REFUSED, "refused in rehearsal", text)


# -- what to read ------------------------------------------------------------------------------------------------


def _read(topic: str, text: str, paths: Sequence[str] = (), command: str = "") -> Reason:
    return Reason(Verdict.READ_FIRST, topic, text, tuple(paths), command)


def _unrehearsed(rehearsal: Rehearsal) -> Iterator[Reason]:
    for each in rehearsal.earlier[:1]:
        yield _read(
            "not rehearsed",
            f"What is deployed could not be rehearsed, so neither could the change: its times are not known, and the "
            f"provider may refuse it. {each}",
        )


def _adopted(changes: Sequence[ResourceChange]) -> Iterator[Reason]:
    taken = [each for each in changes if each.adopted and not each.adopted.refused]
    unlike = [each.path for each in taken if each.adopted and each.adopted.changes]
    if not taken:
        return
    where = next((each.adopted.where for each in taken if each.adopted), "")
    if not where:
        yield _read(
            "not compared",
            f"{len(taken)} resources that exist are taken over. What they are was not compared: no account at hand. "
            f"PROFILE=name compares with AWS, and so does a local cloud that runs.",
        )
        return
    changed = f"; changed in place: {listed(unlike)}" if unlike else ""
    text = f"{len(taken)} resources that exist in {where} are taken over, and nothing is imported or trained{changed}."
    yield _read("adopted", text, unlike)


def _left_behind(found: Found) -> Iterator[Reason]:
    names = found.comparison.left_behind
    if names:
        yield _read(
            "stacks left behind",
            f"The app no longer has the stacks {listed(names)}, because it or the environment has another name. "
            f"Deploying does not touch the old stacks: they stay and bill. Destroy them first:",
            command=found.destroy,
        )


def _lost(found: Found) -> Iterator[Reason]:
    lost = [each.path for each in found.changes if each.loses_data and each.loss_is_accepted]
    if lost:
        yield _read(
            "data is lost", f"The data of {listed(lost)} is lost. allow_replacement in the settings accepts that.", lost
        )
    kept = [each.path for each in found.changes if each.is_kept and each.kind is Kind.REMOVED]
    if kept:
        yield _read(
            "kept",
            f"{listed(kept)} leaves its stack, but stays in the account, because the removal policy is retain. "
            f"From then on nobody but you deletes it.",
            kept,
        )


def _renamed(found: Found) -> Iterator[Reason]:
    for each in found.renames:
        yield _read(
            "renamed",
            f"{each.old.path} is probably renamed to {each.new.path}. {each.consequence}",
            (each.old.path, each.new.path),
        )


def _new_arns(found: Found) -> Iterator[Reason]:
    paths = [each.path for each in found.changes if each.noun in CALLED and each.effect is Effect.REPLACED]
    if paths:
        yield _read(
            "another ARN",
            f"Clients need new ARNs or ids, which are in the outputs: those of {listed(paths)}. The old ones stop "
            f"working at the end of the deployment, when the old resources are deleted.",
            paths,
        )


def _removed(found: Found) -> Iterator[Reason]:
    gone = [each for each in found.changes if each.kind is Kind.REMOVED and not each.is_kept]
    gone = [each for each in gone if each.noun in CALLED and not found.is_renamed(each)]
    serving = [each.path for each in gone if each.noun in SERVING]
    others = [each.path for each in gone if each.noun not in SERVING]
    if serving:
        yield _read(
            "interruption",
            f"Nobody gets recommendations from {listed(serving)} any more, because the settings no longer have it: it "
            f"is deleted at the end of the deployment.",
            serving,
        )
    if others:
        yield _read(
            "interruption",
            f"Requests that use {listed(others)} fail after the deployment, because the settings no longer have it: it "
            f"is deleted at the end.",
            others,
        )


def _stopped(found: Found) -> Iterator[Reason]:
    off = [
        change.path
        for change in found.changes
        if change.noun in SERVING and any(name == "Active" and _is_false(after) for name, after in _new_values(change))
    ]
    if off:
        yield _read(
            "interruption",
            f"Nobody gets recommendations from {listed(off)} any more, because the settings say that it is not active: "
            f"it is stopped during the deployment. Started again, it serves the model it had.",
            off,
        )


def _new_values(change: ResourceChange) -> Iterator[tuple[str, Any]]:
    """Properties that change, each with its new value."""
    yield from ((each.name, each.after) for each in change.properties)
    yield from ((name, after) for name, _, after in (change.adopted.changes if change.adopted else ()))


def _is_false(value: Any) -> bool:
    return str(value).lower() == "false"


def _new_columns(found: Found) -> Iterator[Reason]:
    for change in found.changes:
        in_place = any(each.name == "SchemaArn" and each.effect is Effect.IN_PLACE for each in change.properties)
        if change.noun != "Dataset" or not in_place:
            continue
        old, new = (_columns(side, change) for side in (found.base, found.head))
        type_ = str(found.head.templates[change.stack]["Resources"][change.logical_id]["Properties"]["DatasetType"])
        columns = [each for each in new if each not in old and not _is_trained_on(found, type_.upper(), each)]
        if columns:
            yield _read(
                "columns nothing trains on",
                f"Nothing trains on the new columns {listed(columns)} of {change.path} until included_dataset_columns "
                f"lists them. Filters can use them at once.",
                (change.path,),
            )


def _columns(assembly: Assembly, change: ResourceChange) -> list[str]:
    """Names of the fields of a dataset's schema."""
    resources = assembly.templates[change.stack]["Resources"]
    schemas = (resources.get(each, {}) for each in references(resources[change.logical_id]["Properties"]["SchemaArn"]))
    texts = [each["Properties"]["Schema"] for each in schemas if "Schema" in each.get("Properties", {})]
    return [str(field["name"]) for text in texts for field in json.loads(text)["fields"]]


def _is_trained_on(found: Found, dataset_type: str, column: str) -> bool:
    """Whether something that is new trains on a column, or something names it.

    Source: developer guide, "Replacing a dataset's schema to add new columns": what exists leaves it out.
    """
    for stack, logical_id, resource in _all(found.head):
        if resource["Type"] not in _TRAINED:
            continue
        config = resource["Properties"].get(_TRAINED[resource["Type"]], {}).get("TrainingDataConfig", {})
        included = config.get("IncludedDatasetColumns", {}).get(dataset_type)
        excluded = config.get("ExcludedDatasetColumns", {}).get(dataset_type, [])
        if included is not None and column in included:
            return True
        if included is None and column not in excluded and (stack, logical_id) in found.made:
            return True
    return False


def _all(assembly: Assembly) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for stack, template in assembly.templates.items():
        for logical_id, resource in template["Resources"].items():
            yield stack, logical_id, resource


def _unserved(found: Found) -> Iterator[Reason]:
    for stack, template in found.head.templates.items():
        served, followed = _served(template)
        for logical_id, resource in template["Resources"].items():
            path = path_of(resource, logical_id)
            if _is_trained_by_itself(resource) and logical_id not in followed:
                yield _read(
                    "trainings nothing serves",
                    f"The automatic trainings of {path} are billed, but no campaign follows the latest version. Set "
                    f"follow_latest to true, or auto_training_days to null.",
                    (path,),
                )
            is_version = resource["Type"] == f"{_CUSTOM}SolutionVersion"
            if is_version and (stack, logical_id) in found.made and logical_id not in served:
                yield _read("trainings nothing serves", f"No campaign serves what {path} trains.", (path,))


def _is_trained_by_itself(resource: Mapping[str, Any]) -> bool:
    """Automatic trainings are on unless the template turns them off (API reference, CreateSolution)."""
    is_solution = resource["Type"] == f"{_CUSTOM}Solution"
    return is_solution and str(resource["Properties"].get("PerformAutoTraining", "true")).lower() == "true"


def _served(template: Template) -> tuple[set[str], set[str]]:
    """What campaigns come after, and what those come after that follow the latest version."""
    needs = {each: dependencies(template, each) for each in template["Resources"]}
    served, followed = set[str](), set[str]()
    for logical_id, resource in template["Resources"].items():
        if resource["Type"] == f"{_CUSTOM}Campaign":
            before = everything_before(logical_id, needs)
            served |= before
            config = resource["Properties"].get("CampaignConfig", {})
            if str(config.get("SyncWithLatestSolutionVersion", "false")).lower() == "true":
                followed |= before
    return served, followed


def _judged(found: Found) -> Iterator[Reason]:
    changed = {(each.stack, each.logical_id): each.kind for each in found.changes if each.type == _GATE}
    for stack, template in found.head.templates.items():
        needs = {each: dependencies(template, each) for each in template["Resources"]}
        for logical_id, resource in template["Resources"].items():
            trained = {
                each
                for each in everything_before(logical_id, needs)
                if (stack, each) in found.made and "SolutionVersion" in template["Resources"][each]["Type"]
            }
            if resource["Type"] == _GATE and (trained or (stack, logical_id) in changed):
                path = path_of(resource, logical_id)
                is_first = changed.get((stack, logical_id)) is Kind.ADDED
                said = _judgement(resource["Properties"], bool(trained), is_first)
                yield _read("quality gate", f"{path} {said}", (path,))


def _judgement(properties: Mapping[str, Any], is_trained: bool, is_first: bool) -> str:
    what = "the new version" if is_trained else "the version that is there"
    minimums = [f"{name} of at least {least}" for name, least in sorted(properties.get("Minimums", {}).items())]
    if str(properties.get("CompareWithDeployed", "false")).lower() == "true":
        minimums.append(f"no metric more than {properties.get('Tolerance', 0)} below that of the deployed version")
    end = "" if is_first else "; the campaign keeps what it serves"
    return (
        f"judges {what} by its metrics, which only your data decides: {listed(minimums)}. If it fails, the stack rolls "
        f"back{', after the training has been paid for' if is_trained else ''}{end}."
    )


def _money(money: Money) -> Iterator[Reason]:
    if money.goes_up:
        yield _read(
            "money",
            f"About {money.after} a month instead of {money.before}, if nobody asks for recommendations: "
            f"{money.difference}.",
        )


def _time(found: Found) -> Iterator[Reason]:
    if found.rehearsal.seconds >= _LONG and found.time.total and not found.rehearsal.reasons:
        yield _read("time", f"{found.time.total} until the deployment is done.")
