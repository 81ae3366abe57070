"""Batch inference jobs: recommendations for all users or items that are listed in Amazon S3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import batches
from .batches import Record
from .errors import invalid
from .jobs import failing, input_is_valid, output_is_valid
from .kind import Fields, Kind, named, taken
from .recipes import PERSONALIZED_ACTIONS, PERSONALIZED_RANKING, RECIPES, RELATED_ITEMS, USER_SEGMENTATION, Recipe
from .region import Region, Resource
from .request import Request
from .rules import at_most, config_fits_recipe
from .runtime import Scored, filtered, ranked_items, ranking_of
from .training import dataset_of
from .updates import Served

_THEMES = "THEME_GENERATION"
_WITH_THEMES = "aws-similar-items"
# Developer guide, "Batch recommendations with themes from Content Generator".
_REGIONS_WITH_THEMES = ("us-east-1", "us-west-2", "ap-northeast-1")
_LARGEST_THEME_SCORE = 0.6
# Digits of the scores in published outputs.
_DECIMALS = 7
_THEME_DECIMALS = 8


def fields(request: Request) -> Fields:
    """Fields of a new job."""
    members = (
        "solutionVersionArn",
        "filterArn",
        "numResults",
        "jobInput",
        "jobOutput",
        "roleArn",
        "batchInferenceJobConfig",
        "batchInferenceJobMode",
        "themeGenerationConfig",
    )
    defaults = {"numResults": batches.DEFAULT_RESULTS, "batchInferenceJobMode": "BATCH_INFERENCE"}
    group_arn = batches.version_of(request).fields["datasetGroupArn"]
    return {**taken(*members, **defaults)(request), "datasetGroupArn": group_arn}


# -- rules -------------------------------------------------------------------------------------------------


def recipe_is_for_batches(request: Request) -> None:
    """Neither Trending-Now nor Next-Best-Action, nor, which is inferred, recipes of user segments; code inferred.

    Developer guide, "Getting batch item recommendations with custom resources".
    """
    recipe = _recipe(request)
    if recipe.trends or recipe.type in (PERSONALIZED_ACTIONS, USER_SEGMENTATION):
        raise invalid(f"{recipe.name} does not support batch inference jobs.")


def config_is_valid(request: Request) -> None:
    """What a job may configure follows from the recipe (API reference, BatchInferenceJobConfig)."""
    config_fits_recipe(request.params.get("batchInferenceJobConfig", {}), _recipe(request))


def themes_are_possible(request: Request) -> None:
    """Themes are for the Similar-Items recipe, in three regions, with names and descriptions of items; codes inferred.

    Developer guide, "Batch recommendations with themes from Content Generator"; API reference, CreateBatchInferenceJob.
    That a configuration of themes is refused in another mode is inferred.
    """
    config = request.params.get("themeGenerationConfig")
    if request.params.get("batchInferenceJobMode") != _THEMES:
        if config:
            raise invalid(f"themeGenerationConfig needs batchInferenceJobMode {_THEMES}.")
        return
    if request.region.name not in _REGIONS_WITH_THEMES:
        raise invalid(f"{_THEMES} is not available in {request.region.name}.")
    if _recipe(request).name != _WITH_THEMES:
        raise invalid(f"{_THEMES} needs the recipe {_WITH_THEMES}, not {_recipe(request).name}.")
    if not config:
        raise invalid(f"{_THEMES} needs themeGenerationConfig.")
    _check_columns(request, config["fieldsForThemeGeneration"]["itemName"])


def _check_columns(request: Request, name: str) -> None:
    items = dataset_of(request.region, batches.version_of(request).fields["datasetGroupArn"], "ITEMS")
    if items is None or not any(field.textual for field in items.schema.fields):
        raise invalid(f"{_THEMES} needs an Items dataset with a textual field.")
    column = items.schema.field(name)
    if column is None or column.type != "string":
        raise invalid(f"itemName must be a string column of the Items dataset, which {name} is not.")


def _recipe(request: Request) -> Recipe:
    return RECIPES[batches.version_of(request).fields["recipeArn"]]


# -- work --------------------------------------------------------------------------------------------------


@failing
def _infer(region: Region, job: Resource, at: float) -> None:
    version = batches.trained_version(region, job)
    served = Served(version, at, job.fields.get("batchInferenceJobConfig", {}), is_batch=True)
    has_themes = job.fields["batchInferenceJobMode"] == _THEMES
    most = region.environment.quotas.themed_records_per_file if has_themes else None

    def answer(record: Record) -> Mapping[str, Any]:
        found = _recommended(region, job, served, record, at)
        return _themed(region, job, served, record, found) if has_themes else _output(served, found)

    job.work = batches.answered(region, job, answer, "recommendedItems", most)


def _recommended(region: Region, job: Resource, served: Served, record: Record, at: float) -> Scored:
    """What a line is about, as the recipe type has it (developer guide, "Preparing input data for batch ...")."""
    recipe, items = served.model.recipe, []
    if recipe.type == PERSONALIZED_RANKING:
        items = _item_list(record)
    named = batches.texts(record, "itemId" if recipe.type == RELATED_ITEMS else "userId")
    chosen = {"filterArn": job.fields["filterArn"]} if "filterArn" in job.fields else {}
    params = {**named, **chosen, "filterValues": batches.filter_values(record)}
    asked = Request("CreateBatchInferenceJob", params, region, at)
    if recipe.type == PERSONALIZED_RANKING:
        return filtered(asked, served, ranking_of(asked, served, items), params)
    return filtered(asked, served, ranked_items(asked, served), params)[: job.fields["numResults"]]


def _item_list(record: Record) -> list[str]:
    items = record.get("itemList")
    if not isinstance(items, list) or not items or not all(isinstance(item, str) for item in items):
        raise batches.lacks("itemList")
    return list(dict.fromkeys(items))


def _output(served: Served, found: Scored) -> Mapping[str, Any]:
    scores = {"scores": [round(score, _DECIMALS) for _, score in found]} if served.model.has_scores else {}
    return {"recommendedItems": [item for item, _ in found], **scores}


def _themed(region: Region, job: Resource, served: Served, record: Record, found: Scored) -> Mapping[str, Any]:
    """Similar items with a theme and how much each has to do with it.

    The service writes themes with a model of its own; here they name the item. Scores are roughly between -0.1 and 0.6
    (developer guide, "Batch recommendations with themes from Content Generator").
    """
    items = dataset_of(region, served.group_arn, "ITEMS")
    row = items.row(record["itemId"]) if items else None
    column = job.fields["themeGenerationConfig"]["fieldsForThemeGeneration"]["itemName"]
    largest = max((score for _, score in found), default=0.0) or 1.0
    return {
        "recommendedItems": [item for item, _ in found],
        "theme": f"More like {(row or {}).get(column) or record['itemId']}",
        "itemsThemeRelevanceScores": [
            round(score / largest * _LARGEST_THEME_SCORE, _THEME_DECIMALS) for _, score in found
        ],
    }


KIND = Kind(
    noun="BatchInferenceJob",
    key="batchInferenceJob",
    list_key="batchInferenceJobs",
    path=named("batch-inference-job", "jobName"),
    fields=fields,
    parents={"solutionVersionArn": "SolutionVersion"},
    rules=(
        batches.version_is_active,
        recipe_is_for_batches,
        input_is_valid,
        output_is_valid,
        config_is_valid,
        themes_are_possible,
        batches.filters_what("ItemID"),
        batches.results_are_at_most(None),
        at_most("pending_batch_inference_jobs", "BatchInferenceJob", pending=True),
    ),
    list_by="solutionVersionArn",
    name_member="jobName",
    can_be_deleted=False,
    start=_infer,
    finish=batches.write_output,
)
