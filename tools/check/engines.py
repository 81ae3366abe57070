"""What runs the statements of a check: they are written once, in DuckDB's SQL, over a table for each dataset.

Besides the columns of the schema, all of them text, a table has `#file`, the name of the file that a record is in, and
`#`, the record's number in it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import duckdb

from .csv_file import CsvFile
from .findings import Finding
from .places import File


@dataclass(frozen=True)
class Readable:
    """A file whose header has the fields of the schema, in any order; IGNORED is a column that it does not have."""

    file: File
    header: Sequence[str]


class Engine(Protocol):
    """Reads files and runs statements over them."""

    def load(self, kind: str, files: Sequence[Readable]) -> list[Finding]:
        """Make the table of a dataset, called as its type in small letters; what is said of lines left out."""

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows that a statement gives."""

    def lines_of(self, file: str, rows: Iterable[int]) -> Mapping[int, int]:
        """The lines on which records of a file begin, where the engine knows."""


class DuckDb:
    """DuckDB, on this machine: in parallel, and without holding more in memory than fits."""

    def __init__(self, scratch: Path, memory: str = "512MB") -> None:
        """Make an empty database.

        Args:
            scratch: folder for what does not fit into memory, and for what is fetched.
            memory: how much DuckDB may take.
        """
        self._scratch = scratch
        self._files: dict[str, CsvFile] = {}
        self._connection = duckdb.connect(
            str(scratch / "check.duckdb"),
            config={"temp_directory": str(scratch / "temporary"), "memory_limit": memory},
        )

    def load(self, kind: str, files: Sequence[Readable]) -> list[Finding]:
        """Read the files into a table."""
        findings = []
        for at, each in enumerate(files):
            path = each.file.fetched(self._scratch / f"{kind.lower()}-{at}")
            file = self._files[each.file.name] = CsvFile(self._connection, path, each.header)
            findings += file.load(kind.lower(), each.file.name)
        return findings

    def ask(self, statement: str) -> list[tuple[Any, ...]]:
        """The rows that a statement gives."""
        return self._connection.execute(statement).fetchall()

    def lines_of(self, file: str, rows: Iterable[int]) -> Mapping[int, int]:
        """The lines on which records begin."""
        return self._files[file].lines_of(rows, ())[0]

    def close(self) -> None:
        """Forget everything."""
        self._connection.close()
