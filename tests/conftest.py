"""What holds for a whole run: the seed of its random tests, and which tests count as covering the provider."""

from __future__ import annotations

import gc
import importlib
import os
import pkgutil
from collections.abc import Iterator
from pathlib import Path

import pytest

import lambdas
from tests.support.measuring import measure_only_the_provider, without_tracing
from tools.checkout import UNVALIDATED
from tools.data import synthetic

pytest_plugins = ["tests.support.synthesized", "tests.support.virtual_account"]

_OPTION = "hypothesis_seed"
_FIRST = "test_resource_types.py"
_TESTS = Path(__file__).parent
_PROVIDER = _TESTS / "lambdas"
# Marks of what begins first, in this order.
_SLOW = ("e2e", "xdist_group", "spread")


@pytest.fixture(scope="session")
def files(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The sample's CSV files, as they are generated."""
    folder = tmp_path_factory.mktemp("files")
    synthetic.generate().write(folder)
    return folder


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Set the seed where none is given: the same one for every change; the workers get that of the controller.

    Templates are not validated while they are synthesized, but for once, in tests/stacks.
    """
    os.environ |= UNVALIDATED
    if config.getoption(_OPTION) is None:
        setattr(config.option, _OPTION, os.environ.get("HYPOTHESIS_SEED", "1"))


def pytest_report_header(config: pytest.Config) -> str:
    """Say how to repeat the random tests."""
    return f"random tests repeat with: make test ARGS=--hypothesis-seed={config.getoption(_OPTION)}"


def pytest_xdist_auto_num_workers() -> int:
    """Four more than there are cores: four deploy, and wait most of their time."""
    return (os.cpu_count() or 1) + 4


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Iterator[None]:
    """Measure only that the functions' modules are imported: with all that is collected, it takes twice as long."""
    for found in pkgutil.walk_packages(lambdas.__path__, f"{lambdas.__name__}."):
        importlib.import_module(found.name)
    with without_tracing():
        return (yield)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First what is missing for a resource type, which other failures follow from; then the slowest.

    These are tests that deploy, in few groups, so that others use the processor while they wait. A group runs in one
    worker. Other tests are grouped by file, so that no two workers make what the tests of a file share, but for files
    whose tests are marked to be spread over all.
    """

    def place(item: pytest.Item) -> tuple[bool, int]:
        found = (number for number, mark in enumerate(_SLOW) if item.get_closest_marker(mark))
        return item.path.name != _FIRST, next(found, len(_SLOW))

    items.sort(key=place)
    for item in items:
        if place(item)[1] == len(_SLOW):
            item.add_marker(pytest.mark.xdist_group(str(item.path.relative_to(_TESTS).with_suffix(""))))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_protocol(item: pytest.Item) -> Iterator[None]:
    """Measure coverage in the provider's own tests only: measured, a test takes twice as long.

    pytest-cov has a mark for this, `no_cover`, which does nothing in the workers of pytest-xdist: they start to measure
    twice, and it ends one of the two.
    """
    is_covering = item.path.is_relative_to(_PROVIDER) and not item.get_closest_marker("unmeasured")
    if not item.config.pluginmanager.hasplugin("_cov"):
        return (yield)
    if is_covering:
        with pytest.MonkeyPatch.context() as patch:
            measure_only_the_provider(patch)
            return (yield)
    with without_tracing():
        return (yield)


def pytest_collection_finish() -> None:
    """Leave what is imported by now, the CDK above all, out of every later garbage collection."""
    gc.freeze()
