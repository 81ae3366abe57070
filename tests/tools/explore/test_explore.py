"""What is asked, and what is made of the answers: an environment in this process, asked by real clients."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path

import pytest

from stacks.settings import ExploreSettings
from tests.tools.emulator.support import records
from tests.tools.explore.support.deployed import Running
from tools.checkout import CHECKOUT
from tools.deployed import Deployed, NotDeployedError
from tools.explore import __main__ as command
from tools.explore.__main__ import explore
from tools.explore.catalogue import read_catalogue
from tools.explore.found import Found, Listed


def listed(found: Found, title: str, user: int = 0) -> list[Listed]:
    return [each for each in found.users[user].lists if each.title == title]


def test_what_a_user_watched_is_the_newest_of_the_data(found: Found) -> None:
    rows = [row for row in records.interaction_rows() if row[0] == "u3"]
    newest = list(dict.fromkeys(row[1] for row in sorted(rows, key=lambda row: -row[3])))
    user = found.users[0]
    assert [each.item.id for each in user.seen] == newest[:10]
    assert user.interactions == len(rows)
    assert user.seen[0].date == "2020-09-13"
    assert set(user.seen[0].event_types.split(", ")) <= {"Click", "Watch"}


def test_every_recommender_is_asked_with_and_without_every_filter(found: Found, environment: Running) -> None:
    latest = found.users[0].seen[0].item
    picks, likes = listed(found, "Top picks for you"), listed(found, f"More like {latest.title}")
    assert [each.note for each in picks] == [each.note for each in likes]
    assert [each.note.partition(":")[0] for each in picks] == ["", "filter genre", "filter unwatched"]
    recommender = environment.deployed.parameters["recommender_top_picks_arn"]
    assert [item.id for item in picks[0].items] == environment.account.recommended(recommender, "u3", numResults=10)
    assert all(item.id != latest.id for item in likes[0].items)


def test_a_filter_gets_the_value_that_the_user_has_most_often(found: Found) -> None:
    filtered = listed(found, "Top picks for you")[1]
    genre = filtered.note.removeprefix("filter genre: ")
    assert filtered.items
    assert all(genre in item.genres.split(", ") for item in filtered.items)


def test_the_same_list_is_ranked_for_each_user(found: Found) -> None:
    plain = found.users[0].rankings[0]
    assert len(plain.before) == 12
    assert {item.id for item in plain.items} == {item.id for item in plain.before}
    assert sum(plain.climbed(item) for item in plain.items) == 0
    genre = found.users[0].rankings[1]
    assert {item.id for item in genre.items} | {item.id for item in genre.removed} == {i.id for i in genre.before}
    assert genre.removed


def test_a_user_that_nobody_knows_is_said_to_be_unknown(found: Found) -> None:
    stranger = found.users[2]
    assert (stranger.interactions, list(stranger.seen)) == (0, [])
    problems = {each.title: each.problem for each in stranger.lists if each.problem}
    assert problems["More like X"] == "Not asked: nothing is known that this user watched."
    assert "have no value for $GENRES" in problems["Top picks for you"]


def test_without_users_those_with_the_most_interactions_are_shown(environment: Running) -> None:
    shown = explore(environment.deployed, [], lambda line: None).users
    assert len(shown) == 4
    assert all(each.interactions == 60 for each in shown)


def test_a_recommender_that_is_stopped_says_so_in_place_of_a_list(environment: Running, found: Found) -> None:
    arn = environment.deployed.parameters["recommender_top_picks_arn"]
    environment.account.personalize.stop_recommender(recommenderArn=arn)
    environment.account.wait()
    stopped = explore(environment.deployed, ["u3"], lambda line: None)
    environment.account.personalize.start_recommender(recommenderArn=arn)
    environment.account.wait()
    assert [each.status for each in stopped.recommenders] == ["ACTIVE", "INACTIVE"]
    assert all(each.problem for each in listed(stopped, "Top picks for you"))
    assert listed(stopped, "Top picks for you")[0].problem.startswith("No answer: ")
    assert [each.status for each in found.recommenders] == ["ACTIVE", "ACTIVE"]


# -- versions ----------------------------------------------------------------------------------------------------


def test_versions_come_in_the_order_of_their_trainings_and_one_serves(found: Found) -> None:
    assert found.ranking
    versions = found.ranking.versions
    assert [each.serves for each in versions] == [False, True, False]
    assert [each.trained for each in versions] == sorted(each.trained for each in versions)
    assert {each.how for each in versions} == {"manual, full"}
    assert all("coverage" in each.metrics for each in versions)


def test_the_bounds_are_those_of_the_gate(environment: Running, found: Found) -> None:
    assert found.ranking
    assert {name: [each.least for each in bounds] for name, bounds in found.ranking.bounds.items()} == {
        "coverage": [0.1]
    }
    settings = environment.deployed.settings
    assert settings.ranking
    gate = settings.ranking.quality_gate.model_copy(
        update={"compare_with_deployed": True, "tolerance": 0.1, "compared_metrics": ["coverage"]}
    )
    bounds = command.quality.bounds(gate, list(found.ranking.versions))["coverage"]
    serving = next(each for each in found.ranking.versions if each.serves)
    assert [each.least for each in bounds] == [0.1, round(serving.metrics["coverage"] * 0.9, 4)]


def test_a_campaign_that_follows_serves_the_newest_version(environment: Running) -> None:
    solution = environment.deployed.parameters["rerank_solution_arn"]

    def call(operation: str, member: str, **params: str) -> object:
        if operation == "describe_campaign":
            return {"solutionVersionArn": f"{solution}/$LATEST", "status": "ACTIVE"}
        return command.Personalize(environment.deployed)(operation, member, **params)

    ranking = command.quality.ranking(call, environment.deployed.settings, environment.deployed.parameters)
    assert ranking
    assert [each.serves for each in ranking.versions] == [False, False, True]


# -- what is needed for it ---------------------------------------------------------------------------------------


def test_it_needs_what_the_documented_policy_allows_and_no_more(environment: Running, found: Found) -> None:
    (text,) = re.findall(r"```json\n(.*?)```", (CHECKOUT / "docs" / "explore.md").read_text(), re.DOTALL)
    allowed = {action for each in json.loads(text)["Statement"] for action in each["Action"]}
    # Both APIs of Personalize have the prefix `personalize`; the parameters are read by tools/deployed.py, and objects
    # of a bucket are listed by ListBucket (Service Authorization Reference).
    names = {"personalize-runtime:": "personalize:", "s3:ListObjectsV2": "s3:ListBucket"}
    called = set(environment.called)
    for name, action in names.items():
        called = {each.replace(name, action) for each in called}
    assert called | {"ssm:GetParametersByPath", "sts:GetCallerIdentity", "kms:Decrypt"} == allowed


def test_on_aws_an_operation_is_called_once_a_second(environment: Running) -> None:
    waited: list[float] = []
    call = command.Personalize(replace(environment.deployed, is_local=False), waited.append)
    arn = environment.deployed.parameters["filter_genre_arn"]
    for _ in range(3):
        call("describe_filter", "filter", filterArn=arn)
    call("describe_campaign", "campaign", campaignArn=environment.deployed.parameters["rerank_campaign_arn"])
    assert waited == [1.0, 1.0]


def test_the_control_plane_is_not_asked_again_for_each_user(environment: Running) -> None:
    before = len(environment.called)
    explore(environment.deployed, ["u1", "u2", "u3"], lambda line: None)
    calls = [each for each in environment.called[before:] if each.startswith("personalize:")]
    assert len(calls) < 20


# -- titles and genres -------------------------------------------------------------------------------------------

ROWS = [{"ITEM_ID": "1", "TITLE": "Alien", "NAME": "alien", "GENRES": "Horror|Sci-Fi", "KIND": "Film"}]


@pytest.mark.parametrize(
    ("settings", "rows", "shown"),
    [
        ({}, ROWS, ("Alien", "Horror, Sci-Fi")),
        ({"title": "NAME", "genres": "KIND"}, ROWS, ("alien", "Film")),
        ({}, [{"ITEM_ID": "1", "NAME": "alien"}], ("alien", "")),
        ({}, [{"ITEM_ID": "1", "TITLE": ""}], ("1", "")),
        ({}, [], ("1", "")),
    ],
)
def test_items_are_shown_by_the_columns_that_the_settings_choose(
    environment: Running, settings: dict[str, str], rows: list[dict[str, str]], shown: tuple[str, str]
) -> None:
    chosen = environment.deployed.settings.model_copy(update={"explore": ExploreSettings(**settings)})
    item = read_catalogue(chosen, rows, []).item("1")
    assert (item.title, item.genres) == shown


# -- the command -------------------------------------------------------------------------------------------------


def found_by_the_command(monkeypatch: pytest.MonkeyPatch, deployed: Deployed | Exception) -> None:
    def find(*_: object) -> Deployed:
        if isinstance(deployed, Exception):
            raise deployed
        return deployed

    monkeypatch.setattr(command, "find", find)


def test_the_command_writes_the_page(
    environment: Running, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    found_by_the_command(monkeypatch, environment.deployed)
    opened: list[str] = []
    monkeypatch.setattr(command.webbrowser, "open", opened.append)
    page = tmp_path / "explore-dev.html"
    assert command.main(["--users", "u3, u4", "--out", str(tmp_path), "--open"]) == 0
    assert f"The page: {page}" in capsys.readouterr().out
    assert "vod-dev: what it recommends" in page.read_text()
    assert opened == [page.as_uri()]


@pytest.mark.parametrize("missing", ["interactions_dataset_arn"])
def test_what_is_not_deployed_is_said_in_a_sentence(
    environment: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], missing: str
) -> None:
    parameters = {name: arn for name, arn in environment.deployed.parameters.items() if name != missing}
    found_by_the_command(monkeypatch, replace(environment.deployed, parameters=parameters))
    assert command.main([]) == 1
    said = capsys.readouterr().err
    assert said == f"vod-dev in a test has no parameter /vod/dev/{missing}. Deploy this environment again.\n"


def test_an_environment_that_cannot_be_reached_is_said_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found_by_the_command(monkeypatch, NotDeployedError("It is not there."))
    assert command.main([]) == 1
    assert capsys.readouterr().err == "It is not there.\n"


def test_data_that_cannot_be_read_are_said_in_a_sentence(
    environment: Running, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    s3 = environment.deployed.client("s3")

    def gone(**_: object) -> object:
        return s3.get_object(Bucket="movies", Key="gone.csv")

    class Broken:
        get_paginator = s3.get_paginator
        get_object = staticmethod(gone)

    clients = {"s3": Broken()}
    deployed = replace(environment.deployed, client=lambda name: clients.get(name) or environment.deployed.client(name))
    found_by_the_command(monkeypatch, deployed)
    assert command.main([]) == 1
    assert re.fullmatch(r"s3://movies/\S+ cannot be read: .*NoSuchKey.*\n", capsys.readouterr().err)


def test_so_many_users_are_too_many(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        command.main(["--users", ",".join(map(str, range(13)))])
    assert "at most 12 users, but there are 13." in capsys.readouterr().err
