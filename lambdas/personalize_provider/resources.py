"""Every Personalize resource type the provider manages, described once.

The engine reads these rows and knows no type by name. Operation, field and status names are those of the
`personalize` service model in botocore; deletion and update rules are those of the API reference page of the
operation named.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from . import schemas

TRANSITIONAL = frozenset(
    {
        "CREATE PENDING",
        "CREATE IN_PROGRESS",
        "CREATE STOPPING",
        "START PENDING",
        "START IN_PROGRESS",
        "STOP PENDING",
        "STOP IN_PROGRESS",
        "UPDATE PENDING",
        "UPDATE IN_PROGRESS",
    }
)
DELETING = frozenset({"DELETE PENDING", "DELETE IN_PROGRESS"})
# What a campaign names that serves the newest version of a solution (API, CreateCampaign, solutionVersionArn).
LATEST = "$LATEST"
# Stopped: kept as it is, serving nobody (API, StopRecommender).
INACTIVE = "INACTIVE"
ACTIVE = "ACTIVE"
PAUSED = frozenset({"STOP PENDING", "STOP IN_PROGRESS", INACTIVE})
FAILED = frozenset({"CREATE FAILED", "CREATE STOPPED", "UPDATE FAILED"})

# Properties every type has that are ours, not the service's.
CONTROL_PROPERTIES = frozenset({"Name", "NamePrefix", "Tags", "AllowReplacement"})


Members = dict[str, Any]


# What becomes of contents that leave the template; anything else means that they stay.
DELETED = "deleted"


class Effect(Enum):
    """What the change of a property does."""

    NOTHING = "nothing now"
    IN_PLACE = "updated in place"
    REPLACED = "replaced"
    GUARDED = "refused, unless allow_replacement accepts the loss of data"
    REFUSED = "refused, because only one can exist at a time"
    IMPOSSIBLE = "refused, because the service cannot change it so"
    BY_VALUE = "updated in place, or refused: that depends on the old and the new value"


@dataclass(frozen=True)
class ValueRule:
    """When the service refuses the new value of a property, depending on the old one.

    Attributes:
        noun, content: the value is the ARN of a resource of that type; what counts is that property of it.
        refusal: from the old and the new content, why the service refuses and what to do instead; empty if it takes it.
        words: for which values it refuses, for the page of changes.
    """

    noun: str
    content: str
    refusal: Callable[[str, str], str]
    words: str


@dataclass(frozen=True)
class Update:
    """How a type changes in place.

    Attributes:
        operation: the Update* operation.
        properties: the properties it takes, each optional in the request.
        latest: member of the description that reports the last update's status, if there is one.
        actual: where the description shows the current value of a property, when not under its own name.
        defaults: the service's defaults of request members, set again when they leave the template.
        completed: from the members of a request and the description, the members that the service wants.
        rules: by property, when the service refuses a new value. What it refuses to change back, a rollback leaves.
    """

    operation: str
    properties: frozenset[str]
    latest: str
    actual: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    completed: Callable[[Members, Members], Members] = lambda request, _: request
    rules: Mapping[str, ValueRule] = field(default_factory=dict)

    def effect(self, name: str, before: str | None, after: str | None) -> Effect:
        """What the change of a property does that needs no new resource; see Resource.effect."""
        if name not in self.properties:
            return Effect.NOTHING
        rule = self.rules.get(name)
        if rule and (before is None or after is None):
            return Effect.BY_VALUE
        return Effect.IMPOSSIBLE if rule and rule.refusal(str(before), str(after)) else Effect.IN_PLACE


@dataclass(frozen=True)
class Blocker:
    """Resources that have to be gone before one of another type can be deleted.

    Attributes:
        path: their type, after the types between; each with the List* member that narrows it to the one before. The
            first member is one of the description of what is deleted; None if no List* narrows it to that.
        is_inside: whether they can exist only in what is deleted, and so go with it when CloudFormation has forgotten
            them; otherwise only when the whole stack goes.
        only_in_transition: whether those that have settled block nothing.
        names: member of their description that must hold the ARN of what is deleted, where no List* narrows.
        only_for: member of the description of what is deleted, and the value it must have.
    """

    path: tuple[tuple[str, str | None], ...]
    is_inside: bool = False
    only_in_transition: bool = False
    names: str | None = None
    only_for: tuple[str, str] | None = None


def _in_group(noun: str, **more: Any) -> Blocker:
    """A blocker within the dataset group of what is deleted."""
    return Blocker(((noun, "datasetGroupArn"),), **more)


@dataclass(frozen=True)
class Resource:
    """One Personalize resource type.

    Attributes:
        noun: the noun in the operations' names (`Recommender` in `CreateRecommender`).
        key: the noun as a member name: `<key>Arn`, and the member that a Describe* answer holds.
        list_key: the member of a List* answer that holds the summaries.
        create_only: properties whose change needs a new resource.
        update: how the other properties change in place, if any does.
        no_effect: properties that matter only to the next resource of the type; changing one calls nothing.
        control: create-only properties that are ours and are never sent to the service.
        on_create: property -> request member, where Create* takes it under another name.
        list_filter: property -> request member by which List* narrows its answer.
        path: what follows the account in the ARN, from the name and the last parts of the properties' values; None
            where the service makes it up. Source: service authorization reference, "Resource types defined by
            Amazon Personalize", and the examples of the API reference, Create*.
        name_member: the request member that carries the name.
        attributes: attribute -> member of the description.
        metrics: operation that answers the evaluation metrics, which become attributes.
        metric_names: metrics that a template may ask for; which of them there are depends on the recipe.
        outlasts_request: may take longer than CloudFormation's hour. Its request ends once the service has
            accepted it; a chain of Custom::PersonalizeWait follows it (docs/architecture.md).
        is_job: runs once per request; a new name for every run. A run that settled with the same
            create-only properties is used again: the latest only, or any.
        holds_data: replacing it loses data, so that needs AllowReplacement.
        contents: property of ours that says what holds data in it, each with what becomes of that when it leaves the
            template; taking away what would be deleted needs AllowReplacement.
        source: member of the description, and member of that, that say what in S3 it reads.
        deletable: whether a Delete* operation exists.
        taggable: whether the service tags it (the Schema data type has no tags).
        stop: operation that ends a creation in progress.
        pause, resume: operations that make an ACTIVE resource INACTIVE, and that make it ACTIVE again.
        stays_while_used: what is in use although CloudFormation deletes it stays until the stack goes. It costs
            nothing, and is not waited for.
        blockers: what blocks deletion (developer guide, "Requirements for deleting Amazon Personalize resources").
        unique_within: properties within which the service allows one resource of the type.
        quota: the service quota that LimitExceededException speaks of.
    """

    noun: str
    key: str
    list_key: str
    create_only: frozenset[str]
    attributes: Mapping[str, str]
    quota: str
    path: Callable[[str, Mapping[str, str]], str] | None
    update: Update | None = None
    no_effect: frozenset[str] = frozenset()
    control: frozenset[str] = frozenset()
    on_create: Mapping[str, str] = field(default_factory=dict)
    list_filter: Mapping[str, str] = field(default_factory=dict)
    name_member: str = "name"
    metrics: str | None = None
    metric_names: tuple[str, ...] = ()
    outlasts_request: bool = False
    is_job: bool = False
    reuse_latest_only: bool = False
    holds_data: bool = False
    contents: str = ""
    source: tuple[str, str] | None = None
    deletable: bool = True
    taggable: bool = True
    stop: str | None = None
    pause: str | None = None
    resume: str | None = None
    stays_while_used: bool = False
    blockers: tuple[Blocker, ...] = ()
    unique_within: tuple[str, ...] = ()

    @property
    def arn_member(self) -> str:
        """Request and description member that holds the ARN."""
        return f"{self.key}Arn"

    @property
    def properties(self) -> frozenset[str]:
        """Every property a template may set on this type, besides CONTROL_PROPERTIES."""
        updatable = self.update.properties if self.update else frozenset()
        contents = {self.contents} if self.contents else frozenset()
        return self.create_only | updatable | self.no_effect | contents

    @property
    def unsent(self) -> frozenset[str]:
        """Properties that are ours and never sent to the service."""
        return self.control | {self.contents}

    def taken_away(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
        """What holds data in the resource, has left its properties, and would be deleted with its data."""
        held, kept = before.get(self.contents, {}), after.get(self.contents, {})
        return sorted(name for name in held if held[name] == DELETED and name not in kept)

    def effect(
        self, name: str, accepts_loss: bool = False, before: str | None = None, after: str | None = None
    ) -> Effect:
        """What the change of a property does, one of CONTROL_PROPERTIES included.

        Args:
            name: of the property.
            accepts_loss: whether AllowReplacement is set.
            before, after: for a property with a ValueRule, the old and the new content that it speaks of.

        For `contents` it is what taking something away does; anything else is nothing.

        Raises:
            KeyError: the type has no such property.
        """
        if name not in self.properties | CONTROL_PROPERTIES:
            raise KeyError(name)
        if (name in self.create_only | {"Name", self.contents}) and self.holds_data and not accepts_loss:
            return Effect.GUARDED
        if name in self.create_only | {"Name"}:
            return Effect.REFUSED if self.unique_within and name not in self.unique_within else Effect.REPLACED
        if name == "Tags":
            return Effect.IN_PLACE if self.taggable else Effect.NOTHING
        return self.update.effect(name, before, after) if self.update else Effect.NOTHING


def _following_the_latest(request: Members, actual: Members) -> Members:
    """A campaign that follows its solution's latest version has to name it so (API, UpdateCampaign)."""
    follows = request.get("campaignConfig", {}).get("syncWithLatestSolutionVersion")
    if not follows or "solutionVersionArn" in request:
        return request
    solution = str(actual["solutionVersionArn"]).rpartition("/")[0]
    return {**request, "solutionVersionArn": f"{solution}/{LATEST}"}


