"""The tables of docs/CONTRIBUTING.md say of every module which tests hold it, and name only tests that exist."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator

from tools.checkout import CHECKOUT

PAGE = CHECKOUT / "docs" / "CONTRIBUTING.md"
PARTS = ("stacks", "lambdas", "tools")

_TABLE = re.compile(r"^### `(\S+/)`\n\n((?:\|.*\n)+)", re.MULTILINE)
_NAME = re.compile(r"`([^`]+)`")


def rows() -> Iterator[tuple[list[str], list[str]]]:
    """Modules and their tests, each by its path in the repository."""
    for folder, table in _TABLE.findall(PAGE.read_text()):
        for line in table.splitlines()[2:]:
            _, modules, tests, _ = line.split("|")
            yield (
                [f"{folder}{name}" for name in _NAME.findall(modules)],
                [f"tests/{name}" for name in _NAME.findall(tests)],
            )


def modules() -> set[str]:
    """Every module of the product and the tools; what only makes a folder a package has no tests of its own."""
    command = ["git", "ls-files", "-co", "--exclude-standard", "--", *(f"{part}/*.py" for part in PARTS)]
    listed = subprocess.run(command, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.split()
    return {name for name in listed if not name.endswith("/__init__.py") and (CHECKOUT / name).is_file()}


def test_every_module_is_in_a_table_once() -> None:
    listed = [name for names, _ in rows() for name in names]
    assert len(listed) == len(set(listed))
    assert modules() - set(listed) == set(), "Add them to the tables in docs/CONTRIBUTING.md."


def test_the_tables_name_only_what_exists() -> None:
    assert {name for names, _ in rows() for name in names} - modules() == set(), "They are no longer there."
    named = {name for _, tests in rows() for name in tests}
    assert {name for name in named if not (CHECKOUT / name).is_file()} == set(), "They are no longer there."


def test_every_module_has_a_test() -> None:
    assert [names for names, tests in rows() if not names or not tests] == []
