"""How long deploying a change takes, as a review says it."""

from __future__ import annotations

from collections.abc import Iterator

from tools.simulation.assembly import Assembly

from .diff import Comparison, ResourceChange, is_run, path_of
from .rehearsal import Rehearsal
from .review import Bar, Time
from .values import listed

_RECOMMENDER = "Custom::PersonalizeRecommender"


def time_of(head: Assembly, comparison: Comparison, rehearsal: Rehearsal) -> Time:
    """What takes time, and what happens after the deployment."""
    bars = tuple(
        Bar(step.path, step.type, step.begins / 60, step.ends / 60, step in rehearsal.critical_path)
        for step in rehearsal.steps
    )
    return Time(
        total=_total(rehearsal),
        bars=bars,
        failures=rehearsal.reasons,
        notes=(*_about(rehearsal), *_retrained_later(head, comparison)),
    )


def takes(change: ResourceChange, rehearsal: Rehearsal) -> str:
    """How long the service worked on it in rehearsal; the deployment's own end is in the picture of its time.

    Empty if it took no time, or if the rehearsal did not get that far.
    """
    seconds = rehearsal.seconds_of(change.stack, change.path) if change.noun else 0.0
    if not seconds:
        return ""
    return duration(seconds) if seconds >= 60 else f"{seconds:.0f} s"


def _total(rehearsal: Rehearsal) -> str:
    if not rehearsal.steps:
        return ""
    if rehearsal.reasons:
        return f"Not known: the rehearsal failed after about {duration(rehearsal.seconds)}"
    return f"About {duration(rehearsal.seconds)}"


def duration(seconds: float) -> str:
    """`1 h 5 min`, or `5 min`."""
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _about(rehearsal: Rehearsal) -> Iterator[str]:
    if rehearsal.steps:
        yield (
            "Rehearsed in virtual time with the real provider and typical durations. How long the service takes "
            "depends on your data."
        )
        yield f"On the critical path: {listed(step.path for step in rehearsal.critical_path)}."


def _retrained_later(head: Assembly, comparison: Comparison) -> Iterator[str]:
    """Source: developer guide, "Domain recommenders in Amazon Personalize"."""
    imports = [each.path for each in comparison.changes if each.noun == "DatasetImportJob" and is_run(each)]
    recommenders = [
        path_of(resource, logical_id)
        for template in head.templates.values()
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == _RECOMMENDER
    ]
    if imports and recommenders:
        yield (
            f"New data by {listed(imports)}: the service itself trains {listed(recommenders)} again from it, within "
            f"7 days."
        )
