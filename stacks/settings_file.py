"""Reads the files that settings are in. Every mistake becomes one line that says where it is and what to do.

No exception of a library reaches the user: if you save a file in another encoding, or paste a form feed into it, you
get a sentence as for any other mistake.
"""

from __future__ import annotations

import json
import json.decoder
import json.scanner
import math
import re
import unicodedata
from collections.abc import Callable
from pathlib import Path
from typing import Any

import yaml

_TEXT_TAG = "tag:yaml.org,2002:str"
_MERGE_TAG = "tag:yaml.org,2002:merge"
# Beyond this, other programs that read the number would not read the same one.
_LARGEST_NUMBER = 2**63
_CDK_TOKEN = re.compile(r"[$#]\{Token\[")


class SettingsError(Exception):
    """The settings are wrong; the text has one line for each mistake."""


def one_line(text: str) -> str:
    """Escape the characters in a text that would break the line or control a terminal."""
    return "".join(
        character.encode("unicode_escape").decode() if is_control(character) else character for character in text
    )


def is_control(character: str) -> bool:
    """Whether a character is not seen as itself: it breaks the line, controls a terminal, or reorders a text."""
    return unicodedata.category(character) in ("Cc", "Cf", "Cs", "Zl", "Zp")


def read_settings(file: Path) -> Any:
    """Read a YAML file.

    Raises:
        SettingsError: it cannot be read, or is not YAML; says in which line.
    """
    try:
        text = _read_text(file)
        return yaml.load(text, _Loader) or {}  # _Loader is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        message = f"{where}{_problem(error)}. Correct the YAML."
    except yaml.YAMLError as error:
        message = f"{error}. Correct the YAML."
    except RecursionError:
        message = "sections are nested too deeply, or contain themselves. Correct the YAML."
    except OSError as error:
        message = f"cannot be read: {error.strerror}."
    except ValueError as error:
        message = str(error)
    raise SettingsError(one_line(f"{file}: {message}"))


def _problem(error: yaml.MarkedYAMLError) -> str | None:
    """PyYAML's words; for some problems they are only the second half of a sentence."""
    if error.problem and error.problem.startswith("but ") and error.context:
        return f"{error.context}, {error.problem}"
    return error.problem or error.context


def read_schema(file: Path) -> dict[str, Any]:
    """Read a JSON file that holds an object.

    Raises:
        OSError: it cannot be read.
        ValueError: it is not a JSON object; the text says why, and where.
    """
    try:
        document = json.loads(_read_text(file), cls=_JsonDecoder, parse_constant=_refuse_constant)
    except json.JSONDecodeError as error:
        raise ValueError(f"is not JSON: line {error.lineno}, {error.msg}.") from None
    except RecursionError:
        raise ValueError("is not a schema: it is nested too deeply.") from None
    if not isinstance(document, dict):
        raise ValueError("is not a schema: it must be a JSON object, in braces.")
    return document


def _read_text(file: Path) -> str:
    content = file.read_bytes()
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        before = content[: error.start].decode("utf-8", errors="replace")
        raise ValueError(
            f"{_place(before)}: byte 0x{content[error.start]:02X} is not UTF-8. Save the file as UTF-8."
        ) from None
    unprintable = yaml.reader.Reader.NON_PRINTABLE.search(text)
    if unprintable:
        raise ValueError(f"{_place(text[: unprintable.start()])}: {_not_allowed(unprintable[0])}")
    token = _CDK_TOKEN.search(text)
    if token:
        raise ValueError(f"{_place(text[: token.start()])}: {token[0]} is how the CDK marks its own values. Remove it.")
    return text


def _place(before: str) -> str:
    return f"line {before.count(chr(10)) + 1}, column {len(before) - before.rfind(chr(10))}"


def _not_allowed(character: str) -> str:
    return f"the character U+{ord(character):04X} is not allowed. Remove it."


# -- YAML --------------------------------------------------------------------------------------------------------


