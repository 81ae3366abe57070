"""Adopting what somebody has made, giving it back and giving it up, for every type (issue 15)."""

from __future__ import annotations

import copy
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from lambdas.personalize_provider.memento import is_memento
from lambdas.personalize_provider.ownership import LOGICAL_TAG, STACK_TAG
from lambdas.personalize_provider.resource_type import member_name
from lambdas.personalize_provider.resources import RESOURCES
from tests.lambdas.personalize_provider.support.made_before import APP, HOUR, MadeBefore, failing, updatable
from tests.lambdas.personalize_provider.support.single_requests import Requests
from tests.lambdas.personalize_provider.support.template_parts import Resources, handle
from tools.emulator import Fault
from tools.simulation.cloud import VirtualCloud

NOUNS = list(RESOURCES)
NAMED = [noun for noun in NOUNS if not RESOURCES[noun].is_job]
CLAIMED = [noun for noun in NAMED if RESOURCES[noun].taggable]
TAGS = [{"Key": "team", "Value": "films"}, {"Key": "cost", "Value": "1"}]
CHANGING = ("Create", "Update", "Delete", "Stop", "Start", "Tag", "Untag")


@pytest.fixture
def made(cloud: VirtualCloud, noun: str) -> MadeBefore:
    return MadeBefore(cloud, noun)


def changing_calls(cloud: VirtualCloud) -> list[str]:
    return [call for call in cloud.calls if call.startswith(CHANGING)]


def with_all_changes(made: MadeBefore) -> Resources:
    """A template that adopts and says something else of everything that an update can change."""
    return made.adopting(made.changed(*updatable(made.noun)), **({} if not made.row.taggable else {"Tags": TAGS}))


# -- every type -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noun", NOUNS)
def test_what_exists_is_adopted_as_it_is_and_deleted_like_any_other(made: MadeBefore) -> None:
    before = made.describe()
    made.cloud.calls.clear()
    stack = made.deploy(made.adopting())
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    assert stack.resources["Target"].attributes[f"{made.noun}Arn"] == made.arn
    assert changing_calls(made.cloud) == (["TagResource"] if made.noun in CLAIMED else [])
    assert (made.describe(), made.count()) == (before, 1)
    made.cloud.calls.clear()
    assert made.deploy(made.adopting(RoleArn="other") if made.row.is_job else made.adopting()).status.endswith(
        "COMPLETE"
    )
    assert changing_calls(made.cloud) == []
    assert made.cloud.cloudformation.delete(APP).status == "DELETE_COMPLETE"
    assert made.count() == (0 if made.row.deletable else 1)


@pytest.mark.parametrize("noun", CLAIMED)
def test_what_the_template_says_otherwise_is_changed_and_a_rollback_gives_it_back(made: MadeBefore) -> None:
    made.tag(team="series", stage="dev")
    before, tags = made.describe(), made.tags()
    wanted = with_all_changes(made)
    stack = made.deploy(failing(wanted))
    assert stack.status == "ROLLBACK_COMPLETE", stack.reasons
    made.cloud.time.sleep(2 * HOUR)
    assert (restorable(made, made.describe()), made.tags()) == (restorable(made, before), tags)
    stack = made.deploy(wanted)
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    made.cloud.time.sleep(2 * HOUR)
    assert (made.describe() != before) is bool(updatable(made.noun))
    tags = {key: value for key, value in made.tags().items() if not is_memento(key)}
    own = {STACK_TAG: stack.stack_id, LOGICAL_TAG: "Target"}
    assert tags == {"team": "films", "cost": "1", "stage": "dev", **own}


def restorable(made: MadeBefore, description: dict[str, Any]) -> dict[str, Any]:
    """Without what the service cannot take back: a schema, and the schedule of an automatic training that is off."""
    lasting = set(map(member_name, made.row.update.rules if made.row.update else ()))
    result = {key: value for key, value in copy.deepcopy(description).items() if key not in lasting}
    if result.get("performAutoTraining") is False:
        result.get("solutionConfig", {}).pop("autoTrainingConfig", None)
    return result


@pytest.mark.parametrize("noun", [noun for noun in NOUNS if RESOURCES[noun].create_only - RESOURCES[noun].control])
def test_what_differs_for_good_is_refused_with_every_difference(made: MadeBefore) -> None:
    before, tags = made.describe(), made.tags()
    props = sorted(made.row.create_only - made.row.control)
    wanted = made.changed(*(prop for prop in props if prop in made.properties))
    within = {made.row.parent, *made.row.unique_within} if made.row.is_job or made.noun == "Dataset" else set[str]()
    wanted |= {prop: made.properties[prop] for prop in within & made.properties.keys()}
    unlike = [prop for prop in props if wanted.get(prop) != made.properties.get(prop)]
    made.cloud.calls.clear()
    stack = made.deploy(made.adopting(wanted))
    assert stack.status == ("ROLLBACK_COMPLETE" if unlike else "CREATE_COMPLETE"), stack.reasons
    if unlike and made.row.arn_is_generated:
        assert "There is no event tracker 'films' to adopt" in stack.reasons[0]
    elif unlike:
        assert "cannot be adopted, because nothing can make it what the template says: " in stack.reasons[0]
        assert [prop for prop in unlike if f"{prop} " not in stack.reasons[0]] == []
        assert changing_calls(made.cloud) == []
    assert made.describe() == before
    assert not unlike or made.tags() == tags


