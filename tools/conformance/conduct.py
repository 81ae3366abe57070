"""Performs the steps of a run, writes the recording, and removes what the run made, whatever happens."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from . import clean
from .connections import Connection
from .recorder import Recorder
from .recording import Exchange, StepRecord, Writer
from .run import PREFIX, Note, Run
from .step import Endpoint, Expected, Step

DONE, FAILED, SKIPPED = "done", "failed", "skipped"


@dataclass
class Result:
    """What came of a run.

    Attributes:
        steps: what came of each step.
        interrupted: whether somebody ended it.
        left: sentences on what could not be removed.
    """

    steps: list[StepRecord] = field(default_factory=list)
    interrupted: bool = False
    left: tuple[str, ...] = ()

    @property
    def is_good(self) -> bool:
        """Whether everything came as expected and has gone again."""
        steps_are_good = all(each.outcome != FAILED and not each.unexpected for each in self.steps)
        return steps_are_good and not self.interrupted and not self.left


def new_prefix() -> str:
    """The first part of the names of a new run."""
    return f"{PREFIX}{secrets.token_hex(4)}"


def run_on(connection: Connection, prefix: str, recorder: Recorder | None = None) -> Run:
    """A run, as its steps see it.

    Args:
        connection: what it talks to.
        prefix: first part of its names.
        recorder: records what it asks Personalize; None for a run that is not recorded, and tags nothing by itself.
    """

    def client(name: str, **options: Any) -> Any:
        made = connection.client(name, **options)
        return recorder.attach(made) if recorder else made

    return Run(
        client,
        prefix,
        connection.region,
        connection.account,
        connection.pause,
        connection.now,
        connection.every,
        connection.hours,
        recorder.watching if recorder else nullcontext,
    )


def perform(
    connection: Connection,
    steps: Sequence[Step],
    writer: Writer,
    prefix: str,
    tell: Callable[[str], None] = print,
) -> Result:
    """Perform steps; what the run made is removed even if it is interrupted.

    Args:
        connection: what to talk to.
        steps: in the order of what they need.
        writer: of the recording.
        prefix: of the names of the run.
        tell: shows a line of progress.
    """
    recorder = Recorder(connection.account, connection.region, prefix, connection.now)
    run = run_on(connection, prefix, recorder)
    if connection.endpoint is Endpoint.AWS:
        run.tell = tell
    result = Result()
    try:
        for step in steps:
            tell(step.name)
            record = _performed(step, run, recorder, connection, result.steps)
            result.steps.append(record)
            writer.step(record)
            for sentence in filter(None, [record.why, *record.unexpected]):
                tell(f"  {sentence}")
    except KeyboardInterrupt:
        result.interrupted = True
        tell("Interrupted. What the run made is removed; a second interruption leaves it.")
    finally:
        result.left = _cleaned(connection, prefix, tell)
        writer.end("interrupted" if result.interrupted else "whole", tuple(map(recorder.replaced, result.left)))
    return result


def _performed(
    step: Step, run: Run, recorder: Recorder, connection: Connection, before: Iterable[StepRecord]
) -> StepRecord:
    if why := _why_skipped(step, connection.endpoint, before):
        return StepRecord(step.name, step.rules, SKIPPED, why)
    began = connection.now()
    recorder.begin()
    run.notes = {}
    outcome, why = DONE, ""
    try:
        step.does(run)
    except Exception as error:  # whatever a step does wrong, the others go on
        outcome, why = FAILED, f"{type(error).__name__}: {error}"
    exchanges = recorder.taken()
    return StepRecord(
        step=step.name,
        rules=step.rules,
        outcome=outcome,
        why=recorder.replaced(why),
        seconds=round(connection.now() - began, 3),
        exchanges=exchanges,
        notes={name: recorder.replaced(note.value) for name, note in run.notes.items()},
        unexpected=tuple(map(recorder.replaced, _unexpected(step, exchanges, run.notes))) if outcome == DONE else (),
    )


def _why_skipped(step: Step, endpoint: Endpoint, before: Iterable[StepRecord]) -> str:
    if endpoint not in step.endpoints:
        return f"It cannot be performed on {endpoint.value}."
    missing = [each.step for each in before if each.step in step.needs and each.outcome != DONE]
    return f"It needs {', '.join(missing)}." if missing else ""


def _unexpected(step: Step, exchanges: Sequence[Exchange], notes: Mapping[str, Note]) -> Iterator[str]:
    for expected in step.expects:
        yield from _differing(expected, exchanges)
    for name, note in notes.items():
        if note.expected is not None and note.value != note.expected:
            yield f"{name}: expected {note.expected}, found {note.value}."


def _differing(expected: Expected, exchanges: Sequence[Exchange]) -> Iterator[str]:
    asked = [each for each in exchanges if each.operation == expected.operation]
    try:
        exchange = asked[expected.which]
    except IndexError:
        wanted = f"{expected.which + 1} requests" if expected.which > 0 else "at least one request"
        yield f"{expected.operation}: expected {wanted}, found {len(asked) or 'none'}."
        return
    code = exchange.error.code if exchange.error else ""
    if code != expected.error:
        yield f"{expected.operation}: expected {expected.error or 'no error'}, found {_told(exchange)}."
    for path in expected.members:
        if not _has(exchange.answer, path.split(".")):
            yield f"{expected.operation}: the answer has no {path}."


def _told(exchange: Exchange) -> str:
    return f"{exchange.error.code} ({exchange.error.message})" if exchange.error else "no error"


def _has(value: Any, path: Sequence[str]) -> bool:
    """Whether a value has a member; in a list, whether any entry has it."""
    if not path:
        return True
    if not isinstance(value, Mapping):
        return False
    name = path[0].removesuffix("[]")
    if name not in value:
        return False
    inside = value[name] if path[0].endswith("[]") else [value[name]]
    return any(_has(each, path[1:]) for each in inside)


def _cleaned(connection: Connection, prefix: str, tell: Callable[[str], None]) -> tuple[str, ...]:
    """Remove what a run made; sentences on what is left."""
    try:
        outcomes = clean.remove(connection, clean.find(connection, prefix), tell)
    except (BotoCoreError, ClientError, KeyboardInterrupt) as error:
        return (f"All whose name begins with {prefix} may be left: {str(error) or 'interrupted'}.",)
    return tuple(f"{each.found.text}: {each.reason}" for each in outcomes if each.reason)
