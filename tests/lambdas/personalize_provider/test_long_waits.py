"""What outlasts CloudFormation's hour: trainings and imports of 1, 3 and 7 hours, in virtual time."""

from __future__ import annotations

import math
from typing import Any

import pytest

from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.template_parts import Resources, chain, custom, template
from tests.support.virtual_account import CONDITIONS
from tools.emulator import Durations, Fault
from tools.simulation.cloud import VirtualCloud
from tools.simulation.stacks import Stack

HOUR = 3600.0
LINK = 3000
# A training may have ended so long before anybody looks: one pace, and the rounds around it.
PACE = 60.0


def account(**durations: float) -> VirtualCloud:
    cloud = VirtualCloud(service_options={"durations": Durations(**durations)}, conditions=CONDITIONS)
    blocks.put_data(cloud)
    return cloud


def links(max_wait: float) -> int:
    return math.ceil(max_wait / LINK)


def app(kind: str, max_wait: float, **properties: Any) -> Resources:
    """Everything up to one resource of a kind that may take long, and what waits for it."""
    number = links(max_wait)
    if kind == "import":
        data = {key: each for key, each in blocks.data().items() if not key.startswith("ItemsImport")}
        held = {key: each for key, each in data.items() if key == "InteractionsImport"}
        return {**blocks.group(), **held, **chain("InteractionsImport", "DatasetImportJob", number)}
    base = {**blocks.group(), **blocks.data()}
    if kind == "recommender":
        return {**base, "Recommender": blocks.recommender(**properties), **chain("Recommender", "Recommender", number)}
    version = {"Solution": blocks.solution(), "Version": blocks.version(**properties)}
    return {**base, **version, **chain("Version", "SolutionVersion", number)}


TARGETS = {
    "import": ("InteractionsImport", "create_dataset_import_job"),
    "recommender": ("Recommender", "create_recommender"),
    "version": ("Version", "create_solution_version"),
}
KINDS = list(TARGETS)


def in_flight(kind: str, links: int) -> str:
    """What is there once the creation has begun, and so many links hold its deletion back where it cannot be ended."""
    logical_id = TARGETS[kind][0]
    return logical_id if kind == "version" else f"{logical_id}Deletion{links}"


def failing(*after: str) -> Resources:
    """A resource that fails the deployment, once others are there."""
    bad = custom("Schema", Schema="not a schema", Domain=blocks.VOD)
    return {"Failing": {**bad, "DependsOn": list(after)}}


def took(stack: Stack, logical_id: str) -> float:
    """Seconds from the first event of a resource to the last."""
    times = [event.time for event in stack.events if event.logical_id == logical_id]
    return max(times) - min(times)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("hours", [1, 3, 7])
def test_it_deploys_when_max_wait_allows_it(kind: str, hours: int) -> None:
    cloud = account(**{TARGETS[kind][1]: hours * HOUR})
    stack = cloud.cloudformation.deploy("app", template(app(kind, max_wait=8 * HOUR)))
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    begun = next(event.time for event in stack.events if event.logical_id == TARGETS[kind][0])
    settled = max(event.time for event in stack.events if event.logical_id.startswith(f"{TARGETS[kind][0]}Settled"))
    assert hours * HOUR <= settled - begun <= hours * HOUR + 2 * PACE
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
    assert cloud.inventory() == {}


@pytest.mark.parametrize("kind", KINDS)
def test_it_fails_with_what_was_waited_for_how_long_and_what_to_raise(kind: str) -> None:
    cloud = account(**{TARGETS[kind][1]: 7 * HOUR})
    stack = cloud.cloudformation.deploy("app", template(app(kind, max_wait=4 * HOUR)))
    said = "is still CREATE IN_PROGRESS after 4 h 10 min of waiting for it to settle. Raise max_wait"
    assert said in stack.reasons[0]
    assert stack.status == "ROLLBACK_COMPLETE", stack.reasons
    assert cloud.inventory() == {}


@pytest.mark.parametrize("kind", KINDS)
def test_a_failure_elsewhere_takes_back_what_is_in_flight(kind: str) -> None:
    """Something fails a minute after a creation of seven hours has begun: the rollback outlasts it."""
    cloud = account(**{TARGETS[kind][1]: 7 * HOUR, "create_event_tracker": 60.0})
    waits = {"Tracker": {**blocks.serving()["Tracker"], "DependsOn": [in_flight(kind, 1)]}}
    stack = cloud.cloudformation.deploy("app", template({**app(kind, 8 * HOUR), **waits, **failing("Tracker")}))
    assert stack.status == "ROLLBACK_COMPLETE", stack.reasons
    assert cloud.inventory() == {}


