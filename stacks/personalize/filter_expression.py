"""Reads filter expressions and says what the service would refuse in them, before anything is deployed.

The grammar is in filter_expression.lark, with its sources. The rules here are those of the developer guide, "Filter
expression structure and elements" and "Guidelines and requirements" of filter expressions.

The emulator reads expressions by a module of its own (tools/emulator/filters.py), to carry them out, and because it
imports nothing of this project. Tests hold that both have the same grammar and refuse the same expressions.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from . import limits
from .avro import NUMERIC_TYPES, Field
from .filter_grammar import Parser, Token, Transformer, UnexpectedInput, new_parser, v_args

Schemas = Mapping[str, Mapping[str, Field]]

_ANY = "*"
# As the API names the datasets.
_DATASETS = {
    "interactions": "INTERACTIONS",
    "items": "ITEMS",
    "users": "USERS",
    "actions": "ACTIONS",
    "action": "ACTIONS",
    "action_interactions": "ACTION_INTERACTIONS",
    "currentuser": "USERS",
    "currentitem": "ITEMS",
}
# What can be filtered by what.
_FILTERED_BY = {
    "itemid": ("INTERACTIONS", "ITEMS"),
    "userid": ("INTERACTIONS", "USERS"),
    "actionid": ("ACTION_INTERACTIONS", "ACTIONS"),
}
_PLACE = re.compile(r"at character (\d+)")
# What a reader of a message calls the terminals of the grammar, in the order in which they are listed.
_TERMINALS = {
    "VERB": "INCLUDE or EXCLUDE",
    "SUBJECT": "ItemID, UserID or ActionID",
    "_WHERE": "WHERE",
    "DATASET": "Interactions, Items, Users, Actions, Action_Interactions or CurrentUser",
    "DOT": "'.'",
    "COLUMN": "a column name",
    "_IN": "IN",
    "_NOT": "NOT IN",
    "OPERATOR": "one of = != < <= > >=",
    "RPAR": "')'",
    "COMMA": "','",
    "LPAR": "'('",
    "TEXT": "a quoted text",
    "NUMBER": "a number",
    "PLACEHOLDER": "a $PLACEHOLDER",
    "ANY": "'*'",
    "CURRENT_ITEM": "CurrentItem",
    "_AND": "AND",
    "_OR": "OR",
    "_IF": "IF",
    "VBAR": "'|'",
    "$END": "the end of the expression",
}


@dataclass(frozen=True)
class Column:
    """A column that an expression names.

    Attributes:
        text: as it is written, such as `Items.GENRES`.
        dataset: INTERACTIONS, ITEMS, ...
        name: in upper case, since case does not matter.
        position: of its first character in the expression, from 1.
    """

    text: str
    dataset: str
    name: str
    position: int

    @property
    def is_current_user(self) -> bool:
        """Whether it is of the user that a request is for."""
        return self.text.lower().startswith("currentuser.")

    @property
    def is_event_type(self) -> bool:
        """Whether it is the type of an interaction."""
        return self.name == "EVENT_TYPE" and self.dataset in ("INTERACTIONS", "ACTION_INTERACTIONS")


@dataclass(frozen=True)
class Condition:
    """A comparison of a column with values, or with a column of the current item."""

    column: Column
    operator: str
    values: tuple[Token | Column, ...]


@dataclass(frozen=True)
class Expression:
    """One INCLUDE or EXCLUDE, with the conditions after WHERE and those after IF."""

    subject: Token
    where: tuple[Condition, ...]
    only_if: tuple[Condition, ...]

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """All of them."""
        return self.where + self.only_if


def check_filter(text: str, schemas: Schemas | None = None) -> list[str]:
    """Check a filter expression.

    Args:
        text: the expression.
        schemas: by dataset type (INTERACTIONS, ITEMS, USERS), the fields of its schema by name, for all datasets of the
            group; None: columns are not checked.

    Returns:
        One sentence for each mistake, with its line and its character, counted from 1; empty if there is none.
    """
    if not 1 <= len(text) <= limits.FILTER_EXPRESSION_MAX_LENGTH:
        return [f"must have 1 to {limits.FILTER_EXPRESSION_MAX_LENGTH} characters, but has {len(text)}."]
    try:
        expressions = _parse(text)
    except UnexpectedInput as error:
        return [_with_line(text, _unexpected(text, error))]
    return [_with_line(text, mistake) for mistake in dict.fromkeys(_mistakes(expressions, schemas))]


def _with_line(text: str, mistake: str) -> str:
    """Where the expression has several lines, the place within one of them."""
    place = _PLACE.match(mistake)
    if place is None or "\n" not in text.strip():
        return mistake
    before = text[: int(place[1]) - 1]
    line, character = before.count("\n") + 1, len(before) - before.rfind("\n")
    return f"in line {line}, at character {character}{mistake[place.end() :]}"


def _mistakes(expressions: Sequence[Expression], schemas: Schemas | None) -> Iterator[str]:
    for expression in expressions:
        yield from _check_expression(expression)
    if schemas is not None:
        for condition in _conditions(expressions):
            yield from _check_condition_fits(condition, schemas)
    used = _columns_used(expressions)
    if len(used) > limits.FILTER_MAX_FIELDS:
        yield f"uses {len(used)} distinct columns, at most {limits.FILTER_MAX_FIELDS} are allowed."


def filter_columns(text: str) -> set[str]:
    """The distinct columns that an expression uses, as `ITEMS.GENRES`; none if it cannot be read.

    Args:
        text: the expression.
    """
    try:
        return _columns_used(_parse(text))
    except UnexpectedInput:
        return set()


def filter_placeholders(text: str) -> dict[str, str]:
    """By placeholder without its $, the column that its values are of, as `ITEMS.GENRES`; none if it cannot be read.

    Args:
        text: the expression.
    """
    try:
        conditions = list(_conditions(_parse(text)))
    except UnexpectedInput:
        return {}
    return {
        str(value).removeprefix("$"): f"{condition.column.dataset}.{condition.column.name}"
        for condition in conditions
        for value in condition.values
        if isinstance(value, Token) and value.type == "PLACEHOLDER"
    }


def _columns_used(expressions: Sequence[Expression]) -> set[str]:
    return {
        f"{column.dataset}.{column.name}" for condition in _conditions(expressions) for column in _columns(condition)
    }


def _conditions(expressions: Sequence[Expression]) -> Iterator[Condition]:
    return (each for expression in expressions for each in expression.conditions)


def _columns(condition: Condition) -> Iterator[Column]:
    yield condition.column
    yield from (value for value in condition.values if isinstance(value, Column))


# -- reading -----------------------------------------------------------------------------------------------------


@functools.cache
def _parser() -> Parser:
    return new_parser(_Reader())


@functools.lru_cache(maxsize=256)
def _parse(text: str) -> tuple[Expression, ...]:
    read: tuple[Expression, ...] = _parser().parse(text)  # type: ignore[assignment]
    return read


@v_args(inline=True)
class _Reader(Transformer[Token, tuple[Expression, ...]]):
    def start(self, *expressions: Expression) -> tuple[Expression, ...]:
        return expressions

    def expression(
        self, _verb: Token, subject: Token, where: tuple[Condition, ...], only_if: tuple[Condition, ...] = ()
    ) -> Expression:
        return Expression(subject, where, only_if)

    def any_of(self, *groups: tuple[Condition, ...]) -> tuple[Condition, ...]:
        return tuple(condition for group in groups for condition in group)

    def all_of(self, *conditions: Condition) -> tuple[Condition, ...]:
        return conditions

    only_if = all_of

    def is_in(self, column: Column, values: tuple[Token | Column, ...]) -> Condition:
        return Condition(column, "IN", values)

    def is_not_in(self, column: Column, values: tuple[Token | Column, ...]) -> Condition:
        return Condition(column, "NOT IN", values)

    def compares(self, column: Column, sign: Token, values: tuple[Token | Column, ...]) -> Condition:
        return Condition(column, str(sign), values)

    def field(self, dataset: Token, name: Token) -> Column:
        return Column(f"{dataset}.{name}", _DATASETS[dataset.lower()], name.upper(), (dataset.start_pos or 0) + 1)

    current_item = field

    def members(self, *values: Token | Column) -> tuple[Token | Column, ...]:
        return values

    operand = members

    def value(self, token: Token) -> Token:
        return token


def _unexpected(text: str, error: UnexpectedInput) -> str:
    found = getattr(error, "token", None)
    at_the_end = (found is not None and found.type == "$END") or error.pos_in_stream is None
    position = len(text.rstrip()) if at_the_end else int(error.pos_in_stream or 0)
    known = getattr(error, "accepts", None) or getattr(error, "expected", None) or getattr(error, "allowed", None) or ()
    expected = [words for name, words in _TERMINALS.items() if name in known]
    listed = " or ".join([*filter(None, [", ".join(expected[:-1])]), *expected[-1:]])
    return f"at character {position + 1}: expected {listed}, but found {_found(text, position)}."


def _found(text: str, position: int) -> str:
    match = re.compile(r"""\$?\w+|"[^"]*"|'[^']*'|\S""").match(text, position)
    if match is None:
        return "the end of the expression"
    found = match[0] if len(match[0]) <= 40 else match[0][:37] + "..."
    if found in ('"', "'"):
        return "a text without its closing quote"
    return found if found[0] in "\"'" else f"'{found}'"


