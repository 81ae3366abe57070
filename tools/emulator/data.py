"""The records in datasets, and how they get there."""

from __future__ import annotations

import csv
import io
import json
import math
import re
from bisect import bisect_right
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from functools import lru_cache
from typing import Any

from .avro import Field, Schema
from .errors import invalid
from .objects import ObjectAccessDeniedError, ObjectNotFoundError, Source

Row = dict[str, Any]
Columns = dict[str, list[Any]]

# Quotas: developer guide, "Amazon Personalize endpoints and quotas".
_MAX_ID = 256
_MAX_STRING = 1000
_MAX_TEXT = 20_000
_MAX_EVENT_TYPES_AND_METADATA = 10
_KEY_OF = {"ITEMS": "ITEM_ID", "USERS": "USER_ID", "ACTIONS": "ACTION_ID"}
_SEEN_BY = {
    "INTERACTIONS": "ITEM_ID",
    "ITEMS": "ITEM_ID",
    "ACTIONS": "ACTION_ID",
}
_OF_EVENTS = frozenset({"INTERACTIONS", "ACTION_INTERACTIONS"})
_IDS = frozenset({"USER_ID", "ITEM_ID", "ACTION_ID"})
# Developer guide, "Preparing action interaction data for training", which also writes "Not taken".
_ACTION_EVENTS = frozenset({"TAKEN", "NOT_TAKEN", "VIEWED"})
_INTERACTION_KEYS = frozenset({"USER_ID", "ITEM_ID", "TIMESTAMP"})
# No metadata: developer guide, "VIDEO_ON_DEMAND datasets and schemas", reserved keywords.
_RESERVED_INTERACTION_FIELDS = frozenset(
    {"EVENT_TYPE", "EVENT_VALUE", "IMPRESSION", "RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE"}
)

NONCONFORMING = (
    "Input csv has rows that do not conform to the dataset schema. Please ensure all required data fields are "
    "present and that they are of the type specified in the schema."
)


class ImportFailedError(Exception):
    """An import that fails; its text is the failure reason."""


class Table:
    """Records in columns, with an index by user for interactions."""

    def __init__(self) -> None:
        """Make an empty table."""
        self.columns: Columns = {}
        self._length = 0
        # When each record came, which never falls.
        self._came: list[float] = []
        self._by_user: dict[str, list[int]] | None = None

    def extend(self, columns: Mapping[str, Sequence[Any]], at: float) -> None:
        """Append records that come at a time; columns that either side lacks are filled with None."""
        added = len(next(iter(columns.values()), ()))
        for name in columns.keys() | self.columns.keys():
            column = self.columns.setdefault(name, [None] * self._length)
            column.extend(columns.get(name) or [None] * added)
        self._length += added
        self._came.extend([at] * added)
        self._by_user = None

    def column(self, name: str, until: float = math.inf) -> list[Any]:
        """Values of a column that came until a time; None throughout if there is no such column."""
        column = self.columns.get(name) or [None] * self._length
        count = bisect_right(self._came, until)
        return column if count == self._length else column[:count]

    def of_user(self, user: str, until: float = math.inf) -> list[int]:
        """Positions of a user's records that came until a time."""
        if self._by_user is None:
            index: dict[str, list[int]] = defaultdict(list)
            for position, name in enumerate(self.columns.get("USER_ID", ())):
                index[name].append(position)
            self._by_user = index
        count = bisect_right(self._came, until)
        return [position for position in self._by_user.get(user, []) if position < count]

    def rows(self) -> Iterator[Row]:
        """All records, in the order in which they came."""
        for values in zip(*self.columns.values(), strict=True):
            yield dict(zip(self.columns, values, strict=True))

    def remove_users(self, users: Set[str]) -> int:
        """Remove the records of some users, and say how many these were."""
        kept = [position for position, user in enumerate(self.column("USER_ID")) if user not in users]
        removed = self._length - len(kept)
        self.columns = {name: [column[position] for position in kept] for name, column in self.columns.items()}
        self._came = [self._came[position] for position in kept]
        self._length, self._by_user = len(kept), None
        return removed


