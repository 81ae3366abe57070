"""`make check ENGINE=athena`: the same statements in Athena's SQL say the same.

Nothing here is Athena. What is sent to it is read back from its SQL and run by DuckDB, over tables that are filled as
its user guide says. Whether Athena takes it, only AWS can tell.
"""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import boto3
import botocore.session
import duckdb
import pytest
import sqlglot
from botocore.validate import ParamValidator
from moto import mock_aws
from sqlglot import expressions

from tests.tools.check.test_check import PAGE, SETTINGS, run
from tests.tools.check.test_check import folder as folder
from tests.tools.check.test_check import generated as generated
from tools.check import __main__ as program
from tools.check import athena
from tools.check.athena import Athena, table_of_lines, table_of_values
from tools.check.header import IGNORED

# Trino's own functions, and Athena's pages about it: "Functions in Amazon Athena", which refers to Trino's.
FUNCTIONS = {"CAST", "CHR", "COALESCE", "COUNT", "FLOOR", "LENGTH", "MAX", "MIN", "NULLIF", "REGEXP_LIKE"} | {
    *("REGEXP_REPLACE", "REPLACE", "SPLIT", "STRPOS", "SUM", "TRY_CAST", "UNNEST")
}
WORDS = {"AND", "AS", "BETWEEN", "BY", "FILTER", "FROM", "IN", "JOIN", "NOT", "ON", "OR", "THEN", "WHEN", "WHERE"}
TYPES = {"VARCHAR": "varchar", "DOUBLE": "double"}
MODEL = botocore.session.get_session().get_service_model("athena")


class FakeAthena:
    """Runs what it is sent in DuckDB; data are in the S3 of moto."""

    def __init__(self) -> None:
        self.sent: list[str] = []
        self.broken: str | None = None
        self._connection = duckdb.connect()
        self._results: dict[str, tuple[list[str], list[str], list[tuple[Any, ...]]]] = {}
        self._asked = 0

    def start_query_execution(self, **request: Any) -> Mapping[str, Any]:
        shape = MODEL.operation_model("StartQueryExecution").input_shape
        assert not ParamValidator().validate(request, shape).has_errors()
        statement = request["QueryString"]
        self.sent.append(statement)
        execution = str(len(self.sent))
        if statement.startswith("CREATE"):
            self._make(sqlglot.parse_one(statement, read="hive"))
        elif statement.startswith("DROP"):
            self._connection.execute(sqlglot.transpile(statement, read="hive", write="duckdb")[0])
        else:
            found = self._connection.execute(sqlglot.transpile(statement, read="athena", write="duckdb")[0])
            types = [TYPES.get(str(column[1]), "bigint") for column in found.description or ()]
            self._results[execution] = ([str(each[0]) for each in found.description or ()], types, found.fetchall())
        return {"QueryExecutionId": execution}

    def get_query_execution(self, QueryExecutionId: str) -> Mapping[str, Any]:  # noqa: N803
        self._asked += 1
        if self.broken:
            return {"QueryExecution": {"Status": {"State": "FAILED", "StateChangeReason": self.broken}}}
        return {"QueryExecution": {"Status": {"State": "SUCCEEDED" if self._asked % 2 else "RUNNING"}}}

    def get_paginator(self, name: str) -> FakeAthena:
        assert name == "get_query_results"
        return self

    def paginate(self, QueryExecutionId: str) -> Iterator[Mapping[str, Any]]:  # noqa: N803
        names, types, rows = self._results[QueryExecutionId]
        columns = [{"Name": name, "Type": type_} for name, type_ in zip(names, types, strict=True)]
        lines = [names, *rows]
        for at in range(0, len(lines), 2):
            data = [
                {"Data": [{} if v is None else {"VarCharValue": str(v)} for v in line]} for line in lines[at : at + 2]
            ]
            yield {"ResultSet": {"ResultSetMetadata": {"ColumnInfo": columns}, "Rows": data}}

    def tables(self) -> list[str]:
        return [name for (name,) in self._connection.execute("SHOW TABLES").fetchall()]

    def _make(self, made: expressions.Expression) -> None:
        name = made.find(expressions.Table).name  # type: ignore[union-attr]
        columns = [column.name for column in made.find_all(expressions.ColumnDef)]
        bucket, _, prefix = made.find(expressions.LocationProperty).this.name[5:].partition("/")  # type: ignore[union-attr]
        listed = ", ".join(f'"{column}" VARCHAR' for column in [*columns, "$path"])
        self._connection.execute(f"CREATE TABLE {name} ({listed})")
        client = boto3.client("s3")
        for each in client.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"]:
            body = client.get_object(Bucket=bucket, Key=each["Key"])["Body"].read().decode(errors="replace")
            rows = [[*row, f"s3://{bucket}/{each['Key']}"] for row in self._rows(body, columns)]
            if rows:
                row = f"({', '.join('?' * (len(columns) + 1))})"
                values = [value for each in rows for value in each]
                self._connection.execute(f"INSERT INTO {name} VALUES {', '.join([row] * len(rows))}", values)

    @staticmethod
    def _rows(body: str, columns: list[str]) -> list[list[str | None]]:
        lines = body.splitlines()[1:]
        if columns == ["line"]:
            return [[line] for line in lines]
        read = csv.reader(io.StringIO("\n".join(filter(None, lines))), escapechar="\\")
        return [[row[at] if at < len(row) else None for at in range(len(columns))] for row in read]


