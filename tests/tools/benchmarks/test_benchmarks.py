"""The benchmarks' table and verdict, with the times of processes made up; `make bench` measures them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tools.benchmarks import __main__ as bench
from tools.benchmarks import checks, deployments, processes
from tools.benchmarks.checks import Measured
from tools.data import synthetic


def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, whole: float) -> tuple[int, str]:
    monkeypatch.setattr(processes, "synth", lambda *_: processes.Synthesis(whole, 3.2, 2.0))
    monkeypatch.setattr(processes, "handler", lambda *_: (0.22, 0.2))
    monkeypatch.setattr(processes, "grown", lambda _, groups, runs: (3.0 + groups, 150 * groups, 90))
    monkeypatch.setattr(checks, "check_of", lambda *_: (Measured(45.0, 800.0), Measured(3.0, 100.0)))
    monkeypatch.setattr(bench, "PAGE", tmp_path / "benchmarks.md")
    status = bench.main()
    return status, (tmp_path / "benchmarks.md").read_text()


def leave_out(monkeypatch: pytest.MonkeyPatch, *parts: str) -> None:
    for part in parts:
        monkeypatch.setattr(bench, part, lambda *_: iter(()))


def test_met_targets_and_the_way_of_a_deployment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    leave_out(monkeypatch, "_of_load")
    status, page = measured(monkeypatch, tmp_path, whole=2.8)
    assert status == (" no |" in page)
    assert "| synthesis of the whole app | 2.80 s | 2.00 s, an app with one bucket | 1.40 | at most 1.5 | yes |" in page
    assert "the CDK validates the templates | 3.20 s | 2.00 s, an app with one bucket | 1.60 |  |  |" in page
    assert "| 20 dataset groups: synthesis | 23.0 s | 20 x 4.0 s | 0.29 | at most 1 | yes |" in page
    check = "| make check of 10,000,000 interactions"
    assert f"{check} | 45.0 s | 3.0 s, DuckDB's plain reading of the file | 15.00 |  |  |" in page
    assert f"{check}: time | 45.0 s | 60 s, what it may take | 0.75 | at most 1 | yes |" in page
    assert f"{check}: memory | 800 MB | 1,000 MB, what it may take | 0.80 | at most 1 | yes |" in page
    for line in ("first deployment, virtual time", "new data, virtual time"):
        (row,) = (row for row in page.splitlines() if row.startswith(f"| {line}"))
        ratio = float(row.split("|")[4])
        assert 1.0 <= ratio <= 1.05


def test_calls_and_executions_are_counted(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    leave_out(monkeypatch, "_of_deployments")
    _, page = measured(monkeypatch, tmp_path, whole=2.8)
    cells = {row.split(" | ")[0].removeprefix("| "): row.split(" | ") for row in page.splitlines()}
    calls = {
        what.partition(":")[0]: int(row[1]) for what, row in cells.items() if what.endswith("calls of Personalize")
    }
    assert calls["the same again"] == 0
    assert 0 < calls["one tag changed"] < calls["destroy"] < calls["first deployment"]
    limited = float(cells["first deployment, 5 s for each custom resource and 1 call a second"][3])
    assert 1.0 < limited <= float(cells["the same with 0.2 s for each call"][3]) < 1.1
    assert float(cells["concurrent Lambda executions"][3]) > 0


@pytest.mark.parametrize(
    ("moments", "most"),
    [([], 0), ([1.0], 1), ([1.0, 1.9, 2.0], 2), ([0.0, 1.5, 1.6, 2.4, 2.6], 3), ([3.0, 3.0, 3.0], 3)],
)
def test_the_most_calls_within_a_second(moments: list[float], most: int) -> None:
    assert deployments._most_within_a_second(moments) == most


def test_a_missed_target_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    leave_out(monkeypatch, "_of_deployments", "_of_load")
    status, page = measured(monkeypatch, tmp_path, whole=3.2)
    assert status == 1
    assert "| 1.60 | at most 1.5 | no |" in page


def test_many_interactions_are_made_and_checked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(checks, "_COPIES", {"users": 2, "items": 1})
    synthetic.generate().write(tmp_path)
    ours, plain = checks.check_of(5000, tmp_path, tmp_path / "many")
    rows = (tmp_path / "many" / "interactions.csv").read_text().splitlines()[1:]
    assert len(set(rows)) == 5000
    page = (tmp_path / "many" / "check-dev.html").read_text()
    assert "5,000 rows, 800 users" in page
    assert "Found nothing that the service would refuse." in page
    assert ours.seconds > plain.seconds > 0
    assert ours.megabytes > plain.megabytes > 10
