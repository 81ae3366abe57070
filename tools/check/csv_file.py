"""One CSV file, read by DuckDB: in parallel, and without holding more of it in memory than fits.

Records that are none (too many values, quotes that do not match, other encodings) come out of the reading by
themselves, with their lines; only a comma too many at the end of a line, which DuckDB takes, is looked for afterwards.
Whatever else is wrong is found in columns of text, so that nothing is lost in a cast.
"""

from __future__ import annotations

import csv
import itertools
import mmap
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from .findings import Finding, counted
from .header import IGNORED, shown

# What DuckDB calls what is wrong with a line, and what is said of it.
_REJECTED = {
    "MISSING COLUMNS": "fewer values than there are columns",
    "TOO MANY COLUMNS": "more values than there are columns",
    "UNQUOTED VALUE": 'quotes that do not match; escape a quote within a value as \\"',
    "INVALID ENCODING": "characters that are not UTF-8",
}


@dataclass(frozen=True)
class Rejected:
    """Records that could not be read for one reason.

    Attributes:
        why: what they have.
        count: how many there are.
        record: number of the first, the header being 1.
        text: of the first.
    """

    why: str
    count: int
    record: int
    text: str

    def finding(self, name: str, line: int) -> Finding:
        """As a sentence."""
        has = counted(self.count, "line has", "lines have")
        return Finding(name, f"{has} {self.why}; the first is line {line}: {shown(self.text)}.")


class CsvFile:
    """A CSV file whose header has the fields of a schema, in any order."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path, header: Sequence[str]) -> None:
        """Read nothing yet.

        Args:
            connection: reads it.
            path: of the file.
            header: names of its columns; IGNORED for one that is not loaded.
        """
        self._connection = connection
        self.path = path
        self._header = header
        self._rejected_records: set[int] = set()

    def load(self, table: str, name: str) -> list[Finding]:
        """Add its records to a table, every column as text; what is said of lines that cannot be read.

        Args:
            table: made, unless it is there.
            name: what the user knows the file by.
        """
        loaded = [column for column in self._header if column != IGNORED]
        own = ", ".join(f'"{column}" VARCHAR' for column in loaded)
        self._connection.execute(f'CREATE TABLE IF NOT EXISTS {table} ("#" BIGINT, "#file" VARCHAR, {own})')
        self._connection.execute("DROP TABLE IF EXISTS rejected; DROP TABLE IF EXISTS scans")
        # No field of a schema is called #1.
        columns = ", ".join(f"'{column or f'#{at}'}': 'VARCHAR'" for at, column in enumerate(self._header))
        named = ", ".join(f'"{column}"' for column in loaded)
        escape = "\\" if _escapes_by_backslash(self.path) else '"'
        self._connection.execute(
            f'INSERT INTO {table} BY NAME SELECT row_number() OVER () AS "#", {_text(name)} AS "#file", {named} '
            f"FROM read_csv({_text(str(self.path))}, columns={{{columns}}}, auto_detect=false, header=false, skip=1, "
            f"delim=',', quote='\"', escape='{escape}', store_rejects=true, rejects_table='rejected', "
            "rejects_scan='scans', rejects_limit=0)"
        )
        rejected = self._rejected()
        _, lines = self.lines_of((), [each.record for each in rejected])
        findings = [each.finding(name, lines[each.record]) for each in rejected]
        return [*findings, *self._extra_commas(name, escape)]

    def _extra_commas(self, name: str, escape: str) -> list[Finding]:
        """What is said of lines that are right but for an empty value too many at their end."""
        if not _has_line_with_comma_at_end(self.path):
            return []
        found = [
            (line, text)
            for line, text in self._lines()
            if text.endswith(",") and _values(text, escape) == len(self._header) + 1
        ]
        if not found:
            return []
        line, text = found[0]
        return [Rejected("a comma too many at the end", len(found), line, text).finding(name, line)]

    def _lines(self) -> Iterator[tuple[int, str]]:
        """The lines after the header that hold a record by themselves, without their ends."""
        is_open = False
        with self.path.open("rb") as file:
            for line, text in enumerate(itertools.islice(file, 1, None), 2):
                was_open, is_open = is_open, is_open ^ _opens_quote(text)
                if not was_open and not is_open:
                    yield line, text.decode(errors="replace").rstrip("\r\n")

    def _rejected(self) -> list[Rejected]:
        """What was wrong with records that could not be read."""
        records = self._connection.execute("SELECT DISTINCT line FROM rejected").fetchall()
        self._rejected_records = {record for (record,) in records}
        found = self._connection.execute(
            "SELECT error_type, count(DISTINCT line), min(line), arg_min(csv_line, line) "
            "FROM rejected GROUP BY 1 ORDER BY 3"
        ).fetchall()
        return [Rejected(_REJECTED.get(kind, kind.lower()), count, record, text) for kind, count, record, text in found]

    def lines_of(self, rows: Iterable[int], records: Iterable[int]) -> tuple[dict[int, int], dict[int, int]]:
        """The lines on which records begin.

        Args:
            rows: numbers of records among those that could be read, from 1.
            records: numbers among all, the header being the first, as DuckDB counts those it rejects.
        """
        of_rows, of_records = dict.fromkeys(rows, 0), dict.fromkeys(records, 0)
        last_row, last_record = max(of_rows, default=0), max(of_records, default=0)
        row, record, is_open, begins = 0, 1, False, 1
        with self.path.open("rb") as file:
            for line, text in enumerate(itertools.islice(file, 1, None), 2):
                if row >= last_row and record >= last_record:
                    break
                begins = begins if is_open else line
                is_open ^= _opens_quote(text)
                if is_open:
                    continue
                record += 1
                if record in of_records:
                    of_records[record] = begins
                if record not in self._rejected_records and text.strip():
                    row += 1
                    if row in of_rows:
                        of_rows[row] = begins
        if is_open and record + 1 in of_records:
            of_records[record + 1] = begins
        return of_rows, of_records


def _opens_quote(text: bytes) -> bool:
    """Whether a line opens or closes a text in quotes, which goes on in the next one."""
    return (text.count(b'"') - text.count(b'\\"')) % 2 == 1


def _values(text: str, escape: str) -> int:
    return len(next(csv.reader([text], escapechar=escape if escape == "\\" else None)))


def _escapes_by_backslash(path: Path) -> bool:
    return _has(path, rb'\\"')


def _has_line_with_comma_at_end(path: Path) -> bool:
    return _has(path, rb",\r?(\n|\Z)")


def _has(path: Path, pattern: bytes) -> bool:
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return re.search(pattern, content) is not None


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
