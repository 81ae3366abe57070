"""Values of templates as a person would write them."""

from __future__ import annotations

import json
import re
from typing import Any

_IN_SUB = re.compile(r"\$\{(?:AWS::)?([^}]+)\}")


def as_text(value: Any) -> str:
    """A value on one line, its intrinsic functions named by what they stand for."""
    said = plain(value)
    if not isinstance(said, dict):
        return str(said)
    return ", ".join(f"{key} {as_text(inner)}" for key, inner in said.items())


def plain(value: Any) -> Any:
    """A value with intrinsic functions as text, and JSON in text as what it holds."""
    if isinstance(value, list):
        return [plain(item) for item in value]
    if isinstance(value, str) and value.startswith("{"):
        return _parsed(value)
    if not isinstance(value, dict):
        return value
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return str(separator).join(str(plain(part)) for part in parts)
    if "Fn::GetAtt" in value:
        return f"<{'.'.join(value['Fn::GetAtt'])}>"
    if "Ref" in value:
        return f"<{value['Ref'].removeprefix('AWS::')}>"
    if "Fn::Sub" in value:
        text = value["Fn::Sub"]
        return _IN_SUB.sub(r"<\1>", text if isinstance(text, str) else text[0])
    if "Fn::ImportValue" in value:
        return f"<{value['Fn::ImportValue']}>"
    return {key: plain(inner) for key, inner in value.items()}


def _parsed(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return text
