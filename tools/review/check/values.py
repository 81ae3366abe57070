"""What values must be like, as conditions in SQL.

Sources: developer guide, "Creating schema JSON files for Amazon Personalize schemas" (types), "Preparing training data
for Amazon Personalize" (one record on one line), and the quotas (lengths). They are those that the emulator imports by;
a test holds both against the same files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import duckdb

from stacks.personalize.avro import Field

from .csv_file import CsvFile
from .findings import Finding, Place, counted

_MAX_ID = 256
_MAX_STRING = 1000
# From here on a number of seconds is one of milliseconds: as seconds, it is the year 5138.
_MILLISECONDS = 100_000_000_000
_TIMESTAMPS = ("TIMESTAMP", "CREATION_TIMESTAMP")

_WHOLE = "NOT regexp_full_match({v}, '[+-]?[0-9]+') OR TRY_CAST({v} AS {type}) IS NULL"
_DECIMAL = "NOT regexp_full_match({v}, '[+-]?([0-9]+[.]?[0-9]*|[.][0-9]+)([eE][+-]?[0-9]+)?')"
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

    def finding(self, path: str, place: Place) -> Finding:
        return Finding(path, f"{self.column}: {counted(place.count, self.one, self.many)}; {place}.", self.refuses)


def check_values(
    connection: duckdb.DuckDBPyConnection, file: CsvFile, fields: Mapping[str, Field], dataset_type: str
) -> list[Finding]:
    """What is wrong with a file's lines and values: of each kind the number, and line and value of the first."""
    rules = [rule for field in fields.values() for rule in _rules(field, dataset_type)]
    wanted = ", ".join(
        f'count(*) FILTER (WHERE {rule.condition}), min("#") FILTER (WHERE {rule.condition}), '
        f'arg_min({_column(rule.column)}, "#") FILTER (WHERE {rule.condition})'
        for rule in rules
    )
    connection.execute("DROP TABLE IF EXISTS check_rejects; DROP TABLE IF EXISTS check_scans")
    # All that is found is asked for, though it is one row: the tables of what was rejected are there only then.
    ((*found,),) = connection.execute(f"SELECT {wanted} FROM {file.numbered_rows('check')}").fetchall()
    rejected = file.rejected("check")
    met = [(rule, *found[3 * at : 3 * at + 3]) for at, rule in enumerate(rules) if found[3 * at]]
    rows, records = file.lines_of([row for _, _, row, _ in met], [each.record for each in rejected])
    return [each.finding(file.path, records[each.record]) for each in rejected] + [
        rule.finding(str(file.path), Place(count, rows[row], value or "")) for rule, count, row, value in met
    ]


def _rules(field: Field, dataset_type: str) -> Iterator[_Rule]:
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
        yield _Rule(field.name, f"contains({v}, chr(10))", "value has a line break", "values have a line break")
    longest = _longest(field, dataset_type)
    if longest:
        more = f"more than {longest} characters"
        yield _Rule(field.name, f"length({v}) > {longest}", f"value has {more}", f"values have {more}")
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
            f"{seconds} < {_MILLISECONDS} AND {seconds} > epoch(now()) + 86400",
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
