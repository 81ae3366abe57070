"""User segments: which users will most likely interact with an item, or with items of some attributes.

A user's affinity to an item is how similar it is to what they interacted with, and whether that is among it: a stand-in
for the service's own model.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from .avro import Field, Schema
from .data import Row
from .errors import invalid
from .models import Fitted, Snapshot, fitted_to
from .recipes import Recipe

# Developer guide, "Evaluating an Amazon Personalize solution version with metrics".
_TRAINING_SHARE = 0.8
_TOP_SHARE = 0.01
# Enough items to see how well a model does.
_TESTED_ITEMS = 2000
# As recorded answers have them.
_METRIC_DECIMALS = 4

_CONDITION = re.compile(
    r"""\s*ITEMS\.(?P<column>\w+)\s*=\s*(?P<value>"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?)\s*(?P<more>AND\b|$)""",
    re.IGNORECASE | re.DOTALL,
)


@dataclass(frozen=True)
class Catalogue:
    """The items at the time of a training: what they conform to, and their records by id."""

    schema: Schema
    rows: Mapping[str, Row]


class SegmentModel:
    """The trained model of a solution version that segments users; computed when it is first used.

    Attributes:
        recipe: how it was trained.
        trained_on: how often the interactions had changed by then.
    """

    def __init__(self, recipe: Recipe, snapshot: Snapshot, catalogue: Catalogue | None) -> None:
        """Train with a recipe on a snapshot, and the items of then."""
        self.recipe = recipe
        self.trained_on = snapshot.changes
        self._snapshot = snapshot
        self._catalogue = catalogue
        self._forgotten: frozenset[str] = frozenset()

    @cached_property
    def _fitted(self) -> Fitted:
        return fitted_to(self._snapshot)

    def forget(self, users: Iterable[str]) -> None:
        """Have users in no segment any more (API reference, CreateDataDeletionJob)."""
        self._forgotten |= frozenset(users)

    def users_for_item(self, item: str) -> list[str]:
        """The users, most likely ones first, for an item that the training knew.

        Raises:
            ServiceError: InvalidInputException; it did not (developer guide, "Item-Affinity recipe").
        """
        if item not in self._fitted.index:
            raise invalid(f"The solution version does not know the item {item}.")
        return self._users_for([item])

    def users_for_attributes(self, query: str) -> list[str]:
        """The users, most likely ones first, for items that have all attributes of a query.

        Developer guide, "Preparing input data for user segments", "Item-Attribute-Affinity recipe".

        Args:
            query: such as `ITEMS.genres = "Comedy" AND ITEMS.genres = "Action"`.

        Raises:
            ServiceError: InvalidInputException; the query is not like this, or no item has the attributes.
        """
        assert self._catalogue, "the recipe requires an Items dataset"
        wanted = list(_conditions(self._catalogue.schema, query))
        rows = self._catalogue.rows.items()
        found = [item for item, row in rows if all(_has(row, field, value) for field, value in wanted)]
        known = [item for item in found if item in self._fitted.index]
        if not known:
            raise invalid("The solution version knows no item with these attributes.")
        return self._users_for(known)

    def _users_for(self, items: Sequence[str]) -> list[str]:
        return [user for user in self._fitted.users_by_affinity(items) if user not in self._forgotten]

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Evaluation metrics, of a model trained on four fifths of each user's interactions.

        Developer guide, "Evaluating an Amazon Personalize solution version with metrics"; their names are recorded.
        That both recipes are tested by items is inferred.
        """
        trained, tested = _split(self._snapshot)
        fitted = fitted_to(trained)
        top = max(1, round(len(fitted.users) * _TOP_SHARE))
        hits, recalls, covered = [], [], set()
        for item in sorted(tested.keys() & fitted.index.keys())[:_TESTED_ITEMS]:
            predicted = fitted.users_by_affinity([item])[:top]
            covered.update(predicted)
            hits.append(len(tested[item].intersection(predicted)))
            recalls.append(hits[-1] / len(tested[item]))
        found = {
            "coverage": len(covered) / max(1, len(fitted.users)),
            "hits_at_1_percent": sum(hits) / max(1, len(hits)),
            "recall_at_1_percent": sum(recalls) / max(1, len(recalls)),
        }
        return {name: round(value, _METRIC_DECIMALS) for name, value in found.items()}


def _split(snapshot: Snapshot) -> tuple[Snapshot, dict[str, set[str]]]:
    """What trains, and for each item of what tests, the users who interacted with it."""
    by_user: dict[str, list[int]] = defaultdict(list)
    for position in sorted(range(len(snapshot)), key=snapshot.times.__getitem__):
        by_user[snapshot.users[position]].append(position)
    training: list[int] = []
    tested: dict[str, set[str]] = defaultdict(set)
    for user, positions in by_user.items():
        first_tested = round(len(positions) * _TRAINING_SHARE)
        training += positions[:first_tested]
        for position in positions[first_tested:]:
            tested[snapshot.items[position]].add(user)
    return snapshot.only(training), tested


def _conditions(schema: Schema, query: str) -> Iterator[tuple[Field, Any]]:
    """Columns and the values that a query wants; the sentences are inferred."""
    position, more = 0, True
    while more:
        found = _CONDITION.match(query, position)
        if found is None:
            raise invalid('itemAttributes must be like ITEMS.genres = "Comedy" AND ITEMS.genres = "Action".')
        field = schema.field(found["column"])
        if field is None or field.textual:
            raise invalid(f"{found['column']} is not a column of the Items dataset that has attributes.")
        yield field, _value(field, found["value"])
        position, more = found.end(), bool(found["more"])


def _value(field: Field, text: str) -> Any:
    value = re.sub(r"\\(.)", r"\1", text[1:-1], flags=re.DOTALL) if text.startswith('"') else text
    if not field.is_numeric:
        return value
    try:
        return float(value)
    except ValueError:
        raise invalid(f"{field.name} is of type {field.type}, and '{value}' is not a number.") from None


def _has(row: Row, field: Field, value: Any) -> bool:
    found = row.get(field.name)
    if found is None or field.is_numeric:
        return found is not None and float(found) == value
    return value in (str(found).split("|") if field.categorical else (str(found),))
