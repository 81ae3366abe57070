"""Adopting what somebody has made, giving it back and giving it up, for every type (issue 15)."""

from __future__ import annotations

import copy
import itertools
import json
from dataclasses import replace
from typing import Any
from unittest.mock import Mock

import pytest
from botocore.exceptions import EndpointConnectionError

from lambdas.personalize_provider.memento import is_memento
from lambdas.personalize_provider.ownership import LOGICAL_TAG, STACK_TAG
from lambdas.personalize_provider.resource_type import member_name
from lambdas.personalize_provider.resources import RESOURCES
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.made_before import APP, HOUR, NAME, MadeBefore, failing, updatable
from tests.lambdas.personalize_provider.support.single_requests import Requests
from tests.lambdas.personalize_provider.support.template_parts import Resources, custom, handle, template
from tests.support.virtual_account import CONDITIONS
from tools.emulator import Fault
from tools.simulation.cloud import REGION, VirtualCloud, not_permitted
from tools.simulation.stacks import Deployed, Stack

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
def test_what_exists_is_adopted_as_it_is_if_it_is_what_the_template_says(made: MadeBefore) -> None:
    check_differences_are_refused(made)
    before = made.describe()
    made.cloud.calls.clear()
    stack = made.deploy(made.adopting())
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    assert stack.resources["Target"].attributes[f"{made.noun}Arn"] == made.arn
    assert changing_calls(made.cloud) == (["TagResource"] if made.noun in CLAIMED else [])
    assert (made.describe(), made.count()) == (before, 1)
    assert made.cloud.cloudformation.delete(APP).status == "DELETE_COMPLETE"
    assert made.count() == (0 if made.row.deletable else 1)


def check_differences_are_refused(made: MadeBefore) -> None:
    """Each of the create-only properties that can differ is named, and nothing is called."""
    before, tags = made.describe(), made.tags()
    props = sorted(made.row.create_only - made.row.control)
    wanted = made.changed(*(prop for prop in props if prop in made.properties))
    # They say where it is looked for.
    place = {made.row.parent, *made.row.unique_within} if made.row.is_job or made.noun == "Dataset" else set[str]()
    wanted |= {prop: made.properties[prop] for prop in place & made.properties.keys()}
    unlike = [prop for prop in props if wanted.get(prop) != made.properties.get(prop)]
    if not unlike:
        return
    made.cloud.calls.clear()
    stack = made.deploy(made.adopting(wanted))
    assert stack.status == "ROLLBACK_COMPLETE"
    if made.row.arn_is_generated:
        assert "There is no event tracker 'films' to adopt" in stack.reasons[0]
    else:
        assert "cannot be adopted, because nothing can make it what the template says: " in stack.reasons[0]
        assert [prop for prop in unlike if f"{prop} " not in stack.reasons[0]] == []
    assert changing_calls(made.cloud) == []
    assert (made.describe(), made.tags()) == (before, tags)


@pytest.mark.parametrize("noun", CLAIMED)
def test_what_is_nobodys_becomes_what_the_template_says_and_a_rollback_gives_it_back(made: MadeBefore) -> None:
    theirs = made.deploy({"Handle": handle()}, "theirs")
    made.tag(**{"team": "series", "stage": "dev", STACK_TAG: theirs.stack_id, LOGICAL_TAG: "Theirs"})
    before, tags, wanted = made.describe(), made.tags(), with_all_changes(made)
    made.cloud.calls.clear()
    stack = made.deploy(wanted)
    assert f"cannot be adopted, because it belongs to Theirs of stack {theirs.stack_id}." in stack.reasons[0]
    assert (stack.status, changing_calls(made.cloud)) == ("ROLLBACK_COMPLETE", [])
    made.cloud.cloudformation.delete("theirs")
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


@pytest.mark.parametrize("noun", NAMED)
def test_what_is_released_stays_as_it_is_and_can_be_adopted_again(made: MadeBefore) -> None:
    if made.row.taggable:
        made.tag(team="series", stage="dev")
    check_cancelled_request_gives_back(made)
    wanted = with_all_changes(made)
    assert made.deploy(wanted).status == "CREATE_COMPLETE"
    held = made.describe()
    released = copy.deepcopy(wanted)
    released["Target"]["Properties"]["Release"] = True
    made.cloud.calls.clear()
    assert made.deploy(released).status == "UPDATE_COMPLETE"
    assert changing_calls(made.cloud) == (["UntagResource"] if made.row.taggable else [])
    assert made.tags() == ({"team": "films", "stage": "dev"} if made.row.taggable else {})
    # While it is released, updates leave it alone.
    made.cloud.calls.clear()
    other = copy.deepcopy(released)
    other["Target"]["Properties"]["Tags"] = []
    assert made.deploy(other).status == "UPDATE_COMPLETE"
    assert changing_calls(made.cloud) == []
    # A rollback takes either back.
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


