"""Items that are alike by their texts: a stand-in for the embeddings of the Semantic-Similarity recipe.

Two items are the more alike the more words they share. Developer guide, "Semantic-Similarity recipe".
"""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Sequence
from functools import cached_property

from .data import Dataset
from .models import Model, Snapshot
from .recipes import Recipe


class SemanticModel(Model):
    """The trained model of a solution version that compares texts."""

    def __init__(self, recipe: Recipe, snapshot: Snapshot, items: Dataset) -> None:
        """Train on the texts of the items that had come by the time of the snapshot."""
        super().__init__(recipe, snapshot)
        columns = [field.name for field in items.schema.fields if field.textual or field.item_name]
        self._words = {
            item: Counter(re.findall(r"\w+", " ".join(str(row.get(name) or "") for name in columns).lower()))
            for item, at in items.first_seen.items()
            if at <= snapshot.at and (row := items.row(item))
        }

    def ranked(self, history: Sequence[str], item: str | None = None) -> list[tuple[str, float]]:
        """All other items, most alike first; in the order of their ids if the item is not known, which is inferred."""
        asked = self._words.get(item or "", Counter())
        scores = {other: _likeness(asked, words) for other, words in self._words.items() if other != item}
        return sorted(scores.items(), key=lambda one: (-one[1], one[0]))

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Coverage: every item with a text can be recommended.

        The other metrics of the recipe have no names in answers on any page.
        """
        return {"coverage": 1.0 if self._words else 0.0}


def _likeness(one: Counter[str], other: Counter[str]) -> float:
    """The cosine of two counts of words."""
    lengths = math.sqrt(sum(n * n for n in one.values()) * sum(n * n for n in other.values()))
    return sum(count * other[word] for word, count in one.items()) / lengths if lengths else 0.0
