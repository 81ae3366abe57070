"""`make review` as a command: exit status and sentence for the mistakes that people make."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import yaml

from tests.support.checkout import Checkout
from tools.review import __main__ as review

Edit = Callable[[Path], None]


@dataclass(frozen=True)
class Answer:
    """What the command says.

    Attributes:
        status: its exit status.
        text: both of its outputs.
        comment: the report as Markdown; empty if there is none.
    """

    status: int
    text: str
    comment: str


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return Checkout.make(tmp_path_factory.mktemp("review") / "checkout").folder


@pytest.fixture
def command(
    checkout: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Answer]]:
    """Edits the settings of the working tree, and reviews them against a ref."""
    monkeypatch.setattr(review, "CHECKOUT", checkout)

    def answered(edit: Edit, env: str = "dev", base: str = "HEAD") -> Answer:
        edit(checkout / "config")
        status = review.main(["--env", env, "--base", base, "--out", str(tmp_path)])
        comment = tmp_path / f"review-{env}.md"
        said = capsys.readouterr()
        return Answer(status, said.out + said.err, comment.read_text() if comment.exists() else "")

    yield answered
    subprocess.run(["git", "reset", "--quiet", "--hard", "origin/main"], cwd=checkout, check=True)
    subprocess.run(["git", "clean", "--quiet", "-fd", "config"], cwd=checkout, check=True)


def nothing(config: Path) -> None:
    """Leave the settings as they are."""


def committed(edit: Edit) -> Edit:
    """The same, but in what is deployed."""

    def edited(config: Path) -> None:
        edit(config)
        identity = ("-c", "user.name=somebody", "-c", "user.email=somebody@example.com")
        subprocess.run(["git", "add", "--all"], cwd=config, check=True)
        subprocess.run(["git", *identity, "commit", "--quiet", "--message", "Edited"], cwd=config, check=True)

    return edited


def settings(**changes: object) -> Edit:
    """Other values of some settings of dev; what is None leaves them."""

    def edit(config: Path) -> None:
        file = config / "dev.yaml"
        values = yaml.safe_load(file.read_text()) | changes
        file.write_text(yaml.safe_dump({key: value for key, value in values.items() if value is not None}))

    return edit


def filters(**expressions: str) -> Edit:
    def edit(config: Path) -> None:
        file = config / "dev.yaml"
        values = yaml.safe_load(file.read_text())
        file.write_text(yaml.safe_dump(values | {"filters": values["filters"] | expressions}))

    return edit


def schema(dataset: str, *fields: dict[str, object], without: str = "") -> Edit:
    """A schema with fields more, or one less, or another in its place."""
    names = {without, *(each["name"] for each in fields)}

    def edit(config: Path) -> None:
        file = config / "schemas" / f"{dataset}.avsc"
        document = json.loads(file.read_text())
        document["fields"] = [each for each in document["fields"] if each["name"] not in names] + list(fields)
        file.write_text(json.dumps(document))

    return edit


def both(*edits: Edit) -> Edit:
    def edit(config: Path) -> None:
        for each in edits:
            each(config)

    return edit