def check_cancelled_request_gives_back(made: MadeBefore) -> None:
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
@pytest.mark.parametrize("moment", ["before", "after"])
def test_adopting_and_giving_back_may_be_interrupted_at_any_change(made: MadeBefore, moment: str) -> None:
    """The function loses its connection before, or after, the service has carried out each call in turn."""
    made.tag(team="series")
    before, tags, wanted = made.describe(), made.tags(), failing(with_all_changes(made))
    calls_left = [0]

    def interrupt(model: Any, **_: Any) -> None:
        calls_left[0] -= model.name.startswith(CHANGING)
        if calls_left[0] == 0 and model.name.startswith(CHANGING):
            raise EndpointConnectionError(endpoint_url="https://personalize.eu-west-1.amazonaws.com")

    made.cloud.personalize.meta.events.register(f"{moment}-call.personalize", interrupt)
    for number in itertools.count(1):
        calls_left[0] = number
        stack = made.deploy(wanted)
        assert stack.status == "ROLLBACK_COMPLETE", (number, stack.reasons)
        assert (restorable(made, made.describe()), made.tags()) == (restorable(made, before), tags), number
        if calls_left[0] > 0:
            break
    assert number > 4


@pytest.mark.parametrize("noun", ["Recommender"])
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


@pytest.mark.parametrize("noun", ["Solution"])
def test_a_request_delivered_again_changes_nothing_more(made: MadeBefore) -> None:
    requests = Requests(made.cloud, made.noun)
    event = requests.event("Create", with_all_changes(made)["Target"]["Properties"])
    made.cloud.calls.clear()
    for _ in range(2):
        assert made.cloud.framework.request(copy.deepcopy(event)).succeeded
        made.cloud.time.sleep(2 * HOUR)
    assert changing_calls(made.cloud) == ["TagResource", "UpdateSolution"]


# -- races ------------------------------------------------------------------------------------------------------------


def test_of_two_stacks_that_claim_it_at_once_one_fails_and_changes_nothing() -> None:
    """Both see that it is nobody's, both tag it, and the second tag counts."""
    cloud = VirtualCloud(conditions=replace(CONDITIONS, call_seconds=0.5))
    blocks.put_data(cloud)
    made = MadeBefore(cloud, "Solution")
    cloud.calls.clear()
    for name in ("one", "two"):
        cloud.cloudformation.begin_deploy(name, template(with_all_changes(made)))
    cloud.time.run()
    (left,) = [each for each in cloud.cloudformation.stacks.values() if each.name in ("one", "two")]
    assert left.status == "CREATE_COMPLETE"
    assert changing_calls(cloud) == ["TagResource", "TagResource", "UpdateSolution"]
    assert made.tags()[STACK_TAG] == left.stack_id


@pytest.mark.parametrize("noun", ["Campaign"])
def test_what_somebody_changes_at_the_moment_is_waited_for(made: MadeBefore) -> None:
    made.cloud.service.faults.add(Fault("slow", "UpdateCampaign", seconds=600.0))
    made.cloud.api.call("UpdateCampaign", campaignArn=made.arn, minProvisionedTPS=3)
    stack = made.deploy(made.adopting(made.changed("CampaignConfig")))
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    made.cloud.time.sleep(HOUR)
    found = made.describe()
    assert (found["minProvisionedTPS"], found["campaignConfig"]["enableMetadataWithRecommendations"]) == (1, True)


@pytest.mark.parametrize("noun", ["DatasetGroup"])
def test_what_disappears_meanwhile_is_not_made(made: MadeBefore) -> None:
    made.cloud.time.spawn(lambda: made.cloud.api.call("DeleteDatasetGroup", datasetGroupArn=made.arn) and None, 1.0)
    stack = made.deploy(made.adopting())
    assert stack.status == "ROLLBACK_COMPLETE"
    made.cloud.time.sleep(HOUR)
    assert made.count() == 0


@pytest.mark.parametrize("noun", ["DatasetGroup"])
def test_a_stack_of_native_resources_counts_until_it_is_gone(made: MadeBefore) -> None:
    theirs = made.deploy({"Handle": handle()}, "theirs")
    native = {"aws:cloudformation:stack-id": theirs.stack_id, "aws:cloudformation:logical-id": "Films"}
    made.cloud.service.tag_as_aws(REGION, made.arn, native)
    stack = made.deploy(made.adopting())
    assert f"belongs to Films of stack {theirs.stack_id}" in stack.reasons[0]
    made.cloud.cloudformation.delete("theirs")
    stack = made.deploy(made.adopting())
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    assert native.items() <= made.tags().items()


