"""The quality gate holds back what is evaluated too poorly, and lets everything else pass."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.personalize_provider import quality_gate
from lambdas.personalize_provider.resources import RESOURCES
from stacks.personalize import limits
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.template_parts import Resources, template
from tools.emulator import Fault
from tools.simulation.cloud import VirtualCloud
from tools.simulation.stacks import Stack

METRICS = {"coverage": 0.9, "precision_at_5": 0.2, "mean_reciprocal_rank_at_25": 0.4}


def gated(trigger: str = "1", **properties: Any) -> Resources:
    """The campaign behind a gate."""
    return blocks.gated({"TrainingTrigger": trigger}, **properties)


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


COMPARED = {"CompareWithDeployed": "true"}
CHANGES = [
    # What serves has an MRR of 0.4: 5 % below is 0.38.
    ({}, {"mean_reciprocal_rank_at_25": 0.38}, True),
    ({}, {"mean_reciprocal_rank_at_25": 0.3799}, False),
    ({}, {"mean_reciprocal_rank_at_25": 0.5}, True),
    ({}, {"coverage": 0.1, "precision_at_5": 0.1}, True),
    ({"Tolerance": "0"}, {"mean_reciprocal_rank_at_25": 0.4}, True),
    ({"Tolerance": "0"}, {"mean_reciprocal_rank_at_25": 0.3999}, False),
    ({"Tolerance": "0.5"}, {"mean_reciprocal_rank_at_25": 0.2}, True),
    ({"Tolerance": "0.5"}, {"mean_reciprocal_rank_at_25": 0.1999}, False),
    ({"ComparedMetrics": ["coverage"]}, {"mean_reciprocal_rank_at_25": 0.1}, True),
    ({"ComparedMetrics": ["coverage"]}, {"coverage": 0.8}, False),
    ({"ComparedMetrics": ["coverage", "precision_at_5"]}, {"precision_at_5": 0.1}, False),
]


@pytest.mark.parametrize(("gate", "change", "passes"), CHANGES)
def test_a_version_is_compared_with_the_one_that_serves(
    cloud: VirtualCloud,
    evaluated: dict[str, dict[str, float]],
    gate: dict[str, Any],
    change: dict[str, float],
    passes: bool,
) -> None:
    evaluated["2"] = {**METRICS, **change, "beauty": 0.0}
    stack = cloud.cloudformation.deploy("app", template(gated(**COMPARED, **gate)))
    assert stack.status == "CREATE_COMPLETE", stack.reasons
    before = served(stack, cloud)
    cloud.cloudformation.deploy("app", template(gated("2", **COMPARED, **gate)))
    assert stack.status == ("UPDATE_COMPLETE" if passes else "UPDATE_ROLLBACK_COMPLETE"), stack.reasons
    assert (served(stack, cloud) != before) is passes
    if passes:
        assert stack.resources["Gate"].attributes["Verdict"] == "passed"


def test_the_table_says_what_a_metric_is_compared_with(
    cloud: VirtualCloud, evaluated: dict[str, dict[str, float]]
) -> None:
    evaluated["2"] = {**METRICS, "mean_reciprocal_rank_at_25": 0.3, "coverage": 0.95}
    gate: dict[str, Any] = {
        **COMPARED,
        "ComparedMetrics": ["mean_reciprocal_rank_at_25", "coverage"],
        "Tolerance": "0.025",
    }
    stack = cloud.cloudformation.deploy("app", template(gated(**gate)))
    deployed = served(stack, cloud).rpartition("/")[2]
    cloud.cloudformation.deploy("app", template(gated("2", **gate)))
    _, *rows = stack.reasons[-1].splitlines()
    assert rows == [
        f"  mean_reciprocal_rank_at_25: 0.3000, 2.5% below the 0.4000 of version {deployed} is 0.3900  <- below",
        f"  coverage: 0.9500, 2.5% below the 0.9000 of version {deployed} is 0.8775",
    ]


def with_new_data(trigger: str, version: str, **properties: Any) -> Resources:
    """The campaign behind a gate, with other data in both datasets."""
    return {**gated(trigger, **properties), **blocks.data(version)}


POORER = {**METRICS, "mean_reciprocal_rank_at_25": 0.3}


def test_a_version_trained_on_other_data_draws_a_warning(
    cloud: VirtualCloud, evaluated: dict[str, dict[str, float]], capsys: pytest.CaptureFixture[str]
) -> None:
    """The developer guide advises against comparing metrics of versions trained on different data."""
    evaluated["2"] = POORER
    stack = cloud.cloudformation.deploy("app", template(gated(**COMPARED)))
    before = served(stack, cloud)
    cloud.cloudformation.deploy("app", template(with_new_data("2", "2", **COMPARED)))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    assert served(stack, cloud) != before
    warning = (
        f"passed, but it was trained on other data than version {before.rpartition('/')[2]}: "
        f"mean_reciprocal_rank_at_25: 0.3000, 5% below the 0.4000 of version {before.rpartition('/')[2]} is 0.3800"
    )
    assert stack.resources["Gate"].attributes["Verdict"] == warning
    assert warning in capsys.readouterr().out


def test_it_fails_if_that_is_asked_for(cloud: VirtualCloud, evaluated: dict[str, dict[str, float]]) -> None:
    evaluated["2"] = POORER
    gate = {**COMPARED, "FailOnOtherData": "true"}
    stack = cloud.cloudformation.deploy("app", template(gated(**gate)))
    cloud.cloudformation.deploy("app", template(with_new_data("2", "2", **gate)))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons


def test_a_minimum_holds_for_other_data_too(cloud: VirtualCloud, evaluated: dict[str, dict[str, float]]) -> None:
    evaluated["2"] = POORER
    gate: dict[str, Any] = {**COMPARED, "Minimums": {"mean_reciprocal_rank_at_25": "0.35"}}
    stack = cloud.cloudformation.deploy("app", template(gated(**gate)))
    cloud.cloudformation.deploy("app", template(with_new_data("2", "2", **gate)))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons


def test_an_import_that_failed_has_changed_no_data(cloud: VirtualCloud, evaluated: dict[str, dict[str, float]]) -> None:
    evaluated["2"] = POORER
    stack = cloud.cloudformation.deploy("app", template(gated(**COMPARED)))
    dataset = stack.resources["InteractionsDataset"].attributes["DatasetArn"]
    location = {"dataLocation": f"{blocks.BUCKET}/nothing.csv"}
    cloud.api.call(
        "CreateDatasetImportJob", jobName="failed", datasetArn=dataset, dataSource=location, roleArn=blocks.ROLE
    )
    cloud.time.sleep(3600)
    cloud.cloudformation.deploy("app", template(gated("2", **COMPARED)))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons


def test_data_imported_after_both_trainings_is_none_of_theirs(
    cloud: VirtualCloud, evaluated: dict[str, dict[str, float]]
) -> None:
    """The version is trained again only once the import has begun to be of use, so its training came before."""
    evaluated["2"] = POORER
    stack = cloud.cloudformation.deploy("app", template(gated(**COMPARED)))
    dataset = stack.resources["InteractionsDataset"].attributes["DatasetArn"]
    location = {"dataLocation": f"{blocks.BUCKET}/interactions.csv"}
    request = {"datasetArn": dataset, "dataSource": location, "roleArn": blocks.ROLE}

    def import_again() -> None:
        cloud.api.call("CreateDatasetImportJob", jobName="late", **request)

    cloud.time.spawn(import_again, delay=600)
    cloud.cloudformation.deploy("app", template(gated("2", **COMPARED)))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons


def test_a_metric_that_the_service_leaves_out_fails_nothing(
    cloud: VirtualCloud, evaluated: dict[str, dict[str, float]]
) -> None:
    evaluated["2"] = {"coverage": 0.9}
    gate: dict[str, Any] = {**COMPARED, "Minimums": {"precision_at_5": "0.15"}}
    stack = cloud.cloudformation.deploy("app", template(gated(**gate)))
    cloud.cloudformation.deploy("app", template(gated("2", **gate)))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    assert stack.resources["Gate"].attributes["Verdict"] == "passed, but precision_at_5 is not reported"
    attributes = stack.resources["VersionSettled"].attributes
    assert (attributes["PrecisionAt5"], attributes["Coverage"]) == ("n/a", "0.9000")


def test_the_way_back_to_a_poorer_version_is_open(cloud: VirtualCloud, evaluated: dict[str, dict[str, float]]) -> None:
    """Settings are taken back: the version trained from them before is older than the one that serves."""
    evaluated["2"] = {**METRICS, "mean_reciprocal_rank_at_25": 0.8}
    gate = {"CompareWithDeployed": "true"}
    stack = cloud.cloudformation.deploy("app", template(gated(**gate)))
    before = served(stack, cloud)
    cloud.cloudformation.deploy("app", template(gated("2", **gate)))
    cloud.cloudformation.deploy("app", template(gated("1", **gate)))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    assert served(stack, cloud) == before


def test_a_template_without_the_newer_properties_has_their_defaults() -> None:
    assert (quality_gate._TOLERANCE, quality_gate._COMPARED) == (limits.GATE_TOLERANCE, limits.GATE_METRICS)


def test_every_metric_that_the_settings_name_has_a_value_or_none() -> None:
    assert set(limits.RANKING_METRICS) <= set(RESOURCES["SolutionVersion"].metric_names)
    assert set(limits.GATE_METRICS) <= set(limits.RANKING_METRICS)


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


def test_who_judges_without_a_deployment_is_told_instead_of_failed(
    cloud: VirtualCloud, evaluated: dict[str, dict[str, float]]
) -> None:
    evaluated["2"] = {**METRICS, "coverage": 0.5}
    stack = cloud.cloudformation.deploy("app", template(gated()))
    version = stack.resources["VersionSettled"].attributes["SolutionVersionArn"]
    solution = version.rpartition("/")[0]
    later = cloud.personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    cloud.time.sleep(24 * 3600)
    properties = {"SolutionArn": solution, "CompareWithDeployed": "true", "ComparedMetrics": ["coverage"]}
    first = quality_gate.judge(cloud.api, {**properties, "SolutionVersionArn": version})
    second = quality_gate.judge(cloud.api, {**properties, "SolutionVersionArn": later})
    assert (first.passes, first.text, first.warnings, first.metrics) == (True, "passed", (), METRICS)
    assert (second.passes, second.metrics["coverage"]) == (False, 0.5)
    assert "coverage: 0.5000, 5% below the 0.9000 of version" in second.text


@pytest.mark.parametrize("serves", [True, False])
def test_a_deployment_is_compared_with_what_a_refresh_made_serve_and_not_with_what_it_refused(
    cloud: VirtualCloud, evaluated: dict[str, dict[str, float]], serves: bool
) -> None:
    evaluated |= {"2": {**METRICS, "coverage": 0.99}, "3": METRICS}
    gate: dict[str, Any] = {**COMPARED, "ComparedMetrics": ["coverage"]}
    stack = cloud.cloudformation.deploy("app", template(gated(**gate)))
    campaign = stack.resources["Campaign"].attributes["CampaignArn"]
    solution = stack.resources["Solution"].attributes["SolutionArn"]
    version = cloud.personalize.create_solution_version(solutionArn=solution)["solutionVersionArn"]
    cloud.time.sleep(24 * 3600)
    quality_gate.judge(cloud.api, {"SolutionVersionArn": version})
    if serves:
        cloud.personalize.update_campaign(campaignArn=campaign, solutionVersionArn=version)
        cloud.time.sleep(3600)
    cloud.cloudformation.deploy("app", template(gated("2", **gate)))
    assert stack.status == ("UPDATE_ROLLBACK_COMPLETE" if serves else "UPDATE_COMPLETE"), stack.reasons
    assert (served(stack, cloud) == version) is serves
