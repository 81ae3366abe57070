"""What waits for what, and what makes a model train again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from aws_cdk import CfnParameter, Duration, NestedStack, Stack

from stacks.personalize import (
    DatasetGroup,
    EventTracker,
    Filter,
    PropsError,
    Recommender,
    Solution,
    SolutionVersion,
)
from stacks.personalize.wait_chain import IMPORT, RECOMMENDER_TRAINING, WaitChain
from tests.stacks.personalize.support.construct_stacks import (
    GROUP_ARN,
    SOLUTION_ARN,
    USERS,
    Kit,
    Resources,
    by_path,
    upstream,
)


class Scene(Kit):
    """A dataset group with one dataset, and short ways to what is trained on it."""

    def __init__(self) -> None:
        super().__init__()
        self.films = self.group()
        self.interactions = self.dataset(self.films, self.schema())

    def solution(self, scope: Any = None, id: str = "Solution") -> Solution:
        return Solution(
            scope or self.stack,
            id,
            provider=self.provider,
            dataset_group=self.films,
            recipe="aws-personalized-ranking-v2",
        )

    def version(self, solution: Any, scope: Any = None, id: str = "Version", **props: Any) -> SolutionVersion:
        return SolutionVersion(scope or self.stack, id, provider=self.provider, solution=solution, **props)

    def recommender(self, scope: Any = None, id: str = "Recommender", **props: Any) -> Recommender:
        return Recommender(
            scope or self.stack,
            id,
            provider=self.provider,
            recipe="aws-vod-more-like-x",
            **{"dataset_group": self.films, **props},
        )


def links(resources: Resources, path: str) -> list[dict[str, Any]]:
    """Links of the chain at a path, in their order."""
    found = [each for key, each in resources.items() if key.startswith(f"{path}/Link")]
    return sorted((each["Properties"] for each in found), key=lambda properties: int(properties["Link"]))


# -- wait chain ----------------------------------------------------------------------------------------------------

CHAINS = {
    # max_wait in seconds -> number of links
    1: 1,
    3000: 1,
    3001: 2,
    4 * 3600: 5,
    12 * 3600: 15,
    96 * 3000: 96,
}


@pytest.fixture(scope="module")
def chains() -> Resources:
    scene = Scene()
    for seconds in CHAINS:
        # A group has five at most.
        group = DatasetGroup.from_dataset_group_arn(scene.stack, f"Group{seconds}", GROUP_ARN)
        scene.recommender(id=f"Max{seconds}", max_wait=Duration.seconds(seconds), dataset_group=group)
    scene.recommender(id="Default")
    scene.data(scene.interactions, "Data")
    scene.version(scene.solution())
    short = scene.recommender(id="Short", max_wait=Duration.minutes(50))
    WaitChain(
        short,
        "Seconds",
        provider=scene.provider,
        resource=short,
        work=RECOMMENDER_TRAINING,
        max_wait=Duration.seconds(25),
        link=Duration.seconds(10),
    )
    return scene.synthesized()


@pytest.mark.parametrize(("seconds", "number"), CHAINS.items())
def test_max_wait_decides_the_number_of_links(chains: Resources, seconds: int, number: int) -> None:
    found = links(chains, f"Max{seconds}/Wait")
    assert [(each["Link"], each["Links"]) for each in found] == [(n, number) for n in range(1, number + 1)]


@pytest.mark.parametrize(("path", "hours", "number"), [("Data", 2, 3), ("Default", 4, 5), ("Version", 6, 8)])
def test_each_kind_is_waited_for_so_long_unless_asked_otherwise(
    chains: Resources, path: str, hours: int, number: int
) -> None:
    found = links(chains, f"{path}/Wait")
    assert sum(each["LinkSeconds"] for each in found) == number * 3000 >= Duration.hours(hours).to_seconds()
    assert len(found) == number


def test_the_share_of_a_link_can_be_chosen(chains: Resources) -> None:
    found = links(chains, "Short/Seconds")
    assert [(each["LinkSeconds"], each["Links"]) for each in found] == [(10, 3)] * 3


def test_each_link_takes_arn_and_revision_from_the_one_before(chains: Resources) -> None:
    for number, link in enumerate(links(chains, "Default/Wait"), 1):
        before = "Default" if number == 1 else f"Default/Wait/Link{number - 1}"
        assert link == {
            "ServiceToken": "${Provider/Framework/framework-onEvent.Arn}",
            "ServiceTimeout": "3600",
            "WaitsFor": "Default: training",
            "UpTo": f"link {number} of 5, 50 minutes each",
            "ResourceType": "Recommender",
            "ResourceArn": f"${{{before}.RecommenderArn}}",
            "Revision": f"${{{before}.Revision}}",
            "Link": number,
            "Links": 5,
            "LinkSeconds": 3000,
            # Has the link of a stack of an earlier version called, which did not answer it.
            **({"Answers": ["ModelMetrics"]} if number == 5 else {}),
        }


@pytest.mark.parametrize(("seconds", "number"), CHAINS.items())
def test_deletion_is_held_back_as_long_as_creation_is_waited_for(chains: Resources, seconds: int, number: int) -> None:
    """The resource's own deletion waits as long as a link, so there is one link less."""
    found = [each for key, each in chains.items() if key.startswith(f"Max{seconds}/Wait/Deletion")]
    assert len(found) == number - 1
    assert {each["Type"] for each in found} <= {"Custom::PersonalizeDeletionWait"}


