"""What items are called, and which values of a column a user's items have."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from stacks.settings import Settings

from .found import Item
from .records import Row

# Where the settings name no column.
_TITLES = ("TITLE", "NAME")
_GENRES = "GENRES"
# Between several values of a text (developer guide, "Categorical metadata").
_BETWEEN = "|"


@dataclass(frozen=True)
class Catalogue:
    """The items.

    Attributes:
        title: the column with titles; None if there is none.
        genres: the column with genres; None if there is none.
        rows: by id, the columns that are needed.
    """

    title: str | None = None
    genres: str | None = None
    rows: Mapping[str, Row] = field(default_factory=dict)

    def item(self, id: str) -> Item:
        """An item by its id; one that is not in the data has its id for a title."""
        row = self.rows.get(id, {})
        title = row.get(self.title or "") or id
        return Item(id, title, ", ".join(_values(row.get(self.genres or "", ""))))

    def usual(self, column: str, items: Iterable[str]) -> str | None:
        """The value of a column that most of some items have; None if none has one."""
        counted = Counter(
            value
            for id in items
            for name, text in self.rows.get(id, {}).items()
            if name.upper() == column
            for value in _values(text)
        )
        return max(counted, key=lambda value: counted[value], default=None)


def read_catalogue(settings: Settings, rows: Iterable[Row], columns: Iterable[str]) -> Catalogue:
    """Read the items.

    Args:
        settings: say which columns have titles and genres.
        rows: of the items dataset.
        columns: that are needed besides, in upper case.
    """
    title: str | None = None
    genres: str | None = None
    wanted: Sequence[str] | None = None
    found: dict[str, Row] = {}
    for row in rows:
        if wanted is None:
            title = settings.explore.title or next((name for name in _TITLES if name in row), None)
            genres = settings.explore.genres or (_GENRES if _GENRES in row else None)
            others = [name for name in row if name.upper() in set(columns)]
            wanted = [name for name in dict.fromkeys([title, genres, *others]) if name]
        found[row["ITEM_ID"]] = {name: row.get(name, "") for name in wanted}
    return Catalogue(title, genres, found)


def _values(text: str) -> list[str]:
    return [value.strip() for value in text.split(_BETWEEN) if value.strip()]
