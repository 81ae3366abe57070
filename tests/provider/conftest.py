"""A virtual account for each test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from sandbox.virtual.cloud import VirtualCloud
from tests.provider.blocks import put_data


@pytest.fixture
def cloud() -> Iterator[VirtualCloud]:
    """An account with the sample data in S3."""
    account = VirtualCloud()
    put_data(account)
    yield account
