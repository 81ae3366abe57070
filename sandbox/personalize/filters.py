"""Filter expressions: their grammar, what CreateFilter refuses, and which items a filter lets through.

Source: developer guide, "Filter expressions" ("Guidelines and requirements", "Filter expression structure and
elements", "Combining multiple expressions"). Not offered: CurrentItem, and fields on the right of a comparison.

    filter     = expression { "|" expression }
    expression = ("INCLUDE" | "EXCLUDE") ("ItemID" | "UserID") "WHERE" conditions [ "IF" current { "AND" current } ]
    conditions = condition { ("AND" | "OR") condition }
    condition  = dataset "." field ( ["NOT"] "IN" "(" value { "," value } ")" | operator value )
    current    = a condition on CurrentUser
    operator   = "=" | "!=" | "<" | "<=" | ">" | ">="
    value      = "text" | number | "$" name | "*"
"""

from __future__ import annotations

import operator
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from .avro import Field, Schema
from .data import Dataset, Row
from .errors import invalid

_TOKEN = re.compile(
    r"""\s*(?:
      (?P<text>"[^"]*"|'[^']*')
    | (?P<number>-?\d+(?:\.\d+)?)
    | (?P<placeholder>\$[A-Za-z0-9_]+)
    | (?P<word>[A-Za-z_][A-Za-z0-9_]*)
    | (?P<symbol><=|>=|!=|[=<>(),.|*])
    )""",
    re.VERBOSE,
)
_COMPARE: Mapping[str, Callable[[Any, Any], bool]] = {
    "=": operator.eq,
    "!=": operator.ne,
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
}
_DATASETS = {"interactions": "INTERACTIONS", "items": "ITEMS", "users": "USERS", "currentuser": "CURRENT_USER"}
_SUBJECTS = {"itemid": "ItemID", "userid": "UserID"}
_ANY = "*"


@dataclass(frozen=True)
class Placeholder:
    """A value given with each request."""

    name: str


@dataclass(frozen=True)
class Condition:
    """A comparison of a field with values; `IN` and `NOT IN` with one or more, the others with one."""

    dataset: str
    field: str
    operator: str
    values: tuple[str | float | Placeholder, ...]