@pytest.mark.parametrize("kind", ["recommender", "version"])
def test_a_failed_update_takes_back_the_replacement_in_flight(kind: str) -> None:
    cloud = account()
    before = app(kind, 8 * HOUR)
    stack = cloud.cloudformation.deploy("app", template(before))
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    held = cloud.inventory()
    cloud.service.faults.add(
        Fault("duration", f"Create{'Recommender' if kind == 'recommender' else 'SolutionVersion'}", seconds=7 * HOUR)
    )
    changed = (
        {"RecipeArn": f"{blocks.RECIPE}/aws-vod-most-popular"}
        if kind == "recommender"
        else {"Triggers": {"TrainingTrigger": "2"}}
    )
    waits = {"Tracker": {**blocks.serving()["Tracker"], "DependsOn": [in_flight(kind, 4)]}}
    cloud.cloudformation.deploy("app", template({**app(kind, 8 * HOUR, **changed), **waits, **failing("Tracker")}))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    left = cloud.inventory()
    assert left.keys() - held.keys() == set() if kind == "recommender" else stopped(left, held)
    assert {arn: left[arn] for arn in held} == held


def stopped(left: dict[str, Any], held: dict[str, Any]) -> bool:
    """The service keeps a stopped version until its solution goes."""
    return {left[arn]["status"] for arn in left.keys() - held.keys()} == {"CREATE STOPPED"}


def test_a_training_that_can_be_stopped_is_not_waited_for() -> None:
    cloud = account(create_solution_version=70 * HOUR)
    waits = {"Tracker": {**blocks.serving()["Tracker"], "DependsOn": ["Version"]}}
    stack = cloud.cloudformation.deploy("app", template({**app("version", 72 * HOUR), **waits, **failing("Tracker")}))
    assert stack.status == "ROLLBACK_COMPLETE", stack.reasons
    failed = next(event.time for event in stack.events if event.logical_id == "Failing" and event.reason)
    assert stack.events[-1].time - failed < HOUR
    assert cloud.inventory() == {}


@pytest.mark.parametrize("kind", KINDS)
def test_destroying_while_it_is_in_flight_leaves_nothing(kind: str) -> None:
    """The stack is deleted by hand while it is being created."""
    cloud = account(**{TARGETS[kind][1]: 7 * HOUR})
    stack = cloud.cloudformation.begin_deploy("app", template(app(kind, 8 * HOUR)))
    cloud.time.run(until=cloud.time.time() + 1.5 * HOUR)
    assert stack.status == "CREATE_IN_PROGRESS"
    cloud.cloudformation.begin_delete("app")
    cloud.time.run()
    assert stack.status == "DELETE_COMPLETE", stack.reasons
    assert cloud.inventory() == {}


def test_an_update_in_place_that_retrains_is_waited_for() -> None:
    cloud = account(retrain_recommender=7 * HOUR)
    cloud.cloudformation.deploy("app", template(app("recommender", 8 * HOUR)))
    config = {"TrainingDataConfig": {"ExcludedDatasetColumns": {"ITEMS": ["GENRES"]}}}
    stack = cloud.cloudformation.deploy("app", template(app("recommender", 8 * HOUR, RecommenderConfig=config)))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    assert took(stack, "RecommenderSettled") >= 7 * HOUR


def test_a_failed_update_in_place_does_not_fail_later_deployments() -> None:
    cloud = account()
    before = app("recommender", 4 * HOUR)
    stack = cloud.cloudformation.deploy("app", template(before))
    cloud.service.faults.add(Fault("fail", "UpdateRecommender", message="No capacity."))
    config = {"MinRecommendationRequestsPerSecond": 3}
    cloud.cloudformation.deploy("app", template(app("recommender", 4 * HOUR, RecommenderConfig=config)))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert "The update of recommender" in stack.reasons[-1]
    assert "failed: No capacity." in stack.reasons[-1]
    cloud.cloudformation.deploy("app", template(before, tags={"team": "films"}))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    cloud.cloudformation.deploy("app", template(app("recommender", 4 * HOUR, RecommenderConfig=config)))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons


def test_links_with_nothing_to_wait_for_are_not_even_asked() -> None:
    """A changed tag changes no property of a link."""
    cloud = account()
    stack = cloud.cloudformation.deploy("app", template(app("recommender", 8 * HOUR)))
    before = len(stack.events)
    tagged = template(app("recommender", 8 * HOUR), tags={"team": "films"})
    cloud.cloudformation.deploy("app", tagged)
    asked = {event.logical_id for event in stack.events[before:] if event.type.startswith("Custom::")}
    assert asked == {key for key, each in tagged["Resources"].items() if "Tags" in each["Properties"]}
