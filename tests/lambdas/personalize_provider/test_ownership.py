"""Names and ownership (D4, D5): replacements never collide, fixed names fail early, and what is not ours stays."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from lambdas.personalize_provider.names import last_part
from lambdas.personalize_provider.ownership import LOGICAL_TAG, STACK_TAG
from lambdas.personalize_provider.resources import RESOURCES
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.property_changes import SETTINGS
from tests.lambdas.personalize_provider.support.single_requests import Requests
from tests.lambdas.personalize_provider.support.template_parts import Resources, template
from tools.simulation.cloud import VirtualCloud
from tools.simulation.stacks import Stack

NOUNS = list(RESOURCES)
REPLACED = [(noun, prop) for noun, row in RESOURCES.items() for prop in sorted(row.create_only - row.no_effect)]
# An event tracker's ARN is the service's choice, so its name is no id and two may share it; there is but one.
SINGLE = "EventTracker"
# Types whose names are no claim: a dataset's and a version's mean something only within their parent. Schemas have
# tests of their own: nothing can say whose one is.
UNSHARED = (SINGLE, "Dataset", "Schema", "SolutionVersion")


def fixed(resources: Resources, name: str = "mine") -> Resources:
    """The resource under test with a name of the user's choice."""
    return {**resources, "Target": blocks.named(resources["Target"], name)}


def with_data_lost(resources: Resources) -> Resources:
    """The same, with the replacement of data accepted."""
    accepted = copy.deepcopy(resources)
    accepted["Target"]["Properties"]["AllowReplacement"] = True
    return accepted


def arn_of(stack: Stack, noun: str) -> str:
    return stack.resources["Target"].attributes[f"{noun}Arn"]


def names_of(cloud: VirtualCloud, noun: str) -> list[str]:
    row = RESOURCES[noun]
    found = [cloud.api.describe(row, one[row.arn_member]) or {} for one in cloud.api.summaries(row, {})]
    return sorted(last_part(each[row.name_member]) for each in found)


# -- generated names ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("noun", "prop"), REPLACED)
def test_old_and_new_live_side_by_side_until_the_old_one_goes(cloud: VirtualCloud, noun: str, prop: str) -> None:
    setting = SETTINGS[noun]
    stack = cloud.cloudformation.deploy("app", template(with_data_lost(setting.before())))
    before = stack.resources["Target"].physical_id
    cloud.cloudformation.deploy("app", template(with_data_lost(setting.after(prop, together=True))))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    after = stack.resources["Target"].physical_id
    assert before != after
    assert after in names_of(cloud, noun)
    assert (before in names_of(cloud, noun)) is not RESOURCES[noun].deletable
    # And back again.
    cloud.cloudformation.deploy("app", template(with_data_lost(setting.before())))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
    assert cloud.inventory() == {}


@pytest.mark.parametrize("noun", NOUNS)
def test_two_stacks_from_one_template_share_nothing(cloud: VirtualCloud, noun: str) -> None:
    resources = template(SETTINGS[noun].before())
    one, other = (cloud.cloudformation.deploy(name, resources) for name in ("one", "other"))
    assert (one.status, other.status) == ("CREATE_COMPLETE", "CREATE_COMPLETE"), one.reasons + other.reasons
    assert arn_of(one, noun) != arn_of(other, noun)
    held = cloud.inventory()
    mine = {deployed.attributes.get(f"{noun}Arn") for deployed in one.resources.values()}
    assert cloud.cloudformation.delete("other").status == "DELETE_COMPLETE"
    left = cloud.inventory()
    assert {each for each in mine if each} <= left.keys()
    assert all(left[each] == held[each] for each in left)
    assert cloud.cloudformation.delete("one").status == "DELETE_COMPLETE"
    assert cloud.inventory() == {}


def test_names_are_readable_and_within_the_services_limit(cloud: VirtualCloud) -> None:
    resources = blocks.whole()
    resources["Group"]["Properties"]["NamePrefix"] = "vod-" + "long-" * 20
    stack = cloud.cloudformation.deploy("app", template(resources))
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    for logical_id, deployed in stack.resources.items():
        assert len(deployed.physical_id) <= 63, logical_id
    assert stack.resources["Filter"].physical_id.startswith("vod-test-filter-")
    assert stack.resources["Group"].physical_id.startswith("vod-long-long-")


# -- fixed names --------------------------------------------------------------------------------------------------


# That automatic machine learning is off goes without saying, so saying it needs no other solution.
@pytest.mark.parametrize(("noun", "prop"), [each for each in REPLACED if each != ("Solution", "PerformAutoML")])
def test_a_fixed_name_refuses_a_replacement_before_anything_is_changed(
    cloud: VirtualCloud, noun: str, prop: str
) -> None:
    setting = SETTINGS[noun]
    stack = cloud.cloudformation.deploy("app", template(fixed(setting.before())))
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    held = cloud.inventory()
    cloud.cloudformation.deploy("app", template(fixed(setting.after(prop))))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert any(
        f"which cannot be named 'mine' while the old one exists. Change Name as well" in reason  # noqa: F541
        for reason in stack.reasons
    ), stack.reasons
    assert cloud.inventory() == held


@pytest.mark.parametrize("noun", NOUNS)
def test_changing_a_fixed_name_is_a_replacement(cloud: VirtualCloud, noun: str) -> None:
    before, after = (fixed(SETTINGS[noun].before(), name) for name in ("mine", "yours"))
    stack = cloud.cloudformation.deploy("app", template(with_data_lost(before)))
    cloud.cloudformation.deploy("app", template(with_data_lost(after)))
    if RESOURCES[noun].unique_within:
        # Under another name it still is the second of its kind, where the service allows one.
        assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
        assert "but the service allows only one" in stack.reasons[0]
        assert stack.resources["Target"].physical_id == "mine"
        return
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    assert stack.resources["Target"].physical_id == "yours"
    assert ("mine" in names_of(cloud, noun)) is not RESOURCES[noun].deletable


