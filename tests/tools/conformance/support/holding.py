"""Holds the emulator against what somebody recorded."""

from __future__ import annotations

from pathlib import Path

from tests.tools.conformance.support.emulated import recorded
from tools.conformance.compare import Comparison, compare
from tools.conformance.conduct import SKIPPED
from tools.conformance.recording import read
from tools.conformance.scenarios import STEPS


def held_against(path: Path) -> Comparison:
    """The steps of a recording that there still are, performed on the emulator, beside what was recorded."""
    recording = read(path)
    known = {step.name for step in STEPS}
    performed = [name for name, step in recording.steps.items() if name in known and step.outcome != SKIPPED]
    return compare(recording, recorded(performed))