@pytest.mark.parametrize("noun", CLAIMED)
def test_what_is_somebodys_stays_until_their_stack_is_gone(made: MadeBefore) -> None:
    theirs = made.deploy({"Handle": handle()}, "theirs")
    made.tag(**{STACK_TAG: theirs.stack_id, LOGICAL_TAG: "Theirs"})
    stack = made.deploy(made.adopting())
    assert stack.status == "ROLLBACK_COMPLETE"
    assert f"cannot be adopted, because it belongs to Theirs of stack {theirs.stack_id}." in stack.reasons[0]
    assert made.tags() == {STACK_TAG: theirs.stack_id, LOGICAL_TAG: "Theirs"}
    made.cloud.cloudformation.delete("theirs")
    assert made.deploy(failing(made.adopting())).status == "ROLLBACK_COMPLETE"
    assert made.tags() == {STACK_TAG: theirs.stack_id, LOGICAL_TAG: "Theirs"}
    stack = made.deploy(made.adopting())
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    assert made.tags()[STACK_TAG] == stack.stack_id


@pytest.mark.parametrize("noun", NAMED)
def test_what_is_released_stays_as_it_is_and_can_be_adopted_again(made: MadeBefore) -> None:
    if made.row.taggable:
        made.tag(team="series", stage="dev")
    wanted = with_all_changes(made)
    assert made.deploy(wanted).status == "CREATE_COMPLETE"
    held = made.describe()
    released = copy.deepcopy(wanted)
    released["Target"]["Properties"]["Release"] = True
    made.cloud.calls.clear()
    assert made.deploy(released).status == "UPDATE_COMPLETE"
    assert changing_calls(made.cloud) == (["UntagResource"] if made.row.taggable else [])
    assert made.tags() == ({"team": "films", "stage": "dev"} if made.row.taggable else {})
    # While it is released, updates leave it alone; a rollback, too.
    made.cloud.calls.clear()
    other = copy.deepcopy(released)
    other["Target"]["Properties"]["Tags"] = []
    assert made.deploy(other).status == "UPDATE_COMPLETE"
    assert changing_calls(made.cloud) == []
    stack = made.deploy(failing(wanted))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert (made.describe(), STACK_TAG in made.tags()) == (held, False)
    assert made.deploy(wanted).status == "UPDATE_COMPLETE"
    assert (STACK_TAG in made.tags()) is made.row.taggable
    assert made.deploy(failing(released)).status == "UPDATE_ROLLBACK_COMPLETE"
    assert (STACK_TAG in made.tags()) is made.row.taggable
    assert made.deploy(released).status == "UPDATE_COMPLETE"
    assert made.cloud.cloudformation.delete(APP).status == "DELETE_COMPLETE"
    assert (made.describe(), made.count()) == (held, 1)


@pytest.mark.parametrize("noun", NAMED)
def test_a_cancelled_request_gives_back_what_it_has_adopted(made: MadeBefore) -> None:
    """CloudFormation invents an id for the deletion of what has not answered yet."""
    before, tags = made.describe(), made.tags()
    requests = Requests(made.cloud, made.noun)
    properties = with_all_changes(made)["Target"]["Properties"]
    event = requests.event("Create", properties)
    answer = made.cloud.framework.on_event(copy.deepcopy(event))
    for _ in range(3):
        made.cloud.framework.is_complete({**copy.deepcopy(event), **answer})
    requests.stack.status = "ROLLBACK_IN_PROGRESS"
    response = requests.delete("single-Target-ABCDEF", properties)
    assert response.succeeded, response.reason
    made.cloud.time.sleep(2 * HOUR)
    assert (restorable(made, made.describe()), made.tags()) == (restorable(made, before), tags)


# -- interrupted ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noun", ["Solution"])
@pytest.mark.parametrize("number", range(24))
def test_adopting_and_giving_back_may_be_interrupted_at_any_call(made: MadeBefore, number: int) -> None:
    made.tag(team="series")
    before, tags = made.describe(), made.tags()
    left = [number]

    def interrupt(**_: Any) -> None:
        left[0] -= 1
        if left[0] == -1:
            raise EndpointConnectionError(endpoint_url="https://personalize.eu-west-1.amazonaws.com")

    made.cloud.personalize.meta.events.register("before-call.personalize", interrupt)
    stack = made.deploy(failing(with_all_changes(made)))
    assert left[0] < 0
    assert stack.status == "ROLLBACK_COMPLETE", stack.reasons
    assert (restorable(made, made.describe()), made.tags()) == (restorable(made, before), tags)


@pytest.mark.parametrize("noun", ["Recommender", "Campaign"])
def test_answers_that_are_lost_are_not_asked_for_twice(made: MadeBefore, noun: str) -> None:
    """The service does what it is asked for, and its answer does not arrive."""
    made.tag(team="series")
    before, tags = made.describe(), made.tags()
    for operation in ("TagResource", f"Update{noun}", f"Stop{noun}", f"Start{noun}", "UntagResource"):
        made.cloud.service.faults.add(Fault("crash_after_commit", operation))
    made.cloud.calls.clear()
    stack = made.deploy(failing(with_all_changes(made)))
    assert stack.status == "ROLLBACK_COMPLETE", stack.reasons
    made.cloud.time.sleep(2 * HOUR)
    assert (made.describe(), made.tags()) == (before, tags)
    assert made.cloud.calls.count(f"Update{noun}") == 2


@pytest.mark.parametrize("noun", ["Recommender"])
def test_a_request_delivered_again_changes_nothing_more(made: MadeBefore) -> None:
    requests = Requests(made.cloud, made.noun)
    event = requests.event("Create", with_all_changes(made)["Target"]["Properties"])
    made.cloud.calls.clear()
    for _ in range(2):
        assert made.cloud.framework.request(copy.deepcopy(event)).succeeded
        made.cloud.time.sleep(2 * HOUR)
    assert [made.cloud.calls.count(call) for call in ("TagResource", "UpdateRecommender")] == [1, 1]
