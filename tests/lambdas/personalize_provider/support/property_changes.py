"""One changed value for every property of every resource type, and the setting in which it can be changed."""

from __future__ import annotations

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from lambdas.personalize_provider.resources import RESOURCES
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.template_parts import RECIPE, Resource, Resources, arn, custom

KEY = "arn:aws:kms:eu-west-1:000000000000:key/00000000-0000-0000-0000-000000000000"
STUDIO = {"name": "STUDIO", "type": ["null", "string"]}
_LONGER = blocks.schema("Items", [STUDIO])


@dataclass(frozen=True)
class Setting:
    """A resource under test and what it needs around it.

    Attributes:
        around: builds the other resources of the template.
        target: builds the resource itself, under the logical id `Target`.
        changes: property -> new value.
        companions: property -> what else has to change for the service to accept the new value.
        already: property -> what the resource has to be from the start for the service to accept the new value.
    """

    around: Callable[[], Resources]
    target: Callable[[], Resource]
    changes: dict[str, Any]
    companions: dict[str, dict[str, Any]] = field(default_factory=dict)
    already: dict[str, dict[str, Any]] = field(default_factory=dict)

    def before(self, prop: str = "") -> Resources:
        """The resources before the change, of the property if one is named."""
        target = self.target()
        target["Properties"] |= self.already.get(prop, {})
        noun = target["Type"].removeprefix("Custom::Personalize")
        waited_for = blocks.chain("Target", noun) if RESOURCES[noun].outlasts_request else {}
        return {**self.around(), "Target": target, **waited_for}

    def after(self, prop: str, together: bool = False) -> Resources:
        """The resources after the change of one property, together with its companions if asked for."""
        resources = copy.deepcopy(self.before(prop))
        more = self.companions.get(prop, {}) if together else {}
        resources["Target"]["Properties"] |= {prop: self.changes[prop], **more}
        return resources


def _two_groups(resources: Callable[[], Resources] = blocks.group) -> Resources:
    second = {f"Second{key}": value for key, value in copy.deepcopy(resources()).items()}
    for resource in second.values():
        for prop, value in resource["Properties"].items():
            if isinstance(value, dict) and "Fn::GetAtt" in value:
                resource["Properties"][prop] = {
                    "Fn::GetAtt": [f"Second{value['Fn::GetAtt'][0]}", *value["Fn::GetAtt"][1:]]
                }
    return {**resources(), **second}


def _with_texts() -> Resources:
    """Two groups whose items have what every recipe needs, Semantic-Similarity included."""
    texts = [
        {"name": "TITLE", "type": ["null", "string"], "itemName": True},
        {"name": "PLOT", "type": ["null", "string"], "textual": True},
    ]

    def group() -> Resources:
        resources = blocks.group()
        resources["ItemsSchema"]["Properties"]["Schema"] = blocks.schema("Items", texts)
        return resources

    return _two_groups(group)


def _only_group() -> Resources:
    return {"Group": custom("DatasetGroup", Domain=blocks.VOD), "Second": custom("DatasetGroup", Domain=blocks.VOD)}


def _for_dataset() -> Resources:
    return {
        **_only_group(),
        "Schema": custom("Schema", Schema=blocks.schema("Items"), Domain=blocks.VOD),
        "Longer": custom("Schema", Schema=_LONGER, Domain=blocks.VOD),
        "Interactions": custom("Schema", Schema=blocks.schema("Interactions"), Domain=blocks.VOD),
    }


def _with_data() -> Resources:
    return _two_groups(lambda: {**blocks.group(), **blocks.data()})


def _with_solution() -> Resources:
    return {**_with_data(), "Solution": blocks.solution(), "Other": blocks.solution(EventType="Watch")}


def _with_version() -> Resources:
    resources = {**_with_solution(), "Version": blocks.version(), **blocks.chain("Version", "SolutionVersion")}
    resources["Second"] = {**blocks.version(Triggers={"TrainingTrigger": "2"})}
    return {**resources, **blocks.chain("Second", "SolutionVersion")}


GROUP = arn("Group", "DatasetGroup")

