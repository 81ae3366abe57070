"""What a repair does to each kind of drift, what it leaves alone, and what it says of both."""

from __future__ import annotations

import io
from typing import Any

import pytest
from rich.console import Console

from tests.lambdas.personalize_provider.support import template_parts as blocks
from tools.repair.plan import Plan, plan_of
from tools.repair.table import as_table
from tools.review.money import load_prices
from tools.simulation.assembly import Assembly
from tools.status.rows import Difference, Row, State

ASSEMBLY = Assembly({"films": {"Resources": blocks.whole()}}, {"films": frozenset()})


def row(path: str, state: State, *differences: Difference, **more: Any) -> Row:
    noun = ASSEMBLY.templates["films"]["Resources"][path]["Type"].removeprefix("Custom::Personalize")
    return Row("films", path, path, noun, "a-name", "", state, differences=differences, **more)


def planned(*rows: Row) -> Plan:
    return plan_of(rows, ASSEMBLY, load_prices())


TPS = Difference("MinProvisionedTPS", 1, 9)
TAG = Difference("Tags.team", "films", None)
SCHEMA = Difference("SchemaArn", "arn:old", "arn:new")
EXPRESSION = Difference("FilterExpression", "EXCLUDE ...", "INCLUDE ...")
ACTIVE = Difference("Active", False, True)


@pytest.mark.parametrize(
    ("found", "what", "takes", "costs"),
    [
        (row("Filter", State.MISSING), "made again", "1 min", ""),
        (row("Recommender", State.MISSING), "made again", "1 h 0 min", "an hour"),
        (row("Recommender", State.FAILED), "deleted and made again", "1 h 0 min", "an hour"),
        (row("Recommender", State.STOPPED), "started", "10 min", "an hour"),
        (row("Recommender", State.CHANGED, ACTIVE), "stopped", "5 min", ""),
        (row("Version", State.MISSING), "run again", "50 min", "once"),
        (row("Version", State.FAILED), "run again", "50 min", "once"),
        (row("Campaign", State.CHANGED, TPS), "updated in place", "10 min", ""),
        (row("Campaign", State.CHANGED, TAG), "tagged again", "", ""),
        (row("Campaign", State.CHANGED, TAG, TPS), "updated in place", "10 min", ""),
    ],
)
def test_a_drift_is_repaired(found: Row, what: str, takes: str, costs: str) -> None:
    (step,) = planned(found).steps
    assert (step.what, step.differences) == (what, found.differences)
    assert step.takes.startswith(takes)
    assert step.costs.endswith(costs)
    assert bool(step.costs) is bool(costs)


@pytest.mark.parametrize(
    ("found", "why"),
    [
        (row("Campaign", State.BEHIND), "a refresh brings it up to date"),
        (row("Filter", State.NOT_OURS), "somebody else has made it"),
        (row("Recommender", State.IDLE), "it is as the template says"),
        (row("Recommender", State.CHANGING), "repair again once it has settled"),
        (row("Campaign", State.RELEASED), "the settings have given it up"),
        (row("Tracker", State.UNREADABLE, note="No."), "it cannot be read"),
        (row("Filter", State.CHANGED, EXPRESSION), "delete that, and repair again"),
        (row("ItemsDataset", State.CHANGED, SCHEMA, TAG), "the service may refuse to change SchemaArn back"),
    ],
)
def test_a_repair_leaves_alone_what_is_not_its_own(found: Row, why: str) -> None:
    plan = planned(found)
    assert plan.steps == []
    (left,) = plan.left
    assert why in left.why
    assert f"films/{found.path} ({found.type}) is {found.state.value}: " in text(plan)


def test_what_is_in_step_is_not_spoken_of() -> None:
    assert planned(row("Filter", State.IN_STEP)) == Plan([], [])


def test_runs_of_what_is_made_again_run_again_though_the_service_remembers_them() -> None:
    plan = planned(row("ItemsDataset", State.MISSING), row("Solution", State.MISSING), row("Version", State.MISSING))
    assert [(step.path, step.what) for step in plan.steps] == [
        ("ItemsDataset", "made again"),
        ("Solution", "made again"),
        ("Version", "run again"),
        ("ItemsImport", "run again"),
    ]
    assert "its data are gone with it" in plan.steps[0].note


def test_the_context_names_each_resource_once() -> None:
    plan = planned(
        row("Recommender", State.STOPPED), row("Recommender", State.CHANGED, TAG), row("Filter", State.MISSING)
    )
    assert plan.context("t") == "t:films/Recommender,films/Filter"


def text(plan: Plan) -> str:
    console = Console(file=io.StringIO(), width=170)
    console.print(as_table(plan))
    return console.file.getvalue()  # type: ignore[attr-defined, no-any-return]


def test_the_table_says_what_is_done_in_which_time_and_what_it_costs() -> None:
    said = text(planned(row("Campaign", State.CHANGED, TPS, TAG), row("Tracker", State.MISSING)))
    lines = [" ".join(line.split()) for line in said.splitlines()]
    assert lines[:4] == [
        "resource repairing it change takes costs",
        "films/Campaign (Campaign) updated in place MinProvisionedTPS: 9 → 1 10 min (7 min to 10 min)",
        "Tags.team: (none) → films",
        "films/Tracker (EventTracker) made again 10 s",
    ]
    assert "TrackingId" in lines[4]
