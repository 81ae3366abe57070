"""`make deploy` begins with a look at the data, so that a wrong header costs seconds."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest

from tools.checkout import EXAMPLE_SETTINGS
from tools.data import synthetic
from tools.sandbox import cdk, shared
from tools.sandbox.__main__ import main
from tools.sandbox.cloud import Endpoint


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch) -> list[Sequence[str]]:
    """The arguments of the CLI, should it be run."""
    found: list[Sequence[str]] = []

    def followed(endpoint: Endpoint, arguments: Sequence[str]) -> int:
        found.append(arguments)
        return 0

    endpoint = Endpoint("https://127.0.0.1:1", "/c.crt", "us-east-1", 1, "/d", "/l")
    monkeypatch.setattr(shared, "find", lambda: shared.Running(endpoint, detached=False))
    monkeypatch.setattr(cdk, "followed", followed)
    return found


def deploy(sample: Path) -> int:
    context = ["-c", f"config_dir={EXAMPLE_SETTINGS}", "-c", f"sample_dir={sample}"]
    return main(["deploy", "--env", "dev", "--", *context])


def test_right_data_are_deployed_without_a_word(
    tmp_path: Path, deployed: list[Sequence[str]], capfd: pytest.CaptureFixture[str]
) -> None:
    synthetic.generate().write(tmp_path)
    assert deploy(tmp_path) == 0
    assert deployed == [cdk.deploy_arguments("dev", *deployed[0][-4:])]
    assert capfd.readouterr().out == ""


def test_wrong_data_are_told_and_not_deployed(
    tmp_path: Path, deployed: list[Sequence[str]], capfd: pytest.CaptureFixture[str]
) -> None:
    synthetic.generate().write(tmp_path)
    items = tmp_path / "items.csv"
    items.write_text(items.read_text().replace("ITEM_ID", "item_id", 1))
    assert deploy(tmp_path) == 1
    assert deployed == []
    assert "items.csv: the header lacks ITEM_ID" in capfd.readouterr().out
