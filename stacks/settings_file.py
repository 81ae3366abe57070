"""Reads the files that settings are in. Every mistake becomes one line that says where it is and what to do."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml


class SettingsError(Exception):
    """The settings are wrong; the text has one line for each mistake."""


class _Loader(yaml.SafeLoader):
    """Refuses what YAML lets pass: the same key twice."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        seen: set[Any] = set()
        for key_node, _ in node.value:
            key = self.construct_object(key_node, deep=True)
            if key in seen:
                raise yaml.MarkedYAMLError(problem=f"'{key}' is there twice", problem_mark=key_node.start_mark)
            seen.add(key)
        return super().construct_mapping(node, deep)


def read_settings(file: Path) -> Any:
    try:
        return yaml.load(file.read_text(), _Loader) or {}  # _Loader is a SafeLoader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark
        where = f"line {mark.line + 1}, column {mark.column + 1}: " if mark else ""
        raise SettingsError(f"{file}: {where}{error.problem}. Correct the YAML.") from None
