"""A system that runs itself, in the local cloud: files come, versions are trained and judged, people are told."""

from __future__ import annotations

import json
import random
import re
import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from tests.tools.sandbox.conftest import App
from tools.checkout import EXAMPLE_SETTINGS
from tools.data import synthetic
from tools.sandbox.cloud import Endpoint, request

pytestmark = [pytest.mark.e2e, pytest.mark.unmeasured, pytest.mark.xdist_group("deploying 3")]

GROUP = "vod-dev"
SECONDS = 120  # for whatever a refresh does, on a busy machine
NDCG = "normalized_discounted_cumulative_gain_at_25"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Settings and data of the app."""
    folder = tmp_path_factory.mktemp("operations")
    shutil.copytree(EXAMPLE_SETTINGS, folder / "config")
    synthetic.generate().write(folder / "data")
    return folder


@dataclass(frozen=True)
class System:
    """The deployed app, and what its operators see of it."""

    app: App
    interactions: Sequence[str]

    def parameter(self, name: str) -> str:
        """What a stack publishes."""
        answer = self.app.client("ssm").get_parameter(Name=f"/vod/dev/{name}")
        return str(answer["Parameter"]["Value"])

    @property
    def campaign(self) -> dict[str, Any]:
        """The campaign, as it is described."""
        answer = self.app.client("personalize").describe_campaign(campaignArn=self.parameter("rerank_campaign_arn"))
        return answer["campaign"]  # type: ignore[no-any-return]

    def recommender(self) -> str:
        """Status of the recommender."""
        arn = self.parameter("recommender_top_picks_arn")
        answer = self.app.client("personalize").describe_recommender(recommenderArn=arn)
        return str(answer["recommender"]["status"])

    def put_file(self, name: str, rows: Sequence[str]) -> None:
        """New interactions come."""
        self.put_object(f"incoming/interactions/{name}", "\n".join([self.interactions[0], *rows, ""]))

    def put_object(self, key: str, text: str) -> None:
        """Something is put into the app's bucket."""
        self.app.client("s3").put_object(Bucket=self.parameter("bucket_name"), Key=key, Body=text.encode())

    def objects(self, prefix: str) -> dict[str, str]:
        """Texts of the app's bucket by key."""
        s3, bucket = self.app.client("s3"), self.parameter("bucket_name")
        found = s3.list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
        keys = [each["Key"] for each in found]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys}

    def executions(self, machine: str) -> list[dict[str, Any]]:
        """Executions of one of the app's state machines, the latest first."""
        arn = self.parameter("refresh_state_machine_arn").replace("-refresh", f"-{machine}")
        return self.app.client("stepfunctions").list_executions(stateMachineArn=arn)["executions"]  # type: ignore[no-any-return]

    def run_schedule(self, name: str) -> None:
        """The time of a schedule comes."""
        with request(self.app.endpoint, "POST", "/_sandbox/schedules/run", {"name": name, "group": GROUP}) as answer:
            assert json.load(answer) == {"error": None}

    def notices(self) -> list[dict[str, str]]:
        """What people were sent."""
        with request(self.app.endpoint, "GET", "/_sandbox/notices") as answer:
            return json.load(answer)["notices"]  # type: ignore[no-any-return]

    def outcome(self, machine: str, start: Callable[[], object]) -> dict[str, Any]:
        """What becomes of the execution of a machine that something starts."""
        before = len(self.executions(machine))
        start()
        wait_for(lambda: len(self.executions(machine)) > before and self.executions(machine)[0]["status"] != "RUNNING")
        arn = self.executions(machine)[0]["executionArn"]
        return self.app.client("stepfunctions").describe_execution(executionArn=arn)  # type: ignore[no-any-return]

    def measured(self, name: str, **dimensions: str) -> list[float]:
        """Values of one of the app's metrics."""
        answer = self.app.client("cloudwatch").get_metric_statistics(
            Namespace="vod/dev",
            MetricName=name,
            Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
            StartTime=datetime.now(UTC) - timedelta(hours=1),
            EndTime=datetime.now(UTC) + timedelta(minutes=1),
            Period=3600,
            Statistics=["Maximum", "Minimum"],
        )
        return [value for point in answer["Datapoints"] for value in (point["Minimum"], point["Maximum"])]