@dataclass(frozen=True)
class Expression:
    """One INCLUDE or EXCLUDE.

    Attributes:
        includes: whether it is an INCLUDE.
        subject: ItemID or UserID.
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
            ("USERS" if condition.dataset == "CURRENT_USER" else condition.dataset, condition.field.upper())
            for expression in self.expressions
            for condition in expression.conditions()
        }


# -- parsing -----------------------------------------------------------------------------------------------


def parse(text: str) -> Filter:
    """Parse a filter expression.

    Raises:
        ServiceError: InvalidInputException that says what was expected where.
    """
    return _Parser(text).filter()


class _Parser:
    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._next = 0

    def filter(self) -> Filter:
        expressions = [self._expression()]
        while self._take("|"):
            expressions.append(self._expression())
        if self._peek():
            raise self._unexpected("'|' or the end of the expression")
        return Filter(tuple(expressions))

    def _expression(self) -> Expression:
        verb = self._word("INCLUDE", "EXCLUDE")
        subject = _SUBJECTS.get((self._peek() or ("", ""))[1].lower())
        if subject is None:
            raise self._unexpected("ItemID or UserID")
        self._next += 1
        self._word("WHERE")
        any_of = self._conditions()
        only_if: list[Condition] = []
        if self._take("IF"):
            only_if.append(self._condition())
            while self._take("AND"):
                only_if.append(self._condition())
        expression = Expression(verb == "INCLUDE", subject, any_of, tuple(only_if))
        _check_datasets(expression)
        return expression

    def _conditions(self) -> tuple[tuple[Condition, ...], ...]:
        groups = [[self._condition()]]
        while True:
            if self._take("AND"):
                groups[-1].append(self._condition())
            elif self._take("OR"):
                groups.append([self._condition()])
            else:
                return tuple(map(tuple, groups))

    def _condition(self) -> Condition:
        dataset = self._dataset()
        self._symbol(".")
        field = self._name("a field name")
        if self._take("NOT"):
            self._word("IN")
            return Condition(dataset, field, "NOT IN", self._list())
        if self._take("IN"):
            return Condition(dataset, field, "IN", self._list())
        sign = (self._peek() or ("", ""))[1]
        if sign not in _COMPARE:
            raise self._unexpected("IN, NOT IN or a comparison operator")
        self._next += 1
        return Condition(dataset, field, sign, (self._value(),))

    def _dataset(self) -> str:
        name = (self._peek() or ("", ""))[1]
        if name.lower() not in _DATASETS:
            raise self._unexpected("Interactions, Items, Users or CurrentUser")
        self._next += 1
        return _DATASETS[name.lower()]

    def _list(self) -> tuple[str | float | Placeholder, ...]:
        self._symbol("(")
        values = [self._value()]
        while self._take(","):
            values.append(self._value())
        self._symbol(")")
        return tuple(values)

    def _value(self) -> str | float | Placeholder:
        kind, value = self._peek() or ("", "")
        if kind == "text":
            self._next += 1
            return value[1:-1]
        if kind == "number":
            self._next += 1
            return float(value)
        if kind == "placeholder":
            self._next += 1
            return Placeholder(value[1:])
        if value == _ANY:
            self._next += 1
            return _ANY
        raise self._unexpected("a quoted text, a number or a $PLACEHOLDER")

    def _peek(self) -> tuple[str, str] | None:
        return self._tokens[self._next] if self._next < len(self._tokens) else None

    def _take(self, text: str) -> bool:
        token = self._peek()
        if token and token[0] in ("word", "symbol") and token[1].upper() == text:
            self._next += 1
            return True
        return False

    def _word(self, *words: str) -> str:
        for word in words:
            if self._take(word):
                return word
        raise self._unexpected(" or ".join(words))

    def _symbol(self, symbol: str) -> None:
        if not self._take(symbol):
            raise self._unexpected(f"'{symbol}'")

    def _name(self, what: str) -> str:
        kind, value = self._peek() or ("", "")
        if kind != "word":
            raise self._unexpected(what)
        self._next += 1
        return value

    def _unexpected(self, wanted: str) -> Exception:
        token = self._peek()
        found = f"'{token[1]}'" if token else "the end of the expression"
        return invalid(f"Could not create filter. Invalid Expression: expected {wanted}, found {found}.")


def _tokens(text: str) -> Iterator[tuple[str, str]]:
    position, end = 0, len(text.rstrip())
    while position < end:
        match = _TOKEN.match(text, position)
        if match is None:
            raise invalid(f"Could not create filter. Invalid input symbol: {text[position:].strip()[:20]!r}.")
        assert match.lastgroup
        yield match.lastgroup, match[match.lastgroup]
        position = match.end()


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
    for condition in expression.conditions():
        _check_values(condition)


def _check_values(condition: Condition) -> None:
    if _ANY in condition.values and not _is_event_type(condition):
        raise _refused("'*' can be used only with Interactions.EVENT_TYPE")
    if condition.operator == "NOT IN" and any(isinstance(value, Placeholder) for value in condition.values):
        raise _refused("Placeholders can only be used with IN or a comparison operator")


def _is_event_type(condition: Condition) -> bool:
    return condition.dataset == "INTERACTIONS" and condition.field.upper() == "EVENT_TYPE"


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
    dataset = "USERS" if condition.dataset == "CURRENT_USER" else condition.dataset
    schema = schemas.get(dataset)
    if schema is None:
        raise _refused(f"the dataset group has no {dataset} dataset")
    field = schema.field(condition.field)
    if field is None:
        raise _refused(f"the schema of the {dataset} dataset has no field {condition.field}")
    if dataset == "INTERACTIONS" and not _is_event_type(condition):
        raise _refused(f"interactions can be filtered by EVENT_TYPE only, not by {field.name}")
    if field.type == "boolean":
        raise _refused(f"{field.name} is boolean, and boolean fields cannot be used in filters")
    if field.textual:
        raise _refused(f"{field.name} is textual, and textual fields cannot be used in filters")
    if condition.operator in ("<", "<=", ">", ">=") and not field.is_numeric:
        raise _refused(f"{condition.operator} needs a numeric field, but {field.name} is of type {field.type}")


# -- evaluation --------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Data:
    """The datasets a filter looks at."""

    interactions: Dataset | None
    items: Dataset | None
    users: Dataset | None
    events_per_type: int = 100

    def schema(self, dataset: str) -> Schema | None:
        """Schema of a condition's dataset."""
        found = {
            "INTERACTIONS": self.interactions,
            "ITEMS": self.items,
            "USERS": self.users,
            "CURRENT_USER": self.users,
        }[dataset]
        return found.schema if found else None


