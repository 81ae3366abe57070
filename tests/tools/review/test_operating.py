"""What a review says of the operations stack: serving hours, throughput, refreshes, alarms, mails, policies."""

from __future__ import annotations

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest

from lambdas.personalize_provider.resource_type import Effect
from tools.review.diff import compare
from tools.review.iam import statements
from tools.review.money import Cost, costs, load_prices
from tools.review.operating import operating_reasons
from tools.review.running import active_share, mean_throughput, schedules_of
from tools.simulation.assembly import Assembly

Resource = dict[str, Any]
_TOP_PICKS, _CAMPAIGN = ("app", "TopPicks"), ("app", "Campaign")
_STORED = "AWS::SSM::Parameter::Value<String>"
HOURS = load_prices().assumptions.hours_per_month


def stored(name: str, logical_id: str) -> Resource:
    value = {"Fn::GetAtt": [logical_id, "Arn"]}
    return {"Type": "AWS::SSM::Parameter", "Properties": {"Name": f"/app/{name}", "Value": value}}


def schedule(target: str, at: str, named: str = "", **members: Any) -> Resource:
    """A schedule whose input names what a parameter of the template holds."""
    said = json.dumps({**members, **({"RecommenderArn": "|"} if named == "TopPicks" else {})})
    if named == "Campaign":
        said = json.dumps({**members, "CampaignArn": "|"})
    before, _, after = said.partition("|")
    return {
        "Type": "AWS::Scheduler::Schedule",
        "Properties": {
            "ScheduleExpression": at,
            "ScheduleExpressionTimezone": "Europe/Berlin",
            "Target": {"Arn": target, "Input": {"Fn::Join": ["", [before, {"Ref": named}, after]]} if named else said},
        },
    }


def calls(action: str, at: str, named: str, **members: Any) -> Resource:
    return schedule(f"arn:aws:scheduler:::aws-sdk:personalize:{action}", at, named, **members)


def refreshes(at: str, **members: Any) -> Resource:
    return schedule("arn:aws:states:eu-west-1:000000000000:stateMachine:vod-dev-refresh", at, **members)


def app(**operations: Resource) -> Assembly:
    """A recommender, a campaign behind what waits for it, and an operations stack."""
    recipe = {"RecipeArn": "arn:aws:personalize:::recipe/aws-personalized-ranking-v2", "PerformAutoTraining": "false"}
    resources = {
        "TopPicks": {"Type": "Custom::PersonalizeRecommender", "Properties": {"RecipeArn": "x"}},
        "TopPicksParameter": stored("recommender_top_picks_arn", "TopPicks"),
        "Solution": {"Type": "Custom::PersonalizeSolution", "Properties": recipe},
        "Campaign": {
            "Type": "Custom::PersonalizeCampaign",
            "Properties": {"SolutionVersionArn": {"Ref": "Solution"}, "MinProvisionedTPS": "1"},
        },
        "CampaignWait": {
            "Type": "Custom::PersonalizeWait",
            "Properties": {"ResourceArn": {"Fn::GetAtt": ["Campaign", "Arn"]}},
        },
        "CampaignParameter": stored("rerank_campaign_arn", "CampaignWait"),
    }
    parameters = {
        "TopPicks": {"Type": _STORED, "Default": "/app/recommender_top_picks_arn"},
        "Campaign": {"Type": _STORED, "Default": "/app/rerank_campaign_arn"},
    }
    return Assembly(
        {"app": {"Resources": resources}, "ops": {"Resources": operations, "Parameters": parameters}},
        {"app": frozenset(), "ops": frozenset({"app"})},
    )


def by_night(start: str = "cron(0 7 * * ? *)") -> Assembly:
    function = "arn:aws:lambda:eu-west-1:123456789012:function:switch"
    return app(
        Start=schedule(function, start, "TopPicks", action="startRecommender"),
        Stop=schedule(function, "cron(0 23 * * ? *)", "TopPicks", action="stopRecommender"),
    )


def cost_of(assembly: Assembly, path: str) -> Cost:
    return next(each for each in costs(assembly, load_prices()) if each.path == path)


# -- serving hours ----------------------------------------------------------------------------------------------------


def test_a_recommender_bills_for_the_hours_in_which_it_is_active_and_the_review_says_what_that_saves() -> None:
    """By hand: 16 of 24 hours at $0.375; the other 8 of a month of 730 hours are $91.25."""
    cost = cost_of(by_night(), "TopPicks")
    assert cost.per_month(HOURS) == pytest.approx(730 * 0.375 * 16 / 24, rel=1e-3)
    assert "active 16 hours a day: serving hours save $91.25 a month" in cost.what


@pytest.mark.parametrize(
    ("start", "share"),
    [("cron(0 7 ? * MON-FRI *)", 5 * 16 / (7 * 24)), ("cron(0 11 * * ? *)", 0.5)],
)
def test_the_share_of_the_time_follows_from_the_schedules(start: str, share: float) -> None:
    assert active_share(schedules_of(by_night(start)), _TOP_PICKS) == pytest.approx(share, abs=2e-3)


def test_without_schedules_a_recommender_is_always_active_and_a_stopped_one_bills_nothing() -> None:
    assembly = app()
    assert cost_of(assembly, "TopPicks").per_month(HOURS) == pytest.approx(730 * 0.375)
    assembly.templates["app"]["Resources"]["TopPicks"]["Properties"]["Active"] = "false"
    stopped = cost_of(assembly, "TopPicks")
    assert (stopped.per_month(HOURS), stopped.what.endswith(", stopped")) == (0, True)