def test_links_of_deletion_follow_each_other_and_wait_for_no_creation(chains: Resources) -> None:
    for number in range(1, 5):
        before = "Default" if number == 1 else f"Default/Wait/Deletion{number - 1}"
        assert chains[f"Default/Wait/Deletion{number}"]["Properties"] == {
            "ServiceToken": "${Provider/Framework/framework-onEvent.Arn}",
            "ServiceTimeout": "3600",
            "WaitsFor": "Default: training, before it is deleted",
            "UpTo": f"link {number} of 4, 50 minutes each",
            "ResourceType": "Recommender",
            "ResourceArn": f"${{{before}.RecommenderArn}}",
            "LinkSeconds": 3000,
        }


def test_the_deletion_of_a_training_that_can_be_stopped_is_not_held_back(chains: Resources) -> None:
    assert [key for key in chains if key.startswith("Version/Wait/Deletion")] == []
    assert [key for key in chains if key.startswith("Data/Wait/Deletion")] == [f"Data/Wait/Deletion{n}" for n in (1, 2)]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("Data/Wait/Link1", ("Data: import", "link 1 of 3, 50 minutes each")),
        ("Version/Wait/Link8", ("Version: training", "link 8 of 8, 50 minutes each")),
        ("Max3000/Wait/Link1", ("Max3000: training", "50 minutes")),
        ("Short/Seconds/Link3", ("Short: training", "link 3 of 3, 10 seconds each")),
    ],
)
def test_a_link_says_what_it_waits_for_and_how_long(chains: Resources, path: str, words: tuple[str, str]) -> None:
    properties = chains[path]["Properties"]
    assert (properties["WaitsFor"], properties["UpTo"]) == words


@pytest.mark.parametrize("seconds", [0, 3001])
def test_a_link_lasts_a_second_to_fifty_minutes(seconds: int) -> None:
    kit = Kit()
    with pytest.raises(PropsError) as refused:
        WaitChain(
            kit.stack,
            "X",
            provider=kit.provider,
            resource=kit.group(),
            work=IMPORT,
            link=Duration.seconds(seconds),
        )
    assert str(refused.value) == f"Test/X: link must be 1 second to 50 minutes, but is {seconds} seconds."