@pytest.mark.parametrize("noun", ["DatasetGroup"])
def test_two_resources_of_a_stack_do_not_adopt_the_same(made: MadeBefore) -> None:
    tags = made.tags()
    wanted = made.adopting()
    stack = made.deploy({**wanted, "Other": wanted["Target"]})
    assert stack.status == "ROLLBACK_COMPLETE", stack.reasons
    assert any("cannot be adopted, because it belongs to" in reason for reason in stack.reasons), stack.reasons
    assert (made.count(), made.tags()) == (1, tags)


# -- what CloudFormation says that a stack has ------------------------------------------------------------------------


def hold(made: MadeBefore, physical_id: str, type_: str) -> Stack:
    """Another stack has a resource of a physical id."""
    theirs = made.deploy({"Handle": handle()}, "theirs")
    theirs.resources["Theirs"] = Deployed(physical_id, type_, {})
    return theirs


@pytest.mark.parametrize("noun", NAMED)
def test_what_a_stack_has_without_a_tag_that_says_so_is_refused_until_it_leaves(made: MadeBefore) -> None:
    """CloudFormation tags four of its own types only, and its name of all of them is the ARN."""
    theirs, before = hold(made, made.arn, f"AWS::Personalize::{made.noun}"), (made.describe(), made.tags())
    made.cloud.calls.clear()
    stack = made.deploy(with_all_changes(made) if made.row.taggable else made.adopting())
    assert stack.status == "ROLLBACK_COMPLETE"
    assert f"cannot be adopted, because it belongs to Theirs of stack {theirs.stack_id}." in stack.reasons[0]
    assert (changing_calls(made.cloud), (made.describe(), made.tags())) == ([], before)
    del theirs.resources["Theirs"]
    assert made.deploy(made.adopting()).status == "CREATE_COMPLETE"


@pytest.mark.parametrize("noun", [noun for noun in NAMED if not RESOURCES[noun].taggable])
def test_what_has_no_tags_is_adopted_by_one_stack_of_this_app(made: MadeBefore) -> None:
    """Our own name of it is its name, which may be that of something else, too."""
    hold(made, NAME, "AWS::SSM::Parameter")
    assert made.deploy(made.adopting(), "first").status == "CREATE_COMPLETE"
    del made.cloud.cloudformation.stacks["theirs"]
    stack = made.deploy(made.adopting())
    assert "cannot be adopted, because it belongs to Target of stack" in stack.reasons[0]
    released = made.adopting(Release=True)
    assert made.deploy({**released, "Handle": handle()}, "first").status == "UPDATE_COMPLETE"
    assert made.deploy(made.adopting()).status == "ROLLBACK_COMPLETE"
    assert made.deploy({"Handle": handle()}, "first").status == "UPDATE_COMPLETE"
    assert made.deploy(made.adopting()).status == "CREATE_COMPLETE"


@pytest.mark.parametrize("noun", [noun for noun in NOUNS if RESOURCES[noun].is_job])
def test_whose_stack_has_a_run_does_not_matter(made: MadeBefore) -> None:
    hold(made, made.arn, "AWS::Personalize::Any")
    assert made.deploy(made.adopting()).status == "CREATE_COMPLETE"


