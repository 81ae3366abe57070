"""A virtual account for each test."""

from __future__ import annotations

import pytest

from sandbox.virtual.cloud import VirtualCloud
from sandbox.virtual.conditions import Conditions
from tests.provider.blocks import put_data

# What every test of the provider meets.
CONDITIONS = Conditions(propagation_seconds=60.0)


@pytest.fixture
def cloud() -> VirtualCloud:
    """An account with the sample data in S3."""
    account = VirtualCloud(conditions=CONDITIONS)
    put_data(account)
    return account