class Dataset:
    """The records of a dataset: imported in bulk, and one by one.

    A FULL import replaces what was imported in bulk only (API reference, CreateDatasetImportJob).

    Attributes:
        schema: what the records conform to.
        bulk: interactions imported in bulk.
        single: interactions recorded one by one.
        was_imported: whether there was an import job.
        changes: how often records came in.
        first_seen: when each item or action came in first, in seconds since the epoch.
    """

    def __init__(self, schema: Schema) -> None:
        """Make an empty dataset."""
        self.schema = schema
        self.bulk = Table()
        self.single = Table()
        self.was_imported = False
        self.changes = 0
        self.first_seen: dict[str, float] = {}
        self._latest = (0, 0)
        self._bulk_rows: dict[str, Row] = {}
        self._single_rows: dict[str, Row] = {}
        # Records with the id of a newer one.
        self._older_bulk: list[Row] = []
        self._older_single: list[Row] = []
        self._event_ids: set[str] = set()

    @property
    def dataset_type(self) -> str:
        """INTERACTIONS, ITEMS, USERS, ..."""
        return self.schema.dataset_type

    def apply(self, columns: Columns, mode: str, at: float) -> None:
        """Take in the records of an import job, in place of the earlier ones if the mode is FULL."""
        self.was_imported = True
        self.changes += 1
        for name in sorted(set(columns.get(_SEEN_BY.get(self.dataset_type, ""), ()))):
            self.first_seen.setdefault(name, at)
        if self.dataset_type not in _KEY_OF:
            if mode == "FULL":
                self.bulk = Table()
            self.bulk.extend(columns, at)
            return
        if mode == "FULL":
            self._bulk_rows, self._older_bulk = {}, []
        names = list(columns)
        for values in zip(*columns.values(), strict=True):
            row = dict(zip(names, values, strict=True))
            key = row[_KEY_OF[self.dataset_type]]
            _replace(self._bulk_rows, self._older_bulk, key, row)
            if mode == "INCREMENTAL" and key in self._single_rows:
                self._older_single.append(self._single_rows.pop(key))

    def put(self, row: Row, at: float) -> None:
        """Take in one record."""
        self.changes += 1
        if self.dataset_type in _SEEN_BY:
            self.first_seen.setdefault(row[_SEEN_BY[self.dataset_type]], at)
        key = _KEY_OF.get(self.dataset_type)
        if key:
            _replace(self._single_rows, self._older_single, row[key], row)
        else:
            self.single.extend({name: [value] for name, value in row.items()}, at)

    def is_new_event(self, event_id: str | None) -> bool:
        """Whether an event is the first of its id (API reference, Event: later ones do not count)."""
        if event_id is None:
            return True
        if event_id in self._event_ids:
            return False
        self._event_ids.add(event_id)
        return True

    def row(self, key: str) -> Row | None:
        """The item or user of that id."""
        return self._single_rows.get(key) or self._bulk_rows.get(key)

    def keys(self) -> list[str]:
        """Ids of all items or users."""
        return list({**self._bulk_rows, **self._single_rows})

    def rows(self, mode: str) -> list[Row]:
        """Records by how they came in: `BULK`, `PUT` (one by one) or `ALL`.

        Of items and users with the same id, `ALL` has the newest only (developer guide, "Exporting the training data in
        a dataset to Amazon S3").
        """
        if self.dataset_type not in _KEY_OF:
            tables = {"BULK": (self.bulk,), "PUT": (self.single,), "ALL": (self.bulk, self.single)}[mode]
            return [row for table in tables for row in table.rows()]
        if mode == "ALL":
            return list({**self._bulk_rows, **self._single_rows}.values())
        older, rows = {
            "BULK": (self._older_bulk, self._bulk_rows),
            "PUT": (self._older_single, self._single_rows),
        }[mode]
        return [*older, *rows.values()]

    def remove_users(self, users: Set[str]) -> int:
        """Remove the records of some users, and say how many these were."""
        if self.dataset_type not in _KEY_OF:
            return self.bulk.remove_users(users) + self.single.remove_users(users)
        if _KEY_OF[self.dataset_type] != "USER_ID":
            return 0
        removed = 0
        for rows in (self._bulk_rows, self._single_rows):
            removed += sum(rows.pop(user, None) is not None for user in users)
        for older in (self._older_bulk, self._older_single):
            removed += sum(row["USER_ID"] in users for row in older)
            older[:] = [row for row in older if row["USER_ID"] not in users]
        return removed

    def column(self, name: str, until: float = math.inf) -> list[Any]:
        """A column of all interactions that came until a time."""
        return self.bulk.column(name, until) + self.single.column(name, until)

    def latest(self) -> int:
        """Timestamp of the latest interaction; 0 if there is none."""
        changes, found = self._latest
        if changes != self.changes:
            found = max(self.column("TIMESTAMP"), default=0)
            self._latest = (self.changes, found)
        return found

    def events_of(self, user: str, bulk: Table | None = None, until: float = math.inf) -> Iterator[Row]:
        """A user's interactions, oldest first.

        Args:
            user: the user.
            bulk: what was imported in bulk; what is there now if None.
            until: when the records imported in bulk came at the latest; those recorded one by one all count.
        """
        bulk = bulk or self.bulk
        found = [
            {name: column[position] for name, column in table.columns.items()}
            for table, positions in ((bulk, bulk.of_user(user, until)), (self.single, self.single.of_user(user)))
            for position in positions
        ]
        return iter(sorted(found, key=lambda row: row["TIMESTAMP"]))


