"""What a review says of a change is what the provider then does: every property of every type."""

from __future__ import annotations

import pytest

from lambdas.personalize_provider.resource_type import Effect
from lambdas.personalize_provider.resources import RESOURCES
from tests.lambdas.personalize_provider.support.property_changes import SETTINGS, WALK
from tests.lambdas.personalize_provider.support.template_parts import Resources, named, template
from tools.review.diff import compare
from tools.simulation.assembly import Assembly
from tools.simulation.cloud import VirtualCloud

pytestmark = pytest.mark.unmeasured


def assembly(resources: Resources) -> Assembly:
    return Assembly({"app": template(resources)}, {"app": frozenset()})


def said(before: Resources, after: Resources, prop: str) -> Effect:
    """The review's word; both kinds of refusal are one to the provider."""
    changes = compare(assembly(before), assembly(after)).changes
    target = next(each for each in changes if each.logical_id == "Target")
    effect = next(each.effect for each in target.properties if each.name == prop)
    return Effect.LOSES_DATA if effect is Effect.REFUSED else effect


def done(cloud: VirtualCloud, noun: str, before: Resources, after: Resources) -> Effect:
    stack = cloud.cloudformation.deploy("app", template(before))
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    old = stack.resources["Target"].physical_id
    cloud.calls.clear()
    cloud.cloudformation.deploy("app", template(after))
    if stack.status == "UPDATE_ROLLBACK_COMPLETE":
        return Effect.LOSES_DATA
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    if stack.resources["Target"].physical_id != old:
        return Effect.REPLACED
    switched = {f"Start{noun}", f"Stop{noun}"}
    in_place = {f"Update{noun}", "TagResource", "UntagResource", *switched} & set(cloud.calls)
    return Effect.IN_PLACE if in_place else Effect.NOTHING


@pytest.mark.parametrize(("noun", "prop"), WALK)
def test_a_property(cloud: VirtualCloud, noun: str, prop: str) -> None:
    before, after = SETTINGS[noun].before(prop), SETTINGS[noun].after(prop)
    assert said(before, after, prop) is done(cloud, noun, before, after)


@pytest.mark.parametrize("noun", RESOURCES)
def test_tags(cloud: VirtualCloud, noun: str) -> None:
    before, after = SETTINGS[noun].before(), SETTINGS[noun].before()
    after["Target"]["Properties"]["Tags"] = [{"Key": "team", "Value": "films"}]
    assert said(before, after, "Tags") is done(cloud, noun, before, after)


def renamed(resources: Resources, name: str) -> Resources:
    return {**resources, "Target": named(resources["Target"], name)}


@pytest.mark.parametrize("noun", RESOURCES)
def test_a_fixed_name(cloud: VirtualCloud, noun: str) -> None:
    before, after = (renamed(SETTINGS[noun].before(), name) for name in ("mine", "yours"))
    assert said(before, after, "Name") is done(cloud, noun, before, after)


@pytest.mark.parametrize(("noun", "prop"), [each for each in WALK if each != ("Solution", "PerformAutoML")])
def test_a_property_under_a_fixed_name(cloud: VirtualCloud, noun: str, prop: str) -> None:
    before, after = (renamed(each, "mine") for each in (SETTINGS[noun].before(prop), SETTINGS[noun].after(prop)))
    assert said(before, after, prop) is done(cloud, noun, before, after)
