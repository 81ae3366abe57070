"""The wheel, built and installed into an environment that has its dependencies and nothing else.

The dependencies are links to what is installed here: downloading them anew would take minutes. Which ones they are says
the wheel, and what it names says what it needs in turn.
"""

from __future__ import annotations

import importlib.metadata
import subprocess
import sys
import venv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from packaging.requirements import Requirement

from tools.checkout import CHECKOUT, QUIET_JSII, UNVALIDATED, isolated_environment


@dataclass(frozen=True)
class Installation:
    """An environment of a stranger.

    Attributes:
        folder: where it is.
        wheel: what is installed in it.
    """

    folder: Path
    wheel: Path

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.folder / "bin" / "python"

    @property
    def packages(self) -> Path:
        """Where its packages are."""
        (found,) = self.folder.glob("lib/python*/site-packages")
        return found

    def run(self, *arguments: str, given: str = "", **variables: str) -> str:
        """Run its interpreter, which sees nothing of this checkout; answers what it printed.

        Args:
            *arguments: of the interpreter.
            given: its standard input.
            **variables: more environment variables.
        """
        result = subprocess.run(
            [str(self.python), "-I", *arguments],
            cwd=self.folder,
            env=isolated_environment() | QUIET_JSII | UNVALIDATED | variables,
            input=given,
            capture_output=True,
            text=True,
            check=False,
        )
        assert result.returncode == 0, result.stderr
        return result.stdout


def build(folder: Path) -> Path:
    """Build the wheel as `pip wheel .` does, with the build tools that are installed here."""
    _pip("wheel", "--no-deps", "--no-build-isolation", "--wheel-dir", str(folder), str(CHECKOUT))
    (wheel,) = folder.glob("*.whl")
    return wheel


def install(wheel: Path, folder: Path) -> Installation:
    """Install a wheel into a new environment."""
    venv.create(folder, symlinks=True)
    installation = Installation(folder, wheel)
    _pip("--python", str(installation.python), "install", "--no-deps", "--no-index", str(wheel))
    (metadata,) = importlib.metadata.distributions(name="cdk-personalize", path=[str(installation.packages)])
    for link in sorted({path for name in _needed(metadata.requires or ()) for path in _top_level(name)}):
        (installation.packages / link.name).symlink_to(link)
    return installation


def _pip(*arguments: str) -> None:
    command = [sys.executable, "-m", "pip", "--quiet", "--disable-pip-version-check", *arguments]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    assert result.returncode == 0, result.stderr


def _needed(requirements: Sequence[str]) -> set[str]:
    """Names of what requirements name, and of everything that those need in turn, without their extras."""
    found: set[str] = set()
    waiting = [Requirement(each) for each in requirements]
    while waiting:
        requirement = waiting.pop()
        is_needed = requirement.marker is None or requirement.marker.evaluate({"extra": ""})
        if is_needed and requirement.name not in found:
            found.add(requirement.name)
            waiting += map(Requirement, importlib.metadata.requires(requirement.name) or ())
    return found


def _top_level(name: str) -> Iterator[Path]:
    """Files and folders in site-packages that a package brings, its metadata included."""
    distribution = importlib.metadata.distribution(name)
    for file in distribution.files or ():
        if file.parts[0] not in ("..", "__pycache__"):
            yield Path(str(distribution.locate_file(file.parts[0])))
