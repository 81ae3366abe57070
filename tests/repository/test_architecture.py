"""Dependencies point one way: the product knows neither what tests it nor what shows it, nor its halves each other."""

from __future__ import annotations

import ast
import itertools
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from stacks import personalize
from tools.checkout import CHECKOUT

ROOT = CHECKOUT
# Part of the repository -> the parts that its modules may import. The parts below a part are parts of their own.
MAY_IMPORT: Mapping[str, set[str]] = {
    # The product, from the settings to the functions.
    "app": {"stacks", "stacks.personalize"},
    "stacks": {"stacks.personalize"},
    "stacks.personalize": set(),
    "lambdas": set(),
    # Apps of others: they import the library under its own name.
    "examples": set(),
    # The tools, from those that know nothing of ours to those that know everything.
    "tools.checkout": set(),
    "tools.aws": set(),
    "tools.emulator": set(),
    "tools.wheel": set(),
    "tools.pages": {"lambdas"},
    "tools.simulation": {"lambdas", "tools.aws", "tools.emulator"},
    "tools.data": {"stacks.personalize", "tools.checkout"},
    "tools.synth": {"app", "tools.checkout"},
    "tools.check": {"lambdas", "stacks", "stacks.personalize", "tools.checkout", "tools.pages"},
    "tools.deployed": {"stacks", "tools.sandbox"},
    "tools.executions": set(),
    "tools.operations": {"lambdas", "stacks", "tools.deployed", "tools.executions"},
    "tools.explore": {"lambdas", "stacks", "stacks.personalize", "tools.checkout", "tools.deployed", "tools.pages"},
    "tools.adopt": {"lambdas", "stacks", "stacks.personalize", "tools.checkout", "tools.deployed", "tools.pages"}
    | {"tools.review", "tools.simulation"},
    "tools.repair": {"lambdas", "stacks", "stacks.personalize", "tools.checkout", "tools.deployed", "tools.review"}
    | {"tools.sandbox", "tools.simulation", "tools.status", "tools.synth"},
    "tools.status": {"lambdas", "stacks", "tools.aws", "tools.checkout", "tools.deployed", "tools.explore"}
    | {"tools.pages", "tools.review", "tools.simulation"},
    "tools.settings_schema": {"stacks", "tools.checkout"},
    "tools.snapshots": {"stacks", "stacks.personalize", "tools.checkout", "tools.synth"},
    "tools.sandbox": {"lambdas", "tools.aws", "tools.checkout", "tools.data", "tools.emulator", "tools.executions"},
    "tools.conformance": {"lambdas", "stacks.personalize", "tools.check", "tools.checkout", "tools.data"}
    | {"tools.emulator", "tools.executions", "tools.pages", "tools.sandbox"},
    "tools.review": {"lambdas", "stacks", "stacks.personalize", "tools.aws", "tools.checkout", "tools.data"}
    | {"tools.deployed", "tools.emulator", "tools.pages", "tools.sandbox", "tools.simulation", "tools.synth"},
    "tools.month": {"tools.checkout", "tools.data", "tools.review", "tools.simulation", "tools.synth"},
    "tools.docs": {
        "lambdas",
        "tools.checkout",
        "tools.conformance",
        "tools.data",
        "tools.emulator",
        "tools.review",
        "tools.simulation",
    }
    | {"tools.synth"},
    "tools.benchmarks": {"lambdas", "tools.checkout", "tools.data", "tools.emulator", "tools.simulation"}
    | {"tools.synth"},
}
# Where code is that the table need not know: tests import everything, and the runtime of the local cloud is not ours.
ELSEWHERE = ("tests/", "tools/sandbox/lambda_runtime/")


def dotted(path: Path) -> str:
    """Name of a module as others import it."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


def part_of(name: str) -> str | None:
    """The part of the repository that a module or something in it belongs to; None for what is not ours."""
    return max((part for part in MAY_IMPORT if f"{name}.".startswith(f"{part}.")), key=len, default=None)


def modules() -> list[Path]:
    """Every module that the table speaks of."""
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard", "*.py"], cwd=ROOT, capture_output=True)
    names = [name for name in listed.stdout.decode().split() if not name.startswith(ELSEWHERE)]
    return [ROOT / name for name in names if (ROOT / name).exists()]


def imports(module: Path) -> Iterator[str]:
    """Everything that a module imports, in full."""
    package = dotted(module).split(".") if module.name == "__init__.py" else dotted(module).split(".")[:-1]
    for node in ast.walk(ast.parse(module.read_text())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        if isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            yield from (".".join([*above, *filter(None, [node.module]), alias.name]) for alias in node.names)


def of_part(part: str) -> list[Path]:
    return [module for module in modules() if part_of(dotted(module)) == part]


@pytest.mark.parametrize("part", MAY_IMPORT)
def test_a_part_imports_only_what_it_may(part: str) -> None:
    found = {part_of(name) for module in of_part(part) for name in imports(module)} - {None, part}
    assert found == MAY_IMPORT[part], f"{part}: what it imports and what the table allows differ."


@pytest.mark.parametrize("part", ["app", "stacks"])
def test_the_app_uses_the_constructs_as_a_stranger_would(part: str) -> None:
    """By the names that the package offers, and by no module beside them."""
    library = "stacks.personalize."
    used = {name.removeprefix(library) for module in of_part(part) for name in imports(module) if library in name}
    assert used
    assert used - set(personalize.__all__) == set(), "Use what stacks/personalize/__init__.py offers."


def test_the_examples_use_the_library_by_its_own_name() -> None:
    found = {name.partition(".")[0] for module in of_part("examples") for name in imports(module)}
    assert found == {"aws_cdk", "cdk_personalize", "constructs"}


def test_every_module_is_in_a_part() -> None:
    """But for the packages that hold parts, and nothing else."""
    without = [module for module in modules() if part_of(dotted(module)) is None]
    assert {dotted(module) for module in without} <= {"tools"}


def test_the_functions_need_nothing_but_boto3() -> None:
    found = {name.partition(".")[0] for module in of_part("lambdas") for name in imports(module)}
    assert found - set(sys.stdlib_module_names) - {"lambdas"} <= {"boto3", "botocore"}


def module_of_the_cdk(name: str) -> str:
    """The module of what is imported; what begins with a capital is a class."""
    return ".".join(itertools.takewhile(str.islower, name.split(".")))


def test_mypy_reads_every_module_of_the_cdk_that_is_imported() -> None:
    """The others are Any to it, without a word."""
    overrides = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["mypy"]["overrides"]
    (listed,) = (each["module"] for each in overrides if "aws_cdk" in each["module"])
    names = {name for module in modules() for name in imports(module) if name.startswith("aws_cdk.")}
    found = {module_of_the_cdk(name) for name in names}
    assert len(found) > 5
    assert found - set(listed) == set()
