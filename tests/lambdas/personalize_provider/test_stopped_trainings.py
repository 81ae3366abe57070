"""A training can be stopped, so no links hold the deletion of a solution version back: whenever it is taken back, and
however slowly the service stops it, nothing stays behind and what served before serves."""

from __future__ import annotations

import copy
from collections.abc import Callable

import pytest

from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.template_parts import Resources, custom, deployed, template
from tests.support.virtual_account import CONDITIONS
from tools.emulator import Durations, Fault
from tools.simulation.cloud import VirtualCloud
from tools.simulation.stacks import Stack

MINUTE, HOUR = 60.0, 3600.0
# How long the service takes to stop a training, which no page says.
STOPPING = [MINUTE, 50 * MINUTE, 80 * MINUTE]
EACH_STOPPING = pytest.mark.parametrize("stopping", STOPPING, ids=lambda seconds: f"{seconds / MINUTE:.0f} min")


def account(stopping: float, **durations: float) -> VirtualCloud:
    cloud = VirtualCloud(
        service_options={"durations": Durations(stop_solution_version=stopping, pending_share=0.01, **durations)},
        conditions=CONDITIONS,
    )
    blocks.put_data(cloud)
    return cloud


def app(trigger: str = "1", failing_after: str = "", **solution: object) -> Resources:
    """Everything up to the campaign; `failing_after` names what is there when something else fails."""
    resources = {**blocks.group(), **blocks.data(), **copy.deepcopy(blocks.ranking())}
    resources["Version"]["Properties"]["Triggers"] = {"TrainingTrigger": trigger}
    resources["Solution"]["Properties"] |= solution
    if failing_after:
        # It takes a minute, in which the training begins.
        resources["Tracker"] = {**blocks.serving()["Tracker"], "DependsOn": [failing_after]}
        bad = custom("Schema", Schema="not a schema", Domain=blocks.VOD)
        resources["Failing"] = {**bad, "DependsOn": ["Tracker"]}
    return resources


def versions(cloud: VirtualCloud) -> list[str]:
    """Statuses of all versions, oldest first."""
    found = cloud.personalize.list_solution_versions()["solutionVersions"]
    return [each["status"] for each in sorted(found, key=lambda each: each["creationDateTime"])]


def served(cloud: VirtualCloud) -> str:
    (campaign,) = cloud.personalize.list_campaigns()["campaigns"]
    described = cloud.personalize.describe_campaign(campaignArn=campaign["campaignArn"])["campaign"]
    return described["solutionVersionArn"]


def import_again(cloud: VirtualCloud) -> None:
    datasets = cloud.personalize.list_datasets()["datasets"]
    interactions = next(each["datasetArn"] for each in datasets if each["datasetType"] == "INTERACTIONS")
    cloud.personalize.create_dataset_import_job(
        jobName="again",
        datasetArn=interactions,
        dataSource={"dataLocation": f"{blocks.BUCKET}/interactions.csv"},
        roleArn=blocks.ROLE,
    )


def trained(cloud: VirtualCloud) -> Stack:
    """The app deployed, with everything trained; what comes later takes seven hours."""
    stack = deployed(cloud, app())
    cloud.service.faults.add(Fault("duration", "CreateSolutionVersion", seconds=7 * HOUR, count=None))
    return stack


def begin(cloud: VirtualCloud, resources: Resources, hours: float) -> Stack:
    """Deploy, and look so many hours later."""
    stack = cloud.cloudformation.begin_deploy("app", template(resources))
    cloud.time.run(until=cloud.time.time() + hours * HOUR)
    return stack


@EACH_STOPPING
def test_a_failed_first_deployment_leaves_nothing(stopping: float) -> None:
    cloud = account(stopping, create_solution_version=7 * HOUR, create_event_tracker=30 * MINUTE)
    stack = cloud.cloudformation.deploy("app", template(app(failing_after="Version")))
    assert stack.status == "ROLLBACK_COMPLETE", stack.reasons
    assert cloud.inventory() == {}


@EACH_STOPPING
@pytest.mark.parametrize("hours", [0.2, 0.35, 2.0])
def test_a_stack_deleted_while_it_is_created_leaves_nothing(stopping: float, hours: float) -> None:
    """While the data is imported, when the training has just begun, and hours into it."""
    cloud = account(stopping, create_solution_version=7 * HOUR)
    stack = begin(cloud, app(), hours)
    assert stack.status == "CREATE_IN_PROGRESS"
    cloud.cloudformation.begin_delete("app")
    cloud.time.run()
    assert stack.status == "DELETE_COMPLETE", stack.reasons
    assert cloud.inventory() == {}


@EACH_STOPPING
def test_a_failed_update_stops_the_new_training_and_leaves_the_old_version_serving(stopping: float) -> None:
    cloud = account(stopping, create_event_tracker=30 * MINUTE)
    stack = trained(cloud)
    before = served(cloud)
    cloud.cloudformation.deploy("app", template(app("2", failing_after="Version")))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    cloud.time.sleep(HOUR)
    assert versions(cloud) == ["ACTIVE", "CREATE STOPPED"]
    assert served(cloud) == before
    cloud.service.faults.clear()
    deployed(cloud, app("2"))
    assert versions(cloud)[-1] == "ACTIVE"
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
    assert cloud.inventory() == {}


