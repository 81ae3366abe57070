"""What leaves the settings leaves the account with the next deployment, and nothing else has to be done for it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.support import assemblies
from tests.support.assemblies import must
from tests.support.iam import DATA, Iam, Statement, account
from tools.checkout import EXAMPLE_SETTINGS
from tools.simulation.assembly import Assembly
from tools.simulation.cloud import VirtualCloud
from tools.simulation.template import imports

RECOMMENDERS, RANKING = "vod-dev-recommenders", "vod-dev-ranking"
PLACEHOLDER = "AWS::CloudFormation::WaitConditionHandle"
DAY = 24 * 3600.0
NOTHING: Mapping[str, Any] = {"recommenders": {}, "ranking": None, "filters": {}, "event_tracker": False}


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Callable[..., Assembly]:
    """Synthesizes dev with some settings changed."""

    def of(**changes: Any) -> Assembly:
        return assemblies.synthesized(tmp_path_factory.mktemp("app"), files, assemblies.with_settings(**changes))

    return of


@pytest.fixture(scope="module")
def whole(synthesized: Callable[..., Assembly]) -> Assembly:
    return synthesized()


@pytest.fixture(scope="module")
def emptied(synthesized: Callable[..., Assembly]) -> Assembly:
    return synthesized(**NOTHING)


class _Remembered(Iam):
    """Judges by the last policy there was once the stack is gone, so that one can still look at what is left."""

    def statements(self) -> list[Statement]:
        if DATA in self.cloud.cloudformation.stacks:
            self._last = super().statements()
        return self._last


@pytest.fixture
def cloud(files: Path) -> VirtualCloud:
    """An account in which the provider may do what its policy allows at that moment."""
    return account(files, _Remembered())


def nouns(cloud: VirtualCloud) -> set[str]:
    """Types of what exists, as ARNs name them; a solution version's is that of its solution."""
    return {arn.split(":")[5].partition("/")[0] for arn in cloud.inventory()}


def test_every_stack_is_there_whatever_the_settings_say(whole: Assembly, emptied: Assembly) -> None:
    assert emptied.templates.keys() == whole.templates.keys()
    assert emptied.needs == whole.needs
    for stack in (RECOMMENDERS, RANKING):
        held = [each["Type"] for each in emptied.templates[stack]["Resources"].values()]
        assert [each for each in held if each != "AWS::CDK::Metadata"] == [PLACEHOLDER]
        assert PLACEHOLDER not in {each["Type"] for each in whole.templates[stack]["Resources"].values()}


def test_the_campaign_goes_with_its_section(
    synthesized: Callable[..., Assembly], whole: Assembly, cloud: VirtualCloud
) -> None:
    """Case 1: `ranking` is taken away; what it had made goes, and the rest can be destroyed."""
    must(whole, cloud, "CREATE_COMPLETE")
    assert "campaign" in nouns(cloud)
    without = synthesized(ranking=None)
    must(without, cloud, "UPDATE_COMPLETE")
    assert nouns(cloud) == {"dataset-group", "schema", "dataset", "dataset-import-job", "recommender", "filter"} | {
        "event-tracker"
    }
    without.destroy(cloud)
    assert cloud.inventory() == {}


def test_everything_that_can_be_trained_again_goes_and_comes_back(
    whole: Assembly, emptied: Assembly, cloud: VirtualCloud
) -> None:
    """Case 2: `recommenders: {}`, and all other sections that may be empty."""
    must(whole, cloud, "CREATE_COMPLETE")
    before = cloud.inventory().keys()
    must(emptied, cloud, "UPDATE_COMPLETE")
    assert nouns(cloud) == {"dataset-group", "schema", "dataset", "dataset-import-job"}
    must(whole, cloud, "UPDATE_COMPLETE")
    assert nouns(cloud) == {arn.split(":")[5].partition("/")[0] for arn in before}
    whole.destroy(cloud)
    assert cloud.inventory() == {}


