"""What steps send: schemas, expectations, and data that the steps of several topics import."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

from tools.conformance.step import Expected

INVALID, IN_USE, EXISTS = "InvalidInputException", "ResourceInUseException", "ResourceAlreadyExistsException"
MISSING, LIMIT, VALIDATION = "ResourceNotFoundException", "LimitExceededException", "ValidationException"

Field = dict[str, Any]
Row = tuple[Any, ...]


def field(name: str, type_: str | list[str] = "string", **attributes: bool) -> Field:
    """A field of a schema, with attributes such as `categorical`."""
    return {"name": name, "type": type_, **attributes}


def optional(name: str, type_: str = "string", **attributes: bool) -> Field:
    """A field that may be null."""
    return field(name, ["null", type_], **attributes)


# The smallest schemas that each domain accepts, with one field more of each type that filters and metadata need.
FIELDS: dict[str, tuple[Field, ...]] = {
    "Interactions": (field("USER_ID"), field("ITEM_ID"), field("EVENT_TYPE"), field("TIMESTAMP", "long")),
    "Items": (
        field("ITEM_ID"),
        field("GENRES", categorical=True),
        field("CREATION_TIMESTAMP", "long"),
        optional("YEAR", "int"),
        optional("PRICE", "float"),
        optional("IS_SHORT", "boolean"),
        optional("PLOT", textual=True),
    ),
    "Users": (field("USER_ID"), field("AGE", "int"), optional("PLAN", categorical=True)),
}


def schema(noun: str, fields: Iterable[Field] | None = None, **members: Any) -> str:
    """The text of a schema.

    Args:
        noun: name of the record: `Interactions`, `Items` or `Users`.
        fields: other fields than FIELDS has.
        members: of the record, other than usual.
    """
    document = {
        "type": "record",
        "name": noun,
        "namespace": "com.amazonaws.personalize.schema",
        "fields": list(FIELDS[noun] if fields is None else fields),
        "version": "1.0",
        **members,
    }
    return json.dumps(document)


# -- expectations ------------------------------------------------------------------------------------------


def refused(operation: str, error: str, times: int = 1) -> tuple[Expected, ...]:
    """Each of the first requests of an operation in a step is refused."""
    return tuple(Expected(operation, error, which=number) for number in range(times))


def taken(operation: str, times: int = 1) -> tuple[Expected, ...]:
    """Each of the first requests of an operation in a step is taken."""
    return refused(operation, "", times)


# -- data --------------------------------------------------------------------------------------------------

USERS, ITEMS, EVENTS_OF_A_USER = 60, 50, 30
# 2024-01-01: recent enough that nothing is left out for its age, and the same in every run.
_BEGIN, _DAY = 1_704_067_200, 86_400
GENRES = ("Comedy", "Drama", "Horror", "Animation")


def interactions(users: int = USERS, each: int = EVENTS_OF_A_USER, items: int = ITEMS) -> list[Row]:
    """Rows with the columns of FIELDS: users watch what their neighbors watch, and click on every fifth item."""
    return [
        (
            f"u{user}",
            f"i{(user * 7 + step * (1 + user % 3)) % items}",
            "Click" if step % 5 == 4 else "Watch",
            _BEGIN + user * 600 + step * _DAY,
        )
        for user in range(users)
        for step in range(each)
    ]


def items(number: int = ITEMS) -> list[Row]:
    """Rows with the columns of FIELDS; every third item has neither year nor price."""
    return [
        (
            f"i{n}",
            "|".join(sorted({GENRES[n % 4], GENRES[n % 3]})),
            _BEGIN - n * _DAY,
            1980 + n if n % 3 else "",
            n / 4 if n % 3 else "",
            "true" if n % 2 else "false",
            f"Film number {n}.",
        )
        for n in range(number)
    ]


def users(number: int = USERS) -> list[Row]:
    """Rows with the columns of FIELDS, aged 10 and more."""
    return [(f"u{n}", 10 + n, "Premium" if n % 2 else "") for n in range(number)]


def csv(noun: str, rows: Iterable[Row], columns: Sequence[str] = ()) -> str:
    """A file with one line for each record; columns in the order of the schema unless others are given."""
    header = columns or [each["name"] for each in FIELDS[noun]]
    return "".join(f"{','.join(map(str, row))}\n" for row in [tuple(header), *rows])