@EACH_STOPPING
@pytest.mark.parametrize("hours", [0.02, 2.0])
def test_a_cancelled_update_stops_the_new_training(stopping: float, hours: float) -> None:
    """At once, and hours into it."""
    cloud = account(stopping)
    stack = trained(cloud)
    before = served(cloud)
    begin(cloud, app("2"), hours)
    cloud.cloudformation.cancel_update("app")
    cloud.time.run()
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    cloud.time.sleep(2 * HOUR)
    assert set(versions(cloud)[1:]) <= {"CREATE STOPPED"}
    assert served(cloud) == before
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE", stack.reasons
    assert cloud.inventory() == {}


@EACH_STOPPING
def test_a_failed_update_of_the_campaign_beside_it_takes_both_back(stopping: float) -> None:
    cloud = account(stopping, create_event_tracker=30 * MINUTE)
    stack = trained(cloud)
    before = served(cloud)
    second = {**copy.deepcopy(blocks.ranking()["Campaign"]), "DependsOn": ["VersionSettled"]}
    second["Properties"]["SolutionVersionArn"] = before
    cloud.service.faults.add(Fault("fail", "CreateCampaign", message="No capacity."))
    cloud.cloudformation.deploy("app", template({**app("2"), "Beside": {**second, "DependsOn": ["Version"]}}))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    cloud.time.sleep(2 * HOUR)
    assert versions(cloud) == ["ACTIVE", "CREATE STOPPED"]
    assert served(cloud) == before


@EACH_STOPPING
def test_a_replaced_solution_goes_with_its_training(stopping: float) -> None:
    """The update fails, so the new solution is deleted while its version is being stopped."""
    cloud = account(stopping, create_event_tracker=30 * MINUTE)
    stack = trained(cloud)
    before = served(cloud)
    changed = app(failing_after="Version", RecipeArn=f"{blocks.RECIPE}/aws-personalized-ranking-v2")
    cloud.cloudformation.deploy("app", template(changed))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert versions(cloud) == ["ACTIVE"]
    assert served(cloud) == before


@pytest.mark.parametrize("stopping", STOPPING[:2])
def test_an_automatic_training_under_way_is_stopped_with_its_solution(stopping: float) -> None:
    """Only the solution's own deletion waits for it, for less than an hour."""
    cloud = account(stopping)
    schedule = {"AutoTrainingConfig": {"SchedulingExpression": "rate(2 days)"}}
    resources = app(PerformAutoTraining=True, SolutionUpdateConfig=schedule)
    stack = deployed(cloud, resources)
    cloud.service.faults.add(Fault("duration", "CreateSolutionVersion", seconds=7 * HOUR, count=None))
    # The service trains by itself where interactions came in.
    import_again(cloud)
    cloud.time.sleep(49 * HOUR)
    assert "CREATE IN_PROGRESS" in versions(cloud)
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE", stack.reasons
    assert cloud.inventory() == {}


# -- deployed by an older version, which had links that held the deletion back ----------------------------------------


def older(resources: Resources) -> Resources:
    chain = {key: each for key, each in resources.items() if key.startswith("VersionLink")}
    return {**resources, **blocks.with_deletion_links(chain, "Version", "SolutionVersion")}


def test_the_links_of_an_older_version_leave_without_touching_the_training() -> None:
    cloud = account(MINUTE)
    deployed(cloud, older(app()))
    before = versions(cloud), served(cloud)
    cloud.calls.clear()
    stack = deployed(cloud, app())
    assert "StopSolutionVersionCreation" not in cloud.calls
    assert (versions(cloud), served(cloud)) == before
    assert [key for key in stack.resources if "VersionDeletion" in key] == []


@EACH_STOPPING
@pytest.mark.parametrize(
    "change", [lambda: app("2"), lambda: app(RecipeArn=f"{blocks.RECIPE}/aws-personalized-ranking-v2")]
)
def test_the_links_of_an_older_version_leave_while_another_version_is_trained(
    stopping: float, change: Callable[[], Resources]
) -> None:
    cloud = account(stopping)
    deployed(cloud, older(app()))
    before = served(cloud)
    deployed(cloud, change())
    assert versions(cloud)[-1] == "ACTIVE"
    assert served(cloud) != before
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
    assert cloud.inventory() == {}


@EACH_STOPPING
def test_going_back_to_an_older_version_and_its_links(stopping: float) -> None:
    """The update that takes the links away fails, and its rollback keeps them; later it succeeds."""
    cloud = account(stopping, create_event_tracker=30 * MINUTE)
    stack = deployed(cloud, older(app()))
    before = served(cloud)
    cloud.service.faults.add(Fault("duration", "CreateSolutionVersion", seconds=7 * HOUR))
    cloud.cloudformation.deploy("app", template(app("2", failing_after="Version")))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert served(cloud) == before
    assert "VersionDeletion1" in stack.resources
    deployed(cloud, app("2"))
    deployed(cloud, older(app("2")))
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
    assert cloud.inventory() == {}
