"""What serves now: parameters that say so, a function that looks, and what it is told."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from lambdas.personalize_operations import handler
from tests.lambdas.personalize_operations.support.account import Account
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.stacks.operations.support.asking import AROUND, Asked, without
from tests.stacks.operations.support.dashboards import drawn
from tests.stacks.operations.support.resolved import actions_of, of_type, statements_of
from tests.support.iam import permits
from tests.support.synthesized import Templates, read
from tools.checkout import EXAMPLE_SETTINGS
from tools.simulation.cloud import REGION, VirtualCloud
from tools.simulation.stacks import Stack

ACCOUNT = "000000000000"


@pytest.fixture(scope="module")
def template(prod: Templates) -> dict[str, Any]:
    return prod["operations"]


@pytest.fixture(scope="module")
def config(template: dict[str, Any]) -> dict[str, Any]:
    (function,) = (
        each for each in of_type(template, "AWS::Lambda::Function").values() if each["Handler"].endswith(".observe")
    )
    found = json.loads(function["Environment"]["Variables"]["CONFIG"])
    assert isinstance(found, dict)
    return found


def test_what_serves_is_not_known_before_somebody_has_looked(template: dict[str, Any]) -> None:
    parameters = of_type(template, "AWS::SSM::Parameter").values()
    assert {each["Name"] for each in parameters if each["Value"] == "not known yet"} == {
        "/vod/prod/serving_metrics",
        "/vod/prod/serving_solution_version_arn",
        "/vod/prod/serving_recommender_more_like_x_metrics",
        "/vod/prod/serving_recommender_top_picks_metrics",
    }


def test_the_function_knows_everything_that_serves(config: dict[str, Any]) -> None:
    assert (config["namespace"], config["parameter_path"]) == ("vod/prod", "/vod/prod")
    assert config["recommenders"].keys() == {"more_like_x", "top_picks"}
    assert config["campaigns"].keys() == config["solutions"].keys() == {"rerank"}
    assert config["datasets"].keys() == {"INTERACTIONS", "ITEMS", "USERS"}
    assert config["refresh_machine_arn"] == "arn:aws:states:eu-west-1:123456789012:stateMachine:vod-prod-refresh"
    assert config["prices"] == {
        "recommender_hour": 0.375,
        "recommender_included_requests": 4000,
        "recommender_request": 0.0000833,
        "campaign_request": {"rerank": 0.00015},
    }


def test_arns_come_by_parameters_of_the_other_stacks(config: dict[str, Any], template: dict[str, Any]) -> None:
    """No export: what another stack imports could neither leave the settings nor be replaced."""
    arns = [*config["recommenders"].values(), *config["campaigns"].values(), *config["datasets"].values()]
    names = {template["Parameters"][arn.strip("<>")]["Default"] for arn in arns}
    assert names == {
        "/vod/prod/recommender_more_like_x_arn",
        "/vod/prod/recommender_top_picks_arn",
        "/vod/prod/rerank_campaign_arn",
        *(f"/vod/prod/{kind}_dataset_arn" for kind in ("interactions", "items", "users")),
    }
    assert "Fn::ImportValue" not in json.dumps(template)


def test_it_looks_once_in_each_hour(template: dict[str, Any]) -> None:
    """Otherwise an hour without a value, and one with two, would be drawn."""
    (schedule,) = (each for each in of_type(template, "AWS::Scheduler::Schedule").values() if each["Name"] == "observe")
    assert schedule["ScheduleExpression"] == "cron(5 * * * ? *)"
    assert schedule["FlexibleTimeWindow"] == {"Mode": "OFF"}


# -- what it does, with what the template tells it and lets it -----------------------------------------------------


@dataclass(frozen=True)
class Looked:
    """The function has looked at an account in which the app is deployed.

    Attributes:
        asked: what it has asked of AWS.
        statements: of its role, with the ARNs of that account.
        put: the metrics it has put, with the names of their dimensions.
    """

    asked: Asked
    statements: list[dict[str, Any]]
    put: set[tuple[str, str, tuple[str, ...]]]


@pytest.fixture(scope="module")
def looked(template: dict[str, Any]) -> Looked:
    account = Account(VirtualCloud())
    blocks.put_data(account.cloud)
    resources = {**blocks.gated({"TrainingTrigger": "1"}), "Recommender": blocks.recommender()}
    stack = blocks.deployed(account.cloud, {**resources, **blocks.chain("Recommender", "Recommender")})
    refs = references_to(template, stack)
    asked = Asked(account.clients, resources_of, {"cloudwatch:PutMetricData": {"cloudwatch:namespace": "vod/prod"}})
    (function,) = (
        each
        for each in of_type(template, "AWS::Lambda::Function", refs).values()
        if each["Handler"].endswith(".observe")
    )
    config = json.loads(function["Environment"]["Variables"]["CONFIG"])
    handler.run_observe({}, asked.client, account.cloud.time, config)
    account.states.executions.append(("FAILED", account.now))
    handler.run_observe({}, asked.client, account.cloud.time, config)
    return Looked(asked, statements_of(template, "WatchingObserveRole", refs), metrics_in(account.cloudwatch.latest))


def references_to(template: dict[str, Any], stack: Stack) -> dict[str, str]:
    """What references in the template are, in the account."""
    made = {
        "recommender_top_picks_arn": stack.resources["Recommender"].attributes["RecommenderArn"],
        "rerank_campaign_arn": stack.resources["Campaign"].attributes["CampaignArn"],
        "rerank_solution_arn": stack.resources["Solution"].attributes["SolutionArn"],
        "items_dataset_arn": stack.resources["ItemsDataset"].attributes["DatasetArn"],
    }
    parameters = {
        key: made.get(each["Default"].rpartition("/")[2], f"arn:aws:personalize:{REGION}:{ACCOUNT}:none/{key}")
        for key, each in template["Parameters"].items()
        if each["Type"] == "AWS::SSM::Parameter::Value<String>"
    }
    names = {key: each["Name"] for key, each in of_type(template, "AWS::SSM::Parameter").items()}
    return {"AWS::Partition": "aws", "AWS::Region": REGION, "AWS::AccountId": ACCOUNT, **parameters, **names}


def resources_of(action: str, members: Mapping[str, Any]) -> list[str]:
    """What IAM checks a call on (Service Authorization Reference)."""
    if action in ("personalize:ListDatasetImportJobs", "cloudwatch:PutMetricData", "cloudwatch:GetMetricStatistics"):
        return ["*"]
    names = members.get("Names", [members["Name"]] if "Name" in members else [])
    if names:
        return [f"arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{name}" for name in names]
    return [value for key, value in members.items() if key.endswith("Arn")]


def metrics_in(latest: Mapping[str, float]) -> set[tuple[str, str, tuple[str, ...]]]:
    """Namespace, name and names of dimensions of `vod/prod CostPerHour Campaign=rerank`."""
    split = [[*each.split(" "), ""][:3] for each in latest]
    return {
        (namespace, name, (dimensions.partition("=")[0],) if dimensions else ())
        for namespace, name, dimensions in split
    }


def test_its_role_lets_it_do_what_it_does(looked: Looked) -> None:
    assert len({action for action, _ in looked.asked.calls}) > 8
    assert looked.asked.denied(looked.statements) == set()


def test_its_role_lets_it_do_nothing_else(looked: Looked) -> None:
    for action in actions_of(looked.statements) - AROUND:
        assert looked.asked.denied(without(looked.statements, action)), f"{action} is not needed."


def test_it_may_list_versions_only_where_the_campaign_follows_them(
    looked: Looked, assembly: Callable[..., Path], tmp_path: Path
) -> None:
    """Such a campaign may say only that it follows."""
    config = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))
    given = yaml.safe_load((config / "prod.yaml").read_text())
    given["ranking"]["campaign"]["follow_latest"] = True
    (config / "prod.yaml").write_text(yaml.safe_dump(given))
    following = statements_of(read(assembly("prod", config))["operations"], "WatchingObserveRole")
    assert actions_of(following) - actions_of(looked.statements) == {"personalize:ListSolutionVersions"}


def test_metrics_of_others_are_not_its_to_write(looked: Looked) -> None:
    assert not permits(looked.statements, "cloudwatch:PutMetricData", "*", {"cloudwatch:namespace": "vod/dev"})


def test_dashboard_and_alarms_use_only_what_it_puts(looked: Looked, template: dict[str, Any]) -> None:
    (dashboard,) = of_type(template, "AWS::CloudWatch::Dashboard").values()
    used = {each for each in drawn(json.loads(dashboard["DashboardBody"])) if each[0] == "vod/prod"}
    for alarm in of_type(template, "AWS::CloudWatch::Alarm").values():
        metrics = [each["MetricStat"]["Metric"] for each in alarm.get("Metrics", []) if "MetricStat" in each]
        used |= {
            (each["Namespace"], each["MetricName"], tuple(one["Name"] for one in each.get("Dimensions", [])))
            for each in (metrics or [alarm])
            if each["Namespace"] == "vod/prod"
        }
    assert len(used) >= 20
    assert used - looked.put == set()
