"""Between deployments a refresh imports, trains and moves the campaign; here direct calls of the API play its part."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.template_parts import Resources, deployed, template
from tools.emulator import Durations, Fault
from tools.simulation.cloud import VirtualCloud
from tools.simulation.stacks import Stack

HOUR, MINUTE = 3600.0, 60.0


def account(**durations: float) -> VirtualCloud:
    cloud = VirtualCloud(service_options={"durations": Durations(**durations)})
    blocks.put_data(cloud)
    return cloud


def app(data_version: str = "1", training_trigger: str = "1", **campaign: Any) -> Resources:
    resources = copy.deepcopy({**blocks.group(), **blocks.data(data_version), **blocks.ranking()})
    resources["Version"]["Properties"]["Triggers"] = {"TrainingTrigger": training_trigger, "Data": data_version}
    resources["Campaign"]["Properties"] |= campaign
    return resources


def arn(stack: Stack, noun: str, logical_id: str = "") -> str:
    return stack.resources[logical_id or noun].attributes[f"{noun}Arn"]


def begin_import(cloud: VirtualCloud, stack: Stack, name: str, mode: str = "INCREMENTAL") -> str:
    """As the refresh's state machine begins one."""
    answer = cloud.personalize.create_dataset_import_job(
        jobName=name,
        datasetArn=arn(stack, "Dataset", "InteractionsDataset"),
        dataSource={"dataLocation": f"{blocks.BUCKET}/again/interactions.csv"},
        roleArn=blocks.ROLE,
        importMode=mode,
    )
    return str(answer["datasetImportJobArn"])


def begin_training(cloud: VirtualCloud, stack: Stack, name: str) -> str:
    answer = cloud.personalize.create_solution_version(solutionArn=arn(stack, "Solution"), name=name)
    return str(answer["solutionVersionArn"])


# -- destroyed in the middle of a refresh ---------------------------------------------------------------------------


def destroyed(cloud: VirtualCloud) -> float:
    """How long it takes until nothing is left."""
    begun = cloud.time.time()
    stack = cloud.cloudformation.delete("app")
    assert stack.status == "DELETE_COMPLETE", stack.reasons
    assert cloud.inventory() == {}
    return cloud.time.time() - begun


def test_a_training_that_a_refresh_began_is_stopped() -> None:
    cloud = account()
    stack = deployed(cloud, app())
    cloud.service.durations = Durations(create_solution_version=20 * HOUR)
    begin_training(cloud, stack, "refresh-1")
    cloud.time.sleep(10 * MINUTE)
    assert destroyed(cloud) < HOUR


@pytest.mark.parametrize("minutes", [30, 95])
def test_an_import_that_a_refresh_began_is_waited_for(minutes: float) -> None:
    """As long as max_wait allows an import to take, since nothing stops it."""
    cloud = account(create_dataset_import_job=minutes * MINUTE)
    stack = deployed(cloud, app())
    begin_import(cloud, stack, "refresh-1")
    assert destroyed(cloud) > (minutes - 15) * MINUTE


# -- deployments after a refresh ------------------------------------------------------------------------------------

FASTER: dict[str, Any] = {"MinProvisionedTPS": 2}
WORK = ("CreateDatasetImportJob", "CreateSolutionVersion", "UpdateCampaign")


def work(cloud: VirtualCloud) -> list[int]:
    """How often each kind of work was asked for since the calls were cleared."""
    return [cloud.calls.count(each) for each in WORK]


def refreshed(cloud: VirtualCloud, stack: Stack, number: int = 1, moves: bool = True) -> str:
    """A refresh from its beginning to its end; without `moves` the gate refuses the version."""
    begin_import(cloud, stack, f"refresh-{number}")
    cloud.time.sleep(HOUR)
    version = begin_training(cloud, stack, f"refresh-{number}")
    cloud.time.sleep(3 * HOUR)
    if moves:
        cloud.personalize.update_campaign(campaignArn=arn(stack, "Campaign"), solutionVersionArn=version)
        cloud.time.sleep(HOUR)
    cloud.calls.clear()
    return version


def serving(cloud: VirtualCloud, stack: Stack) -> str:
    campaign = cloud.personalize.describe_campaign(campaignArn=arn(stack, "Campaign"))["campaign"]
    return str(campaign["solutionVersionArn"])


def latest_import(cloud: VirtualCloud, stack: Stack) -> str:
    dataset = arn(stack, "Dataset", "InteractionsDataset")
    jobs = cloud.personalize.list_dataset_import_jobs(datasetArn=dataset)["datasetImportJobs"]
    sound = [each for each in jobs if each["status"] == "ACTIVE"]
    return str(max(sound, key=lambda job: job["lastUpdatedDateTime"])["jobName"])


@pytest.mark.parametrize("moves", [True, False])
def test_a_deployment_repeats_nothing_that_a_refresh_did(cloud: VirtualCloud, moves: bool) -> None:
    stack = deployed(cloud, app())
    before = serving(cloud, stack)
    version = refreshed(cloud, stack, moves=moves)
    deployed(cloud, app(**FASTER), tags={"team": "films"})
    assert work(cloud) == [0, 0, 1]
    assert serving(cloud, stack) == (version if moves else before)


@pytest.mark.parametrize("moves", [True, False])
def test_a_deployment_that_trains_moves_the_campaign_to_what_it_trained(cloud: VirtualCloud, moves: bool) -> None:
    stack = deployed(cloud, app())
    refreshed(cloud, stack, moves=moves)
    deployed(cloud, app(training_trigger="2"))
    assert work(cloud) == [0, 1, 1]
    assert serving(cloud, stack) == arn(stack, "SolutionVersion", "VersionSettled")


