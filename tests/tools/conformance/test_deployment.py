"""`make conformance-deploy`: what it does in which order, what it sees, and what it says."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from tools.conformance import __main__ as command
from tools.conformance import adopting, connections, day_two, deployment
from tools.conformance.connections import NotConnectedError
from tools.conformance.day_two import Tried
from tools.conformance.deployment import NAME, STACKS, Report, Target, as_markdown, deploy
from tools.data import synthetic
from tools.sandbox import cdk, cloud
from tools.sandbox.cloud import CloudError

BEGAN = datetime(2026, 11, 26, 12, tzinfo=UTC)
ARN = f"arn:aws:personalize:eu-west-1:123456789012:recommender/{NAME}-topPicks-1"


generated = functools.cache(synthetic.generate)


class Pages:
    def __init__(self, pages: list[dict[str, Any]]) -> None:
        self.pages = pages

    def paginate(self, **_: Any) -> list[dict[str, Any]]:
        return self.pages


class Account:
    """An account as `deploy` looks at it: clients that answer from a table, by operation."""

    def __init__(self) -> None:
        self.exit_statuses: list[int] = []
        self.typed: list[str] = []
        self.settings: list[str] = []
        self.stacks: list[str] = []
        self.forgets = False
        self.recommenders = [ARN]
        self.trains_again = False
        self.events: list[dict[str, Any]] = []
        self.log: dict[str, int] = {}
        self.left: dict[str, list[dict[str, Any]]] = {}

    def target(self) -> Target:
        return Target("AWS, eu-west-1", lambda name: self, self.cli)

    def cli(self, arguments: Sequence[str]) -> cdk.Result:
        self.typed.append(arguments[0])
        folder = Path(next(each for each in arguments if each.startswith("config_dir=")).partition("=")[2])
        self.settings.append((folder / "smallest.yaml").read_text())
        assert (folder / "schemas" / "interactions.avsc").exists()
        self.stacks = list(STACKS[:1]) if arguments[0] == "deploy" else []
        if self.trains_again and len(self.typed) == 2:
            self.recommenders = [*self.recommenders, f"{ARN}-2"]
        return cdk.Result(self.exit_statuses.pop(0) if self.exit_statuses else 0, "")

    # -- what clients answer -------------------------------------------------------------------------------

    def get_account_settings(self) -> dict[str, Any]:
        return {"AccountLimit": {"ConcurrentExecutions": 10}}

    def describe_stack_resources(self, **_: str) -> dict[str, Any]:
        groups = [("AWS::Logs::LogGroup", "group"), ("AWS::S3::Bucket", "bucket")]
        return {"StackResources": [{"ResourceType": type_, "PhysicalResourceId": id_} for type_, id_ in groups]}

    def get_parameter(self, **members: str) -> dict[str, Any]:
        return {"Parameter": {"Value": f"value of {members['Name']}"}}

    def list_buckets(self) -> dict[str, Any]:
        return {"Buckets": [{"Name": "mine"}, *self.left.get("list_buckets", [])]}

    def get_paginator(self, operation: str) -> Any:
        answers: dict[str, Callable[[], list[dict[str, Any]]]] = {
            "describe_stacks": lambda: [{"Stacks": [*map(stack, self.stacks), stack("mine")]}],
            "describe_log_groups": lambda: [{"logGroups": self.left.get(operation, [])}],
            "list_recommenders": lambda: [
                {"recommenders": [{"name": "other", "recommenderArn": arn} for arn in self.recommenders]}
            ],
            "list_dataset_import_jobs": lambda: [{"datasetImportJobs": []}],
        }
        if operation == "filter_log_events":
            return self.Filtered(self)
        if operation == "describe_stack_events":
            return self.Events(self)
        found = answers.get(operation, lambda: [{"Entries": self.left.get(operation, [])}])
        return Pages(found())

    class Filtered:
        def __init__(self, account: Account) -> None:
            self.log = account.log

        def paginate(self, **params: str) -> list[dict[str, Any]]:
            return [{"events": [{}] * self.log.get(params["filterPattern"].strip('"'), 0)}]

    class Events:
        def __init__(self, account: Account) -> None:
            self.account = account

        def paginate(self, **_: str) -> list[dict[str, Any]]:
            if self.account.forgets:
                raise ClientError({"Error": {"Code": "ValidationError", "Message": "gone"}}, "DescribeStackEvents")
            newest_first = self.account.events[::-1]
            return [{"StackEvents": newest_first[:2]}, {"StackEvents": newest_first[2:]}]


def stack(name: str) -> dict[str, str]:
    return {"StackName": name, "StackId": f"arn:{name}", "StackStatus": "CREATE_COMPLETE"}


def event(id_: str, status: str, minutes: float, **more: str) -> dict[str, Any]:
    time = BEGAN + timedelta(minutes=minutes)
    type_ = "Custom::PersonalizeRecommender"
    return {"LogicalResourceId": id_, "ResourceType": type_, "ResourceStatus": status, "Timestamp": time, **more}


@pytest.fixture
def account(monkeypatch: pytest.MonkeyPatch) -> Account:
    """With the sample data generated once for all."""
    monkeypatch.setattr(deployment.synthetic, "generate", generated)
    tries(monkeypatch, Tried("a refresh", True, "passed"))
    adopts(monkeypatch, Tried("a filter", True, "taken over"))
    return Account()


def adopts(monkeypatch: pytest.MonkeyPatch, *found: Tried | Exception) -> None:
    """Let the second app do what is found."""

    def attempt(second: adopting.Second, group: str) -> Iterator[Tried]:
        assert group == "value of /conformance/smallest/dataset_group_arn"
        assert (second.config / "smallest.yaml").exists()
        for each in found:
            if isinstance(each, Exception):
                raise each
            yield each

    monkeypatch.setattr(adopting, "attempt", attempt)


def tries(monkeypatch: pytest.MonkeyPatch, *found: Tried | Exception) -> None:
    """Let the app do by itself what is found."""

    def attempt(app: day_two.App, new_data: Path, say: Callable[[str], None]) -> Iterator[Tried]:
        assert (app.prefix, app.path) == (NAME, "/conformance/smallest")
        assert new_data.exists()
        for each in found:
            if isinstance(each, Exception):
                raise each
            say(each.text)
            yield each

    monkeypatch.setattr(day_two, "attempt", attempt)


def test_it_deploys_twice_and_destroys(account: Account) -> None:
    report = deploy(account.target())
    assert account.typed == ["deploy", "deploy", "destroy"]
    assert report.steps == {"deploy": 0, "deploy again": 0, "destroy": 0}
    assert (report.is_good, report.executions, report.left) == (True, 10, [])
    assert report.tried == [Tried("a refresh", True, "passed"), Tried("a filter", True, "taken over")]
    assert "recommenders:\n  top_picks:" in account.settings[0]


def test_what_it_does_not_do_by_itself_is_told(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = ClientError({"Error": {"Code": "AccessDenied", "Message": "No."}}, "GetParameter")
    tries(monkeypatch, Tried("a refresh", False, "it failed"), refused)
    adopts(monkeypatch, Tried("a filter", True, "taken over"), refused)
    report = deploy(account.target())
    assert account.typed == ["deploy", "deploy", "destroy"]
    assert not report.is_good
    text = as_markdown(report)
    assert "| a refresh | failed: it failed |" in text
    assert "| what comes next | failed: An error occurred (AccessDenied)" in text
    assert "| a filter | taken over |" in text
    assert "| adoption | failed: An error occurred (AccessDenied)" in text


def test_what_failed_is_not_deployed_again_but_destroyed(account: Account) -> None:
    account.exit_statuses = [1]
    account.events = [
        event("Top", "CREATE_IN_PROGRESS", 0),
        event("Top", "CREATE_FAILED", 5, ResourceStatusReason="No."),
    ]
    report = deploy(account.target())
    assert account.typed == ["deploy", "destroy"]
    assert not report.is_good
    assert report.reasons == [f"{STACKS[0]}, Top: No."]


def test_it_is_destroyed_even_if_it_is_interrupted(account: Account) -> None:
    def interrupted(arguments: Sequence[str]) -> cdk.Result:
        if arguments[0] == "deploy":
            raise KeyboardInterrupt
        return account.cli(arguments)

    with pytest.raises(KeyboardInterrupt):
        deploy(Target("AWS", lambda name: account, interrupted))
    assert account.typed == ["destroy"]


def test_a_deployment_without_a_change_trains_nothing(account: Account) -> None:
    account.trains_again = True
    report = deploy(account.target())
    assert report.trained
    assert not report.is_good


def test_times_are_the_longest_of_each_type(account: Account) -> None:
    account.events = [
        event("A", "CREATE_IN_PROGRESS", 0),
        event("B", "CREATE_IN_PROGRESS", 1),
        event("A", "CREATE_COMPLETE", 60),
        event("B", "CREATE_COMPLETE", 90),
        event("A", "DELETE_IN_PROGRESS", 100),
        event("A", "DELETE_COMPLETE", 103),
    ]
    report = deploy(account.target())
    assert report.minutes == {"CREATE Custom::PersonalizeRecommender": 89, "DELETE Custom::PersonalizeRecommender": 3}


def test_an_account_that_forgets_deleted_stacks_has_no_times(account: Account) -> None:
    account.forgets = True
    assert deploy(account.target()).minutes == {}


def test_an_account_may_not_tell_its_executions(account: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(account, "get_account_settings", lambda: {"AccountLimit": {}})
    report = deploy(account.target())
    assert report.executions is None
    assert "may have at once | not known |" in as_markdown(report)


def test_the_log_is_searched_for_what_the_service_refused(account: Account) -> None:
    account.log = {"Rate exceeded": 7}
    report = deploy(account.target())
    # After the first deployment, in its one log group.
    assert report.logged["Rate exceeded"] == 7
    assert "| Rate exceeded | 7 | the service took fewer requests" in as_markdown(report)


def test_what_is_left_is_named(account: Account) -> None:
    account.left = {
        "list_schemas": [{"name": name, "schemaArn": "arn:of-a-schema"} for name in (f"{NAME}-schema", "mine")],
        "describe_log_groups": [{"logGroupName": f"/aws/lambda/{NAME}-x"}, {"logGroupName": "/aws/lambda/mine"}],
        "list_buckets": [{"Name": f"{NAME}-bucket"}],
    }
    report = deploy(account.target())
    assert report.left == [f"Schema {NAME}-schema", f"log group /aws/lambda/{NAME}-x", f"bucket {NAME}-bucket"]
    assert not report.is_good


def test_the_report_says_what_went_wrong() -> None:
    text = as_markdown(Report("AWS", 10, {"deploy": 1}, {"CREATE X": 1.25}, reasons=["A: No."], left=["stack a"]))
    for line in ("| deploy | failed (status 1) |", "| CREATE X | 1.2 |", "- A: No.", "- stack a"):
        assert line in text.splitlines()


def test_the_report_says_that_all_is_well() -> None:
    text = as_markdown(Report("AWS", steps={"deploy": 0}))
    assert "| deploy | done |" in text
    assert text.count("None.") == text.count("Nothing.") == 1


# -- where ------------------------------------------------------------------------------------------------


def test_aws_is_reached_by_profile_and_region(monkeypatch: pytest.MonkeyPatch) -> None:
    ran: list[dict[str, str]] = []

    @contextmanager
    def to_aws(profile: str, region: str | None) -> Iterator[Any]:
        yield type("Connection", (), {"region": "eu-west-1", "client": staticmethod(str)})

    monkeypatch.setattr(connections, "to_aws", to_aws)
    monkeypatch.setattr(cdk, "run", lambda variables, arguments, show: ran.append(variables))
    with deployment.to_aws("mine", None) as target:
        target.cli(["deploy"])
    assert target.name == "AWS, eu-west-1"
    assert target.client("s3") == "s3"
    (variables,) = ran
    assert (variables["AWS_PROFILE"], variables["AWS_REGION"]) == ("mine", "eu-west-1")


def test_the_local_cloud_is_the_runs_own(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    @contextmanager
    def running() -> Iterator[str]:
        yield "endpoint"

    def captured(endpoint: str, arguments: Sequence[str], show: Callable[[str], None]) -> cdk.Result:
        show(f"✅  {endpoint} {arguments[0]}")
        show("Something that nobody needs to know")
        return cdk.Result(0, "")

    monkeypatch.setattr(deployment, "Cloud", running)
    monkeypatch.setattr(deployment.shared, "prepare", lambda endpoint: None)
    monkeypatch.setattr(cloud, "client", lambda endpoint, name: f"{endpoint} {name}")
    monkeypatch.setattr(cdk, "captured", captured)
    with deployment.to_local_cloud() as target:
        assert target.client("s3") == "endpoint s3"
        target.cli(["deploy"])
    assert capsys.readouterr().out == "✅  endpoint deploy\n"


def test_a_local_cloud_that_does_not_start_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def failing() -> None:
        raise CloudError("It does not answer.")

    monkeypatch.setattr(deployment, "Cloud", failing)
    with pytest.raises(NotConnectedError, match="It does not answer"), deployment.to_local_cloud():
        pass


# -- the command ------------------------------------------------------------------------------------------


@pytest.fixture
def deployed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, account: Account) -> Account:
    @contextmanager
    def to_account(*_: object) -> Iterator[Target]:
        yield account.target()

    monkeypatch.setattr(command, "FOLDER", tmp_path / "reports")
    monkeypatch.setattr(command.signal, "signal", lambda *_: None)
    monkeypatch.setattr(deployment, "to_local_cloud", to_account)
    monkeypatch.setattr(deployment, "to_aws", to_account)
    return account


def test_the_command_writes_a_report(deployed: Account, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert command.main(["deploy"]) == 0
    (path,) = (tmp_path / "reports").iterdir()
    assert path.read_text().startswith("# A deployment of the smallest settings")
    assert "Nothing." in capsys.readouterr().out


def test_the_command_fails_if_something_is_left(deployed: Account) -> None:
    deployed.left = {"list_buckets": [{"Name": f"{NAME}-bucket"}]}
    assert command.main(["deploy"]) == 1


def test_nothing_is_deployed_to_aws_without_a_yes(deployed: Account) -> None:
    assert command.main(["deploy", "--profile", "mine"], ask=lambda question: "n") == 2
    assert deployed.typed == []
    assert command.main(["deploy", "--profile", "mine", "--region", "eu-west-1"], ask=lambda question: "y") == 0
    assert deployed.typed == ["deploy", "deploy", "destroy"]
