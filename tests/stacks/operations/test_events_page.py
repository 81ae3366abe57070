"""docs/operations.md tells programs of others which events come, and what is in their details."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from lambdas.personalize_operations import tell
from tests.stacks.operations.support.resolved import of_type
from tests.support.synthesized import Templates
from tools.checkout import CHECKOUT

# The page says once that every event has these.
ALWAYS = {"app", "environment", "workflow", "execution"}
_ROW = re.compile(r"^\| `([A-Z][a-z]+ ?[A-Z]?[a-z]*)` \| (.*) \|$", re.MULTILINE)
_MEMBER = re.compile(r"'(\w+)': ")


def documented() -> dict[str, set[str]]:
    """Members of the details by detail-type."""
    page = (CHECKOUT / "docs" / "operations.md").read_text()
    table = page.partition("### Events for programs of your own")[2].partition("\n## ")[0]
    return {name: set(re.findall(r"`(\w+)`", members)) for name, members in _ROW.findall(table)}


def tasks(states: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """Every task of a machine, also those within others."""
    for state in states.values():
        if state["Type"] == "Task":
            yield state
        inner = state.get("ItemProcessor")
        yield from tasks(inner["States"]) if inner else ()


def put_by_machines(templates: Templates) -> dict[str, set[str]]:
    """Members of the details that the state machines write, by detail-type."""
    found: dict[str, set[str]] = {}
    for machine in of_type(templates["operations"], "AWS::StepFunctions::StateMachine").values():
        for task in tasks(machine["Definition"]["States"]):
            for entry in task.get("Arguments", {}).get("Entries", []):
                found[entry["DetailType"]] = set(_MEMBER.findall(entry["Detail"])) - ALWAYS
    return found


def put_by_the_function() -> dict[str, set[str]]:
    """Members of the details that the function writes that tells."""
    source = ast.parse(Path(tell.__file__).read_text())
    found: dict[str, set[str]] = {}
    for function in filter(lambda node: isinstance(node, ast.FunctionDef), ast.walk(source)):
        assigned = {
            node.targets[0].id: node.value  # type: ignore[attr-defined]
            for node in ast.walk(function)
            if isinstance(node, ast.Assign) and isinstance(node.value, ast.Dict)
        }
        for call in ast.walk(function):
            if isinstance(call, ast.Call) and getattr(call.func, "id", "") == "_put_event":
                detail_type, members = call.args[3], call.args[4]
                members = assigned[members.id] if isinstance(members, ast.Name) else members
                assert isinstance(detail_type, ast.Constant)
                assert isinstance(members, ast.Dict)
                found[str(detail_type.value)] = {key.value for key in members.keys if isinstance(key, ast.Constant)}
    return found


def test_the_page_has_every_event_with_its_members(prod: Templates) -> None:
    machines, function = put_by_machines(prod), put_by_the_function()
    assert {"Refresh Started", "Version Trained", "Data Imported"} <= machines.keys()
    assert function.keys() == {"Failed", "Recovered"}
    page = documented()
    assert {name: page.get(name) for name in (machines | function)} == machines | function


def test_the_page_has_no_event_that_nobody_puts(prod: Templates) -> None:
    assert documented().keys() == put_by_machines(prod).keys() | put_by_the_function().keys()
