"""Who watches what in the month: the sample of some users, and what they do from then on."""

from __future__ import annotations

import random
from pathlib import Path

from tools.data import synthetic
from tools.data.catalogue import Catalogue

# Enough to train on and to judge by, and little enough to be quick.
_USERS = 40
# An import of interactions has at least 1,000 (developer guide, "Amazon Personalize endpoints and quotas").
_PER_DAY = 1200
_HEADER = "USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP"


class Viewers:
    """The users of the month."""

    def __init__(self, folder: Path) -> None:
        """Write the sample's files into an empty folder.

        Args:
            folder: where the app imports its first data from.
        """
        whole = synthetic.generate()
        users = whole.users[:_USERS]
        names = {user.user_id for user in users}
        self._events = [each for each in whole.interactions if each.user_id in names]
        self._items = [item.item_id for item in whole.items]
        self._latest = max(each.timestamp for each in self._events)
        self._chance = random.Random(1)
        Catalogue(self._events, whole.items, users).write(folder)
        self.files = {path.name: path.read_bytes() for path in folder.glob("*.csv")}
        self.interactions = len(self._events)

    def day(self, *, poor: bool = False) -> str:
        """A file of a day: they watch again what they like; or, if the data is poor, anything at all."""
        lines = [_HEADER]
        for _ in range(_PER_DAY * (4 if poor else 1)):
            self._latest += 1
            event = self._chance.choice(self._events)
            item = self._chance.choice(self._items) if poor else event.item_id
            lines.append(f"{event.user_id},{item},Watch,{self._latest}")
        return "\n".join(lines)

    def broken(self) -> str:
        """A file that the service cannot import: a column that the schema needs is not there."""
        return "\n".join(line.rpartition(",")[0] for line in self.day().splitlines())
