"""One CSV file, read by DuckDB: in parallel, and without holding more of it in memory than fits.

Records that are none (too many values, quotes that do not match, other encodings) come out of the reading by
themselves, with their lines; only a comma too many at the end of a line goes unnoticed. Whatever else is wrong is found
in columns of text, so that nothing is lost in a cast.
"""

from __future__ import annotations

import itertools
import mmap
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from stacks.personalize.avro import Field

from .findings import Finding, counted

_LONGEST_HEADER = 1_000_000
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

    def finding(self, path: Path, line: int) -> Finding:
        """As a sentence."""
        has = counted(self.count, "line has", "lines have")
        return Finding(str(path), f"{has} {self.why}; the first is line {line}: {_shown(self.text)}.")


class CsvFile:
    """A CSV file whose header is that of a schema, in any order."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, path: Path, header: Sequence[str]) -> None:
        """Read nothing yet.

        Args:
            connection: reads it.
            path: of the file.
            header: names of its columns.
        """
        self._connection = connection
        self.path = path
        self._header = header
        self._rejected_records: set[int] = set()

    def rows(self, options: str = "ignore_errors=true") -> str:
        """SQL of a table of its records, every column as text; what cannot be read is left out."""
        columns = ", ".join(f"'{name}': 'VARCHAR'" for name in self._header)
        escape = "\\" if _escapes_by_backslash(self.path) else '"'
        return (
            f"read_csv({_text(str(self.path))}, columns={{{columns}}}, auto_detect=false, header=false, skip=1, "
            f"delim=',', quote='\"', escape='{escape}', {options})"
        )

    def numbered_rows(self, scan: str) -> str:
        """The same with a column `#`, which counts from 1; lines that cannot be read go into tables of that name."""
        rejects = f"store_rejects=true, rejects_table='{scan}_rejects', rejects_scan='{scan}_scans', rejects_limit=0"
        return f'(SELECT row_number() OVER () AS "#", * FROM {self.rows(rejects)})'

    def rejected(self, scan: str) -> list[Rejected]:
        """What was wrong with records that could not be read; to be asked for after the rows."""
        records = self._connection.execute(f"SELECT DISTINCT line FROM {scan}_rejects").fetchall()
        self._rejected_records = {record for (record,) in records}
        found = self._connection.execute(
            "SELECT error_type, count(DISTINCT line), min(line), arg_min(csv_line, line) "
            f"FROM {scan}_rejects GROUP BY 1 ORDER BY 3"
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
                is_open ^= (text.count(b'"') - text.count(b'\\"')) % 2 == 1
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


def all_rows(files: Iterable[CsvFile]) -> str:
    """SQL that selects the records of files of one dataset, whatever the order of their columns."""
    return " UNION ALL BY NAME ".join(f"SELECT * FROM {file.rows()}" for file in files)


def read_header(path: Path, fields: Mapping[str, Field]) -> tuple[list[str], list[Finding]]:
    """The names of a file's columns, and what is wrong with them."""
    where = str(path)
    with path.open("rb") as file:
        first = file.readline(_LONGEST_HEADER)
    try:
        header = first.decode("utf-8-sig").rstrip("\r\n").split(",")
    except UnicodeDecodeError:
        return [], [Finding(where, "the header is not UTF-8. Save the file as UTF-8.")]
    return header, list(_check_header(header, fields, where))


def _check_header(header: Sequence[str], fields: Mapping[str, Field], where: str) -> Iterator[Finding]:
    missing = [name for name in fields if name not in header]
    if missing:
        yield Finding(
            where, f"the header lacks {', '.join(missing)}; it is {_shown(','.join(header))}.{_hint(header, missing)}"
        )
    extra = [name for name in header if name not in fields]
    if extra and not missing:
        yield Finding(
            where, f"the schema does not have {', '.join(extra)}. Remove it from the file, or add it to the schema."
        )
    twice = sorted({name for name in header if name in fields and header.count(name) > 1})
    if twice:
        yield Finding(where, f"the header has {', '.join(twice)} more than once.")


def _hint(header: Sequence[str], missing: Sequence[str]) -> str:
    if len(header) == 1 and any(separator in header[0] for separator in ";\t|"):
        return " Separate the columns by commas."
    plain = {name.strip().strip('"').upper() for name in header}
    if not plain & {name.upper() for name in missing}:
        return ""
    if any('"' in name for name in header):
        return " Write the names without quotes."
    return " Write the names exactly as in the schema, in capital letters."


def _escapes_by_backslash(path: Path) -> bool:
    if not path.stat().st_size:
        return False
    with path.open("rb") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        return content.find(b'\\"') >= 0


def _shown(text: str) -> str:
    line = text.strip("\n")
    return repr(line if len(line) <= 80 else f"{line[:80]}...")


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