def wait_for(condition: Callable[[], Any]) -> Any:
    """What a condition becomes, once it is true."""
    deadline = time.monotonic() + SECONDS
    while not (found := condition()):
        assert time.monotonic() < deadline, "It took too long."
        time.sleep(0.3)
    return found


@pytest.fixture(scope="module")
def system(cloud: Endpoint, folder: Path) -> System:
    """The app with a section `operations`, deployed; one test after the other adds to its life."""
    app = App(cloud, folder)
    app.edit_settings(operate)
    result = app.deploy()
    assert result.exit_status == 0, result.output
    return System(app, (folder / "data" / "interactions.csv").read_text().splitlines())


def operate(settings: dict[str, Any]) -> None:
    """Settings of a system that runs itself, with no more than it takes."""
    settings["recommenders"] = {"top_picks": settings["recommenders"]["top_picks"]}
    del settings["filters"]["genre"]
    settings["ranking"]["quality_gate"] |= {
        "compare_with_deployed": True,
        "tolerance": 0.3,
        "compared_metrics": [NDCG],
        "fail_on_other_data": True,  # which they always are in a refresh
    }
    settings["operations"] = {
        "emails": ["ops@example.com"],
        "time_zone": "Europe/Berlin",
        "flexible_window": "0m",
        "refresh": {
            "datasets": {"interactions": {"import_mode": "INCREMENTAL"}},
            "schedules": {"weekly": {"at": "cron(0 5 ? * SUN *)", "train": "always"}},
            "on_new_files": "1m",
        },
        "serving_hours": {
            "start": "cron(0 7 * * ? *)",
            "stop": "cron(0 23 * * ? *)",
            "recommenders": ["top_picks"],
        },
        "forget_users": {"train": False},
        "batch": {"mail": {"at": "cron(0 6 ? * MON *)"}},
    }


def test_a_new_file_is_imported_and_a_good_version_serves(system: System) -> None:
    before = system.campaign["solutionVersionArn"]
    rows = [f"again-{row}" for row in system.interactions[1:1501]]
    refresh = system.outcome("refresh", lambda: system.put_file("monday.csv", rows))
    assert refresh["status"] == "SUCCEEDED", refresh
    output = json.loads(refresh["output"])
    assert (output["imported"], output["verdict"]) == (["INTERACTIONS"], "passed")
    serving = system.campaign["solutionVersionArn"]
    assert serving == output["solution_version_arn"] != before
    assert system.parameter("serving_solution_version_arn") == serving
    assert json.loads(system.parameter("serving_metrics"))[NDCG] in system.measured(NDCG, Solution="rerank")
    assert max(system.measured("DataAgeHours", DatasetType="INTERACTIONS")) < 1
    assert system.notices() == []


def test_a_poor_version_is_refused_and_the_campaign_stays(system: System) -> None:
    serving = system.campaign["solutionVersionArn"]
    chance = random.Random(1)
    items = sorted({row.split(",")[1] for row in system.interactions[1:]})
    noise = [
        f"noise{user},{chance.choice(items)},Watch,{1_600_000_000 + 60 * number + user}"
        for user in range(1500)
        for number in range(10)
    ]
    refresh = system.outcome("refresh", lambda: system.put_file("noise.csv", noise))
    assert refresh["status"] == "SUCCEEDED", refresh
    output = json.loads(refresh["output"])
    assert output["verdict"] == "refused", output
    assert system.campaign["solutionVersionArn"] == serving == system.parameter("serving_solution_version_arn")
    (notice,) = wait_for(system.notices)
    assert notice["subject"] == "vod-dev: a new version is too poor to serve; the campaign stays"
    assert NDCG in notice["message"]
    # The poor version is a dip in the graph.
    low, *_ = sorted(system.measured(NDCG, Solution="rerank"))
    assert low < json.loads(system.parameter("serving_metrics"))[NDCG]


