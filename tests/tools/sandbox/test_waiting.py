"""While a deployment is silent, what Personalize works on is said, with how long that takes on AWS."""

from __future__ import annotations

import queue
from collections.abc import Iterator, Mapping
from typing import Any

import pytest

from tests.tools.emulator.support.account import Account
from tools.emulator import Durations
from tools.sandbox.waiting import Watch, waited_for

HOUR = 3600.0


def resource(status: str, created: float, updated: float = 0.0, update: Mapping[str, Any] | None = None) -> Any:
    return {"name": "TopPicks", "status": status, "created": created, "updated": updated, "latestUpdate": update}


def state(*resources: Any) -> Any:
    return {"now": HOUR, "speed": 60.0, "resources": {"us-east-1": list(resources)}}


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (resource("CREATE IN_PROGRESS", HOUR - 12), "TopPicks: CREATE IN_PROGRESS for 12.0 s (12 min on AWS)"),
        (resource("CREATE PENDING", HOUR - 0.5), "TopPicks: CREATE PENDING for 0.5 s (0 min on AWS)"),
        (resource("DELETE IN_PROGRESS", 0.0, HOUR - 2), "TopPicks: DELETE IN_PROGRESS for 2.0 s (2 min on AWS)"),
        (resource("STOP PENDING", 0.0, HOUR - 3), "TopPicks: STOP PENDING for 3.0 s (3 min on AWS)"),
        (
            resource("ACTIVE", 0.0, 0.0, {"status": "CREATE IN_PROGRESS", "creationDateTime": HOUR - 4}),
            "TopPicks: CREATE IN_PROGRESS for 4.0 s (4 min on AWS)",
        ),
    ],
)
def test_what_is_worked_on_is_said_with_its_time(found: Any, line: str) -> None:
    assert list(waited_for(state(found))) == [line]


@pytest.mark.parametrize("status", ["ACTIVE", "INACTIVE", "CREATE FAILED", "CREATE STOPPED"])
def test_what_is_settled_is_not(status: str) -> None:
    done = {"status": "ACTIVE", "creationDateTime": 0.0}
    assert list(waited_for(state(resource(status, 0.0), resource(status, 0.0, 0.0, done)))) == []


def test_it_reads_the_state_of_the_emulator() -> None:
    account = Account(durations=Durations(create_dataset_group=HOUR), speed=1800.0)
    account.create("DatasetGroup", name="movies")
    account.wait(1.0)
    found = {"now": account.clock.now(), "speed": account.service.speed, "resources": account.service.state()}
    assert list(waited_for(found)) == ["movies: CREATE IN_PROGRESS for 1.0 s (30 min on AWS)"]


# -- silence -----------------------------------------------------------------------------------------------------


class Lines:
    """What a watch has printed."""

    def __init__(self) -> None:
        self.printed: queue.Queue[str] = queue.Queue()

    def next(self) -> str:
        return self.printed.get(timeout=30)


def busy() -> Any:
    return state(resource("CREATE IN_PROGRESS", HOUR - 60))


def test_silence_is_broken_in_each_interval() -> None:
    lines = Lines()
    with Watch(busy, lines.printed.put, interval=0.01):
        assert [lines.next(), lines.next()] == ["TopPicks: CREATE IN_PROGRESS for 60.0 s (60 min on AWS)"] * 2


def test_nothing_is_said_in_an_interval_in_which_something_else_was() -> None:
    asked: Iterator[int] = iter(range(1, 1000))
    lines = Lines()
    with Watch(busy, lambda line: lines.printed.put(f"{next(asked)}"), interval=0.2) as watch:
        watch.heard()
        with pytest.raises(queue.Empty):
            lines.printed.get(timeout=0.3)
        assert lines.next() == "1"


def test_a_cloud_that_does_not_answer_is_no_failure() -> None:
    answers = iter([OSError("refused"), busy()])

    def ask() -> Any:
        answer = next(answers, busy())
        if isinstance(answer, Exception):
            raise answer
        return answer

    lines = Lines()
    with Watch(ask, lines.printed.put, interval=0.01):
        assert lines.next() == "TopPicks: CREATE IN_PROGRESS for 60.0 s (60 min on AWS)"


def test_nothing_is_said_after_the_end() -> None:
    lines = Lines()
    with Watch(busy, lines.printed.put, interval=0.01):
        lines.next()
    while not lines.printed.empty():
        lines.printed.get()
    with pytest.raises(queue.Empty):
        lines.printed.get(timeout=0.05)
