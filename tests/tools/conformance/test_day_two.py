"""What `make conformance-deploy` tries of day two: what it does, what it finds, and what it makes of it."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.stacks.operations.support.resolved import of_type
from tests.support.synthesized import Templates
from tools import executions
from tools.conformance import day_two
from tools.conformance.day_two import App, Tried, attempt
from tools.executions import Ended

RECOMMENDER = "arn:aws:personalize:eu-west-1:123456789012:recommender/a_top-picks-1"
CAMPAIGN = "arn:aws:personalize:eu-west-1:123456789012:campaign/a_rerank-1"
SAID = {"recommender_arn": RECOMMENDER, "CampaignArn": CAMPAIGN, "MinProvisionedTPS": 2}
NEW_VERSION = "arn:aws:personalize:eu-west-1:123456789012:solution/a_rerank/2"
PARAMETERS = {
    "/a/b/refresh_state_machine_arn": "arn:machine",
    "/a/b/bucket_name": "bucket",
    "/a/b/serving_solution_version_arn": NEW_VERSION,
}


class Account:
    """Clients of everything at once, which answer as an account in which everything works."""

    def __init__(self) -> None:
        self.executions = ["arn:old"]
        self.starts_a_refresh = True
        self.obeys = True
        self.tells = True
        self.has_log = True
        self.status = "ACTIVE"
        self.throughput = 1
        self.uploaded: list[str] = []
        self.schedules: list[dict[str, Any]] = []
        self.paused = 0

    def app(self) -> App:
        return App(lambda name: self, "a-b", "/a/b", 1, self.pause)

    def pause(self, seconds: float) -> None:
        self.paused += 1

    def get_parameter(self, **members: str) -> dict[str, Any]:
        return {"Parameter": {"Value": PARAMETERS[members["Name"]]}}

    def upload_file(self, path: str, bucket: str, key: str) -> None:
        self.uploaded.append(f"{bucket}/{key}")
        if self.starts_a_refresh:
            self.executions.append("arn:new")

    def get_schedule(self, **members: str) -> dict[str, Any]:
        action = members["Name"].partition("-")[0]
        return {"Target": {"Arn": action, "RoleArn": "role", "Input": json.dumps(SAID)}}

    def create_schedule(self, **schedule: Any) -> None:
        self.schedules.append(schedule)
        if not self.obeys:
            return
        action = schedule["Target"]["Arn"]
        self.status = {"stop": "INACTIVE", "start": "ACTIVE"}.get(action, self.status)
        self.throughput = 2 if action == "throughput" else self.throughput

    def describe_recommender(self, **_: str) -> dict[str, Any]:
        return {"recommender": {"status": self.status}}

    def describe_campaign(self, **members: str) -> dict[str, Any]:
        assert members == {"campaignArn": CAMPAIGN}
        return {"campaign": {"minProvisionedTPS": self.throughput}}

    def start_execution(self, **members: str) -> None:
        assert json.loads(members["input"]) == {"train": "often"}

    def describe_stack_resources(self, **_: str) -> dict[str, Any]:
        ids = ["WatchingTellLog1"] if self.has_log else []
        return {
            "StackResources": [
                {"ResourceType": "AWS::Logs::LogGroup", "LogicalResourceId": id_, "PhysicalResourceId": id_}
                for id_ in ["RefreshLog", *ids]
            ]
        }

    def get_paginator(self, operation: str) -> Any:
        return type("Paginator", (), {"paginate": lambda _, **params: self.pages(operation, params)})()

    def pages(self, operation: str, params: dict[str, Any]) -> list[dict[str, Any]]:
        if operation == "list_executions":
            return [{"executions": [{"executionArn": arn} for arn in self.executions]}]
        assert params["logGroupName"] == "WatchingTellLog1"
        events = [{"message": json.dumps({"answer": {"subject": "failed"}})}] if self.tells else []
        return [{"events": events}]


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    """With a refresh that ends well."""
    ends(monkeypatch, Ended("SUCCEEDED", {"verdict": "passed", "solution_version_arn": NEW_VERSION}))
    return Account()


def ends(monkeypatch: pytest.MonkeyPatch, ended: Ended) -> None:
    def follow(client: Any, arn: str, *_: Any) -> Ended:
        assert arn == "arn:new"
        return ended

    monkeypatch.setattr(executions, "follow", follow)


def tried(account: Account) -> list[Tried]:
    return list(attempt(account.app(), Path("new.csv"), lambda line: None))


def test_everything_works(account: Account) -> None:
    found = tried(account)
    assert [each.is_good for each in found] == [True] * 5
    assert account.uploaded[0].startswith("bucket/incoming/interactions/")
    assert [each["Target"]["Arn"] for each in account.schedules] == ["stop", "start", "throughput"]
    assert all(each["ActionAfterCompletion"] == "DELETE" for each in account.schedules)
    assert found[1].text == "the recommender is INACTIVE"
    assert found[3].text == "minProvisionedTPS is 2, and should be 2"
    assert found[4].text == '{"subject": "failed"}'


def test_no_refresh_begins(account: Account) -> None:
    account.starts_a_refresh = False
    refresh = tried(account)[0]
    assert (refresh.is_good, refresh.text) == (False, "no refresh has begun")
    assert account.paused == day_two._LOOKS


def test_a_refresh_that_fails_is_told_with_its_step(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    ends(monkeypatch, Ended("FAILED", {}, "Train", "Personalize.PersonalizeException", "denied"))
    refresh = tried(account)[0]
    assert (refresh.is_good, refresh.text) == (False, "FAILED at 'Train': Personalize.PersonalizeException: denied")


def test_what_is_published_must_be_what_was_trained(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    ends(monkeypatch, Ended("SUCCEEDED", {"verdict": "passed", "solution_version_arn": "another"}))
    assert not tried(account)[0].is_good


def test_a_schedule_that_does_nothing(account: Account) -> None:
    account.obeys = False
    _, stopped, _, throughput, _ = tried(account)
    assert (stopped.is_good, stopped.text) == (False, "the recommender is ACTIVE")
    assert (throughput.is_good, throughput.text) == (False, "minProvisionedTPS is 1, and should be 2")


def test_schedules_say_so_what_they_act_on(prod: Templates) -> None:
    schedules = of_type(prod["operations"], "AWS::Scheduler::Schedule").values()
    said = {each["Name"].partition("-")[0]: json.loads(each["Target"]["Input"]) for each in schedules}
    for action in ("start", "stop"):
        assert day_two.RECOMMENDER_MEMBER in said[action]
    assert {day_two.CAMPAIGN_MEMBER, day_two.THROUGHPUT_MEMBER} <= said["throughput"].keys()


@pytest.mark.parametrize(
    ("attribute", "text"),
    [("tells", "nothing was told"), ("has_log", "the function that tells has no log group")],
)
def test_a_failure_that_nobody_is_told_of(account: Account, attribute: str, text: str) -> None:
    setattr(account, attribute, False)
    told = tried(account)[4]
    assert (told.is_good, told.text) == (False, text)
