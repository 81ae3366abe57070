"""Recordings: what each request of a run was answered with, as a file of JSON lines.

The first line is the header, each further one a step, the last one how the run ended:

    {"format": 1, "endpoint": "aws", "region": "eu-west-1", "tier": "import", "made": "2026-11-26T12:00:00+00:00", ...}
    {"step": "filters.unknown_column", "rules": [...], "outcome": "done", "exchanges": [...], "notes": {...}, ...}
    {"ended": "whole", "left": []}

Lines are written one by one, so that an interrupted run leaves what it had. Accounts, regions, ids and times are
replaced (placeholders.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, TextIO

FORMAT = 1


@dataclass(frozen=True)
class Header:
    """What a recording is of.

    Attributes:
        endpoint: `emulator`, `local` or `aws`.
        region: name of the region.
        tier: of the run.
        made: when, ISO 8601.
        botocore: its version, with which the requests were made.
        format: of the file.
    """

    endpoint: str
    region: str
    tier: str
    made: str
    botocore: str
    format: int = FORMAT


@dataclass(frozen=True)
class Error:
    """An error answer."""

    code: str
    message: str


@dataclass(frozen=True)
class Page:
    """What a list showed.

    Attributes:
        entries: how many there were, with those that are not the run's and not in the recording.
        more: whether there was a token for the next page.
    """

    entries: int
    more: bool


@dataclass(frozen=True)
class Look:
    """A status, and when it was seen first, in seconds since the waiting began."""

    status: str
    at: float


@dataclass(frozen=True)
class Exchange:
    """A request and what came; several, if the step waited.

    Attributes:
        api: `personalize`, `personalize-runtime` or `personalize-events`.
        operation: such as `CreateFilter`.
        params: members of the request, as sent.
        answer: members of the answer, as they came; None for an error.
        error: the error; None if there was none.
        http_status: status of the HTTP response.
        content_type: of its body.
        at: seconds since the step began.
        seconds: how long it took.
        retries: how often botocore tried again.
        page: for lists.
        looks: for what was waited for, the statuses in their order.
        looked: how often it was asked.
    """

    api: str
    operation: str
    params: Mapping[str, Any]
    answer: Mapping[str, Any] | None
    error: Error | None
    http_status: int
    content_type: str
    at: float
    seconds: float
    retries: int = 0
    page: Page | None = None
    looks: tuple[Look, ...] = ()
    looked: int = 1


@dataclass(frozen=True)
class StepRecord:
    """What came of a step.

    Attributes:
        step: its name.
        rules: ids of the rules that it touches.
        outcome: `done`, `failed` or `skipped`.
        why: if it is not done, the reason.
        seconds: how long it took.
        exchanges: its requests, in their order.
        notes: what it noted, by name.
        unexpected: sentences on what came otherwise than the step expects.
    """

    step: str
    rules: tuple[str, ...]
    outcome: str
    why: str = ""
    seconds: float = 0.0
    exchanges: tuple[Exchange, ...] = ()
    notes: Mapping[str, Any] = field(default_factory=dict)
    unexpected: tuple[str, ...] = ()


@dataclass(frozen=True)
class Recording:
    """All of a file.

    Attributes:
        header: what it is of.
        steps: by their names, in their order.
        ended: `whole` or `interrupted`; "" if even the end is missing.
        left: what could not be removed afterwards.
    """

    header: Header
    steps: Mapping[str, StepRecord]
    ended: str = ""
    left: tuple[str, ...] = ()


class RecordingError(Exception):
    """A file is no recording; str() says which and why."""


class Writer:
    """Writes a recording, line by line."""

    def __init__(self, file: TextIO, header: Header) -> None:
        """Write the header."""
        self._file = file
        self._write(asdict(header))

    def step(self, record: StepRecord) -> None:
        """Write a step."""
        self._write(asdict(record))

    def end(self, ended: str, left: tuple[str, ...]) -> None:
        """Write how the run ended."""
        self._write({"ended": ended, "left": left})

    def _write(self, line: Mapping[str, Any]) -> None:
        self._file.write(json.dumps(line, ensure_ascii=False) + "\n")
        self._file.flush()


def read(path: Path) -> Recording:
    """The recording in a file.

    Raises:
        RecordingError: there is none, or it is of another format.
    """
    try:
        header, *lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
        if header.get("format") != FORMAT:
            raise RecordingError(f"{path} has format {header.get('format')}, not {FORMAT}. Record it again.")
        steps = {line["step"]: _step(line) for line in lines if "step" in line}
        ends = [line for line in lines if "ended" in line] or [{"ended": "", "left": []}]
        return Recording(Header(**header), steps, ends[-1]["ended"], tuple(ends[-1]["left"]))
    except OSError as error:
        raise RecordingError(f"{path} cannot be read: {error.strerror}.") from None
    except (ValueError, TypeError, KeyError, AttributeError):
        raise RecordingError(f"{path} is no recording of a conformance run.") from None


def _step(line: Mapping[str, Any]) -> StepRecord:
    exchanges = tuple(_exchange(each) for each in line["exchanges"])
    lists = {"rules": tuple(line["rules"]), "unexpected": tuple(line["unexpected"])}
    return StepRecord(**{**line, **lists, "exchanges": exchanges})


def _exchange(line: Mapping[str, Any]) -> Exchange:
    parts = {
        "error": Error(**line["error"]) if line["error"] else None,
        "page": Page(**line["page"]) if line["page"] else None,
        "looks": tuple(Look(**each) for each in line["looks"]),
    }
    return Exchange(**{**line, **parts})