def _replace(rows: dict[str, Row], older: list[Row], key: str, row: Row) -> None:
    """Put a record in place of the one with the same id, which is kept among the older ones."""
    if key in rows:
        older.append(rows[key])
    rows[key] = row


# -- bulk import -------------------------------------------------------------------------------------------


def read_import(objects: Source, role_arn: str, location: str, schema: Schema, minimum: int) -> Columns:
    """Read the CSV files at a location and check them against a schema.

    Source of the rules: developer guide, "Preparing training data for Amazon Personalize" (headers, one record a line),
    "Preparing item metadata for training" (quotes within values, texts that are cut), "Importing bulk data into Amazon
    Personalize with a dataset import job" (folders), "Common error messages in Amazon Personalize", and the quotas. The
    guide asks for columns in the order of the schema, but AWS's own workshops import files in another one.

    Args:
        objects: where they are read from.
        role_arn: role to read them with.
        location: `s3://bucket/key` or `s3://bucket/folder/`, where the last slash may be missing.
        schema: what they must conform to.
        minimum: least number of records, for interactions.

    Raises:
        ImportFailedError: with the reason.
    """
    prefix = f"Failed to create a data import job for {schema.dataset_type} dataset. "
    try:
        found = list(objects.read(role_arn, location))
    except ObjectAccessDeniedError as denied:
        raise ImportFailedError(f"{prefix}Insufficient privileges for accessing data in Amazon S3. {denied}") from None
    except ObjectNotFoundError as missing:
        raise ImportFailedError(f"{prefix}Invalid Data location. {missing}") from None
    # Folders below do not count, nor does the empty object that stands for the folder itself.
    path = location.removeprefix("s3://").partition("/")[2]
    folder = path.rpartition("/")[0] if path in dict(found) else path.rstrip("/")
    files = [(key, body) for key, body in found if key.rpartition("/")[0] == folder and not key.endswith("/")]
    if not files:
        raise ImportFailedError(f"{prefix}Invalid Data location. No file is at {location}")
    columns: Columns = {name: [] for name in schema.names}
    read = _read_named if len(files) > 1 else _read_csv
    try:
        for key, body in files:
            for name, values in read(key, body, schema).items():
                columns[name].extend(values)
        _check_volume(columns, schema, minimum)
    except ImportFailedError as failed:
        raise ImportFailedError(f"{prefix}{failed}") from None
    return columns


