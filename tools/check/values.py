"""What values must be like, as conditions in SQL.

Sources: developer guide, "Creating schema JSON files for Amazon Personalize schemas" (types), "Preparing training data
for Amazon Personalize" (one record on one line), and the quotas (lengths). They are those that the emulator imports by;
a test holds both against the same files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from stacks.personalize.avro import Field

from .engines import Engine
from .findings import Finding, Mistake, counted, examples

_MAX_ID = 256
_MAX_STRING = 1000
_MAX_TEXT = 20_000  # 7,000 in Chinese and Japanese
# How many mistakes of each kind are shown.
_SHOWN = 3
# From here on a number of seconds is one of milliseconds: as seconds, it is the year 5138.
_MILLISECONDS = 100_000_000_000
_TIMESTAMPS = ("TIMESTAMP", "CREATION_TIMESTAMP")

_WHOLE = r"NOT regexp_matches({v}, '^[+-]?[0-9]+\z') OR TRY_CAST({v} AS {type}) IS NULL"
_DECIMAL = r"NOT regexp_matches({v}, '^[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?\z')"
_NOT_OF_TYPE: Mapping[str, str] = {
    "int": _WHOLE.replace("{type}", "INTEGER"),
    "long": _WHOLE.replace("{type}", "BIGINT"),
    "float": _DECIMAL,
    "double": _DECIMAL,
    "boolean": "{v} NOT IN ('true', 'false')",
}


@dataclass(frozen=True)
class _Rule:
    """What is wrong with the values of a column, or with records, that meet a condition."""

    column: str
    condition: str
    one: str
    many: str
    refuses: bool = True

    def finding(self, file: str, count: int, first: Sequence[Mistake]) -> Finding:
        text = f"{self.column}: {counted(count, self.one, self.many)}; {examples(count, first)}."
        return Finding(file, text, self.refuses)


def check_values(engine: Engine, fields: Mapping[str, Field], dataset_type: str, now: float) -> Iterator[Finding]:
    """What is wrong with values: of each kind the number, and the first ones.

    Args:
        engine: has the table of the dataset.
        fields: of the schema.
        dataset_type: INTERACTIONS, ITEMS or USERS.
        now: seconds since 1970.
    """
    table = dataset_type.lower()
    rules = [rule for field in fields.values() for rule in _rules(field, dataset_type, now)]
    counts = ", ".join(f"count(*) FILTER (WHERE {rule.condition})" for rule in rules)
    for file, *found in sorted(engine.ask(f'SELECT "#file", {counts} FROM {table} GROUP BY "#file"')):
        for rule, count in zip(rules, found, strict=True):
            if count:
                yield rule.finding(file, count, _first(engine, table, file, rule))


def _first(engine: Engine, table: str, file: str, rule: _Rule) -> list[Mistake]:
    rows = engine.ask(
        f'SELECT "#", {_column(rule.column)} FROM {table} WHERE "#file" = {text(file)} AND ({rule.condition}) '
        f'ORDER BY "#" LIMIT {_SHOWN}'
    )
    lines = engine.lines_of(file, [row for row, _ in rows])
    return [Mistake(value or "", lines.get(row)) for row, value in rows]


def _rules(field: Field, dataset_type: str, now: float) -> Iterator[_Rule]:
    v = _column(field.name)
    given = f"coalesce({v}, '') <> ''"
    if not field.nullable:
        yield _Rule(
            field.name,
            f"coalesce({v}, '') = ''",
            "value is empty, which the schema does not allow",
            "values are empty, which the schema does not allow",
        )
    if field.type in _NOT_OF_TYPE:
        wrong = _NOT_OF_TYPE[field.type].replace("{v}", v)
        kind = f"not of type {field.type}"
        yield _Rule(field.name, f"{given} AND ({wrong})", f"value is {kind}", f"values are {kind}")
    else:
        yield _Rule(field.name, f"strpos({v}, chr(10)) > 0", "value has a line break", "values have a line break")
    longest = _longest(field, dataset_type)
    if longest:
        more = f"more than {longest} characters"
        yield _Rule(field.name, f"length({v}) > {longest}", f"value has {more}", f"values have {more}")
    if field.textual:
        cut = f"more than {_MAX_TEXT:,} characters, and the rest is cut off"
        yield _Rule(field.name, f"length({v}) > {_MAX_TEXT}", f"value has {cut}", f"values have {cut}", refuses=False)
    if field.name in _TIMESTAMPS and field.type in ("long", "int"):
        seconds = f"TRY_CAST({v} AS BIGINT)"
        yield _Rule(
            field.name,
            f"{seconds} >= {_MILLISECONDS}",
            "value looks like milliseconds, and seconds are wanted",
            "values look like milliseconds, and seconds are wanted",
            refuses=False,
        )
        yield _Rule(
            field.name,
            f"{seconds} < {_MILLISECONDS} AND {seconds} > {int(now) + 86400}",
            "value is in the future",
            "values are in the future",
            refuses=False,
        )


def _longest(field: Field, dataset_type: str) -> int | None:
    if field.name in ("USER_ID", "ITEM_ID"):
        return _MAX_ID
    if field.type != "string" or field.textual:
        return None  # Longer texts are cut, not refused.
    return _MAX_STRING if field.categorical or field.name == "IMPRESSION" or dataset_type == "ITEMS" else None


def _column(name: str) -> str:
    return f'"{name}"'


def text(value: str) -> str:
    """A text in SQL."""
    return "'" + value.replace("'", "''") + "'"
