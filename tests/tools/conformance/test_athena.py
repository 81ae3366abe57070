"""What a run finds out about Athena, which a stand-in takes the place of: it runs in DuckDB what it is sent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from tests.tools.check.test_athena import FakeAthena
from tests.tools.conformance.support.emulated import conducted
from tools.check import athena
from tools.conformance.connections import Connection, to_emulator
from tools.conformance.recording import StepRecord
from tools.conformance.scenarios.athena import STEPS
from tools.conformance.step import Endpoint


class Forgetful(FakeAthena):
    """Answers every statement over users without its last row, and refuses those over items."""

    def start_query_execution(self, **request: Any) -> Any:
        statement = request["QueryString"]
        self.broken = "Function is not registered" if statement.startswith("WITH items") else None
        started = super().start_query_execution(**request)
        execution = started["QueryExecutionId"]
        if statement.startswith("WITH users"):
            names, types, rows = self._results[execution]
            self._results[execution] = names, types, rows[:-1]
        return started


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    monkeypatch.setattr(athena, "_POLL_SECONDS", 0)
    with to_emulator() as emulated:
        yield replace(emulated, endpoint=Endpoint.AWS)


def performed(account: Connection, fake: FakeAthena) -> StepRecord:
    # What the recorder of a run asks of every client.
    fake.meta = account.client("athena").meta  # type: ignore[attr-defined]

    def client(name: str, **options: Any) -> Any:
        return fake if name == "athena" else account.client(name, **options)

    result = conducted(replace(account, client=client), list(STEPS)).result
    assert result.left == ()
    (record,) = result.steps
    return record


def test_athena_is_asked_what_a_check_asks(account: Connection) -> None:
    fake = FakeAthena()
    record = performed(account, fake)
    assert (record.outcome, record.why, record.unexpected) == ("done", "", ())
    assert record.notes["statements"] > 15
    assert fake.tables() == []


def test_other_answers_and_refusals_are_told(account: Connection) -> None:
    record = performed(account, Forgetful())
    assert record.outcome == "done"
    found = record.notes["what is answered otherwise"]
    assert any("Athena: a statement ended as FAILED: Function is not registered" in each for each in found)
    assert any(each.startswith('SELECT "#file"') and "and not [" in each for each in found)
    assert len(record.unexpected) == 1


def test_tables_are_dropped_if_a_statement_fails(account: Connection) -> None:
    class Broken(FakeAthena):
        def start_query_execution(self, **request: Any) -> Any:
            self.broken = None if request["QueryString"].startswith("DROP") else "No."
            return super().start_query_execution(**request)

    fake = Broken()
    record = performed(account, fake)
    assert (record.outcome, record.why) == ("failed", "UnreadableError: Athena: a statement ended as FAILED: No.")
    assert fake.tables() == []
