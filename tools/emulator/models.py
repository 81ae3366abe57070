"""Models trained on the imported data, in place of the service's own.

Every recipe is an item-item model (`implicit`): what a user gets follows from the items they interacted with, so new
events count at once. Popularity and trend are counts. The same data gives the same model on every machine.
"""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from . import metrics
from .data import Table
from .recipes import PERSONALIZED_RANKING, POPULAR_ITEMS, RELATED_ITEMS, USER_PERSONALIZATION, Recipe

_SCORED = frozenset({USER_PERSONALIZATION, PERSONALIZED_RANKING})
_NEIGHBOURS = 100
# Share of the latest interactions in which trending items are looked for.
_RECENT_SHARE = 0.1
# Enough users to see what a model recommends to anybody.
_COVERAGE_USERS = 2000
# Weight of popularity against similarity: it only orders what similarity does not.
_POPULARITY_WEIGHT = 1e-3
# As the answers in the developer guide and in published notebooks have them.
_METRIC_DECIMALS = 4
# How many results are kept: several models see the same interactions, and simulations train on the same ones again.
_KEPT = 16


@dataclass(frozen=True)
class Snapshot:
    """The interactions a training sees, and the ids of all items.

    The four lists run in parallel; `changes` tells how often the interactions had changed by then, `at` when it was
    taken, and `bulk` is what had been imported in bulk.
    """

    users: Sequence[str]
    items: Sequence[str]
    times: Sequence[int]
    events: Sequence[str | None]
    catalogue: Sequence[str] = ()
    changes: int = 0
    at: float = 0.0
    bulk: Table | None = None

    def of_users(self, users: frozenset[str], inside: bool) -> Snapshot:
        """The interactions of these users, or of all others."""
        return self.only([position for position, user in enumerate(self.users) if (user in users) is inside])

    def only(self, kept: Sequence[int]) -> Snapshot:
        """The interactions at some positions."""
        return Snapshot(
            [self.users[i] for i in kept],
            [self.items[i] for i in kept],
            [self.times[i] for i in kept],
            [self.events[i] for i in kept],
            self.catalogue,
            self.changes,
        )

    def histories(self) -> dict[str, list[str]]:
        """Items of each user, oldest first."""
        found: dict[str, list[str]] = defaultdict(list)
        for position in sorted(range(len(self.users)), key=self.times.__getitem__):
            found[self.users[position]].append(self.items[position])
        return found

    def distinct(self) -> int:
        """Number of interactions that are different from each other."""
        return len(set(zip(self.users, self.items, self.times, self.events, strict=True)))

    def users_with(self, interactions: int) -> int:
        """Number of users with at least so many interactions."""
        counts: dict[str, int] = defaultdict(int)
        for user in self.users:
            counts[user] += 1
        return sum(count >= interactions for count in counts.values())

    def __len__(self) -> int:
        """Number of interactions."""
        return len(self.users)


class Model:
    """The trained model of a solution version or a recommender; computed when it is first used.

    Attributes:
        recipe: how it was trained.
        trained_on: how often the interactions had changed by then.
        trained_at: when.
        bulk: the interactions imported in bulk until then.
        seen_at: when it took new items in, by its training or by one that only updates it.
        refreshed: the same model with newer data, if its recipe needs no training for them.
    """

    def __init__(self, recipe: Recipe, snapshot: Snapshot) -> None:
        """Train with a recipe on a snapshot."""
        self.recipe = recipe
        self.trained_on = snapshot.changes
        self.trained_at = self.seen_at = snapshot.at
        self.bulk = snapshot.bulk
        self.refreshed: Model | None = None
        self._snapshot = snapshot

    @cached_property
    def _fitted(self) -> Fitted:
        return fitted_to(self._snapshot)

    @property
    def items(self) -> Set[str]:
        """The items that it was trained on."""
        return self._fitted.index.keys()

    def forget(self, users: Set[str]) -> None:
        """Have some users no history any more (developer guide, "Deleting users and their data ...")."""
        if self.bulk is not None:
            self.bulk.remove_users(users)

    @property
    def has_scores(self) -> bool:
        """Whether answers carry scores (developer guide, "Recommendation scores": custom solutions of some recipes)."""
        return self.recipe.type in _SCORED and not self.recipe.is_use_case

    def ranked(self, history: Sequence[str], item: str | None = None) -> list[tuple[str, float]]:
        """All items the model knows, best first, with scores that sum to 1.

        Args:
            history: items the user interacted with, oldest first.
            item: the item asked about, for related items.
        """
        return self._fitted.ranked(_scores(self.recipe, self._fitted, history, item), without=item)

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Evaluation metrics, of a model trained on nine tenths of the users."""
        seen = self._snapshot
        return dict(_evaluated(self.recipe, *map(tuple, (seen.users, seen.items, seen.times, seen.catalogue))))


@lru_cache(maxsize=_KEPT)
def _evaluated(
    recipe: Recipe, users: tuple[str, ...], items: tuple[str, ...], times: tuple[int, ...], catalogue: tuple[str, ...]
) -> Mapping[str, float]:
    """Metrics of a recipe's model of some interactions."""
    snapshot = Snapshot(users, items, times, [None] * len(users))
    histories = snapshot.histories()
    testing = metrics.testing_users(histories)
    fitted = fitted_to(snapshot.of_users(testing, inside=False))
    known = set(items) | set(catalogue)
    recommended: set[str] = set()
    for user in sorted(histories)[:_COVERAGE_USERS]:
        recommended.update(_recommend(recipe, fitted, histories[user]))
    coverage = len(recommended) / len(known) if known else 0.0
    tested = [histories[user] for user in sorted(testing)]
    found = metrics.evaluate(tested, lambda query: _recommend(recipe, fitted, query), coverage)
    return {name: round(value, _METRIC_DECIMALS) for name, value in found.items()}


