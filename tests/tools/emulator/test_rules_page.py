"""docs/personalize-rules.md and the code name the same rules."""

from __future__ import annotations

import importlib
import inspect
import re
from functools import cache

import pytest

from tools.checkout import CHECKOUT
from tools.conformance import rules_page
from tools.emulator import rules

ROOT = CHECKOUT
PAGE = (ROOT / "docs" / "personalize-rules.md").read_text()
ID = re.compile(r"[a-z]+\.[a-z]+(_[a-z]+)*")
RULES = rules_page.read().values()
# `module.name`, `module.Class.method`, and the same after `stacks.`
PROSE = [line for line in PAGE.splitlines() if not line.startswith("| `")]
NAMED = sorted(
    set(re.findall(r"`((?:stacks\.)?[a-z_]+(?:\.\w+)+)`", "\n".join([*PROSE, *(rule.enforced_in for rule in RULES)])))
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


def test_every_rule_says_where_it_is_enforced() -> None:
    assert len(RULES) > 50
    assert [rule.id for rule in RULES if "`" not in rule.enforced_in] == []


def test_ids_are_well_formed() -> None:
    assert [rule.id for rule in RULES if not ID.fullmatch(rule.id)] == []
