"""Refreshes and deployments do not take back what the other did: the real templates, machines and functions.

A deployment owns the configuration, a refresh owns data and versions (decision 27). Nothing is trained twice without
need, nothing serves that did not pass, nothing is left behind.
"""

from __future__ import annotations

from collections.abc import Iterator
from copy import deepcopy
from typing import Any

import pytest
import yaml

from tests.stacks.operations.support.living import App, Apps, output
from tools.checkout import EXAMPLE_SETTINGS
from tools.simulation.assembly import Assembly

# What takes time and is not looked at here.
LITTLE: dict[str, Any] = {"recommenders": {}, "filters": {}}
_DEV = yaml.safe_load((EXAMPLE_SETTINGS / "dev.yaml").read_text())


def ranking(trigger: str = "1", minimums: float = 0.2) -> dict[str, Any]:
    """The ranking with a gate that refuses what was trained on noise."""
    gate = {**_DEV["ranking"]["quality_gate"], "minimums": {"coverage": minimums}}
    return {**_DEV["ranking"], "training_trigger": trigger, "quality_gate": gate}


# Of one worker, so that the app is deployed once.
pytestmark = pytest.mark.xdist_group("living")


@pytest.fixture(scope="module")
def apps(tmp_path_factory: pytest.TempPathFactory) -> Apps:
    return Apps(lambda name: tmp_path_factory.mktemp(name))


@pytest.fixture(scope="module")
def lasting(apps: Apps) -> Iterator[App]:
    """One app for the whole module, because deploying it is most of the work; at the end nothing of it is left."""
    app = apps.deployed(ranking=ranking(), **LITTLE)
    yield app
    app.destroy()
    assert app.cloud.inventory() == {}
    assert app.cloud.machines.machines == {}
    assert app.cloud.undelivered == []


@pytest.fixture
def app(apps: Apps, lasting: App) -> App:
    """The app as its settings first were, whatever was served, trained and imported before."""
    well(lasting, apps.assembly(ranking=ranking(), **LITTLE))
    return lasting


def with_throughput(assembly: Assembly, minimum: int) -> Assembly:
    """The same with another throughput of the campaign, as the setting min_provisioned_tps changes it."""
    templates = deepcopy(dict(assembly.templates))
    for template in templates.values():
        for resource in template["Resources"].values():
            if resource["Type"] == "Custom::PersonalizeCampaign":
                resource["Properties"]["MinProvisionedTPS"] = minimum
    return Assembly(templates, assembly.needs)


def first(apps: Apps) -> Assembly:
    """What every test begins with."""
    return apps.assembly(ranking=ranking(), **LITTLE)


def well(app: App, assembly: Assembly) -> None:
    """Deploy, without a failure."""
    stacks = app.deploy(assembly)
    assert {each.status for each in stacks.values()} <= {"CREATE_COMPLETE", "UPDATE_COMPLETE"}, [
        each.reasons for each in stacks.values()
    ]


def test_a_refresh_between_any_two_deployments(apps: Apps, app: App) -> None:
    """Only a deployment that trains moves the campaign; a full import makes every later file due again."""
    base, reimported = first(apps), apps.assembly(ranking=ranking("2"), data_version="2", **LITTLE)
    deployments: list[tuple[Assembly, int]] = [
        (base, 0),
        (with_throughput(base, 2), 0),
        (with_throughput(reimported, 2), 1),
        (reimported, 0),
    ]
    known = len(app.imports)
    for assembly, trainings in deployments:
        before = app.trainings
        app.bring()
        refreshed = output(app.refresh())
        assert (refreshed["verdict"], app.trainings) == ("passed", before + 1)
        assert app.serving == refreshed["solution_version_arn"] == app.published("serving_solution_version_arn")
        well(app, assembly)
        assert app.trainings == before + 1 + trainings
        assert (app.serving != refreshed["solution_version_arn"]) is bool(trainings)
        assert app.published("serving_solution_version_arn") == app.serving, "What serves is published after each."
    # Three files before the full import, and once more after it; one later.
    assert len(app.imports) - known == 3 + 3 + 1


# -- at the same time -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("state", ["Wait for the import", "Wait for the training", "Wait for the campaign"])
def test_a_deployment_in_the_middle_of_a_refresh(apps: Apps, app: App, state: str) -> None:
    """Each does what it is for: the throughput of the one, the version of the other."""
    app.bring()
    trainings, imports = app.trainings, len(app.imports)
    execution = app.begin_refresh()
    app.run_until(execution, state)
    well(app, with_throughput(first(apps), 2))
    assert app.serving == output(execution)["solution_version_arn"]
    assert app.campaign["minProvisionedTPS"] == 2
    assert app.trainings == trainings + 1
    assert len(app.imports) > imports


def test_a_deployment_that_trains_in_the_middle_of_a_refresh_that_trains(apps: Apps, app: App) -> None:
    """The version that was begun later serves: it knows all that the other knows."""
    app.bring()
    trainings = app.trainings
    execution = app.begin_refresh()
    app.run_until(execution, "Wait for the training")
    well(app, apps.assembly(ranking=ranking("3"), **LITTLE))
    assert output(execution)["verdict"] in ("passed", "overtaken")
    newest = max(app.versions, key=lambda arn: app.begun(arn))
    assert (app.serving, app.trainings) == (newest, trainings + 2)
    assert app.published("serving_solution_version_arn") == newest


def test_a_refresh_waits_while_a_rollback_is_under_way(apps: Apps, app: App) -> None:
    """It begins when the campaign is what it was before, and its version serves."""
    app.begin_deploy(with_throughput(first(apps), 2))
    app.run(120.0)
    app.cloud.cloudformation.cancel_update("vod-dev-ranking")
    stack = app.cloud.cloudformation.stacks["vod-dev-ranking"]
    assert stack.status == "UPDATE_ROLLBACK_IN_PROGRESS"
    app.bring()
    execution = app.refresh()
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "Wait for the deployment" in execution.states
    assert (app.serving, app.campaign["minProvisionedTPS"]) == (output(execution)["solution_version_arn"], 1)


def test_destroy_in_the_middle_of_a_training_that_a_refresh_began(apps: Apps) -> None:
    """What it began is stopped and deleted, and it begins nothing any more."""
    app = apps.deployed(ranking=ranking(), **LITTLE)
    app.bring()
    execution = app.begin_refresh()
    app.run_until(execution, "Wait for the training")
    stacks = app.destroy()
    assert {each.status for each in stacks.values()} == {"DELETE_COMPLETE"}, [each.reasons for each in stacks.values()]
    assert app.cloud.inventory() == {}
    assert execution.status == "ABORTED"


# -- the gate ---------------------------------------------------------------------------------------------------------


def test_a_version_that_the_gate_refuses_does_not_serve_neither_now_nor_after_a_deployment(
    apps: Apps, app: App
) -> None:
    good, trainings = app.serving, app.trainings
    app.bring(poor=True)
    refused = output(app.refresh())
    assert (refused["verdict"], app.serving) == ("refused", good)
    assert "coverage: 0.1" in refused["text"]
    assert app.published("serving_solution_version_arn") == good
    well(app, with_throughput(first(apps), 2))
    assert (app.serving, app.campaign["minProvisionedTPS"], app.trainings) == (good, 2, trainings + 1)
    # The data stays poor: nothing new has come, so nothing is trained.
    assert output(app.refresh())["solution_version_arn"] == ""
    assert app.trainings == trainings + 1
