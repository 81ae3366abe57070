"""How long deploying a change takes, as a review says it."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from tools.emulator import RECORDED, RECORDED_INTERACTIONS, Durations, Range
from tools.simulation.assembly import Assembly

from .diff import Comparison, ResourceChange, is_run, path_of
from .rehearsal import Rehearsal, Step
from .review import Bar, Time
from .values import listed

_MINUTE = 60.0
_AT_ONCE = 1.0
_USUAL = Durations()
# What nobody should take for done at once.
_LONG = ("DatasetImportJob", "Recommender", "SolutionVersion", "Campaign")
_RECOMMENDER = "Custom::PersonalizeRecommender"


def time_of(head: Assembly, comparison: Comparison, rehearsal: Rehearsal, interactions: int) -> Time:
    """What takes time, and what happens after the deployment.

    Args:
        head: what is deployed then.
        comparison: what changes.
        rehearsal: how it went.
        interactions: how many there are to train on.
    """
    bars = tuple(
        Bar(step.path, step.type, step.begins / 60, step.ends / 60, step in rehearsal.critical_path)
        for step in rehearsal.steps
    )
    return Time(
        total=_total(rehearsal),
        bars=bars,
        failures=rehearsal.reasons,
        notes=(*_about(rehearsal, interactions), *_retrained_later(head, comparison)),
    )


def takes(change: ResourceChange, rehearsal: Rehearsal) -> str:
    """How long the service worked on it in rehearsal; the deployment's own end is in the picture of its time.

    If the rehearsal failed before, what it usually takes. Empty if it takes no time.
    """
    if not change.noun:
        return ""
    seconds = rehearsal.seconds_of(change.stack, change.path)
    if seconds:
        return _with_range(change.noun, seconds)
    usual = _USUAL.of("create", change.noun) if rehearsal.reasons and change.noun in _LONG and is_run(change) else 0.0
    return f"{_with_range(change.noun, usual)}, not rehearsed" if usual else ""


def usual(verb: str, noun: str) -> str:
    """What the service usually takes, with the range that somebody wrote down; empty if it takes no time.

    Args:
        verb: `create`, `update`, `start` or `stop`.
        noun: of the type.
    """
    seconds = _USUAL.of(verb, noun)
    return _with_range(noun, seconds) if seconds else ""


def duration(seconds: float) -> str:
    """`1 h 5 min`, or `5 min`."""
    hours, minutes = divmod(round(seconds / 60), 60)
    return f"{hours} h {minutes} min" if hours else f"{minutes} min"


def _total(rehearsal: Rehearsal) -> str:
    """From the beginning to the end, with the range that comes of the steps' ranges."""
    if not rehearsal.steps:
        # What is only deleted is no step.
        return f"About {duration(rehearsal.seconds)}" if rehearsal.seconds >= _MINUTE else ""
    if rehearsal.reasons:
        return f"Not known: the rehearsal failed after about {duration(rehearsal.seconds)}"
    shortest = _whole(rehearsal, lambda known, seconds: min(known.shortest, seconds))
    longest = _whole(rehearsal, lambda known, seconds: max(known.longest, seconds))
    return f"About {_ranged(rehearsal.seconds, shortest, longest)}"


def _whole(rehearsal: Rehearsal, chosen: Callable[[Range, float], float]) -> float:
    """Seconds that the whole takes, if each step takes those chosen of its range and of what it took.

    A step begins after those that had ended when it began in the rehearsal, and as long after.
    """
    ends: dict[Step, float] = {}
    for step in sorted(rehearsal.steps, key=lambda each: each.ends):
        before = [each for each in ends if each.ends <= step.begins + _AT_ONCE]
        waits = max(0.0, step.begins - max((each.ends for each in before), default=0.0))
        seconds = step.ends - step.begins
        known = _range(step.type, seconds)
        begins = max((ends[each] for each in before), default=0.0) + waits
        ends[step] = begins + (chosen(known, seconds) if known else seconds)
    return max(ends.values()) + rehearsal.seconds - max(step.ends for step in rehearsal.steps)


def _with_range(noun: str, seconds: float) -> str:
    known = _range(noun, seconds)
    if known:
        return _ranged(seconds, min(known.shortest, seconds), max(known.longest, seconds))
    return duration(seconds) if seconds >= _MINUTE else f"{seconds:.0f} s"


def _ranged(seconds: float, shortest: float, longest: float) -> str:
    """`10 min (2 min to 17 min)`; without the range if it is nothing more."""
    about, span = duration(seconds), (duration(shortest), duration(longest))
    return about if set(span) == {about} else f"{about} ({span[0]} to {span[1]})"


def _range(noun: str, seconds: float) -> Range | None:
    """How long what took so many seconds took elsewhere; None if nobody wrote it down, or if it was a lesser change."""
    name = _USUAL.likeliest(noun, seconds)
    return RECORDED.get(name) if seconds >= getattr(_USUAL, name) else None


def _about(rehearsal: Rehearsal, interactions: int) -> Iterator[str]:
    if not rehearsal.steps:
        return
    yield (
        "Rehearsed in virtual time with the real provider and usual durations. In parentheses, how long it took in "
        "AWS's own workshops, with 100,000 to 1 million interactions (docs/operations.md has each source); the "
        "service promises nothing."
    )
    if interactions > RECORDED_INTERACTIONS:
        yield f"With {interactions:,} interactions it can take longer than that: no source says how long."
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
