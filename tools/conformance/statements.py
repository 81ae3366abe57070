"""The statements of `make check ENGINE=athena`: whether Athena takes them, and answers what DuckDB answers."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from stacks.personalize.avro import fields
from tools.check.athena import Athena
from tools.check.engines import DuckDb, Engine, Readable
from tools.check.findings import Finding
from tools.check.interactions import Interactions
from tools.check.pictures import pictures
from tools.check.places import S3File, UnreadableError
from tools.check.values import check_values

from .run import Run
from .scenarios.materials import FIELDS, Row, csv, interactions, items, schema, users

_WORKGROUP = "primary"
_NUMBER_COLUMN = 'SELECT "#",'
# 2026-01-01, so that the same is in the future in every run.
_NOW = 1_767_225_600.0
# One record for each sort of mistake: of those that a statement finds it returns the first three, in no order.
_ROWS: Mapping[str, list[Row]] = {
    "Interactions": [
        *interactions(),
        ("u0", "nowhere", "Watch", "soon"),
        ("", "i1", "Watch", 1_900_000_000),
        ("u1", "i2", "Watch", 1_704_067_200_000),
        ("u" * 257, "i2", "Click", 1_704_067_200),
    ],
    "Items": [
        *items(),
        ("i900", "Drama", 1_704_067_200, "last year", "cheap", "maybe", r'"A \"quoted\" plot, with a comma"'),
        ("i901", "", 1_704_067_200, 99_999_999_999, "1e3", "", "x" * 20_001),
        ("i0", "Drama", 1_704_067_200, 1990, 1, "true", "A film of an earlier record."),
    ],
    "Users": [*users(), ("u900", "old", "")],
}


class _Noting:
    """An engine that notes what it was asked, and what it answered."""

    def __init__(self, engine: DuckDb) -> None:
        self._engine = engine
        self.answers: dict[str, list[tuple[Any, ...]]] = {}

    def load(self, kind: str, files: Sequence[Readable]) -> list[Finding]:
        return self._engine.load(kind, files)

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        self.answers[statement] = self._engine.ask(statement)
        return self.answers[statement]

    def lines_of(self, file: str, rows: Iterable[int]) -> Mapping[int, int]:
        return self._engine.lines_of(file, rows)


def ask_both(run: Run) -> None:
    """Ask Athena and DuckDB, of three small files, what a check asks, and note in what they differ."""
    bucket, database = run.bucket("athena"), run.database("athena")
    files = {noun: _upload(run, bucket, noun) for noun in _ROWS}
    athena = Athena(run.client("athena"), _WORKGROUP, database, f"s3://{bucket}/results/")
    try:
        answers = _answers_of_duckdb(files)
        found = [each.text for noun, file in files.items() for each in athena.load(noun, [file])]
        differing = list(_differing(athena, answers))
    finally:
        athena.close()
    run.note("statements", len(answers))
    run.note("lines that are wrong", found, expected=[])
    run.note("what is answered otherwise", differing, expected=[])


def _upload(run: Run, bucket: str, noun: str) -> Readable:
    body, key = csv(noun, _ROWS[noun]).encode(), f"data/{noun.lower()}/{noun.lower()}.csv"
    run.s3.put_object(Bucket=bucket, Key=key, Body=body)
    return Readable(S3File(run.s3, bucket, key, len(body)), [each["name"] for each in FIELDS[noun]])


def _answers_of_duckdb(files: Mapping[str, Readable]) -> dict[str, list[tuple[Any, ...]]]:
    """What a check asks, and what DuckDB answers."""
    with tempfile.TemporaryDirectory() as scratch:
        engine = DuckDb(Path(scratch))
        try:
            noting = _Noting(engine)
            _check(noting, files)
        finally:
            engine.close()
    return noting.answers


def _check(engine: Engine, files: Mapping[str, Readable]) -> None:
    """All that `make check` asks of values and amounts, and for its pictures."""
    for noun, file in files.items():
        engine.load(noun, [file])
        list(check_values(engine, fields(json.loads(schema(noun))), noun, _NOW))
    Interactions.read(engine)
    pictures(engine, {noun.upper(): file.header for noun, file in files.items()}, _NOW)


def _differing(athena: Athena, answers: Mapping[str, list[tuple[Any, ...]]]) -> Iterator[str]:
    for statement, rows in answers.items():
        try:
            answered = _comparable(statement, athena.ask(statement))
        except UnreadableError as error:
            yield f"{statement}: {error}"
            continue
        expected = _comparable(statement, rows)
        if answered != expected:
            yield f"{statement}: {answered}, and not {expected}"


def _comparable(statement: str, rows: Iterable[tuple[Any, ...]]) -> list[list[str]]:
    """Rows in no order, without the numbers of records, which Athena does not know."""
    first = 1 if statement.startswith(_NUMBER_COLUMN) else 0
    return sorted([_plain(value) for value in row[first:]] for row in rows)


def _plain(value: Any) -> str:
    """A value whatever the type of number; a check makes no difference between NULL and an empty text."""
    return value or "" if value is None or isinstance(value, str) else f"{float(value):.6g}"
