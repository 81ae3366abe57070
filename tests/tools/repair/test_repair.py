"""From a drift to a repair, in virtual time; and the command: what it says, asks and answers."""

from __future__ import annotations

import copy
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from app import build
from stacks.settings import load_settings
from tests.stacks.operations.support.living import Apps
from tests.tools.status.support.environment import Environment
from tools.checkout import EXAMPLE_SETTINGS
from tools.repair import __main__ as command
from tools.repair.deployment import Target, beyond, without_repair
from tools.repair.plan import Plan, plan_of
from tools.review.diff import path_of
from tools.review.money import load_prices
from tools.simulation.assembly import Assembly
from tools.snapshots import fill_sample
from tools.synth import empty_app

READS = ("Describe", "List", "Get")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Environment:
    """Dev, deployed in virtual time."""
    apps = Apps(tmp_path_factory.mktemp)
    return Environment(apps.deployed(operations=None), load_settings("dev", EXAMPLE_SETTINGS))


def plan(environment: Environment) -> Plan:
    return plan_of(environment.look().rows, environment.app.assembly, load_prices())


def repairing(assembly: Assembly, context: str) -> Assembly:
    """The templates as the app writes them with the context."""
    token, _, paths = context.partition(":")
    templates = copy.deepcopy(dict(assembly.templates))
    for stack, template in templates.items():
        for logical_id, resource in template["Resources"].items():
            is_ours = resource["Type"].startswith("Custom::Personalize")
            if is_ours and f"{stack}/{path_of(resource, logical_id)}" in paths.split(","):
                resource["Properties"]["Repair"] = token
    return Assembly(templates, assembly.needs)


def repair(environment: Environment, context: str) -> list[str]:
    """Deploy; answers the calls that changed something."""
    calls = environment.app.cloud.calls
    before = len(calls)
    stacks = repairing(environment.app.assembly, context).deploy(environment.app.cloud)
    assert {each.status for each in stacks.values()} == {"UPDATE_COMPLETE"}, [each.reasons for each in stacks.values()]
    return [call for call in calls[before:] if not call.startswith(READS)]


def test_a_drift_of_each_kind_is_named_and_repaired_and_then_there_is_nothing_to_repair(
    environment: Environment,
) -> None:
    personalize, tracker = environment.app.cloud.personalize, environment.arn("event_tracker_arn")
    assert plan(environment).steps == []
    personalize.delete_filter(filterArn=environment.arn("filter_unwatched_arn"))
    personalize.stop_recommender(recommenderArn=environment.arn("recommender_more_like_x_arn"))
    personalize.update_campaign(campaignArn=environment.arn("rerank_campaign_arn"), minProvisionedTPS=5)
    personalize.untag_resource(resourceArn=tracker, tagKeys=["project"])
    environment.app.run(3600)
    found = plan(environment)
    assert [(step.construct, step.what) for step in found.steps] == [
        ("vod-dev-data/FilterUnwatched", "made again"),
        ("vod-dev-data/EventTracker", "tagged again"),
        ("vod-dev-recommenders/MoreLikeX", "started"),
        ("vod-dev-ranking/RerankCampaign", "updated in place"),
    ]
    assert sorted(repair(environment, found.context("1"))) == [
        "CreateFilter",
        "StartRecommender",
        "TagResource",
        "UpdateCampaign",
    ]
    assert plan(environment) == Plan([], [])
    assert repair(environment, found.context("2")) == []


def test_the_app_finds_every_resource_that_the_status_names(environment: Environment, tmp_path: Path) -> None:
    paths = dict.fromkeys(row.construct for row in environment.look().rows)
    sample = fill_sample(tmp_path)
    app = empty_app("dev", tmp_path / "out", sample, EXAMPLE_SETTINGS, {"repair": f"t:{','.join(paths)}"})
    build(app)
    assert len(paths) > 15