class _Loader(yaml.SafeLoader):
    """Refuses what YAML accepts: the same key twice, keys that are not text, and impossible values."""

    def compose_mapping_node(self, anchor: Any) -> yaml.MappingNode:
        node = super().compose_mapping_node(anchor)
        assert node is not None
        own = [pair for pair in node.value if pair[0].tag != _MERGE_TAG]
        seen = _names(own)
        # Merged here, because PyYAML lets the last section of a list win, and YAML the first.
        for merged in (value for key, value in node.value if key.tag == _MERGE_TAG):
            for pair in _pairs_to_merge(merged):
                if pair[0].value not in seen:
                    seen.add(pair[0].value)
                    own.append(pair)
        node.value = own
        return node

    def compose_scalar_node(self, anchor: Any) -> yaml.ScalarNode:
        node = super().compose_scalar_node(anchor)
        assert node is not None
        control = next((each for each in node.value if unicodedata.category(each) in ("Cc", "Cs")), "\n")
        if control not in "\n\t":
            raise _marked(_not_allowed(control).removesuffix("."), node)
        return node

    def construct_object(self, node: yaml.Node, deep: bool = False) -> Any:
        """Also for tags such as !!int, whose constructors raise whatever Python raises."""
        if not isinstance(node, yaml.ScalarNode):
            return super().construct_object(node, deep)
        try:
            value = super().construct_object(node, deep)
        except (ValueError, TypeError, LookupError, AttributeError):
            raise _marked(
                f"'{node.value[:40]}' cannot be read as the type it looks like; put it in quotes", node
            ) from None
        if isinstance(value, int | float) and _LARGEST_NUMBER < abs(value) < math.inf:
            raise _marked(f"'{node.value[:40]}' is too large a number; put it in quotes if it is text", node)
        return value


_Pairs = list[tuple[yaml.Node, yaml.Node]]


def _names(pairs: _Pairs) -> set[str]:
    """The names of a section's settings. Each must be text, and appear once."""
    seen: set[str] = set()
    for key, _ in pairs:
        if not isinstance(key, yaml.ScalarNode) or key.tag != _TEXT_TAG:
            shown = f"'{key.value}'" if isinstance(key, yaml.ScalarNode) else "a list or section"
            raise _marked(f"{shown} is not the name of a setting; put it in quotes if it is text", key)
        if key.value in seen:
            raise _marked(f"'{key.value}' appears twice", key)
        seen.add(key.value)
    return seen


def _pairs_to_merge(node: yaml.Node) -> _Pairs:
    sections = node.value if isinstance(node, yaml.SequenceNode) else [node]
    for section in sections:
        if not isinstance(section, yaml.MappingNode):
            raise _marked("only a section, or a list of sections, can be merged", section)
    return [pair for section in sections for pair in section.value]


def _marked(problem: str, node: yaml.Node) -> yaml.MarkedYAMLError:
    return yaml.MarkedYAMLError(problem=problem, problem_mark=node.start_mark)


# -- JSON --------------------------------------------------------------------------------------------------------


class _JsonDecoder(json.JSONDecoder):
    """Refuses the same key twice; Python would take the second one."""

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.parse_object = self._object
        # The scanner in C has its own idea of objects.
        self.scan_once = json.scanner.py_make_scanner(self)  # type: ignore[attr-defined]

    @staticmethod
    def _object(text_and_end: tuple[str, int], *options: Any) -> Any:
        text, start = text_and_end
        strict, scan_once, _hook, _pairs_hook, memo = options

        def refuse_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
            found: dict[str, Any] = {}
            for key, value in pairs:
                if key in found:
                    raise json.JSONDecodeError(f"'{key}' appears twice in one object", text, start)
                found[key] = value
            return found

        parse: Callable[..., Any] = json.decoder.JSONObject  # type: ignore[attr-defined]
        return parse(text_and_end, strict, scan_once, None, refuse_twice, memo)


def _refuse_constant(name: str) -> None:
    raise ValueError(f"is not JSON: {name} is not a number.")
