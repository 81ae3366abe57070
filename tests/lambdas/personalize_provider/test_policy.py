"""The provider's policy, enforced while every construct is deployed: nothing in it is superfluous, nothing missing."""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.support.assemblies import must
from tests.support.every_construct import DATA, SERVING, Choices, every_construct
from tests.support.iam import Iam, Statement, account, is_policy, permits
from tools.emulator.faults import Fault
from tools.simulation.assembly import Assembly
from tools.simulation.cloud import VirtualCloud

pytestmark = pytest.mark.unmeasured

HOUR = 3600.0

# Everything that can be updated in place or replaced, and a tag that goes.
CHANGED = Choices(
    tags={"team": "films"},
    throughput=2,
    auto_training_days=5,
    genres='"Comedy"',
    item_columns=("DIRECTOR",),
    counted_events="Click",
)


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Assembly:
    return every_construct(tmp_path_factory.mktemp("first"))


@pytest.fixture(scope="module")
def life(first: Assembly, tmp_path_factory: pytest.TempPathFactory, files: Path) -> tuple[list[Statement], Iam]:
    """A life in which everything happens: the policy's statements, and what was asked of them."""
    iam = Iam(DATA)
    cloud = account(files, iam)
    must(first, cloud, "CREATE_COMPLETE")
    with iam.looking_away():
        stop_recommenders(cloud)
    must(every_construct(tmp_path_factory.mktemp("changed"), CHANGED), cloud, "UPDATE_COMPLETE")
    # Longer than max_wait allows, so it is stopped and taken back.
    cloud.service.faults.add(Fault("duration", "CreateSolutionVersion", seconds=30 * HOUR))
    last = every_construct(tmp_path_factory.mktemp("last"), replace(CHANGED, training_trigger="2"))
    assert last.deploy(cloud)[SERVING].status == "UPDATE_ROLLBACK_COMPLETE"
    statements = iam.statements()
    # With the stack goes the policy, so what it said is kept.
    iam.statements = lambda: statements  # type: ignore[method-assign]
    last.destroy(cloud)
    assert cloud.inventory() == {}
    # Of what a user has named, tags say whose it is.
    cloud = account(files, iam)
    named = with_fixed_names(first)
    must(named, cloud, "CREATE_COMPLETE")
    named.destroy(cloud)
    assert cloud.inventory() == {}
    return statements, iam


def stop_recommenders(cloud: VirtualCloud) -> None:
    """By hand, so that the provider has to start them."""
    for recommender in cloud.personalize.list_recommenders()["recommenders"]:
        cloud.personalize.stop_recommender(recommenderArn=recommender["recommenderArn"])


def with_fixed_names(assembly: Assembly) -> Assembly:
    """The same, every Personalize resource with a name of the user's choice."""
    named = copy.deepcopy(dict(assembly.templates))
    for template in named.values():
        for logical_id, resource in template["Resources"].items():
            prefix = resource.get("Properties", {}).pop("NamePrefix", None)
            if prefix:
                resource["Properties"]["Name"] = f"{prefix}-{logical_id}"[:63]
    return Assembly(named, assembly.needs)


def as_list(value: Any) -> list[str]:
    return value if isinstance(value, list) else [value]


def used(statement: Statement, iam: Iam) -> set[str]:
    """Actions of a statement that something was asked for which it allows."""
    context = {"iam:PassedToService": "personalize.amazonaws.com"}
    return {action for action, resource in iam.asked if permits([statement], action, resource, context)}


def test_no_action_of_a_statement_is_superfluous(life: tuple[list[Statement], Iam]) -> None:
    statements, iam = life
    superfluous = {
        f"{action} on {statement['Resource']}"
        for statement in statements
        for action in set(as_list(statement["Action"])) - used(statement, iam)
    }
    # Lambda writes the logs, not the provider; tests/tools/sandbox/support/handler_role.py takes that statement away.
    assert {each.partition(" ")[0] for each in superfluous} == {"logs:CreateLogStream", "logs:PutLogEvents"}


def less_one(assembly: Assembly) -> Iterator[tuple[Statement, Assembly]]:
    """Each statement of the provider's policy but that of its logs, and the assembly without it."""
    template = assembly.templates[DATA]
    (key,) = (key for key, each in template["Resources"].items() if is_policy(key, each["Type"]))
    for number, statement in enumerate(template["Resources"][key]["Properties"]["PolicyDocument"]["Statement"]):
        if "logs:PutLogEvents" in statement["Action"]:
            continue
        changed = copy.deepcopy(template)
        del changed["Resources"][key]["Properties"]["PolicyDocument"]["Statement"][number]
        yield statement, Assembly({**assembly.templates, DATA: changed}, assembly.needs)


def test_the_app_cannot_be_deployed_without_any_one_statement(first: Assembly, files: Path) -> None:
    removed = 0
    for statement, assembly in less_one(first):
        cloud = account(files, Iam(DATA))
        stacks = assembly.deploy(cloud)
        reasons = " ".join(reason for stack in stacks.values() for reason in stack.reasons)
        denied = set(re.findall(r"the provider's role may not perform (\S+) on", reasons))
        assert denied & set(as_list(statement["Action"])), f"Nobody missed {statement}: {reasons}"
        removed += 1
    assert removed == 7


def test_a_policy_that_lacks_an_action_would_be_noticed(first: Assembly, files: Path) -> None:
    """The other tests can fail: an action nobody asks for is found, one that is asked for and missing too."""
    iam = Iam(DATA)
    iam.asked = {("personalize:DescribeSchema", "arn:aws:personalize:eu-west-1:0:schema/vod-dev_x")}
    statement = {
        "Effect": "Allow",
        "Action": ["personalize:DescribeSchema", "personalize:DeleteSchema"],
        "Resource": "arn:aws:personalize:eu-west-1:0:schema/vod-dev_*",
    }
    assert used(statement, iam) == {"personalize:DescribeSchema"}
    assert not permits([statement], "personalize:DescribeSchema", "arn:aws:personalize:eu-west-1:0:schema/other", {})
