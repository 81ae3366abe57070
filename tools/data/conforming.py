"""CSV files that conform to any schema, to rehearse a deployment without its data.

Users, items and their interactions are those of the generated catalogue, so that there is enough of everything to train
with; columns that it does not have get values of their type.
"""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

from stacks.personalize.avro import Field, fields

from .catalogue import Catalogue, Interaction

# Every so many rows, a column that may be null is.
_NULL_EVERY = 10
_CATEGORIES = 5


def csv_of(
    schema: Mapping[str, Any], dataset_type: str, catalogue: Catalogue, event_types: Iterable[str] = ()
) -> bytes:
    """A CSV file for a dataset.

    Args:
        schema: the Avro schema.
        dataset_type: INTERACTIONS, ITEMS or USERS.
        catalogue: whose records they are.
        event_types: types of interactions of which there must be enough to train with, besides Click and Watch.
    """
    rows = _records(dataset_type, catalogue, event_types)
    columns = fields(schema)
    chance = random.Random(dataset_type)
    values = [_column(field, [row.get(name) for row in rows], chance) for name, field in columns.items()]
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(zip(*values, strict=True))
    return written.getvalue().encode()


def _records(dataset_type: str, catalogue: Catalogue, event_types: Iterable[str]) -> list[dict[str, Any]]:
    if dataset_type == "ITEMS":
        return [
            {
                "ITEM_ID": item.item_id,
                "TITLE": item.title,
                "GENRES": "|".join(item.genres),
                "YEAR": item.year,
                "CREATION_TIMESTAMP": item.creation_timestamp,
            }
            for item in catalogue.items
        ]
    if dataset_type == "USERS":
        return [
            {"USER_ID": user.user_id, "GENDER": user.gender, "AGE": user.age, "OCCUPATION": user.occupation}
            for user in catalogue.users
        ]
    return [
        {
            "USER_ID": event.user_id,
            "ITEM_ID": event.item_id,
            "EVENT_TYPE": event.event_type,
            "TIMESTAMP": event.timestamp,
        }
        for event in _with_types(catalogue.interactions, event_types)
    ]


def _with_types(interactions: Sequence[Interaction], event_types: Iterable[str]) -> list[Interaction]:
    """The interactions, and each click again as each of the types that they lack."""
    known = {event.event_type for event in interactions}
    clicks = [event for event in interactions if event.event_type == "Click"]
    more = [
        Interaction(event.timestamp + 120, event.user_id, event.item_id, type_)
        for type_ in sorted(set(event_types) - known)
        for event in clicks
    ]
    return sorted([*interactions, *more])


def _column(field: Field, known: Sequence[Any], chance: random.Random) -> list[Any]:
    fits = _FITS[field.type]
    if all(fits(value) for value in known):
        return list(known)
    value = _maker(field, chance)
    return [
        None if field.nullable and number % _NULL_EVERY == _NULL_EVERY - 1 else value(number)
        for number in range(len(known))
    ]


def _is_number(value: Any) -> bool:
    return isinstance(value, int)


_FITS: Mapping[str, Callable[[Any], bool]] = {
    "string": lambda value: value is not None,
    "int": _is_number,
    "long": _is_number,
    "float": _is_number,
    "double": _is_number,
    "boolean": lambda value: False,
}


def _maker(field: Field, chance: random.Random) -> Callable[[int], Any]:
    """What makes a value of the field's type for a row."""
    name = field.name.lower().replace("_", " ")
    if field.type == "boolean":
        return lambda row: chance.choice(("true", "false"))
    if field.type in ("float", "double"):
        return lambda row: round(chance.uniform(1, 100), 2)
    if field.type in ("int", "long"):
        return lambda row: chance.randint(1, 100)
    if field.categorical:
        categories = [f"{name} {number}" for number in range(1, _CATEGORIES + 1)]
        return lambda row: "|".join(sorted(chance.sample(categories, chance.choice((1, 1, 2)))))
    return lambda row: f"{name} {row + 1}"