# -- order ---------------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def ordered() -> Stack:
    """Everything that trains or filters is declared before the data it needs."""
    scene = Scene()
    scene.recommender()
    scene.version(scene.solution())
    of_group: dict[str, Any] = {"provider": scene.provider, "dataset_group": scene.films}
    Filter(scene.stack, "Filter", filter_expression='INCLUDE ItemID WHERE Items.GENRES IN ("War")', **of_group)
    EventTracker(scene.stack, "Tracker", **of_group)
    later = scene.dataset(
        scene.films, scene.schema("UsersSchema", schema=USERS, dataset_type="USERS"), "Users", dataset_type="USERS"
    )
    scene.data(scene.interactions, "First")
    scene.data(later, "Second", max_wait=Duration.minutes(50))
    return scene.stack


@pytest.mark.parametrize("path", ["Recommender", "Version"])
def test_training_comes_after_every_import_of_the_group(ordered: Stack, path: str) -> None:
    assert {"First/Wait/Link3", "Second/Wait/Link1"} <= upstream(ordered, path)


def test_a_chain_has_one_request_at_a_time(ordered: Stack) -> None:
    """Each runs two Lambda functions, of which a new account runs ten. What holds a deletion back comes first."""
    assert "First/Wait/Deletion2" in upstream(ordered, "First/Wait/Link1")


def test_filters_are_made_two_at_a_time_in_each_stack() -> None:
    scene = Scene()
    for number in range(4):
        Filter(
            scene.stack,
            f"Filter{number}",
            provider=scene.provider,
            dataset_group=scene.films,
            filter_expression='INCLUDE ItemID WHERE Items.GENRES IN ("War")',
        )
    before = [
        {name for name in upstream(scene.stack, f"Filter{number}") if name.startswith("Filter")} for number in range(4)
    ]
    assert before == [set(), set(), {"Filter0"}, {"Filter1"}]


@pytest.mark.parametrize("path", ["Filter", "Tracker", "Solution"])
def test_what_speaks_of_columns_comes_after_the_datasets_and_not_after_the_data(ordered: Stack, path: str) -> None:
    before = upstream(ordered, path)
    assert {"Dataset", "Users"} <= before
    assert not before & {"First", "Second"}


def test_imports_of_a_group_do_not_wait_for_one_another(ordered: Stack) -> None:
    assert "First" not in upstream(ordered, "Second")
    assert "Second" not in upstream(ordered, "First")


def test_recommenders_and_solutions_do_not_wait_for_one_another(ordered: Stack) -> None:
    assert "Solution" not in upstream(ordered, "Recommender")
    assert "Recommender" not in upstream(ordered, "Version")


def test_training_in_another_stack_comes_after_the_stack_of_the_imports() -> None:
    scene = Scene()
    recommenders, ranking = Stack(scene.app, "Recommenders"), Stack(scene.app, "Ranking")
    scene.recommender(recommenders)
    scene.version(scene.solution(ranking), ranking)
    scene.data(scene.interactions)
    scene.synthesized()
    for stack in (recommenders, ranking):
        assert [each.stack_name for each in stack.dependencies] == ["Test"]
    assert scene.stack.dependencies == []


def test_imports_in_another_stack_come_before_training_too() -> None:
    scene = Scene()
    imports, ranking = Stack(scene.app, "Imports"), Stack(scene.app, "Ranking")
    version = scene.version(scene.solution(ranking), ranking)
    scene.stack = imports
    scene.data(scene.interactions)
    triggers = by_path(ranking)[version.node.id]["Properties"]["Triggers"]
    assert len(triggers) == 2
    assert "Imports" in [each.stack_name for each in ranking.dependencies]


def test_data_of_an_imported_group_counts_where_it_is_imported_here() -> None:
    scene = Scene()
    films = DatasetGroup.from_dataset_group_arn(scene.stack, "Films", GROUP_ARN)
    scene.data(scene.dataset(films, scene.schema("Other"), "Foreign"), "ForeignImport")
    solution = Solution.from_solution_attributes(
        scene.stack, "GivenSolution", solution_arn=SOLUTION_ARN, dataset_group=films
    )
    version = scene.version(solution)
    assert "ForeignImport/Wait/Link3" in upstream(scene.stack, version.node.id)
    assert len(scene.synthesized()["Version"]["Properties"]["Triggers"]) == 2


