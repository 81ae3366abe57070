"""The three CSV files, and the titles for display."""

from __future__ import annotations

import csv
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, order=True)
class Interaction:
    """One event; in the order of time."""

    timestamp: int
    user_id: str
    item_id: str
    event_type: str


@dataclass(frozen=True)
class Item:
    """One film.

    Attributes:
        item_id: its id.
        title: its title.
        genres: at least one.
        year: when it came out, if known.
        creation_timestamp: when it came into the catalogue, in seconds since the epoch.
    """

    item_id: str
    title: str
    genres: tuple[str, ...]
    year: int | None
    creation_timestamp: int


@dataclass(frozen=True)
class User:
    """One user."""

    user_id: str
    gender: str
    age: int
    occupation: str


@dataclass(frozen=True)
class Catalogue:
    """Everything that is imported."""

    interactions: list[Interaction]
    items: list[Item]
    users: list[User]

    def write(self, directory: Path) -> None:
        """Write interactions.csv, items.csv, users.csv and titles.json.

        Columns are in the order of the fields in config/schemas.
        """
        directory.mkdir(parents=True, exist_ok=True)
        _write(
            directory / "interactions.csv",
            ("USER_ID", "ITEM_ID", "EVENT_TYPE", "TIMESTAMP"),
            ((event.user_id, event.item_id, event.event_type, event.timestamp) for event in sorted(self.interactions)),
        )
        _write(
            directory / "items.csv",
            ("ITEM_ID", "TITLE", "GENRES", "YEAR", "CREATION_TIMESTAMP"),
            (
                (item.item_id, item.title, "|".join(item.genres), item.year, item.creation_timestamp)
                for item in self.items
            ),
        )
        _write(
            directory / "users.csv",
            ("USER_ID", "GENDER", "AGE", "OCCUPATION"),
            ((user.user_id, user.gender, user.age, user.occupation) for user in self.users),
        )
        titles = {item.item_id: item.title for item in self.items}
        (directory / "titles.json").write_text(json.dumps(titles, indent=0, ensure_ascii=False))


def read_rows(path: Path) -> Iterator[dict[str, str]]:
    """Records of one of the CSV files."""
    with path.open(newline="", encoding="utf-8") as file:
        yield from csv.DictReader(file)


def _write(path: Path, header: tuple[str, ...], rows: Iterable[tuple[object, ...]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)
