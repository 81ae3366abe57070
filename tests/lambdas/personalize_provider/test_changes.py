"""Every property of every type, changed: updated in place, replaced, refused, or without effect (D6)."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from lambdas.personalize_provider.resource_type import Effect
from lambdas.personalize_provider.resources import RESOURCES
from tests.lambdas.personalize_provider.support.property_changes import SETTINGS, WALK
from tests.lambdas.personalize_provider.support.template_parts import template
from tools.simulation.cloud import VirtualCloud
from tools.simulation.stacks import Deployed, Stack


def deployed(cloud: VirtualCloud, noun: str, prop: str) -> tuple[Stack, Deployed]:
    stack = cloud.cloudformation.deploy("app", template(SETTINGS[noun].before(prop)))
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    before = stack.resources["Target"]
    return cloud.cloudformation.deploy("app", template(SETTINGS[noun].after(prop))), before


def test_every_property_has_a_changed_value() -> None:
    assert {noun: set(setting.changes) for noun, setting in SETTINGS.items()} == {
        noun: set(row.properties) for noun, row in RESOURCES.items()
    }


@pytest.mark.parametrize(("noun", "prop"), WALK)
def test_change(cloud: VirtualCloud, noun: str, prop: str) -> None:
    row = RESOURCES[noun]
    effect = row.effect(prop)
    stack, before = deployed(cloud, noun, prop)
    now = stack.resources["Target"]
    if effect is Effect.LOSES_DATA:
        assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
        assert any("lose the data" in reason for reason in stack.reasons), stack.reasons
        assert now.physical_id == before.physical_id
        return
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    assert (now.physical_id != before.physical_id) is (effect is Effect.REPLACED)
    if effect is Effect.IN_PLACE:
        assert cloud.calls.count(row.pause if prop == row.switch else f"Update{noun}") == 1
    if effect is Effect.NOTHING:
        assert f"Update{noun}" not in cloud.calls
    if effect is Effect.REPLACED and row.deletable:
        assert cloud.api.describe(row, before.attributes[f"{noun}Arn"]) is None


@pytest.mark.parametrize(("noun", "prop"), WALK)
def test_change_is_taken_back_by_a_rollback(cloud: VirtualCloud, noun: str, prop: str) -> None:
    """Something later in the same update fails: the resource is what it was, and nothing else is left."""
    setting = SETTINGS[noun]
    stack = cloud.cloudformation.deploy("app", template(setting.before(prop)))
    before = stack.resources["Target"]
    inventory = cloud.inventory()
    after = setting.after(prop)
    after["Failing"] = {
        "Type": "Custom::PersonalizeSchema",
        "DependsOn": ["TargetSettled" if "TargetSettled" in after else "Target"],
        "Properties": {"ServiceToken": "token", "NamePrefix": "vod-test-bad", "Schema": "not a schema"},
    }
    cloud.cloudformation.deploy("app", template(after))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    row = RESOURCES[noun]
    if row.reuse_latest_only and prop in row.create_only:
        # The dataset held other data in between, so what it held before is imported again.
        assert run_of(stack.resources["Target"]) == run_of(before)
        return
    assert stack.resources["Target"].physical_id == before.physical_id
    if row.update and prop in row.update.rules:
        # The service takes no schema back; what the dataset has got stays, and nothing else.
        assert cloud.inventory().keys() == inventory.keys()
        return
    if row.deletable:
        assert settled(cloud.inventory()) == settled(inventory)


def run_of(job: Deployed) -> str:
    """Name of a job without what tells its runs apart."""
    return job.physical_id.rpartition("-")[0]


def settled(inventory: dict[str, Any]) -> dict[str, Any]:
    """Without the schedule of an automatic training that is off: the service has no way to unset it."""
    result = copy.deepcopy(inventory)
    for description in result.values():
        if description.get("performAutoTraining") is False:
            description.get("solutionConfig", {}).pop("autoTrainingConfig", None)
    return result


@pytest.mark.parametrize("noun", SETTINGS)
def test_everything_goes_away(cloud: VirtualCloud, noun: str) -> None:
    cloud.cloudformation.deploy("app", template(SETTINGS[noun].before()))
    stack = cloud.cloudformation.delete("app")
    assert stack.status == "DELETE_COMPLETE", stack.reasons
    assert cloud.inventory() == {}
