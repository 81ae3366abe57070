"""docs/personalize-rules.md and the code name the same rules."""

from __future__ import annotations

import importlib
import inspect
import re
from collections import Counter
from functools import cache

import pytest

from tools.checkout import CHECKOUT
from tools.emulator import rules

ROOT = CHECKOUT
PAGE = (ROOT / "docs" / "personalize-rules.md").read_text()
ID, CELLS = re.compile(r"`[a-z]+\.[a-z]+(_[a-z]+)*`"), ("id", "rule", "effect", "source", "enforced in", "settled by")
ROWS = [
    dict(zip(CELLS, (cell.strip() for cell in line.strip("|").split(" |")), strict=True))
    for line in PAGE.splitlines()
    if line.startswith("| ") and not line.startswith(("| Id", "| ---"))
]
# `module.name`, `module.Class.method`, and the same after `stacks.`
PROSE = [line for line in PAGE.splitlines() if not line.startswith("| ")]
NAMED = sorted(
    set(re.findall(r"`((?:stacks\.)?[a-z_]+(?:\.\w+)+)`", "\n".join([*PROSE, *(row["enforced in"] for row in ROWS)])))
)
FILES = re.compile(r"\.py$")


@cache
def module(path: str) -> object:
    package = "stacks.personalize" if path.startswith("stacks.") else "tools.emulator"
    return importlib.import_module(f"{package}.{path.removeprefix('stacks.')}")


def public_functions() -> set[str]:
    return {
        f"rules.{name}"
        for name, function in inspect.getmembers(rules, inspect.isfunction)
        if function.__module__ == rules.__name__ and not name.startswith("_")
    }


def test_every_rule_is_on_the_page() -> None:
    assert public_functions() - set(NAMED) == set()


@pytest.mark.parametrize("name", [name for name in NAMED if not FILES.search(name)])
def test_what_the_page_names_exists(name: str) -> None:
    parts = name.split(".")
    of_module = 2 if parts[0] == "stacks" else 1
    found = module(".".join(parts[:of_module]))
    for part in parts[of_module:]:
        assert hasattr(found, part), f"{name}: there is no {part}"
        found = getattr(found, part)


def test_every_row_says_where_it_is_enforced() -> None:
    assert len(ROWS) > 50
    assert [row["id"] for row in ROWS if "`" not in row["enforced in"]] == []


def test_every_rule_has_an_id_of_its_own() -> None:
    ids = Counter(row["id"] for row in ROWS)
    assert [id for id in ids if not ID.fullmatch(id)] == []
    assert [id for id, times in ids.items() if times > 1] == []