def test_a_reviewer_reads_when_nobody_is_served_and_only_if_that_changes() -> None:
    (reason,) = operating_reasons(app(), by_night())
    assert reason.topic == "serving hours"
    assert reason.paths == ("TopPicks",)
    assert "serves 16 hours a day: start cron(0 7 * * ? *) Europe/Berlin, stop cron(0 23 * * ? *)" in reason.text
    assert not list(operating_reasons(by_night(), by_night()))
    assert list(operating_reasons(by_night(), by_night("cron(0 8 * * ? *)")))


# -- throughput, refreshes --------------------------------------------------------------------------------------------


def test_a_campaign_bills_for_what_schedules_provision() -> None:
    assembly = app(
        Day=calls("updateCampaign", "cron(0 7 * * ? *)", "Campaign", MinProvisionedTPS=4),
        Night=calls("updateCampaign", "cron(0 19 * * ? *)", "Campaign", MinProvisionedTPS=2),
    )
    assert mean_throughput(schedules_of(assembly), _CAMPAIGN, 1) == pytest.approx(3)
    cost = cost_of(assembly, "Campaign")
    assert cost.per_hour == pytest.approx(3 * 0.54)
    assert "provisioned for 3 per second on average, by schedules" in cost.what


@pytest.mark.parametrize(
    ("at", "train", "a_month", "said"),
    [
        (
            "cron(0 5 ? * SUN *)",
            "always",
            730 / 24 / 7 * 2,
            "4.35 imports a month, 0.05 USD per GB, and as many trainings;",
        ),
        ("cron(0 5 ? * SUN *)", "if-new", 730 / 24 / 7 * 2, "at most: it trains if there is something new"),
        ("cron(0 4 * * ? *)", "never", 0, "30.4 imports a month"),
    ],
)
def test_trainings_and_imports_of_schedules_are_in_the_month(at: str, train: str, a_month: float, said: str) -> None:
    """By hand: a million interactions at $0.002 per 1,000 are $2 for each training."""
    cost = cost_of(app(Weekly=refreshes(at, train=train)), "Weekly")
    assert cost.per_month(HOURS) == pytest.approx(a_month, rel=1e-3)
    assert said in cost.what


# -- the rest ---------------------------------------------------------------------------------------------------------


def test_alarms_a_dashboard_and_a_key_are_on_the_bill() -> None:
    one = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"MetricName": "x"}}
    stat = {"Id": "a", "MetricStat": {}}
    math = {"Type": "AWS::CloudWatch::Alarm", "Properties": {"Metrics": [{"Id": "e", "Expression": "a"}, stat, stat]}}
    board = {"Type": "AWS::CloudWatch::Dashboard", "Properties": {}}
    assembly = app(One=one, Math=math, Board=board, Key={"Type": "AWS::KMS::Key", "Properties": {}})
    found = {path: cost_of(assembly, path).per_month(HOURS) for path in ("Alarms", "Board", "Key")}
    assert found == {"Alarms": pytest.approx(0.3), "Board": 3.0, "Key": 1.0}


def test_a_new_address_has_to_confirm() -> None:
    def mailed(address: str) -> Assembly:
        properties = {"Protocol": "email", "Endpoint": address, "TopicArn": "x"}
        return app(Mail={"Type": "AWS::SNS::Subscription", "Properties": properties})

    (reason,) = operating_reasons(app(), mailed("ops@example.com"))
    assert (reason.topic, "mails ops@example.com" in reason.text) == ("confirm by mail", True)
    assert not list(operating_reasons(mailed("a@example.com"), mailed("a@example.com")))


def test_a_schedule_follows_a_recommender_that_is_replaced_in_another_stack() -> None:
    base, head = by_night(), deepcopy(by_night())
    head.templates["app"]["Resources"]["TopPicks"]["Properties"]["RecipeArn"] = "y"
    changes = {each.path: each for each in compare(base, head).changes}
    assert changes["TopPicks"].effect is Effect.REPLACED
    (change,) = changes["Stop"].properties
    assert (change.name, change.effect, change.set_off_by) == ("Target", Effect.IN_PLACE, "TopPicks")


@pytest.mark.parametrize(
    ("resource", "line"),
    [
        ({"Type": "AWS::SNS::TopicPolicy"}, "Topic policy ops/Policy: cloudwatch.amazonaws.com may sns:Publish on x"),
        ({"Type": "AWS::SQS::QueuePolicy"}, "Queue policy ops/Policy: cloudwatch.amazonaws.com may sns:Publish on x"),
        ({"Type": "AWS::KMS::Key"}, "Key policy ops/Policy: cloudwatch.amazonaws.com may sns:Publish on x"),
    ],
)
def test_policies_of_topics_queues_and_keys_are_shown(resource: Resource, line: str) -> None:
    statement = {
        "Effect": "Allow",
        "Principal": {"Service": "cloudwatch.amazonaws.com"},
        "Action": "sns:Publish",
        "Resource": "x",
    }
    member = "KeyPolicy" if "KMS" in resource["Type"] else "PolicyDocument"
    policy = resource | {"Properties": {member: {"Statement": [statement]}}}
    assert line in [each.text for each in statements(app(Policy=policy))]


def test_the_example_of_prod_shows_what_it_saves_and_what_it_adds(prod_assembly: Path) -> None:
    found = [each.what for each in costs(Assembly.read(prod_assembly), load_prices())]
    for said in ("serving hours save $91.25 a month", "on average, by schedules", "alarms that look at", "KMS key"):
        assert any(said in each for each in found), said