RESOURCES: Mapping[str, Resource] = {
    row.noun: row
    for row in (
        Resource(
            noun="DatasetGroup",
            key="datasetGroup",
            list_key="datasetGroups",
            path=lambda name, _: f"dataset-group/{name}",
            create_only=frozenset({"Domain", "RoleArn", "KmsKeyArn"}),
            attributes={"DatasetGroupArn": "datasetGroupArn"},
            holds_data=True,
            contents="Datasets",
            blockers=tuple(
                _in_group(noun, is_inside=True) for noun in ("Recommender", "EventTracker", "Solution", "Dataset")
            ),
            quota="active dataset groups per account",
        ),
        Resource(
            noun="Schema",
            key="schema",
            list_key="schemas",
            path=lambda name, _: f"schema/{name}",
            create_only=frozenset({"Schema", "Domain"}),
            attributes={"SchemaArn": "schemaArn"},
            taggable=False,
            stays_while_used=True,
            blockers=(Blocker((("Dataset", None),), names="schemaArn"),),
            quota="schemas per account",
        ),
        Resource(
            noun="Dataset",
            key="dataset",
            list_key="datasets",
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
            list_filter={"DatasetGroupArn": "datasetGroupArn"},
            attributes={"DatasetArn": "datasetArn"},
            holds_data=True,
            unique_within=("DatasetGroupArn", "DatasetType"),
            blockers=(
                _in_group("Filter"),
                _in_group("EventTracker", only_for=("datasetType", "INTERACTIONS")),
                Blocker((("Solution", "datasetGroupArn"), ("Campaign", "solutionArn"))),
            ),
            quota="datasets per dataset group",
        ),
        Resource(
            noun="DatasetImportJob",
            key="datasetImportJob",
            list_key="datasetImportJobs",
            name_member="jobName",
            path=lambda name, _: f"dataset-import-job/{name}",
            create_only=frozenset({"DatasetArn", "DataSource", "DataVersion"}),
            control=frozenset({"DataVersion"}),
            # They say how the next data version is read; the data already imported stays as it is.
            no_effect=frozenset({"RoleArn", "ImportMode", "PublishAttributionMetricsToS3"}),
            list_filter={"DatasetArn": "datasetArn"},
            attributes={"DatasetImportJobArn": "datasetImportJobArn"},
            outlasts_request=True,
            is_job=True,
            # An older import is not what the dataset holds now.
            reuse_latest_only=True,
            source=("dataSource", "dataLocation"),
            deletable=False,
            quota="pending or in-progress dataset import jobs per account",
        ),
        Resource(
            noun="Recommender",
            key="recommender",
            list_key="recommenders",
            path=lambda name, _: f"recommender/{name}",
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
            pause="StopRecommender",
            resume="StartRecommender",
            list_filter={"DatasetGroupArn": "datasetGroupArn"},
            attributes={"RecommenderArn": "recommenderArn"},
            outlasts_request=True,
            quota="recommenders per dataset group",
        ),
        Resource(
            noun="Solution",
            key="solution",
            list_key="solutions",
            path=lambda name, _: f"solution/{name}",
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
            list_filter={"DatasetGroupArn": "datasetGroupArn"},
            attributes={"SolutionArn": "solutionArn"},
            blockers=(
                # Not inside: an update moves a campaign to another solution.
                Blocker((("Campaign", "solutionArn"),)),
                Blocker((("SolutionVersion", "solutionArn"),), only_in_transition=True),
            ),
            quota="active solutions per dataset group",
        ),
        Resource(
            noun="SolutionVersion",
            key="solutionVersion",
            list_key="solutionVersions",
            path=lambda name, of: f"solution/{of['SolutionArn']}/{name}",
            create_only=frozenset({"SolutionArn", "Triggers"}),
            control=frozenset({"Triggers"}),
            no_effect=frozenset({"TrainingMode"}),
            list_filter={"SolutionArn": "solutionArn"},
            attributes={"SolutionVersionArn": "solutionVersionArn", "TrainingHours": "trainingHours"},
            metrics="GetSolutionMetrics",
            # Developer guide, "Evaluating an Amazon Personalize solution version with metrics".
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
        Resource(
            noun="Campaign",
            key="campaign",
            list_key="campaigns",
            path=lambda name, _: f"campaign/{name}",
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
                completed=_following_the_latest,
            ),
            attributes={"CampaignArn": "campaignArn"},
            quota="active campaigns per dataset group",
        ),
        Resource(
            noun="Filter",
            key="filter",
            list_key="Filters",
            path=lambda name, _: f"filter/{name}",
            create_only=frozenset({"DatasetGroupArn", "FilterExpression"}),
            list_filter={"DatasetGroupArn": "datasetGroupArn"},
            attributes={"FilterArn": "filterArn"},
            quota="filters per dataset group",
        ),
        Resource(
            noun="EventTracker",
            key="eventTracker",
            list_key="eventTrackers",
            path=None,
            create_only=frozenset({"DatasetGroupArn"}),
            list_filter={"DatasetGroupArn": "datasetGroupArn"},
            attributes={"EventTrackerArn": "eventTrackerArn", "TrackingId": "trackingId"},
            unique_within=("DatasetGroupArn",),
            quota="event trackers per dataset group (one)",
        ),
    )
}
