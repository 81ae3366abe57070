"""The parser of filter expressions, made from their grammar (filter_expression.lark) by the library lark.

In the wheel a generated module stands in the place of this one: the same parser, made when the wheel is built
(tools/wheel/build.py), so that users of the constructs need not install lark.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from lark import Lark as Parser
from lark import Token, Transformer, UnexpectedInput, v_args

__all__ = ["Parser", "Token", "Transformer", "UnexpectedInput", "new_parser", "v_args"]

GRAMMAR = Path(__file__).with_name("filter_expression.lark")


def new_parser(transformer: Transformer[Any, Any]) -> Parser:
    """A parser whose results a transformer turns into something else.

    Args:
        transformer: has a method for each rule of the grammar.
    """
    return Parser(GRAMMAR.read_text(encoding="utf-8"), parser="lalr", transformer=transformer)
