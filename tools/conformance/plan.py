"""What a run is going to make and to cost, and what came of it, as text."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from .conduct import DONE, Result
from .connections import Connection
from .step import Endpoint, Step

# Minutes for which credentials of a role are valid by default (IAM API, UpdateRole, MaxSessionDuration).
_SESSION = 60


def as_text(steps: Sequence[Step], connection: Connection, prefix: str) -> str:
    """What is shown before a run begins."""
    where = f"{connection.endpoint.value}, account {connection.account}, {connection.region}"
    return "\n".join(
        [
            f"A conformance run of {len(steps)} steps on {where}.",
            *([] if connection.endpoint is not Endpoint.AWS else _told_of_aws(steps, prefix)),
        ]
    )


def _told_of_aws(steps: Sequence[Step], prefix: str) -> Iterator[str]:
    for step in steps:
        cost = "" if step.cost.amount == "free" else f" ({_cost(step)})"
        yield f"  {step.name}: {step.what}{cost}"
    yield f"The names of all it makes begin with {prefix}. It removes them at the end; if it cannot,"
    yield "`make conformance-clean PROFILE=...` does."
    minutes = sum(step.minutes for step in steps)
    renewed = " The credentials have to last as long, or the profile has to renew them." if minutes > _SESSION else ""
    yield f"It takes about {_duration(minutes)}.{renewed}"
    yield _total(steps)


def _cost(step: Step) -> str:
    if step.cost.dollars is None:
        return step.cost.amount
    return f"{step.cost.amount}, about ${step.cost.dollars:.2f}: {step.cost.source}"


def _total(steps: Sequence[Step]) -> str:
    counts = Counter(step.cost.amount for step in steps)
    priced = sum(step.cost.dollars or 0.0 for step in steps)
    unpriced = sum(step.cost.amount != "free" and step.cost.dollars is None for step in steps)
    amounts = ", ".join(f"{number} {amount}" for amount, number in counts.items())
    also = f", and what {unpriced} steps without a published price cost" if unpriced else ""
    return f"Cost by step: {amounts}. Together about ${priced:.2f}{also}."


def _duration(minutes: float) -> str:
    return f"{minutes:.0f} minutes" if minutes < 120 else f"{minutes / 60:.1f} hours"


def summary(result: Result) -> str:
    """What is shown after a run."""
    counts = Counter(step.outcome for step in result.steps)
    lines = [f"Steps: {', '.join(f'{number} {outcome}' for outcome, number in counts.items())}."]
    for step in result.steps:
        if step.outcome != DONE:
            lines.append(f"{step.step} {step.outcome}: {step.why}")
        lines += [f"{step.step} (rules {', '.join(step.rules)}): {sentence}" for sentence in step.unexpected]
    lines += [f"Left: {each}" for each in result.left]
    return "\n".join(lines)