def test_a_failed_import_is_told_with_step_resource_and_reason(system: System) -> None:
    told = len(system.notices())
    refresh = system.outcome("refresh", lambda: system.put_file("broken.csv", ["nobody,nothing"] * 3))
    assert refresh["status"] == "FAILED"
    wait_for(lambda: len(system.notices()) > told)
    notice = system.notices()[-1]
    assert notice["subject"].startswith("vod-dev: refresh failed at")
    for part in ("vod-dev_refresh-interactions-", "broken.csv, line 2: 2 values for 4 columns", "make refresh ENV=dev"):
        assert part in notice["message"]
    key = "incoming/interactions/broken.csv"
    system.app.client("s3").delete_object(Bucket=system.parameter("bucket_name"), Key=key)


def test_an_alarm_rings_and_is_over_and_a_recommender_serves_by_the_clock(system: System) -> None:
    """Meanwhile, because the alarm looks at the last five minutes, every minute."""
    told, cloudwatch, name = len(system.notices()), system.app.client("cloudwatch"), "vod-dev_interactions-data-age"

    def state() -> str:
        (alarm,) = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
        return str(alarm["StateValue"])

    wait_for(lambda: time.time() % 60 < 45)  # the minute does not end before the alarm has seen it
    old = datetime.fromtimestamp(time.time() // 60 * 60 - 299, UTC)
    dimensions = [{"Name": "DatasetType", "Value": "INTERACTIONS"}]
    datum = {"MetricName": "DataAgeHours", "Dimensions": dimensions, "Timestamp": old, "Value": 1000}
    cloudwatch.put_metric_data(Namespace="vod/dev", MetricData=[datum])
    assert state() == "ALARM"
    system.run_schedule("observe")  # the data is young
    system.run_schedule("stop-top_picks")
    wait_for(lambda: system.recommender() == "INACTIVE")
    system.run_schedule("start-top_picks")
    wait_for(lambda: system.recommender() == "ACTIVE")
    wait_for(lambda: state() == "OK")
    wait_for(lambda: len(system.notices()) >= told + 2)
    subjects = [notice["subject"] for notice in system.notices()[told:]]
    assert subjects == [f'ALARM: "{name}" in us-east-1', "vod-dev: interactions-data-age is over"]


def test_a_batch_job_writes_answers(system: System) -> None:
    system.put_object("batch/mail/input.json", '{"userId": "u1", "itemList": ["i1", "i2", "i3"]}\n')
    batch = system.outcome("batch", lambda: system.run_schedule("batch-mail"))
    assert batch["status"] == "SUCCEEDED", batch
    (answers,) = [text for key, text in system.objects("batch/mail/output/").items() if key.endswith(".out")]
    assert sorted(json.loads(answers)["output"]["recommendedItems"]) == ["i1", "i2", "i3"]


def test_a_user_is_forgotten_and_people_are_told(system: System) -> None:
    told = len(system.notices())
    forgotten = system.outcome("forget-users", lambda: system.put_object("deletions/monday.csv", "USER_ID\nu1\n"))
    assert forgotten["status"] == "SUCCEEDED", forgotten
    wait_for(lambda: len(system.notices()) > told)
    assert re.fullmatch(r"vod-dev: users forgotten, [1-9]\d* records deleted", system.notices()[-1]["subject"])


def test_all_of_it_goes_while_a_refresh_trains(system: System) -> None:
    """What the refresh has begun is waited for, and goes too."""
    versions = system.app.client("personalize").get_paginator("list_solution_versions")

    def trains() -> bool:
        pages = versions.paginate(solutionArn=system.parameter("rerank_solution_arn"))
        found = [version["status"] for page in pages for version in page["solutionVersions"]]
        return any(status.startswith("CREATE ") for status in found)

    system.run_schedule("refresh-weekly")
    wait_for(trains)
    result = system.app.destroy()
    assert result.exit_status == 0, result.output
    assert system.app.left() == {}
