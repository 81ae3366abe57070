"""What each construct writes into the template: with defaults, and with everything set."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import CfnParameter, Duration, RemovalPolicy, Stack, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms

from lambdas.personalize_provider.describe import pascal
from stacks.personalize import (
    Campaign,
    Dataset,
    DatasetGroup,
    EventParameters,
    EventTracker,
    Filter,
    ItemExplorationConfig,
    QualityGate,
    Recommender,
    Schema,
    Solution,
    SolutionVersion,
)
from stacks.personalize.avro import canonical
from stacks.personalize.limits import RANKING_METRICS
from tests.stacks.personalize.support.construct_stacks import (
    GIVEN,
    GROUP_ARN,
    INTERACTIONS,
    LOCATION,
    SOLUTION_ARN,
    VERSION_ARN,
    Kit,
    Resources,
    by_path,
    new_app,
)

ROLE = "arn:aws:iam::123456789012:role/given"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1"
RECIPE = "arn:${AWS::Partition}:personalize:::recipe"
EXPRESSION = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")'
# Properties of every custom resource of ours.
FRAME = {"ServiceToken": "${Provider/Framework/framework-onEvent.Arn}", "ServiceTimeout": "3600"}

PLAIN: dict[str, dict[str, Any]] = {
    "Group": {
        "NamePrefix": "vod-test_group",
        "Domain": "VIDEO_ON_DEMAND",
        "AllowReplacement": False,
        "Datasets": {"INTERACTIONS": "deleted"},
    },
    "Schema": {"NamePrefix": "vod-test_schema", "Schema": canonical(INTERACTIONS), "Domain": "VIDEO_ON_DEMAND"},
    "Dataset": {
        "NamePrefix": "vod-test_dataset",
        "DatasetGroupArn": "${Group.DatasetGroupArn}",
        "DatasetType": "INTERACTIONS",
        "SchemaArn": "${Schema.SchemaArn}",
        "AllowReplacement": False,
    },
    "Import": {
        "NamePrefix": "vod-test_import",
        "DatasetArn": "${Dataset.DatasetArn}",
        "DataSource": {"DataLocation": LOCATION},
        "DataVersion": "1",
        "RoleArn": "${ServiceRole.Arn}",
        "ImportMode": "FULL",
    },
    "MoreLikeX": {
        "NamePrefix": "vod-test_more-like-x",
        "DatasetGroupArn": "${Group.DatasetGroupArn}",
        "RecipeArn": f"{RECIPE}/aws-vod-more-like-x",
        "RecommenderConfig": {
            "MinRecommendationRequestsPerSecond": 1,
            "EnableMetadataWithRecommendations": False,
            "TrainingDataConfig": {"ExcludedDatasetColumns": {}},
        },
    },
    "Solution": {
        "NamePrefix": "vod-test_solution",
        "DatasetGroupArn": "${Group.DatasetGroupArn}",
        "RecipeArn": f"{RECIPE}/aws-personalized-ranking-v2",
        "PerformHPO": False,
        "PerformAutoTraining": False,
        "SolutionConfig": {
            "AlgorithmHyperParameters": {},
            "TrainingDataConfig": {"ExcludedDatasetColumns": {}},
        },
    },
    "Campaign": {
        "NamePrefix": "vod-test_campaign",
        "SolutionVersionArn": "${Gate.SolutionVersionArn}",
        "MinProvisionedTPS": 1,
        "CampaignConfig": {"EnableMetadataWithRecommendations": False, "SyncWithLatestSolutionVersion": False},
    },
    "Filter": {
        "NamePrefix": "vod-test_filter",
        "DatasetGroupArn": "${Group.DatasetGroupArn}",
        "FilterExpression": EXPRESSION,
    },
    "Tracker": {"NamePrefix": "vod-test_tracker", "DatasetGroupArn": "${Group.DatasetGroupArn}"},
}

FULL: dict[str, dict[str, Any]] = {
    "FullGroup": {
        "Name": "vod-test_my-group",
        "RoleArn": ROLE,
        "KmsKeyArn": KEY,
        "AllowReplacement": True,
        "Datasets": {"USERS": "retained"},
    },
    "FullSchema": {"Name": "vod-test_my-schema", "Schema": '{"any":"thing"}'},
    "FullDataset": {
        "Name": "vod-test_my-dataset",
        "DatasetGroupArn": "${FullGroup.DatasetGroupArn}",
        "DatasetType": "USERS",
        "SchemaArn": "${FullSchema.SchemaArn}",
        "AllowReplacement": True,
    },
    "FullImport": {
        "Name": "vod-test_my-import",
        "DatasetArn": "${FullDataset.DatasetArn}",
        "DataSource": {"DataLocation": "${Location}"},
        "DataVersion": "2026-11",
        "RoleArn": ROLE,
        "ImportMode": "INCREMENTAL",
    },
    "FullRecommender": {
        "Name": "vod-test_my-recommender",
        "Active": False,
        "DatasetGroupArn": GROUP_ARN,
        "RecipeArn": "arn:aws:personalize:::recipe/aws-vod-top-picks",
        "RecommenderConfig": {
            "ItemExplorationConfig": {"explorationWeight": "0.25", "explorationItemAgeCutOff": "14"},
            "MinRecommendationRequestsPerSecond": 7,
            "EnableMetadataWithRecommendations": True,
            "TrainingDataConfig": {
                "ExcludedDatasetColumns": {"ITEMS": ["PRICE", "DURATION"]},
                "IncludedDatasetColumns": {"ITEMS": ["GENRES"], "USERS": ["AGE"]},
            },
        },
    },
    "FullSolution": {
        "Name": "vod-test_my-solution",
        "DatasetGroupArn": "${FullGroup.DatasetGroupArn}",
        "RecipeArn": f"{RECIPE}/aws-user-personalization",
        "PerformHPO": True,
        "PerformIncrementalUpdate": True,
        "EventType": "Watch",
        "PerformAutoTraining": True,
        "SolutionConfig": {
            "OptimizationObjective": {"ItemAttribute": "MINUTES"},
            "AlgorithmHyperParameters": {"hidden_dimension": "64", "recency_mask": "true", "share": "0.5", "x": "y"},
            "TrainingDataConfig": {
                "ExcludedDatasetColumns": {"USERS": ["GENDER"]},
                "IncludedDatasetColumns": {"ITEMS": ["GENRES"]},
            },
        },
        "SolutionUpdateConfig": {
            "AutoTrainingConfig": {"SchedulingExpression": "rate(3 days)"},
            "EventsConfig": {
                "EventParametersList": [
                    {"EventType": "Watch", "Weight": 1},
                    {"EventType": "Rate", "EventValueThreshold": 3.5},
                ]
            },
        },
    },
    "FullCampaign": {
        "Name": "vod-test_my-campaign",
        "SolutionVersionArn": "${FullSolution.SolutionArn}/$LATEST",
        "MinProvisionedTPS": 20,
        "CampaignConfig": {
            "EnableMetadataWithRecommendations": True,
            "SyncWithLatestSolutionVersion": True,
            "ItemExplorationConfig": {"explorationWeight": "0.1", "explorationItemAgeCutOff": "7"},
            "RankingInfluence": {"POPULARITY": 0.2, "FRESHNESS": 1},
        },
    },
    "FullFilter": {
        "Name": "vod-test_my-filter",
        "DatasetGroupArn": "${FullGroup.DatasetGroupArn}",
        "FilterExpression": EXPRESSION,
    },
    "FullTracker": {"Name": "vod-test_my-tracker", "DatasetGroupArn": "${FullGroup.DatasetGroupArn}"},
}

# Construct id -> beginning of the generated name.
PREFIXES = {
    "TopPicks": "vod-test_top-picks",
    "top_picks": "vod-test_top_picks",
    "Top10Picks": "vod-test_top10-picks",
    "Top picks (new)": "vod-test_top-picks-new",
    "Für dich": "vod-test_f-r-dich",
    "映画": "vod-test_dataset-group",  # nothing of the id is left
}

RETAINED = [f"Full{kind}" for kind in ("Group", "Schema", "Dataset", "Recommender", "Solution", "Campaign", "Filter")]


def plain(kit: Kit) -> None:
    """Every construct with no more than it needs."""
    group = kit.group()
    common: dict[str, Any] = {"provider": kit.provider, "dataset_group": group}
    kit.data(kit.dataset(group, kit.schema()))
    Recommender(kit.stack, "MoreLikeX", recipe="aws-vod-more-like-x", **common)
    solution = Solution(kit.stack, "Solution", recipe="aws-personalized-ranking-v2", **common)
    version = SolutionVersion(kit.stack, "Version", provider=kit.provider, solution=solution)
    gate = QualityGate(
        kit.stack, "Gate", provider=kit.provider, solution=solution, solution_version=version, minimums={}
    )
    Campaign(kit.stack, "Campaign", provider=kit.provider, solution_version=gate)
    Filter(kit.stack, "Filter", filter_expression=EXPRESSION, **common)
    EventTracker(kit.stack, "Tracker", **common)


def full(kit: Kit) -> None:
    """Every construct with every prop."""
    retain = RemovalPolicy.RETAIN
    role = iam.Role.from_role_arn(kit.stack, "Given", ROLE)
    group = kit.group(
        "FullGroup",
        domain=None,
        name="vod-test_my-group",
        role=role,
        encryption_key=kms.Key.from_key_arn(kit.stack, "GivenKey", KEY),
        allow_replacement=True,
        removal_policy=retain,
    )
    common: dict[str, Any] = {"provider": kit.provider, "dataset_group": group, "removal_policy": retain}
    schema = kit.schema(
        "FullSchema",
        schema={"any": "thing"},
        dataset_type="USERS",
        domain=None,
        name="vod-test_my-schema",
        removal_policy=retain,
    )
    dataset = kit.dataset(
        group,
        schema,
        "FullDataset",
        dataset_type="USERS",
        name="vod-test_my-dataset",
        allow_replacement=True,
        removal_policy=retain,
    )
    kit.data(
        dataset,
        "FullImport",
        data_location=CfnParameter(kit.stack, "Location").value_as_string,
        role=role,
        data_version="2026-11",
        import_mode="INCREMENTAL",
        name="vod-test_my-import",
        max_wait=Duration.minutes(50),
    )
    Recommender(
        kit.stack,
        "FullRecommender",
        recipe="arn:aws:personalize:::recipe/aws-vod-top-picks",
        min_recommendation_requests_per_second=7,
        item_exploration_config=ItemExplorationConfig(0.25, 14),
        enable_metadata_with_recommendations=True,
        excluded_dataset_columns={"ITEMS": ["PRICE", "DURATION"]},
        included_dataset_columns={"ITEMS": ["GENRES"], "USERS": ["AGE"]},
        active=False,
        name="vod-test_my-recommender",
        max_wait=Duration.hours(2),
        # Recommenders are in domain dataset groups only.
        **{**common, "dataset_group": DatasetGroup.from_dataset_group_arn(kit.stack, "GivenDomainGroup", GROUP_ARN)},
    )
    solution = Solution(
        kit.stack,
        "FullSolution",
        recipe="aws-user-personalization",
        auto_training_days=3,
        perform_incremental_update=True,
        perform_hpo=True,
        event_type="Watch",
        events_config=[EventParameters("Watch", 1), EventParameters("Rate", event_value_threshold=3.5)],
        more_solution_config={"OptimizationObjective": {"ItemAttribute": "MINUTES"}},
        algorithm_hyper_parameters={"hidden_dimension": 64, "recency_mask": True, "share": 0.5, "x": "y"},
        excluded_dataset_columns={"USERS": ["GENDER"]},
        included_dataset_columns={"ITEMS": ["GENRES"]},
        name="vod-test_my-solution",
        **common,
    )
    version = SolutionVersion(
        kit.stack,
        "FullVersion",
        provider=kit.provider,
        solution=solution,
        training_trigger="spring",
        training_mode="UPDATE",
        name="vod-test_my-version",
        max_wait=Duration.minutes(51),
    )
    QualityGate(
        kit.stack,
        "FullGate",
        provider=kit.provider,
        solution=solution,
        solution_version=version,
        minimums={"precision_at_5": 0.07, "coverage": 1},
        compare_with_deployed=True,
        tolerance=0.025,
        compared_metrics=["coverage"],
        fail_on_other_data=True,
    )
    Campaign(
        kit.stack,
        "FullCampaign",
        provider=kit.provider,
        solution_version=version,
        follow_latest=True,
        min_provisioned_tps=20,
        enable_metadata_with_recommendations=True,
        item_exploration_config=ItemExplorationConfig(0.1, 7),
        ranking_influence={"POPULARITY": 0.2, "FRESHNESS": 1},
        name="vod-test_my-campaign",
        removal_policy=retain,
    )
    Filter(kit.stack, "FullFilter", filter_expression=EXPRESSION, name="vod-test_my-filter", **common)
    EventTracker(kit.stack, "FullTracker", name="vod-test_my-tracker", **common)


@pytest.fixture(scope="module")
def kit() -> Kit:
    """Both of each, and what shows a single thing."""
    kit = Kit()
    plain(kit)
    full(kit)
    Solution(
        kit.stack,
        "Daily",
        provider=kit.provider,
        dataset_group=DatasetGroup.from_dataset_group_arn(kit.stack, "GivenGroup", GROUP_ARN),
        recipe=CfnParameter(kit.stack, "Recipe").value_as_string,
        auto_training_days=1,
    )
    for id in PREFIXES:
        kit.group(id)
    return kit


@pytest.fixture(scope="module")
def resources(kit: Kit) -> Resources:
    return kit.synthesized()


@pytest.mark.parametrize(("path", "expected"), [*PLAIN.items(), *FULL.items()])
def test_a_construct_renders_exactly_what_it_is_given(
    resources: Resources, path: str, expected: dict[str, Any]
) -> None:
    assert resources[path]["Properties"] == {**FRAME, **expected}


def test_a_solution_version_renders_mode_and_triggers(resources: Resources) -> None:
    properties = resources["Version"]["Properties"]
    triggers = properties.pop("Triggers")
    assert triggers.pop("TrainingTrigger") == "1"
    assert len(triggers) == 1
    assert properties == {
        **FRAME,
        "NamePrefix": "vod-test_version",
        "SolutionArn": "${Solution.SolutionArn}",
        "TrainingMode": "FULL",
    }
    full_properties = resources["FullVersion"]["Properties"]
    assert full_properties["Triggers"].pop("TrainingTrigger") == "spring"
    assert (full_properties["Name"], full_properties["TrainingMode"]) == ("vod-test_my-version", "UPDATE")
    assert "NamePrefix" not in full_properties


def test_a_quality_gate_renders_its_numbers_as_text(resources: Resources) -> None:
    """CloudFormation hands numbers over as text anyway; as text they do not depend on its formatting."""
    token = {"ServiceToken": FRAME["ServiceToken"]}
    assert resources["Gate"]["Properties"] == {
        **token,
        "SolutionArn": "${Solution.SolutionArn}",
        "SolutionVersionArn": "${Version/Wait/Link8.SolutionVersionArn}",
        "Minimums": {},
        "CompareWithDeployed": False,
        "Tolerance": "0.05",
        "ComparedMetrics": ["normalized_discounted_cumulative_gain_at_25", "mean_reciprocal_rank_at_25"],
        "FailOnOtherData": False,
    }
    assert resources["FullGate"]["Properties"] == {
        **token,
        "SolutionArn": "${FullSolution.SolutionArn}",
        "SolutionVersionArn": "${FullVersion/Wait/Link2.SolutionVersionArn}",
        "Minimums": {"coverage": "1", "precision_at_5": "0.07"},
        "CompareWithDeployed": True,
        "Tolerance": "0.025",
        "ComparedMetrics": ["coverage"],
        "FailOnOtherData": True,
    }


def test_a_daily_schedule_is_in_the_singular(resources: Resources) -> None:
    config = resources["Daily"]["Properties"]["SolutionUpdateConfig"]
    assert config == {"AutoTrainingConfig": {"SchedulingExpression": "rate(1 day)"}}


def test_a_recipe_known_only_at_deployment_is_passed_on(resources: Resources) -> None:
    assert resources["Daily"]["Properties"]["RecipeArn"] == "${Recipe}"


def test_a_schema_does_not_depend_on_its_layout() -> None:
    shuffled = dict(reversed(INTERACTIONS.items()))
    assert list(shuffled) != list(INTERACTIONS)
    assert canonical(shuffled) == canonical(INTERACTIONS)
    assert canonical({**INTERACTIONS, "fields": INTERACTIONS["fields"][::-1]}) != canonical(INTERACTIONS)


# -- names, removal, tags ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("id", "prefix"), PREFIXES.items())
def test_a_generated_name_begins_with_the_app_and_the_construct_id(resources: Resources, id: str, prefix: str) -> None:
    """Whatever the id, the service accepts the name (API: [a-zA-Z0-9][a-zA-Z0-9-_]*)."""
    assert resources[id]["Properties"]["NamePrefix"] == prefix


@pytest.mark.parametrize("path", RETAINED)
def test_what_is_retained_stays_at_removal_and_at_replacement(resources: Resources, path: str) -> None:
    assert (resources[path]["DeletionPolicy"], resources[path]["UpdateReplacePolicy"]) == ("Retain", "Retain")


@pytest.mark.parametrize("path", [*PLAIN, "Version", "Gate", "FullImport", "FullVersion", "Import/Wait/Link1"])
def test_what_is_not_retained_goes(resources: Resources, path: str) -> None:
    assert (resources[path]["DeletionPolicy"], resources[path]["UpdateReplacePolicy"]) == ("Delete", "Delete")


def test_tags_reach_every_type_but_schemas() -> None:
    kit = Kit()
    plain(kit)
    Tags.of(kit.app).add("team", "films")
    Tags.of(kit.stack.node.find_child("Filter")).add("cost", "42")
    tagged = {
        path: each["Properties"]["Tags"]
        for path, each in kit.synthesized().items()
        if each["Type"].startswith("Custom::") and "Tags" in each["Properties"]
    }
    team = {"Key": "team", "Value": "films"}
    assert tagged.pop("Filter") == [{"Key": "cost", "Value": "42"}, team]
    assert set(tagged) == {"Group", "Dataset", "Import", "MoreLikeX", "Solution", "Version", "Campaign", "Tracker"}
    assert all(tags == [team] for tags in tagged.values())


def test_a_tag_can_be_kept_from_a_resource_type() -> None:
    kit = Kit()
    plain(kit)
    Tags.of(kit.app).add("team", "films", exclude_resource_types=["Custom::PersonalizeFilter"])
    resources = kit.synthesized()
    assert "Tags" not in resources["Filter"]["Properties"]
    assert "Tags" in resources["Campaign"]["Properties"]


@pytest.mark.parametrize(
    ("id", "attribute", "value"),
    [
        ("Group", "physical_name", "${Group}"),
        ("Group", "dataset_group_arn", "${Group.DatasetGroupArn}"),
        ("Schema", "schema_arn", "${Schema.SchemaArn}"),
        ("Dataset", "dataset_arn", "${Dataset.DatasetArn}"),
        ("Solution", "solution_arn", "${Solution.SolutionArn}"),
        ("Gate", "solution_version_arn", "${Gate.SolutionVersionArn}"),
        ("Campaign", "campaign_arn", "${Campaign.CampaignArn}"),
        ("Filter", "filter_arn", "${Filter.FilterArn}"),
        ("Tracker", "event_tracker_arn", "${Tracker.EventTrackerArn}"),
        ("Tracker", "tracking_id", "${Tracker.TrackingId}"),
        # What is waited for answers from the last link, so that whatever uses it waits too.
        ("Import", "dataset_import_job_arn", "${Import/Wait/Link3.DatasetImportJobArn}"),
        ("MoreLikeX", "recommender_arn", "${MoreLikeX/Wait/Link5.RecommenderArn}"),
        ("Version", "solution_version_arn", "${Version/Wait/Link8.SolutionVersionArn}"),
    ],
)
def test_an_attribute_is_answered_by_the_provider(kit: Kit, id: str, attribute: str, value: str) -> None:
    assert kit.read(getattr(kit.stack.node.find_child(id), attribute)) == value


@pytest.mark.parametrize("metric", RANKING_METRICS)
def test_an_evaluation_metric_has_the_name_that_the_provider_gives_it(kit: Kit, metric: str) -> None:
    version: Any = kit.stack.node.find_child("Version")
    assert kit.read(version.evaluation_metric(metric)) == f"${{Version/Wait/Link8.{pascal(metric)}}}"


# -- imported ones -------------------------------------------------------------------------------------------------


GIVEN_TRACKER = f"{GIVEN}:event-tracker/films"


@pytest.fixture
def given() -> Stack:
    """A stack for what exists already."""
    return Stack(new_app(), "Given")


def test_imported_resources_answer_the_arn_they_were_given(given: Stack) -> None:
    group = DatasetGroup.from_dataset_group_arn(given, "Group", GROUP_ARN)
    assert group.dataset_group_arn == GROUP_ARN
    assert group.contents.data_versions == {}
    schema = Schema.from_schema_arn(given, "Schema", f"{GIVEN}:schema/films")
    assert schema.schema_arn == f"{GIVEN}:schema/films"
    recommender = Recommender.from_recommender_arn(given, "Recommender", f"{GIVEN}:recommender/films")
    assert recommender.recommender_arn == f"{GIVEN}:recommender/films"
    campaign = Campaign.from_campaign_arn(given, "Campaign", f"{GIVEN}:campaign/films")
    assert campaign.campaign_arn == f"{GIVEN}:campaign/films"
    assert Filter.from_filter_arn(given, "Filter", f"{GIVEN}:filter/films").filter_arn == f"{GIVEN}:filter/films"
    assert EventTracker.from_event_tracker_arn(given, "Tracker", GIVEN_TRACKER).event_tracker_arn == GIVEN_TRACKER
    version = SolutionVersion.from_solution_version_arn(given, "Version", VERSION_ARN)
    assert (version.solution_version_arn, version.solution_arn) == (VERSION_ARN, SOLUTION_ARN)
    assert Solution.from_solution_arn(given, "Solution", SOLUTION_ARN).solution_arn == SOLUTION_ARN
    solution = Solution.from_solution_attributes(given, "Trainable", solution_arn=SOLUTION_ARN, dataset_group=group)
    assert (solution.solution_arn, solution.dataset_group) == (SOLUTION_ARN, group)
    tracker = EventTracker.from_event_tracker_attributes(
        given, "Told", event_tracker_arn=GIVEN_TRACKER, tracking_id="1a2b"
    )
    assert (tracker.event_tracker_arn, tracker.tracking_id) == (GIVEN_TRACKER, "1a2b")


def test_an_imported_dataset_knows_its_type_from_its_arn(given: Stack) -> None:
    group = DatasetGroup.from_dataset_group_arn(given, "Group", GROUP_ARN)
    arn = "arn:aws:personalize:eu-west-1:123456789012:dataset/films/ITEMS"
    dataset = Dataset.from_dataset_attributes(given, "Dataset", dataset_arn=arn, dataset_group=group)
    assert (dataset.dataset_arn, dataset.dataset_type, dataset.dataset_group) == (arn, "ITEMS", group)
    alone = Dataset.from_dataset_arn(given, "Alone", arn)
    assert (alone.dataset_type, alone.dataset_group.dataset_group_arn) == ("ITEMS", GROUP_ARN)


def test_the_group_of_a_dataset_that_is_known_when_it_is_deployed_is_worked_out_there(given: Stack) -> None:
    arn = CfnParameter(given, "DatasetArn").value_as_string
    dataset = Dataset.from_dataset_arn(given, "Dataset", arn)
    parts = {"Fn::Split": ["/", {"Ref": "DatasetArn"}]}
    group = {"Fn::Join": ["", [{"Fn::Select": [0, parts]}, "-group/", {"Fn::Select": [1, parts]}]]}
    assert given.resolve(dataset.dataset_group.dataset_group_arn) == group
    told = Dataset.from_dataset_attributes(
        given, "Told", dataset_arn=arn, dataset_group=dataset.dataset_group, dataset_type="ITEMS"
    )
    assert told.dataset_type == "ITEMS"


def test_what_exists_already_adds_nothing_to_a_template(given: Stack) -> None:
    Dataset.from_dataset_arn(given, "Dataset", f"{GIVEN}:dataset/films/ITEMS")
    Campaign.from_campaign_arn(given, "Campaign", f"{GIVEN}:campaign/films")
    iam.Role(given, "Role", assumed_by=iam.AccountRootPrincipal())
    assert list(by_path(given)) == ["Role"]
