"""Every command in the documentation is run as it stands there, or says what it needs that is not here."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.docs.support.pages import ROOT, Command, code, commands, emulator_commands
from tests.support.checkout import Checkout
from tools.sandbox.cdk import Result

# The project's own checks: .ci/run and the nightly run carry them out, and these tests are a part of them.
CHECKS = {
    "make test",
    ".ci/run",
    "make unit",
    "make lint",
    "make test-nightly",
    "make mutants",
    "make bench",
    ".venv/bin/pytest -q tests/repository/test_resource_types.py",
}
# What a page may say that a command needs.
NOT_HERE = {"AWS", "GitHub", "the registries' advisories", "what the registries have that day"}
# tests/tools/adopt/test_adopt.py makes one, in process.
NOT_HERE |= {"a dataset group of yours"}
# tests/tools/sandbox/test_demo.py types it.
DEMO = {"make demo"}
# What takes long and needs no cloud: what make runs for it, and a test that runs the same in its own process.
IN_PROCESS = {
    "make docs": ("tools.docs", "tools/docs/test_generated_pages.py"),
    "make month": ("tools.month", "tools/month/test_month.py"),
    "make review ENV=prod BASE=origin/main": (
        "tools.review --env prod --base origin/main",
        "tools/review/test_review.py",
    ),
    "make review ENV=NAME BASE=HEAD": ("tools.review --env dev --base HEAD", "tools/review/test_review.py"),
    "make snapshots": ("tools.snapshots", "stacks/test_snapshots.py"),
}
# tests/docs/test_emulator_page.py types them.
EMULATOR = set(emulator_commands())
# Placeholders of the pages, and what stands for them here.
NAMES = {"NAME": "dev", "RECORDING": ".sandbox/conformance/emulator-eu-west-1-free.jsonl"}

# In the order in which they are typed. The first ones need no cloud; those between are typed in a terminal that has
# the variables of `make sandbox`.
WITHOUT_CLOUD = [
    "make help",
    "make install",
    "make data",
    "npx cdk synth --quiet -c @aws-cdk/core:bootstrapQualifier=teamvod -c @aws-cdk/core:permissionsBoundary=NAME",
    "make format",
    "make schema",
    "make lock",
    "make conformance",
    "make conformance-compare A=RECORDING B=RECORDING",
    "make conformance-clean",
    "make check ENV=NAME",
    "make check ARGS=--allow-unread",
    ".venv/bin/pytest tests/tools/data -k movielens",
]
BEGINNING = [
    "make deploy",
    "make diff",
    "make status ENV=NAME HTML=1",
    "make repair ENV=NAME YES=1",
    "make refresh ENV=NAME TRAIN=always",
    "make explore ENV=NAME",
    "make sandbox",
]
# So that there is something to refresh.
OPERATIONS = """operations:
  refresh:
    datasets:
      interactions: {import_mode: INCREMENTAL}
