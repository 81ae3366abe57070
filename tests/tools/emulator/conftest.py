"""Accounts of the emulated service."""

from __future__ import annotations

import pytest

from tests.tools.emulator.support.account import Account


@pytest.fixture
def account() -> Account:
    """An account without resources."""
    return Account()


@pytest.fixture
def movies() -> Account:
    """An account with a VIDEO_ON_DEMAND dataset group, its three datasets and their data."""
    filled = Account()
    filled.fill()
    return filled
