"""While a deployment is silent, what Personalize works on is said, with the time on the service's clock."""

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
    return {"now": HOUR, "resources": {"us-east-1": list(resources)}}


@pytest.mark.parametrize(
    ("found", "line"),
    [
        (resource("CREATE IN_PROGRESS", HOUR - 720), "TopPicks: CREATE IN_PROGRESS for 12 min"),
        (resource("CREATE PENDING", HOUR - 60), "TopPicks: CREATE PENDING for 1 min"),
        (resource("DELETE IN_PROGRESS", 0.0, HOUR - 120), "TopPicks: DELETE IN_PROGRESS for 2 min"),
        (resource("STOP PENDING", 0.0, HOUR - 180), "TopPicks: STOP PENDING for 3 min"),
        (
            resource("ACTIVE", 0.0, 0.0, {"status": "CREATE IN_PROGRESS", "creationDateTime": HOUR - 240}),
            "TopPicks: CREATE IN_PROGRESS for 4 min",
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
    account = Account(durations=Durations(create_dataset_group=HOUR))
    account.create("DatasetGroup", name="movies")
    account.wait(1800)
    found = {"now": account.clock.now(), "resources": account.service.state()}
    assert list(waited_for(found)) == ["movies: CREATE IN_PROGRESS for 30 min"]


# -- silence -----------------------------------------------------------------------------------------------------


class Lines:
    """What a watch has printed."""

    def __init__(self) -> None:
        self.printed: queue.Queue[str] = queue.Queue()

    def next(self) -> str:
        return self.printed.get(timeout=30)


def busy() -> Any:
    return state(resource("CREATE IN_PROGRESS", 0.0))


def test_silence_is_broken_in_each_interval() -> None:
    lines = Lines()
    with Watch(busy, lines.printed.put, interval=0.01):
        assert [lines.next(), lines.next()] == ["TopPicks: CREATE IN_PROGRESS for 60 min"] * 2


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
        assert lines.next() == "TopPicks: CREATE IN_PROGRESS for 60 min"


def test_nothing_is_said_after_the_end() -> None:
    lines = Lines()
    with Watch(busy, lines.printed.put, interval=0.01):
        lines.next()
    while not lines.printed.empty():
        lines.printed.get()
    with pytest.raises(queue.Empty):
        lines.printed.get(timeout=0.05)
