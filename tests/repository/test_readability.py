"""The product can be taken in at one reading: short modules of small functions, by radon's figures."""

from __future__ import annotations

from pathlib import Path

import pytest
from radon.complexity import add_inner_blocks, cc_visit
from radon.metrics import mi_rank, mi_visit
from radon.visitors import Function

from tools.checkout import CHECKOUT

MOST_PATHS_OF_A_FUNCTION = 10
MOST_LINES_OF_THE_PROVIDER = 300


def modules(*folders: str) -> list[str]:
    """Paths in the checkout; empty modules have nothing to read."""
    found = (path for folder in folders for path in sorted((CHECKOUT / folder).rglob("*.py")))
    return [str(path.relative_to(CHECKOUT)) for path in found if path.stat().st_size]


PRODUCT = ["app.py", *modules("stacks", "lambdas")]


def text(module: str) -> str:
    return Path(CHECKOUT, module).read_text()


def functions(code: str) -> dict[str, int]:
    """By name, the cyclomatic complexity of every function and method, and of those within them."""
    blocks = add_inner_blocks(cc_visit(code))
    return {f"{each.name}, line {each.lineno}": each.complexity for each in blocks if isinstance(each, Function)}


@pytest.mark.parametrize("module", PRODUCT)
def test_no_function_has_more_than_ten_paths(module: str) -> None:
    assert {name: paths for name, paths in functions(text(module)).items() if paths > MOST_PATHS_OF_A_FUNCTION} == {}


@pytest.mark.parametrize("module", PRODUCT)
def test_every_module_has_the_best_grade_of_maintainability(module: str) -> None:
    assert mi_rank(mi_visit(text(module), multi=True)) == "A"


@pytest.mark.parametrize("module", modules("lambdas"))
def test_no_module_of_the_provider_is_long(module: str) -> None:
    assert len(text(module).splitlines()) <= MOST_LINES_OF_THE_PROVIDER


def test_methods_and_inner_functions_are_counted() -> None:
    branches = "".join(f"            if x == {n}: pass\n" for n in range(11))
    code = f"class A:\n    def f(self, x):\n        def g():\n{branches}\n"
    assert [paths for paths in functions(code).values() if paths > MOST_PATHS_OF_A_FUNCTION]
