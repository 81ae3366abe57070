"""A run against the emulator, without the command."""

from __future__ import annotations

import io
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tools.conformance import conduct
from tools.conformance.connections import Connection, to_emulator
from tools.conformance.recorder import Recorder
from tools.conformance.recording import Header, Recording, Writer, read
from tools.conformance.run import Run
from tools.conformance.scenarios import STEPS
from tools.conformance.step import Step, Tier, in_order
from tools.emulator import Service

PREFIX = "personalize-conformance-0123abcd"
HEADER = Header("emulator", "eu-west-1", "free", "2026-11-26T12:00:00+00:00", "1.43.106")


@dataclass
class Conducted:
    """What came of a run: the result, the recording's text, and the lines that were shown."""

    result: conduct.Result
    text: str
    told: list[str] = field(default_factory=list)


def conducted(connection: Connection, steps: list[Step], tell: Callable[[str], None] | None = None) -> Conducted:
    """Perform steps."""
    file, told = io.StringIO(), list[str]()
    result = conduct.perform(connection, steps, Writer(file, HEADER), PREFIX, tell or told.append)
    return Conducted(result, file.getvalue(), told)


def recorded(names: Sequence[str]) -> Recording:
    """What real steps, and those that they need, record on the emulator."""
    with to_emulator() as connection, tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "recording.jsonl")
        path.write_text(conducted(connection, in_order(STEPS, Tier.TRAIN, names)).text)
        return read(path)


@contextmanager
def recording_run(make: Callable[..., Service] = Service) -> Iterator[tuple[Run, Recorder]]:
    """A run on the emulator, and what records it."""
    with to_emulator(make) as connection:
        recorder = Recorder(connection.account, connection.region, PREFIX, connection.now)
        yield conduct.run_on(connection, PREFIX, recorder), recorder