def allowed_items(
    parsed: Filter, candidates: Iterable[str], user: str | None, values: Mapping[str, str], data: Data
) -> list[str]:
    """The candidates that a filter lets through, in their order.

    Source: developer guide, "Combining multiple expressions"; API reference, GetRecommendations, filterValues (all
    values of an INCLUDE must be given; an EXCLUDE without its values does not count). That an INCLUDE whose IF does not
    hold includes everything is inferred.

    Args:
        parsed: the filter.
        candidates: item ids.
        user: the user of the request, if it names one.
        values: filterValues of the request.
        data: datasets of the group.

    Raises:
        ServiceError: InvalidInputException for a missing value, or a filter of users.
    """
    given = {name: _given(text) for name, text in values.items()}
    included: list[_Match] = []
    excluded: list[_Match] = []
    for expression in parsed.expressions:
        if expression.subject != "ItemID":
            raise invalid("A filter of users cannot be applied to item recommendations.")
        missing = expression.placeholders() - given.keys()
        if missing and expression.includes:
            raise invalid(f"The filter needs values for the parameters {', '.join(sorted(missing))}.")
        if missing or not _holds_for_user(expression, user, given, data):
            continue
        (included if expression.includes else excluded).append(_Match(expression, user, given, data))
    return [
        item
        for item in candidates
        if (not included or any(match(item) for match in included)) and not any(match(item) for match in excluded)
    ]


def _given(text: str) -> list[str]:
    """Values of a parameter: a comma-separated list, each value quoted or not."""
    quoted = re.findall(r'"([^"]*)"', text)
    return quoted or [part.strip() for part in text.split(",")]


class _Match:
    """Whether an item meets the conditions of an expression."""

    def __init__(self, expression: Expression, user: str | None, given: Mapping[str, list[str]], data: Data) -> None:
        self._any_of = expression.any_of
        self._given = given
        self._data = data
        self._by_interactions = expression.any_of[0][0].dataset == "INTERACTIONS"
        self._touched = self._touched_items(user) if self._by_interactions else set()

    def __call__(self, item: str) -> bool:
        if self._by_interactions:
            return item in self._touched
        row = self._data.items.row(item) if self._data.items else None
        return row is not None and self._holds(row)

    def _touched_items(self, user: str | None) -> set[str]:
        if user is None or self._data.interactions is None:
            return set()
        recent: Counter[str] = Counter()
        touched = set()
        for event in reversed(list(self._data.interactions.events_of(user))):
            kind = str(event.get("EVENT_TYPE"))
            recent[kind] += 1
            if recent[kind] <= self._data.events_per_type and self._holds(event):
                touched.add(event["ITEM_ID"])
        return touched

    def _holds(self, row: Row) -> bool:
        return any(
            all(_holds(condition, row, self._given, self._data) for condition in group) for group in self._any_of
        )


def _holds_for_user(expression: Expression, user: str | None, given: Mapping[str, list[str]], data: Data) -> bool:
    if not expression.only_if:
        return True
    row = data.users.row(user) if data.users and user is not None else None
    return row is not None and all(_holds(condition, row, given, data) for condition in expression.only_if)


def _holds(condition: Condition, row: Row, given: Mapping[str, list[str]], data: Data) -> bool:
    schema = data.schema(condition.dataset)
    field = schema.field(condition.field) if schema else None
    if field is None:
        return False
    value = row.get(field.name)
    if value is None:
        return False
    wanted = list(_wanted(condition, given))
    if condition.operator in ("IN", "NOT IN"):
        found = _is_one_of(field, value, wanted)
        return found if condition.operator == "IN" else not found
    return _compare(condition.operator, field, value, wanted[0])


def _wanted(condition: Condition, given: Mapping[str, list[str]]) -> Iterator[str | float]:
    for value in condition.values:
        if isinstance(value, Placeholder):
            yield from given[value.name]
        else:
            yield value


def _is_one_of(field: Field, value: Any, wanted: list[str | float]) -> bool:
    if _ANY in wanted:
        return True
    if field.is_numeric:
        return any(_compare("=", field, value, one) for one in wanted)
    actual = set(str(value).split("|")) if field.categorical else {str(value)}
    # Event types are the only thing matched regardless of case.
    if field.name == "EVENT_TYPE":
        return bool({text.lower() for text in actual} & {str(one).lower() for one in wanted})
    return bool(actual & {str(one) for one in wanted})


def _compare(sign: str, field: Field, value: Any, wanted: str | float) -> bool:
    if not field.is_numeric:
        return _COMPARE[sign](str(value), str(wanted))
    try:
        return _COMPARE[sign](float(value), float(wanted))
    except ValueError:
        raise invalid(f"The value '{wanted}' for {field.name} is not a number.") from None