def _read_named(key: str, body: bytes, schema: Schema) -> Mapping[str, Sequence[Any]]:
    """One of several files: the reason names it, which is inferred; the documented reasons name none."""
    try:
        return _read_csv(key, body, schema)
    except ImportFailedError as failed:
        if key in str(failed):
            raise
        raise ImportFailedError(f"{failed} The file is {key}.") from None


# Simulations import the same files many times.
@lru_cache(maxsize=16)
def _read_csv(key: str, body: bytes, schema: Schema) -> Mapping[str, Sequence[Any]]:
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ImportFailedError(f"{key} is not encoded in UTF-8.") from None
    first, _, records = text.partition("\n")
    # Not read as CSV: headers are not quoted.
    header = first.rstrip("\r").split(",")
    _check_header(header, schema)
    rows = list(_records(key, records, len(header)))
    columns = [list(column) for column in zip(*(row for _, row in rows), strict=True)] or [[] for _ in header]
    lines = [line for line, _ in rows]
    by_name = dict(zip(header, columns, strict=True))
    return {field.name: _typed_column(key, schema, field, by_name[field.name], lines) for field in schema.fields}


def _check_header(header: Sequence[str], schema: Schema) -> None:
    missing = [name for name in schema.names if name not in header]
    if missing:
        raise ImportFailedError(f"Input CSV is missing the following columns:[{', '.join(missing)}].")
    twice = sorted({name for name in header if header.count(name) > 1})
    if twice:
        raise ImportFailedError(f"Input CSV has columns more than once:[{', '.join(twice)}].")


def _records(key: str, text: str, width: int) -> Iterator[tuple[int, list[str]]]:
    """The records, each with the number of its line; one record is one line."""
    before = 0
    # A backslash escapes quotes; in files that have none to escape, it is a character as any other.
    escape = "\\" if '\\"' in text else None
    reader = csv.reader(io.StringIO(text, newline=""), escapechar=escape)
    for row in reader:
        line, lines, before = before + 2, reader.line_num - before, reader.line_num
        if lines > 1:
            raise ImportFailedError(f"{NONCONFORMING} {key}, line {line}: the record goes over {lines} lines.")
        if row and len(row) != width:
            raise ImportFailedError(f"{NONCONFORMING} {key}, line {line}: {len(row)} values for {width} columns.")
        if row:
            yield line, row


def _whole_number(bits: int) -> Callable[[str], int]:
    def parse(text: str) -> int:
        if not re.fullmatch(r"[+-]?[0-9]+", text) or not -(2 ** (bits - 1)) <= int(text) < 2 ** (bits - 1):
            raise ValueError(text)
        return int(text)

    return parse


def _decimal(text: str) -> float:
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", text):
        raise ValueError(text)
    return float(text)


# That numbers are plain, and fit into their bits, is inferred from Avro, which the schemas are written in.
_PARSERS: Mapping[str, Callable[[str], Any]] = {
    "string": str,
    "int": _whole_number(32),
    "long": _whole_number(64),
    "float": _decimal,
    "double": _decimal,
    "boolean": {"true": True, "false": False}.__getitem__,
}


def _typed_column(key: str, schema: Schema, field: Field, values: list[str], lines: Sequence[int]) -> list[Any]:
    parse = _PARSERS[field.type]
    try:
        if "" not in values:
            typed = values if field.type == "string" else list(map(parse, values))
        elif field.nullable:
            typed = [parse(value) if value else None for value in values]
        else:
            raise ValueError
    except (ValueError, KeyError):
        raise ImportFailedError(f"{NONCONFORMING} {_first_bad(key, field, values, lines)}") from None
    if field.textual:
        return [value and value[:_MAX_TEXT] for value in typed]
    _check_length(schema, field, values)
    return typed


