"""Resources that leave and come at once, and are probably one under another name."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from lambdas.personalize_provider.resource_type import CONTROL_PROPERTIES
from tools.simulation.assembly import Assembly

from .diff import Comparison, Kind, ResourceChange

# By type, what makes two resources the same one: never the name.
_IDENTITY: Mapping[str, str] = {
    "Recommender": "RecipeArn",
    "Filter": "FilterExpression",
    "Dataset": "DatasetType",
    "Solution": "RecipeArn",
}
_OURS = CONTROL_PROPERTIES | {"ServiceToken", "ServiceTimeout"}


@dataclass(frozen=True)
class Rename:
    """Two changes that are probably one: `old` is removed, `new` is added."""

    old: ResourceChange
    new: ResourceChange

    def concerns(self, change: ResourceChange) -> bool:
        """Whether a change is one of the two."""
        return change in (self.old, self.new)

    def hint(self, change: ResourceChange) -> str:
        """What to know, at one of the two."""
        other = f"{self.old.path} under another name" if change == self.new else f"renamed to {self.new.path}"
        return f"Probably {other}. {self.consequence}"

    @property
    def consequence(self) -> str:
        """What a rename does."""
        if self.new.noun == "Dataset":
            return "A new dataset has another ARN and is empty: the data of the old one is not carried over."
        if self.new.noun == "Solution":
            return "A new solution with another ARN is trained, then the old one is deleted with its versions."
        trained = "trained" if self.new.noun == "Recommender" else "created"
        return (
            f"A new one with another ARN is {trained}, then the old one is deleted: clients need the new ARN. "
            f"Keep the old name to keep the ARN."
        )


def renames_of(base: Assembly, head: Assembly, comparison: Comparison) -> tuple[Rename, ...]:
    """Find what is probably renamed: of one type, in one stack, the most alike first."""
    found: list[Rename] = []
    candidates = sorted(_candidates(base, head, comparison.changes), key=lambda each: -each[0])
    for _, rename in candidates:
        if not any(each.concerns(rename.old) or each.concerns(rename.new) for each in found):
            found.append(rename)
    return tuple(found)


def _candidates(base: Assembly, head: Assembly, changes: Sequence[ResourceChange]) -> Iterator[tuple[int, Rename]]:
    """Pairs that may be one, each with the number of properties in which they agree."""
    for old in changes:
        if old.kind is not Kind.REMOVED or old.noun not in _IDENTITY:
            continue
        for new in changes:
            if new.kind is Kind.ADDED and (new.stack, new.type) == (old.stack, old.type):
                before, after = _properties(base, old), _properties(head, new)
                key = _IDENTITY[old.noun]
                if before.get(key) == after.get(key):
                    yield sum(after.get(name) == value for name, value in before.items()), Rename(old, new)


def _properties(assembly: Assembly, change: ResourceChange) -> dict[str, Any]:
    resource = assembly.templates[change.stack]["Resources"][change.logical_id]
    return {name: value for name, value in resource.get("Properties", {}).items() if name not in _OURS}
