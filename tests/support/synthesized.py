"""The app, synthesized once for each environment: fixtures for the tests of every part."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tools.checkout import EXAMPLE_SETTINGS

Templates = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def sample_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files in the place of the sample data."""
    # Here, because tests of the emulator need no CDK, which takes a second to import.
    from tools.snapshots import fill_sample

    return fill_sample(tmp_path_factory.mktemp("sample"))


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory, sample_directory: Path) -> Callable[..., Path]:
    """Synthesizes the app; answers the folder of the assembly."""

    def synthesized(env: str, config_directory: Path = EXAMPLE_SETTINGS) -> Path:
        from tools.synth import synthesize

        out = tmp_path_factory.mktemp(f"cdk-{env}")
        return synthesize(env, out, sample_directory, config_directory)

    return synthesized


def read(assembly: Path) -> Templates:
    """Templates of an assembly by the last part of the stack's name."""
    return {
        path.name.removesuffix(".template.json").rpartition("-")[2]: json.loads(path.read_text())
        for path in assembly.glob("*.template.json")
    }


@pytest.fixture(scope="session")
def dev_assembly(assembly: Callable[..., Path]) -> Path:
    """Folder of the assembly of dev."""
    return assembly("dev")


@pytest.fixture(scope="session")
def prod_assembly(assembly: Callable[..., Path]) -> Path:
    """Folder of the assembly of prod."""
    return assembly("prod")


@pytest.fixture(scope="session")
def dev(dev_assembly: Path) -> Templates:
    """Templates of dev."""
    return read(dev_assembly)


@pytest.fixture(scope="session")
def prod(prod_assembly: Path) -> Templates:
    """Templates of prod."""
    return read(prod_assembly)
