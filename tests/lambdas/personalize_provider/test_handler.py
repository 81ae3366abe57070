"""The Lambda entry points, with clients of their own: moto's CloudFormation and the emulator's Personalize."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.personalize_provider import handler
from lambdas.personalize_provider.errors import ProviderError
from lambdas.personalize_provider.pace import waiter_seconds
from lambdas.personalize_provider.patience import PROPAGATION_SECONDS
from lambdas.personalize_provider.protocol import Progress
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.template_parts import custom, handle, template
from tools.simulation.cloud import VirtualCloud, not_permitted

HOUR = 3600.0


def event(kind: str, stack_id: str) -> dict[str, Any]:
    return {
        "RequestType": kind,
        "RequestId": "request-1",
        "StackId": stack_id,
        "LogicalResourceId": "Group",
        "PhysicalResourceId": "vod-test-datasetgroup-0123456789",
        "ResourceType": "Custom::PersonalizeDatasetGroup",
        "ResponseURL": "https://cloudformation.invalid/secret",
        "ResourceProperties": custom("DatasetGroup", Domain=blocks.VOD)["Properties"],
    }


def test_the_entry_points_use_the_clients_of_the_function(cloud: VirtualCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    stack = cloud.cloudformation.deploy("app", template({"Handle": handle()}))
    monkeypatch.setattr(handler, "default_client", lambda: cloud.personalize)
    monkeypatch.setattr(handler, "default_cloudformation", lambda: cloud.cloudformation)
    begun = handler.on_event(event("Delete", stack.stack_id), None)
    # Its turn may be the waiter's second round.
    begun["Progress"]["started"] -= waiter_seconds()
    assert begun["PhysicalResourceId"] == "vod-test-datasetgroup-0123456789"
    assert handler.is_complete({**event("Delete", stack.stack_id), **begun}, None) == {"IsComplete": True, "Data": {}}


def test_a_role_that_may_not_ask_cloudformation_fails_the_request_after_two_minutes(
    cloud: VirtualCloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    stack = cloud.cloudformation.deploy("app", template({"Handle": handle()}))
    stack.status = "UPDATE_IN_PROGRESS"

    def look(stack_id: str) -> str:
        raise not_permitted(stack_id)

    monkeypatch.setattr(cloud.cloudformation, "deployment", look)
    begun = cloud.time.time()
    update = event("Update", stack.stack_id)
    with pytest.raises(ProviderError) as caught:
        handler.run_on_event({**update, "OldResourceProperties": {}}, cloud.api, cloud.cloudformation, cloud.time)
    assert "may not perform cloudformation:DescribeStacks on arn:aws:cloudformation:" in str(caught.value)
    assert PROPAGATION_SECONDS - 15 <= cloud.time.time() - begun <= PROPAGATION_SECONDS
    create = event("Create", stack.stack_id)
    del create["PhysicalResourceId"]
    # A creation asks when it is polled.
    response = cloud.framework.request(create)
    assert "may not perform cloudformation:DescribeStacks on arn:aws:cloudformation:" in response.reason


# Of an update, on_event notes the refusal, and is_complete reports it.
@pytest.mark.parametrize(
    ("kind", "run"),
    [("Create", handler.run_on_event), ("Create", handler.run_is_complete), ("Update", handler.run_is_complete)],
)
def test_a_provider_that_knows_its_stacks_changes_nothing_for_others(
    cloud: VirtualCloud, monkeypatch: pytest.MonkeyPatch, kind: str, run: Any
) -> None:
    monkeypatch.setenv("SERVED_STACKS", "arn:*:stack/app/*,arn:*:stack/app-*")
    stack_id = "arn:aws:cloudformation:eu-west-1:000000000000:stack/apple/1a2b"
    request = {**event(kind, stack_id), "Progress": Progress(started=cloud.time.time() - HOUR).to_event()}
    with pytest.raises(ProviderError, match=r"^The provider does not work for the stack apple\."):
        run(request, cloud.api, cloud.cloudformation, cloud.time)
    assert cloud.inventory() == {}


def test_a_provider_works_for_the_stacks_that_it_knows(cloud: VirtualCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SERVED_STACKS", "arn:*:stack/other/*,arn:*:stack/app/*")
    parts = {"Group": custom("DatasetGroup", Domain=blocks.VOD)}
    assert cloud.cloudformation.deploy("app", template(parts)).status == "CREATE_COMPLETE"
    monkeypatch.setenv("SERVED_STACKS", "arn:*:stack/other/*")
    # What is there goes all the same: tags say whose it is.
    cloud.cloudformation.delete("app")
    assert cloud.inventory() == {}
