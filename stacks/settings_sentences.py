"""Writes one sentence for each mistake that pydantic finds in the settings."""

from __future__ import annotations

import difflib
from collections.abc import Iterator
from typing import Any, get_args, get_origin

from pydantic import BaseModel
from pydantic_core import ErrorDetails

_LONGEST_SHOWN = 100


def sentence(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """Write one of pydantic's findings as field and sentence.

    Args:
        detail: what it found.
        model: the model of the whole file.
    """
    path = ".".join(str(part) or "''" for part in detail["loc"] if part != "[key]") or "the file"
    return f"{path}: {_what_is_wrong(detail, model)}"


def _what_is_wrong(detail: ErrorDetails, model: type[BaseModel]) -> str:
    """The sentence without its field."""
    limit = detail.get("ctx", {})
    match detail["type"]:
        case "extra_forbidden":
            return f"is not a setting.{_nearest(detail['loc'], model)} Remove it, or correct its name."
        case "missing":
            return "is missing. Add it."
        case "value_error":
            return str(limit["error"])
        case "too_long" | "string_too_long":
            return f"is too long, at most {limit['max_length']} are allowed."
        case "too_short" | "string_too_short":
            return "must not be empty."
        case "greater_than_equal" | "less_than_equal" | "less_than":
            ((comparison, bound),) = limit.items()
            return f"must be {_COMPARISONS[comparison]} {_plain(bound)}, but is {detail['input']}."
        case kind:
            must_be = limit["expected"] if kind == "literal_error" else _EXPECTED.get(kind)
            return f"must be {must_be}, but is {shown(detail['input'])}." if must_be else f"{detail['msg']}."


def _plain(number: float) -> str:
    return str(int(number)) if number == int(number) else str(number)


_COMPARISONS = {"ge": "at least", "le": "at most", "lt": "less than"}
_EXPECTED = {
    "string_type": "text (in quotes, if it looks like a number)",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "float_type": "a number",
    "float_parsing": "a number",
    "finite_number": "a finite number",
    "bool_type": "true or false",
    "dict_type": "a section of settings",
    "model_type": "a section of settings",
    "list_type": "a list",
}


def shown(value: object) -> str:
    """A value of the settings in a sentence; long ones are cut."""
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) else "a section"
    if isinstance(value, str):
        return f"'{value}'" if len(value) <= _LONGEST_SHOWN else f"'{value[:_LONGEST_SHOWN]}...'"
    return "empty" if value is None else str(value).lower()


def _nearest(location: tuple[int | str, ...], model: type[BaseModel]) -> str:
    """`Did you mean ...?` for an unknown key."""
    known = _settings_at(location[:-1], model)
    close = difflib.get_close_matches(str(location[-1]), known, n=1, cutoff=0.6)
    return f" Did you mean {close[0]}?" if close else f" Known here: {', '.join(known)}." if known else ""


def _settings_at(location: tuple[int | str, ...], model: type[BaseModel]) -> list[str]:
    """Names of the settings of a section; none if users choose the names."""
    annotation: Any = model
    for part in location:
        annotation = _inside(annotation, str(part))
    section = next(_models(annotation), None)
    return list(section.model_fields) if section else []


def _inside(annotation: Any, part: str) -> Any:
    """The annotation of a part of what another one describes; None if it has no such part."""
    if get_origin(annotation) is dict:
        return get_args(annotation)[1]
    if _is_model(annotation):
        field = annotation.model_fields.get(part)
        return field.annotation if field else None
    return next(filter(None, (_inside(each, part) for each in get_args(annotation))), None)


def _models(annotation: Any) -> Iterator[type[BaseModel]]:
    """The models that a section may have; in a dict, users choose the names."""
    if _is_model(annotation):
        yield annotation
    if get_origin(annotation) is not dict:
        for each in get_args(annotation):
            yield from _models(each)


def _is_model(annotation: Any) -> bool:
    return isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, BaseModel)
