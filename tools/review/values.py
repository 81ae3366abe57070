"""Values of templates as a person would write them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any

_IN_SUB = re.compile(r"\$\{(?:AWS::)?([^}]+)\}")


def as_text(value: Any) -> str:
    """A value on one line, its intrinsic functions named by what they stand for."""
    said = plain(value)
    if not isinstance(said, dict):
        return str(said)
    return ", ".join(f"{key} {as_text(inner)}" for key, inner in said.items())


def listed(names: Iterable[str]) -> str:
    """Names in a sentence."""
    return ", ".join(names)


def plain(value: Any) -> Any:
    """A value with intrinsic functions as text, and JSON in text as what it holds."""
    match value:
        case list():
            return [plain(item) for item in value]
        case str() if value.startswith("{"):
            return _parsed(value)
        case {"Fn::Join": [separator, parts]}:
            return str(separator).join(str(plain(part)) for part in parts)
        case {"Fn::GetAtt": [*path]}:
            return f"<{'.'.join(path)}>"
        case {"Ref": name}:
            return f"<{name.removeprefix('AWS::')}>"
        case {"Fn::Sub": str(text)} | {"Fn::Sub": [text, *_]}:
            return _IN_SUB.sub(r"<\1>", text)
        case {"Fn::ImportValue": name}:
            return f"<{name}>"
        case dict():
            return {key: plain(inner) for key, inner in value.items()}
    return value


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
