"""Recommendations and rankings."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import RECIPE, VOD, Account, refusal

WATCHED = {
    f"u{n}": {item for user, item, kind, _ in records.interaction_rows() if (user, kind) == (f"u{n}", "Watch")}
    for n in range(30)
}
ALL_ITEMS = {f"i{n}" for n in range(40)}
WAR = {f"i{n}" for n in range(40) if n % 2}


def ranking(account: Account, campaign: str, items: list[str], user: str = "u0", **params: Any) -> dict[str, float]:
    """Score by item, best first."""
    answer = account.runtime.get_personalized_ranking(campaignArn=campaign, userId=user, inputList=items, **params)
    return {one["itemId"]: one.get("score", 0.0) for one in answer["personalizedRanking"]}


# -- recommenders ------------------------------------------------------------------------------------------


def test_top_picks_leave_out_what_the_user_has_watched(movies: Account) -> None:
    recommender = movies.recommender()
    for user in ("u0", "u7"):
        picks = movies.recommended(recommender, user, numResults=100)
        assert set(picks) == ALL_ITEMS - WATCHED[user]
        assert len(picks) == len(set(picks))
    assert set(movies.recommended(recommender, "nobody", numResults=100)) == ALL_ITEMS


def test_top_picks_differ_with_the_user(movies: Account) -> None:
    recommender = movies.recommender()
    assert movies.recommended(recommender, "u0") != movies.recommended(recommender, "u20")


def test_top_picks_are_what_neighbours_watch(account: Account) -> None:
    """u0 has watched what the first camp watches, but for i0, which it gets before anything of the second camp."""
    first, second = [f"i{n}" for n in range(20)], [f"i{n}" for n in range(20, 40)]
    rows = [("u0", item, "Watch", n) for n, item in enumerate(first[1:])]
    for user in range(1, 61):
        rows += [(f"u{user}", item, "Watch", n) for n, item in enumerate(first if user % 2 else second)]
    account.open_group()
    for kind, body in (("Interactions", rows), ("Items", records.item_rows())):
        account.dataset(kind)
        account.imported(kind, records.csv(kind, body))
    assert account.recommended(account.recommender(), "u0", numResults=1) == ["i0"]
    similar = account.recommender("aws-vod-more-like-x")
    assert set(account.recommended(similar, "u2", itemId="i5", numResults=19)) == set(first) - {"i5"}


def test_more_like_x_needs_an_item_and_leaves_it_out(movies: Account) -> None:
    recommender = movies.recommender("aws-vod-more-like-x")
    code, message = refusal(movies.runtime.get_recommendations, recommenderArn=recommender, userId="u0")
    assert (code, message) == ("InvalidInput", "itemId is required for aws-vod-more-like-x.")
    found = movies.recommended(recommender, "nobody", itemId="i3", numResults=100)
    assert set(found) == ALL_ITEMS - {"i3"}
    assert set(movies.recommended(recommender, "u0", itemId="i3", numResults=100)) == ALL_ITEMS - WATCHED["u0"] - {"i3"}


@pytest.mark.parametrize(
    ("use_case", "needs_user"),
    [("aws-vod-top-picks", True), ("aws-vod-most-popular", True), ("aws-vod-trending-now", False)],
)
def test_most_use_cases_need_a_user(movies: Account, use_case: str, needs_user: bool) -> None:
    recommender = movies.recommender(use_case)
    if needs_user:
        code, message = refusal(movies.runtime.get_recommendations, recommenderArn=recommender)
        assert (code, message) == ("InvalidInput", f"userId is required for {use_case}.")
        return
    assert len(movies.runtime.get_recommendations(recommenderArn=recommender)["itemList"]) == 25


def counted(account: Account, rows: list[tuple[Any, ...]], use_case: str) -> list[str]:
    account.open_group()
    account.dataset("Interactions")
    job = account.imported("Interactions", records.csv("Interactions", rows))
    assert job["status"] == "ACTIVE", job
    return account.recommended(account.recommender(use_case), "nobody")


def test_most_popular_goes_by_the_number_of_users(account: Account) -> None:
    rows = [(f"u{user}", f"i{item}", "Watch", item) for item in range(40) for user in range(60 - item)]
    assert counted(account, rows, "aws-vod-most-popular") == [f"i{n}" for n in range(25)]


def test_trending_now_goes_by_what_is_recent(account: Account) -> None:
    rows = [(f"u{user}", f"i{item}", "Watch", 100 + user) for item in range(40) for user in range(40)]
    rows += [(f"u{user}", "new", "Watch", 1000 + user) for user in range(30)]
    assert counted(account, rows, "aws-vod-trending-now")[0] == "new"


@pytest.mark.parametrize(("asked", "number"), [(None, 25), (0, 0), (3, 3)])
def test_as_many_as_asked_for_are_recommended(movies: Account, asked: int | None, number: int) -> None:
    recommender = movies.recommender("aws-vod-most-popular")
    params: dict[str, Any] = {} if asked is None else {"numResults": asked}
    assert len(movies.recommended(recommender, **params)) == number


def test_at_most_500_can_be_asked_for(movies: Account) -> None:
    recommender = movies.recommender()
    movies.recommended(recommender, numResults=500)
    params = {"recommenderArn": recommender, "userId": "u0", "numResults": 501}
    assert refusal(movies.runtime.get_recommendations, **params) == (
        "InvalidInput",
        "numResults can be at most 500, not 501.",
    )


def test_either_a_campaign_or_a_recommender_is_asked(movies: Account) -> None:
    recommender = movies.recommender()
    for arns in ({}, {"recommenderArn": recommender, "campaignArn": recommender.replace("recommender", "campaign")}):
        code, message = refusal(movies.runtime.get_recommendations, userId="u0", **arns)
        assert (code, message) == ("InvalidInput", "Specify either campaignArn or recommenderArn.")


def test_what_is_asked_must_exist_and_be_active(movies: Account) -> None:
    get = movies.runtime.get_recommendations
    arn = movies.create("Recommender", datasetGroupArn=movies.group, recipeArn=f"{RECIPE}/aws-vod-top-picks")
    assert refusal(get, recommenderArn=f"{arn}-2", userId="u0")[0] == "ResourceNotFound"
    code, message = refusal(get, recommenderArn=arn, userId="u0")
    assert (code, "must be ACTIVE, but is CREATE PENDING" in message) == ("InvalidInput", True)
    movies.wait()
    get(recommenderArn=arn, userId="u0")
    movies.personalize.stop_recommender(recommenderArn=arn)
    movies.wait()
    assert refusal(get, recommenderArn=arn, userId="u0")[0] == "InvalidInput"


def test_recommendations_have_an_id_of_their_own(movies: Account) -> None:
    recommender = movies.recommender()
    ids = {
        movies.runtime.get_recommendations(recommenderArn=recommender, userId="u0")["recommendationId"]
        for _ in range(2)
    }
    assert len(ids) == 2


# -- campaigns ---------------------------------------------------------------------------------------------


def test_scores_are_for_custom_solutions_that_personalize(movies: Account) -> None:
    def scores(**asked: str) -> list[float | None]:
        answer = movies.runtime.get_recommendations(userId="nobody", numResults=100, **asked)
        return [one.get("score") for one in answer["itemList"]]

    found = scores(campaignArn=movies.campaign(recipe="aws-user-personalization-v2"))
    assert sum(score for score in found if score is not None) == pytest.approx(1.0)
    assert found == sorted(found, key=lambda score: -(score or 0))
    similar = movies.campaign(recipe="aws-similar-items")
    assert set(scores(campaignArn=similar, itemId="i1")) == {None}
    assert set(scores(recommenderArn=movies.recommender())) == {None}


def test_campaigns_hide_nothing(movies: Account) -> None:
    campaign = movies.campaign(recipe="aws-user-personalization")
    answer = movies.runtime.get_recommendations(campaignArn=campaign, userId="u0", numResults=100)
    assert {one["itemId"] for one in answer["itemList"]} == ALL_ITEMS


def test_each_operation_is_for_its_recipes(movies: Account) -> None:
    ranks, recommends = movies.campaign(), movies.campaign(recipe="aws-user-personalization")
    code, message = refusal(movies.runtime.get_recommendations, campaignArn=ranks, userId="u0")
    assert (code, "GetPersonalizedRanking" in message) == ("InvalidInput", True)
    code, message = refusal(
        movies.runtime.get_personalized_ranking, campaignArn=recommends, userId="u0", inputList=["i1"]
    )
    assert (code, "PERSONALIZED_RANKING" in message) == ("InvalidInput", True)


def test_a_ranking_keeps_exactly_the_items_and_puts_unknown_ones_last(movies: Account) -> None:
    asked = ["new", "i9", "i3", "newer", "i9", "i21"]
    found = ranking(movies, movies.campaign(), asked)
    assert set(found) == set(asked)
    assert list(found)[3:] == ["new", "newer"]
    assert [found["new"], found["newer"]] == [0.0, 0.0]
    assert sum(found.values()) == pytest.approx(1.0)
    assert list(found.values()) == sorted(found.values(), reverse=True)


def test_rankings_differ_with_the_user(movies: Account) -> None:
    campaign = movies.campaign()
    asked = sorted(ALL_ITEMS)
    # u1 has to do with odd items only.
    assert set(list(ranking(movies, campaign, asked, "u1"))[:20]) == WAR
    assert set(list(ranking(movies, campaign, asked, "u0"))[:20]) != WAR


def test_a_ranking_takes_at_most_500_items(movies: Account) -> None:
    campaign = movies.campaign()
    assert len(ranking(movies, campaign, [f"i{n}" for n in range(500)])) == 500
    params = {"campaignArn": campaign, "userId": "u0", "inputList": [f"i{n}" for n in range(501)]}
    assert refusal(movies.runtime.get_personalized_ranking, **params)[0] == "InvalidInput"


def test_an_updated_campaign_answers_as_before_until_the_update_is_done(account: Account) -> None:
    account.fill()
    solution = account.solution()
    campaign = account.campaign(account.version(solution))
    renamed = [(user, f"new-{item}", *rest) for user, item, *rest in records.interaction_rows()]
    account.imported("Interactions", records.csv("Interactions", renamed))
    account.update("Campaign", campaign, solutionVersionArn=account.version(solution))
    assert list(ranking(account, campaign, ["new-i1", "i1"])) == ["i1", "new-i1"]
    account.wait()
    assert list(ranking(account, campaign, ["i1", "new-i1"])) == ["new-i1", "i1"]


# -- filters -----------------------------------------------------------------------------------------------


def test_filters_apply_to_recommendations(movies: Account) -> None:
    recommender = movies.recommender()
    keep = movies.filter('INCLUDE ItemID WHERE Items.GENRES IN ("War")')
    found = movies.recommended(recommender, filterArn=keep, numResults=100)
    assert set(found) == WAR - WATCHED["u0"]
    unfiltered = movies.recommended(recommender, numResults=100)
    assert found == [item for item in unfiltered if item in WAR]


def test_filters_apply_to_rankings(movies: Account) -> None:
    leave = movies.filter('EXCLUDE ItemID WHERE Items.GENRES IN ("War")')
    found = ranking(movies, movies.campaign(), ["i1", "i2", "i3", "i4", "new"], filterArn=leave)
    assert set(found) == {"i2", "i4", "new"}


def test_filters_take_values_from_the_request(movies: Account) -> None:
    recommender = movies.recommender()
    keep = movies.filter("INCLUDE ItemID WHERE Items.GENRES IN ($GENRE) AND Items.PRICE < $PRICE")
    values = {"GENRE": '"Comedy"', "PRICE": "9"}
    found = movies.recommended(recommender, "nobody", filterArn=keep, filterValues=values, numResults=100)
    assert set(found) == {f"i{n}" for n in range(0, 18, 2) if n % 4}
    params = {"recommenderArn": recommender, "userId": "u0", "filterArn": keep, "filterValues": {"GENRE": "War"}}
    code, message = refusal(movies.runtime.get_recommendations, **params)
    assert (code, "PRICE" in message) == ("InvalidInput", True)


def test_filters_look_at_the_current_user(movies: Account) -> None:
    recommender = movies.recommender()
    adults = movies.filter('EXCLUDE ItemID WHERE Items.GENRES IN ("War") IF CurrentUser.AGE < 18')
    child = movies.recommended(recommender, "u0", filterArn=adults, numResults=100)
    grown_up = movies.recommended(recommender, "u29", filterArn=adults, numResults=100)
    assert not set(child) & WAR
    assert set(grown_up) & WAR


def test_filters_look_at_the_current_item_of_related_items_only(movies: Account) -> None:
    """Case 8. Source: developer guide, "Filter expression structure and elements", CurrentItem.attribute."""
    cheaper = movies.filter(
        "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRES IN CurrentItem.GENRES"
    )
    related = movies.recommender("aws-vod-more-like-x")
    found = movies.recommended(related, "nobody", itemId="i9", filterArn=cheaper, numResults=100)
    assert set(found) == {"i1", "i3", "i5", "i7"}
    params = {"recommenderArn": movies.recommender(), "userId": "u0", "filterArn": cheaper}
    code, message = refusal(movies.runtime.get_recommendations, **params)
    assert (code, message.partition("uses ")[2]) == ("InvalidInput", "CurrentItem, which is for related items only.")


def test_a_filter_must_exist_be_active_and_of_the_same_group(movies: Account) -> None:
    recommender = movies.recommender()
    params = {"recommenderArn": recommender, "userId": "u0"}
    get = movies.runtime.get_recommendations
    expression = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")'
    pending = movies.create("Filter", datasetGroupArn=movies.group, filterExpression=expression)
    assert refusal(get, filterArn=pending, **params)[0] == "InvalidInput"
    assert refusal(get, filterArn=f"{pending}-2", **params)[0] == "ResourceNotFound"
    movies.open_group(VOD)
    movies.dataset("Interactions")
    foreign = movies.filter(expression)
    code, message = refusal(get, filterArn=foreign, **params)
    assert (code, "another dataset group" in message) == ("InvalidInput", True)


# -- metadata ----------------------------------------------------------------------------------------------


def test_metadata_has_to_be_enabled_and_asked_for(movies: Account) -> None:
    columns = {"ITEMS": ["GENRES", "PRICE"]}
    get = movies.runtime.get_recommendations
    recommender = movies.recommender("aws-vod-most-popular")
    code, message = refusal(get, recommenderArn=recommender, userId="u0", metadataColumns=columns)
    assert (code, "enableMetadataWithRecommendations" in message) == ("InvalidInput", True)
    movies.update("Recommender", recommender, recommenderConfig={"enableMetadataWithRecommendations": True})
    movies.wait()
    assert all("metadata" not in one for one in get(recommenderArn=recommender, userId="u0")["itemList"])
    found = get(recommenderArn=recommender, userId="u0", metadataColumns=columns, numResults=50)["itemList"]
    shown = {one["itemId"]: one["metadata"] for one in found}
    assert shown["i1"] == {"genres": "Drama|War", "price": "0.5"}
    assert shown["i4"] == {"genres": "Comedy"}


@pytest.mark.parametrize(
    ("recipe", "config", "shows"),
    [
        ("aws-personalized-ranking", {}, False),
        ("aws-personalized-ranking", {"enableMetadataWithRecommendations": True}, True),
        ("aws-personalized-ranking-v2", {}, True),
    ],
)
def test_campaigns_of_v2_recipes_show_metadata_unasked(
    movies: Account, recipe: str, config: dict[str, bool], shows: bool
) -> None:
    campaign = movies.campaign(recipe=recipe, campaignConfig=config)
    params = {
        "campaignArn": campaign,
        "userId": "u0",
        "inputList": ["i1"],
        "metadataColumns": {"ITEMS": ["GENRES"]},
    }
    if not shows:
        assert refusal(movies.runtime.get_personalized_ranking, **params)[0] == "InvalidInput"
        return
    (found,) = movies.runtime.get_personalized_ranking(**params)["personalizedRanking"]
    # Recorded: the keys are in small letters.
    assert found["metadata"] == {"genres": "Drama|War"}


@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"ITEMS": ["DIRECTOR"]}, "no column DIRECTOR"),
        ({"USERS": ["AGE"]}, "no column (none asked for)"),
        ({"ITEMS": ["GENRES"] * 11}, "At most 10 metadata columns"),
    ],
)
def test_metadata_columns_must_be_those_of_items(movies: Account, columns: dict[str, list[str]], words: str) -> None:
    recommender = movies.recommender(recommenderConfig={"enableMetadataWithRecommendations": True})
    code, message = refusal(
        movies.runtime.get_recommendations, recommenderArn=recommender, userId="u0", metadataColumns=columns
    )
    assert (code, words in message) == ("InvalidInput", True)


def test_with_metadata_at_most_50_can_be_asked_for(movies: Account) -> None:
    recommender = movies.recommender(recommenderConfig={"enableMetadataWithRecommendations": True})
    params = {"recommenderArn": recommender, "userId": "u0", "metadataColumns": {"ITEMS": ["GENRES"]}}
    movies.runtime.get_recommendations(numResults=50, **params)
    assert refusal(movies.runtime.get_recommendations, numResults=51, **params)[0] == "InvalidInput"


# -- promotions --------------------------------------------------------------------------------------------


def promoted(account: Account, recommender: str, share: int, arn: str, **params: Any) -> list[tuple[str, bool]]:
    promotion = {"name": "war", "percentPromotedItems": share, "filterArn": arn}
    answer = account.runtime.get_recommendations(
        **{"recommenderArn": recommender, "userId": "nobody", "numResults": 10, "promotions": [promotion], **params}
    )
    return [(one["itemId"], one.get("promotionName") == "war") for one in answer["itemList"]]


@pytest.mark.parametrize(("share", "number"), [(1, 0), (20, 2), (50, 5), (100, 10)])
def test_a_share_of_the_items_is_promoted(movies: Account, share: int, number: int) -> None:
    recommender = movies.recommender("aws-vod-most-popular")
    found = promoted(movies, recommender, share, movies.filter('INCLUDE ItemID WHERE Items.GENRES IN ("War")'))
    assert len({item for item, _ in found}) == 10
    chosen = [item for item, is_promoted in found if is_promoted]
    assert len(chosen) == number
    assert set(chosen) <= WAR
    # Each kind is in its own order.
    ranked = movies.recommended(recommender, "nobody", numResults=100)
    assert chosen == sorted(chosen, key=ranked.index)
    others = [item for item, is_promoted in found if not is_promoted]
    assert others == sorted(others, key=ranked.index)


def test_too_few_items_to_promote_are_filled_up(movies: Account) -> None:
    cheap = movies.filter("INCLUDE ItemID WHERE Items.PRICE < 1")
    found = promoted(movies, movies.recommender("aws-vod-most-popular"), 100, cheap)
    assert [item for item, is_promoted in found if is_promoted] == ["i1"]
    assert len(found) == 10


def test_the_filter_of_a_request_is_not_for_promoted_items(movies: Account) -> None:
    war = movies.filter('INCLUDE ItemID WHERE Items.GENRES IN ("War")')
    comedy = movies.filter('INCLUDE ItemID WHERE Items.GENRES IN ("Comedy")')
    found = promoted(movies, movies.recommender("aws-vod-most-popular"), 50, war, filterArn=comedy)
    assert {item in WAR for item, is_promoted in found if is_promoted} == {True}
    assert {item in WAR for item, is_promoted in found if not is_promoted} == {False}


def test_there_is_one_promotion_at_most(movies: Account) -> None:
    promotion = {"filterArn": movies.filter('INCLUDE ItemID WHERE Items.GENRES IN ("War")')}
    code, _ = refusal(
        movies.runtime.get_recommendations,
        recommenderArn=movies.recommender(),
        userId="u0",
        promotions=[promotion, promotion],
    )
    assert code == "Validation"
