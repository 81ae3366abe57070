"""The commands: what they show, ask and return."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tests.tools.conformance.support.emulated import HEADER
from tests.tools.conformance.support.recordings import record, refused, watched
from tests.tools.conformance.support.steps import interrupt, open_group, open_group_again, step
from tools.conformance import __main__ as command
from tools.conformance import connections
from tools.conformance.connections import Connection, NotConnectedError, to_emulator
from tools.conformance.recording import Writer, read
from tools.conformance.run import TAG
from tools.conformance.step import Cost, Endpoint, Expected, Step, Tier

PRICED = Cost("dollars", 1.5, "the price list")
STEPS = (
    step("a.group", open_group, what="Makes a dataset group.", minutes=2),
    step("a.cheap", lambda run: None, tier=Tier.IMPORT, cost=Cost("cents")),
    step("a.dear", lambda run: None, "a.cheap", tier=Tier.TRAIN, cost=PRICED, minutes=120),
)


def never_asked(question: str) -> str:
    raise AssertionError(question)


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where recordings go; signals are as before afterwards."""
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)}
    monkeypatch.setattr(command, "FOLDER", tmp_path)
    monkeypatch.setattr(command, "STEPS", STEPS)
    yield tmp_path
    for each, handler in before.items():
        signal.signal(each, handler)


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Iterator[Connection]:
    """An emulator that takes the place of AWS."""
    with to_emulator() as emulated:
        found = replace(emulated, endpoint=Endpoint.AWS)

        @contextmanager
        def to_aws(profile: str, region: str | None) -> Iterator[Connection]:
            if profile != "mine":
                raise NotConnectedError(f"Profile {profile} cannot be used.")
            yield found

        monkeypatch.setattr(connections, "to_aws", to_aws)
        yield found


def with_steps(monkeypatch: pytest.MonkeyPatch, *steps: Step) -> None:
    monkeypatch.setattr(command, "STEPS", steps)


def test_a_run_on_the_emulator_asks_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["run"], never_asked) == 0
    shown = capsys.readouterr().out.splitlines()
    path = folder / "emulator-eu-west-1-free.jsonl"
    assert shown[0] == "A conformance run of 1 steps on emulator, account 123456789012, eu-west-1."
    assert shown[-3:] == ["Steps: 1 done.", f"The recording: {path}", "Status 0"]
    found = read(path)
    assert (list(found.steps), found.ended, found.header.tier) == (["a.group"], "whole", "free")


def test_single_steps_go_into_a_file_of_ones_choice(tmp_path: Path) -> None:
    path = tmp_path / "new" / "mine.jsonl"
    assert command.main(["run", "--tier", "train", "--step", "a.dear", "--out", str(path)], never_asked) == 0
    assert list(read(path).steps) == ["a.cheap", "a.dear"]


