"""Amazon Athena, for data that are too large for one machine: it runs the same statements, and only results come here.

Each dataset becomes an external table of text, which is dropped at the end. Athena gives rows in no order, so there are
no lines: mistakes are shown by their values. Sources: Athena user guide, "Open CSV SerDe for processing CSV" (the form
of the tables; a record is one line) and "Get the file locations for source data in Amazon S3" ("$path"). Nobody has run
this against AWS yet.
"""

from __future__ import annotations

import time
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import partial
from typing import Any

import sqlglot
from botocore.exceptions import BotoCoreError, ClientError
from sqlglot import expressions

from .engines import Readable
from .findings import Finding, counted
from .header import IGNORED
from .places import S3File, UnreadableError
from .values import text

_POLL_SECONDS = 1.0
_PARSERS: Mapping[str, Callable[[str], Any]] = {"bigint": int, "integer": int, "double": float, "decimal": float}
_SERDE = "org.apache.hadoop.hive.serde2.OpenCSVSerde"
# What is wrong with lines as they stand: what is in quotes is taken out, then commas and quotes are counted. It is
# written in Athena's SQL, because DuckDB finds such lines by itself.
_LINES = r"""
SELECT "#file", count(*) FILTER (WHERE "commas" < {commas}), count(*) FILTER (WHERE "commas" > {commas}),
  count(*) FILTER (WHERE strpos("bare", '"') > 0), count(*) FILTER (WHERE strpos("line", chr(65533)) > 0)
FROM (
  SELECT "#file", "line", "bare", length("bare") - length(replace("bare", ',', '')) AS "commas" FROM (
    SELECT "#file", "line", regexp_replace("line", '"([^"\\]|\\.|"")*"', '') AS "bare" FROM {source}
  ) AS "read" WHERE "line" <> ''
) AS "measured" GROUP BY "#file"
"""
_WRONG = (
    ("fewer values than there are columns", True),
    ("more values than there are columns", True),
    ('quotes that do not match; escape a quote within a value as \\"', True),
    ("the character U+FFFD, which stands where something was not UTF-8, unless your texts have it", False),
)


class NotInS3Error(Exception):
    """The data are on this machine; str() is what the user reads."""


def in_athena(statement: str, sources: Mapping[str, str]) -> str:
    """A statement in Athena's SQL.

    Args:
        statement: in DuckDB's.
        sources: in Athena's SQL, what the tables of the datasets are.
    """
    tree = sqlglot.parse_one(statement, read="duckdb")
    assert isinstance(tree, expressions.Select)
    used = {table.name for table in tree.find_all(expressions.Table)}
    for name, source in sources.items():
        if name in used:
            tree = tree.with_(name, as_=sqlglot.parse_one(source, read="athena"))
    return tree.sql("athena")


def table_of_values(name: str, columns: Sequence[str], folder: str) -> str:
    """The statement that makes an external table of the records in a folder."""
    listed = ", ".join(f"`{column.lower() or f'ignored__{at}'}` string" for at, column in enumerate(columns))
    return (
        f"CREATE EXTERNAL TABLE {name} ({listed}) ROW FORMAT SERDE '{_SERDE}' WITH SERDEPROPERTIES "
        f"('separatorChar' = ',', 'quoteChar' = '\"', 'escapeChar' = '\\\\') LOCATION {text(folder)} "
        "TBLPROPERTIES ('skip.header.line.count' = '1')"
    )


def table_of_lines(name: str, folder: str) -> str:
    """The statement that makes an external table of the lines in a folder, as they are."""
    return (
        f"CREATE EXTERNAL TABLE {name} (`line` string) ROW FORMAT DELIMITED FIELDS TERMINATED BY '\\001' "
        f"LOCATION {text(folder)} TBLPROPERTIES ('skip.header.line.count' = '1')"
    )


@contextmanager
def _errors_said() -> Iterator[None]:
    """Errors of AWS become UnreadableError: they say nothing of the data."""
    try:
        yield
    except (ClientError, BotoCoreError) as error:
        raise UnreadableError(f"Athena: {error}") from None


