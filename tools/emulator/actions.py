"""The next best action: which actions a user will most likely take.

The likelihood of an action is the share of those who took it, and moves with what the user did themselves: a stand-in
for the service's own model. What the service documents about its scores, and about which actions are left out, holds
here too.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import cached_property

from . import metrics
from .data import Dataset, Row, action_event
from .models import Snapshot
from .recipes import Recipe

Scored = list[tuple[str, float]]

_TAKEN = "TAKEN"
_DAY = 86_400
# Developer guide, "Next-Best-Action recipe": so many of each, within so long before the latest one.
_LEAST_EVENTS = 50
_SPAN = 6 * 7 * _DAY
# Quotas: actions that are considered.
_MOST_ACTIONS = 1000
# How many interactions of a user with an action weigh as much as those of all others.
_WEIGHT_OF_OTHERS = 4
# The guide and its reserved keywords call it either.
_EXPIRATION = ("EXPIRATION_TIMESTAMP", "ACTION_EXPIRATION_TIMESTAMP")
_SHOWN = 5
_DECIMALS = 4


class ActionModel:
    """The trained model of a solution version for actions.

    Attributes:
        recipe: how it was trained.
        trained_on: how often the item interactions had changed by then.
        seen_at: when it was trained.
    """

    def __init__(self, recipe: Recipe, actions: Dataset, interactions: Dataset | None, snapshot: Snapshot) -> None:
        """Train on the actions, and on the interactions with them, if there are any."""
        self.recipe = recipe
        self.trained_on = snapshot.changes
        self.seen_at = snapshot.at
        self._actions = frozenset(_considered(actions))
        self._events = interactions.rows("ALL") if interactions else []

    @cached_property
    def _rates(self) -> dict[str, float]:
        return _rates(self._events)

    def ranked(self, actions: Dataset, history: Iterable[Row], now: float, new: Iterable[str] = ()) -> Scored:
        """The actions for a user, most likely first; of equally likely ones the most valuable first.

        Developer guide, "Next-Best-Action recipe", "Preparing action metadata for training": actions that have expired,
        or that the user interacted with too short a while ago, are left out; new ones have a score of 0.

        Args:
            actions: the actions as they are now.
            history: the user's interactions with actions, those recorded since the training included.
            now: time of the request, in seconds since the epoch.
            new: actions that an automatic update has added.
        """
        events = list(history)
        latest = {event["ACTION_ID"]: event["TIMESTAMP"] for event in sorted(events, key=lambda one: one["TIMESTAMP"])}
        scores = self._scores(events)
        rows = {key: actions.row(key) for key in {*self._actions, *new}}
        shown = [key for key, row in rows.items() if row and not _is_left_out(row, latest.get(key), now)]
        found = [(key, scores.get(key, 0.0)) for key in shown]
        return sorted(found, key=lambda one: (-one[1], -_value(rows[one[0]]), one[0]))

    def _scores(self, history: Iterable[Row]) -> dict[str, float]:
        """Likelihoods of the actions that were interacted with often enough, for a user with a history."""
        taken, counts = _count(history)
        return {
            action: (rate * _WEIGHT_OF_OTHERS + taken[action]) / (_WEIGHT_OF_OTHERS + counts[action])
            for action, rate in self._rates.items()
        }

    @cached_property
    def metrics(self) -> dict[str, float]:
        """Evaluation metrics, by what the testing users did last.

        Developer guide, "Evaluating an Amazon Personalize solution version with metrics": the names of precision and
        recall are inferred, and the area under the curve is left out, because no page has its name in answers.
        """
        tests = list(self._tests())
        recommended, taken, hits = Counter[str](), Counter[str](), Counter[str]()
        gains: dict[str, list[float]] = {f"normalized_discounted_cumulative_gain_at_{k}": [] for k in (5, 10, 25)}
        for best, wanted in tests:
            recommended.update(best)
            taken.update(wanted)
            hits.update(wanted.intersection(best))
            scores = metrics.score(best, wanted)
            for name, found in gains.items():
                found.append(scores[name])
        shown = {
            "coverage": len(recommended) / max(1, len(self._actions)),
            **{name: _mean(found) for name, found in gains.items()},
            "precision": _mean([hits[action] / count for action, count in recommended.items()]),
            "recall": _mean([hits[action] / count for action, count in taken.items()]),
        }
        return {name: round(value, _DECIMALS) for name, value in shown.items()}

    def _tests(self) -> Iterator[tuple[list[str], frozenset[str]]]:
        """For each testing user what is recommended, and what they took."""
        histories: dict[str, list[Row]] = defaultdict(list)
        for event in sorted(self._events, key=lambda one: one["TIMESTAMP"]):
            histories[event["USER_ID"]].append(event)
        for user in sorted(metrics.testing_users(histories)):
            known = metrics.split_history([event["ACTION_ID"] for event in histories[user]])[0]
            query, last = histories[user][: len(known)], histories[user][len(known) :]
            wanted = frozenset(event["ACTION_ID"] for event in last if _is_taken(event))
            scores = self._scores(query)
            if wanted:
                yield sorted(scores, key=lambda action: (-scores[action], action))[:_SHOWN], wanted


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def _considered(actions: Dataset) -> list[str]:
    """At most 1000 actions, the newest first (developer guide, "Preparing action metadata for training")."""
    rows = sorted(actions.rows("ALL"), key=lambda row: -(row.get("CREATION_TIMESTAMP") or 0))
    return [row["ACTION_ID"] for row in rows[:_MOST_ACTIONS]]


def _is_taken(event: Row) -> bool:
    return action_event(str(event["EVENT_TYPE"])) == _TAKEN


def _count(events: Iterable[Row]) -> tuple[Counter[str], Counter[str]]:
    """How often each action was taken, and how often it was interacted with."""
    taken, every = Counter[str](), Counter[str]()
    for event in events:
        every[event["ACTION_ID"]] += 1
        taken[event["ACTION_ID"]] += _is_taken(event)
    return taken, every


def _rates(events: Sequence[Row]) -> dict[str, float]:
    """Share of the interactions with an action in which it was taken, for those with enough of both kinds."""
    since = max((event["TIMESTAMP"] for event in events), default=0) - _SPAN
    taken, every = _count(event for event in events if event["TIMESTAMP"] >= since)
    return {
        action: taken[action] / count
        for action, count in every.items()
        if taken[action] >= _LEAST_EVENTS and count - taken[action] >= _LEAST_EVENTS
    }


def _is_left_out(row: Row, latest: float | None, now: float) -> bool:
    """Whether an action has expired, or may not be repeated yet."""
    expires = next((row[name] for name in _EXPIRATION if row.get(name) is not None), None)
    if expires is not None and expires <= now:
        return True
    days = row.get("REPEAT_FREQUENCY")
    return latest is not None and days is not None and now < latest + days * _DAY


def _value(row: Mapping[str, object] | None) -> float:
    value = (row or {}).get("VALUE")
    return float(value) if isinstance(value, int | float) else 0.0
