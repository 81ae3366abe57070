"""Checks the data of an environment."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from stacks.personalize.avro import Field, fields
from stacks.settings import Settings

from .engines import Engine, Readable
from .findings import Finding, counted
from .header import read_header
from .interactions import Interactions, check_volume
from .places import File, NotFoundError, UnreadableError, files_of
from .quotas import check_considered, check_size
from .values import check_values

_KEYS = {"ITEMS": "ITEM_ID", "USERS": "USER_ID"}
# Constant on purpose, or checked by other rules.
_KEPT_CONSTANT = frozenset({"USER_ID", "ITEM_ID", "TIMESTAMP", "EVENT_TYPE"})
# What the quick part reads of each file.
_QUICK = 256 * 1024  # bytes


@dataclass
class Report:
    """What there is, and what was found.

    Attributes:
        facts: a line for each dataset.
        findings: mistakes and advice, in the order of the datasets.
        unread: what could not be looked at, and why.
        loaded: datasets whose tables the engine has.
        page: where the pictures are, once they are drawn.
    """

    facts: list[str] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    unread: list[Finding] = field(default_factory=list)
    loaded: list[str] = field(default_factory=list)
    page: str = ""

    @property
    def refused(self) -> bool:
        """Whether the service would refuse something."""
        return any(finding.refuses for finding in self.findings)


def check_data(settings: Settings, given: str | None, sample: Path, engine: Engine) -> Report:
    """Check the files that a deployment would import.

    Args:
        settings: of the environment.
        given: a folder, here or in S3, to look into instead of where the settings say.
        sample: folder of the sample data.
        engine: runs the statements; it has no tables yet.
    """
    report = Report()
    for kind, dataset in settings.used_datasets.items():
        with_files = _readable(report, settings, kind, given, sample)
        if not with_files:
            continue
        columns = fields(dataset.schema_document)
        try:
            report.findings += engine.load(kind, with_files)
        except UnreadableError as error:
            report.unread.append(Finding(kind.lower(), str(error)))
            continue
        report.loaded.append(kind)
        report.findings += check_values(engine, columns, kind, time.time())
        _check_dataset(engine, report, settings, kind, with_files, columns)
    report.findings += _check_references(engine, report.loaded)
    return report


def check_beginning(settings: Settings, given: str | None, sample: Path, engine: Engine) -> Report:
    """Check headers and first rows only, in seconds; how much there is does not count.

    Args:
        settings: of the environment.
        given: a folder, here or in S3, to look into instead of where the settings say.
        sample: folder of the sample data.
        engine: runs the statements; it has no tables yet.
    """
    report = Report()
    for kind, dataset in settings.used_datasets.items():
        with_files = _readable(report, settings, kind, given, sample)
        if with_files:
            beginnings = [Readable(_Beginning(each.file), each.header) for each in with_files]
            report.findings += engine.load(kind, beginnings)
            report.loaded.append(kind)
            report.findings += check_values(engine, fields(dataset.schema_document), kind, time.time())
    return report


@dataclass(frozen=True)
class _Beginning:
    """The whole lines at the beginning of a file, as a file of their own."""

    file: File

    @property
    def name(self) -> str:
        return self.file.name

    @property
    def size(self) -> int:
        return min(self.file.size, _QUICK)

    def head(self, size: int) -> bytes:
        return self.file.head(size)

    def fetched(self, folder: Path) -> Path:
        content = self.file.head(_QUICK)
        whole = content if self.file.size <= _QUICK else content[: content.rfind(b"\n") + 1]
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / "beginning.csv"
        path.write_bytes(whole)
        return path


def _readable(report: Report, settings: Settings, kind: str, given: str | None, sample: Path) -> list[Readable]:
    """The files of a dataset with their headers; none if there is something wrong with one of them."""
    dataset = settings.used_datasets[kind]
    try:
        files = files_of(settings, kind, given, sample)
        headers = [read_header(file, fields(dataset.schema_document)) for file in files]
    except NotFoundError as missing:
        report.findings.append(Finding(kind.lower(), str(missing)))
        return []
    except UnreadableError as error:
        report.unread.append(Finding(kind.lower(), str(error)))
        return []
    said = [finding for _, findings in headers for finding in findings]
    report.findings += [*check_size(kind, dataset.import_mode, sum(file.size for file in files)), *said]
    if any(finding.refuses for finding in said):
        return []
    return [Readable(file, header) for file, (header, _) in zip(files, headers, strict=True)]


def _check_dataset(
    engine: Engine,
    report: Report,
    settings: Settings,
    kind: str,
    files: list[Readable],
    columns: Mapping[str, Field],
) -> None:
    where = ", ".join(each.file.name for each in files)
    if kind == "INTERACTIONS":
        found = Interactions.read(engine)
        report.facts.append(f"interactions: {where}: {found.count:,} rows, {found}")
        report.findings += check_volume(found, settings, columns, where)
        report.findings += check_considered(settings, "interactions", found.count)
    else:
        key = _KEYS[kind]
        ((rows, keys),) = engine.ask(f'SELECT count(*), count(DISTINCT "{key}") FROM {kind.lower()}')
        report.facts.append(f"{kind.lower()}: {where}: {rows:,} rows")
        if keys < rows:
            text = f"{counted(rows - keys, 'record has', 'records have')} the {key} of an earlier one, and replaces it."
            report.findings.append(Finding(where, text, refuses=False))
        if kind == "ITEMS":
            report.findings += check_considered(settings, "items", keys)
    report.findings += _check_emptiness(engine, kind, columns, where)


def _check_emptiness(engine: Engine, kind: str, columns: Mapping[str, Field], where: str) -> Iterator[Finding]:
    """Columns that say nothing."""
    names = [name for name in columns if kind != "INTERACTIONS" or name not in _KEPT_CONSTANT]
    if not names:
        return
    wanted = "".join(f', count(nullif("{name}", \'\')), min("{name}"), max("{name}")' for name in names)
    ((count, *found),) = engine.ask(f"SELECT count(*){wanted} FROM {kind.lower()}")
    for at, name in enumerate(names):
        given, least, most = found[3 * at : 3 * at + 3]
        if count > 1 and not given:
            yield Finding(where, f"{name}: is always empty, so no model can learn from it.", refuses=False)
        elif count > 1 and least == most and given == count:
            yield Finding(where, f"{name}: always has the same value, so no model can learn from it.", refuses=False)


def _check_references(engine: Engine, loaded: list[str]) -> Iterator[Finding]:
    """Ids in interactions that have no record; the service takes them, but knows nothing about them."""
    if "INTERACTIONS" not in loaded:
        return
    for kind, key in _KEYS.items():
        if kind not in loaded:
            continue
        ((unknown, first),) = engine.ask(
            f'SELECT count(*), min("used"."{key}") '
            f'FROM (SELECT DISTINCT "{key}" FROM interactions WHERE "{key}" <> \'\') AS "used" '
            f'LEFT JOIN (SELECT DISTINCT "{key}" FROM {kind.lower()}) AS "known" ON "used"."{key}" = "known"."{key}" '
            f'WHERE "known"."{key}" IS NULL'
        )
        if unknown:
            text = f"{counted(unknown, f'{key} has', f'{key}s have')} no record in {kind.lower()}, such as '{first}'."
            yield Finding("interactions", text, refuses=False)
