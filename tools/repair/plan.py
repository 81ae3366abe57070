"""What a repair does to each resource that is out of step, and what it leaves alone, from the rows of the status."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from lambdas.personalize_provider.resource_type import ResourceType, property_name
from lambdas.personalize_provider.resources import RESOURCES
from tools.review.diff import path_of
from tools.review.money import Cost, Prices, costs
from tools.review.times import usual
from tools.simulation.assembly import Assembly
from tools.simulation.template import Template, references
from tools.status.rows import Difference, Row, State

_CUSTOM = "Custom::Personalize"
_MADE_AGAIN = ("made again", "deleted and made again")
# What is of no use to repair, and why.
_LEFT: dict[State, str] = {
    State.BEHIND: "a refresh brings it up to date: make refresh",
    State.NOT_OURS: "somebody else has made it",
    State.IDLE: "it is as the template says",
    State.CHANGING: "the service is at work on it; repair again once it has settled",
    State.RELEASED: "the settings have given it up",
    State.UNREADABLE: "it cannot be read",
}


@dataclass(frozen=True)
class Step:
    """What a repair does to a resource.

    Attributes:
        stack: that it is in.
        path: of its construct in the stack.
        type: noun of the service.
        what: is done, as the review says it.
        differences: members that are changed back.
        takes: how long the service usually works on it; empty if no time.
        costs: in dollars; empty if nothing is known to be billed.
        note: what else to know; empty if nothing.
    """

    stack: str
    path: str
    type: str
    what: str
    differences: tuple[Difference, ...] = ()
    takes: str = ""
    costs: str = ""
    note: str = ""

    @property
    def construct(self) -> str:
        """As the context `repair` names it."""
        return f"{self.stack}/{self.path}"


@dataclass(frozen=True)
class Left:
    """What a repair leaves alone.

    Attributes:
        row: of the status.
        why: it is left alone.
    """

    row: Row
    why: str


@dataclass(frozen=True)
class Plan:
    """Everything that a repair does, and leaves alone."""

    steps: Sequence[Step]
    left: Sequence[Left]

    def context(self, token: str) -> str:
        """The context `repair` of the deployment.

        Args:
            token: another one than that of the repair before.
        """
        return f"{token}:{','.join(dict.fromkeys(step.construct for step in self.steps))}"


def plan_of(rows: Iterable[Row], assembly: Assembly, prices: Prices) -> Plan:
    """Plan a repair.

    Args:
        rows: of the status.
        assembly: what is deployed.
        prices: those of the review.
    """
    return _Planner(list(rows), assembly, prices).plan()


class _Planner:
    def __init__(self, rows: list[Row], assembly: Assembly, prices: Prices) -> None:
        self._rows = rows
        self._assembly = assembly
        self._costs = costs(assembly, prices)

    def plan(self) -> Plan:
        left = [Left(row, why) for row in self._rows if (why := self._reason_to_leave(row))]
        steps = [self._step(row) for row in self._rows if _is_repairable(row) and not self._reason_to_leave(row)]
        return Plan([*steps, *self._lost_runs(steps)], left)

    def _reason_to_leave(self, row: Row) -> str:
        """Why a repair leaves a resource alone that is not in step; empty if it does not."""
        if row.state is not State.CHANGED:
            return _LEFT.get(row.state, "")
        table = RESOURCES[row.type]
        changed = {_property(each) for each in row.differences}
        if changed & table.create_only:
            return "somebody has made another one under its name; delete that, and repair again"
        ruled = sorted(changed & set(table.update.rules if table.update else ()))
        if ruled:
            return f"the service may refuse to change {', '.join(ruled)} back; put what there is into the settings"
        return ""

    def _step(self, row: Row) -> Step:
        if row.state in (State.MISSING, State.FAILED):
            return self._again(row)
        if row.state is State.STOPPED:
            bill = self._bill(row.stack, row.path)
            return Step(row.stack, row.path, row.type, "started", takes=usual("start", row.type), costs=bill)
        table, changed = RESOURCES[row.type], {_property(each) for each in row.differences}
        what, verb = "tagged again", ""
        if table.update and changed & table.update.properties:
            what, verb = "updated in place", "update"
        if table.switch in changed:
            what, verb = "stopped", "stop"
        takes = usual(verb, row.type) if verb else ""
        return Step(row.stack, row.path, row.type, what, row.differences, takes)

    def _again(self, row: Row) -> Step:
        """What is not there any more, or never was."""
        table = RESOURCES[row.type]
        made = "made again" if row.state is State.MISSING else "deleted and made again"
        what = "run again" if table.is_job else made
        takes, bill = usual("create", row.type), self._bill(row.stack, row.path)
        return Step(row.stack, row.path, row.type, what, takes=takes, costs=bill, note=_about_new(table, row.state))

    def _lost_runs(self, steps: Sequence[Step]) -> Iterator[Step]:
        """Runs that the service may still remember, of what is made again: what they brought is lost with it."""
        known = {step.construct for step in steps}
        for stack, template in self._assembly.templates.items():
            again = {step.path for step in steps if step.stack == stack and step.what in _MADE_AGAIN}
            for path, table, parent in _runs(template):
                if parent in again and f"{stack}/{path}" not in known:
                    takes, bill = usual("create", table.noun), self._bill(stack, path)
                    yield Step(stack, path, table.noun, "run again", takes=takes, costs=bill)

    def _bill(self, stack: str, path: str) -> str:
        """What a resource costs once it is there again."""
        found = (each for each in self._costs if (each.stack, each.path) == (stack, path))
        return "; ".join(filter(None, map(_amount, found)))


def _runs(template: Template) -> Iterator[tuple[str, ResourceType, str]]:
    """Path and type of each job of a template, and the path of what it runs in."""
    resources = template["Resources"]
    for logical_id, resource in resources.items():
        table = RESOURCES.get(resource["Type"].removeprefix(_CUSTOM))
        if table and table.is_job:
            for parent in references(resource["Properties"][table.parent]):
                if parent in resources:
                    yield path_of(resource, logical_id), table, path_of(resources[parent], parent)


def _is_repairable(row: Row) -> bool:
    return bool(row.stack) and row.state in (State.MISSING, State.FAILED, State.STOPPED, State.CHANGED)


def _property(difference: Difference) -> str:
    """The property of a template that a member is in."""
    return property_name(difference.member.partition(".")[0])


def _about_new(table: ResourceType, state: State) -> str:
    """What to know of a resource that is made again."""
    if table.holds_data and state is State.MISSING:
        return "its data are gone with it: imports run again, and events recorded since are lost"
    if table.arn_is_generated:
        return f"it gets new attributes, which clients then need: {', '.join(table.attributes)}"
    return ""


def _amount(cost: Cost) -> str:
    """A cost in words; empty if it costs nothing."""
    hourly = f"${cost.per_hour:,.2f} an hour" if cost.per_hour else ""
    training = f"${cost.per_training:,.2f} once" if cost.per_training and cost.automatic_days is None else ""
    unknown = "not known" if cost.per_hour is None or cost.per_training is None else ""
    return ", ".join(filter(None, (hourly, training, unknown)))
