"""Filter expressions: what CreateFilter refuses, and which items a filter lets through.

The grammar is in filter_expression.lark, with its sources. What it leaves open: developer guide, "Filter expressions"
("Guidelines and requirements", "Filter expression structure and elements", "Combining multiple expressions").

The constructs read expressions too (stacks/personalize/filter_expression.py), to name every mistake and its place; here
they are carried out. The grammar and the small tables are in both, because this package imports nothing of the project;
tests hold that the grammars are the same, and that both refuse the same expressions.
"""

from __future__ import annotations

import functools
import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lark import Lark, Token, Transformer, UnexpectedInput, v_args

from .avro import Field, Schema
from .data import Dataset, Row, action_event
from .errors import invalid

_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DATASETS = {
    "interactions": "INTERACTIONS",
    "items": "ITEMS",
    "users": "USERS",
    "actions": "ACTIONS",
    "action": "ACTIONS",
    "action_interactions": "ACTION_INTERACTIONS",
    "currentuser": "CURRENT_USER",
}
_FILTERED = {"ItemID": "items", "UserID": "users", "ActionID": "actions"}
# The member of an interaction that says what it was with.
_ID_OF_EVENTS = {"INTERACTIONS": "ITEM_ID", "ACTION_INTERACTIONS": "ACTION_ID"}
# Actions are left out by these anyway: developer guide, "Guidelines and requirements" of filter expressions.
_NOT_FOR_FILTERS = frozenset({"EXPIRATION_TIMESTAMP", "ACTION_EXPIRATION_TIMESTAMP", "REPEAT_FREQUENCY"})
_SUBJECTS = {"itemid": "ItemID", "userid": "UserID", "actionid": "ActionID"}
_FILTERED_BY = {
    "ItemID": ("INTERACTIONS", "ITEMS"),
    "UserID": ("INTERACTIONS", "USERS"),
    "ActionID": ("ACTION_INTERACTIONS", "ACTIONS"),
}
_ANY = "*"
_SHOWN_OF_A_SYMBOL = 20


@dataclass(frozen=True)
class Placeholder:
    """A value given with each request."""

    name: str


@dataclass(frozen=True)
class CurrentItem:
    """The value of a field of the item that a request names."""

    field: str


Value = str | float | Placeholder | CurrentItem


@dataclass(frozen=True)
class Condition:
    """A comparison of a field with values; `IN` and `NOT IN` with one or more, the others with one."""

    dataset: str
    field: str
    operator: str
    values: tuple[Value, ...]

    def used(self) -> Iterator[tuple[str, str]]:
        """The dataset fields it uses."""
        yield "USERS" if self.dataset == "CURRENT_USER" else self.dataset, self.field.upper()
        yield from (("ITEMS", value.field.upper()) for value in self.values if isinstance(value, CurrentItem))


@dataclass(frozen=True)
class Expression:
    """One INCLUDE or EXCLUDE.

    Attributes:
        includes: whether it is an INCLUDE.
        subject: ItemID, UserID or ActionID.
        any_of: alternatives, each a list of conditions that must all hold.
        only_if: conditions on the current user that must all hold for the expression to count.
    """

    includes: bool
    subject: str
    any_of: tuple[tuple[Condition, ...], ...]
    only_if: tuple[Condition, ...] = ()

    def conditions(self) -> Iterator[Condition]:
        """All its conditions."""
        for group in self.any_of:
            yield from group
        yield from self.only_if

    def placeholders(self) -> set[str]:
        """Names of the values it takes from requests."""
        return {
            value.name
            for condition in self.conditions()
            for value in condition.values
            if isinstance(value, Placeholder)
        }