# -- what is not ours ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("noun", [noun for noun in NOUNS if noun not in UNSHARED])
def test_a_name_that_somebody_else_has_is_neither_adopted_nor_deleted(cloud: VirtualCloud, noun: str) -> None:
    """Two stacks of one account want the same fixed name. The second one fails and leaves the first one's alone."""
    shared = template(fixed(SETTINGS[noun].before()))
    first = cloud.cloudformation.deploy("first", shared)
    assert first.status == "CREATE_COMPLETE", first.reasons
    held = cloud.inventory()
    second = cloud.cloudformation.deploy("second", shared)
    assert second.status == "ROLLBACK_COMPLETE", second.reasons
    # Where there are no tags, nothing says whose it is.
    owner = "It belongs to Target of stack arn:aws:" if RESOURCES[noun].taggable else "This stack did not create it"
    taken = (f"already exists. {owner}", "cannot be created:")
    assert any(each in reason for reason in second.reasons for each in taken), second.reasons
    assert cloud.inventory() == held


def test_a_resource_made_by_hand_is_named_as_such(cloud: VirtualCloud) -> None:
    cloud.personalize.create_dataset_group(name="mine", domain=blocks.VOD)
    cloud.time.sleep(600)
    held = cloud.inventory()
    stack = cloud.cloudformation.deploy("app", template(fixed(SETTINGS["DatasetGroup"].before())))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert stack.reasons == [
        "A dataset group 'mine' already exists. This stack did not create it, so it is neither adopted nor changed. "
        "Choose another Name, or leave Name out to have one generated."
    ]
    assert cloud.inventory() == held


@pytest.mark.parametrize("content", ["Interactions", "Items"])
def test_a_schema_of_a_fixed_name_that_was_there_before_is_neither_adopted_nor_deleted(
    cloud: VirtualCloud, content: str
) -> None:
    """Case 9: a schema has no tags, so that it was there is all there is to know, whatever its content."""
    cloud.personalize.create_schema(name="mine", schema=blocks.schema(content), domain=blocks.VOD)
    cloud.time.sleep(24 * 3600)
    held = cloud.inventory()
    stack = cloud.cloudformation.deploy("app", template(fixed(SETTINGS["Schema"].before())))
    assert stack.status == "ROLLBACK_COMPLETE"
    assert "A schema 'mine' already exists. This stack did not create it" in stack.reasons[0]
    assert cloud.inventory() == held


def test_a_schema_is_not_renamed_to_one_that_was_there_before(cloud: VirtualCloud) -> None:
    """Case 9: an update may no more adopt it than a creation."""
    before, after = (fixed(SETTINGS["Schema"].before(), name) for name in ("mine", "theirs"))
    cloud.personalize.create_schema(name="theirs", schema=blocks.schema("Interactions"), domain=blocks.VOD)
    cloud.time.sleep(24 * 3600)
    stack = cloud.cloudformation.deploy("app", template(before))
    held = cloud.inventory()
    cloud.cloudformation.deploy("app", template(after))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "A schema 'theirs' already exists." in stack.reasons[0]
    assert cloud.inventory() == held


def test_a_schema_that_a_cancelled_creation_cannot_have_made_stays(cloud: VirtualCloud) -> None:
    """Case 9: CloudFormation asks for deletion under an id of its own, and the name is somebody's."""
    cloud.personalize.create_schema(name="mine", schema=blocks.schema("Interactions"), domain=blocks.VOD)
    cloud.time.sleep(24 * 3600)
    held = cloud.inventory()
    requests = Requests(cloud, "Schema")
    properties = fixed(SETTINGS["Schema"].before())["Target"]["Properties"]
    assert requests.delete("single-Target-ABCDEF", properties).succeeded
    assert cloud.inventory() == held


def test_a_schema_of_a_fixed_name_is_made_and_deleted(cloud: VirtualCloud) -> None:
    resources = fixed(SETTINGS["Schema"].before())
    assert cloud.cloudformation.deploy("app", template(resources)).status == "CREATE_COMPLETE"
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
    assert cloud.inventory() == {}


def test_the_place_of_an_event_tracker_is_taken(cloud: VirtualCloud) -> None:
    before = {key: each for key, each in SETTINGS[SINGLE].before().items() if key != "Target"}
    stack = cloud.cloudformation.deploy("app", template(before))
    group = stack.resources["Group"].attributes["DatasetGroupArn"]
    cloud.personalize.create_event_tracker(name="by-hand", datasetGroupArn=group)
    cloud.cloudformation.deploy("app", template(SETTINGS[SINGLE].before()))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "cannot be created: The dataset group already has an event tracker" in stack.reasons[0]
    assert names_of(cloud, SINGLE) == ["by-hand"]


def test_everything_taggable_says_whose_it_is(cloud: VirtualCloud) -> None:
    stack = cloud.cloudformation.deploy("app", template(blocks.whole(), tags={"team": "films"}))
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    for logical_id, deployed in stack.resources.items():
        noun = deployed.type.removeprefix("Custom::Personalize")
        if noun not in RESOURCES or not RESOURCES[noun].taggable:
            continue
        tags: dict[str, Any] = cloud.api.tags(deployed.attributes[f"{noun}Arn"])
        assert tags == {"team": "films", STACK_TAG: stack.stack_id, LOGICAL_TAG: logical_id}
