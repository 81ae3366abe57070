"""The templates are what their snapshots say."""

from __future__ import annotations

import pytest

from tests.stacks.support.snapshots import SNAPSHOTS, environments, snapshots


@pytest.mark.parametrize("env", environments())
def test_templates_are_as_their_snapshots(env: str) -> None:
    kept = {path.name: path.read_text() for path in SNAPSHOTS.glob(f"*-{env}-*.yaml")}
    assert kept == snapshots(env), "If the change is meant, run `make snapshots` and read the diff."
