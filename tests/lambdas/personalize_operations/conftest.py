"""An account for each test that asks for one."""

from __future__ import annotations

import pytest

from tests.lambdas.personalize_operations.support.account import Account
from tools.simulation.cloud import VirtualCloud


@pytest.fixture
def account(cloud: VirtualCloud) -> Account:
    """An account with the sample data in S3."""
    return Account(cloud)