def _recommend(recipe: Recipe, fitted: Fitted, query: Sequence[str]) -> list[str]:
    """What a model would recommend next; what is in the query is not news, except to popularity."""
    scores = _scores(recipe, fitted, query, query[-1] if recipe.type == RELATED_ITEMS else None)
    seen = frozenset() if recipe.type == POPULAR_ITEMS else frozenset(query)
    return fitted.best(scores, metrics.LONGEST, seen)


def fitted_to(snapshot: Snapshot) -> Fitted:
    """Counts and similarities of a snapshot: the same object for the same interactions."""
    return _fitted(*map(tuple, (snapshot.users, snapshot.items, snapshot.times)))


@lru_cache(maxsize=_KEPT)
def _fitted(users: tuple[str, ...], items: tuple[str, ...], times: tuple[int, ...]) -> Fitted:
    return Fitted(Snapshot(users, items, times, [None] * len(users)))


class Fitted:
    """Counts and similarities of a snapshot."""

    def __init__(self, snapshot: Snapshot) -> None:
        """Count, and fit the similarities."""
        # They take a second to import, which most uses of the emulator can do without.
        import numpy as np
        from implicit.nearest_neighbours import BM25Recommender
        from scipy.sparse import csr_matrix

        self.items: list[str] = sorted(set(snapshot.items))
        self.index: Mapping[str, int] = {item: position for position, item in enumerate(self.items)}
        self.users: list[str] = sorted(set(snapshot.users))
        users = {user: position for position, user in enumerate(self.users)}
        shape = (len(users), len(self.items))
        rows = np.fromiter((users[user] for user in snapshot.users), dtype=np.int32, count=len(snapshot))
        columns = np.fromiter((self.index[item] for item in snapshot.items), dtype=np.int32, count=len(snapshot))
        matrix = csr_matrix((np.ones(len(snapshot), dtype=np.float32), (rows, columns)), shape=shape)
        matrix.data[:] = 1.0
        self.popularity: Any = np.asarray(matrix.sum(axis=0)).ravel()
        self.trend: Any = _trend(columns, np.asarray(snapshot.times, dtype=np.int64), len(self.items))
        model = BM25Recommender(K=min(_NEIGHBOURS, max(1, len(self.items))), num_threads=1)
        with warnings.catch_warnings():
            # It warns that the matrix it makes itself is not of its preferred format.
            warnings.simplefilter("ignore")
            model.fit(matrix, show_progress=False)
        similarity = csr_matrix(model.similarity)
        # An item says nothing about itself; left in, what a user knows already would always come first.
        similarity.setdiag(0)
        self._similarity = similarity
        self._matrix = matrix

    def similar_to(self, history: Iterable[str]) -> Any:
        """How similar each item is to those of a history, in all."""
        import numpy as np

        positions = sorted({self.index[item] for item in history if item in self.index})
        if not positions:
            return np.zeros(len(self.items))
        return np.asarray(self._similarity[positions].sum(axis=0), dtype=np.float64).ravel()

    def users_by_affinity(self, items: Iterable[str]) -> list[str]:
        """All users, those first who interacted with some items, or with what is similar to them."""
        import numpy as np

        positions = [self.index[item] for item in items]
        weights = np.asarray(self._similarity[:, positions].sum(axis=1), dtype=np.float64).ravel()
        weights[positions] += 1
        affinity = np.asarray(self._matrix @ weights).ravel()
        return [self.users[position] for position in np.argsort(-affinity, kind="stable")]

    def best(self, scores: Any, count: int, without: frozenset[str]) -> list[str]:
        """The `count` best items, without some."""
        import numpy as np

        found = []
        for position in np.argsort(-scores, kind="stable"):
            item = self.items[position]
            if item not in without:
                found.append(item)
                if len(found) == count:
                    break
        return found

    def ranked(self, scores: Any, without: str | None) -> list[tuple[str, float]]:
        """All items, best first, with their share of all scores."""
        import numpy as np

        total = float(scores.sum()) or 1.0
        return [
            (self.items[position], float(scores[position]) / total)
            for position in np.argsort(-scores, kind="stable")
            if self.items[position] != without
        ]


def _scores(recipe: Recipe, fitted: Fitted, history: Sequence[str], item: str | None) -> Any:
    popularity = fitted.popularity / (fitted.popularity.max() if len(fitted.popularity) else 1.0)
    if recipe.trends:
        return fitted.trend + _POPULARITY_WEIGHT * popularity
    if recipe.type == POPULAR_ITEMS:
        return popularity
    similar = fitted.similar_to([item] if item is not None else history)
    largest = similar.max() if len(similar) else 0.0
    return (similar / largest if largest > 0 else similar) + _POPULARITY_WEIGHT * popularity


def _trend(columns: Any, times: Any, items: int) -> Any:
    """Share of each item's interactions that are recent, weighted by their number."""
    import numpy as np

    if not len(times):
        return np.zeros(items)
    since = np.quantile(times, 1 - _RECENT_SHARE)
    recent = np.bincount(columns[times >= since], minlength=items).astype(np.float64)
    total = np.bincount(columns, minlength=items)
    return recent * recent / np.maximum(total, 1)