def test_a_run_on_aws_shows_what_it_costs_and_asks(
    account: Connection, folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    asked: list[str] = []

    def refuse(question: str) -> str:
        asked.append(question)
        return "no"

    assert command.main(["run", "--profile", "mine", "--tier", "train"], refuse) == 2
    shown = capsys.readouterr().out.splitlines()
    assert asked == ["Go on? [y/N] "]
    assert list(folder.iterdir()) == []
    assert shown[1:4] == [
        "  a.group: Makes a dataset group.",
        "  a.cheap: Tries something. (cents)",
        "  a.dear: Tries something. (dollars, about $1.50: the price list)",
    ]
    assert "`make conformance-clean PROFILE=...` does." in shown
    assert shown[-3:-1] == [
        "It takes about 2.0 hours. The credentials have to last as long, or the profile has to renew them.",
        "Cost by step: 1 free, 1 cents, 1 dollars. Together about $1.50, and what 1 steps without a published price"
        " cost.",
    ]


@pytest.mark.parametrize("answer", ["y", "YES "])
def test_a_run_on_aws_begins_when_somebody_agrees(account: Connection, folder: Path, answer: str) -> None:
    assert command.main(["run", "--profile", "mine"], lambda question: answer) == 0
    (path,) = folder.iterdir()
    assert path.name.startswith("aws-eu-west-1-free-2")


def test_programs_say_yes_beforehand(account: Connection) -> None:
    assert command.main(["run", "--profile", "mine", "--yes"], never_asked) == 0


def test_without_anybody_to_ask_nothing_begins(account: Connection, capsys: pytest.CaptureFixture[str]) -> None:
    def nobody(question: str) -> str:
        raise EOFError

    assert command.main(["run", "--profile", "mine"], nobody) == 2
    assert "Nobody can be asked here." in capsys.readouterr().out


def test_a_cost_that_is_whole(account: Connection, capsys: pytest.CaptureFixture[str]) -> None:
    command.main(["run", "--profile", "mine"], lambda question: "n")
    assert "It takes about 2 minutes.\nCost by step: 1 free. Together about $0.00." in capsys.readouterr().out


def test_what_came_otherwise_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    with_steps(
        monkeypatch,
        step("a.group", open_group, expects=(Expected("CreateDatasetGroup", error="InvalidInputException"),)),
        step("a.fails", lambda run: run.recall("x")),
    )
    assert command.main(["run"], never_asked) == 1
    shown = capsys.readouterr().out
    sentence = "CreateDatasetGroup: expected InvalidInputException, found no error."
    assert f"a.group\n  {sentence}" in shown
    assert f"Steps: 1 done, 1 failed.\na.group (rules a.rule): {sentence}\na.fails failed: KeyError: 'x'" in shown


def test_what_is_left_is_told(
    account: Connection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def untag(run: Any) -> None:
        open_group(run)
        run.personalize.untag_resource(resourceArn=run.recall("group"), tagKeys=[TAG])

    with_steps(monkeypatch, step("a.group", untag))
    assert command.main(["run", "--profile", "mine", "--yes"]) == 1
    assert "Left: DatasetGroup personalize-conformance-" in capsys.readouterr().out


def test_an_interrupted_run_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    with_steps(monkeypatch, step("a.end", interrupt))
    assert command.main(["run"], never_asked) == 130


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGHUP])
def test_other_signals_interrupt_too(monkeypatch: pytest.MonkeyPatch, folder: Path, ending: signal.Signals) -> None:
    with_steps(monkeypatch, step("a.end", lambda run: signal.raise_signal(ending)))
    assert command.main(["run"], never_asked) == 130
    assert read(folder / "emulator-eu-west-1-free.jsonl").ended == "interrupted"


