"""What is found, as plain data: a row for each thing that there is to say of a resource."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import Enum
from typing import Any


class State(Enum):
    """How a resource compares with its template."""

    IN_STEP = "in step"
    CHANGED = "changed by hand"
    MISSING = "missing"
    STOPPED = "stopped"
    FAILED = "failed"
    BEHIND = "behind"
    NOT_OURS = "not ours"
    IDLE = "idle"
    CHANGING = "being changed"
    RELEASED = "released"
    UNREADABLE = "cannot be read"

    @property
    def is_out_of_step(self) -> bool:
        """Whether somebody should know."""
        return self not in (State.IN_STEP, State.CHANGING, State.RELEASED, State.UNREADABLE)


@dataclass(frozen=True)
class Difference:
    """A member whose value is not the template's.

    Attributes:
        member: as a template names it, such as `RecommenderConfig.MinRecommendationRequestsPerSecond`.
        wanted: what the template says; None if it says that there is none.
        actual: what there is; None if there is nothing.
    """

    member: str
    wanted: Any
    actual: Any


@dataclass(frozen=True)
class Row:
    """One thing to say of a resource; a resource has a row for each, and at least one.

    Attributes:
        stack: name of the stack; empty if the resource is in none.
        path: of its construct in the stack, such as `TopPicks`; the name, if the resource is in no stack.
        logical_id: in the template; empty if the resource is in no stack.
        type: noun of the service, such as `Recommender`.
        name: physical name.
        arn: its ARN; empty if it is not known.
        state: how it is.
        says: what the template says, in words; empty if `differences` tell.
        there_is: what there is, in words; empty if `differences` tell.
        differences: members that differ.
        since: since when, as far as the service tells.
        note: more to know, as a sentence.
        advice: what to do, as a sentence.
    """

    stack: str
    path: str
    logical_id: str
    type: str
    name: str
    arn: str
    state: State
    says: str = ""
    there_is: str = ""
    differences: tuple[Difference, ...] = ()
    since: datetime | None = None
    note: str = ""
    advice: str = ""

    @property
    def construct(self) -> str:
        """Stack and path, as `make repair` names the resource."""
        return f"{self.stack}/{self.path}" if self.stack else self.path

    def as_json(self) -> Mapping[str, Any]:
        """As `--json` prints it."""
        return {
            "stack": self.stack,
            "path": self.path,
            "logical_id": self.logical_id,
            "type": self.type,
            "name": self.name,
            "arn": self.arn,
            "state": self.state.value,
            "template_says": self.says,
            "there_is": self.there_is,
            "differences": [
                {"member": each.member, "template_says": each.wanted, "there_is": each.actual}
                for each in self.differences
            ],
            "since": self.since.isoformat() if self.since else None,
            "note": self.note,
            "advice": self.advice,
        }


@dataclass(frozen=True)
class StackState:
    """A stack that was read.

    Attributes:
        name: its name.
        status: such as UPDATE_COMPLETE.
        changed: when its last deployment began.
    """

    name: str
    status: str
    changed: datetime


@dataclass(frozen=True)
class Run:
    """An import.

    Attributes:
        of: the dataset's type, such as `INTERACTIONS`.
        name: of the run.
        made_by: `a deployment`, `a refresh`; empty if somebody else has.
        status: such as ACTIVE.
        begun: when it began.
        ended: when its status changed last.
        reason: why it has failed.
    """

    of: str
    name: str
    made_by: str
    status: str
    begun: datetime
    ended: datetime
    reason: str


@dataclass(frozen=True)
class Bill:
    """What something costs while nobody asks.

    Attributes:
        path: of its construct.
        what: is billed.
        per_month: in USD; None if it is not known.
    """

    path: str
    what: str
    per_month: float | None


@dataclass(frozen=True)
class Found:
    """Everything.

    Attributes:
        name: of the environment's stacks, such as `vod-dev`.
        where: as the user reads it.
        date: when it was read.
        stacks: that are deployed.
        rows: in the order of the templates, then what is not ours.
        imports: of the app's datasets, the latest first.
        bill: what costs something, as it is now.
        links: which resources belong together: ARNs, the first one refers to the second one.
    """

    name: str
    where: str
    date: datetime
    stacks: Sequence[StackState]
    rows: Sequence[Row]
    imports: Sequence[Run] = ()
    bill: Sequence[Bill] = ()
    links: Sequence[tuple[str, str]] = ()

    def out_of_step(self, ignored: frozenset[State] = frozenset()) -> list[Row]:
        """Rows that somebody should know of.

        Args:
            ignored: states that nobody wants to hear of.
        """
        return [row for row in self.rows if row.state.is_out_of_step and row.state not in ignored]

    @property
    def unread(self) -> list[Row]:
        """What could not be read."""
        return [row for row in self.rows if row.state is State.UNREADABLE]
