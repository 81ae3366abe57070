"""The app of the example settings, with some of them changed, to be deployed in virtual time."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

from tools.checkout import EXAMPLE_SETTINGS
from tools.simulation.assembly import Assembly
from tools.simulation.cloud import VirtualCloud
from tools.synth import synthesize

Edit = Callable[[Path], None]


def synthesized(folder: Path, files: Path, *edits: Edit) -> Assembly:
    """Synthesize dev.

    Args:
        folder: an empty one, for the settings and the templates.
        files: the sample's CSV files.
        edits: each changes the folder of the settings.
    """
    config = Path(shutil.copytree(EXAMPLE_SETTINGS, folder / "config"))
    for edit in edits:
        edit(config)
    return Assembly.read(synthesize("dev", folder / "cdk.out", files, config))


def with_settings(**changes: Any) -> Edit:
    """Dev with other values of some of its top-level settings."""

    def edit(config: Path) -> None:
        settings = yaml.safe_load((config / "dev.yaml").read_text())
        (config / "dev.yaml").write_text(yaml.safe_dump(settings | changes))

    return edit


def must(assembly: Assembly, cloud: VirtualCloud, status: str) -> None:
    """Deploy every stack, which ends in a status and without a failure on the way."""
    for stack in assembly.deploy(cloud).values():
        assert stack.status == status, stack.reasons
        assert not any(event.is_failure for event in stack.events if event.time >= stack.began), stack.reasons
