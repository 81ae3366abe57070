"""A copy of the checkout with everything installed, and a terminal in which somebody answers y."""

from __future__ import annotations

import os
import pty
import re
import select
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tools.checkout import CHECKOUT, EXAMPLE_SETTINGS, UNVALIDATED, isolated_environment
from tools.sandbox.cdk import Result

# What is installed and what was downloaded is used where it is.
_SHARED = (".venv", "node_modules", "tools/sandbox/lambda_runtime/node_modules", "data/.cache")
# Variables that tell of the make and the pytest that run this.
_OF_THE_RUN = ("MAKE", "MFLAGS", "PYTEST", "COV")
_QUESTION = re.compile(rb"\(y/n\)|\[y/N\]")
# All that is to be seen after a question which nobody has answered: perhaps the y of an answer that got lost.
_UNANSWERED = re.compile(rb"(?:\(y/n\)|\[y/N\])(?:[\s?:y]|\x1b\[[0-9;?]*[A-Za-z])*\Z")
_PATIENCE_SECONDS = 3.0


@dataclass
class Checkout:
    """A folder with the files of the working tree.

    Attributes:
        folder: where it is.
        variables: environment variables that somebody has exported.
    """

    folder: Path
    variables: dict[str, str] = field(default_factory=dict)

    @classmethod
    def make(cls, folder: Path) -> Checkout:
        """Copy what git knows, or would add, with the example settings in place of the user's.

        Times are kept, so that make sees what is installed.
        """
        listed = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
        names = subprocess.run(listed, cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout.split("\0")
        for name in filter(None, names):
            if (CHECKOUT / name).is_file():
                (folder / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(CHECKOUT / name, folder / name)
        shutil.rmtree(folder / "config", ignore_errors=True)
        shutil.copytree(EXAMPLE_SETTINGS, folder / "config")
        for name in _SHARED:
            (CHECKOUT / name).mkdir(parents=True, exist_ok=True)
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).symlink_to(CHECKOUT / name)
        made = cls(folder)
        made.commit()
        return made

    def commit(self) -> None:
        """Make it a repository whose `origin/main` is what it is now."""
        subprocess.run(["git", "init", "--quiet"], cwd=self.folder, check=True, capture_output=True)
        # .gitignore names folders, and these are links to them.
        (self.folder / ".git" / "info" / "exclude").write_text("".join(f"/{name}\n" for name in _SHARED))
        identity = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.com")
        for arguments in (
            ("add", "--all"),
            (*identity, "commit", "--quiet", "--message", "As it is"),
            ("update-ref", "refs/remotes/origin/main", "HEAD"),
        ):
            subprocess.run(["git", *arguments], cwd=self.folder, check=True, capture_output=True)

    def changed(self) -> list[str]:
        """Files that are no longer as they were committed."""
        status = subprocess.run(
            ["git", "status", "--porcelain"], cwd=self.folder, capture_output=True, text=True, check=True
        )
        return status.stdout.splitlines()

    def type(self, command: str) -> Result:
        """Type a command at the prompt, and answer y to whatever it asks."""
        controller, terminal = pty.openpty()
        with subprocess.Popen(
            ["bash", "-c", command],
            cwd=self.folder,
            env=_environment(self.variables),
            stdin=terminal,
            stdout=terminal,
            stderr=terminal,
            start_new_session=True,
        ) as process:
            os.close(terminal)
            output = _conversation(controller)
        os.close(controller)
        return Result(process.returncode, output)


def _environment(variables: Mapping[str, str]) -> dict[str, str]:
    """As a new terminal has it: nothing of make, nothing of pytest."""
    of_make = _settings_of_make()
    kept = {
        name: value
        for name, value in isolated_environment().items()
        if not name.startswith(_OF_THE_RUN) and name not in of_make
    }
    return kept | dict(variables) | UNVALIDATED | {"CDK_DISABLE_CLI_TELEMETRY": "true"}


def _settings_of_make() -> set[str]:
    """Variables that `make test ARGS=...` hands down to every make below it."""
    return set(re.findall(r"^(\w+) \?=", (CHECKOUT / "Makefile").read_text(), re.MULTILINE))


def _conversation(controller: int) -> str:
    """What is shown until the terminal is closed; questions are answered.

    A program may ask before it listens, and throw away what has been typed by then: then it is answered again.
    """
    shown, answered = b"", 0
    while True:
        is_quiet = not select.select([controller], [], [], _PATIENCE_SECONDS)[0]
        if is_quiet:
            if _UNANSWERED.search(shown):
                os.write(controller, b"y\n")
            continue
        try:
            piece = os.read(controller, 65536)
        except OSError:  # the terminal is closed
            piece = b""
        if not piece:
            return shown.decode(errors="replace")
        shown += piece
        asked = len(_QUESTION.findall(shown))
        if asked > answered:
            os.write(controller, b"y\n" * (asked - answered))
            answered = asked