@dataclass(frozen=True)
class Filter:
    """A parsed filter."""

    expressions: tuple[Expression, ...]

    def fields(self) -> set[tuple[str, str]]:
        """Distinct dataset fields it uses."""
        return {
            used
            for expression in self.expressions
            for condition in expression.conditions()
            for used in condition.used()
        }

    @property
    def needs_current_item(self) -> bool:
        """Whether it compares with the item that a request names."""
        return any(
            isinstance(value, CurrentItem)
            for expression in self.expressions
            for condition in expression.conditions()
            for value in condition.values
        )


# -- parsing -----------------------------------------------------------------------------------------------


@functools.lru_cache(maxsize=256)
def parse(text: str) -> Filter:
    """Parse a filter expression.

    Raises:
        ServiceError: InvalidInputException that says what was expected where.
    """
    try:
        parsed: Filter = _parser().parse(text)  # type: ignore[assignment]
    except UnexpectedInput as error:
        raise _unexpected(text, error) from None
    for expression in parsed.expressions:
        _check_datasets(expression)
    return parsed


@functools.cache
def _parser() -> Lark:
    grammar = Path(__file__).with_name("filter_expression.lark").read_text(encoding="utf-8")
    return Lark(grammar, parser="lalr", transformer=_Reader())


@v_args(inline=True)
class _Reader(Transformer[Token, Filter]):
    def start(self, *expressions: Expression) -> Filter:
        return Filter(expressions)

    def expression(
        self,
        verb: Token,
        subject: Token,
        any_of: tuple[tuple[Condition, ...], ...],
        only_if: tuple[Condition, ...] = (),
    ) -> Expression:
        return Expression(verb.upper() == "INCLUDE", _SUBJECTS[subject.lower()], any_of, only_if)

    def any_of(self, *groups: tuple[Condition, ...]) -> tuple[tuple[Condition, ...], ...]:
        return groups

    def all_of(self, *conditions: Condition) -> tuple[Condition, ...]:
        return conditions

    only_if = all_of

    def is_in(self, field: tuple[str, str], values: tuple[Value, ...]) -> Condition:
        return Condition(*field, "IN", values)

    def is_not_in(self, field: tuple[str, str], values: tuple[Value, ...]) -> Condition:
        return Condition(*field, "NOT IN", values)

    def compares(self, field: tuple[str, str], sign: Token, values: tuple[Value, ...]) -> Condition:
        return Condition(*field, str(sign), values)

    def field(self, dataset: Token, name: Token) -> tuple[str, str]:
        return _DATASETS[dataset.lower()], str(name)

    def current_item(self, _word: Token, name: Token) -> CurrentItem:
        return CurrentItem(str(name))

    def members(self, *values: Value) -> tuple[Value, ...]:
        return values

    operand = members

    def value(self, token: Token) -> Value:
        if token.type == "TEXT":
            return re.sub(r"\\(.)", r"\1", token[1:-1], flags=re.DOTALL)
        if token.type == "NUMBER":
            return float(token)
        return Placeholder(token[1:]) if token.type == "PLACEHOLDER" else _ANY


# What a refusal says was expected, by the first of these terminals that could have come.
_WANTED = {
    "VERB": "INCLUDE or EXCLUDE",
    "SUBJECT": "ItemID or UserID",
    "_WHERE": "WHERE",
    "DATASET": "Interactions, Items, Users or CurrentUser",
    "DOT": "'.'",
    "COLUMN": "a field name",
    "OPERATOR": "IN, NOT IN or a comparison operator",
    "_IN": "IN",
    "TEXT": "a quoted text, a number or a $PLACEHOLDER",
    "LPAR": "'('",
    "RPAR": "')'",
    "VBAR": "'|' or the end of the expression",
}


def _unexpected(text: str, error: UnexpectedInput) -> Exception:
    token = getattr(error, "token", None)
    if token is None:
        symbol = text[error.pos_in_stream or 0 :].strip()[:_SHOWN_OF_A_SYMBOL]
        return invalid(f"Could not create filter. Invalid input symbol: {symbol!r}.")
    possible = getattr(error, "accepts", None) or getattr(error, "expected", None) or ()
    wanted = next(words for name, words in _WANTED.items() if name in possible)
    found = "the end of the expression" if token.type == "$END" else f"'{token}'"
    return _refused(f"expected {wanted}, found {found}")