class Athena:
    """Runs the statements in the user's account."""

    def __init__(self, client: Any, workgroup: str, database: str, results: str | None) -> None:
        """Make nothing yet.

        Args:
            client: of Athena.
            workgroup: runs the statements.
            database: where the tables are made.
            results: s3:// location for results; None if the workgroup has one.
        """
        self._client = client
        self._options: dict[str, Any] = {"WorkGroup": workgroup, "QueryExecutionContext": {"Database": database}}
        if results:
            self._options["ResultConfiguration"] = {"OutputLocation": results}
        self._prefix = f"personalize_check_{uuid.uuid4().hex[:12]}"
        self._tables: list[str] = []
        self._sources: dict[str, str] = {}

    def load(self, kind: str, files: Sequence[Readable]) -> list[Finding]:
        """Make the tables of a dataset; nothing is read but lines, to count what is wrong with them."""
        values: list[str] = []
        findings: list[Finding] = []
        for (folder, header), names in _by_table(files).items():
            where = f'"$path" IN ({", ".join(map(text, names))})'
            table = self._make(partial(table_of_values, columns=header, folder=folder))
            columns = ", ".join(f'"{column}"' for column in sorted(header) if column != IGNORED)
            values.append(f'SELECT 0 AS "#", "$path" AS "#file", {columns} FROM {table} WHERE {where}')
            lines = self._make(partial(table_of_lines, folder=folder))
            source = f'(SELECT "$path" AS "#file", "line" FROM {lines} WHERE {where})'
            statement = _LINES.format(commas=len(header) - 1, source=source)
            findings += _of_lines(sorted(self._rows(statement)))
        self._sources[kind.lower()] = " UNION ALL ".join(values)
        return findings

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows that a statement gives."""
        return self._rows(in_athena(statement, self._sources))

    def lines_of(self, file: str, rows: Iterable[int]) -> Mapping[int, int]:
        """Athena knows none."""
        return {}

    def close(self) -> None:
        """Drop the tables; the data stay."""
        for table in self._tables:
            self._run(f"DROP TABLE IF EXISTS `{table}`")

    def _make(self, statement: Callable[[str], str]) -> str:
        name = f"{self._prefix}_{len(self._tables)}"
        self._tables.append(name)
        self._run(statement(name))
        return name

    def _run(self, statement: str) -> str:
        with _errors_said():
            started = self._client.start_query_execution(QueryString=statement, **self._options)
            execution: str = started["QueryExecutionId"]
            while True:
                status = self._client.get_query_execution(QueryExecutionId=execution)["QueryExecution"]["Status"]
                if status["State"] == "SUCCEEDED":
                    return execution
                if status["State"] in ("FAILED", "CANCELLED"):
                    reason = status.get("StateChangeReason", "it gave no reason")
                    raise UnreadableError(f"Athena: a statement ended as {status['State']}: {reason}")
                time.sleep(_POLL_SECONDS)

    def _rows(self, statement: str) -> list[tuple[Any, ...]]:
        execution = self._run(statement)
        with _errors_said():
            pages = list(self._client.get_paginator("get_query_results").paginate(QueryExecutionId=execution))
        columns = [column["Type"] for column in pages[0]["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]]
        # The first row is the names of the columns.
        rows = [row["Data"] for page in pages for row in page["ResultSet"]["Rows"]][1:]
        return [tuple(map(_value, columns, row)) for row in rows]


def _by_table(files: Sequence[Readable]) -> Mapping[tuple[str, tuple[str, ...]], list[str]]:
    """Names of files by what a table has in common: the folder, and the order of columns."""
    found: dict[tuple[str, tuple[str, ...]], list[str]] = {}
    for each in files:
        if not isinstance(each.file, S3File):
            raise NotInS3Error(
                f"{each.file.name} is on this machine, where Athena cannot read. Leave out ENGINE=athena."
            )
        folder = each.file.name.rpartition("/")[0] + "/"
        found.setdefault((folder, tuple(each.header)), []).append(each.file.name)
    return found


def _of_lines(rows: Iterable[tuple[Any, ...]]) -> Iterator[Finding]:
    for file, *counts in rows:
        for count, (why, refuses) in zip(counts, _WRONG, strict=True):
            if count:
                yield Finding(file, f"{counted(count, 'line has', 'lines have')} {why}.", refuses)


def _value(type_: str, datum: Mapping[str, str]) -> Any:
    value = datum.get("VarCharValue")
    return None if value is None else _PARSERS.get(type_, str)(value)
