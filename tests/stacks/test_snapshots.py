"""The templates are what their snapshots say, and whoever wants snapshots of their own environments has them."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tools import snapshots
from tools.checkout import EXAMPLE_SETTINGS

SETTINGS, FOLDER = snapshots.OF_THE_EXAMPLE


@pytest.mark.parametrize("env", snapshots.environments(SETTINGS))
def test_templates_are_as_their_snapshots(env: str) -> None:
    kept = {path.name: path.read_text() for path in FOLDER.glob(f"*-{env}-*.yaml")}
    assert kept == snapshots.snapshots(env, SETTINGS), "If the change is meant, run `make snapshots` and read the diff."


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Somebody's settings: one environment, with an app of another name."""
    folder = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))
    settings = (folder / "dev.yaml").read_text().replace("app_name: vod", "app_name: films")
    for file in folder.glob("*.yaml"):
        file.unlink()
    (folder / "eu.yaml").write_text(settings)
    # The example's are not written: other tests may be reading them.
    monkeypatch.setattr(snapshots, "OF_THE_EXAMPLE", (tmp_path / "none", tmp_path))
    return folder


def test_the_users_environments_have_snapshots_if_there_is_a_folder_for_them(config: Path) -> None:
    assert snapshots.main(config) == 0
    assert not (config / "snapshots").exists()
    (config / "snapshots").mkdir()
    (config / "snapshots" / "films-old-data.yaml").write_text("of an environment that is gone")
    assert snapshots.main(config) == 0
    written = {path.name: path.read_text() for path in (config / "snapshots").iterdir()}
    assert sorted(written) == [
        "films-eu-data.yaml",
        "films-eu-operations.yaml",
        "films-eu-ranking.yaml",
        "films-eu-recommenders.yaml",
    ]
    assert "films-eu_" in written["films-eu-ranking.yaml"]


def test_wrong_settings_are_one_line_and_leave_the_snapshots(config: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (config / "snapshots").mkdir()
    (config / "snapshots" / "films-eu-data.yaml").write_text("as it was")
    (config / "eu.yaml").write_text("app_name: 5\n")
    assert snapshots.main(config) == 1
    assert "eu.yaml: app_name: must be text" in capsys.readouterr().err
    assert (config / "snapshots" / "films-eu-data.yaml").read_text() == "as it was"
