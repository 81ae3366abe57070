"""The documented policy: all that is needed, nothing more, and nothing that changes anything."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from stacks.settings import load_settings
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.support.iam import Policies, Principal, Statement, permits
from tools.checkout import CHECKOUT, EXAMPLE_SETTINGS
from tools.deployed import Deployed, NotDeployedError
from tools.emulator.inprocess import connect
from tools.simulation.answers import answered
from tools.simulation.cloud import REGION, VirtualCloud
from tools.simulation.small_services import Metrics, StacksApi
from tools.status.read import read
from tools.status.rows import State

POLICY = CHECKOUT / "docs" / "policies" / "status.json"
STATEMENTS: list[Statement] = json.loads(POLICY.read_text())["Statement"]
ACTIONS = [action for each in STATEMENTS for action in each["Action"]]
# tools/deployed.py needs them, before anything is compared.
TO_FIND = {"ssm:GetParametersByPath", "sts:GetCallerIdentity"}


@pytest.fixture(scope="module")
def cloud() -> VirtualCloud:
    """A small environment with a resource of each type, and a version that the campaign does not serve yet."""
    cloud = VirtualCloud(service_options={"authorizer": Policies()})
    blocks.put_data(cloud)
    resources = {**blocks.gated({"TrainingTrigger": "1"}), **blocks.serving()}
    stack = cloud.cloudformation.deploy("vod-dev-data", blocks.template(resources))
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    solution = stack.resources["Solution"].attributes["SolutionArn"]
    cloud.personalize.create_solution_version(name="newer", solutionArn=solution)
    cloud.time.run(cloud.time.time() + 6 * 3600)
    return cloud


def seen(cloud: VirtualCloud, statements: list[Statement]) -> list[str]:
    """What whoever has these statements cannot read, in sentences."""
    principal = Principal("arn:aws:sts::000000000000:assumed-role/status/me", statements)
    clients = {
        "personalize": connect(boto3.client("personalize", region_name=REGION, **KEYS), cloud.service, principal),
        "cloudformation": guarded(answered("cloudformation", REGION, StacksApi(cloud.cloudformation)), statements),
        "cloudwatch": guarded(answered("cloudwatch", REGION, Metrics(cloud.time)), statements),
    }
    deployed = Deployed(load_settings("dev", EXAMPLE_SETTINGS), "a test", clients.__getitem__, True, {})
    now = datetime.fromtimestamp(cloud.time.time(), UTC)
    try:
        return [row.note for row in read(deployed, now=now).rows if row.state is State.UNREADABLE]
    except NotDeployedError as error:
        return [str(error)]


KEYS: Mapping[str, str] = {"aws_access_key_id": "test", "aws_secret_access_key": "test"}


def guarded(client: Any, statements: list[Statement]) -> Any:
    """A client that these statements guard."""

    def check(model: Any, **_: Any) -> None:
        action = f"{model.service_model.service_name}:{model.name}"
        if not permits(statements, action, "*", {}):
            text = f"User: me is not authorized to perform: {action} on resource: *"
            raise ClientError({"Error": {"Code": "AccessDenied", "Message": text}}, model.name)

    client.meta.events.register_first(f"before-call.{client.meta.service_model.service_id.hyphenize()}", check)
    return client


def without(actions: list[str]) -> list[Statement]:
    """The policy without some actions; a statement without any would be none."""
    left = [{**each, "Action": [one for one in each["Action"] if one not in actions]} for each in STATEMENTS]
    return [each for each in left if each["Action"]]


def groups() -> list[list[str]]:
    """Actions that can be missing at the same time, because one more denial does not end the reading."""
    alone = {f"personalize:{name}" for name in ("ListTagsForResource", "GetSolutionMetrics", "ListSolutions")}
    alone |= {action for action in ACTIONS if action.startswith("cloudformation:")}
    rest = [action for action in ACTIONS if action not in alone | TO_FIND]
    describe = [action for action in rest if ":Describe" in action]
    return [*([action] for action in sorted(alone)), describe, [action for action in rest if action not in describe]]


def test_it_is_enough_for_every_type(cloud: VirtualCloud) -> None:
    assert seen(cloud, STATEMENTS) == []


@pytest.mark.parametrize("actions", groups(), ids=lambda actions: actions[0])
def test_without_any_action_of_it_something_cannot_be_read_and_the_action_is_named(
    cloud: VirtualCloud, actions: list[str]
) -> None:
    notes = " ".join(seen(cloud, without(actions)))
    assert [action for action in actions if f"{action}." not in notes] == []


def test_every_action_of_it_was_tried() -> None:
    assert {action for group in groups() for action in group} | TO_FIND == set(ACTIONS)


def test_it_changes_nothing() -> None:
    reads = ("Describe", "Get", "List")
    assert [action for action in ACTIONS if not action.partition(":")[2].startswith(reads)] == []
    assert all(each["Effect"] == "Allow" for each in STATEMENTS)
