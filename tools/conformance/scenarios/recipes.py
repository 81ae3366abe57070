"""The recipes: their list, page by page, and their descriptions."""

from __future__ import annotations

from typing import Any

from tools.conformance.run import Run
from tools.conformance.step import Expected, Step

from .materials import MISSING
from .refusals import RECIPE, TOP_PICKS
from .schemas import VOD

_DESCRIBED = ("aws-user-personalization", "aws-personalized-ranking-v2", "aws-similar-items", "aws-item-affinity")


def _list(run: Run) -> None:
    _note_pages(run, "all recipes")
    _note_pages(run, "recipes of the domain", domain=VOD)


def _note_pages(run: Run, what: str, **params: Any) -> None:
    page = run.personalize.list_recipes(**params)
    pages = [page["recipes"]]
    while "nextToken" in page:
        page = run.personalize.list_recipes(nextToken=page["nextToken"], **params)
        pages.append(page["recipes"])
    run.note(f"{what}, by page", [[each["name"] for each in page] for page in pages])


def _describe(run: Run) -> None:
    for name in _DESCRIBED:
        found = run.personalize.describe_recipe(recipeArn=f"{RECIPE}{name}")["recipe"]
        run.ask(run.personalize.describe_algorithm, algorithmArn=found["algorithmArn"])
        transformation = found["featureTransformationArn"]
        run.ask(run.personalize.describe_feature_transformation, featureTransformationArn=transformation)
    run.ask(run.personalize.describe_recipe, recipeArn=TOP_PICKS)
    run.ask(run.personalize.describe_recipe, recipeArn=f"{RECIPE}none")


STEPS = (
    Step(
        "recipes.listed",
        "Lists all recipes, and those of the domain, page by page.",
        _list,
        rules=("recipes.pages", "recipes.legacy"),
        expects=(Expected("ListRecipes", members=("recipes[].recipeArn", "recipes[].status")),),
    ),
    Step(
        "recipes.described",
        "Describes some recipes, with their algorithms and feature transformations, and one that is none.",
        _describe,
        rules=("recipes.names", "recipes.hyper_parameters", "requests.what_exists"),
        expects=(
            Expected("DescribeRecipe", members=("recipe.algorithmArn", "recipe.recipeType"), which=0),
            Expected("DescribeAlgorithm", members=("algorithm.defaultHyperParameters",), which=0),
            Expected("DescribeRecipe", MISSING),
        ),
    ),
)
