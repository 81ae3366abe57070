"""Small steps that need each other."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tools.conformance.run import Run
from tools.conformance.step import Step


def step(name: str, does: Callable[[Run], Any] = lambda run: None, *needs: str, **changes: Any) -> Step:
    """A step of the free tier."""
    plain: dict[str, Any] = {"what": "Tries something.", "rules": ("a.rule",), "needs": needs}
    return Step(name=name, does=does, **{**plain, **changes})


def open_group(run: Run) -> None:
    """Make a dataset group, and wait."""
    arn = run.personalize.create_dataset_group(name=run.name("group"))["datasetGroupArn"]
    run.settled("DatasetGroup", run.remember("group", arn))


def open_group_again(run: Run) -> None:
    """Make it again, which is refused."""
    run.ask(run.personalize.create_dataset_group, name=run.name("group"))


def interrupt(run: Run) -> None:
    """Do what Ctrl-C does."""
    raise KeyboardInterrupt
