"""What the page shows, as plain data."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Item:
    """An item as people know it.

    Attributes:
        id: of the items dataset.
        title: its title, or its id where no column has titles.
        genres: such as `Comedy, Drama`; empty where no column has them.
    """

    id: str
    title: str
    genres: str = ""


@dataclass(frozen=True)
class Seen:
    """An item that a user has to do with.

    Attributes:
        item: the item.
        event_types: of all the user's interactions with it.
        date: of the newest one.
    """

    item: Item
    event_types: str
    date: str


@dataclass(frozen=True)
class Listed:
    """A list that was asked for.

    Attributes:
        title: what was asked.
        note: with which item and filter.
        items: the answer, best first.
        problem: why there is no answer, as a sentence; empty if there is one.
    """

    title: str
    note: str
    items: Sequence[Item] = ()
    problem: str = ""

    @property
    def label(self) -> str:
        """Title and note in one."""
        return f"{self.title}, {self.note}" if self.note else self.title


@dataclass(frozen=True)
class Reordered(Listed):
    """A list that the campaign has re-ranked.

    Attributes:
        before: the same items as they were; those that are not in the answer were filtered out.
    """

    before: Sequence[Item] = ()

    def climbed(self, item: Item) -> int:
        """By how many places an item has gone up; negative if it has gone down."""
        return list(self.before).index(item) - list(self.items).index(item)

    @property
    def removed(self) -> list[Item]:
        """Items that are not in the answer."""
        return [item for item in self.before if item not in self.items]


@dataclass(frozen=True)
class User:
    """A user, and what the system answers to them.

    Attributes:
        id: of the interactions.
        interactions: how many there are in what was read.
        seen: the latest, newest first.
        lists: what recommenders answer.
        rankings: what the campaign makes of one list, with and without filters.
    """

    id: str
    interactions: int
    seen: Sequence[Seen]
    lists: Sequence[Listed]
    rankings: Sequence[Reordered]

    @property
    def beside(self) -> int:
        """Which list is shown beside the first one, counted from 1: one of another recommender, if there is another."""
        others = (at for at, each in enumerate(self.lists, 1) if each.title != self.lists[0].title)
        return next(others, len(self.lists[:2]))


@dataclass(frozen=True)
class Version:
    """A solution version that was evaluated.

    Attributes:
        name: the last part of its ARN.
        trained: when its training began.
        how: full, update, automatic.
        metrics: by name.
        serves: whether the campaign serves it.
    """

    name: str
    trained: datetime
    how: str
    metrics: Mapping[str, float]
    serves: bool


@dataclass(frozen=True)
class Bound:
    """The least value that the quality gate lets pass."""

    least: float
    why: str


@dataclass(frozen=True)
class Ranking:
    """The ranking model.

    Attributes:
        versions: oldest first.
        left_out: how many older ones are not shown.
        bounds: by metric, what the gate asks of a new version.
        status: of the campaign.
    """

    versions: Sequence[Version]
    left_out: int
    bounds: Mapping[str, Sequence[Bound]]
    status: str


@dataclass(frozen=True)
class Recommender:
    """A recommender.

    Attributes:
        name: in the settings.
        arn: its ARN.
        recipe: name of the recipe.
        use_case: what the recipe is for, as the console says.
        status: such as ACTIVE or INACTIVE.
        throughput: requests per second that are always provisioned.
        updated: when it was last changed.
        metrics: its own, by name; empty if the service has none.
    """

    name: str
    arn: str
    recipe: str
    use_case: str
    status: str
    throughput: int
    updated: datetime
    metrics: Mapping[str, float]


@dataclass(frozen=True)
class Found:
    """Everything."""

    name: str
    where: str
    date: datetime
    data: Sequence[str]
    users: Sequence[User]
    recommenders: Sequence[Recommender]
    ranking: Ranking | None
