"""One environment that runs, and what is found in it, for all tests: nothing in it is changed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.tools.explore.support.deployed import Running, running, settings_with
from tools.explore.__main__ import explore
from tools.explore.found import Found


@pytest.fixture(scope="package")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    """An environment that runs, after its first question."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_ACCESS_KEY_ID", "test")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "test")
        with running(settings_with(tmp_path_factory.mktemp("explore") / "config")) as environment:
            yield environment


@pytest.fixture(scope="package")
def found(environment: Running) -> Found:
    """What the page shows of it."""
    return explore(environment.deployed, ["u3", "u4", "nobody"], lambda line: None)
