"""What on_event and is_complete are given, and what they answer."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Protocol

Event = Mapping[str, Any]

# The Provider framework's total timeout is the hour CloudFormation gives a custom resource; the provider ends
# a request earlier, with a sentence that says what it waited for instead of "Operation timed out".
REQUEST_SECONDS = 55 * 60
# The clocks of the function, the service and CloudFormation may differ by this much.
CLOCK_SECONDS = 60
# What begins the types of our custom resources; the noun of the service follows.
TYPE_PREFIX = "Custom::Personalize"


class Clock(Protocol):
    """Time as the provider sees it."""

    def time(self) -> float:
        """Seconds since the epoch."""
        ...

    def sleep(self, seconds: float) -> None:
        """Do nothing for so many seconds."""
        ...


SYSTEM_CLOCK: Clock = time


@dataclass(frozen=True)
class Progress:
    """What on_event tells every later poll of the same request.

    Attributes:
        started: when the request began, in seconds since the epoch.
        in_place: whether an update keeps the resource it has.
        update_seen: creation time of the last update that the service had made when the request began.
        deployment: what CloudFormation was doing with the stack when an update began; once it does something else, the
            provider changes nothing. Empty for a creation, where only is_complete asks.
        leftover: name of a replacement that a cancelled update may have made without telling CloudFormation.
        refusal: why on_event refuses an update; is_complete reports it after HOLD_SECONDS (docs/decisions/0020).
        paused: whether somebody had stopped the resource when the request began.
        repairs: whether an update brings the resource in line with all that the template says.
        adopts: whether the request takes over what exists.
    """

    started: float
    in_place: bool = False
    update_seen: str = ""
    deployment: str = ""
    leftover: str = ""
    refusal: str = ""
    paused: bool = False
    repairs: bool = False
    adopts: bool = False

    @property
    def only_changes(self) -> bool:
        """Whether the request asks for no more than what the template changed."""
        return self.in_place and not self.repairs

    def to_event(self) -> dict[str, Any]:
        """As a member of on_event's answer, which the framework passes to is_complete."""
        return asdict(self)

    @classmethod
    def of(cls, event: Event) -> Progress:
        """Read it back from is_complete's event."""
        return cls(**event["Progress"])


def as_before(event: Event) -> Event:
    """An Update request with the properties that it changes."""
    return {**event, "ResourceProperties": event["OldResourceProperties"]}


@dataclass(frozen=True)
class Outcome:
    """Result of one is_complete.

    Attributes:
        done: whether the request has succeeded.
        status: what the resource is doing, for the log and the time-out's sentence.
        attributes: what Fn::GetAtt answers once done.
    """

    done: bool
    status: str
    attributes: Mapping[str, str] = field(default_factory=dict)


def pending(status: str) -> Outcome:
    """Ask again later."""
    return Outcome(done=False, status=status)


def complete(status: str, attributes: Mapping[str, str] | None = None) -> Outcome:
    """The request has succeeded."""
    return Outcome(done=True, status=status, attributes=attributes or {})


class Handler(Protocol):
    """Carries out the requests of one type of custom resource; its methods are named after the entry points.

    Attributes:
        young_seconds: for how long after its start a request is looked at in every round of the framework's waiter.
    """

    young_seconds: float

    def on_event(self, event: Event, now: float) -> tuple[str, Progress]:
        """Choose the physical id. Must not change anything: a failure here leaves nothing to clean up."""
        ...

    def is_complete(self, event: Event, progress: Progress, now: float) -> Outcome:
        """Go one step towards what the request asks for. Safe to repeat."""
        ...

    def is_staggered(self, event: Event) -> bool:
        """Whether every second sibling is looked at a little later the first time, so that not all call at once."""
        ...

    def timed_out(self, event: Event, outcome: Outcome) -> Exception:
        """The error that says that the request used up its time."""
        ...
