"""A virtual account for each test."""

from __future__ import annotations

import pytest

from sandbox.virtual.cloud import VirtualCloud
from tests.provider.blocks import put_data


@pytest.fixture
def cloud() -> VirtualCloud:
    """An account with the sample data in S3."""
    account = VirtualCloud()
    put_data(account)
    return account
