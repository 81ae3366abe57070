"""Botocore's service models: they check every request and shape every answer."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime
from functools import cache
from typing import Any

from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape
from botocore.session import Session

from .errors import ServiceError

# Times in answers are of milliseconds, as recorded in published notebooks.
_TIME_DECIMALS = 3
APIS = ("personalize", "personalize-runtime", "personalize-events")

# Character classes of Java regular expressions that Python lacks.
_SEPARATORS = r" \xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
_JAVA_CLASSES = {r"\p{L}\p{Z}\p{N}": rf"\w{_SEPARATORS}", r"\p{ASCII}": r"[\x00-\x7F]"}
_TYPES: Mapping[str, tuple[type, ...]] = {
    "string": (str,),
    "integer": (int,),
    "long": (int,),
    "float": (int, float),
    "double": (int, float),
    "boolean": (bool,),
    "timestamp": (int, float),
    "structure": (Mapping,),
    "map": (Mapping,),
    "list": (list, tuple),
}


@cache
def service_model(api: str) -> ServiceModel:
    """Load the model of one of APIS."""
    return Session().get_service_model(api)


def operation_model(api: str, operation: str) -> OperationModel:
    """Find an operation's model.

    Raises:
        ServiceError: UnknownOperationException.
    """
    model = service_model(api)
    if operation not in model.operation_names:
        raise ServiceError("UnknownOperationException", f"{api} has no operation {operation}.")
    return model.operation_model(operation)


def error_status(api: str, code: str) -> int | None:
    """HTTP status the model gives to an error, if it gives one."""
    for shape in service_model(api).error_shapes:
        if shape.name == code:
            return shape.metadata.get("error", {}).get("httpStatusCode")
    return None


def checked_input(shape: Shape | None, params: Mapping[str, Any]) -> dict[str, Any]:
    """Return a request as plain values: members the model knows, timestamps as epoch seconds.

    Raises:
        ServiceError: ValidationException with every constraint of the model that is not met, in the words
            Smithy services use (required, type, length, range, pattern, enum).
    """
    if not isinstance(shape, StructureShape):
        return {}
    value = _plain(shape, params)
    problems = list(_problems(shape, value, ""))
    if problems:
        count = len(problems)
        noun = "error" if count == 1 else "errors"
        raise ServiceError("ValidationException", f"{count} validation {noun} detected: {'; '.join(problems)}")
    return value


def shaped_output(shape: Shape | None, value: Mapping[str, Any] | None) -> dict[str, Any]:
    """Reduce a value to the members an answer has, and insist on their types.

    Raises:
        TypeError: a member is not of the model's type, which is a mistake in the emulator.
    """
    return _shaped(shape, value or {}) if shape else {}


def _plain(shape: Shape, value: Any) -> Any:
    if isinstance(shape, StructureShape) and isinstance(value, Mapping):
        return {
            name: _plain(shape.members[name], member)
            for name, member in value.items()
            if name in shape.members and member is not None
        }
    if isinstance(shape, ListShape) and isinstance(value, list | tuple):
        return [_plain(shape.member, member) for member in value]
    if isinstance(shape, MapShape) and isinstance(value, Mapping):
        return {key: _plain(shape.value, member) for key, member in value.items()}
    if shape.type_name == "timestamp" and isinstance(value, datetime):
        return value.timestamp()
    return value


def _is_of_type(shape: Shape, value: Any) -> bool:
    # Python's bool is an int.
    is_flag = isinstance(value, bool) and shape.type_name != "boolean"
    return isinstance(value, _TYPES[shape.type_name]) and not is_flag


def _problems(shape: Shape, value: Any, path: str) -> Iterator[str]:
    if not _is_of_type(shape, value):
        yield f"Value at '{path}' failed to satisfy constraint: Member must be of type {shape.type_name}"
        return
    for constraint in _unmet(shape, value):
        yield f"Value '{value}' at '{path}' failed to satisfy constraint: Member must {constraint}"
    if isinstance(shape, StructureShape):
        for name in shape.required_members:
            if name not in value:
                yield f"Value null at '{_join(path, name)}' failed to satisfy constraint: Member must not be null"
        for name, member in value.items():
            yield from _problems(shape.members[name], member, _join(path, name))
    elif isinstance(shape, ListShape):
        for index, member in enumerate(value, 1):
            yield from _problems(shape.member, member, f"{path}.{index}.member")
    elif isinstance(shape, MapShape):
        for key, member in value.items():
            yield from _problems(shape.key, key, path)
            yield from _problems(shape.value, member, f"{path}.{key}.member")


def _unmet(shape: Shape, value: Any) -> Iterator[str]:
    limits = shape.metadata
    if shape.type_name in ("integer", "long", "float", "double"):
        yield from _unmet_bounds("have value", value, limits)
    elif isinstance(value, str | list | tuple | Mapping):
        yield from _unmet_bounds("have length", len(value), limits)
    if "pattern" in limits and not _compiled(limits["pattern"]).fullmatch(value):
        yield f"satisfy regular expression pattern: {limits['pattern']}"
    if "enum" in limits and value not in limits["enum"]:
        yield f"satisfy enum value set: [{', '.join(limits['enum'])}]"


def _unmet_bounds(what: str, size: float, limits: Mapping[str, Any]) -> Iterator[str]:
    if size < limits.get("min", size):
        yield f"{what} greater than or equal to {limits['min']}"
    if size > limits.get("max", size):
        yield f"{what} less than or equal to {limits['max']}"


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    for java, python in _JAVA_CLASSES.items():
        pattern = pattern.replace(java, python)
    return re.compile(pattern)


def _join(path: str, name: str) -> str:
    return f"{path}.{name}" if path else name


def _shaped(shape: Shape, value: Any) -> Any:
    if not _is_of_type(shape, value):
        raise TypeError(f"{shape.name} is a {shape.type_name}, not {value!r}")
    if isinstance(shape, StructureShape):
        return {
            name: _shaped(member, value[name]) for name, member in shape.members.items() if value.get(name) is not None
        }
    if isinstance(shape, ListShape):
        return [_shaped(shape.member, member) for member in value]
    if isinstance(shape, MapShape):
        return {key: _shaped(shape.value, member) for key, member in value.items()}
    return round(value, _TIME_DECIMALS) if shape.type_name == "timestamp" else value
