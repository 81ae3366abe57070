"""Which schema can replace that of a dataset.

Source: developer guide, "Replacing a dataset's schema to add new columns".
"""

from __future__ import annotations

import json
from typing import Any

from .names import in_order

_REPLACEABLE = ("items", "users")
_ATTRIBUTES = ("categorical", "textual")


def refusal(before: str, after: str) -> str:
    """Why a schema cannot replace that of a dataset, and what to do instead; empty if it can.

    Args:
        before: the schema that the dataset has, an Avro record as JSON.
        after: the new one.
    """
    try:
        old, new = json.loads(before), json.loads(after)
        name = str(new["name"])
        if name.lower() not in _REPLACEABLE:
            what = _listed(_differences(old, new)) or "its fields are the same"
            return (
                f"the schema of {name} cannot be replaced ({what}). Undo the change, or build a new dataset group with "
                f"the new schema beside this one."
            )
        problems = _problems(old, new)
    except (ValueError, TypeError, KeyError, AttributeError):
        return ""  # The service itself says what is wrong with the schema.
    if not problems:
        return ""
    return (
        f"{_listed(problems)}. A schema keeps its fields as they are, and new ones allow null. Undo that; to change a "
        f"field, add one of another name, and train on that one instead (included_dataset_columns)."
    )


def difference(actual: str, wanted: str) -> str:
    """What a schema says otherwise than another; empty if both say the same, in whatever order and layout.

    Args:
        actual: the schema that there is, an Avro record as JSON.
        wanted: the one that is asked for.
    """
    try:
        old, new = json.loads(actual), json.loads(wanted)
        if in_order(old) == in_order(new):
            return ""
        return f"in the template {_listed(_differences(old, new)) or 'more than its fields differs'}"
    except (ValueError, TypeError, KeyError, AttributeError):
        return "" if actual == wanted else "the template has another text"


def _problems(old: Any, new: Any) -> list[str]:
    present, wanted = _fields(old), _fields(new)
    lost = [f"field {name} is gone" for name in present if name not in wanted]
    changed = [
        f"field {name} changes from {_words(present[name])} to {_words(wanted[name])}"
        for name in present
        if name in wanted and present[name] != wanted[name]
    ]
    strict = [
        f"the new field {name} does not allow null"
        for name in wanted
        if name not in present and "null" not in wanted[name][0]
    ]
    return lost + changed + strict


def _differences(old: Any, new: Any) -> list[str]:
    present, wanted = _fields(old), _fields(new)
    return _problems(old, new) + [
        f"field {name} is new" for name in wanted if name not in present and "null" in wanted[name][0]
    ]


def _fields(document: Any) -> dict[str, tuple[frozenset[str], frozenset[str]]]:
    """By name, the types of a field, and its attributes."""
    return {
        field["name"]: (
            frozenset(field["type"] if isinstance(field["type"], list) else [field["type"]]),
            frozenset(each for each in _ATTRIBUTES if field.get(each)),
        )
        for field in document["fields"]
    }


def _words(field: tuple[frozenset[str], frozenset[str]]) -> str:
    """`categorical string or null`."""
    types, attributes = field
    return " ".join([*sorted(attributes), " or ".join(sorted(types, key=lambda each: (each == "null", each)))])


def _listed(problems: list[str]) -> str:
    return ", ".join(problems)
