"""What reaches recommendations after a training without another one.

Developer guide, "How new data influences real-time recommendations", "Use case and recipe features".
"""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import Account
from tests.tools.emulator.support.batch import output_of, run_batch
from tests.tools.emulator.test_actions import load, open_group

HOUR = 3600.0
DAY = 86_400
# The latest interaction of the fixtures.
LATEST = 1_600_000_000 + 29 * 1000 + 59


def put_item(account: Account, name: str = "fresh", created: int = LATEST) -> None:
    properties = json.dumps({"genres": "Comedy", "creationTimestamp": created})
    item = {"itemId": name, "properties": properties}
    account.events.put_items(datasetArn=account.datasets["Items"], items=[item])


def answer(account: Account, serving: str, user: str = "new", **params: Any) -> list[dict[str, Any]]:
    member = "campaignArn" if ":campaign/" in serving else "recommenderArn"
    given = {member: serving, "userId": user, "numResults": 100, **params}
    found: list[dict[str, Any]] = account.runtime.get_recommendations(**given)["itemList"]
    return found


def items(account: Account, serving: str, user: str = "new", **params: Any) -> list[str]:
    return [one["itemId"] for one in answer(account, serving, user, **params)]


def rows_of(user: str, *names: str, time: int = LATEST) -> str:
    """Interactions of one user, enough of them to be imported."""
    rows = [(user, names[n % len(names)], "Watch", time + n) for n in range(1000)]
    return records.csv("Interactions", rows)


# -- interactions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("recipe", ["aws-user-personalization", "aws-user-personalization-v2"])
@pytest.mark.parametrize("mode", ["FULL", "INCREMENTAL"])
def test_bulk_interactions_wait_for_a_training_and_events_do_not(movies: Account, recipe: str, mode: str) -> None:
    campaign, tracking_id = movies.campaign(recipe=recipe), movies.tracker()
    known, new = items(movies, campaign, "u1"), items(movies, campaign)
    movies.imported("Interactions", rows_of("new", "i1", "i2"), importMode=mode)
    assert (items(movies, campaign, "u1"), items(movies, campaign)) == (known, new)
    event = {"eventType": "Watch", "itemId": "i1", "sentAt": LATEST}
    movies.events.put_events(trackingId=tracking_id, userId="new", sessionId="s", eventList=[event])
    assert items(movies, campaign) != new
    assert items(movies, campaign, "u1") == known


def test_bulk_interactions_count_after_the_training(movies: Account) -> None:
    solution = movies.solution("aws-user-personalization")
    campaign = movies.campaign(movies.version(solution))
    before = items(movies, campaign)
    movies.imported("Interactions", rows_of("new", "i1"), importMode="INCREMENTAL")
    movies.update("Campaign", campaign, solutionVersionArn=movies.version(solution))
    movies.wait()
    assert items(movies, campaign) != before


def test_rankings_follow_events_at_once(movies: Account) -> None:
    campaign, tracking_id = movies.campaign(recipe="aws-personalized-ranking-v2"), movies.tracker()
    asked = {"campaignArn": campaign, "userId": "new", "inputList": [f"i{n}" for n in range(40)]}
    before = movies.runtime.get_personalized_ranking(**asked)["personalizedRanking"]
    movies.imported("Interactions", rows_of("new", "i1"), importMode="INCREMENTAL")
    assert movies.runtime.get_personalized_ranking(**asked)["personalizedRanking"] == before
    event = {"eventType": "Watch", "itemId": "i1", "sentAt": LATEST}
    movies.events.put_events(trackingId=tracking_id, userId="new", sessionId="s", eventList=[event])
    assert movies.runtime.get_personalized_ranking(**asked)["personalizedRanking"] != before


# -- new items ---------------------------------------------------------------------------------------------


def serve(account: Account, name: str, **config: Any) -> str:
    """A recommender of a use case, or a campaign of a recipe."""
    if name.startswith("aws-vod"):
        return account.recommender(name, **({"recommenderConfig": config} if config else {}))
    return account.campaign(recipe=name, **({"campaignConfig": config} if config else {}))


