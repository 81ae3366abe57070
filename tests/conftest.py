"""One seed for all random tests of a run: the same one for every change, another one every night; always printed."""

from __future__ import annotations

import os

import pytest

_OPTION = "hypothesis_seed"


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Set the seed where none is given; the workers get that of the controller."""
    if config.getoption(_OPTION) is None:
        setattr(config.option, _OPTION, os.environ.get("HYPOTHESIS_SEED", "1"))


def pytest_report_header(config: pytest.Config) -> str:
    """Say how to repeat the random tests."""
    return f"random tests repeat with: make test ARGS=--hypothesis-seed={config.getoption(_OPTION)}"
