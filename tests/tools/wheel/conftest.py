"""The wheel, built and installed once."""

from __future__ import annotations

import pytest

from tests.tools.wheel.support.installation import Installation, build, install


@pytest.fixture(scope="package")
def installation(tmp_path_factory: pytest.TempPathFactory) -> Installation:
    """The wheel in an environment of its own."""
    return install(build(tmp_path_factory.mktemp("wheel")), tmp_path_factory.mktemp("environment"))