# -- training again ------------------------------------------------------------------------------------------------


def triggers_of(declare: Callable[[Scene], Any]) -> dict[str, str]:
    """Triggers of a version in an app with the data that is declared."""
    scene = Scene()
    scene.version(scene.solution())
    declare(scene)
    found: dict[str, str] = scene.synthesized()["Version"]["Properties"]["Triggers"]
    return found


@pytest.fixture(scope="module")
def usual() -> dict[str, str]:
    return triggers_of(lambda scene: scene.data(scene.interactions))


def test_triggers_are_text_by_dataset_type(usual: dict[str, str]) -> None:
    """Text known at synth: `cdk deploy` passes over a stack whose template has not changed."""
    assert usual["TrainingTrigger"] == "1"
    (key,) = usual.keys() - {"TrainingTrigger"}
    assert key.startswith("Interactions")
    assert all(isinstance(value, str) for value in usual.values())


@pytest.mark.parametrize(
    ("props", "trains"),
    [
        ({"data_version": "2"}, True),
        ({"data_location": "s3://bucket/other.csv"}, True),
        ({"import_mode": "INCREMENTAL"}, False),
        ({"max_wait": Duration.hours(9)}, False),
        ({"name": "vod-test_mine"}, False),
    ],
)
def test_other_data_trains_again_and_nothing_else_does(
    usual: dict[str, str], props: dict[str, Any], trains: bool
) -> None:
    assert (triggers_of(lambda scene: scene.data(scene.interactions, **props)) != usual) is trains


def test_a_second_import_trains_again(usual: dict[str, str]) -> None:
    def twice(scene: Scene) -> None:
        scene.data(scene.interactions)
        scene.data(scene.interactions, "More")

    both = triggers_of(twice)
    assert usual.items() < both.items()
    assert len(both) == 3


def test_a_location_known_only_at_deployment_is_a_trigger_by_its_reference() -> None:
    def located(id: str) -> dict[str, str]:
        return triggers_of(
            lambda scene: scene.data(scene.interactions, data_location=CfnParameter(scene.stack, id).value_as_string)
        )

    assert located("One") == located("One")
    assert located("One") != located("Two")


def test_the_training_trigger_is_the_users_own() -> None:
    scene = Scene()
    scene.version(scene.solution(), training_trigger="after the festival")
    assert scene.synthesized()["Version"]["Properties"]["Triggers"] == {"TrainingTrigger": "after the festival"}


# -- the stacks that the provider asks about -----------------------------------------------------------------------


def test_the_provider_may_ask_about_each_stack_once() -> None:
    scene = Scene()
    other = Stack(scene.app, "Other")
    nested = NestedStack(other, "Nested")
    scene.recommender(other)
    scene.recommender(nested, "One")
    scene.recommender(NestedStack(nested, "Deeper"), "Two")
    policy = scene.synthesized()["Provider/HandlerRole/DefaultPolicy"]["Properties"]["PolicyDocument"]
    asked = [each["Resource"] for each in policy["Statement"] if each["Action"] == "cloudformation:DescribeStacks"]
    stacks = "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack"
    assert asked == [[f"{stacks}/Other-*/*", f"{stacks}/Other/*", f"{stacks}/Test/*"]]


def test_one_provider_serves_several_stacks() -> None:
    scene = Scene()
    other = Stack(scene.app, "Other")
    scene.recommender(other)
    resources = by_path(other)
    tokens = {str(each["Properties"]["ServiceToken"]) for each in resources.values()}
    assert len(tokens) == 1
    assert "Fn::ImportValue" in tokens.pop()
    assert not any(each["Type"] == "AWS::Lambda::Function" for each in resources.values())