"""
IN_THE_CLOUD = [
    "npx cdk bootstrap",
    "npx cdk diff -c env=NAME",
    "npx cdk deploy --all --outputs-file outputs.json",
    "npx cdk destroy vod-NAME-recommenders vod-NAME-ranking -c env=NAME",
    "npx cdk deploy --all -c env=NAME --outputs-file outputs.json",
    "npx cdk destroy --all -c env=NAME",
]
END = ["make destroy", "make stop"]
TYPED = [*WITHOUT_CLOUD, *BEGINNING, *IN_THE_CLOUD, *END]


def filled(command: str) -> str:
    """A command with its placeholders replaced."""
    return re.sub("|".join(NAMES), lambda found: NAMES[found[0]], command)


def is_run(command: Command) -> bool:
    """Whether a command, or one of which it names a part, is run."""
    known = {filled(each) for each in TYPED} | CHECKS | DEMO | EMULATOR | set(map(filled, IN_PROCESS))
    wanted = filled(command.text).split()
    return any(each.split()[: len(wanted)] == wanted for each in known)


def test_every_command_is_run_or_says_what_it_needs() -> None:
    found = list(commands())
    assert len(found) > 50
    marked = {each.text for each in found if each.needs}
    assert [each for each in found if each.text not in marked and not is_run(each)] == []


def test_nothing_that_is_run_here_is_said_to_need_more() -> None:
    """So that the mark is no way around a test."""
    needing = [each for each in commands() if each.needs]
    assert {each.needs for each in needing} == NOT_HERE
    assert [each for each in needing if is_run(each)] == []


def test_every_target_of_the_makefile_is_documented() -> None:
    targets = set(re.findall(r"^([a-z-]+):.*## ", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert targets - {"clean", "synth"} <= {
        each.text.split()[1] for each in commands() if each.text.startswith("make ")
    }


# -- typed ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checkout]:
    """A copy of the checkout; its cloud is stopped, whatever happens."""
    copy = Checkout.make(tmp_path_factory.mktemp("checkout"))
    settings = copy.folder / "config" / "dev.yaml"
    written, times = re.subn(r"^operations: null\n", OPERATIONS, settings.read_text(), flags=re.MULTILINE)
    assert times == 1
    settings.write_text(written)
    copy.commit()
    yield copy
    copy.type("make stop")


def test_a_terminal_knows_nothing_of_the_run_that_tests_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("ARGS", "BASE", "ENV", "MAKEFLAGS", "MAKELEVEL", "PYTEST_CURRENT_TEST"):
        monkeypatch.setenv(name, "of the run")
    output = Checkout(tmp_path, {"SAID": "here"}).type("printenv").output
    assert "SAID=here" in output
    assert "of the run" not in output


def test_a_question_whose_answer_gets_lost_is_answered_again(tmp_path: Path) -> None:
    program = (
        "import termios, time; print('Sure? (y/n)', flush=True); time.sleep(1); termios.tcflush(0, 0); print(input())"
    )
    (tmp_path / "ask.py").write_text(program)
    result = Checkout(tmp_path).type("python3 ask.py && echo over")
    assert result.output.split()[-2:] == ["y", "over"]


def typed(checkout: Checkout, command: str) -> Result:
    result = checkout.type(filled(command))
    assert result.exit_status == 0, f"{command}\n{result.output}"
    return result


@pytest.mark.e2e
@pytest.mark.xdist_group("deploying 2")
def test_commands_that_need_no_cloud(checkout: Checkout) -> None:
    # What is installed belongs to the checkout that runs the tests.
    assert subprocess.run(["make", "--question", "install"], cwd=checkout.folder, check=False).returncode == 0
    for command in WITHOUT_CLOUD:
        typed(checkout, command)
        assert checkout.changed() == [], command


@pytest.mark.e2e
@pytest.mark.xdist_group("deploying 2")
def test_commands_that_deploy(checkout: Checkout) -> None:
    for command in BEGINNING:
        result = typed(checkout, command)
    checkout.variables |= exported(result.output)
    for command in IN_THE_CLOUD:
        typed(checkout, command)
        if command.endswith("--outputs-file outputs.json"):
            check_the_code_of_the_readme(checkout)
    checkout.variables.clear()
    assert "Nothing is left" in typed(checkout, "make destroy").output
    assert "No sandbox is running." in typed(checkout, "make stop").output


def exported(printed: str) -> dict[str, str]:
    """The variables that a terminal has after somebody pasted what `make sandbox` prints."""
    found = dict(re.findall(r"^export (\w+)=(\S+)\s*$", printed, re.MULTILINE))
    assert "AWS_ENDPOINT_URL" in found
    return found


def check_the_code_of_the_readme(checkout: Checkout) -> None:
    (block,) = code("README.md")
    program = checkout.folder / "client.py"
    program.write_text(f"{block}\nprint(len(answer['itemList']), 'titles')\n")
    assert "10 titles" in typed(checkout, ".venv/bin/python client.py").output
    program.unlink()


@pytest.mark.parametrize("command", IN_PROCESS)
def test_what_a_test_runs_in_its_own_process_is_what_make_runs(command: str) -> None:
    module, test = IN_PROCESS[command]
    printed = Checkout(ROOT).type(filled(command).replace("make", "make --dry-run")).output
    assert printed.split("\n")[-2].rstrip() == f".venv/bin/python -m {module}"
    assert re.search(r"\bmain\(", (ROOT / "tests" / test).read_text())


def test_the_demonstration_is_typed_as_it_stands() -> None:
    assert '["make", "demo"]' in Path(ROOT / "tests" / "tools" / "sandbox" / "test_demo.py").read_text()
