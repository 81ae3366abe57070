"""What AWS answered, as published notebooks show it: members, forms of values, content types, and where it stands.

The facts are theirs, the table is ours. Paths name members: `recipes[].name` is the name of each recipe. A form is a
regular expression that a value matches in full, as JSON writes it; texts stand without quotes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

_IMMERSION_DAY = "aws-samples/amazon-personalize-immersion-day"
_TRAINING = f"{_IMMERSION_DAY} Media/Media_03_Training.ipynb"
_SAMPLES = "aws-samples/amazon-personalize-samples"
_USE_CASES = f"{_SAMPLES} next_steps/core_use_cases"
_NEW_SCHEMA = f"{_USE_CASES}/updating_datasets/update-item-dataset-schema-example.ipynb"
_NEW_DATA = f"{_USE_CASES}/updating_datasets/update-datasets-user-personalization-example.ipynb"
_GETTING_STARTED = f"{_SAMPLES} getting_started/notebooks/3.Best_Practices-Clientside.ipynb"

JSON = "application/x-amz-json-1.1"
REST_JSON = "application/json"

NAME = r"[A-Za-z0-9][\w-]*"
ID = "[0-9a-f]{8}"
_UUID_TAIL = "4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"
UUID = f"[0-9a-f]{{8}}-[0-9a-f]{{4}}-{_UUID_TAIL}"
# Answers of 2024; one of 2020 has RID- and a whole UUID. Answers of one campaign end alike.
RECOMMENDATION_ID = f"RID-[0-9a-f]{{2}}-{_UUID_TAIL}-CID-[0-9a-f]{{6}}"
# Seconds since the epoch, and at most milliseconds.
TIME = r"\d{9,10}(\.\d{1,3})?"
ACTIVE = "ACTIVE"
FLAG = "true|false"
# In the order in which answers have them, from 2019 on; an older one counts 5, 10, 25.
METRICS = (
    "coverage",
    "mean_reciprocal_rank_at_25",
    "normalized_discounted_cumulative_gain_at_10",
    "normalized_discounted_cumulative_gain_at_25",
    "normalized_discounted_cumulative_gain_at_5",
    "precision_at_10",
    "precision_at_25",
    "precision_at_5",
)
# 2019-06-10, when the service opened: most recipes are of that day.
OPENING = 1_560_124_800
# Of use cases for video on demand, and of no domain, in answers of 2024.
USE_CASES = (
    "aws-vod-because-you-watched-x",
    "aws-vod-more-like-x",
    "aws-vod-most-popular",
    "aws-vod-top-picks",
    "aws-vod-trending-now",
)
RECIPES = (
    "aws-item-affinity",
    "aws-item-attribute-affinity",
    "aws-next-best-action",
    "aws-personalized-ranking",
    "aws-personalized-ranking-v2",
    "aws-popularity-count",
    "aws-similar-items",
    "aws-sims",
    "aws-trending-now",
    "aws-user-personalization",
    "aws-user-personalization-v2",
)
# Came later (developer guide, 2025).
NEWER_RECIPES = frozenset({"aws-semantic-similarity"})
METRIC = r"0(\.\d{1,4})?|1(\.0)?"
SCORE = r"0(\.\d{1,7})?|1(\.0)?|\d\.?\d*e-0[5-7]"
RECIPE_ARN = f"arn:aws:personalize:::recipe/{NAME}"


def arn(path: str) -> str:
    """Form of the ARN of something in an account."""
    return rf"arn:aws:personalize:[a-z]+-[a-z]+-\d:\d{{12}}:{path}"


SOLUTION = arn(f"solution/{NAME}")
VERSION = arn(f"solution/{NAME}/{ID}")
GROUP = arn(f"dataset-group/{NAME}")


@dataclass(frozen=True)
class Recorded:
    """One answer.

    Attributes:
        operation: what was asked.
        members: path of each member of the answer, and the form of its values.
        source: notebook and cell.
        content_type: that of the answer; None if it is not on record.
        newer: members that the API has got since the day of the record, so that an answer of today has them.
        pages: how many pages the notebook joined.
    """

    operation: str
    members: Mapping[str, str]
    source: str
    content_type: str | None = JSON
    newer: frozenset[str] = field(default_factory=frozenset)
    pages: int = 1


def _recipes(domain: bool) -> Mapping[str, str]:
    shown = {
        "name": NAME,
        "recipeArn": RECIPE_ARN,
        "status": ACTIVE,
        "creationDateTime": TIME,
        "lastUpdatedDateTime": TIME,
        **({"domain": "VIDEO_ON_DEMAND|ECOMMERCE"} if domain else {}),
    }
    return {f"recipes[].{member}": form for member, form in shown.items()}


def _version(config: bool) -> Mapping[str, str]:
    shown = {
        # The name of the solution, and the last part of the ARN.
        "name": f"{NAME}/{ID}",
        "solutionVersionArn": VERSION,
        "solutionArn": SOLUTION,
        "performHPO": FLAG,
        "performAutoML": FLAG,
        "recipeArn": RECIPE_ARN,
        "datasetGroupArn": GROUP,
        "trainingHours": r"\d+(\.\d{1,3})?",
        "trainingMode": "FULL",
        "status": ACTIVE,
        "creationDateTime": TIME,
        "lastUpdatedDateTime": TIME,
        **({"solutionConfig": re.escape("{}")} if config else {}),
    }
    return {f"solutionVersion.{member}": form for member, form in shown.items()}


# What solutions and their versions show since automatic training (2024) and incremental updates (2025).
_NEWER = frozenset({"performAutoTraining", "performIncrementalUpdate"})
_NEWER_OF_VERSION = frozenset(f"solutionVersion.{member}" for member in (*_NEWER, "trainingType"))

RECORDED: Mapping[str, Recorded] = {
    "import of items": Recorded(
        "CreateDatasetImportJob",
        {"datasetImportJobArn": arn(f"dataset-import-job/{NAME}")},
        f"{_IMMERSION_DAY} Media/Media_02_Data_Import.ipynb, cell 25",
    ),
    "use cases of a domain": Recorded(
        "ListRecipes",
        {**_recipes(domain=True), "nextToken": ".+"},
        f"{_TRAINING}, cell 9",
        content_type=None,
        pages=2,
    ),
    "recommender": Recorded(
        "CreateRecommender", {"recommenderArn": arn(f"recommender/{NAME}")}, f"{_TRAINING}, cell 11"
    ),
    # Shown are those without a domain.
    "recipes of both pages": Recorded(
        "ListRecipes",
        {**_recipes(domain=True), "nextToken": ".+"},
        f"{_TRAINING}, cell 15",
        content_type=None,
        pages=2,
    ),
    "solution": Recorded("CreateSolution", {"solutionArn": SOLUTION}, f"{_TRAINING}, cell 20"),
    "solution version": Recorded("CreateSolutionVersion", {"solutionVersionArn": VERSION}, f"{_TRAINING}, cell 22"),
    "campaign": Recorded("CreateCampaign", {"campaignArn": arn(f"campaign/{NAME}")}, f"{_TRAINING}, cell 27"),
    "event tracker": Recorded(
        "CreateEventTracker",
        {"eventTrackerArn": arn(f"event-tracker/{ID}"), "trackingId": UUID},
        f"{_IMMERSION_DAY} Media/Media_04_Inference.ipynb, cell 76",
    ),
    "recommendations with metadata": Recorded(
        "GetRecommendations",
        {
            "itemList[].itemId": ".+",
            # Asked for in capitals; a number comes as a text.
            "itemList[].metadata.price": r"\d+\.\d+",
            "itemList[].metadata.genres": ".+",
            "recommendationId": RECOMMENDATION_ID,
        },
        f"{_IMMERSION_DAY} Retail/Retail_03_Inference_Layer.ipynb, cell 61",
        REST_JSON,
    ),
    "event": Recorded("PutEvents", {}, f"{_IMMERSION_DAY} Retail/Retail_03_Inference_Layer.ipynb, cell 74", REST_JSON),
    "dataset group": Recorded(
        "CreateDatasetGroup",
        {"datasetGroupArn": GROUP},
        f"{_IMMERSION_DAY} TravelGenAI/Travel_01_Personalize_User_Segmentation.ipynb, cell 43",
    ),
    "batch segment job": Recorded(
        "CreateBatchSegmentJob",
        {"batchSegmentJobArn": arn(f"batch-segment-job/{NAME}")},
        f"{_IMMERSION_DAY} TravelGenAI/Travel_01_Personalize_User_Segmentation.ipynb, cell 99",
    ),
    "schema": Recorded("CreateSchema", {"schemaArn": arn(f"schema/{NAME}")}, f"{_GETTING_STARTED}, cell 21"),
    "dataset": Recorded(
        "CreateDataset", {"datasetArn": arn(f"dataset/{NAME}/INTERACTIONS")}, f"{_GETTING_STARTED}, cell 30"
    ),
    "import of interactions": Recorded(
        "CreateDatasetImportJob",
        {"datasetImportJobArn": arn(f"dataset-import-job/{NAME}")},
        f"{_GETTING_STARTED}, cell 33",
    ),
    # Of 2019, when everything fitted on one page, and no recipe had a domain.
    "recipes": Recorded(
        "ListRecipes",
        _recipes(domain=False),
        f"{_GETTING_STARTED}, cell 37",
        newer=frozenset({"recipes[].domain", "nextToken"}),
    ),
    "solution version of a solution without a schedule": Recorded(
        "CreateSolutionVersion", {"solutionVersionArn": VERSION}, f"{_GETTING_STARTED}, cell 42"
    ),
    "metrics": Recorded(
        "GetSolutionMetrics",
        {"solutionVersionArn": VERSION, **{f"metrics.{name}": METRIC for name in METRICS}},
        f"{_GETTING_STARTED}, cell 46",
    ),
    "ranking": Recorded(
        "GetPersonalizedRanking",
        {
            "personalizedRanking[].itemId": ".+",
            "personalizedRanking[].score": SCORE,
            "recommendationId": RECOMMENDATION_ID,
        },
        f"{_USE_CASES}/personalized_ranking/personalize_ranking_example.ipynb, cell 92",
        REST_JSON,
    ),
    "first page of recipes": Recorded(
        "ListRecipes",
        {**_recipes(domain=True), "nextToken": ".+"},
        f"{_USE_CASES}/related_items/personalize_aws_similar_items_example.ipynb, cell 73",
    ),
    "deletion of a campaign": Recorded(
        "DeleteCampaign", {}, f"{_USE_CASES}/related_items/personalize_aws_similar_items_example.ipynb, cell 140"
    ),
    "dataset group of a domain": Recorded(
        "CreateDatasetGroup", {"datasetGroupArn": GROUP, "domain": "VIDEO_ON_DEMAND|ECOMMERCE"}, f"{_NEW_DATA}, cell 37"
    ),
    "description of a version": Recorded(
        "DescribeSolutionVersion", _version(config=True), f"{_NEW_DATA}, cell 72", newer=_NEWER_OF_VERSION
    ),
    "batch inference job": Recorded(
        "CreateBatchInferenceJob",
        {"batchInferenceJobArn": arn(f"batch-inference-job/{NAME}")},
        f"{_NEW_DATA}, cell 83",
    ),
    "description of a schema": Recorded(
        "DescribeSchema",
        {
            "schema.name": NAME,
            "schema.schemaArn": arn(f"schema/{NAME}"),
            # As it was given, spaces included.
            "schema.schema": r'\{"type": "record", "name": "Items", .+\}',
            "schema.creationDateTime": TIME,
            "schema.lastUpdatedDateTime": TIME,
            "schema.domain": "VIDEO_ON_DEMAND|ECOMMERCE",
        },
        f"{_NEW_SCHEMA}, cell 69",
        content_type=None,
    ),
    "description of a version that segments users": Recorded(
        "DescribeSolutionVersion", _version(config=False), f"{_NEW_SCHEMA}, cell 72", newer=_NEWER_OF_VERSION
    ),
    "description of an updated dataset": Recorded(
        "DescribeDataset",
        {
            "dataset.name": NAME,
            "dataset.datasetArn": arn(f"dataset/{NAME}/ITEMS"),
            "dataset.datasetGroupArn": GROUP,
            "dataset.datasetType": "ITEMS",
            "dataset.schemaArn": arn(f"schema/{NAME}"),
            "dataset.status": ACTIVE,
            "dataset.creationDateTime": TIME,
            "dataset.lastUpdatedDateTime": TIME,
            "dataset.latestDatasetUpdate.schemaArn": arn(f"schema/{NAME}"),
            "dataset.latestDatasetUpdate.status": ACTIVE,
            "dataset.latestDatasetUpdate.creationDateTime": TIME,
            "dataset.latestDatasetUpdate.lastUpdatedDateTime": TIME,
        },
        f"{_NEW_SCHEMA}, cell 92",
    ),
    # A second after its creation.
    "description of a solution": Recorded(
        "DescribeSolution",
        {
            "solution.name": NAME,
            "solution.solutionArn": SOLUTION,
            "solution.performHPO": FLAG,
            "solution.performAutoML": FLAG,
            "solution.recipeArn": RECIPE_ARN,
            "solution.datasetGroupArn": GROUP,
            "solution.status": ACTIVE,
            "solution.creationDateTime": TIME,
            "solution.lastUpdatedDateTime": TIME,
        },
        f"{_USE_CASES}/user_segmentation/user_segmentation_example.ipynb, cell 64",
        newer=frozenset(f"solution.{member}" for member in _NEWER),
    ),
    "no dataset groups": Recorded(
        "ListDatasetGroups",
        {"datasetGroups": r"\[\]"},
        f"{_SAMPLES} next_steps/generative_ai/personalized_recommender_agent/"
        "01_Recommender-Agent_Configure-Personalize-Resources.ipynb, cell 44",
    ),
}