@pytest.mark.parametrize("noun", ["Filter", "Schema"])
def test_only_a_request_that_adopts_asks_which_stack_has_it(made: MadeBefore, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither what takes back a release nor what gives something back can be stuck on the answer."""
    before = made.describe(), made.tags()
    assert made.deploy(made.adopting()).status == "CREATE_COMPLETE"
    hold(made, made.arn, f"AWS::Personalize::{made.noun}")
    denied = not_permitted("*", "DescribeStackResources")
    monkeypatch.setattr(made.cloud.cloudformation, "holder", Mock(side_effect=denied))
    for wanted in (failing(made.adopting(Release=True)), failing(made.adopting())):
        assert made.deploy(wanted).status == "UPDATE_ROLLBACK_COMPLETE"
    assert made.deploy(made.adopting(Release=True)).status == "UPDATE_COMPLETE"
    stack = made.deploy(made.adopting(), "second")
    assert "may not perform cloudformation:DescribeStackResources on *" in stack.reasons[0]
    assert stack.status == "ROLLBACK_COMPLETE"
    assert (made.describe(), made.tags()) == before
    assert made.cloud.cloudformation.delete(APP).status == "DELETE_COMPLETE"


# -- what was adopted long ago ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("noun", ["Solution"])
def test_a_rollback_months_later_goes_back_no_further_than_its_own_update(made: MadeBefore) -> None:
    adopted = with_all_changes(made)
    assert made.deploy(adopted).status == "CREATE_COMPLETE"
    held, tags = made.describe(), made.tags()
    made.cloud.time.sleep(90 * 24 * HOUR)
    # Another Name, which nothing has, is another resource: its failure takes nothing back of this one.
    renamed = copy.deepcopy(adopted)
    renamed["Target"]["Properties"]["Name"] = "series"
    for wanted in (renamed, failing(made.adopting()), failing({"Handle": handle()})):
        stack = made.deploy(wanted)
        assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
        assert (restorable(made, made.describe()), made.tags()) == (restorable(made, held), tags)


def kept(resources: Resources) -> Resources:
    """The same, kept when it leaves the template."""
    return {**resources, "Target": {**resources["Target"], "DeletionPolicy": "Retain"}}


@pytest.mark.parametrize("noun", ["Solution"])
def test_what_was_kept_and_is_adopted_again_goes_back_to_what_it_was_then(made: MadeBefore) -> None:
    first = kept(with_all_changes(made))
    assert made.deploy({**first, "Handle": handle()}).status == "CREATE_COMPLETE"
    assert made.deploy({"Handle": handle()}).status == "UPDATE_COMPLETE"
    held = made.describe()
    for _ in range(2):
        stack = made.deploy(failing({**made.adopting(), "Handle": handle()}))
        assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
        assert restorable(made, made.describe()) == restorable(made, held)
        assert made.tags()[STACK_TAG] == stack.stack_id


# -- instead of one of ours -------------------------------------------------------------------------------------------


def ours(made: MadeBefore) -> Resources:
    """The same resource under a generated name, made by the stack."""
    return {"Target": custom(made.noun, **made.properties)}


@pytest.mark.parametrize("noun", ["Solution"])
@pytest.mark.parametrize("reports_new_id", [False, True])
def test_one_of_ours_is_replaced_by_one_that_exists_and_a_rollback_takes_that_back(
    made: MadeBefore, reports_new_id: bool
) -> None:
    made.cloud.cloudformation.reports_new_id = reports_new_id
    made.tag(team="series")
    before, tags = made.describe(), made.tags()
    stack = made.deploy(ours(made))
    own = stack.resources["Target"].physical_id
    assert made.count() == 2
    wanted = with_all_changes(made)
    stack = made.deploy(failing(wanted))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert stack.resources["Target"].physical_id == own
    assert (restorable(made, made.describe()), made.tags(), made.count()) == (restorable(made, before), tags, 2)
    # And cancelled, when it has just been claimed.
    made.cloud.service.faults.add(Fault("slow", f"Update{made.noun}", seconds=1800.0))
    made.cloud.time.spawn(lambda: made.cloud.cloudformation.cancel_update(APP), 25.0)
    stack = made.deploy({**wanted, "Slow": custom("DatasetGroup", Domain=blocks.VOD)})
    made.cloud.time.sleep(HOUR)
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert (restorable(made, made.describe()), made.tags(), made.count()) == (restorable(made, before), tags, 2)
    stack = made.deploy(wanted)
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    assert (stack.resources["Target"].physical_id, made.count()) == (NAME, 1)


@pytest.mark.parametrize("noun", ["DatasetGroup"])
def test_data_of_ours_are_not_given_up_for_others_without_a_word(made: MadeBefore) -> None:
    made.deploy(ours(made))
    stack = made.deploy(made.adopting())
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "lose the data in it" in stack.reasons[0]
    assert made.deploy(made.adopting(AllowReplacement=True)).status == "UPDATE_COMPLETE"
    assert made.count() == 1


@pytest.mark.parametrize("noun", ["Filter", "Recommender"])
def test_what_the_stack_has_made_is_released_too(made: MadeBefore) -> None:
    """A rollback takes it back, also while the service is still at work on it."""
    stack = made.deploy(ours(made))
    arn = stack.resources["Target"].attributes[f"{made.noun}Arn"]
    released = copy.deepcopy(ours(made))
    released["Target"]["Properties"]["Release"] = True
    stack = made.deploy(failing(released))
    assert (stack.status, STACK_TAG in made.cloud.api.tags(arn)) == ("UPDATE_ROLLBACK_COMPLETE", True)
    assert made.deploy(released).status == "UPDATE_COMPLETE"
    assert made.cloud.api.tags(arn) == {}
    assert made.cloud.cloudformation.delete(APP).status == "DELETE_COMPLETE"
    assert made.count() == 2


# -- what only some types have ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("noun", ["Schema"])
def test_a_schema_is_compared_as_json(made: MadeBefore) -> None:
    document = json.loads(made.properties["Schema"])
    turned = {key: document[key] for key in reversed(document)}
    same = made.adopting(Schema=json.dumps({**turned, "fields": document["fields"][::-1]}, indent=1))
    assert made.deploy(same).status == "CREATE_COMPLETE"
    assert made.cloud.cloudformation.delete(APP).status == "DELETE_COMPLETE"
    assert made.describe() == {}


@pytest.mark.parametrize("noun", ["Schema"])
def test_a_schema_that_differs_is_named_by_its_fields(made: MadeBefore) -> None:
    stack = made.deploy(made.adopting(made.changed("Schema")))
    assert "the template says: Schema (in the template field USER_ID is gone" in stack.reasons[0]


@pytest.mark.parametrize("noun", ["MetricAttribution"])
def test_what_has_no_tags_is_adopted_only_as_it_is(made: MadeBefore) -> None:
    stack = made.deploy(made.adopting(made.changed("Metrics", "MetricsOutputConfig")))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert all(f"{prop} is " in stack.reasons[0] for prop in ("Metrics", "MetricsOutputConfig")), stack.reasons


@pytest.mark.parametrize("noun", ["Campaign"])
def test_a_campaign_keeps_the_version_that_it_serves_but_not_another_solution(made: MadeBefore) -> None:
    served = made.describe()["solutionVersionArn"]
    assert made.deploy(made.adopting(made.changed("SolutionVersionArn"))).status == "CREATE_COMPLETE"
    assert made.describe()["solutionVersionArn"] == served
    elsewhere = made.adopting(SolutionVersionArn="arn:aws:personalize:eu-west-1:000000000000:solution/other/1")
    stack = made.deploy(elsewhere, "second")
    assert "cannot be adopted, because it belongs to Target of stack" in stack.reasons[0]
    made.cloud.api.call("UntagResource", resourceArn=made.arn, tagKeys=list(made.tags()))
    stack = made.deploy(elsewhere, "second")
    assert f"SolutionVersionArn is '{served}', and the template says 'arn:aws:" in stack.reasons[0]


@pytest.mark.parametrize("noun", ["Recommender"])
def test_a_stopped_recommender_is_started_and_stopped_again_by_a_rollback(made: MadeBefore) -> None:
    made.cloud.api.call("StopRecommender", recommenderArn=made.arn)
    made.cloud.time.sleep(HOUR)
    assert made.deploy(failing(made.adopting(made.changed("RecommenderConfig")))).status == "ROLLBACK_COMPLETE"
    made.cloud.time.sleep(2 * HOUR)
    found = made.describe()
    assert (found["status"], found["recommenderConfig"]["minRecommendationRequestsPerSecond"]) == ("INACTIVE", 1)
    assert made.deploy(made.adopting()).status == "CREATE_COMPLETE"
    assert made.describe()["status"] == "ACTIVE"


# -- runs -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noun", ["SolutionVersion"])
def test_a_training_is_adopted_by_its_id_and_the_next_one_is_ours(made: MadeBefore) -> None:
    adopted = made.adopting(Adopt=NAME)
    assert made.deploy(adopted).resources["Target"].physical_id == NAME
    trained = copy.deepcopy(adopted)
    trained["Target"]["Properties"]["Triggers"] = {"TrainingTrigger": "2"}
    stack = made.deploy(failing(trained))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert (stack.resources["Target"].physical_id, made.count()) == (NAME, 2)
    assert made.deploy(trained).resources["Target"].physical_id != NAME
    assert made.count() == 2
    assert made.cloud.calls.count("CreateSolutionVersion") == 2


@pytest.mark.parametrize("noun", ["DatasetImportJob"])
def test_an_import_that_read_something_else_is_refused_and_the_next_one_is_ours(made: MadeBefore) -> None:
    stack = made.deploy(made.adopting(made.changed("DataSource")))
    assert f"{blocks.BUCKET}/again/interactions.csv" in stack.reasons[0]
    stack = made.deploy(made.adopting())
    assert (stack.resources["Target"].physical_id, made.count()) == (NAME, 1)
    made.cloud.calls.clear()
    assert made.deploy(made.adopting(Repair="now", Tags=TAGS)).status == "UPDATE_COMPLETE"
    assert changing_calls(made.cloud) == []
    stack = made.deploy(failing(made.adopting(made.changed("DataVersion"))))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    stack = made.deploy(made.adopting(made.changed("DataVersion")))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    assert stack.resources["Target"].physical_id.startswith("vod-test-adopted")