def test_settings_that_are_not_what_is_deployed_are_told(dev_assembly: Path, sample_directory: Path) -> None:
    deployed = repairing(Assembly.read(dev_assembly), "t:vod-dev-data/FilterUnwatched")
    arguments = ("-c", "@aws-cdk/core:bootstrapQualifier=hnb659fds", "--verbose")
    target = Target("dev", EXAMPLE_SETTINGS, sample_directory, is_local=True, arguments=arguments)
    assert without_repair(deployed).templates == Assembly.read(dev_assembly).templates
    resources = deployed.templates["vod-dev-ranking"]["Resources"]
    campaign = next(each for each in resources.values() if each["Type"] == "Custom::PersonalizeCampaign")
    campaign["Properties"]["MinProvisionedTPS"] = 9
    assert beyond(target, deployed) == [
        "vod-dev-ranking/RerankCampaign (Custom::PersonalizeCampaign) would be changed: MinProvisionedTPS"
    ]


# -- the command --------------------------------------------------------------------------------------------------


Run = Callable[..., int]


@pytest.fixture
def run(environment: Environment, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs the command on the environment; `deploys` is what the deployment answers."""

    def run(*arguments: str, deploys: int = 0, brings: tuple[str, ...] = ()) -> int:
        def deploy(target: Target, context: str) -> int:
            assert target.is_local
            if not deploys:
                repair(environment, context)
            return deploys

        monkeypatch.setattr(command, "find", lambda *_: environment.deployed)
        monkeypatch.setattr(command, "beyond", lambda *_: list(brings))
        monkeypatch.setattr(command, "deploy", deploy)
        return command.main(["--config-dir", str(EXAMPLE_SETTINGS), *arguments])

    return run


@pytest.fixture
def drifted(environment: Environment) -> Environment:
    """Somebody has changed the campaign."""
    campaign = environment.arn("rerank_campaign_arn")
    found = environment.app.cloud.personalize.describe_campaign(campaignArn=campaign)["campaign"]
    if found["minProvisionedTPS"] == 1:
        environment.app.cloud.personalize.update_campaign(campaignArn=campaign, minProvisionedTPS=5)
        environment.app.run(3600)
    return environment


def test_where_nothing_is_out_of_step_nothing_is_deployed(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(deploys=1) == 0
    assert "vod-dev in a test: there is nothing to repair. Nothing is deployed." in capsys.readouterr().out


def test_it_asks_before_it_does_anything(
    drifted: Environment, run: Run, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run() == 1
    assert "Nothing was done. YES=1 agrees beforehand." in capsys.readouterr().out
    monkeypatch.setattr("sys.stdin.isatty", lambda: True, raising=False)
    monkeypatch.setattr("builtins.input", lambda question: "n" if "Repair vod-dev in a test?" in question else "y")
    assert run() == 1
    monkeypatch.setattr("builtins.input", lambda _: "y")
    assert run(deploys=1) == 1
    assert "The deployment failed, for the reason above." in capsys.readouterr().out


def test_it_does_not_deploy_what_the_settings_have_changed_unless_it_is_told_to(
    drifted: Environment, run: Run, capsys: pytest.CaptureFixture[str]
) -> None:
    more = tuple(f"resource {number}" for number in range(30))
    assert run("--yes", brings=more) == 1
    said = capsys.readouterr().out
    assert "A deployment would also bring:\n  resource 0\n" in said
    assert "  ... and 10 more\nNothing was done." in said
    assert run("--yes", "--with-settings", brings=more) == 0
    assert "vod-dev in a test is repaired." in capsys.readouterr().out


def test_what_is_not_deployed_is_told(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    def find(*_: Any) -> None:
        raise command.NotDeployedError("vod-dev is not deployed.")

    monkeypatch.setattr(command, "find", find)
    assert command.main([]) == 1
    assert capsys.readouterr().err == "vod-dev is not deployed.\n"


def test_what_a_deployment_did_not_mend_is_told(
    drifted: Environment, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(command, "find", lambda *_: drifted.deployed)
    monkeypatch.setattr(command, "beyond", lambda *_: [])
    monkeypatch.setattr(command, "deploy", lambda *_: 0)
    assert command.main(["--yes"]) == 1
    assert "1 of vod-dev are still out of step; the table above says which." in capsys.readouterr().out
