"""Asks what a user would be shown: by every recommender and by the campaign, with and without each filter."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar

from botocore.exceptions import BotoCoreError, ClientError

from stacks.personalize.filter_expression import filter_placeholders

from .catalogue import Catalogue
from .found import Listed, Recommender, Reordered, Seen, User
from .records import Row

SHOWN = 10
RERANKED = 12
# Recipes that recommend what is like an item (developer guide, "VIDEO_ON_DEMAND use cases").
_NEED_AN_ITEM = frozenset({"aws-vod-more-like-x", "aws-vod-because-you-watched-x"})

_L = TypeVar("_L", bound=Listed)


@dataclass(frozen=True)
class Filter:
    """A filter of the dataset group.

    Attributes:
        name: in the settings.
        arn: its ARN.
        expression: with placeholders.
    """

    name: str
    arn: str
    expression: str

    @property
    def placeholders(self) -> dict[str, str]:
        """By placeholder, the column that its values are of."""
        return filter_placeholders(self.expression)


@dataclass(frozen=True)
class _Filtered:
    """A filter with values: the members of a request, and how the page calls it; or why it cannot be used."""

    members: Mapping[str, Any]
    note: str
    problem: str = ""


@dataclass(frozen=True)
class Questions:
    """What is asked about each user.

    Attributes:
        runtime: client of `personalize-runtime`.
        catalogue: the items.
        recommenders: all of them.
        campaign_arn: None without ranking.
        filters: all of them.
        popular: ids of the items that are re-ranked.
    """

    runtime: Any
    catalogue: Catalogue
    recommenders: Sequence[Recommender]
    campaign_arn: str | None
    filters: Sequence[Filter]
    popular: Sequence[str]

    def about(self, user: str, rows: Sequence[Row]) -> User:
        """Ask everything about a user.

        Args:
            user: id.
            rows: the user's interactions, newest first.
        """
        seen = tuple(
            Seen(self.catalogue.item(item), _event_types(each), _date(each[0]["TIMESTAMP"]))
            for item, each in list(_by_item(rows).items())[:SHOWN]
        )
        filtered = [_Filtered({}, ""), *(self._filtered(each, rows) for each in self.filters)]
        # What is for the user comes before what is like an item.
        ordered = sorted(self.recommenders, key=lambda recommender: recommender.recipe in _NEED_AN_ITEM)
        lists = [each for recommender in ordered for each in self._recommended(recommender, user, seen, filtered)]
        return User(user, len(rows), seen, lists, list(self._reranked(user, filtered)))

    def _recommended(
        self, recommender: Recommender, user: str, seen: Sequence[Seen], filtered: Sequence[_Filtered]
    ) -> Iterator[Listed]:
        title, item = recommender.use_case, None
        if recommender.recipe in _NEED_AN_ITEM:
            if not seen:
                yield Listed(title, "", problem="Not asked: nothing is known that this user watched.")
                return
            item = seen[0].item
            title = f"{recommender.use_case.removesuffix(' X')} {item.title}"
        asked: dict[str, Any] = {"recommenderArn": recommender.arn, "userId": user, "numResults": SHOWN}
        asked |= {"itemId": item.id} if item else {}
        for each in filtered:
            unanswered = Listed(title, each.note, problem=each.problem)
            yield self._answered(unanswered, self.runtime.get_recommendations, "itemList", {**asked, **each.members})

    def _reranked(self, user: str, filtered: Sequence[_Filtered]) -> Iterator[Reordered]:
        if self.campaign_arn is None or not self.popular:
            return
        asked: dict[str, Any] = {"campaignArn": self.campaign_arn, "userId": user, "inputList": list(self.popular)}
        before = [self.catalogue.item(id) for id in self.popular]
        for each in filtered:
            unanswered = Reordered("Re-ranked", each.note, problem=each.problem, before=before)
            call = self.runtime.get_personalized_ranking
            yield self._answered(unanswered, call, "personalizedRanking", {**asked, **each.members})

    def _answered(self, unanswered: _L, call: Callable[..., Any], member: str, params: Mapping[str, Any]) -> _L:
        """A list with the answer to a request, or with the reason why there is none."""
        if unanswered.problem:
            return unanswered
        try:
            found = [self.catalogue.item(each["itemId"]) for each in call(**params)[member]]
        except (ClientError, BotoCoreError) as error:
            return replace(unanswered, problem=f"No answer: {_reason(error)}")
        return replace(unanswered, items=found, problem="" if found else "The answer is empty.")

    def _filtered(self, one: Filter, rows: Sequence[Row]) -> _Filtered:
        """A filter, with the values that the user has most often.

        Values stand in quotes, all of them (developer guide, "Filtering real-time recommendations").
        """
        values = {name: self._usual(column, rows) for name, column in one.placeholders.items()}
        missing = [f"${name}" for name, value in values.items() if value is None]
        if missing:
            return _Filtered({}, f"filter {one.name}", f"Not asked: this user's data have no value for {missing[0]}.")
        shown = ", ".join(map(str, values.values()))
        quoted = {name: f'"{value}"' for name, value in values.items()}
        members = {"filterArn": one.arn} | ({"filterValues": quoted} if quoted else {})
        return _Filtered(members, f"filter {one.name}{f': {shown}' if shown else ''}")

    def _usual(self, column: str, rows: Sequence[Row]) -> str | None:
        dataset, _, name = column.partition(".")
        if dataset == "ITEMS":
            return self.catalogue.usual(name, (row["ITEM_ID"] for row in rows))
        if dataset != "INTERACTIONS":
            return None
        counted = Counter(value for row in rows for own, value in row.items() if own.upper() == name)
        return max(counted, key=lambda value: counted[value], default=None)


def _by_item(rows: Sequence[Row]) -> dict[str, list[Row]]:
    """Rows by item, in the order in which the items come."""
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row["ITEM_ID"], []).append(row)
    return found


def _event_types(rows: Sequence[Row]) -> str:
    return ", ".join(sorted({row["EVENT_TYPE"] for row in rows if row.get("EVENT_TYPE")}))


def _date(timestamp: str) -> str:
    try:
        return datetime.fromtimestamp(float(timestamp), UTC).date().isoformat()
    except (ValueError, OverflowError, OSError):
        return ""


def _reason(error: Exception) -> str:
    if isinstance(error, ClientError):
        return str(error.response["Error"].get("Message") or error)
    return str(error)
