"""Recipes: lists and descriptions of what the service brings along."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.emulator.support.account import RECIPE, VOD, Account, refusal

VOD_RECIPES = [
    "aws-vod-because-you-watched-x",
    "aws-vod-more-like-x",
    "aws-vod-most-popular",
    "aws-vod-top-picks",
    "aws-vod-trending-now",
]
LEGACY = {"aws-hrnn", "aws-hrnn-coldstart", "aws-hrnn-metadata"}
# Developer guide, "Choosing a recipe", and the pages of the recipes.
TYPES = {
    "aws-hrnn": "USER_PERSONALIZATION",
    "aws-hrnn-coldstart": "USER_PERSONALIZATION",
    "aws-hrnn-metadata": "USER_PERSONALIZATION",
    "aws-item-affinity": "USER_SEGMENTATION",
    "aws-item-attribute-affinity": "USER_SEGMENTATION",
    "aws-next-best-action": "PERSONALIZED_ACTIONS",
    "aws-personalized-ranking": "PERSONALIZED_RANKING",
    "aws-personalized-ranking-v2": "PERSONALIZED_RANKING",
    "aws-popularity-count": "POPULAR_ITEMS",
    "aws-semantic-similarity": "RELATED_ITEMS",
    "aws-similar-items": "RELATED_ITEMS",
    "aws-sims": "RELATED_ITEMS",
    "aws-trending-now": "POPULAR_ITEMS",
    "aws-user-personalization": "USER_PERSONALIZATION",
    "aws-user-personalization-v2": "USER_PERSONALIZATION",
}


def pages(account: Account, **params: Any) -> list[list[str]]:
    """Names on each page of ListRecipes."""
    found = account.personalize.get_paginator("list_recipes").paginate(**params)
    return [[one["name"] for one in page["recipes"]] for page in found]


def test_all_recipes_are_listed_in_the_order_of_their_names(account: Account) -> None:
    every = [name for page in pages(account) for name in page]
    assert every == sorted(every)
    assert set(every) >= {*VOD_RECIPES, *TYPES} - LEGACY
    assert len(every) == len(set(every))


def test_legacy_recipes_are_not_listed(account: Account) -> None:
    """Recorded: they were in 2019, and no longer in 2022."""
    assert LEGACY.isdisjoint(name for page in pages(account) for name in page)


def test_the_first_page_is_short(account: Account) -> None:
    """Recorded in a published notebook."""
    first, second = pages(account)
    assert (first[0], first[-1]) == ("aws-ecomm-customers-who-viewed-x-also-viewed", "aws-sims")
    assert second[0] == "aws-trending-now"


def test_the_first_page_of_a_domain_may_be_empty(account: Account) -> None:
    assert pages(account, domain=VOD) == [[], VOD_RECIPES]
    first, second = pages(account, domain="ECOMMERCE")
    assert (len(first), second) == (5, [])


def test_pages_of_recipes_have_a_size(account: Account) -> None:
    found = pages(account, PaginationConfig={"PageSize": 3})
    assert [name for page in found for name in page] == [name for page in pages(account) for name in page]
    assert max(map(len, found)) == 3


def test_a_summary_has_the_members_that_were_recorded(account: Account) -> None:
    common = {"name", "recipeArn", "status", "creationDateTime", "lastUpdatedDateTime"}
    for recipe in account.personalize.list_recipes()["recipes"]:
        assert recipe.keys() - {"domain"} == common
        assert ("domain" in recipe) == recipe["name"].startswith("aws-ecomm")


@pytest.mark.parametrize(("name", "type_"), TYPES.items())
def test_a_recipe_has_a_type(account: Account, name: str, type_: str) -> None:
    assert account.personalize.describe_recipe(recipeArn=f"{RECIPE}/{name}")["recipe"]["recipeType"] == type_


def algorithm(account: Account, recipe: str) -> dict[str, Any]:
    arn = account.personalize.describe_recipe(recipeArn=f"{RECIPE}/{recipe}")["recipe"]["algorithmArn"]
    found: dict[str, Any] = account.personalize.describe_algorithm(algorithmArn=arn)["algorithm"]
    return found


def test_an_algorithm_shows_its_hyperparameters(account: Account) -> None:
    """Developer guide, "Personalized-Ranking recipe", "SIMS recipe"."""
    found = algorithm(account, "aws-personalized-ranking")
    assert found["defaultHyperParameters"] == {"hidden_dimension": "149", "bptt": "32", "recency_mask": "true"}
    assert found["defaultHyperParameterRanges"] == {
        "integerHyperParameterRanges": [
            {"name": "hidden_dimension", "minValue": 32, "maxValue": 256, "isTunable": True},
            {"name": "bptt", "minValue": 2, "maxValue": 32, "isTunable": True},
        ],
        "continuousHyperParameterRanges": [],
        "categoricalHyperParameterRanges": [{"name": "recency_mask", "values": ["true", "false"], "isTunable": True}],
    }
    continuous = algorithm(account, "aws-sims")["defaultHyperParameterRanges"]["continuousHyperParameterRanges"]
    assert continuous == [{"name": "popularity_discount_factor", "minValue": 0.0, "maxValue": 1.0, "isTunable": True}]


def test_the_algorithm_of_trending_now_has_a_name_of_its_own(account: Account) -> None:
    assert algorithm(account, "aws-trending-now")["name"] == "aws-trending-now-custom"


@pytest.mark.parametrize("recipe", ["aws-sims", "aws-popularity-count"])
def test_recipes_share_transformations(account: Account, recipe: str) -> None:
    """Developer guide, "SIMS recipe", "Popularity-Count recipe"."""
    arn = account.personalize.describe_recipe(recipeArn=f"{RECIPE}/{recipe}")["recipe"]["featureTransformationArn"]
    assert arn == "arn:aws:personalize:::feature-transformation/sims"
    found = account.personalize.describe_feature_transformation(featureTransformationArn=arn)["featureTransformation"]
    assert (found["name"], found["defaultParameters"]["max_item_interaction_count_percentile"]) == ("sims", "0.9")


def test_a_recipe_names_its_algorithm_and_its_transformation(account: Account) -> None:
    arn = f"{RECIPE}/aws-personalized-ranking"
    recipe = account.personalize.describe_recipe(recipeArn=arn)["recipe"]
    assert (recipe["recipeArn"], recipe["status"]) == (arn, "ACTIVE")
    assert recipe["recipeType"] == "PERSONALIZED_RANKING"
    algorithm = account.personalize.describe_algorithm(algorithmArn=recipe["algorithmArn"])["algorithm"]
    assert algorithm["algorithmArn"] == recipe["algorithmArn"]
    arn = recipe["featureTransformationArn"]
    found = account.personalize.describe_feature_transformation(featureTransformationArn=arn)["featureTransformation"]
    assert found["featureTransformationArn"] == arn


@pytest.mark.parametrize(
    ("operation", "member", "kind"),
    [
        ("describe_recipe", "recipeArn", "recipe"),
        ("describe_algorithm", "algorithmArn", "algorithm"),
        ("describe_feature_transformation", "featureTransformationArn", "feature-transformation"),
    ],
)
def test_what_the_service_does_not_bring_along_is_not_found(
    account: Account, operation: str, member: str, kind: str
) -> None:
    arn = f"arn:aws:personalize:::{kind}/aws-guess"
    assert refusal(getattr(account.personalize, operation), **{member: arn})[0] == "ResourceNotFound"