def test_what_other_stacks_import_is_always_exported(whole: Assembly, emptied: Assembly) -> None:
    """Case 3: CloudFormation removes no export that a deployed stack still imports."""
    assert emptied.exports() == whole.exports()
    imported = {name for template in whole.templates.values() for name in imports(template)}
    assert imported == whole.exports().keys()


def test_the_provider_may_ask_about_every_stack_from_the_beginning(whole: Assembly, emptied: Assembly) -> None:
    """Case 2: the permission is still there when the last resource of a stack is deleted."""
    for assembly in (whole, emptied):
        (statement,) = [
            statement
            for resource in assembly.templates[DATA]["Resources"].values()
            if resource["Type"] == "AWS::IAM::Policy"
            for statement in resource["Properties"]["PolicyDocument"]["Statement"]
            if statement["Action"] == "cloudformation:DescribeStacks"
        ]
        for stack in (DATA, RECOMMENDERS, RANKING):
            assert f":stack/{stack}/*" in json.dumps(statement["Resource"])


def served(cloud: VirtualCloud) -> str:
    """ARN of the version that the campaign serves."""
    (campaign,) = cloud.personalize.list_campaigns()["campaigns"]
    description = cloud.personalize.describe_campaign(campaignArn=campaign["campaignArn"])["campaign"]
    return str(description["solutionVersionArn"])


def train(cloud: VirtualCloud) -> str:
    """Train a version by hand, and wait until a campaign that follows has moved to it."""
    (solution,) = cloud.personalize.list_solutions()["solutions"]
    made = cloud.personalize.create_solution_version(solutionArn=solution["solutionArn"])
    cloud.time.sleep(DAY)
    return str(made["solutionVersionArn"])


def test_a_campaign_follows_the_latest_version_until_it_is_told_not_to(
    synthesized: Callable[..., Assembly], whole: Assembly, cloud: VirtualCloud
) -> None:
    """Developer guide, "Automatic campaign updates": automatically or manually trained versions."""
    ranking = yaml.safe_load((EXAMPLE_SETTINGS / "dev.yaml").read_text())["ranking"]
    following = ranking | {"auto_training_days": 1, "campaign": {"follow_latest": True}}
    must(synthesized(ranking=following), cloud, "CREATE_COMPLETE")
    first = served(cloud)
    second = train(cloud)
    assert served(cloud) == second != first
    must(whole, cloud, "UPDATE_COMPLETE")
    kept = served(cloud)
    third = train(cloud)
    assert served(cloud) == kept != third
    whole.destroy(cloud)
    assert cloud.inventory() == {}


def datasets(cloud: VirtualCloud) -> set[str]:
    return {each["datasetType"] for each in cloud.personalize.list_datasets()["datasets"]}


def test_a_dataset_that_leaves_the_settings_is_refused_unless_its_loss_is_accepted(
    synthesized: Callable[..., Assembly], whole: Assembly, emptied: Assembly, cloud: VirtualCloud
) -> None:
    """It goes as all else that leaves the settings, but not silently, since it holds data."""
    there = yaml.safe_load((EXAMPLE_SETTINGS / "dev.yaml").read_text())["datasets"]
    fewer = {kind: each for kind, each in there.items() if kind != "users"}
    must(whole, cloud, "CREATE_COMPLETE")
    data = synthesized(datasets=fewer).deploy(cloud)[DATA]
    assert data.status == "UPDATE_ROLLBACK_COMPLETE"
    assert any("Removing USERS from the dataset group" in reason for reason in data.reasons), data.reasons
    assert datasets(cloud) == {"INTERACTIONS", "ITEMS", "USERS"}
    # The service deletes no dataset that something trained on it still serves from.
    must(emptied, cloud, "UPDATE_COMPLETE")
    accepted = synthesized(**NOTHING, datasets=fewer, allow_replacement=True)
    must(accepted, cloud, "UPDATE_COMPLETE")
    assert datasets(cloud) == {"INTERACTIONS", "ITEMS"}
    accepted.destroy(cloud)
    assert cloud.inventory() == {}