def _check_datasets(expression: Expression) -> None:
    first = expression.any_of[0][0].dataset
    if any(condition.dataset == "CURRENT_USER" for group in expression.any_of for condition in group):
        raise _refused("CurrentUser can be used only in an IF condition")
    if any(condition.dataset != "CURRENT_USER" for condition in expression.only_if):
        raise _refused("an IF condition can check only CurrentUser")
    if any(condition.dataset != first for group in expression.any_of for condition in group):
        raise _refused(
            "conditions joined by AND or OR must use fields of the same dataset; join expressions with '|' instead"
        )
    if expression.subject == "ItemID" and first == "USERS":
        raise _refused("items cannot be filtered by fields of Users; use an IF condition on CurrentUser")
    if first not in _FILTERED_BY[expression.subject]:
        raise _refused(f"{expression.subject} cannot be filtered by fields of {first}")
    for condition in expression.conditions():
        _check_values(condition)


def _check_values(condition: Condition) -> None:
    if _ANY in condition.values and not _is_event_type(condition):
        raise _refused("'*' can be used only with Interactions.EVENT_TYPE")
    if condition.operator == "NOT IN" and any(isinstance(value, Placeholder) for value in condition.values):
        raise _refused("Placeholders can only be used with IN or a comparison operator")
    if condition.dataset != "ITEMS" and any(isinstance(value, CurrentItem) for value in condition.values):
        raise _refused("CurrentItem can be compared only with fields of Items")


def _is_event_type(condition: Condition) -> bool:
    return condition.dataset in ("INTERACTIONS", "ACTION_INTERACTIONS") and condition.field.upper() == "EVENT_TYPE"


def _refused(why: str) -> Exception:
    return invalid(f"Could not create filter. Invalid Expression: {why}.")


# -- checking against the schemas --------------------------------------------------------------------------


def check_fields(parsed: Filter, schemas: Mapping[str, Schema], maximum: int) -> None:
    """Refuse a filter on fields the dataset group does not have, or that cannot be filtered by.

    Args:
        parsed: the filter.
        schemas: schemas of the group's datasets by dataset type.
        maximum: quota of distinct fields in a filter.

    Raises:
        ServiceError: InvalidInputException.
    """
    for expression in parsed.expressions:
        for condition in expression.conditions():
            _check_field(condition, schemas)
    if len(parsed.fields()) > maximum:
        raise invalid(f"Could not create filter. A filter can use at most {maximum} distinct dataset fields.")


def _check_field(condition: Condition, schemas: Mapping[str, Schema]) -> None:
    for dataset, name in condition.used():
        schema = schemas.get(dataset)
        if schema is None:
            raise _refused(f"the dataset group has no {dataset} dataset")
        field = schema.field(name)
        if field is None:
            raise _refused(f"the schema of the {dataset} dataset has no field {name}")
        if dataset in ("INTERACTIONS", "ACTION_INTERACTIONS") and not _is_event_type(condition):
            raise _refused(f"interactions can be filtered by EVENT_TYPE only, not by {field.name}")
        if dataset == "ACTIONS" and field.name in _NOT_FOR_FILTERS:
            raise _refused(f"actions cannot be filtered by {field.name}, by which they are left out anyway")
        if field.type == "boolean":
            raise _refused(f"{field.name} is boolean, and boolean fields cannot be used in filters")
        if field.textual:
            raise _refused(f"{field.name} is textual, and textual fields cannot be used in filters")
        if condition.operator in ("<", "<=", ">", ">=") and not field.is_numeric:
            raise _refused(f"{condition.operator} needs a numeric field, but {field.name} is of type {field.type}")
        if condition.operator not in ("IN", "NOT IN") and field.is_numeric:
            _check_numbers(field, condition.values)


