"""`python -m tools.emulator`: a process that programs of others reach over HTTP."""

from __future__ import annotations

import json
import shutil
import signal
import socket
import time
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import ROLE
from tests.tools.emulator.support.process import Running, running
from tools.checkout import CHECKOUT
from tools.emulator.__main__ import main

# Everything is done at once.
SPEED = ("--speed", "1e9")


@pytest.fixture
def films(tmp_path: Path) -> Path:
    """A folder with the bucket `films`."""
    file = tmp_path / "films" / "interactions.csv"
    file.parent.mkdir()
    file.write_text(records.csv("Interactions", records.interaction_rows()))
    return tmp_path


def test_a_program_goes_all_the_way(films: Path) -> None:
    """Schema, dataset, import, recommender, recommendation, event: over HTTP, with boto3 alone."""
    with running(*SPEED, "--objects", str(films)) as emulator:
        personalize = emulator.client("personalize")
        recommender, tracker = deploy(personalize)
        runtime, events = emulator.client("personalize-runtime"), emulator.client("personalize-events")
        answer = runtime.get_recommendations(recommenderArn=recommender, userId="u0", numResults=3)
        assert len(answer["itemList"]) == 3
        event = {"eventType": "Watch", "itemId": "i1", "sentAt": time.time()}
        events.put_events(trackingId=tracker, sessionId="s", userId="u0", eventList=[event])
        assert {one["name"] for one in measured(emulator)} >= {"GetRecommendations", "PutEventsRequests", "DatasetSize"}
        assert emulator.end(signal.SIGTERM) == (0, "")


def test_what_is_planned_comes_when_the_clock_is_put_forward(films: Path) -> None:
    with running(*SPEED, "--objects", str(films)) as emulator:
        personalize = emulator.client("personalize")
        group = fill(personalize)
        recipe = "arn:aws:personalize:::recipe/aws-user-personalization-v2"
        solution = personalize.create_solution(name="auto", datasetGroupArn=group, recipeArn=recipe)["solutionArn"]
        assert personalize.list_solution_versions(solutionArn=solution)["solutionVersions"] == []
        hour = json.dumps({"seconds": 3600}).encode()
        urllib.request.urlopen(f"{emulator.url}/_sandbox/clock/advance", hour, timeout=30).close()
        (version,) = personalize.list_solution_versions(solutionArn=solution)["solutionVersions"]
        assert time.time() < version["creationDateTime"].timestamp() <= time.time() + 3600


def deploy(personalize: Any) -> tuple[str, str]:
    """A recommender with data, and the tracking id of an event tracker."""
    group = fill(personalize)
    recipe = "arn:aws:personalize:::recipe/aws-vod-top-picks"
    recommender = personalize.create_recommender(name="top", datasetGroupArn=group, recipeArn=recipe)
    tracker = personalize.create_event_tracker(name="events", datasetGroupArn=group)
    return recommender["recommenderArn"], tracker["trackingId"]


def fill(personalize: Any) -> str:
    """A dataset group with interactions."""
    group: str = personalize.create_dataset_group(name="films", domain="VIDEO_ON_DEMAND")["datasetGroupArn"]
    document = records.schema("Interactions")
    schema = personalize.create_schema(name="interactions", schema=document, domain="VIDEO_ON_DEMAND")["schemaArn"]
    dataset = personalize.create_dataset(
        name="interactions", datasetGroupArn=group, datasetType="Interactions", schemaArn=schema
    )["datasetArn"]
    job = personalize.create_dataset_import_job(
        jobName="interactions",
        datasetArn=dataset,
        dataSource={"dataLocation": "s3://films/interactions.csv"},
        roleArn=ROLE,
    )["datasetImportJobArn"]
    described = personalize.describe_dataset_import_job(datasetImportJobArn=job)["datasetImportJob"]
    assert described["status"] == "ACTIVE", described["failureReason"]
    return group


def measured(emulator: Running) -> list[dict[str, Any]]:
    with urllib.request.urlopen(f"{emulator.url}/_sandbox/metrics", timeout=30) as answer:
        found: list[dict[str, Any]] = json.load(answer)["metrics"]["eu-west-1"]
        return found


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_it_ends_when_told_to(number: int) -> None:
    with running() as emulator:
        assert emulator.client("personalize").list_recipes(maxResults=1)["recipes"] is not None
        assert emulator.end(number) == (0, "")


def test_its_folder_stands_by_itself(tmp_path: Path) -> None:
    shutil.copytree(CHECKOUT / "tools" / "emulator", tmp_path / "personalize")
    with running(package="personalize", folder=tmp_path) as emulator:
        assert emulator.client("personalize").list_schemas()["schemas"] == []


def test_the_rate_of_requests_can_be_limited() -> None:
    with running("--requests-per-second", "0.001") as emulator:
        personalize = emulator.client("personalize")
        personalize.list_schemas()
        with pytest.raises(personalize.exceptions.ClientError, match="ThrottlingException"):
            personalize.list_schemas()


def test_web_pages_are_refused() -> None:
    with running() as emulator:
        request = urllib.request.Request(f"{emulator.url}/_sandbox/state", headers={"Origin": "https://evil.example"})
        with pytest.raises(urllib.error.HTTPError, match="403"):
            urllib.request.urlopen(request, timeout=30)


def test_a_port_that_is_taken_is_one_sentence(capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        assert main(["--port", str(port)]) == 1
    expected = f"Port {port} of 127.0.0.1 is taken: choose another with --port, or 0 for any that is free.\n"
    assert capsys.readouterr() == ("", expected)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--port", "99999"], "Nothing can listen on port 99999 of 127.0.0.1"),
        (["--port", "0", "--host", "no.such.host.invalid"], "Nothing can listen on port 0 of no.such.host.invalid"),
    ],
)
def test_an_address_that_there_is_not_is_one_sentence(
    arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(arguments) == 1
    errors = capsys.readouterr().err
    assert errors.startswith(words)
    assert errors.count("\n") == 1


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["--speed", "0"], "speed must be positive."),
        (["--requests-per-second", "-1"], "requests_per_second must be positive."),
        (["--objects", "/no/such/folder"], "--objects: there is no folder /no/such/folder."),
        (["--s3-endpoint", "no url"], "Invalid endpoint: no url"),
        (["--s3-endpoint", "http://localhost:1", "--objects", "."], "not allowed with argument"),
    ],
)
def test_options_that_are_wrong_are_named(arguments: list[str], words: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        main(["--port", "0", *arguments])
    assert ended.value.code == 2
    assert words in capsys.readouterr().err
