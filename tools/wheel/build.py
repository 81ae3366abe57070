"""Puts a generated parser of filter expressions into the wheel, so that its users need not install lark.

hatchling runs this while it builds the wheel (pyproject.toml). What lark generates is under the Mozilla Public License
2.0, as the generated file says at its beginning; everything else in the wheel is under the project's licence.
"""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from lark import Lark
from lark.tools.standalone import gen_standalone

_GRAMMAR = Path("stacks/personalize/filter_expression.lark")
_MODULE = "cdk_personalize/filter_grammar.py"
# What stacks/personalize/filter_grammar.py offers besides what lark generates.
_ENTRANCE = """

Parser = Lark


def new_parser(transformer):
    return Lark_StandAlone(transformer=transformer)
"""


class ParserHook(BuildHookInterface):
    """Adds the generated module to the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Generate the module where hatchling finds it.

        Args:
            version: standard or editable, as hatchling says.
            build_data: of the wheel; gets the file.
        """
        self._folder = tempfile.TemporaryDirectory()
        generated = Path(self._folder.name) / "filter_grammar.py"
        generated.write_text(parser_source(Path(self.root) / _GRAMMAR), encoding="utf-8")
        build_data["force_include"][str(generated)] = _MODULE

    def finalize(self, version: str, build_data: dict[str, Any], artifact_path: str) -> None:
        """Remove it again."""
        self._folder.cleanup()


def parser_source(grammar: Path) -> str:
    """Source of a module that parses by a grammar and needs no other."""
    written = io.StringIO()
    gen_standalone(Lark(grammar.read_text(encoding="utf-8"), parser="lalr"), out=written)
    return written.getvalue() + _ENTRANCE