def _check_numbers(field: Field, values: Iterable[Value]) -> None:
    for value in values:
        if isinstance(value, str) and not _is_number(value):
            raise _refused(f"{field.name} is of type {field.type}, and '{value}' is not a number")


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


# -- evaluation --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Data:
    """The datasets a filter looks at.

    Attributes:
        datasets: those of the group, by dataset type.
        events_per_type: how many of a user's latest interactions of each event type count, by dataset type.
    """

    datasets: Mapping[str, Dataset]
    events_per_type: Mapping[str, int]

    def of(self, dataset: str) -> Dataset | None:
        """The dataset of a condition."""
        return self.datasets.get("USERS" if dataset == "CURRENT_USER" else dataset)

    def field(self, dataset: str, name: str) -> Field | None:
        """The field of a condition."""
        found = self.of(dataset)
        return found.schema.field(name) if found else None


def allowed(
    parsed: Filter,
    subject: str,
    candidates: Iterable[str],
    user: str | None,
    values: Mapping[str, str],
    data: Data,
    current_item: str | None = None,
) -> list[str]:
    """The candidates that a filter lets through, in their order.

    Source: developer guide, "Combining multiple expressions"; API reference, GetRecommendations, filterValues (all
    values of an INCLUDE must be given; an EXCLUDE without its values does not count). That an INCLUDE whose IF does not
    hold includes everything is inferred.

    Args:
        parsed: the filter.
        subject: what the candidates are: ItemID, ActionID or UserID.
        candidates: their ids.
        user: the user of the request, if it names one.
        values: filterValues of the request.
        data: datasets of the group.
        current_item: the item of the request, if it names one.

    Raises:
        ServiceError: InvalidInputException for a missing value, or a filter of something else.
    """
    items = data.of("ITEMS")
    row = items.row(current_item) if items and current_item is not None else None
    given = _Given({name: _given(text) for name, text in values.items()}, row or {})
    counting = [
        expression
        for expression in parsed.expressions
        if _has_its_values(expression, subject, given) and _holds_for_user(expression, user, given, data)
    ]
    included = [_Match(each, user, given, data) for each in counting if each.includes]
    excluded = [_Match(each, user, given, data) for each in counting if not each.includes]

    def is_allowed(candidate: str) -> bool:
        is_included = not included or any(match(candidate) for match in included)
        return is_included and not any(match(candidate) for match in excluded)

    return list(filter(is_allowed, candidates))


def _has_its_values(expression: Expression, subject: str, given: _Given) -> bool:
    """Whether a request gives a value for every parameter of an expression.

    Raises:
        ServiceError: InvalidInputException, because an INCLUDE lacks one, or it is about something else.
    """
    if expression.subject != subject:
        filtered = _FILTERED[expression.subject]
        raise invalid(f"A filter of {filtered} cannot be applied to recommendations of {_FILTERED[subject]}.")
    missing = expression.placeholders() - given.values.keys()
    if missing and expression.includes:
        raise invalid(f"The filter needs values for the parameters {', '.join(sorted(missing))}.")
    return not missing


def _given(text: str) -> list[str]:
    """Values of a parameter: a comma-separated list, each value quoted or not."""
    quoted = re.findall(r'"([^"]*)"', text)
    return quoted or [part.strip() for part in text.split(",")]


@dataclass(frozen=True)
class _Given:
    """What a request gives: the values of its parameters, and the record of the item it names."""

    values: Mapping[str, list[str]]
    current_item: Row


