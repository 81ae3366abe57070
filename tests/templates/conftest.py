"""The app, synthesized once for each environment."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from aws_cdk import App

from app import build
from stacks.settings import CONFIG_DIRECTORY

ROOT = CONFIG_DIRECTORY.parent
Templates = dict[str, dict[str, Any]]


@pytest.fixture(scope="session")
def sample_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Files in the place of the sample data."""
    directory = tmp_path_factory.mktemp("sample")
    for kind in ("interactions", "items", "users"):
        (directory / f"{kind}.csv").write_text(kind)
    (directory / "titles.json").write_text("{}")
    return directory


@pytest.fixture(scope="session")
def assembly(tmp_path_factory: pytest.TempPathFactory, sample_directory: Path) -> Callable[..., Path]:
    """Synthesizes the app with cdk.json's context; answers the folder of the assembly."""
    context = json.loads((ROOT / "cdk.json").read_text())["context"]

    def synthesize(env: str, config_directory: Path = CONFIG_DIRECTORY) -> Path:
        out = tmp_path_factory.mktemp(f"cdk-{env}")
        own = {"env": env, "config_dir": str(config_directory), "sample_dir": str(sample_directory)}
        app = App(outdir=str(out), context={**context, **own}, analytics_reporting=False)
        build(app)
        app.synth()
        return out

    return synthesize


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
