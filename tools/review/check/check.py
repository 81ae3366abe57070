"""Checks the data of an environment."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from stacks.personalize.avro import Field, fields
from stacks.settings import Settings

from .csv_file import CsvFile, all_rows, read_header
from .findings import Finding, counted
from .interactions import Interactions, check_volume
from .places import NotFoundError, files_of
from .values import check_values

_KEYS = {"ITEMS": "ITEM_ID", "USERS": "USER_ID"}


@dataclass
class Report:
    """What there is, and what was found.

    Attributes:
        facts: a line for each dataset.
        findings: mistakes and advice, in the order of the datasets.
    """

    facts: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)

    @property
    def refused(self) -> bool:
        """Whether the service would refuse something."""
        return any(finding.refuses for finding in self.findings)


def check_data(settings: Settings, given: str | None, sample: Path, scratch: Path) -> Report:
    """Check the files that a deployment would import.

    Args:
        settings: of the environment.
        given: a folder, here or in S3, to look into instead of where the settings say.
        sample: folder of the sample data.
        scratch: an empty folder, for what is fetched or does not fit into memory.
    """
    report = Report()
    connection = duckdb.connect(config={"temp_directory": str(scratch / "duckdb"), "memory_limit": "512MB"})
    read: dict[str, list[CsvFile]] = {}
    for kind, dataset in settings.datasets.used.items():
        columns = fields(dataset.schema_document)
        try:
            paths = files_of(settings, kind, given, sample, scratch)
        except NotFoundError as missing:
            report.findings.append(Finding(kind.lower(), str(missing)))
            continue
        files = []
        for path in paths:
            header, findings = read_header(path, columns)
            report.findings += findings
            if not findings:
                files.append(CsvFile(connection, path, header))
        if len(files) == len(paths):
            read[kind] = files
            _check_dataset(connection, report, settings, kind, files, columns)
    report.findings += _check_references(connection, read)
    connection.close()
    return report


def _check_dataset(
    connection: duckdb.DuckDBPyConnection,
    report: Report,
    settings: Settings,
    kind: str,
    files: list[CsvFile],
    columns: Mapping[str, Field],
) -> None:
    for file in files:
        report.findings += check_values(connection, file, columns, kind)
    where = ", ".join(str(file.path) for file in files)
    if kind == "INTERACTIONS":
        found = Interactions.read(connection, files)
        report.facts.append(f"interactions: {where}: {found.count:,} rows, {found}")
        report.findings += check_volume(found, settings, columns, where)
        return
    key = _KEYS[kind]
    rows, keys = connection.execute(f"SELECT count(*), count(DISTINCT {key}) FROM ({all_rows(files)})").fetchone() or (
        0,
        0,
    )
    report.facts.append(f"{kind.lower()}: {where}: {rows:,} rows")
    if keys < rows:
        text = f"{counted(rows - keys, 'record has', 'records have')} the {key} of an earlier one, and replaces it."
        report.findings.append(Finding(where, text, refuses=False))
    report.findings += _check_emptiness(connection, files, columns, where)


def _check_emptiness(
    connection: duckdb.DuckDBPyConnection, files: list[CsvFile], columns: Mapping[str, Field], where: str
) -> Iterator[Finding]:
    """Columns that say nothing."""
    wanted = ", ".join(
        f'count(nullif("{name}", \'\')), min("{name}") IS NOT DISTINCT FROM max("{name}")' for name in columns
    )
    count, *found = connection.execute(f"SELECT count(*), {wanted} FROM ({all_rows(files)})").fetchone() or (0,)
    for at, name in enumerate(columns):
        given, is_constant = found[2 * at : 2 * at + 2]
        if count > 1 and not given:
            yield Finding(where, f"{name}: is always empty, so no model can learn from it.", refuses=False)
        elif count > 1 and is_constant and given == count:
            yield Finding(where, f"{name}: always has the same value, so no model can learn from it.", refuses=False)


def _check_references(connection: duckdb.DuckDBPyConnection, read: Mapping[str, list[CsvFile]]) -> Iterator[Finding]:
    """Ids in interactions that have no record; the service takes them, but knows nothing about them."""
    if "INTERACTIONS" not in read:
        return
    for kind in _KEYS.keys() & read.keys():
        key = _KEYS[kind]
        unknown, first = connection.execute(
            f"SELECT count(*), min({key}) "
            f"FROM (SELECT DISTINCT {key} FROM ({all_rows(read['INTERACTIONS'])})) AS used "
            f"ANTI JOIN ({all_rows(read[kind])}) AS known USING ({key}) WHERE {key} IS NOT NULL"
        ).fetchone() or (0, "")
        if unknown:
            text = f"{counted(unknown, f'{key} has', f'{key}s have')} no record in {kind.lower()}, such as '{first}'."
            yield Finding("interactions", text, refuses=False)
