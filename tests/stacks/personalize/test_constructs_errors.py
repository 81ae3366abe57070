"""Props that the service would refuse are refused at synth, in a sentence that says what to do."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import boto3
import pytest
from aws_cdk import App, CfnParameter, Duration, Environment, RemovalPolicy, Stack, Tags
from aws_cdk import aws_iam as iam
from aws_cdk import aws_kms as kms
from aws_cdk.assertions import Annotations, Match

from stacks.personalize import (
    AttributedMetric,
    Campaign,
    Dataset,
    DatasetGroup,
    EventParameters,
    EventTracker,
    Filter,
    IDatasetGroup,
    ItemExplorationConfig,
    MetricAttribution,
    PersonalizeProvider,
    PropsError,
    QualityGate,
    Recommender,
    Solution,
    SolutionVersion,
)
from stacks.personalize.limits import REGIONS
from stacks.personalize.tags import tag_mistake
from tests.stacks.personalize.support.construct_stacks import (
    GROUP_ARN,
    INTERACTIONS,
    SOLUTION_ARN,
    VERSION_ARN,
    Kit,
    new_app,
)

RECIPES = (
    "aws-vod-because-you-watched-x, aws-vod-more-like-x, aws-vod-most-popular, aws-vod-trending-now, aws-vod-top-picks"
)
TOP_PICKS = "aws-vod-top-picks"
EXPRESSION = 'INCLUDE ItemID WHERE Items.GENRES IN ("War")'


class Scene(Kit):
    """A stack with something of everything, and constructs in it that ought to fail."""

    def __init__(self) -> None:
        super().__init__()
        self.dataset_group: IDatasetGroup = self.imported_group("Given")
        self.trained = Solution.from_solution_attributes(
            self.stack, "GivenSolution", solution_arn=SOLUTION_ARN, dataset_group=self.dataset_group
        )
        self.version = SolutionVersion.from_solution_version_arn(self.stack, "GivenVersion", VERSION_ARN)
        self.empty_group = self.imported_group("Empty")
        self.custom_group = self.group("CustomGroup", domain=None)
        self.some_schema = self.schema("SomeSchema")
        self.some_dataset = self.dataset(self.dataset_group, self.some_schema, "SomeDataset")
        self.of_group: dict[str, Any] = {"provider": self.provider, "dataset_group": self.dataset_group}
        self.group_of_ours = self.group("OurGroup")
        self.solution_of_ours = Solution(self.stack, "OurSolution", recipe="aws-personalized-ranking", **self.of_group)
        self.version_of_ours = SolutionVersion(
            self.stack, "OurVersion", provider=self.provider, solution=self.solution_of_ours
        )

    def adopted_in_ours(self) -> dict[str, Any]:
        return {"provider": self.provider, "dataset_group": self.group_of_ours, "name": "films", "adopt": True}

    def imported_group(self, id: str) -> IDatasetGroup:
        return DatasetGroup.from_dataset_group_arn(self.stack, id, GROUP_ARN)

    def recommender(self, **props: Any) -> None:
        given: dict[str, Any] = {"recipe": TOP_PICKS, **props}
        Recommender(self.stack, "X", **self.of_group, **given)

    def solution(self, **props: Any) -> None:
        given: dict[str, Any] = {"recipe": "aws-personalized-ranking-v2", **props}
        Solution(self.stack, "X", **self.of_group, **given)

    def solution_version(self, **props: Any) -> None:
        SolutionVersion(self.stack, "X", provider=self.provider, solution=self.trained, **props)

    def campaign(self, **props: Any) -> None:
        Campaign(self.stack, "X", provider=self.provider, solution_version=self.version, **props)

    def filter(self, expression: str = EXPRESSION, **props: Any) -> None:
        Filter(self.stack, "X", filter_expression=expression, **self.of_group, **props)

    def gate(self, minimums: Mapping[str, float] | None = None, **props: Any) -> None:
        QualityGate(
            self.stack,
            "X",
            provider=self.provider,
            solution=self.trained,
            solution_version=self.version,
            minimums=minimums or {},
            **props,
        )


@pytest.fixture(scope="module")
def shared() -> Scene:
    return Scene()


@pytest.fixture
def scene(shared: Scene) -> Scene:
    """The stack, its place for the construct `X` free."""
    shared.stack.node.try_remove_child("X")
    return shared


def not_in_ours(parent: str) -> str:
    return (
        f"X: adopt is for what exists in a {parent} that exists, and this app makes its {parent}. Adopt the "
        f"{parent} too, or leave out adopt."
    )


def excluded(**columns: list[str]) -> dict[str, Any]:
    return {"excluded_dataset_columns": columns}


MISTAKES: list[tuple[Callable[[Scene], object], str]] = [
    (
        lambda s: s.group("X", adopt=True),
        "Test/X: adopt needs the name of the resource that is taken over. Set name.",
    ),
    (
        lambda s: s.group("X", name="vod-test_films", release=True),
        "Test/X: release is for what was adopted. Set adopt too, or leave out release.",
    ),
    (
        lambda s: s.group("X", name="our films", adopt=True),
        "Test/X: name 'our films' must be 1 to 63 letters, digits, '-' or '_', and begin with a letter or digit. "
        "Rename it, or leave name out to have one generated.",
    ),
    (
        lambda s: s.dataset(s.group_of_ours, s.some_schema, "X", name="films", adopt=True),
        not_in_ours("dataset group"),
    ),
    (
        lambda s: Recommender(s.stack, "X", recipe=TOP_PICKS, **s.adopted_in_ours()),
        not_in_ours("dataset group"),
    ),
    (
        lambda s: Solution(s.stack, "X", recipe="aws-personalized-ranking", **s.adopted_in_ours()),
        not_in_ours("dataset group"),
    ),
    (
        lambda s: Filter(s.stack, "X", filter_expression=EXPRESSION, **s.adopted_in_ours()),
        not_in_ours("dataset group"),
    ),
    (
        lambda s: EventTracker(s.stack, "X", **s.adopted_in_ours()),
        not_in_ours("dataset group"),
    ),
    (
        lambda s: MetricAttribution(
            s.stack,
            "X",
            metrics=[AttributedMetric("events", "Watch", "SAMPLECOUNT()")],
            role=s.role,
            **s.adopted_in_ours(),
        ),
        not_in_ours("dataset group"),
    ),
    (
        lambda s: s.data(s.some_dataset, "X", adopt=True),
        not_in_ours("dataset"),
    ),
    (
        lambda s: SolutionVersion(s.stack, "X", provider=s.provider, solution=s.solution_of_ours, adopt="83cc95fc"),
        not_in_ours("solution"),
    ),
    (
        lambda s: Campaign(
            s.stack, "X", provider=s.provider, solution_version=s.version_of_ours, name="films", adopt=True
        ),
        not_in_ours("solution"),
    ),
    (
        lambda s: s.solution_version(adopt="latest!"),
        "X: adopt must be the id that the version's ARN ends with, or $LATEST, but is 'latest!'.",
    ),
    (
        lambda s: s.solution_version(adopt="$LATEST", name="vod-test_films"),
        "Test/X: adopt takes over a run that has a name already. Leave out name.",
    ),
    (
        lambda s: s.group("X", domain="ECOMMERCE"),
        "X: domain must be VIDEO_ON_DEMAND, or None for a custom dataset group, but is 'ECOMMERCE'. Other domains are "
        "not supported.",
    ),
    (
        lambda s: s.schema("X", domain="ECOMMERCE"),
        "X: domain must be VIDEO_ON_DEMAND, or None for a custom dataset group, but is 'ECOMMERCE'. Other domains are "
        "not supported.",
    ),
    (
        lambda s: s.dataset(s.dataset_group, s.some_schema, "X", dataset_type="ITEMS"),
        "X: its schema is for INTERACTIONS, and dataset_type is ITEMS.",
    ),
    (
        lambda s: s.dataset(s.custom_group, s.some_schema, "X"),
        "X: its schema is for VIDEO_ON_DEMAND, its dataset group for no domain. Give both the same domain.",
    ),
    (
        lambda s: s.group("X", encryption_key=kms.Key(s.stack, "Key")),
        "X: encryption_key needs a role that may use the key. Set role.",
    ),
    (
        lambda s: s.schema("X", schema={**INTERACTIONS, "fields": INTERACTIONS["fields"][1:], "version": 1}),
        'X: "version" must be a string, such as "1.0". USER_ID: this field is required, as string.',
    ),
    (
        lambda s: s.dataset(s.dataset_group, s.some_schema, "X", dataset_type="Items"),
        "X: dataset_type must be one of INTERACTIONS, ITEMS, USERS, but is 'Items'.",
    ),
    (
        lambda s: s.data(s.some_dataset, "X", import_mode="APPEND"),
        "X: import_mode must be one of FULL, INCREMENTAL, but is 'APPEND'.",
    ),
    (
        lambda s: s.data(s.some_dataset, "X", data_location="/data/items.csv"),
        "X: data_location must begin with s3:// and have at most 256 characters, but is '/data/items.csv'.",
    ),
    (
        lambda s: s.data(s.some_dataset, "X", data_location=f"s3://{'b' * 252}"),
        f"X: data_location must begin with s3:// and have at most 256 characters, but is 's3://{'b' * 252}'.",
    ),
    (
        lambda s: s.data(s.some_dataset, "X", max_wait=Duration.seconds(0)),
        "Test/X/Wait: max_wait must be more than 0 and at most 96 links of 3000 seconds, but is 0 seconds. "
        "Choose a shorter max_wait.",
    ),
    (
        lambda s: s.recommender(recipe="aws-vod-top-pick"),
        f"X: 'aws-vod-top-pick' is not a recipe of the VIDEO_ON_DEMAND domain. Use one of {RECIPES}.",
    ),
    (
        lambda s: s.recommender(recipe="aws-vod-most-popular", item_exploration_config=ItemExplorationConfig(0.3, 30)),
        "X: recipe 'aws-vod-most-popular' does not explore. Remove item_exploration_config.",
    ),
    (
        lambda s: s.recommender(item_exploration_config=ItemExplorationConfig(1.1, 30)),
        "X: exploration_weight must be 0 to 1, but is 1.1.",
    ),
    (
        lambda s: s.recommender(item_exploration_config=ItemExplorationConfig(-0.1, 30)),
        "X: exploration_weight must be 0 to 1, but is -0.1.",
    ),
    (
        lambda s: s.recommender(item_exploration_config=ItemExplorationConfig(0.3, 0.5)),
        "X: exploration_item_age_cut_off must be at least 1 day, but is 0.5.",
    ),
    (
        lambda s: s.recommender(min_recommendation_requests_per_second=0),
        "X: min_recommendation_requests_per_second must be at least 1 request per second, but is 0.",
    ),
    (
        lambda s: s.recommender(**excluded(MOVIES=["GENRES"])),
        "X: excluded_dataset_columns has 'MOVIES'; its keys must be INTERACTIONS, ITEMS or USERS.",
    ),
    (
        lambda s: s.recommender(**excluded(ITEMS=["GENRES", "2ND"])),
        "X: excluded_dataset_columns has '2ND', which is not a column name.",
    ),
    (
        lambda s: s.recommender(**excluded(ITEMS=["A" * 151])),
        f"X: excluded_dataset_columns has '{'A' * 151}', which is not a column name.",
    ),
    (
        lambda s: s.solution(**excluded(USERS=[f"C{number}" for number in range(51)])),
        "X: excluded_dataset_columns has 51 columns of USERS; at most 50 are allowed.",
    ),
    (
        lambda s: s.recommender(**excluded(INTERACTIONS=["EVENT_TYPE"])),
        "X: excluded_dataset_columns has 'EVENT_TYPE', without which nothing can be trained.",
    ),
    (
        lambda s: s.recommender(included_dataset_columns={"MOVIES": ["GENRES"]}),
        "X: included_dataset_columns has 'MOVIES'; its keys must be INTERACTIONS, ITEMS or USERS.",
    ),
    (
        lambda s: s.solution(**excluded(ITEMS=["YEAR"]), included_dataset_columns={"ITEMS": ["GENRES", "YEAR"]}),
        "X: 'YEAR' of ITEMS is both included and excluded. Choose one.",
    ),
    (
        lambda s: s.solution(auto_training_days=0),
        "X: auto_training_days must be 1 to 30, but is 0.",
    ),
    (
        lambda s: s.solution(recipe=None),
        "X: set either recipe or perform_auto_ml.",
    ),
    (
        lambda s: s.solution(events_config=[EventParameters("Watch", 1.5)]),
        "X: the weight of Watch must be 0 to 1, but is 1.5.",
    ),
    (
        lambda s: s.solution(events_config=[EventParameters("")]),
        "X: event_type must have 1 to 256 characters.",
    ),
    (
        lambda s: s.solution(events_config=[EventParameters(f"E{number}") for number in range(11)]),
        "X: events_config has 11 event types; at most 10 are allowed.",
    ),
    (
        lambda s: s.solution(more_solution_config={"HPOConfig": {}}),
        "X: more_solution_config has 'HPOConfig'; use AutoMLConfig, EventValueThreshold, "
        "FeatureTransformationParameters, HpoConfig, OptimizationObjective, or another prop.",
    ),
    (
        lambda s: s.campaign(ranking_influence={"PRICE": 1}),
        "X: ranking_influence has 'PRICE'; use POPULARITY and FRESHNESS.",
    ),
    (
        lambda s: s.campaign(ranking_influence={"FRESHNESS": 2}),
        "X: the ranking_influence of FRESHNESS must be 0 to 1, but is 2.",
    ),
    (
        lambda s: s.campaign(item_exploration_config=ItemExplorationConfig(1.1, 30)),
        "X: exploration_weight must be 0 to 1, but is 1.1.",
    ),
    (
        lambda s: s.solution(auto_training_days=31),
        "X: auto_training_days must be 1 to 30, but is 31.",
    ),
    (
        lambda s: s.solution_version(training_mode="AUTOTRAIN"),
        "X: training_mode must be one of FULL, UPDATE, but is 'AUTOTRAIN'.",
    ),
    (
        lambda s: s.solution_version(max_wait=Duration.seconds(96 * 3000 + 1)),
        "Test/X/Wait: max_wait must be more than 0 and at most 96 links of 3000 seconds, but is 288001 seconds. "
        "Choose a shorter max_wait.",
    ),
    (
        lambda s: s.campaign(min_provisioned_tps=-1),
        "X: min_provisioned_tps must be at least 1 request per second, but is -1.",
    ),
    (
        lambda s: s.filter(""),
        "X: filter_expression must have 1 to 2500 characters, but has 0.",
    ),
    (
        lambda s: s.filter("x" * 2501),
        "X: filter_expression must have 1 to 2500 characters, but has 2501.",
    ),
    (
        lambda s: s.filter("INCLUDE ItemID WHERE Items.GENRES IN ($GENRES"),
        "X: filter_expression at character 46: expected ')' or ',', but found the end of the expression.",
    ),
    (
        lambda s: s.gate({"coverage": 1.01}),
        "X: the minimum of coverage must be 0 to 1, but is 1.01.",
    ),
    (
        lambda s: s.gate({"coverage": 1, "precision_at_5": -0.1}),
        "X: the minimum of precision_at_5 must be 0 to 1, but is -0.1.",
    ),
    (
        lambda s: s.gate(tolerance=1),
        "X: tolerance must be 0 or more and less than 1, but is 1.",
    ),
    (
        lambda s: s.gate(compared_metrics=[]),
        "X: compared_metrics must name at least one metric.",
    ),
    (
        lambda s: s.recommender(min_recommendation_requests_per_second=1.5),
        "X: min_recommendation_requests_per_second must be a whole number of requests per second, but is 1.5.",
    ),
    (
        lambda s: s.campaign(min_provisioned_tps="2"),
        "X: min_provisioned_tps must be a whole number of requests per second, but is '2'.",
    ),
    (
        lambda s: s.recommender(excluded_dataset_columns={"ITEMS": "YEAR"}),
        "X: excluded_dataset_columns has the text 'YEAR' for ITEMS; it must be a list of columns.",
    ),
    (
        lambda s: s.filter(None),  # type: ignore[arg-type]  # as from a program that mypy does not check
        "X: filter_expression must be text, but is None.",
    ),
    (
        lambda s: s.schema("X", dataset_type="Actions"),
        "X: dataset_type must be one of INTERACTIONS, ITEMS, USERS, but is 'Actions'.",
    ),
    (
        lambda s: s.group("X", removal_policy=RemovalPolicy.SNAPSHOT),
        "Test/X: removal_policy cannot be SNAPSHOT. Use DESTROY or RETAIN.",
    ),
    (
        lambda s: s.solution(recipe="aws-vod-top-picks"),
        "X: recipe 'aws-vod-top-picks' is for recommenders. Use a Recommender.",
    ),
    (
        lambda s: s.solution(recipe="arn:aws:personalize:::recipe/aws-ecomm-recommended-for-you"),
        "X: recipe 'aws-ecomm-recommended-for-you' is for recommenders. Use a Recommender.",
    ),
    (
        lambda s: s.solution(algorithm_hyper_parameters={"bptt": 4}),
        "X: 'bptt' is not a hyperparameter of 'aws-personalized-ranking-v2'. Use apply_recency_bias.",
    ),
    (
        lambda s: s.solution(perform_hpo=True),
        "X: recipe 'aws-personalized-ranking-v2' does not take perform_hpo. Remove it.",
    ),
    (
        lambda s: s.solution(recipe="aws-personalized-ranking", events_config=[]),
        "X: recipe 'aws-personalized-ranking' does not take events_config. Remove it.",
    ),
    (
        lambda s: s.solution(event_type="x" * 257),
        "X: event_type must have 1 to 256 characters.",
    ),
    (
        lambda s: s.dataset(s.dataset_group, s.some_schema, "X"),
        "X: its dataset group has 1 dataset of the type INTERACTIONS already, and takes no more. Remove one.",
    ),
]


@pytest.mark.parametrize(("declare", "sentence"), MISTAKES, ids=[sentence[:60] for _, sentence in MISTAKES])
def test_a_mistake_is_one_sentence(scene: Scene, declare: Callable[[Scene], object], sentence: str) -> None:
    with pytest.raises(PropsError) as refused:
        declare(scene)
    assert str(refused.value) == sentence


def test_a_group_takes_five_recommenders_and_one_event_tracker() -> None:
    """Case 19: known at synth, wherever in the app they are."""
    scene = Scene()
    for number in range(5):
        Recommender(scene.stack, f"R{number}", recipe=TOP_PICKS, **scene.of_group)
    with pytest.raises(PropsError, match=r"^X: its dataset group has 5 recommenders already, and takes no more\."):
        scene.recommender()
    EventTracker(Stack(scene.app, "Other"), "Tracker", **scene.of_group)
    with pytest.raises(PropsError, match=r"^X: its dataset group has 1 event tracker already, and takes no more\."):
        EventTracker(scene.stack, "X", **scene.of_group)


@pytest.mark.parametrize("arn", ["", "films", f"{GROUP_ARN}/x y", SOLUTION_ARN, "arn:aws:s3:::bucket"])
def test_what_exists_is_named_by_its_arn(arn: str) -> None:
    with pytest.raises(PropsError, match=r"must be an ARN such as arn:aws:personalize:REGION:ACCOUNT:dataset-group/"):
        DatasetGroup.from_dataset_group_arn(new_app(), "X", arn)


def test_what_an_arn_does_not_tell_has_to_be_given() -> None:
    stack = Stack(new_app(), "Given")
    tracker = EventTracker.from_event_tracker_arn(stack, "Tracker", GROUP_ARN.replace("dataset-group", "event-tracker"))
    with pytest.raises(PropsError, match=r"^Given/Tracker: .*Use EventTracker\.from_event_tracker_attributes\.$"):
        _ = tracker.tracking_id
    solution = Solution.from_solution_arn(stack, "Solution", SOLUTION_ARN)
    with pytest.raises(PropsError, match=r"^Given/Solution: .*Use Solution\.from_solution_attributes\.$"):
        _ = solution.dataset_group
    dataset = Dataset.from_dataset_arn(stack, "Dataset", CfnParameter(stack, "Arn").value_as_string)
    with pytest.raises(PropsError, match=r"^Given/Dataset: .*Use Dataset\.from_dataset_attributes with"):
        _ = dataset.dataset_type


def test_only_actions_of_personalize_are_granted() -> None:
    stack = Stack(new_app(), "Given")
    client = iam.Role(stack, "Client", assumed_by=iam.AccountRootPrincipal())
    solution = Solution.from_solution_arn(stack, "Solution", SOLUTION_ARN)
    with pytest.raises(PropsError, match=r"^grant: 's3:GetObject' is not an action of Amazon Personalize\."):
        solution.grant(client, "personalize:DescribeSolution", "s3:GetObject")
    tracker = EventTracker.from_event_tracker_arn(stack, "Tracker", GROUP_ARN.replace("dataset-group", "event-tracker"))
    with pytest.raises(PropsError, match=r"Use grant_put_events\.$"):
        tracker.grant(client, "personalize:PutEvents")


AT_THE_LIMIT: list[Callable[[Scene], object]] = [
    lambda s: s.data(s.some_dataset, "X", data_location=f"s3://{'b' * 251}"),
    lambda s: s.recommender(item_exploration_config=ItemExplorationConfig(0, 1)),
    lambda s: s.recommender(item_exploration_config=ItemExplorationConfig(1, 1)),
    lambda s: s.recommender(**excluded(ITEMS=["A" * 150])),
    lambda s: s.solution(**excluded(USERS=[f"C{number}" for number in range(50)])),
    lambda s: s.solution(auto_training_days=30),
    lambda s: s.filter(f'EXCLUDE ItemID WHERE Items.TITLE IN ("{"x" * 2460}")'),
    lambda s: s.gate({"coverage": 0, "precision_at_5": 1}, tolerance=0),
]


@pytest.mark.parametrize("declare", AT_THE_LIMIT)
def test_what_is_just_at_a_limit_is_taken(scene: Scene, declare: Callable[[Scene], object]) -> None:
    declare(scene)
    assert scene.stack.node.try_find_child("X")


def test_what_is_known_only_at_deployment_is_not_judged(scene: Scene) -> None:
    number = CfnParameter(scene.stack, "Number", type="Number").value_as_number
    text = CfnParameter(scene.stack, "Text").value_as_string
    scene.recommender(recipe=text, min_recommendation_requests_per_second=number)
    scene.stack.node.try_remove_child("X")
    scene.campaign(min_provisioned_tps=number)
    scene.stack.node.try_remove_child("X")
    scene.data(scene.some_dataset, "X", data_location=text)


def test_exploration_is_judged_even_if_the_recipe_is_known_only_at_deployment(scene: Scene) -> None:
    recipe = CfnParameter(scene.stack, "Recipe").value_as_string
    with pytest.raises(PropsError, match=r"^X: exploration_weight must be 0 to 1, but is 2\.$"):
        scene.recommender(recipe=recipe, item_exploration_config=ItemExplorationConfig(2, 1))


# -- names ---------------------------------------------------------------------------------------------------------

NAMED: dict[str, Callable[[Scene, str], object]] = {
    "dataset group": lambda s, name: s.group("X", name=name),
    "schema": lambda s, name: s.schema("X", name=name),
    "dataset": lambda s, name: s.dataset(s.empty_group, s.some_schema, "X", name=name),
    "import": lambda s, name: s.data(s.some_dataset, "X", name=name),
    "recommender": lambda s, name: s.recommender(name=name),
    "solution": lambda s, name: s.solution(name=name),
    "version": lambda s, name: s.solution_version(name=name),
    "campaign": lambda s, name: s.campaign(name=name),
    "filter": lambda s, name: s.filter(name=name),
    "tracker": lambda s, name: EventTracker(s.stack, "X", name=name, **s.of_group),
}


def test_the_filters_of_a_group_have_a_limit_of_columns(scene: Scene) -> None:
    group = scene.imported_group("Films")

    def declare(id: str, conditions: str) -> None:
        expression = f"INCLUDE ItemID WHERE {conditions}"
        Filter(scene.stack, id, provider=scene.provider, dataset_group=group, filter_expression=expression)

    for number in range(2):
        declare(f"Limit{number}", " AND ".join(f"Items.C{number}{digit} = 1" for digit in range(10)))
    declare("LimitSame", "Items.c00 = 1")
    with pytest.raises(PropsError) as refused:
        declare("X", "Items.MORE = 1")
    assert str(refused.value) == (
        "X: with filter_expression the filters of the dataset group use 21 distinct columns, at most 20 are allowed. "
        "Use fewer columns."
    )


@pytest.mark.parametrize("kind", NAMED)
def test_a_name_outside_the_prefix_is_refused(scene: Scene, kind: str) -> None:
    with pytest.raises(PropsError) as refused:
        NAMED[kind](scene, "vod-test2-films")
    assert str(refused.value) == (
        "Test/X: name 'vod-test2-films' must begin with 'vod-test_', because the provider's role is limited to names "
        "that do. Rename it, or leave name out to have one generated."
    )


@pytest.mark.parametrize("kind", NAMED)
@pytest.mark.parametrize("name", ["", "vod-test_f ilms", "-vod-test_films", f"vod-test_{'x' * 55}"])
def test_a_name_that_the_service_does_not_take_is_refused(scene: Scene, kind: str, name: str) -> None:
    with pytest.raises(PropsError) as refused:
        NAMED[kind](scene, name)
    assert str(refused.value) == (
        f"Test/X: name '{name}' must be 1 to 63 letters, digits, '-' or '_', and begin with a letter or digit. "
        f"Rename it, or leave name out to have one generated."
    )


@pytest.mark.parametrize("name", ["vod-test_films", "vod-test_Films_2", f"vod-test_{'x' * 54}"])
def test_a_name_with_the_prefix_is_taken(scene: Scene, name: str) -> None:
    scene.group("X", name=name)


# -- provider ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("prefix", ["", "-vod", "vod dev", "vod/dev", "vod_dev", "x" * 32])
def test_a_prefix_that_names_cannot_begin_with_is_refused(prefix: str) -> None:
    with pytest.raises(PropsError) as refused:
        PersonalizeProvider(Stack(App(), "Test"), "X", name_prefix=prefix)
    assert str(refused.value) == (
        f"X: name_prefix must be 1 to 31 letters, digits and hyphens, and begin with a letter or digit, "
        f"but is '{prefix}'."
    )


def test_a_provider_is_where_the_service_is() -> None:
    """Case 10: a region without Amazon Personalize is known at synth."""
    stack = Stack(App(), "Test", env=Environment(region="eu-north-1"))
    with pytest.raises(
        PropsError, match=r"^X: Amazon Personalize is not in eu-north-1\. Use a stack in one of us-east-1, "
    ):
        PersonalizeProvider(stack, "X", name_prefix="vod")


def test_the_regions_are_those_that_botocore_knows() -> None:
    session = boto3.session.Session()
    known = {
        region
        for partition in session.get_available_partitions()
        for region in session.get_available_regions("personalize", partition_name=partition)
    }
    assert set(REGIONS) == known


# -- domains -------------------------------------------------------------------------------------------------------


def test_a_recommender_is_in_no_custom_group(scene: Scene) -> None:
    """Case 19: the service has recommenders for domain dataset groups only."""
    with pytest.raises(PropsError) as refused:
        Recommender(scene.stack, "X", provider=scene.provider, dataset_group=scene.custom_group, recipe=TOP_PICKS)
    assert str(refused.value) == (
        "X: its dataset group has no domain, and recommenders are made in a group of the domain VIDEO_ON_DEMAND only. "
        "Leave out domain=None there, or use a Solution and a Campaign."
    )


@pytest.mark.parametrize(
    ("recipe", "is_told"), [("most-popular", True), ("because-you-watched-x", True), ("top-picks", False)]
)
def test_what_needs_watch_events_says_so(recipe: str, is_told: bool) -> None:
    """Case 16: events that are called otherwise are noticed before the imports, not after them."""
    kit = Kit()
    Recommender(kit.stack, "X", provider=kit.provider, dataset_group=kit.group(), recipe=f"aws-vod-{recipe}")
    told = Annotations.from_stack(kit.stack).find_info("/Test/X", Match.string_like_regexp("at least 1000 .* Watch"))
    assert bool(told) is is_told


# -- tags ----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("key", "value", "mistake"),
    [
        ("aws:team", "films", "tags: 'aws:team' begins with aws:, which AWS reserves. Rename it."),
        ("team", "films&tv", "tags: the value of 'team' has '&', and tags consist of letters, digits, spaces and"),
    ],
)
def test_a_tag_that_the_service_refuses_ends_the_synthesis(key: str, value: str, mistake: str) -> None:
    kit = Kit()
    kit.group()
    Tags.of(kit.app).add(key, value)
    with pytest.raises(RuntimeError, match=re.escape(mistake)):
        kit.app.synth()


@pytest.mark.parametrize(("key", "value"), [("", ""), ("Straße 7", "ひかり"), ("a_.:/=+-@", "\u00a0")])
def test_tags_have_letters_of_any_script(key: str, value: str) -> None:
    assert tag_mistake(key, value) is None


@pytest.mark.parametrize("character", ["\t", "\n", "&", "#", "€", "🎬", ",", "(", '"', "\\"])
def test_tags_have_no_other_characters(character: str) -> None:
    assert "Leave it out." in str(tag_mistake(f"x{character}", ""))
    assert "Leave it out." in str(tag_mistake("x", character))
