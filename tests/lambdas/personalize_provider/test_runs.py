"""Which run of a job an update means: versions known by their names, and which import is the latest."""

from __future__ import annotations

import itertools
from typing import Any

import pytest

from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.template_parts import BUCKET, Resources, deployed, template
from tools.emulator import Durations, Fault
from tools.simulation.cloud import VirtualCloud
from tools.simulation.cloudformation import Stack

HOUR, MINUTE = 3600.0, 60.0


def versions(cloud: VirtualCloud) -> list[dict[str, Any]]:
    return [each for each in cloud.inventory().values() if "trainingHours" in each]


# -- solution versions --------------------------------------------------------------------------------------------


def ranked() -> Resources:
    return {**blocks.group(), **blocks.data(), **blocks.ranking()}


def test_a_tag_more_after_a_training_trains_nothing(cloud: VirtualCloud) -> None:
    """Case 23: the service answers `<solution>/<name>`, and the version is known all the same."""
    deployed(cloud, ranked())
    (before,) = versions(cloud)
    cloud.calls.clear()
    deployed(cloud, ranked(), {"team": "films"})
    (after,) = versions(cloud)
    assert after == before
    assert "CreateSolutionVersion" not in cloud.calls
    assert cloud.api.tags(after["solutionVersionArn"])["team"] == "films"


# A new training lists the versions, 100 to a page, and is polled once more or less.
@pytest.mark.parametrize(("change", "more"), [("Tags", 0), ("Triggers", 5)])
def test_many_versions_cost_no_more_calls_than_one(cloud: VirtualCloud, change: str, more: int) -> None:
    """Case 23: a refresh every day makes versions that no template knows."""
    stack = deployed(cloud, ranked())
    solution = stack.resources["Solution"].attributes["SolutionArn"]
    counts = []
    for number in itertools.count(1):
        resources = ranked()
        if change == "Triggers":
            resources["Version"]["Properties"]["Triggers"] = {"TrainingTrigger": f"{number + 1}"}
        cloud.calls.clear()
        deployed(cloud, resources, {"number": str(number)})
        counts.append(len(cloud.calls))
        if number == 2:
            break
        for _ in range(120):
            cloud.personalize.create_solution_version(solutionArn=solution)
            cloud.time.sleep(3 * HOUR)
    assert counts[1] <= counts[0] + more


# -- imports ------------------------------------------------------------------------------------------------------


def imported(location: str = BUCKET) -> Resources:
    resources = {**blocks.group(), **blocks.data()}
    source = {"DataLocation": f"{location}/interactions.csv"}
    resources["InteractionsImport"]["Properties"]["DataSource"] = source
    return resources


def latest_location(cloud: VirtualCloud, stack: Stack) -> str:
    """Where what the dataset holds came from: the import that ended last."""
    cloud.time.sleep(12 * HOUR)
    dataset = stack.resources["InteractionsDataset"].attributes["DatasetArn"]
    jobs = [
        cloud.personalize.describe_dataset_import_job(datasetImportJobArn=each["datasetImportJobArn"])
        for each in cloud.personalize.list_dataset_import_jobs(datasetArn=dataset)["datasetImportJobs"]
    ]
    through = [each["datasetImportJob"] for each in jobs if each["datasetImportJob"]["status"] == "ACTIVE"]
    return str(max(through, key=lambda job: job["lastUpdatedDateTime"])["dataSource"]["dataLocation"])


def broken(resources: Resources, after: str = "InteractionsImport") -> Resources:
    """With something that the service refuses, as soon as it has accepted the import."""
    resources["Broken"] = {**blocks.custom("DatasetGroup", Domain="MUSIC"), "DependsOn": after}
    return resources


@pytest.mark.parametrize("minutes", [20, 45])
def test_after_a_rollback_the_dataset_holds_what_the_template_says(minutes: float) -> None:
    """Case 22: the update's import is still in flight when it is taken back, and must not be the last."""
    cloud = VirtualCloud(service_options={"durations": Durations(create_dataset_import_job=minutes * MINUTE)})
    blocks.put_data(cloud)
    stack = deployed(cloud, imported())
    cloud.cloudformation.deploy("app", template(broken(imported(f"{BUCKET}/again"))))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert latest_location(cloud, stack) == f"{BUCKET}/interactions.csv"


def test_a_rollback_that_would_have_to_wait_too_long_says_so_and_can_be_continued() -> None:
    """Case 22: an import that takes hours outlasts a request; until it is through, the old data cannot come back."""
    cloud = VirtualCloud()
    blocks.put_data(cloud)
    stack = deployed(cloud, imported())
    cloud.service.faults.add(Fault("duration", "CreateDatasetImportJob", seconds=3 * HOUR))
    cloud.cloudformation.deploy("app", template(broken(imported(f"{BUCKET}/again"))))
    assert stack.status == "UPDATE_ROLLBACK_FAILED"
    assert "is still waiting for vod-test-datasetimportjob-" in stack.reasons[-1]
    assert "Try again once it has settled." in stack.reasons[-1]
    cloud.time.sleep(3 * HOUR)
    cloud.cloudformation.continue_rollback("app")
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert latest_location(cloud, stack) == f"{BUCKET}/interactions.csv"


def test_a_rollback_is_complete_when_the_old_data_are_back(cloud: VirtualCloud) -> None:
    """Case 22: nothing waits for an import that a rollback began, unless the rollback does."""
    stack = deployed(cloud, imported())
    cloud.cloudformation.deploy("app", template(broken(imported(f"{BUCKET}/again"))))
    jobs = [each for each in cloud.inventory().values() if "dataSource" in each]
    assert {each["status"] for each in jobs} == {"ACTIVE"}
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"


def test_an_import_that_was_through_before_the_rollback_is_undone_too(cloud: VirtualCloud) -> None:
    """Case 22: what failed depends on the import, so the dataset held the new data for a while."""
    stack = deployed(cloud, imported())
    resources = broken(imported(f"{BUCKET}/again"), after="InteractionsImportSettled")
    cloud.cloudformation.deploy("app", template(resources))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert latest_location(cloud, stack) == f"{BUCKET}/interactions.csv"


def test_an_import_that_failed_has_changed_nothing_so_nothing_is_imported_again(cloud: VirtualCloud) -> None:
    """Case 22: of several imports one fails; only those that arrived are taken back."""
    stack = deployed(cloud, imported())
    cloud.service.faults.add(Fault("fail", "CreateDatasetImportJob"))
    cloud.calls.clear()
    cloud.cloudformation.deploy("app", template(imported(f"{BUCKET}/again")))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert cloud.calls.count("CreateDatasetImportJob") == 1
    assert latest_location(cloud, stack) == f"{BUCKET}/interactions.csv"


def test_a_cancelled_import_is_followed_by_the_old_one(cloud: VirtualCloud) -> None:
    """Case 22: CloudFormation never heard of the new import, since its request was cancelled."""
    stack = deployed(cloud, imported())
    cloud.service.faults.add(Fault("crash_after_commit", "CreateDatasetImportJob"))
    cloud.cloudformation.begin_deploy("app", template(imported(f"{BUCKET}/again")))
    cloud.time.spawn(lambda: cloud.cloudformation.cancel_update("app"), delay=0.5)
    cloud.time.run()
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert latest_location(cloud, stack) == f"{BUCKET}/interactions.csv"
