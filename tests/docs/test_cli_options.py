"""Every `cdk` command of pages, pipeline and local cloud uses only options that the pinned CLI has."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.docs.support.pages import ROOT, commands
from tools.sandbox.cdk import deploy_arguments, destroy_arguments, diff_arguments

# The CLI's own table of its options; `npx cdk COMMAND --help` prints it. What is not in it the CLI ignores.
TABLE: dict[str, Any] = json.loads(
    (ROOT / "node_modules" / "aws-cdk" / "lib" / "cli" / "cli-type-registry.json").read_text()
)
_TYPED = re.compile(r"(?:npx |^\s*)cdk ([a-z]+)((?: [^`\n;&|]*)?)", re.MULTILINE)


def unknown(command: str, arguments: list[str]) -> list[str]:
    """The options of a command that the CLI does not have."""
    options = TABLE["globalOptions"] | TABLE["commands"][command].get("options", {})
    short = {alias for option in options.values() for alias in _aliases(option)}
    # A switch can be turned off.
    names = {f"--{name}" for name in options} | {f"--no-{name}" for name in options}
    known = names | {f"-{alias}" if len(alias) == 1 else f"--{alias}" for alias in short} | {"--help"}
    given = [each.partition("=")[0] for each in arguments if re.match(r"--?[a-z]", each)]
    return [each for each in given if each not in known]


def _aliases(option: dict[str, Any]) -> list[str]:
    alias = option.get("alias", [])
    return [alias] if isinstance(alias, str) else alias


def written() -> Iterator[tuple[str, str, list[str]]]:
    """Every command in a file, with the file's name and its arguments."""
    for each in commands():
        yield from ((each.page, command, shlex.split(rest)) for command, rest in _TYPED.findall(each.text))
    files: list[Path] = [ROOT / "Makefile", *(ROOT / ".github").rglob("*.yaml"), *(ROOT / "examples").glob("*.py")]
    for file in files:
        for command, rest in _TYPED.findall(file.read_text()):
            yield file.name, command, re.findall(r"(?<= )--?[a-z][a-z-]*", rest)


def test_every_option_that_is_written_down_exists() -> None:
    found = list(written())
    assert len(found) > 20
    assert [(file, command, unknown(command, arguments)) for file, command, arguments in found] == [
        (file, command, []) for file, command, _ in found
    ]


@pytest.mark.parametrize("arguments", [deploy_arguments("dev"), destroy_arguments("dev"), diff_arguments("dev")])
def test_every_option_of_the_local_cloud_exists(arguments: list[str]) -> None:
    assert unknown(arguments[0], arguments[1:]) == []


def test_an_option_of_another_command_is_found() -> None:
    assert unknown("diff", ["--all", "-c", "env=dev", "--no-fail"]) == ["--all"]
