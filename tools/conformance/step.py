"""The steps of a conformance run, as plain data.

A step performs requests; what came is recorded by itself, and two recordings are compared afterwards. So a step asserts
nothing. It may say what it expects, so that one run alone shows what is not as we believe.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum

from .run import Run


class Tier(Enum):
    """What a run may cost: FREE nothing, IMPORT cents, TRAIN dollars and hours. Each has the steps of the former."""

    FREE = "free"
    IMPORT = "import"
    TRAIN = "train"

    @property
    def holds(self) -> tuple[Tier, ...]:
        """The tiers whose steps a run of this one performs."""
        tiers = tuple(Tier)
        return tiers[: tiers.index(self) + 1]


class Endpoint(Enum):
    """What a run talks to."""

    EMULATOR = "emulator"
    LOCAL = "local"
    AWS = "aws"


@dataclass(frozen=True)
class Cost:
    """What a step costs on AWS.

    Attributes:
        amount: `free`, `cents` or `dollars`.
        dollars: how much, in US dollars, where a price is published.
        source: where that price is from.
    """

    amount: str = "free"
    dollars: float | None = None
    source: str = ""


FREE = Cost()


@dataclass(frozen=True)
class Expected:
    """What we believe the service answers.

    Attributes:
        operation: of the request, such as `CreateFilter`.
        error: the error code, such as `InvalidInputException`; "" for an answer without error.
        members: paths that the answer has, such as `filter.failureReason` or `recipes[].recipeArn`.
        which: of several requests of this operation in the step, counted from 0; -1 for the last.
    """

    operation: str
    error: str = ""
    members: tuple[str, ...] = ()
    which: int = -1


@dataclass(frozen=True)
class Step:
    """One step.

    Attributes:
        name: topic and what is tried: `filters.unknown_column`.
        what: what it does, one sentence.
        does: performs the requests.
        rules: ids of the rules of docs/personalize-rules.md that a difference in this step concerns.
        tier: the first tier that has it.
        needs: names of steps that come before it; it is left out if one of them did not end well.
        cost: what it costs on AWS.
        minutes: how long it takes on AWS, roughly.
        expects: what we believe comes.
        endpoints: where it can be performed.
    """

    name: str
    what: str
    does: Callable[[Run], None]
    rules: tuple[str, ...]
    tier: Tier = Tier.FREE
    needs: tuple[str, ...] = ()
    cost: Cost = FREE
    minutes: float = 0.0
    expects: tuple[Expected, ...] = ()
    endpoints: frozenset[Endpoint] = frozenset(Endpoint)


class PlanError(Exception):
    """The steps do not fit together; str() says which and why."""


def in_order(steps: Iterable[Step], tier: Tier, only: Sequence[str] = ()) -> list[Step]:
    """The steps of a tier, each after what it needs.

    Args:
        steps: all there are.
        tier: what the run may cost.
        only: names of steps; the others are left out, but for what these need. Empty: all.

    Raises:
        PlanError: two steps have a name, a step needs one that the tier does not have, or steps need each other.
    """
    known: dict[str, Step] = {}
    for step in steps:
        if step.name in known:
            raise PlanError(f"Two steps have the name {step.name}.")
        known[step.name] = step
    found: dict[str, Step] = {}
    for name in only or [step.name for step in known.values() if step.tier in tier.holds]:
        _add(name, known, tier, found, ())
    return list(found.values())


def _add(name: str, known: dict[str, Step], tier: Tier, found: dict[str, Step], below: tuple[str, ...]) -> None:
    if name in below:
        raise PlanError(f"These steps need each other: {', '.join(below)}.")
    if name not in known:
        raise PlanError(f"There is no step {name}{f', which {below[-1]} needs' if below else ''}.")
    step = known[name]
    if step.tier not in tier.holds:
        asked = f"{below[-1]} needs {name}, which" if below else name
        raise PlanError(f"{asked} is of tier {step.tier.value}, not {tier.value}.")
    for needed in step.needs:
        _add(needed, known, tier, found, (*below, name))
    found[name] = step
