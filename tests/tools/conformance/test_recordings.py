"""The emulator answers as recordings of AWS do (tests/conformance/recordings)."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.tools.conformance.support.emulated import conducted
from tests.tools.conformance.support.holding import held_against
from tools.checkout import CHECKOUT
from tools.conformance.connections import to_emulator
from tools.conformance.recording import read
from tools.conformance.scenarios import STEPS
from tools.conformance.step import Tier, in_order

FOLDER = CHECKOUT / "tests" / "conformance" / "recordings"
STEP = "groups.same_name"


def test_the_emulator_agrees_with_all_that_is_recorded() -> None:
    found = {path.name: held_against(path).certain for path in sorted(FOLDER.glob("*.jsonl"))}
    assert {name: differences for name, differences in found.items() if differences} == {}


def test_nothing_else_is_in_the_folder() -> None:
    """Another ending, or a folder below it, would hold nothing."""
    assert {path.name for path in FOLDER.iterdir() if path.suffix != ".jsonl"} == {"README.md"}


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """A recording that somebody might have made, with a step that there is no longer."""
    with to_emulator() as connection:
        lines = conducted(connection, in_order(STEPS, Tier.FREE, [STEP])).text.splitlines()
    gone = {**json.loads(lines[1]), "step": "groups.gone"}
    file = tmp_path / "aws-free-20261126.jsonl"
    file.write_text("\n".join([lines[0], json.dumps(gone), *lines[1:], ""]))
    return file


def change(path: Path, step: str, work: Callable[[Any], None]) -> None:
    """Change what a recording has of a step."""
    lines = [json.loads(line) for line in path.read_text().splitlines()]
    work(next(line for line in lines if line.get("step") == step))
    path.write_text("\n".join(map(json.dumps, lines)))


def test_a_recording_with_which_the_emulator_agrees(path: Path) -> None:
    found = held_against(path)
    assert (found.differences, STEP in found.compared, found.only_in_a) == ((), True, ("groups.gone",))


def test_a_recording_with_which_it_does_not_agree(path: Path) -> None:
    def say_otherwise(step: Any) -> None:
        step["exchanges"][0]["error"]["code"] = "InvalidInputException"

    change(path, STEP, say_otherwise)
    (difference,) = held_against(path).certain
    assert (difference.kind, difference.rules) == ("error code", ("requests.unique_names",))
    assert difference.b.startswith("ResourceAlreadyExistsException")


def test_what_was_left_out_is_not_performed(path: Path) -> None:
    change(path, STEP, lambda step: step.update(outcome="skipped", exchanges=[]))
    assert STEP in read(path).steps
    assert STEP not in held_against(path).compared