# -- what goes with what -----------------------------------------------------------------------------------------


def _check_expression(expression: Expression) -> Iterator[str]:
    allowed = _FILTERED_BY[expression.subject.lower()]
    first = expression.where[0].column
    for condition in expression.where:
        column = condition.column
        if column.is_current_user:
            yield f"at character {column.position}: {column.text} can be used only after IF."
        elif column.dataset not in allowed:
            names = " and ".join(name.title() for name in allowed)
            hint = " Use CurrentUser after IF." if column.dataset == "USERS" else ""
            yield (
                f"at character {column.position}: {expression.subject} is filtered by columns of {names}, not by "
                f"{column.text}.{hint}"
            )
        elif column.dataset != first.dataset:
            yield (
                f"at character {column.position}: {column.text} belongs to another dataset than {first.text}. "
                "Conditions joined by AND or OR use one dataset; join two expressions with '|' instead."
            )
    for condition in expression.only_if:
        if not condition.column.is_current_user:
            yield (
                f"at character {condition.column.position}: only CurrentUser can come after IF, not "
                f"{condition.column.text}."
            )
    for condition in expression.conditions:
        yield from _check_values(condition)


def _check_values(condition: Condition) -> Iterator[str]:
    for value in condition.values:
        if isinstance(value, Column):
            if condition.column.dataset != "ITEMS":
                yield f"at character {value.position}: {value.text} can be compared with columns of Items only."
            continue
        position = (value.start_pos or 0) + 1
        if value.strip("\"'") == _ANY and not condition.column.is_event_type:
            yield f"at character {position}: '*' can be used only with Interactions.EVENT_TYPE."
        if value.type == "PLACEHOLDER" and condition.operator == "NOT IN":
            yield (
                f"at character {position}: the placeholder {value} cannot be used with NOT IN. Use IN, and "
                "INCLUDE in place of EXCLUDE or the reverse."
            )


