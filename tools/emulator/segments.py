"""Batch segment jobs: the users who will most likely interact with items that are listed in Amazon S3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import batches
from .batches import Record
from .errors import invalid
from .jobs import failing, input_is_valid, output_is_valid
from .kind import Fields, Kind, named, taken
from .quotas import Quotas
from .recipes import ITEM_ATTRIBUTE_AFFINITY, RECIPES, USER_SEGMENTATION
from .region import Region, Resource
from .request import Request
from .rules import at_most
from .runtime import filtered
from .updates import Served


def fields(request: Request) -> Fields:
    """Fields of a new job."""
    members = ("solutionVersionArn", "filterArn", "numResults", "jobInput", "jobOutput", "roleArn")
    group_arn = batches.version_of(request).fields["datasetGroupArn"]
    return {**taken(*members, numResults=batches.DEFAULT_RESULTS)(request), "datasetGroupArn": group_arn}


def recipe_is_for_segments(request: Request) -> None:
    """The solution version was trained with a USER_SEGMENTATION recipe; code inferred.

    Developer guide, "Getting batch user segments with custom resources".
    """
    recipe = RECIPES[batches.version_of(request).fields["recipeArn"]]
    if recipe.type != USER_SEGMENTATION:
        raise invalid(f"Batch segment jobs need a recipe of type {USER_SEGMENTATION}, not {recipe.name}.")


@failing
def _segment(region: Region, job: Resource, at: float) -> None:
    version = batches.trained_version(region, job)
    served = Served(version, at, {}, is_batch=True)
    by_attributes = served.model.recipe.name == ITEM_ATTRIBUTE_AFFINITY
    quotas = region.environment.quotas
    most = quotas.attribute_queries_per_file if by_attributes else quotas.item_queries_per_file

    def answer(record: Record) -> Mapping[str, Any]:
        if by_attributes:
            users = served.model.users_for_attributes(batches.texts(record, "itemAttributes")["itemAttributes"])
        else:
            users = served.model.users_for_item(batches.texts(record, "itemId")["itemId"])
        chosen = {"filterArn": job.fields["filterArn"]} if "filterArn" in job.fields else {}
        params = {**chosen, "filterValues": batches.filter_values(record)}
        asked = Request("CreateBatchSegmentJob", params, region, at)
        found = filtered(asked, served, [(user, 0.0) for user in users], params, "UserID")
        # Recorded in three published notebooks; the developer guide has recommendedUsers.
        return {"usersList": [user for user, _ in found[: job.fields["numResults"]]]}

    job.work = batches.answered(region, job, answer, "usersList", most)


KIND = Kind(
    noun="BatchSegmentJob",
    key="batchSegmentJob",
    list_key="batchSegmentJobs",
    path=named("batch-segment-job", "jobName"),
    fields=fields,
    parents={"solutionVersionArn": "SolutionVersion"},
    rules=(
        batches.version_is_active,
        recipe_is_for_segments,
        input_is_valid,
        output_is_valid,
        batches.filters_what("UserID"),
        batches.results_are_at_most(Quotas().users_per_segment),
        at_most("pending_batch_segment_jobs", "BatchSegmentJob", pending=True),
    ),
    list_by="solutionVersionArn",
    name_member="jobName",
    can_be_deleted=False,
    start=_segment,
    finish=batches.write_output,
)