class _Match:
    """Whether an item, action or user meets the conditions of an expression."""

    def __init__(self, expression: Expression, user: str | None, given: _Given, data: Data) -> None:
        self._any_of = expression.any_of
        self._subject = expression.subject
        self._given = given
        self._data = data
        self._dataset = expression.any_of[0][0].dataset
        self._touched = self._touched_by(user) if self._of_events and self._subject != "UserID" else frozenset()

    @property
    def _of_events(self) -> bool:
        return self._dataset in _ID_OF_EVENTS

    def __call__(self, candidate: str) -> bool:
        if self._of_events:
            # Users are filtered by what they did, items and actions by what the user of the request did with them.
            return bool(self._touched_by(candidate)) if self._subject == "UserID" else candidate in self._touched
        dataset = self._data.of(self._dataset)
        row = dataset.row(candidate) if dataset else None
        return row is not None and self._holds(row)

    def _touched_by(self, user: str | None) -> frozenset[str]:
        """Items or actions that a user interacted with, of the latest interactions of each event type."""
        dataset = self._data.of(self._dataset)
        if user is None or dataset is None:
            return frozenset()
        recent: Counter[str] = Counter()
        touched = set()
        for event in reversed(list(dataset.events_of(user))):
            kind = str(event.get("EVENT_TYPE"))
            recent[kind] += 1
            if recent[kind] <= self._data.events_per_type[self._dataset] and self._holds(event):
                touched.add(event[_ID_OF_EVENTS[self._dataset]])
        return frozenset(touched)

    def _holds(self, row: Row) -> bool:
        return any(
            all(_holds(condition, row, self._given, self._data) for condition in group) for group in self._any_of
        )


def _holds_for_user(expression: Expression, user: str | None, given: _Given, data: Data) -> bool:
    if not expression.only_if:
        return True
    users = data.of("USERS")
    row = users.row(user) if users and user is not None else None
    return row is not None and all(_holds(condition, row, given, data) for condition in expression.only_if)


def _holds(condition: Condition, row: Row, given: _Given, data: Data) -> bool:
    """Whether a record meets a condition; one that lacks the value, or with nothing to compare it with, does not."""
    field = data.field(condition.dataset, condition.field)
    if field is None:
        return False
    value = row.get(field.name)
    wanted = list(_wanted(condition, given, data))
    if value is None or not wanted:
        return False
    if condition.operator in ("IN", "NOT IN"):
        found = _is_one_of(condition.dataset, field, value, wanted)
        return found if condition.operator == "IN" else not found
    return _compare(condition.operator, field, value, wanted[0])


def _wanted(condition: Condition, given: _Given, data: Data) -> Iterator[str | float]:
    for value in condition.values:
        if isinstance(value, Placeholder):
            yield from given.values[value.name]
        elif isinstance(value, CurrentItem):
            yield from _of_current_item(value, given, data)
        else:
            yield value


def _of_current_item(value: CurrentItem, given: _Given, data: Data) -> list[str | float]:
    field = data.field("ITEMS", value.field)
    found = given.current_item.get(field.name) if field else None
    if found is None or field is None:
        return []
    return [*found.split("|")] if field.categorical else [found]


def _is_one_of(dataset: str, field: Field, value: Any, wanted: list[str | float]) -> bool:
    if _ANY in wanted:
        return True
    if field.is_numeric:
        return any(_compare("=", field, value, one) for one in wanted)
    actual = set(str(value).split("|")) if field.categorical else {str(value)}
    # Event types are the only thing matched regardless of case. Those of actions are written with spaces too.
    if field.name == "EVENT_TYPE":
        plain = _action_event if dataset == "ACTION_INTERACTIONS" else str.lower
        return bool({plain(text) for text in actual} & {plain(str(one)) for one in wanted})
    return bool(actual & {str(one) for one in wanted})


def _action_event(text: str) -> str:
    return action_event(text) or text.lower()


def _compare(sign: str, field: Field, value: Any, wanted: str | float) -> bool:
    if not field.is_numeric:
        return _COMPARE[sign](str(value), str(wanted))
    try:
        return _COMPARE[sign](float(value), float(wanted))
    except ValueError:
        raise invalid(f"The value '{wanted}' for {field.name} is not a number.") from None