def test_an_interruption_before_it_begins(account: Connection) -> None:
    def interrupted(question: str) -> str:
        raise KeyboardInterrupt

    assert command.main(["run", "--profile", "mine"], interrupted) == 130


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["run", "--step", "a.none"], "There is no step a.none."),
        (["run", "--profile", "theirs"], "Profile theirs cannot be used."),
    ],
)
def test_what_cannot_begin_is_told(
    account: Connection, arguments: list[str], sentence: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert command.main(arguments, never_asked) == 2
    assert capsys.readouterr().err == f"{sentence}\n"


def test_the_local_cloud_is_talked_to_on_request(monkeypatch: pytest.MonkeyPatch) -> None:
    used: list[str] = []

    @contextmanager
    def to_local_cloud() -> Iterator[Connection]:
        used.append("local")
        with to_emulator() as emulated:
            yield emulated

    monkeypatch.setattr(connections, "to_local_cloud", to_local_cloud)
    assert command.main(["run", "--endpoint", "local"], never_asked) == 0
    assert used == ["local"]


def test_a_run_whose_terminal_was_closed_removes_what_it_made(
    account: Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(*_: Any, **__: Any) -> None:
        raise OSError

    def close(run: Any) -> None:
        open_group(run)
        monkeypatch.setattr("builtins.print", closed)
        signal.raise_signal(signal.SIGHUP)

    with_steps(monkeypatch, step("a.group", close))
    with pytest.raises(OSError, match=r"^$"):
        command.main(["run", "--profile", "mine", "--yes"])
    monkeypatch.undo()
    assert command.clean.find(account) == []


# -- cleaning ----------------------------------------------------------------------------------------------

PREFIX = "personalize-conformance-0123abcd"


def leave(connection: Connection, tags: Callable[[str], list[dict[str, str]]]) -> None:
    connection.client("personalize").create_dataset_group(name=f"{PREFIX}-group", tags=tags(PREFIX))


def own(prefix: str) -> list[dict[str, str]]:
    return [{"tagKey": TAG, "tagValue": prefix}]


def test_there_is_nothing_to_remove(account: Connection, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["clean", "--profile", "mine"], never_asked) == 0
    assert "No conformance run left anything." in capsys.readouterr().out


def test_what_is_left_is_shown_and_removed_after_asking(
    account: Connection, capsys: pytest.CaptureFixture[str]
) -> None:
    leave(account, own)
    assert command.main(["clean", "--profile", "mine"], lambda question: "n") == 2
    assert command.main(["clean", "--profile", "mine"], lambda question: "y") == 0
    assert command.main(["clean", "--profile", "mine"], never_asked) == 0
    group = f"DatasetGroup {PREFIX}-group"
    assert capsys.readouterr().out.splitlines() == [
        *(group, "Status 2"),
        *(group, f"Removing {group}", "Status 0"),
        *("No conformance run left anything.", "Status 0"),
    ]


def test_what_is_not_tagged_stays(account: Connection, capsys: pytest.CaptureFixture[str]) -> None:
    leave(account, lambda prefix: [])
    assert command.main(["clean", "--profile", "mine", "--yes"], never_asked) == 1
    shown = capsys.readouterr().out
    assert f"DatasetGroup {PREFIX}-group (without the tag, so it stays)" in shown
    assert f"Left: DatasetGroup {PREFIX}-group: It has no tag" in shown


def test_an_account_that_cannot_be_read(
    account: Connection, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def denied(connection: Connection) -> None:
        raise ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, "ListCampaigns")

    monkeypatch.setattr(command.clean, "find", denied)
    assert command.main(["clean", "--profile", "mine"], never_asked) == 2
    assert capsys.readouterr().err.startswith("What is there cannot be listed: An error occurred (AccessDenied)")


# -- comparing ---------------------------------------------------------------------------------------------


def test_recordings_are_compared(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    first, second = (str(folder / f"{name}.jsonl") for name in ("first", "second"))
    command.main(["run", "--out", first])
    with_steps(monkeypatch, step("a.group", open_group_again))
    command.main(["run", "--out", second])
    capsys.readouterr()
    assert command.main(["compare", first, first]) == 0
    assert capsys.readouterr().out.startswith("The recordings are the same in 1 step.")
    assert command.main(["compare", first, second, "--out", str(folder / "report")]) == 3
    shown = capsys.readouterr().out
    assert "requests, the step (rules a.rule): A DescribeDatasetGroup; B nothing\n" in shown
    for name in ("comparison.html", "comparison.md"):
        assert "DescribeDatasetGroup" in (folder / "report" / name).read_text()


def test_what_may_be_of_timing_is_no_difference(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    paths = []
    for number, each in enumerate([watched("CREATE PENDING", "ACTIVE", looked=2), watched("ACTIVE", looked=1)]):
        path = folder / f"{number}.jsonl"
        with path.open("w") as file:
            Writer(file, HEADER).step(record(each, refused("AccessDenied", content_type=str(number))))
        paths.append(str(path))
    assert command.main(["compare", *paths]) == 3
    shown = capsys.readouterr().out
    assert "perhaps: statuses, DescribeDatasetGroup (rules a.rule): A CREATE PENDING → ACTIVE; B ACTIVE\n" in shown
    assert "\ncontent type, personalize (rules requests.answers): A 0; B 1\n" in shown


def test_what_is_no_recording_is_told(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["compare", str(folder / "none"), str(folder / "none")]) == 2
    assert "cannot be read" in capsys.readouterr().err
