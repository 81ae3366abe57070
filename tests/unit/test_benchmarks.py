"""The benchmarks' table and verdict, with the times of processes made up; `make bench` measures them."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks import __main__ as bench
from benchmarks import processes


def measured(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, whole: float) -> tuple[int, str]:
    monkeypatch.setattr(processes, "synth", lambda *_: (whole, 2.0))
    monkeypatch.setattr(processes, "handler", lambda *_: (0.22, 0.2))
    monkeypatch.setattr(processes, "grown", lambda _, groups, runs: (3.0 + groups, 150 * groups, 90))
    monkeypatch.setattr(bench, "PAGE", tmp_path / "benchmarks.md")
    status = bench.main()
    return status, (tmp_path / "benchmarks.md").read_text()


def test_met_targets_and_the_way_of_a_deployment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    status, page = measured(monkeypatch, tmp_path, whole=4.0)
    assert status == 0
    assert "| synthesis of the whole app | 4.00 s | 2.00 s, an empty stack | 2.00 | at most 2.5 | yes |" in page
    assert "| 20 dataset groups: synthesis | 23.0 s | 20 x 4.0 s | 0.29 | at most 1 | yes |" in page
    for line in ("first deployment, virtual time", "new data, virtual time"):
        (row,) = (row for row in page.splitlines() if row.startswith(f"| {line}"))
        ratio = float(row.split("|")[4])
        assert 1.0 <= ratio <= 1.05


def test_a_missed_target_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(bench, "_of_deployments", lambda *_: iter(()))
    status, page = measured(monkeypatch, tmp_path, whole=5.2)
    assert status == 1
    assert "| 2.60 | at most 2.5 | no |" in page
