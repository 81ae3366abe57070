"""The rules of docs/personalize-rules.md, by their ids."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tools.checkout import CHECKOUT

PAGE = CHECKOUT / "docs" / "personalize-rules.md"
INFERRED = "**inferred**"


@dataclass(frozen=True)
class Rule:
    """One row of the page, in Markdown.

    Attributes:
        id: its name.
        topic: heading of the table.
        text: what it says.
        effect: error or effect.
        source: who says so.
        enforced_in: where in the code.
        settled_by: conformance steps, or how else it will be settled.
    """

    id: str
    topic: str
    text: str
    effect: str
    source: str
    enforced_in: str
    settled_by: str

    @property
    def is_inferred(self) -> bool:
        """Whether no source says it, or a part of it."""
        return INFERRED in f"{self.text} {self.effect} {self.source}".lower()


def read(page: Path = PAGE) -> Mapping[str, Rule]:
    """All rules of the page, in its order.

    Raises:
        ValueError: a row does not have the cells that it should, or an id is there twice.
    """
    found: dict[str, Rule] = {}
    topic = ""
    for line in page.read_text().splitlines():
        if line.startswith("## "):
            topic = line.removeprefix("## ")
        if not line.startswith("| `"):
            continue
        cells = [cell.strip() for cell in line.removeprefix("|").removesuffix("|").split(" |")]
        if len(cells) != 6:
            raise ValueError(f"A rule has an id and five cells more, but this row has {len(cells)} cells: {line}")
        rule = Rule(cells[0].strip("`"), topic, *cells[1:])
        if rule.id in found:
            raise ValueError(f"Two rules have the id {rule.id}.")
        found[rule.id] = rule
    return found
