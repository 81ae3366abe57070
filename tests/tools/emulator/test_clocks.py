"""Clocks."""

from __future__ import annotations

import pytest

from tools.emulator import ManualClock, ScaledClock, clock


def test_a_manual_clock_moves_when_told_to() -> None:
    manual = ManualClock(start=100.0)
    assert manual.now() == 100.0
    manual.advance(2.5)
    assert manual.now() == 102.5


def test_a_scaled_clock_starts_at_the_real_time_and_runs_faster(monkeypatch: pytest.MonkeyPatch) -> None:
    real = {"time": 1000.0, "monotonic": 5.0}
    monkeypatch.setattr(clock.time, "time", lambda: real["time"])
    monkeypatch.setattr(clock.time, "monotonic", lambda: real["monotonic"])
    scaled = ScaledClock(speed=60)
    assert scaled.now() == 1000.0
    real["monotonic"] += 2
    assert scaled.now() == 1120.0
    scaled.advance(3600)
    assert scaled.now() == 4720.0
    real["time"] -= 500  # the real time is set back
    assert scaled.now() == 4720.0


@pytest.mark.parametrize("moved", [ManualClock(), ScaledClock()])
def test_no_clock_goes_back(moved: ManualClock | ScaledClock) -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        moved.advance(-1)


@pytest.mark.parametrize("speed", [0, -1])
def test_a_scaled_clock_runs_forward(speed: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        ScaledClock(speed)
