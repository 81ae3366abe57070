"""Names of resources, and the ARNs that follow from them."""

from __future__ import annotations

import pytest

from lambdas.personalize_provider.names import arn_of
from lambdas.personalize_provider.resources import RESOURCES
from tests.lambdas.personalize_provider.support.property_changes import SETTINGS
from tests.lambdas.personalize_provider.support.single_requests import Requests
from tests.lambdas.personalize_provider.support.template_parts import deployed
from tools.simulation.cloud import VirtualCloud


@pytest.mark.parametrize("noun", [noun for noun, row in RESOURCES.items() if not row.arn_is_generated])
def test_an_arn_follows_from_the_name(cloud: VirtualCloud, noun: str) -> None:
    stack = deployed(cloud, SETTINGS[noun].before())
    target = stack.resources["Target"]
    event = {"StackId": stack.stack_id, "ResourceProperties": target.properties}
    assert arn_of(RESOURCES[noun], target.physical_id, event) == target.attributes[f"{noun}Arn"]


@pytest.mark.parametrize(("name", "properties"), [("not a name", {"DatasetGroupArn": "x"}), ("fine", {})])
def test_what_the_service_cannot_have_has_no_arn(name: str, properties: dict[str, str]) -> None:
    event = {"StackId": "arn:aws:cloudformation:eu-west-1:000000000000:stack/app/1", "ResourceProperties": properties}
    assert arn_of(RESOURCES["Dataset"], name, event) is None


def test_a_request_that_names_no_parent_fails_and_is_cleaned_up(cloud: VirtualCloud) -> None:
    requests = Requests(cloud, "Dataset")
    properties = {"NamePrefix": "vod", "DatasetType": "ITEMS", "SchemaArn": "arn:aws:personalize:::schema/none"}
    created = requests.create(properties)
    assert not created.succeeded
    assert requests.delete(created.physical_id, properties).succeeded
