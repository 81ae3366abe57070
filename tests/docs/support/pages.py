"""Commands, code and links in README and docs, as they stand there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from tools.checkout import CHECKOUT

ROOT = CHECKOUT
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]

_FENCE = re.compile(r"^ *```(\w*)\n(.*?)^ *```", re.MULTILINE | re.DOTALL)
# What is typed at a prompt. `cdk deploy` without npx is the name of an operation, not a command of this project.
_COMMAND = re.compile(r"(make|npx cdk|aws|gh api|python3?|git|\.ci/run)(?: .+)?")
# `command` (needs AWS)
_SPAN = re.compile(r"`([^`\n]+)`(?: \(needs ([^)]+)\))?")
_LINK = re.compile(r"\]\(([^)\s]+)\)")


@dataclass(frozen=True)
class Command:
    """A command on a page; `needs` is what the page says it cannot be run without."""

    text: str
    page: str
    needs: str = ""


def commands() -> Iterator[Command]:
    """Every command of every page."""
    for page in PAGES:
        name, text = str(page.relative_to(ROOT)), page.read_text()
        for language, block in _FENCE.findall(text):
            if language == "sh":
                yield from (Command(line, name) for line in _lines(block))
        for span, needs in _SPAN.findall(_FENCE.sub("", text)):
            if _COMMAND.fullmatch(span):
                yield Command(span, name, needs)


def emulator_commands() -> list[str]:
    """Those with which somebody starts and steers the emulator."""
    wanted = ("curl ", ".venv/bin/python -m tools.emulator ")
    return [each.text for each in commands() if each.page == "docs/emulator.md" and each.text.startswith(wanted)]


def _lines(block: str) -> Iterator[str]:
    for line in block.splitlines():
        command = line.partition("  #")[0].strip()
        if command:
            yield command


def code(page: str) -> list[str]:
    """Blocks of Python on a page."""
    return [block for language, block in _FENCE.findall((ROOT / page).read_text()) if language == "python"]


def links() -> Iterator[tuple[str, str]]:
    """Links within the repository, each with its page."""
    for page in PAGES:
        for target in _LINK.findall(_FENCE.sub("", page.read_text())):
            if "://" not in target:
                yield str(page.relative_to(ROOT)), target
