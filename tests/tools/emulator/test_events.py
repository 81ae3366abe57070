"""Events, items and users recorded one by one."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.tools.emulator.support.account import Account, refusal


def watch(item: str, event_id: str | None = None, kind: str = "Watch", **members: Any) -> dict[str, Any]:
    event = {"eventType": kind, "itemId": item, "sentAt": 1_700_000_000, **members}
    return {**event, "eventId": event_id} if event_id else event


def record(
    account: Account, tracking_id: str, *events: dict[str, Any], user: str | None = "new", **params: Any
) -> None:
    named = {"userId": user} if user else {}
    account.events.put_events(trackingId=tracking_id, sessionId="session", eventList=list(events), **named, **params)


def picks(account: Account, recommender: str, user: str = "new") -> list[str]:
    return account.recommended(recommender, user, numResults=100)


def test_a_watched_item_is_hidden_at_once(movies: Account) -> None:
    recommender, tracking_id = movies.recommender(), movies.tracker()
    assert "i1" in picks(movies, recommender)
    record(movies, tracking_id, watch("i1"), watch("i2", kind="Click"))
    assert "i1" not in picks(movies, recommender)
    assert "i2" in picks(movies, recommender)


def test_events_change_what_comes_next(movies: Account) -> None:
    recommender, tracking_id = movies.recommender(), movies.tracker()
    before = picks(movies, recommender)
    record(movies, tracking_id, watch("i1", kind="Click"))
    assert picks(movies, recommender) != before
    assert sorted(picks(movies, recommender)) == sorted(before)


def test_events_change_rankings_and_filters(movies: Account) -> None:
    campaign, tracking_id = movies.campaign(), movies.tracker()
    unseen = movies.filter('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")')
    params = {"campaignArn": campaign, "userId": "new", "inputList": ["i1", "i2", "i3"], "filterArn": unseen}
    record(movies, tracking_id, watch("i2"))
    found = movies.runtime.get_personalized_ranking(**params)["personalizedRanking"]
    assert {one["itemId"] for one in found} == {"i1", "i3"}


def test_an_event_with_a_known_id_does_not_count(movies: Account) -> None:
    recommender, tracking_id = movies.recommender(), movies.tracker()
    record(movies, tracking_id, watch("i1", "first"), watch("i2", "first"))
    record(movies, tracking_id, watch("i3", "first"), watch("i4", "second"))
    hidden = {f"i{n}" for n in range(40)} - set(picks(movies, recommender))
    assert hidden == {"i1", "i4"}


def test_until_a_user_is_known_the_session_stands_for_them(movies: Account) -> None:
    recommender, tracking_id = movies.recommender(), movies.tracker()
    record(movies, tracking_id, watch("i1"), user=None)
    assert "i1" not in picks(movies, recommender, "session")


def test_events_without_an_item_are_taken_and_mean_nothing(movies: Account) -> None:
    recommender, tracking_id = movies.recommender(), movies.tracker()
    before = picks(movies, recommender)
    record(movies, tracking_id, {"eventType": "Login", "sentAt": 1_700_000_000})
    assert picks(movies, recommender) == before


def test_a_tracking_id_must_be_that_of_an_active_tracker(movies: Account) -> None:
    arn = movies.create("EventTracker", datasetGroupArn=movies.group)
    tracking_id = movies.describe("EventTracker", arn)["trackingId"]
    params = {"sessionId": "s", "userId": "u", "eventList": [watch("i1")]}
    for unknown in (tracking_id, "00000000-0000-0000-0000-000000000000"):
        code, message = refusal(movies.events.put_events, trackingId=unknown, **params)
        assert (code, "no active event tracker" in message) == ("InvalidInput", True)
    movies.wait()
    movies.events.put_events(trackingId=tracking_id, **params)


def test_a_tracker_is_created_with_its_tracking_id_and_account(movies: Account) -> None:
    answer = movies.personalize.create_event_tracker(name="clicks", datasetGroupArn=movies.group)
    description = movies.describe("EventTracker", answer["eventTrackerArn"])
    assert description["trackingId"] == answer["trackingId"]
    assert description["accountId"] == "000000000000"


def test_an_item_may_be_named_in_the_properties_only(movies: Account) -> None:
    """Recorded: four such Watch events were then what a filter of watched films returned."""
    recommender = movies.recommender()
    seen = movies.recommended(recommender, "new")[:4]
    events = [
        {"eventType": "Watch", "sentAt": 1_700_000_000 + n, "properties": json.dumps({"itemId": item})}
        for n, item in enumerate(seen)
    ]
    movies.events.put_events(trackingId=movies.tracker(), sessionId="s", userId="new", eventList=events)
    assert not set(seen) & set(movies.recommended(recommender, "new"))


@pytest.mark.parametrize("name", ["userId", "sessionid", "EVENTTYPE", "timestamp", "recommendationId", "impression"])
def test_some_names_are_no_properties(movies: Account, name: str) -> None:
    """API reference, Event."""
    params = {"sessionId": "s", "userId": "u", "eventList": [{**watch("i1"), "properties": json.dumps({name: "x"})}]}
    code, message = refusal(movies.events.put_events, trackingId=movies.tracker(), **params)
    assert (code, name in message) == ("InvalidInput", True)


@pytest.mark.parametrize("number", [0, 11])
def test_a_request_carries_one_to_ten_events(movies: Account, number: int) -> None:
    params = {"sessionId": "s", "userId": "u", "eventList": [watch("i1")] * number}
    assert refusal(movies.events.put_events, trackingId=movies.tracker(), **params)[0] == "Validation"


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ('{"director": "X"}', "Property 'director' matches no field of the schema."),
        ('["x"]', "Error parsing properties json"),
        ("{", "Error parsing properties json"),
    ],
)
def test_properties_must_fit_the_schema(movies: Account, properties: str, words: str) -> None:
    event = watch("i1", properties=properties)
    params = {"sessionId": "s", "userId": "u", "eventList": [event]}
    assert refusal(movies.events.put_events, trackingId=movies.tracker(), **params) == ("InvalidInput", words)


# -- items and users ---------------------------------------------------------------------------------------


def put_item(account: Account, item: str, **properties: Any) -> None:
    account.events.put_items(
        datasetArn=account.datasets["Items"], items=[{"itemId": item, "properties": json.dumps(properties)}]
    )


def test_an_item_put_anew_is_filtered_by_its_new_values(movies: Account) -> None:
    recommender = movies.recommender("aws-vod-most-popular")
    war = movies.filter('INCLUDE ItemID WHERE Items.GENRES IN ("War")')
    params = {"recommenderArn": recommender, "userId": "new", "filterArn": war, "numResults": 100}

    def found() -> set[str]:
        return {one["itemId"] for one in movies.runtime.get_recommendations(**params)["itemList"]}

    assert "i2" not in found()
    put_item(movies, "i2", genres="War|Comedy", creationTimestamp=1, price=3)
    assert "i2" in found()


def test_names_of_properties_are_camel_case_for_underscores(movies: Account) -> None:
    recommender = movies.recommender(recommenderConfig={"enableMetadataWithRecommendations": True})
    put_item(movies, "i2", genres="War", creationTimestamp="77", PRICE=None)
    found = movies.runtime.get_recommendations(
        recommenderArn=recommender,
        userId="new",
        numResults=50,
        metadataColumns={"ITEMS": ["GENRES", "CREATION_TIMESTAMP", "PRICE"]},
    )["itemList"]
    shown = {one["itemId"]: one["metadata"] for one in found}
    assert shown["i2"] == {"genres": "War", "creation_timestamp": "77"}


def test_a_user_put_anew_is_the_current_user(movies: Account) -> None:
    recommender = movies.recommender()
    adults = movies.filter('EXCLUDE ItemID WHERE Items.GENRES IN ("War") IF CurrentUser.AGE < 18')
    params = {"recommenderArn": recommender, "userId": "new", "filterArn": adults, "numResults": 100}
    assert len(movies.runtime.get_recommendations(**params)["itemList"]) == 40
    movies.events.put_users(
        datasetArn=movies.datasets["Users"], users=[{"userId": "new", "properties": '{"age": 9, "plan": "Member"}'}]
    )
    assert len(movies.runtime.get_recommendations(**params)["itemList"]) == 20


@pytest.mark.parametrize(
    ("properties", "words"),
    [
        ({"genres": "War"}, "The record lacks the required fields CREATION_TIMESTAMP."),
        ({"genres": "War", "creationTimestamp": "soon"}, "CREATION_TIMESTAMP is 'soon', which is not of type long."),
        ({"genres": None, "creationTimestamp": 1}, "The record lacks the required fields GENRES."),
        ({"genres": "War", "creationTimestamp": 1, "stars": 5}, "Property 'stars' matches no field of the schema."),
    ],
)
def test_items_must_fit_the_schema(movies: Account, properties: dict[str, Any], words: str) -> None:
    items = [{"itemId": "i1", "properties": json.dumps(properties)}]
    assert refusal(movies.events.put_items, datasetArn=movies.datasets["Items"], items=items) == ("InvalidInput", words)


def test_nothing_of_a_bad_request_is_taken(movies: Account) -> None:
    recommender, tracking_id = movies.recommender(), movies.tracker()
    events = [watch("i1"), watch("i2", properties='{"stars": 5}')]
    refusal(movies.events.put_events, trackingId=tracking_id, sessionId="s", userId="new", eventList=events)
    assert "i1" in picks(movies, recommender)


def test_items_go_into_an_items_dataset(movies: Account) -> None:
    items = [{"itemId": "i1"}]
    code, message = refusal(movies.events.put_items, datasetArn=movies.datasets["Users"], items=items)
    assert (code, "not an active dataset of type ITEMS" in message) == ("InvalidInput", True)
    missing = movies.datasets["Items"].replace("ITEMS", "FILMS")
    assert refusal(movies.events.put_items, datasetArn=missing, items=items)[0] == "ResourceNotFound"