# -- columns -----------------------------------------------------------------------------------------------------


def _check_condition_fits(condition: Condition, schemas: Schemas) -> Iterator[str]:
    fields = []
    for column in _columns(condition):
        field = _field(column, schemas)
        if field is None:
            yield f"at character {column.position}: {_no_such_column(column, schemas)}"
            return
        yield from (f"at character {column.position}: {why}" for why in _not_filterable(column, field))
        fields.append(field)
    yield from _check_comparison(condition, fields)


def _field(column: Column, schemas: Schemas) -> Field | None:
    return next((field for name, field in schemas.get(column.dataset, {}).items() if name.upper() == column.name), None)


def _no_such_column(column: Column, schemas: Schemas) -> str:
    dataset = column.dataset.lower()
    if column.dataset not in schemas:
        article = "a" if dataset == "users" else "an"
        return f"'{column.text}' needs {article} {dataset} dataset, and there is none."
    return f"'{column.text}' is not a column of the {dataset} dataset. It has {', '.join(schemas[column.dataset])}."


def _not_filterable(column: Column, field: Field) -> Iterator[str]:
    if column.dataset in ("INTERACTIONS", "ACTION_INTERACTIONS") and not column.is_event_type:
        yield f"{column.text} cannot be filtered by; of interactions only EVENT_TYPE can."
    if field.type == "boolean":
        yield f"{column.text} is boolean, and cannot be filtered by. Make it a string or an int in the schema."
    if field.textual:
        yield f"{column.text} is textual, and cannot be filtered by."


def _check_comparison(condition: Condition, fields: list[Field]) -> Iterator[str]:
    column, own, sign = condition.column, fields[0], condition.operator
    if sign in ("<", "<=", ">", ">=") and own.type not in NUMERIC_TYPES:
        yield f"at character {column.position}: {sign} needs a number, but {column.text} is of type {own.type}."
    if sign in ("IN", "NOT IN") or own.type not in NUMERIC_TYPES:
        return
    for value in condition.values:
        if isinstance(value, Token) and value.type == "TEXT" and not _is_number(value[1:-1]):
            yield (
                f"at character {(value.start_pos or 0) + 1}: {column.text} is of type {own.type}, and {value} is not a "
                "number."
            )


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
