"""How often the service is asked, and how much of Lambda a deployment takes."""

from __future__ import annotations

import copy
import itertools
import threading
from typing import Any

import pytest

from lambdas.personalize_provider import pace
from lambdas.personalize_provider.api import Api
from lambdas.personalize_provider.engine import Engine
from lambdas.personalize_provider.protocol import Handler
from lambdas.personalize_provider.resources import RESOURCES
from lambdas.personalize_provider.wait import DeletionWait, Wait
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.template_parts import Resources, template
from tools.simulation.cloud import VirtualCloud
from tools.simulation.conditions import REALISTIC, Conditions
from tools.simulation.framework import Event

ONE_A_SECOND = Conditions(call_seconds=0.2, request_seconds=5.0, requests_per_second=1.0)
CEILING = 10


def changed() -> Resources:
    """New data, another training, a faster campaign, another filter."""
    result = copy.deepcopy(blocks.whole())
    for kind in ("Interactions", "Items"):
        result[f"{kind}Import"]["Properties"]["DataVersion"] = "2"
    result["Version"]["Properties"]["Triggers"] = {"TrainingTrigger": "2"}
    result["Campaign"]["Properties"]["MinProvisionedTPS"] = 2
    result["Filter"]["Properties"]["FilterExpression"] = 'INCLUDE ItemID WHERE Items.GENRES IN ("Drama")'
    return result


@pytest.mark.parametrize("conditions", [ONE_A_SECOND, REALISTIC], ids=["unlimited", "ten executions"])
def test_a_life_fits_into_ten_executions_and_one_call_a_second(conditions: Conditions) -> None:
    cloud = VirtualCloud(conditions=conditions)
    blocks.put_data(cloud)
    stack = cloud.cloudformation.deploy("app", template(blocks.whole()))
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    cloud.cloudformation.deploy("app", template(changed(), tags={"team": "films"}))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE", stack.reasons
    assert cloud.framework.peak_concurrency <= CEILING
    assert cloud.inventory() == {}


def test_no_invocation_lists_more_than_once_or_asks_the_same_twice() -> None:
    """A second list in a row is throttled, and CloudFormation's answer does not change within a second."""
    asked: list[list[str]] = []
    # Each invocation has a thread to itself, and others run meanwhile.
    of_this = threading.local()

    def around(invoke: Any, event: Event) -> dict[str, Any]:
        of_this.names = []
        answer: dict[str, Any] = invoke(event)
        asked.append(of_this.names)
        return answer

    def note(name: str) -> None:
        getattr(of_this, "names", []).append(name)

    cloud = VirtualCloud(around=around)
    cloud.personalize.meta.events.register("before-call.personalize", lambda model, **_: note(model.name))
    look = cloud.cloudformation.deployment

    def deployment(stack_id: str) -> str:
        note("DescribeStacks")
        return look(stack_id)

    cloud.cloudformation.deployment = deployment  # type: ignore[method-assign]
    blocks.put_data(cloud)
    cloud.cloudformation.deploy("app", template(blocks.whole()))
    cloud.cloudformation.deploy("app", template(changed(), tags={"team": "films"}))
    cloud.cloudformation.delete("app")
    lists = [[name for name in names if name.startswith("List") and name != "ListTagsForResource"] for names in asked]
    assert [names for names in lists if len(names) > 1] == []
    assert max(names.count("DescribeStacks") for names in asked) == 1


def test_a_deployment_that_changes_one_tag_asks_no_more_after_many_trainings(cloud: VirtualCloud) -> None:
    """Case 23: what a name tells is not looked for in lists."""
    stack = cloud.cloudformation.deploy("app", template(blocks.whole()))
    solution = stack.resources["Solution"].attributes["SolutionArn"]

    def calls(team: str) -> int:
        before = len(cloud.calls)
        cloud.cloudformation.deploy("app", template(blocks.whole(), tags={"team": team}))
        assert stack.status == "UPDATE_COMPLETE", stack.reasons
        return len(cloud.calls) - before

    first, second = calls("films"), calls("series")
    for number in range(30):
        cloud.personalize.create_solution_version(solutionArn=solution, name=f"by-hand-{number}")
        cloud.time.sleep(7200)
    assert first >= second >= calls("documentaries")


@pytest.mark.parametrize("noun", ["Engine", "Wait", "DeletionWait"])
def test_a_request_is_looked_at_once_in_each_pace_whatever_the_waiters_rounds(cloud: VirtualCloud, noun: str) -> None:
    api = Api(cloud.personalize)
    handlers: dict[str, Handler] = {
        "Engine": Engine(RESOURCES["Recommender"], api, cloud.cloudformation),
        "Wait": Wait(api, cloud.cloudformation),
        "DeletionWait": DeletionWait(api, cloud.cloudformation),
    }
    event = {"RequestType": "Create", "LogicalResourceId": "TopPicks", "ResourceProperties": {}}
    begun = 1_700_000_000.0
    moments = list(itertools.takewhile(lambda moment: moment < begun + 3600, itertools.count(begun, 10.7)))
    due = [moment for moment in moments if pace.is_due(event, moment - begun, moment, handlers[noun])]
    gaps = [after - before for before, after in itertools.pairwise(due)]
    assert max(gaps) <= 60
    assert len(due) <= 3600 / 45 * 1.5 + 12
    looks = [moment for moment in due if moment < begun + 120]
    assert (len(looks) > 8) is (noun == "Engine")


def test_siblings_are_out_of_step(cloud: VirtualCloud) -> None:
    engine = Engine(RESOURCES["Filter"], Api(cloud.personalize), cloud.cloudformation)
    events = [{"RequestType": "Create", "LogicalResourceId": f"Filter{number}"} for number in range(100)]
    at_once = sum(pace.is_due(event, 0.0, 0.0, engine) for event in events)
    assert 30 <= at_once <= 70
    assert all(pace.is_due(event, 10.0, 10.0, engine) for event in events)


def test_the_interval_is_that_of_the_template(cloud: VirtualCloud, monkeypatch: pytest.MonkeyPatch) -> None:
    """With rounds as long as the pace, every one looks."""
    monkeypatch.setenv("QUERY_INTERVAL_SECONDS", "60")
    engine = Engine(RESOURCES["Filter"], Api(cloud.personalize), cloud.cloudformation)
    event = {"RequestType": "Create", "LogicalResourceId": "Filter"}
    assert all(pace.is_due(event, 300.0, 1000.0 + second, engine) for second in range(60))