SETTINGS: dict[str, Setting] = {
    "DatasetGroup": Setting(
        around=dict,
        target=lambda: custom("DatasetGroup", Domain=blocks.VOD, Datasets={"ITEMS": "deleted", "USERS": "retained"}),
        changes={"Domain": "ECOMMERCE", "RoleArn": blocks.ROLE, "KmsKeyArn": KEY, "Datasets": {"USERS": "retained"}},
        companions={"RoleArn": {"KmsKeyArn": KEY}, "KmsKeyArn": {"RoleArn": blocks.ROLE}},
    ),
    "Schema": Setting(
        around=dict,
        target=lambda: custom("Schema", Schema=blocks.schema("Interactions"), Domain=blocks.VOD),
        changes={"Schema": _LONGER, "Domain": "ECOMMERCE"},
    ),
    "Dataset": Setting(
        around=_for_dataset,
        target=lambda: custom("Dataset", DatasetGroupArn=GROUP, DatasetType="ITEMS", SchemaArn=arn("Schema", "Schema")),
        changes={
            "DatasetGroupArn": arn("Second", "DatasetGroup"),
            "DatasetType": "INTERACTIONS",
            "SchemaArn": arn("Longer", "Schema"),
        },
        companions={"DatasetType": {"SchemaArn": arn("Interactions", "Schema")}},
    ),
    "DatasetImportJob": Setting(
        around=_two_groups,
        target=lambda: blocks.data()["InteractionsImport"],
        changes={
            "DatasetArn": arn("SecondInteractionsDataset", "Dataset"),
            "DataSource": {"DataLocation": f"{blocks.BUCKET}/again/interactions.csv"},
            "DataVersion": "2",
            "RoleArn": f"{blocks.ROLE}-2",
            "ImportMode": "INCREMENTAL",
            "PublishAttributionMetricsToS3": True,
        },
    ),
    "Recommender": Setting(
        around=_with_data,
        target=blocks.recommender,
        changes={
            "DatasetGroupArn": arn("SecondGroup", "DatasetGroup"),
            "RecipeArn": f"{RECIPE}/aws-vod-most-popular",
            "RecommenderConfig": {"MinRecommendationRequestsPerSecond": 2},
            "Active": False,
        },
    ),
    "Solution": Setting(
        around=_with_texts,
        target=blocks.solution,
        changes={
            "DatasetGroupArn": arn("SecondGroup", "DatasetGroup"),
            "RecipeArn": f"{RECIPE}/aws-personalized-ranking-v2",
            "PerformHPO": True,
            "PerformAutoML": False,
            "EventType": "Watch",
            "SolutionConfig": {"AlgorithmHyperParameters": {"hidden_dimension": "64"}},
            "PerformAutoTraining": True,
            "PerformIncrementalUpdate": True,
            "SolutionUpdateConfig": {"AutoTrainingConfig": {"SchedulingExpression": "rate(3 days)"}},
        },
        already={"PerformIncrementalUpdate": {"RecipeArn": f"{RECIPE}/aws-semantic-similarity"}},
    ),
    "SolutionVersion": Setting(
        around=_with_solution,
        target=blocks.version,
        changes={
            "SolutionArn": arn("Other", "Solution"),
            "Triggers": {"TrainingTrigger": "2"},
            "TrainingMode": "UPDATE",
        },
    ),
    "Campaign": Setting(
        around=_with_version,
        target=lambda: blocks.ranking()["Campaign"],
        changes={
            "SolutionVersionArn": arn("SecondSettled", "SolutionVersion"),
            "MinProvisionedTPS": 2,
            "CampaignConfig": {"EnableMetadataWithRecommendations": True},
        },
    ),
    "Filter": Setting(
        around=_two_groups,
        target=lambda: blocks.serving()["Filter"],
        changes={
            "DatasetGroupArn": arn("SecondGroup", "DatasetGroup"),
            "FilterExpression": 'INCLUDE ItemID WHERE Items.GENRES IN ("Drama")',
        },
    ),
    "EventTracker": Setting(
        around=_two_groups,
        target=lambda: blocks.serving()["Tracker"],
        changes={"DatasetGroupArn": arn("SecondGroup", "DatasetGroup")},
    ),
    "MetricAttribution": Setting(
        around=_two_groups,
        target=lambda: blocks.serving()["Attribution"],
        changes={
            "DatasetGroupArn": arn("SecondGroup", "DatasetGroup"),
            "Metrics": [blocks.metric("clicks", event_type="Click")],
            "MetricsOutputConfig": {"RoleArn": f"{blocks.ROLE}-2"},
        },
    ),
}

# Every property of every type.
WALK = [(noun, prop) for noun, setting in SETTINGS.items() for prop in sorted(setting.changes)]