@pytest.mark.parametrize("name", ["aws-vod-top-picks", "aws-user-personalization", "aws-user-personalization-v2"])
def test_new_items_come_with_the_update_every_two_hours(movies: Account, name: str) -> None:
    serving = serve(movies, name)
    before = items(movies, serving)
    put_item(movies)
    assert items(movies, serving) == before
    movies.wait(2 * HOUR)
    found = items(movies, serving)
    assert "fresh" in found[:25]
    assert [item for item in found if item != "fresh"] == before


@pytest.mark.parametrize("name", ["aws-sims", "aws-similar-items", "aws-popularity-count", "aws-vod-most-popular"])
def test_recipes_that_do_not_explore_learn_of_items_by_training_only(movies: Account, name: str) -> None:
    serving = serve(movies, name)
    put_item(movies)
    movies.wait(2 * HOUR)
    assert "fresh" not in items(movies, serving, itemId="i1")


def test_new_items_come_from_interactions_too(movies: Account) -> None:
    serving, tracking_id = serve(movies, "aws-vod-top-picks"), movies.tracker()
    event = {"eventType": "Watch", "itemId": "seen", "sentAt": LATEST}
    movies.events.put_events(trackingId=tracking_id, userId="u1", sessionId="s", eventList=[event])
    movies.imported("Interactions", rows_of("u2", "bought"), importMode="INCREMENTAL")
    movies.wait(2 * HOUR)
    assert {"seen", "bought"} <= set(items(movies, serving))


def test_an_item_that_has_left_the_items_is_not_explored(movies: Account) -> None:
    serving = serve(movies, "aws-vod-top-picks")
    header = records.csv("Items", [*records.item_rows(), ("fresh", "Comedy", LATEST, 1)])
    movies.imported("Items", header)
    movies.wait(2 * HOUR)
    assert "fresh" in items(movies, serving)
    movies.imported("Items", records.csv("Items", records.item_rows()))
    assert "fresh" not in items(movies, serving)


def test_without_an_items_dataset_interactions_bring_new_items(account: Account) -> None:
    account.fill("Interactions")
    serving = serve(account, "aws-vod-top-picks")
    account.imported("Interactions", rows_of("u2", "bought"), importMode="INCREMENTAL")
    account.wait(2 * HOUR)
    assert "bought" in items(account, serving)


@pytest.mark.parametrize(("weight", "place"), [("0", None), ("0.1", 9), ("0.5", 1), ("1", 0)])
def test_the_weight_says_how_much_is_explored(movies: Account, weight: str, place: int | None) -> None:
    """How the service mixes new items in is on no page."""
    config = {"itemExplorationConfig": {"explorationWeight": weight}}
    serving = serve(movies, "aws-user-personalization", **config)
    put_item(movies)
    movies.wait(2 * HOUR)
    found = items(movies, serving)
    assert (found.index("fresh") if "fresh" in found else None) == place


def test_items_to_explore_have_an_age(movies: Account) -> None:
    config = {"itemExplorationConfig": {"explorationItemAgeCutOff": "10"}}
    default, short = serve(movies, "aws-vod-top-picks"), serve(movies, "aws-vod-top-picks", **config)
    for days in (9, 11, 29, 31):
        put_item(movies, f"aged-{days}", LATEST - days * DAY)
    movies.wait(2 * HOUR)
    assert {item for item in items(movies, default) if item.startswith("aged")} == {"aged-9", "aged-11", "aged-29"}
    assert {item for item in items(movies, short) if item.startswith("aged")} == {"aged-9"}


