"""Dependencies point one way: the product knows neither what tests it nor what shows it, nor its halves each other."""

from __future__ import annotations

import ast
import itertools
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tools.checkout import CHECKOUT

ROOT = CHECKOUT
OURS = {path.name for path in ROOT.iterdir() if (path / "__init__.py").exists()} | {"app"}
# Folder -> what its modules may import of this repository.
MAY_IMPORT = {
    "lambdas": {"lambdas"},
    "stacks": {"stacks"},
    "data": {"data", "stacks"},
    "sandbox": {"sandbox", "app", "stacks", "lambdas", "data"},
    "benchmarks": {"benchmarks", "app", "sandbox", "stacks", "lambdas", "data"},
    "docs": {"docs", "app", "sandbox", "stacks", "lambdas", "data"},
}


def imports(module: Path) -> Iterator[str]:
    """Everything that a module imports from elsewhere, in full."""
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom) and node.level == 0:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def imported(module: Path) -> Iterator[str]:
    """Top-level names that a module imports from elsewhere."""
    return (name.partition(".")[0] for name in imports(module))


def modules(folder: str) -> list[Path]:
    return [path for path in (ROOT / folder).rglob("*.py") if "node_modules" not in path.parts]


@pytest.mark.parametrize("folder", MAY_IMPORT)
def test_a_folder_imports_only_what_it_may(folder: str) -> None:
    found = {name for module in modules(folder) for name in imported(module)} & OURS
    assert found <= MAY_IMPORT[folder]


def test_the_app_knows_the_stacks_only() -> None:
    assert set(imported(ROOT / "app.py")) & OURS == {"stacks"}


def test_every_folder_of_code_has_its_rule() -> None:
    assert OURS - MAY_IMPORT.keys() == {"app", "tests"}


def test_the_functions_need_nothing_but_boto3() -> None:
    found = {name for module in modules("lambdas") for name in imported(module)}
    assert found - set(sys.stdlib_module_names) <= {"boto3", "botocore"}


def module_of_the_cdk(name: str) -> str:
    """The module of what is imported; what begins with a capital is a class."""
    return ".".join(itertools.takewhile(str.islower, name.split(".")))


def test_mypy_reads_every_module_of_the_cdk_that_is_imported() -> None:
    """The others are Any to it, without a word."""
    overrides = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    (listed,) = (each["module"] for each in overrides if "aws_cdk" in each["module"])
    checked = [ROOT / "app.py", *(module for folder in MAY_IMPORT for module in modules(folder))]
    names = {name for module in checked for name in imports(module) if name.startswith("aws_cdk.")}
    found = {module_of_the_cdk(name) for name in names}
    assert len(found) > 5
    assert found - set(listed) == set()