def _first_bad(key: str, field: Field, values: list[str], lines: Sequence[int]) -> str:
    for line, value in zip(lines, values, strict=True):
        if not value and not field.nullable:
            return f"{key}, line {line}: {field.name} is empty."
        try:
            if value:
                _PARSERS[field.type](value)
        except (ValueError, KeyError):
            return f"{key}, line {line}: {field.name} is '{value}', which is not of type {field.type}."
    return ""


def _check_length(schema: Schema, field: Field, values: list[str]) -> None:
    if field.name in _IDS:
        maximum = _MAX_ID
    elif (
        field.categorical
        or field.name == "IMPRESSION"
        or (field.type == "string" and schema.dataset_type in ("ITEMS", "ACTIONS"))
    ):
        maximum = _MAX_STRING
    else:
        return
    if max(map(len, values), default=0) > maximum:
        raise ImportFailedError(f"Length cannot be more than {maximum} characters for {field.name}.")


def _check_volume(columns: Columns, schema: Schema, minimum: int) -> None:
    if schema.dataset_type not in _OF_EVENTS:
        return
    count = len(columns["USER_ID"])
    if count < minimum:
        raise ImportFailedError(f"The import has {count} interactions; at least {minimum} are required.")
    if schema.dataset_type == "ACTION_INTERACTIONS":
        _check_action_events(columns["EVENT_TYPE"])
    else:
        _check_event_types(columns, schema)


def _check_action_events(events: Sequence[str]) -> None:
    unknown = sorted({event for event in events if action_event(event) is None})
    if unknown:
        raise ImportFailedError(f"EVENT_TYPE must be one of {', '.join(sorted(_ACTION_EVENTS))}, not {unknown[0]}.")


def action_event(text: str) -> str | None:
    """TAKEN, NOT_TAKEN or VIEWED, however it is written; None for anything else.

    Developer guide, "Preparing action interaction data for training", which writes `Not taken` too.
    """
    name = text.upper().replace(" ", "_")
    return name if name in _ACTION_EVENTS else None


def _check_event_types(columns: Columns, schema: Schema) -> None:
    metadata = [name for name in schema.names if name not in _INTERACTION_KEYS | _RESERVED_INTERACTION_FIELDS]
    kinds = len(set(columns.get("EVENT_TYPE", ())))
    if kinds + len(metadata) > _MAX_EVENT_TYPES_AND_METADATA:
        raise ImportFailedError(
            f"The number of distinct event types ({kinds}) and metadata columns ({len(metadata)}) together exceeds "
            f"{_MAX_EVENT_TYPES_AND_METADATA}."
        )


# -- individual records ------------------------------------------------------------------------------------


def put_row(schema: Schema, keys: Row, properties: str | None) -> Row:
    """A record from the members of a Put* request.

    The keys of `properties` are camel case names of the schema's fields (API reference, Item, Event).

    Raises:
        ServiceError: InvalidInputException if they do not fit the schema.
    """
    row: Row = dict(keys)
    for name, value in properties_of(properties).items():
        field = schema.field(re.sub(r"(?<!^)(?=[A-Z])", "_", name)) or schema.field(name)
        if field is None:
            raise invalid(f"Property '{name}' matches no field of the schema.")
        row[field.name] = _typed_value(field, value)
    missing = [field.name for field in schema.fields if row.get(field.name) is None and not field.nullable]
    if missing:
        raise invalid(f"The record lacks the required fields {', '.join(missing)}.")
    return row


def properties_of(text: str | None) -> Row:
    """The properties of an event, item or user: a JSON object."""
    if text is None:
        return {}
    try:
        properties = json.loads(text)
    except ValueError:
        raise invalid("Error parsing properties json") from None
    if not isinstance(properties, dict):
        raise invalid("Error parsing properties json")
    return properties


def _typed_value(field: Field, value: Any) -> Any:
    if value is None:
        return None
    try:
        return _PARSERS[field.type](str(value).lower() if field.type == "boolean" else str(value))
    except (ValueError, KeyError):
        raise invalid(f"{field.name} is '{value}', which is not of type {field.type}.") from None
