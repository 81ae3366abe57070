"""What docs/emulator.md says is done as it stands there: its commands, its programs, its fixtures."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.support.pages import ROOT, code, emulator_commands
from tools.emulator import faults
from tools.emulator.__main__ import main

PAGE = "docs/emulator.md"
_PORT = "8111"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder as that of this repository, for whoever types in it."""
    made = tmp_path_factory.mktemp("project")
    (made / ".venv").symlink_to(ROOT / ".venv")
    for name in ("data", "tests/data"):
        (made / name).mkdir(parents=True)
    return made


def run(folder: Path, *command: str, **variables: str) -> str:
    environment = {"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT), **variables}
    result = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{command}\n{result.stdout}{result.stderr}"
    return result.stdout


@pytest.fixture(scope="module")
def port(folder: Path) -> Iterator[str]:
    """Of an emulator that was started as the page says, but at a port that nobody else has."""
    (start,) = (each for each in emulator_commands() if not each.startswith("curl "))
    process = subprocess.Popen(
        start.replace(_PORT, "0").split(),
        cwd=folder,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout
    found = re.search(r"http://127\.0\.0\.1:(\d+)", process.stdout.readline())
    assert found
    yield found[1]
    process.terminate()
    assert process.wait() == 0


@pytest.mark.parametrize("command", [each for each in emulator_commands() if each.startswith("curl ")])
def test_what_steers_it_is_accepted(folder: Path, port: str, command: str) -> None:
    run(folder, "bash", "-c", command.replace("curl ", "curl --fail --silent --show-error ").replace(_PORT, port))


def test_a_program_needs_only_the_variables(folder: Path, port: str) -> None:
    page = (ROOT / PAGE).read_text()
    endpoints = re.findall(rf"^\| `(AWS_ENDPOINT_URL_\w+)` \| `http://127\.0\.0\.1:{_PORT}` \|$", page, re.M)
    assert len(endpoints) == 3
    variables = dict.fromkeys(endpoints, f"http://127.0.0.1:{port}")
    keys = dict.fromkeys(("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"), "any")
    program = code(PAGE)[0]
    run(folder, "curl", "--fail", "--silent", "-X", "DELETE", f"http://127.0.0.1:{port}/_sandbox/faults")
    said = run(folder, sys.executable, "-c", program, **variables, **keys, AWS_DEFAULT_REGION="eu-west-1")
    assert said.strip() in ("CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE")


USES_THE_FIXTURE = """
import boto3

def test_a_program_of_others():
    assert boto3.client("personalize").list_schemas()["schemas"] == []
    assert boto3.client("personalize-runtime").meta.endpoint_url.startswith("http://127.0.0.1:")
"""


def test_the_fixtures_work(folder: Path) -> None:
    _, of_a_process, in_process = code(PAGE)
    (folder / "tests" / "test_program.py").write_text(of_a_process + USES_THE_FIXTURE)
    (folder / "tests" / "test_in_process.py").write_text(in_process)
    said = run(folder, sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "tests")
    assert "2 passed" in said


def test_every_option_and_every_fault_is_explained(capsys: pytest.CaptureFixture[str]) -> None:
    page = (ROOT / PAGE).read_text()
    with pytest.raises(SystemExit):
        main(["--help"])
    options = set(re.findall(r"^  (--[a-z0-9-]+)", capsys.readouterr().out, re.M))
    assert set(re.findall(r"^\| `(--[a-z0-9-]+) ", page, re.M)) == options
    table = page.partition("| kind of a fault |")[2].partition("\n\n")[0]
    assert set(re.findall(r"`(\w+)`", "".join(re.findall(r"^\| ([^|]+) \|", table, re.M)))) == set(faults.KINDS)
