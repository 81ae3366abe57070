"""What holds for a whole run: the seed of its random tests, and which tests count as covering the provider."""

from __future__ import annotations

import gc
import os
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.measuring import measure_only_the_provider
from tools.checkout import UNVALIDATED
from tools.data import synthetic

pytest_plugins = ["tests.support.synthesized", "tests.support.virtual_account"]

_OPTION = "hypothesis_seed"
_FIRST = "test_resource_types.py"
_PROVIDER = Path(__file__).parent / "lambdas"


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
    """Three more than there are cores: tests that deploy wait most of their time."""
    return (os.cpu_count() or 1) + 3


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """First what is missing for a resource type, which other failures follow from; then the slowest.

    These are tests that deploy, and groups, which one worker runs: begun at the end, they would keep one core busy and
    leave the other idle.
    """

    def place(item: pytest.Item) -> tuple[bool, int]:
        slow = ("e2e", "xdist_group")
        found = (number for number, mark in enumerate(slow) if item.get_closest_marker(mark))
        return item.path.name != _FIRST, next(found, len(slow))

    items.sort(key=place)


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
    of_this_thread, of_new_threads = sys.gettrace(), threading.gettrace()
    sys.settrace(None)
    threading.settrace(None)
    try:
        return (yield)
    finally:
        sys.settrace(of_this_thread)
        threading.settrace(of_new_threads)


def pytest_collection_finish() -> None:
    """Leave what is imported by now, the CDK above all, out of every later garbage collection."""
    gc.freeze()
