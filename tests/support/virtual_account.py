"""A virtual account for each test that asks for one."""

from __future__ import annotations

import pytest

from tests.lambdas.personalize_provider.support.template_parts import put_data
from tools.simulation.cloud import VirtualCloud
from tools.simulation.conditions import Conditions

# What every test of the provider meets, and every test that compares others with it.
CONDITIONS = Conditions(propagation_seconds=60.0)


@pytest.fixture
def cloud() -> VirtualCloud:
    """An account with the sample data in S3."""
    account = VirtualCloud(conditions=CONDITIONS)
    put_data(account)
    return account
