"""Which columns are trained on: TrainingDataConfig of recommenders and solutions."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.emulator.support.account import RECIPE, Account, refusal

INCLUDED, EXCLUDED = "includedDatasetColumns", "excludedDatasetColumns"
RETRAINING, CHANGING = 3600.0, 600.0


def requests(account: Account, columns: dict[str, Any]) -> list[tuple[Any, dict[str, Any]]]:
    """Every request that names columns."""
    client, group, config = account.personalize, account.group, {"trainingDataConfig": columns}
    ranking, picks = f"{RECIPE}/aws-personalized-ranking", f"{RECIPE}/aws-vod-top-picks"
    solution = {"name": "s", "datasetGroupArn": group, "recipeArn": ranking, "solutionConfig": config}
    recommender = {"name": "r", "datasetGroupArn": group, "recipeArn": picks, "recommenderConfig": config}
    return [
        (client.create_solution, solution),
        (client.create_recommender, recommender),
        (client.update_recommender, {"recommenderArn": account.recommender(), "recommenderConfig": config}),
    ]


@pytest.mark.parametrize(
    "columns",
    [
        {EXCLUDED: {"ITEMS": ["PRICE", "GENRES"], "Users": ["PLAN"]}},
        {INCLUDED: {"items": ["GENRES"], "USERS": ["AGE"]}},
        {INCLUDED: {"ITEMS": ["GENRES"]}, EXCLUDED: {"USERS": ["AGE"]}},
        {INCLUDED: {"INTERACTIONS": ["EVENT_TYPE"]}},
    ],
)
def test_columns_are_included_and_excluded(movies: Account, columns: dict[str, Any]) -> None:
    for call, params in requests(movies, columns):
        answer = call(**params)
        movies.wait()
        noun = "Solution" if "solutionArn" in answer else "Recommender"
        description = movies.describe(noun, next(value for key, value in answer.items() if key.endswith("Arn")))
        assert description["status"] == "ACTIVE"
        config = description["solutionConfig" if noun == "Solution" else "recommenderConfig"]
        assert config["trainingDataConfig"] == columns


@pytest.mark.parametrize("column", ["EVENT_TYPE", "USER_ID", "ITEM_ID", "TIMESTAMP", "event_type"])
def test_some_columns_are_always_trained_on(movies: Account, column: str) -> None:
    """Developer guide, "Configuring columns used when training", for EVENT_TYPE; inferred for the others."""
    for call, params in requests(movies, {EXCLUDED: {"INTERACTIONS": [column]}}):
        code, message = refusal(call, **params)
        assert (code, f"{column} cannot be excluded" in message) == ("InvalidInput", True)


@pytest.mark.parametrize("member", [INCLUDED, EXCLUDED])
@pytest.mark.parametrize(
    ("columns", "words"),
    [
        ({"ITEMS": ["PRICE", "DIRECTOR"]}, "the ITEMS dataset has no column DIRECTOR"),
        ({"ACTIONS": ["VALUE"]}, "no ACTIONS dataset"),
    ],
)
def test_columns_and_datasets_must_be_there(
    movies: Account, member: str, columns: dict[str, list[str]], words: str
) -> None:
    for call, params in requests(movies, {member: columns}):
        code, message = refusal(call, **params)
        assert (code, words in message, member in message) == ("InvalidInput", True, True), message


@pytest.mark.parametrize("member", [INCLUDED, EXCLUDED])
def test_other_columns_make_a_recommender_train_again(movies: Account, member: str) -> None:
    """API reference, UpdateRecommender."""
    arn = movies.recommender()
    config = {"trainingDataConfig": {member: {"ITEMS": ["GENRES"]}}}
    for seconds in (RETRAINING, CHANGING):
        movies.update("Recommender", arn, recommenderConfig=config)
        movies.wait(seconds - 1)
        assert movies.describe("Recommender", arn)["latestRecommenderUpdate"]["status"] == "CREATE IN_PROGRESS"
        movies.wait(1)
        assert movies.describe("Recommender", arn)["latestRecommenderUpdate"]["status"] == "ACTIVE"


def test_a_version_shows_the_columns_of_its_solution(movies: Account) -> None:
    config = {"trainingDataConfig": {INCLUDED: {"ITEMS": ["GENRES"]}}}
    version = movies.version(movies.solution(solutionConfig=config))
    assert movies.describe("SolutionVersion", version)["solutionConfig"] == config