@pytest.fixture
def fake(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[FakeAthena]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.setattr(athena, "_POLL_SECONDS", 0)
    (folder / "test.yaml").write_text(SETTINGS.replace("data: sample", "data: s3://films/vod/"))
    with mock_aws():
        boto3.client("s3").create_bucket(Bucket="films")
        for kind in ("interactions", "items", "users"):
            # So few that they are quickly inserted, and enough for an import.
            text = "".join((folder / f"{kind}.csv").read_text().splitlines(keepends=True)[:1300])
            boto3.client("s3").put_object(Bucket="films", Key=f"vod/{kind}.csv", Body=text.encode())
        ours = FakeAthena()
        real = program._engine
        monkeypatch.setattr(
            program,
            "_engine",
            lambda options, scratch: (
                Athena(ours, options.workgroup, options.database, options.results)
                if options.engine == "athena"
                else real(options, scratch)
            ),
        )
        yield ours


def append(kind: str, text: bytes) -> None:
    client = boto3.client("s3")
    before = client.get_object(Bucket="films", Key=f"vod/{kind}.csv")["Body"].read()
    client.put_object(Bucket="films", Key=f"vod/{kind}.csv", Body=before + text)


def test_both_engines_say_and_draw_the_same(fake: FakeAthena, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append("interactions", b"u1,nowhere,Watch,9\n" * 3)
    append("items", b"i1,A,War,1999,5\n")
    here = run(folder, capsys), (folder / PAGE).read_text()
    there = run(folder, capsys, "--engine", "athena"), (folder / PAGE).read_text()
    assert there == here
    assert "2 interactions occur more than once" in here[0][1]
    assert "ITEM_ID has no record in items, such as 'nowhere'" in here[0][1]
    assert "Share of new items" in here[1]


def test_mistakes_are_told_without_lines(fake: FakeAthena, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    append("items", b'i8,A,War,x,1\ni9,"A, \\"B\\"",,y,1\n')
    append("items", b"j1,A,War\nj2,A,War,1,1,1\nj3,A,War,1,1,\nj4,A \xe9,War,1,1\n" + b'j5,"A,War,1,1\n')
    status, said = run(folder, capsys, "--engine", "athena")
    assert status == 1
    items = "s3://films/vod/items.csv"
    assert re.search(rf"{items}: YEAR: [23] values are not of type int; such as 'x', 'y'", said)
    assert re.search(rf"{items}: GENRES: \d values? (is|are) empty, which the schema does not allow; ", said)
    assert f"{items}: 1 line has fewer values than there are columns." in said
    assert f"{items}: 2 lines have more values than there are columns." in said
    assert f'{items}: 1 line has quotes that do not match; escape a quote within a value as \\".' in said
    assert f"{items}: 1 line has the character U+FFFD" in said


def test_the_statements_use_only_functions_that_athena_has(
    fake: FakeAthena, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    append("items", b"i8,A,War,x,1\n")
    run(folder, capsys, "--engine", "athena")
    asked = [statement for statement in fake.sent if not statement.startswith(("CREATE", "DROP"))]
    assert len(asked) > 15
    plain = [re.sub(r"'[^']*'|\"[^\"]*\"", "0", statement) for statement in asked]
    used = {name.upper() for statement in plain for name in re.findall(r"\b([A-Za-z_]+)\s*\(", statement)}
    assert used - WORDS == FUNCTIONS
    for statement in asked:
        assert sqlglot.parse_one(statement, read="athena").sql("athena")


def test_nothing_stays_behind(fake: FakeAthena, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run(folder, capsys, "--engine", "athena")
    assert fake.tables() == []
    assert sum(statement.startswith("CREATE") for statement in fake.sent) == 6
    assert all("DELETE" not in statement and "INSERT" not in statement for statement in fake.sent)


def test_a_statement_that_fails_says_nothing_of_the_data(
    fake: FakeAthena, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fake.broken = "Insufficient Lake Formation permission(s)"
    options = ["--env", "test", "--config-dir", str(folder), "--engine", "athena", "--out", str(folder)]
    assert program.main(options) == 3
    assert "Athena: a statement ended as FAILED: Insufficient Lake Formation" in capsys.readouterr().err


def test_data_on_this_machine_are_not_for_athena(
    fake: FakeAthena, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    options = ["--env", "test", "--config-dir", str(folder), "--engine", "athena", "--data", str(folder)]
    assert program.main([*options, "--out", str(folder)]) == 1
    said = capsys.readouterr().err
    assert said.endswith("interactions.csv is on this machine, where Athena cannot read. Leave out ENGINE=athena.\n")


def test_tables_are_read_as_the_user_guide_says() -> None:
    """ "Open CSV SerDe for processing CSV": text in every column, the header left out, a backslash before quotes."""
    header = ["ITEM_ID", IGNORED, "TITLE"]
    made = sqlglot.parse_one(table_of_values("t", header, "s3://films/it's/"), read="hive")
    assert [(each.name, str(each.args["kind"])) for each in made.find_all(expressions.ColumnDef)] == [
        ("item_id", "TEXT"),
        ("ignored__1", "TEXT"),
        ("title", "TEXT"),
    ]
    text = table_of_values("t", ["ITEM_ID"], "s3://films/a/")
    assert "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'" in text
    assert "('separatorChar' = ',', 'quoteChar' = '\"', 'escapeChar' = '\\\\')" in text
    for statement in (text, table_of_lines("t", "s3://films/a/")):
        assert "LOCATION 's3://films/a/' TBLPROPERTIES ('skip.header.line.count' = '1')" in statement