def test_new_items_can_be_filtered(movies: Account) -> None:
    serving = serve(movies, "aws-vod-top-picks")
    chosen = movies.filter('INCLUDE ItemID WHERE Items.GENRES IN ("Comedy")')
    dropped = movies.filter("EXCLUDE ItemID WHERE Items.CREATION_TIMESTAMP > 100")
    put_item(movies)
    movies.wait(2 * HOUR)
    assert "fresh" in items(movies, serving, filterArn=chosen)
    assert "fresh" not in items(movies, serving, filterArn=dropped)


def test_the_v2_recipe_says_what_it_explores_and_what_was_promoted(movies: Account) -> None:
    """API reference, PredictedItem."""
    serving = serve(movies, "aws-user-personalization-v2")
    dramas = movies.filter('INCLUDE ItemID WHERE Items.GENRES IN ("Drama")')
    put_item(movies)
    movies.wait(2 * HOUR)
    promotion = {"name": "dramas", "percentPromotedItems": 10, "filterArn": dramas}
    reasons = {one["itemId"]: one.get("reason") for one in answer(movies, serving, promotions=[promotion])}
    assert reasons["fresh"] == ["Exploration"]
    promoted = [item for item, why in reasons.items() if why == ["Promoted item"]]
    assert promoted
    assert all(int(item[1:]) % 2 for item in promoted)
    older = answer(movies, serve(movies, "aws-user-personalization"))
    assert all("reason" not in one for one in older)


def test_only_the_newest_version_is_updated(movies: Account) -> None:
    solution = movies.solution("aws-user-personalization")
    campaign = movies.campaign(movies.version(solution))
    movies.version(solution)
    put_item(movies)
    movies.wait(4 * HOUR)
    assert "fresh" not in items(movies, campaign)


def test_what_updates_brought_stays_when_they_end(movies: Account) -> None:
    solution = movies.solution("aws-user-personalization")
    campaign = movies.campaign(movies.version(solution))
    put_item(movies)
    movies.wait(2 * HOUR)
    movies.version(solution)
    put_item(movies, "fresher")
    movies.wait(4 * HOUR)
    assert "fresh" in items(movies, campaign)
    assert "fresher" not in items(movies, campaign)


def test_an_update_training_takes_new_items_in_and_ends_the_updates(movies: Account) -> None:
    """API reference, CreateSolutionVersion, trainingMode."""
    solution = movies.solution("aws-user-personalization")
    full = movies.version(solution)
    put_item(movies)
    version = movies.version(solution, trainingMode="UPDATE")
    campaign = movies.campaign(version)
    assert "fresh" in items(movies, campaign)
    put_item(movies, "fresher")
    movies.wait(4 * HOUR)
    assert "fresher" not in items(movies, campaign)
    metrics = [movies.personalize.get_solution_metrics(solutionVersionArn=one)["metrics"] for one in (full, version)]
    assert metrics[0] == metrics[1]


def test_a_batch_updates_the_newest_version_when_it_begins(movies: Account) -> None:
    """Developer guide, "How new data influences batch recommendations (custom resources)"."""
    solution = movies.solution("aws-user-personalization-v2")
    older, newer = movies.version(solution), movies.version(solution)
    put_item(movies)
    for version, explores in ((newer, True), (older, False)):
        run_batch(movies, "BatchInferenceJob", version, {"userId": "u1"})
        [line] = output_of(movies)
        assert ("fresh" in line["output"]["recommendedItems"]) == explores


def test_a_training_takes_everything_in(movies: Account) -> None:
    solution = movies.solution("aws-sims")
    movies.imported("Interactions", rows_of("u2", "bought", "i1"), importMode="INCREMENTAL")
    campaign = movies.campaign(movies.version(solution))
    assert "bought" in items(movies, campaign, itemId="i1")


# -- trends ------------------------------------------------------------------------------------------------


def test_trends_are_found_every_two_hours(movies: Account) -> None:
    tracking_id, serving = movies.tracker(), serve(movies, "aws-vod-trending-now")
    before = items(movies, serving)
    events = [{"eventType": "Watch", "itemId": "rising", "sentAt": LATEST + n} for n in range(10)]
    for user in ("u1", "u2", "u3"):
        movies.events.put_events(trackingId=tracking_id, userId=user, sessionId="s", eventList=events)
    assert items(movies, serving) == before
    movies.wait(2 * HOUR)
    assert items(movies, serving)[0] == "rising"
    assert items(movies, serving)[0] == "rising"


