"""Offline evaluation of a model.

Source: developer guide, "Evaluating an Amazon Personalize solution version with metrics". Users are split 90/10 into
training and testing; of a testing user's interactions in time order the first 90 % are the query, the last 10 % are
relevant.
"""

from __future__ import annotations

import math
import zlib
from collections.abc import Callable, Iterable, Mapping, Sequence, Set

LONGEST = 25
_DISCOUNTED_AT = (5, 10, 25)
_PRECISION_AT = (5, 10, 25)
_TESTING_SHARE = 0.1
_RELEVANT_SHARE = 0.1

# From the items a user interacted with, oldest first, to those recommended, best first.
Recommend = Callable[[Sequence[str]], Sequence[str]]


def testing_users(users: Iterable[str]) -> frozenset[str]:
    """A tenth of the users, at least one; the same ones whenever the users are the same."""
    ordered = sorted(users, key=lambda user: (zlib.crc32(user.encode()), user))
    return frozenset(ordered[: max(1, round(len(ordered) * _TESTING_SHARE))])


def split_history(history: Sequence[str]) -> tuple[Sequence[str], frozenset[str]]:
    """A testing user's items, oldest first, as query and relevant items; a query needs at least one."""
    relevant = max(1, math.floor(len(history) * _RELEVANT_SHARE + 0.5))
    return history[:-relevant], frozenset(history[-relevant:])


def evaluate(histories: Iterable[Sequence[str]], recommend: Recommend, coverage: float) -> dict[str, float]:
    """Metrics of a model over the testing users.

    Args:
        histories: items of each testing user, oldest first; users with fewer than two do not count.
        recommend: the model.
        coverage: share of the catalogue that the model recommends to anybody.

    Returns:
        Metrics in the order of their names, as recorded in published notebooks.
    """
    scores = []
    for history in histories:
        if len(history) < 2:
            continue
        query, relevant = split_history(history)
        scores.append(score(recommend(query)[:LONGEST], relevant))
    names = sorted(_names())
    means = {name: sum(one[name] for one in scores) / len(scores) if scores else 0.0 for name in names}
    return {"coverage": coverage, **means}


def score(recommended: Sequence[str], relevant: Set[str]) -> Mapping[str, float]:
    """Metrics of one list of recommendations."""
    hits = [position for position, item in enumerate(recommended[:LONGEST], 1) if item in relevant]
    found = {"mean_reciprocal_rank_at_25": 1 / hits[0] if hits else 0.0}
    for k in _DISCOUNTED_AT:
        ideal = _gain(range(1, min(k, len(relevant)) + 1))
        found[f"normalized_discounted_cumulative_gain_at_{k}"] = _gain(hit for hit in hits if hit <= k) / ideal
    for k in _PRECISION_AT:
        found[f"precision_at_{k}"] = sum(hit <= k for hit in hits) / k
    return found


def _gain(positions: Iterable[int]) -> float:
    return sum(1 / math.log(1 + position) for position in positions)


def _names() -> tuple[str, ...]:
    return tuple(score((), frozenset({""})))
