"""The quality gate holds back what is evaluated too poorly, and lets everything else pass."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from sandbox.personalize import Fault
from sandbox.virtual.cloud import VirtualCloud
from sandbox.virtual.stacks import Stack
from tests.provider import blocks
from tests.provider.blocks import Resources, arn, template

METRICS = {"coverage": 0.9, "precision_at_5": 0.2, "mean_reciprocal_rank_at_25": 0.4}


def gated(trigger: str = "1", **properties: object) -> Resources:
    """The campaign behind a gate."""
    resources = copy.deepcopy({**blocks.group(), **blocks.data(), **blocks.ranking()})
    resources["Version"]["Properties"]["Triggers"] = {"TrainingTrigger": trigger}
    resources["Gate"] = {
        "Type": "Custom::PersonalizeQualityGate",
        "Properties": {
            "ServiceToken": blocks.TOKEN,
            "SolutionArn": arn("Solution", "Solution"),
            "SolutionVersionArn": arn("VersionSettled", "SolutionVersion"),
            **properties,
        },
    }
    resources["Campaign"]["Properties"]["SolutionVersionArn"] = arn("Gate", "SolutionVersion")
    return resources


@pytest.fixture
def evaluated(cloud: VirtualCloud, monkeypatch: pytest.MonkeyPatch) -> dict[str, dict[str, float]]:
    """Metrics of the versions trained from here on, by their order; the last ones hold for all later ones."""
    scores = {"1": dict(METRICS)}
    arns: list[str] = []
    ask = cloud.api.call

    def call(operation: str, /, **members: Any) -> dict[str, Any]:
        answer = ask(operation, **members)
        if operation == "GetSolutionMetrics":
            version = members["solutionVersionArn"]
            if version not in arns:
                arns.append(version)
            answer["metrics"] = scores.get(str(arns.index(version) + 1), METRICS)
        return answer

    monkeypatch.setattr(cloud.api, "call", call)
    return scores


def served(stack: Stack, cloud: VirtualCloud) -> str:
    found = cloud.personalize.describe_campaign(campaignArn=stack.resources["Campaign"].attributes["CampaignArn"])
    return str(found["campaign"]["solutionVersionArn"])


def test_a_version_that_reaches_its_minimums_is_served(cloud: VirtualCloud) -> None:
    stack = cloud.cloudformation.deploy("app", template(gated(Minimums={"coverage": "0.1"})))
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    assert served(stack, cloud) == stack.resources["VersionSettled"].attributes["SolutionVersionArn"]


def test_a_version_below_a_minimum_leaves_the_campaign_on_the_one_it_has(
    cloud: VirtualCloud, evaluated: dict[str, dict[str, float]]
) -> None:
    evaluated["2"] = {**METRICS, "precision_at_5": 0.1}
    stack = cloud.cloudformation.deploy("app", template(gated(Minimums={"precision_at_5": "0.15"})))
    before = served(stack, cloud)
    cloud.cloudformation.deploy("app", template(gated("2", Minimums={"precision_at_5": "0.15"})))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert "precision_at_5: 0.1000, minimum 0.1500  <- below" in stack.reasons[-1]
    assert served(stack, cloud) == before
    # Deploying again does not train again: the version is there, and still too poor.
    trained = cloud.calls.count("CreateSolutionVersion")
    cloud.cloudformation.deploy("app", template(gated("2", Minimums={"precision_at_5": "0.05"})))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    assert cloud.calls.count("CreateSolutionVersion") == trained
    assert served(stack, cloud) != before


@pytest.mark.parametrize(("metric", "passes"), [("coverage", True), ("precision_at_5", False)])
def test_a_version_is_compared_with_the_one_that_serves(
    cloud: VirtualCloud, evaluated: dict[str, dict[str, float]], metric: str, passes: bool
) -> None:
    evaluated["2"] = {**METRICS, metric: METRICS[metric] + (0.05 if passes else -0.05), "beauty": 0.0}
    gate = {"CompareWithDeployed": "true"}
    stack = cloud.cloudformation.deploy("app", template(gated(**gate)))
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    before = served(stack, cloud)
    cloud.cloudformation.deploy("app", template(gated("2", **gate)))
    assert stack.status == ("UPDATE_COMPLETE" if passes else "UPDATE_ROLLBACK_COMPLETE"), stack.reasons
    assert (served(stack, cloud) != before) is passes


def test_the_way_back_to_a_poorer_version_is_open(cloud: VirtualCloud, evaluated: dict[str, dict[str, float]]) -> None:
    """Settings are taken back: the version trained from them before is older than the one that serves."""
    evaluated["2"] = {**METRICS, "coverage": 0.95}
    gate = {"CompareWithDeployed": "true"}
    stack = cloud.cloudformation.deploy("app", template(gated(**gate)))
    before = served(stack, cloud)
    cloud.cloudformation.deploy("app", template(gated("2", **gate)))
    cloud.cloudformation.deploy("app", template(gated("1", **gate)))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    assert served(stack, cloud) == before


@pytest.mark.parametrize("kind", ["throttle", "server_error", "unavailable"])
def test_a_gate_outlasts_what_passes(cloud: VirtualCloud, kind: str) -> None:
    cloud.service.faults.add(Fault(kind, "GetSolutionMetrics", count=6))
    stack = cloud.cloudformation.deploy("app", template(gated(Minimums={"coverage": "0.1"})))
    assert stack.status == "CREATE_COMPLETE", stack.reasons


def test_a_gate_names_a_missing_permission(cloud: VirtualCloud) -> None:
    resources = gated(Minimums={"coverage": "0.1"})
    before = {key: each for key, each in resources.items() if key not in ("Gate", "Campaign")}
    cloud.cloudformation.deploy("app", template(before))
    cloud.service.faults.add(Fault("access_denied", "GetSolutionMetrics", count=None))
    stack = cloud.cloudformation.deploy("app", template(resources))
    assert "may not perform personalize:GetSolutionMetrics on this resource" in stack.reasons[0]


def test_a_gate_that_is_never_answered_gives_up_within_the_hour(cloud: VirtualCloud) -> None:
    resources = gated(Minimums={"coverage": "0.1"})
    before = {key: each for key, each in resources.items() if key not in ("Gate", "Campaign")}
    cloud.cloudformation.deploy("app", template(before))
    cloud.service.faults.add(Fault("throttle", "GetSolutionMetrics", count=None))
    begun = cloud.time.time()
    stack = cloud.cloudformation.deploy("app", template(resources))
    assert stack.reasons[0] == (
        "The metrics of the solution version cannot be read: waiting (Rate exceeded) for 55 min."
    )
    assert cloud.time.time() - begun <= 3600