@pytest.mark.parametrize(("frequency", "hours"), [("30 minutes", 0.5), ("1 hour", 1), ("1 day", 2)])
def test_trends_are_found_as_often_as_is_configured(movies: Account, frequency: str, hours: float) -> None:
    """Developer guide, "Trending-Now recipe"; the longer ones are refreshed every two hours too."""
    config = {"featureTransformationParameters": {"trend_discovery_frequency": frequency}}
    campaign = movies.campaign(movies.version(movies.solution("aws-trending-now", solutionConfig=config)))
    # Updates come at whole periods after the campaign.
    created = movies.describe("Campaign", campaign)["creationDateTime"].timestamp()
    movies.wait((created - movies.clock.now()) % (hours * HOUR) + 1)
    event = {"eventType": "Watch", "itemId": "rising", "sentAt": LATEST + 1}
    tracker = movies.create("EventTracker", datasetGroupArn=movies.group)
    movies.wait(20)
    tracking_id = movies.describe("EventTracker", tracker)["trackingId"]
    movies.events.put_events(trackingId=tracking_id, userId="u1", sessionId="s", eventList=[event])
    assert "rising" not in items(movies, campaign)
    movies.wait(hours * HOUR - 30)
    assert "rising" not in items(movies, campaign)
    movies.wait(30)
    assert "rising" in items(movies, campaign)


# -- actions, users, weeks ---------------------------------------------------------------------------------


def test_new_actions_come_with_the_update_every_two_hours(account: Account) -> None:
    open_group(account)
    load(account, "Actions", [("join", 10, "Basic", "", "", "")])
    campaign = account.campaign(recipe="aws-next-best-action")

    def shown() -> dict[str, float]:
        found = account.runtime.get_action_recommendations(campaignArn=campaign, userId="u1")["actionList"]
        return {one["actionId"]: one["score"] for one in found}

    account.events.put_actions(datasetArn=account.datasets["Actions"], actions=[{"actionId": "rate"}])
    assert shown() == {"join": 0.0}
    account.wait(2 * HOUR)
    assert shown() == {"join": 0.0, "rate": 0.0}


@pytest.mark.parametrize("name", ["aws-vod-top-picks", "aws-vod-trending-now", "aws-popularity-count"])
def test_new_users_get_recommendations_at_once(movies: Account, name: str) -> None:
    serving = serve(movies, name)
    assert len(items(movies, serving, "nobody has seen them")) == 40


def test_recommenders_are_trained_again_every_week(movies: Account) -> None:
    """Developer guide, "Domain recommenders in Amazon Personalize"."""
    serving = serve(movies, "aws-vod-most-popular")
    movies.imported("Interactions", rows_of("u2", "bought"), importMode="INCREMENTAL")
    assert "bought" not in items(movies, serving)
    movies.wait(7 * DAY)
    assert "bought" in items(movies, serving)


def test_a_stopped_recommender_is_not_trained(movies: Account) -> None:
    serving = serve(movies, "aws-vod-most-popular")
    movies.personalize.stop_recommender(recommenderArn=serving)
    movies.imported("Interactions", rows_of("u2", "bought"), importMode="INCREMENTAL")
    movies.wait(8 * DAY)
    movies.personalize.start_recommender(recommenderArn=serving)
    movies.wait()
    assert "bought" not in items(movies, serving)
    movies.wait(7 * DAY)
    assert "bought" in items(movies, serving)


def test_a_deleted_recommender_is_not_trained(movies: Account) -> None:
    serving = serve(movies, "aws-vod-most-popular")
    movies.delete("Recommender", serving)
    movies.wait(8 * DAY)
    assert movies.status("Recommender", serving) == "GONE"
