"""The command: its table, its JSON, its exit status, and its sentences in place of tracebacks."""

from __future__ import annotations

import io
import json
from typing import Any

import pytest
from rich.console import Console

from tests.tools.status.support.environment import Environment
from tools.deployed import NotDeployedError
from tools.status import __main__ as command
from tools.status.pace import Pace
from tools.status.rows import Found
from tools.status.table import print_table


def run(monkeypatch: pytest.MonkeyPatch, found: Found | Exception, *arguments: str) -> int:
    def read(*_: Any) -> Found:
        if isinstance(found, Exception):
            raise found
        return found

    monkeypatch.setattr(command, "find", lambda *_: None)
    monkeypatch.setattr(command, "_read", read)
    return command.main(list(arguments))


def text(found: Found, width: int = 80) -> str:
    console = Console(file=io.StringIO(), width=width)
    print_table(found, console)
    return "\n".join(line.rstrip() for line in console.file.getvalue().splitlines())  # type: ignore[attr-defined]


def test_the_exit_status_says_whether_all_is_in_step(
    monkeypatch: pytest.MonkeyPatch, deployed: Found, drifted: Found, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, deployed) == 0
    assert "vod-dev in a test: all 18 resources are in step." in " ".join(capsys.readouterr().out.split())
    assert run(monkeypatch, drifted) == 3


def test_programs_get_everything_as_json(
    monkeypatch: pytest.MonkeyPatch, drifted: Found, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, drifted, "--json") == 3
    said = json.loads(capsys.readouterr().out)
    assert len(said["resources"]) == len(drifted.rows)
    changed = next(each for each in said["resources"] if each["path"] == "RerankCampaign")
    assert changed["state"] == "changed by hand"
    assert changed["differences"][1] == {"member": "MinProvisionedTPS", "template_says": 1, "there_is": 5}


def test_the_table_names_what_the_template_says_and_what_there_is(drifted: Found) -> None:
    lines = text(drifted).splitlines()
    at = next(number for number, line in enumerate(lines) if "RerankCampaign" in line)
    assert lines[at : at + 3] == [
        "  RerankCampaign       Campaign          changed by hand  2023-11-14 23:36",
        "      CampaignConfig.EnableMetadataWithRecommendations: false -> true",
        "      MinProvisionedTPS: 1 -> 5",
    ]
    assert "      the template says: serves; there is: stopped (INACTIVE)" in lines
    assert "in the dataset group, but not of vod-dev" in lines
    assert max(map(len, lines)) <= 80


def test_without_an_environment_a_sentence_says_so(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(monkeypatch, NotDeployedError("There is none.")) == 1
    assert capsys.readouterr().err == "There is none.\n"


def test_an_operation_is_called_once_a_second(environment: Environment) -> None:
    moment, waited = [0.0], list[float]()

    def pause(seconds: float) -> None:
        waited.append(seconds)
        moment[0] += seconds

    client = environment.app.cloud.client("personalize")
    Pace(1.0, lambda: moment[0], pause).keep(client)
    arn = environment.arn("filter_genre_arn")
    for _ in range(3):
        client.describe_filter(filterArn=arn)
        client.list_tags_for_resource(resourceArn=arn)
    assert waited == [1.0, 1.0]