def test_new_data_of_a_deployment_replace_what_a_refresh_brought(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, app())
    refreshed(cloud, stack)
    deployed(cloud, app("2"))
    assert work(cloud) == [2, 1, 1]
    assert latest_import(cloud, stack) == stack.resources["InteractionsImport"].physical_id


def failing(resources: Resources, after: str) -> Resources:
    return {**resources, "Broken": {**blocks.custom("DatasetGroup", Domain="MUSIC"), "DependsOn": after}}


@pytest.mark.parametrize("moves", [True, False])
def test_a_rollback_leaves_what_a_refresh_did(cloud: VirtualCloud, moves: bool) -> None:
    """The update fails before it has imported anything that would have to be taken back."""
    stack = deployed(cloud, app())
    before = serving(cloud, stack)
    version = refreshed(cloud, stack, moves=moves)
    cloud.service.faults.add(Fault("fail", "CreateDatasetImportJob", count=2))
    cloud.cloudformation.deploy("app", template(app("2", **FASTER)))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert latest_import(cloud, stack) == "refresh-1"
    assert work(cloud) == [2, 0, 0]
    assert serving(cloud, stack) == (version if moves else before)


def test_a_rollback_brings_the_templates_data_back_once_the_update_has_replaced_them(cloud: VirtualCloud) -> None:
    """It cannot bring back what a refresh had added: the next refresh does, since its files are due again."""
    stack = deployed(cloud, app())
    version = refreshed(cloud, stack)
    cloud.cloudformation.deploy("app", template(failing(app("2"), after="InteractionsImportSettled")))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert latest_import(cloud, stack) == stack.resources["InteractionsImport"].physical_id
    assert serving(cloud, stack) == version


@pytest.mark.parametrize("after", ["Tracker", "Campaign"])
def test_a_rollback_trains_nothing_and_serves_what_is_trained(cloud: VirtualCloud, after: str) -> None:
    stack = deployed(cloud, app())
    version = refreshed(cloud, stack)
    wanted = {**app(training_trigger="2"), "Tracker": blocks.serving()["Tracker"]}
    cloud.cloudformation.deploy("app", template(failing(wanted, after=after)))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert cloud.calls.count("CreateSolutionVersion") == 1
    first = arn(stack, "SolutionVersion", "VersionSettled")
    # Where the update had moved the campaign, nobody knows any more which version a refresh had given it.
    assert serving(cloud, stack) == (first if after == "Campaign" else version)


# -- deployments in the middle of a refresh -------------------------------------------------------------------------


def test_a_deployment_waits_for_the_import_of_a_refresh(cloud: VirtualCloud) -> None:
    """Otherwise the refresh's could end later, and be the last."""
    stack = deployed(cloud, app())
    begin_import(cloud, stack, "refresh-1", mode="FULL")
    deployed(cloud, app("2"))
    assert latest_import(cloud, stack) == stack.resources["InteractionsImport"].physical_id


def test_a_deployment_does_not_mind_the_training_of_a_refresh(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, app())
    version = begin_training(cloud, stack, "refresh-1")
    deployed(cloud, app(training_trigger="2", **FASTER))
    cloud.time.sleep(3 * HOUR)
    found = cloud.personalize.describe_solution_version(solutionVersionArn=version)["solutionVersion"]
    assert found["status"] == "ACTIVE"
    assert serving(cloud, stack) == arn(stack, "SolutionVersion", "VersionSettled")


@pytest.mark.parametrize("seconds", [0.0, 30.0, 120.0])
def test_a_deployment_waits_while_a_refresh_moves_the_campaign(seconds: float) -> None:
    cloud = account(update_campaign=20 * MINUTE)
    stack = deployed(cloud, app())
    version = begin_training(cloud, stack, "refresh-1")
    cloud.time.sleep(3 * HOUR)
    campaign = arn(stack, "Campaign")
    cloud.cloudformation.begin_deploy("app", template(app(**FASTER)))
    cloud.time.spawn(
        lambda: cloud.personalize.update_campaign(campaignArn=campaign, solutionVersionArn=version), seconds
    )
    try:
        cloud.time.run()
    except cloud.personalize.exceptions.ResourceInUseException:
        cloud.time.run()  # the deployment was quicker: the refresh tries again
        cloud.personalize.update_campaign(campaignArn=campaign, solutionVersionArn=version)
        cloud.time.sleep(HOUR)
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    assert serving(cloud, stack) == version
    found = cloud.personalize.describe_campaign(campaignArn=campaign)["campaign"]
    assert found["minProvisionedTPS"] == 2


# -- a refresh while a rollback is under way ------------------------------------------------------------------------


@pytest.mark.parametrize("minutes", [1, 8, 12, 16])
def test_an_import_of_a_refresh_during_a_rollback_breaks_neither(minutes: float) -> None:
    cloud = account()
    stack = deployed(cloud, app())
    cloud.cloudformation.begin_deploy("app", template(failing(app("2"), after="InteractionsImportSettled")))
    cloud.time.spawn(lambda: begin_import(cloud, stack, "refresh-1", mode="FULL"), minutes * MINUTE)
    cloud.time.run()
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    cloud.time.sleep(HOUR)
    # Whichever ended last, no data of the update that was taken back are left.
    template_run = stack.resources["InteractionsImport"].physical_id
    assert latest_import(cloud, stack) in (template_run, "refresh-1")
    deployed(cloud, app(**FASTER))
    destroyed(cloud)
