"""Every Personalize resource type the provider manages: a row for each.

The engine reads these rows and knows no type by name. Operation, field and status names are those of the
`personalize` service model in botocore; deletion and update rules are those of the API reference page of the
operation named.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import schemas
from .names import LATEST
from .resource_type import Blocker, Elements, Members, ResourceType, Update, ValueRule


def _in_group(noun: str, **more: Any) -> Blocker:
    """A blocker within the dataset group of what is deleted."""
    return Blocker(((noun, "datasetGroupArn"),), **more)


def _name_the_latest(request: Members, actual: Members) -> Members:
    """Name the latest version if the campaign is to follow it, as the service demands (API, UpdateCampaign)."""
    follows = request.get("campaignConfig", {}).get("syncWithLatestSolutionVersion")
    if not follows or "solutionVersionArn" in request:
        return request
    solution = str(actual["solutionVersionArn"]).rpartition("/")[0]
    return {**request, "solutionVersionArn": f"{solution}/{LATEST}"}


def _reports_on(attribution: Members, dataset: Members) -> bool:
    """Whether a metric attribution references a dataset: all count interactions, some sum a column of items."""
    kind = str(dataset["datasetType"])
    expressions = (each["expression"].upper() for each in attribution["metrics"])
    return kind == "INTERACTIONS" or any(f"({kind}." in each for each in expressions)


def _without_empty_destination(request: Members, actual: Members) -> Members:
    """A destination has a path (API, S3DataConfig); one that leaves the template leaves the output with it."""
    output = request.get("metricsOutputConfig", {})
    if output.get("s3DataDestination", {}).get("path"):
        return request
    return {**request, "metricsOutputConfig": {"roleArn": output["roleArn"]}} if output else request


RESOURCES: Mapping[str, ResourceType] = {
    row.noun: row
    for row in (
        ResourceType(
            noun="DatasetGroup",
            create_only=frozenset({"Domain", "RoleArn", "KmsKeyArn"}),
            holds_data=True,
            contents="Datasets",
            blockers=tuple(
                _in_group(noun, is_inside=True)
                for noun in ("Recommender", "EventTracker", "MetricAttribution", "Solution", "Dataset")
            ),
            quota="active dataset groups per account",
        ),
        ResourceType(
            noun="Schema",
            create_only=frozenset({"Schema", "Domain"}),
            documents={"Schema": schemas.difference},
            taggable=False,
            stays_while_used=True,
            blockers=(Blocker((("Dataset", None),), names="schemaArn"),),
            quota="schemas per account",
        ),
        ResourceType(
            noun="Dataset",
            path=lambda _, of: f"dataset/{of['DatasetGroupArn']}/{of['DatasetType'].upper()}",
            create_only=frozenset({"DatasetGroupArn", "DatasetType"}),
            update=Update(
                "UpdateDataset",
                frozenset({"SchemaArn"}),
                "latestDatasetUpdate",
                rules={
                    "SchemaArn": ValueRule(
                        "Schema",
                        "Schema",
                        schemas.refusal,
                        "a schema of Items or Users that keeps every field and adds fields that allow null; any other "
                        "is refused",
                    )
                },
            ),
            parent="DatasetGroupArn",
            holds_data=True,
            unique_within=("DatasetGroupArn", "DatasetType"),
            blockers=(
                _in_group("Filter"),
                _in_group("EventTracker", only_for=("datasetType", "INTERACTIONS")),
                _in_group("MetricAttribution", refers=_reports_on),
                Blocker((("Solution", "datasetGroupArn"), ("Campaign", "solutionArn"))),
            ),
            quota="datasets per dataset group",
        ),
        ResourceType(
            noun="DatasetImportJob",
            name_member="jobName",
            create_only=frozenset({"DatasetArn", "DataSource", "DataVersion"}),
            control=frozenset({"DataVersion"}),
            # They say how to read the next data version; the data already imported stays as it is.
            no_effect=frozenset({"RoleArn", "ImportMode", "PublishAttributionMetricsToS3"}),
            parent="DatasetArn",
            outlasts_request=True,
            is_job=True,
            # The dataset no longer holds what an older import brought.
            reuse_latest_only=True,
            source=("dataSource", "dataLocation"),
            deletable=False,
            quota="pending or in-progress dataset import jobs per account",
        ),
        ResourceType(
            noun="Recommender",
            create_only=frozenset({"DatasetGroupArn", "RecipeArn"}),
            update=Update(
                "UpdateRecommender",
                frozenset({"RecommenderConfig"}),
                "latestRecommenderUpdate",
                defaults={
                    "recommenderConfig": {
                        "minRecommendationRequestsPerSecond": 1,
                        "enableMetadataWithRecommendations": False,
                    }
                },
            ),
            metrics_member="modelMetrics",
            pause="StopRecommender",
            resume="StartRecommender",
            switch="Active",
            parent="DatasetGroupArn",
            outlasts_request=True,
            quota="recommenders per dataset group",
        ),
        ResourceType(
            noun="Solution",
            create_only=frozenset(
                {"DatasetGroupArn", "RecipeArn", "PerformHPO", "PerformAutoML", "EventType", "SolutionConfig"}
            ),
            update=Update(
                "UpdateSolution",
                frozenset({"PerformAutoTraining", "PerformIncrementalUpdate", "SolutionUpdateConfig"}),
                "latestSolutionUpdate",
                actual={"SolutionUpdateConfig": "solutionConfig"},
                defaults={"performAutoTraining": True, "performIncrementalUpdate": False},
            ),
            # What UpdateSolution takes as solutionUpdateConfig, CreateSolution takes inside solutionConfig.
            on_create={"SolutionUpdateConfig": "solutionConfig"},
            parent="DatasetGroupArn",
            blockers=(
                # Not inside: an update moves a campaign to another solution.
                Blocker((("Campaign", "solutionArn"),)),
                Blocker((("SolutionVersion", "solutionArn"),), only_in_transition=True),
            ),
            quota="active solutions per dataset group",
        ),
        ResourceType(
            noun="SolutionVersion",
            path=lambda name, of: f"solution/{of['SolutionArn']}/{name}",
            create_only=frozenset({"SolutionArn", "Triggers"}),
            control=frozenset({"Triggers"}),
            no_effect=frozenset({"TrainingMode"}),
            parent="SolutionArn",
            more_attributes={"TrainingHours": "trainingHours"},
            metrics="GetSolutionMetrics",
            # Developer guide, "Evaluating an Amazon Personalize solution version with metrics". Those of the ranking
            # recipes are in stacks/personalize/limits.py too, which this code, in a function, cannot import.
            metric_names=(
                "coverage",
                "mean_reciprocal_rank_at_25",
                "normalized_discounted_cumulative_gain_at_5",
                "normalized_discounted_cumulative_gain_at_10",
                "normalized_discounted_cumulative_gain_at_25",
                "precision_at_5",
                "precision_at_10",
                "precision_at_25",
                "average_rewards_at_k",
                "normalized_discounted_cumulative_gain_with_event_weights_at_k",
            ),
            outlasts_request=True,
            is_job=True,
            deletable=False,
            stop="StopSolutionVersionCreation",
            quota="pending or in-progress solution versions per account",
        ),
        ResourceType(
            noun="Campaign",
            create_only=frozenset(),
            update=Update(
                "UpdateCampaign",
                frozenset({"SolutionVersionArn", "MinProvisionedTPS", "CampaignConfig"}),
                "latestCampaignUpdate",
                defaults={
                    "minProvisionedTPS": 1,
                    "campaignConfig": {
                        "enableMetadataWithRecommendations": False,
                        "syncWithLatestSolutionVersion": False,
                    },
                },
                completed=_name_the_latest,
                left_to_refreshes=frozenset({"SolutionVersionArn"}),
            ),
            quota="active campaigns per dataset group",
        ),
        ResourceType(
            noun="Filter",
            list_member="Filters",
            create_only=frozenset({"DatasetGroupArn", "FilterExpression"}),
            parent="DatasetGroupArn",
            quota="filters per dataset group",
        ),
        ResourceType(
            noun="EventTracker",
            arn_is_generated=True,
            create_only=frozenset({"DatasetGroupArn"}),
            parent="DatasetGroupArn",
            more_attributes={"TrackingId": "trackingId"},
            unique_within=("DatasetGroupArn",),
            quota="event trackers per dataset group (one)",
        ),
        ResourceType(
            noun="MetricAttribution",
            create_only=frozenset({"DatasetGroupArn"}),
            update=Update(
                "UpdateMetricAttribution",
                frozenset({"Metrics", "MetricsOutputConfig"}),
                latest="",
                completed=_without_empty_destination,
                elements={
                    "Metrics": Elements("ListMetricAttributionMetrics", "metricName", "addMetrics", "removeMetrics")
                },
            ),
            parent="DatasetGroupArn",
            taggable=False,
            unique_within=("DatasetGroupArn",),
            quota="metric attributions per dataset group (one)",
        ),
    )
}
