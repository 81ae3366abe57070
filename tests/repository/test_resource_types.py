"""Every resource type is in every place that needs to know it; docs/adding-a-resource-type.md has a step for each.

It runs first, and its one sentence names the step that is next.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

import stacks.personalize
from lambdas.personalize_provider.resources import RESOURCES
from stacks.personalize.permissions import declared
from tests.lambdas.personalize_provider.support.property_changes import SETTINGS
from tests.lambdas.personalize_provider.support.template_parts import whole
from tests.support.every_construct import every_construct
from tools.checkout import CHECKOUT
from tools.emulator.kinds import KINDS
from tools.review.money import is_unpriced

PAGE = CHECKOUT / "docs" / "adding-a-resource-type.md"
CUSTOM = "Custom::Personalize"
# Jobs that somebody runs; nothing that is deployed.
NOT_DEPLOYED = {"BatchInferenceJob", "BatchSegmentJob", "DataDeletionJob", "DatasetExportJob"}


@dataclass(frozen=True)
class Place:
    """A place that has to know every type.

    Attributes:
        title: of the step on the page.
        where: the file to change.
        has: whether a type is there.
    """

    title: str
    where: str
    has: Callable[[str], bool]


@cache
def text(path: str) -> str:
    return (CHECKOUT / path).read_text()


@cache
def templates(folder: Path) -> frozenset[str]:
    """Types in the app that declares every construct."""
    assembly = every_construct(folder)
    return frozenset(
        each["Type"] for template in assembly.templates.values() for each in template["Resources"].values()
    )


def classes() -> dict[str, str]:
    """Public constructs, by the noun that they declare in the file of theirs."""
    public = {name: getattr(stacks.personalize, name) for name in stacks.personalize.__all__}
    modules = {each.__module__: name for name, each in public.items() if isinstance(each, type)}
    folder = Path(stacks.personalize.__file__).parent
    found = {}
    for module in modules:
        source = (folder / f"{module.rpartition('.')[2]}.py").read_text()
        found |= dict.fromkeys(re.findall(r'noun="(\w+)"', source), module)
    return found


def places(folder: Path) -> list[Place]:
    """In the order of the page."""
    return [
        Place("The emulator", "tools/emulator/kinds.py", lambda noun: noun in KINDS),
        Place("The provider", "lambdas/personalize_provider/resources.py", lambda noun: noun in RESOURCES),
        Place(
            "The provider's tests",
            "tests/lambdas/personalize_provider/support/template_parts.py (whole) and property_changes.py (SETTINGS)",
            lambda noun: noun in SETTINGS and f"{CUSTOM}{noun}" in {each["Type"] for each in whole().values()},
        ),
        Place("The construct", "stacks/personalize/ (declare its TypePermissions)", lambda noun: noun in declared()),
        Place("The public name", "stacks/personalize/__init__.py", lambda noun: noun in classes()),
        Place(
            "The app with every construct",
            "tests/support/every_construct.py",
            lambda noun: f"{CUSTOM}{noun}" in templates(folder),
        ),
        Place("The review", "tools/review/money.py", lambda noun: not is_unpriced(f"{CUSTOM}{noun}")),
        Place("The pages", "docs/changes.md (make docs)", lambda noun: f"| {noun} |" in text("docs/changes.md")),
    ]


def first_missing(noun: str, folder: Path) -> str:
    """One sentence about the first place that does not know a type; empty if all do."""
    for number, place in enumerate(places(folder), start=1):
        if not place.has(noun):
            return f"{noun} is missing in {place.where}: step {number}, '{place.title}', of docs/{PAGE.name}."
    return ""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("every")


def test_every_type_is_in_every_place(folder: Path) -> None:
    known = {*KINDS, *RESOURCES, *SETTINGS, *(noun for noun, each in declared().items() if each.operations)}
    sentences = [sentence for noun in sorted(known - NOT_DEPLOYED) if (sentence := first_missing(noun, folder))]
    assert not sentences, sentences[0]


def test_what_is_nowhere_begins_with_the_first_step(folder: Path) -> None:
    """The other test can fail."""
    assert first_missing("Weather", folder) == (
        "Weather is missing in tools/emulator/kinds.py: step 1, 'The emulator', of docs/adding-a-resource-type.md."
    )


def test_the_page_has_these_steps_in_this_order(folder: Path) -> None:
    headings = re.findall(r"^## (\d+)\. (.+)$", PAGE.read_text(), flags=re.MULTILINE)
    expected = [(str(number), place.title) for number, place in enumerate(places(folder), start=1)]
    assert headings[: len(expected)] == expected
