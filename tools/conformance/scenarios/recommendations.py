"""What a recommender answers, with the data that every run imports."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable
from typing import Any

from tools.conformance.run import Run
from tools.conformance.step import Expected, Step, Tier

from .materials import INVALID, MISSING, interactions, items, refused, taken
from .recommenders import INCLUDED

_USER = "u1"
_FILTERS = {
    "watched": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")',
    "favorites": 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Favorite")',
    "genre": "INCLUDE ItemID WHERE Items.GENRES IN ($GENRES)",
    "not-genre": "EXCLUDE ItemID WHERE Items.GENRES IN ($GENRES)",
    "children": 'EXCLUDE ItemID WHERE Items.GENRES IN ("Horror") IF CurrentUser.AGE < 5',
    "like-current": "INCLUDE ItemID WHERE Items.GENRES IN CurrentItem.GENRES",
    "recent": "INCLUDE ItemID WHERE Items.YEAR > 2010",
}
# Until an event counts ("a few seconds", with some to spare).
_SECONDS = 60.0
_SENT = 1_706_700_000
# Until the service has taken new items in, with some to spare.
_HOURS = 2.5


def _make_filters(run: Run) -> None:
    made = {
        name: run.personalize.create_filter(
            name=run.name(name), datasetGroupArn=run.recall("vod"), filterExpression=expression
        )["filterArn"]
        for name, expression in _FILTERS.items()
    }
    made["of-another-group"] = run.personalize.create_filter(
        name=run.name("of-another-group"), datasetGroupArn=run.recall("custom"), filterExpression=_FILTERS["watched"]
    )["filterArn"]
    run.remember("filters", made)
    # While it is pending.
    _ask(run, filterArn=made["of-another-group"])
    statuses = {run.settled("Filter", arn) for arn in made.values()}
    run.note("statuses", sorted(statuses), expected=["ACTIVE"])


def _ask_plainly(run: Run) -> None:
    found = _ask(run)
    run.note("items by default", len(found), expected=25)
    run.note("with a score", any("score" in each for each in found), expected=False)
    run.note("items that the user watched", len(_ids(found) & _watched(_USER)), expected=0)
    run.note("forms of recommendation ids", sorted({_form(_recommendation_id(run)) for _ in range(2)}))
    run.note("items for somebody unknown", len(_ask(run, userId="nobody")), expected=25)
    run.ask(run.runtime.get_recommendations, recommenderArn=run.recall("recommender"))
    _ask(run, numResults=501)
    run.ask(run.runtime.get_personalized_ranking, campaignArn=run.recall("recommender"), userId=_USER, inputList=["i1"])


def _recommendation_id(run: Run) -> str:
    answer = run.ask(run.runtime.get_recommendations, recommenderArn=run.recall("recommender"), userId=_USER)
    return str(answer["recommendationId"]) if answer else ""


def _form(recommendation_id: str) -> str:
    """The same for all ids that are written alike: each digit and small letter of a hexadecimal number is an x."""
    return re.sub(r"[0-9a-f]", "x", recommendation_id)


def _ask_for_metadata(run: Run) -> None:
    found = _ask(run, metadataColumns={"ITEMS": ["GENRES", "YEAR"]})
    keys = sorted({key for each in found for key in each.get("metadata", {})})
    run.note("keys of metadata", keys, expected=["genres", "year"])
    _ask(run, metadataColumns={"ITEMS": ["GENRES"]}, numResults=51)
    _ask(run, metadataColumns={"ITEMS": ["DIRECTOR"]})
    _ask(run, metadataColumns={"USERS": ["AGE"]})
    _ask(run, metadataColumns={"ITEMS": []})


def _filter(run: Run) -> None:
    plain = _ids(_ask(run, numResults=50))
    horror = {row[0] for row in items() if "Horror" in row[1]}
    found = _ids(_filtered(run, "genre", numResults=50, filterValues={"GENRES": '"Horror"'}))
    run.note("items of other genres", len(found - horror), expected=0)
    _filtered(run, "genre")
    found = _ids(_filtered(run, "not-genre", numResults=50))
    run.note("an EXCLUDE without its values lets everything through", found == plain, expected=True)
    found = _ids(_filtered(run, "children", numResults=50))
    run.note("an IF that does not hold lets everything through", found == plain, expected=True)
    found = _ids(_filtered(run, "watched", numResults=50))
    run.note("items that the user watched", len(found & _watched(_USER)), expected=0)


def _filter_wrongly(run: Run) -> None:
    _filtered(run, "of-another-group")
    _filtered(run, "like-current", itemId="i1")
    _ask(run, filterArn=f"{run.recall('filters')['genre']}-none")


def _promote(run: Run) -> None:
    # The new one is that of `events.items`.
    recent = {"i-new", *(row[0] for row in items() if row[3] and row[3] > 2010)}
    promotion = {"name": "recent", "percentPromotedItems": 40, "filterArn": run.recall("filters")["recent"]}
    found = _ask(run, numResults=10, promotions=[promotion])
    promoted = {each["itemId"] for each in found if each.get("promotionName")}
    run.note("promoted items", len(promoted), expected=4)
    run.note("promoted, but not recent", len(promoted - recent), expected=0)


def _count_events(run: Run) -> None:
    """A user favors what is recommended: with the item in the properties only, and, later, without a user."""
    first, second = (each["itemId"] for each in _ask(run, numResults=2))
    _send(run, {"userId": _USER}, {"properties": json.dumps({"itemId": first})})
    _send(run, {"userId": _USER}, {"itemId": second, "eventType": "FAVORITE"})
    run.pause(_SECONDS)
    found = _ids(_filtered(run, "favorites", numResults=50))
    run.note("an item in the properties counts", first not in found, expected=True)
    run.note("event types are matched in any case", second not in found, expected=True)


def _explore(run: Run) -> None:
    """Items that nobody has seen: the service takes them in every two hours."""
    new = [f"i-new-{number}" for number in range(5)]
    properties = json.dumps({"genres": "Comedy", "creationTimestamp": _SENT})
    sent = [{"itemId": item, "properties": properties} for item in new]
    run.events.put_items(datasetArn=run.recall("vod-Items"), items=sent)
    run.note("new items at once", len(_ids(_ask(run, numResults=100)) & set(new)), expected=0)
    run.pause(_HOURS * 3600)
    found = _ask(run, numResults=100)
    run.note(f"new items after {_HOURS} hours", bool(_ids(found) & set(new)), expected=True)
    run.note("places of new items", [place for place, each in enumerate(found) if each["itemId"] in new])


def _send(run: Run, who: dict[str, str], changes: dict[str, Any]) -> None:
    event = {"eventType": "Favorite", "sentAt": _SENT, **changes}
    run.events.put_events(trackingId=run.recall("tracking-id"), sessionId="favorites", eventList=[event], **who)


def _watched(user: str) -> set[str]:
    return {row[1] for row in interactions() if row[0] == user and row[2] == "Watch"}


def _ids(found: Iterable[dict[str, Any]]) -> set[str]:
    return {each["itemId"] for each in found}


def _filtered(run: Run, name: str, **params: Any) -> list[dict[str, Any]]:
    return _ask(run, filterArn=run.recall("filters")[name], **params)


def _ask(run: Run, **params: Any) -> list[dict[str, Any]]:
    """Recommended items; none if the request was refused."""
    wanted = {"recommenderArn": run.recall("recommender"), "userId": _USER, **params}
    answer = run.ask(run.runtime.get_recommendations, **wanted)
    return list(answer["itemList"]) if answer else []


def _step(name: str, what: str, does: Callable[[Run], None], *rules: str, **options: Any) -> Step:
    common = {"cost": INCLUDED, "needs": ("recommendations.filters_made",)}
    return Step(name, what, does, rules=rules, tier=Tier.TRAIN, **{**common, **options})


def _in_turn(operation: str, *errors: str) -> tuple[Expected, ...]:
    """What comes of the requests of an operation, one after the other."""
    return tuple(Expected(operation, error, which=number) for number, error in enumerate(errors))


STEPS = (
    _step(
        "recommendations.filters_made",
        "Makes filters for the recommender, and uses one while it is pending.",
        _make_filters,
        "recommendations.filter",
        needs=("recommenders.partial_update",),
        minutes=3,
        expects=refused("GetRecommendations", INVALID),
    ),
    _step(
        "recommendations.plain",
        "Asks for recommendations: with and without a user, for too many, and as of a campaign.",
        _ask_plainly,
        "recommendations.required_ids",
        "recommendations.watched",
        "recommendations.scores",
        "recommendations.limits",
        "recommendations.answers",
        expects=(*_in_turn("GetRecommendations", "", "", "", "", INVALID), Expected("GetPersonalizedRanking", MISSING)),
    ),
    _step(
        "recommendations.metadata",
        "Asks for metadata of items: columns, too many items, columns that are not there.",
        _ask_for_metadata,
        "recommendations.metadata_keys",
        "recommendations.metadata_enabled",
        "recommendations.limits",
        expects=_in_turn("GetRecommendations", "", INVALID, INVALID, INVALID, INVALID),
    ),
    _step(
        "recommendations.filtered",
        "Filters recommendations: by genres given and not given, by an IF that does not hold, by what was watched.",
        _filter,
        "filters.values",
        "filters.several_expressions",
        "filters.latest_interactions",
        "recommendations.filter",
        expects=_in_turn("GetRecommendations", "", "", INVALID, "", "", ""),
    ),
    _step(
        "recommendations.wrong_filters",
        "Filters by the filter of another group, by one that compares with the current item, and by none.",
        _filter_wrongly,
        "recommendations.filter",
        "filters.current_item",
        expects=(
            *_in_turn("GetRecommendations", INVALID, INVALID),
            Expected("GetRecommendations", MISSING, which=2),
        ),
    ),
    _step(
        "recommendations.promoted",
        "Promotes recent items.",
        _promote,
        "recommendations.promotions",
        expects=taken("GetRecommendations"),
    ),
    _step(
        "recommendations.events_counted",
        "Sends events about recommended items and filters by them.",
        _count_events,
        "events.what_counts",
        "filters.latest_interactions",
        minutes=2,
        expects=taken("PutEvents", 2),
    ),
    _step(
        "recommendations.new_items",
        f"Sends items that nobody has seen, and asks for recommendations at once and after {_HOURS} hours.",
        _explore,
        "updates.items",
        "updates.exploration",
        minutes=150,
        expects=taken("PutItems"),
    ),
)
