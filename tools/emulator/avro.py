"""Avro schemas as CreateSchema takes them, for any domain.

The constructs have a reader of their own (stacks/personalize/avro.py): it finds more, for one domain, and this package
imports nothing of the project, so that one mistake is not made in both. A test holds that what is right there is taken
here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import invalid

NUMERIC = frozenset({"int", "long", "float", "double"})
TYPES = NUMERIC | {"string", "boolean"}

# Record name -> dataset type. Source: developer guide, "Creating schema JSON files for Amazon Personalize schemas": the
# name must match the dataset type.
DATASET_TYPES = {
    "interactions": "INTERACTIONS",
    "items": "ITEMS",
    "users": "USERS",
    "actions": "ACTIONS",
    "actioninteractions": "ACTION_INTERACTIONS",
}
OF_ACTIONS = frozenset({"ACTIONS", "ACTION_INTERACTIONS"})


@dataclass(frozen=True)
class Field:
    """A field of a schema: its type, null aside."""

    name: str
    type: str
    nullable: bool = False
    categorical: bool = False
    textual: bool = False
    item_name: bool = False

    @property
    def is_numeric(self) -> bool:
        """Whether values are numbers."""
        return self.type in NUMERIC


# Fields a schema must have, and of which type. Source: developer guide, "Custom datasets and schemas",
# "VIDEO_ON_DEMAND datasets and schemas", "ECOMMERCE datasets and schemas".
_KEYS = {
    "INTERACTIONS": (Field("USER_ID", "string"), Field("ITEM_ID", "string"), Field("TIMESTAMP", "long")),
    "ITEMS": (Field("ITEM_ID", "string"),),
    "USERS": (Field("USER_ID", "string"),),
    "ACTIONS": (Field("ACTION_ID", "string"),),
    "ACTION_INTERACTIONS": (
        Field("USER_ID", "string"),
        Field("ACTION_ID", "string"),
        Field("EVENT_TYPE", "string"),
        Field("TIMESTAMP", "long"),
    ),
}
_OF_DOMAIN = {
    ("VIDEO_ON_DEMAND", "INTERACTIONS"): (Field("EVENT_TYPE", "string"),),
    ("VIDEO_ON_DEMAND", "ITEMS"): (Field("GENRES", "string", categorical=True), Field("CREATION_TIMESTAMP", "long")),
    ("ECOMMERCE", "INTERACTIONS"): (Field("EVENT_TYPE", "string"),),
    ("ECOMMERCE", "ITEMS"): (Field("PRICE", "float"), Field("CATEGORY_L1", "string", categorical=True)),
}
# Types that need at least one field beyond their key.
_NEED_METADATA = frozenset({"ITEMS", "USERS", "ACTIONS"})


@dataclass(frozen=True)
class Schema:
    """A parsed schema."""

    dataset_type: str
    fields: tuple[Field, ...]

    def field(self, name: str) -> Field | None:
        """The field of that name, upper or lower case, if there is one."""
        return next((field for field in self.fields if field.name.upper() == name.upper()), None)

    @property
    def names(self) -> tuple[str, ...]:
        """Field names in the order of the CSV's columns."""
        return tuple(field.name for field in self.fields)


def parse(text: str, domain: str | None = None) -> Schema:
    """Parse a schema document.

    Source of the rules: developer guide, "Creating schema JSON files for Amazon Personalize schemas", section "Schema
    formatting requirements".

    Args:
        text: JSON of an Avro record.
        domain: the domain whose required fields must be there, if any.

    Raises:
        ServiceError: InvalidInputException that names what is wrong.
    """
    try:
        document = json.loads(text)
    except ValueError as error:
        raise invalid(f"The schema is not valid JSON: {error}") from None
    if not isinstance(document, Mapping) or document.get("type") != "record":
        raise invalid('The schema must be an Avro record ("type": "record").')
    name = str(document.get("name", ""))
    dataset_type = DATASET_TYPES.get(name.lower().replace("_", ""))
    if dataset_type is None:
        raise invalid(f"The schema's name must be a dataset type such as Interactions, Items or Users, not '{name}'.")
    raw = document.get("fields")
    if not isinstance(raw, list) or not raw:
        raise invalid("The schema must have a list of fields.")
    schema = Schema(dataset_type, tuple(_field(item) for item in raw))
    problem = next(_problems(schema, domain), None)
    if problem:
        raise invalid(problem)
    return schema


def _field(raw: Any) -> Field:
    if not isinstance(raw, Mapping) or not isinstance(raw.get("name"), str):
        raise invalid("Every field of the schema must have a name.")
    name, types = raw["name"], raw.get("type")
    union = types if isinstance(types, list) else [types]
    real = [kind for kind in union if kind != "null"]
    if len(real) != 1 or not isinstance(real[0], str) or real[0] not in TYPES:
        raise invalid(
            f"Field {name} has the unsupported type {json.dumps(types)}; supported are {', '.join(sorted(TYPES))}, "
            f"each with or without null."
        )
    attributes = (bool(raw.get(attribute)) for attribute in ("categorical", "textual", "itemName"))
    return Field(name, real[0], "null" in union, *attributes)


def _problems(schema: Schema, domain: str | None) -> Iterator[str]:
    keys = _KEYS.get(schema.dataset_type, ())
    of_domain = _OF_DOMAIN.get((domain, schema.dataset_type), ()) if domain else ()
    yield from _problems_of_names(schema.names)
    yield from _problems_of_required_fields(schema, (*keys, *of_domain))
    if schema.dataset_type in _NEED_METADATA and len(schema.fields) == len(keys):
        yield f"The schema of {schema.dataset_type} must have at least one metadata field."


def _problems_of_names(names: Sequence[str]) -> Iterator[str]:
    # Underscores do not make a name unique: GENRES_FIELD_1 and GENRESFIELD1 clash.
    plain = [name.replace("_", "").upper() for name in names]
    for name in names:
        if not name.replace("_", "").isalnum():
            yield f"Field name '{name}' is not alphanumeric."
        if plain.count(name.replace("_", "").upper()) > 1:
            yield f"Field name '{name}' is not unique in the schema."


def _problems_of_required_fields(schema: Schema, required: Iterable[Field]) -> Iterator[str]:
    for wanted in required:
        found = next((field for field in schema.fields if field.name == wanted.name), None)
        if found is None:
            yield f"The schema must have the required field {wanted.name} of type {wanted.type}."
        elif found.type != wanted.type or found.nullable:
            yield f"The required field {wanted.name} must be of type {wanted.type}, and not null."
        elif wanted.categorical and not found.categorical:
            yield f"The required field {wanted.name} must be categorical."
