"""Clocks, and work that is faster than they are."""

from __future__ import annotations

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import DAY, RECIPE, Account
from tools.emulator import Durations, ManualClock, WallClock, clock

HOUR = 3600.0


def test_a_manual_clock_moves_when_told_to() -> None:
    manual = ManualClock(start=100.0)
    assert manual.now() == 100.0
    manual.advance(2.5)
    assert manual.now() == 102.5


def test_the_wall_clock_shows_the_real_time_and_can_be_put_forward(monkeypatch: pytest.MonkeyPatch) -> None:
    real = {"time": 1000.0}
    monkeypatch.setattr(clock.time, "time", lambda: real["time"])
    wall = WallClock()
    assert wall.now() == 1000.0
    real["time"] += 2
    assert wall.now() == 1002.0
    wall.advance(3600)
    assert wall.now() == 4602.0


@pytest.mark.parametrize("moved", [ManualClock(), WallClock()])
def test_no_clock_goes_back(moved: ManualClock | WallClock) -> None:
    with pytest.raises(ValueError, match="cannot go back"):
        moved.advance(-1)


@pytest.mark.parametrize("speed", [0, -1])
def test_work_takes_its_time(speed: float) -> None:
    with pytest.raises(ValueError, match="must be positive"):
        Account(speed=speed)


# -- faster work ---------------------------------------------------------------------------------------------------

SPEED = 1800.0


@pytest.fixture
def fast() -> Account:
    account = Account(speed=SPEED)
    account.fill()
    return account


def test_work_is_faster_than_the_clock(fast: Account) -> None:
    version = fast.create("SolutionVersion", solutionArn=fast.solution())
    began = fast.clock.now()
    fast.wait(Durations().create_solution_version / SPEED)
    described = fast.describe("SolutionVersion", version)
    assert described["status"] == "ACTIVE"
    assert described["creationDateTime"].timestamp() == pytest.approx(began)
    assert described["lastUpdatedDateTime"].timestamp() == pytest.approx(fast.clock.now())
    # What a training costs follows from the work.
    assert described["trainingHours"] == pytest.approx(Durations().create_solution_version / HOUR, abs=1e-3)


def test_work_that_is_stopped_is_faster_too(fast: Account) -> None:
    version = fast.create("SolutionVersion", solutionArn=fast.solution())
    fast.wait(1.0)
    fast.personalize.stop_solution_version_creation(solutionVersionArn=version)
    assert fast.status("SolutionVersion", version) == "CREATE STOPPING"
    fast.wait(Durations().stop_solution_version / SPEED)
    assert fast.status("SolutionVersion", version) == "CREATE STOPPED"


def test_a_schedule_is_not_faster(fast: Account) -> None:
    """At this speed, the work of a week is done in six minutes: no reason to train again."""
    recipe = f"{RECIPE}/aws-personalized-ranking"
    solution = fast.create("Solution", datasetGroupArn=fast.group, recipeArn=recipe)
    fast.wait(HOUR)
    began = fast.clock.now()

    def trainings() -> int:
        rows = [(*row[:-1], int(fast.clock.now())) for row in records.interaction_rows()]
        fast.start_import("Interactions", records.csv("Interactions", rows))
        return len(fast.personalize.list_solution_versions(solutionArn=solution)["solutionVersions"])

    assert trainings() == 1
    fast.wait(360)
    assert trainings() == 1
    fast.wait(began + 6 * DAY - fast.clock.now())
    assert trainings() == 1
    fast.wait(DAY)
    assert trainings() == 2
