"""Semantic similarity: items that are alike by their texts."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import RECIPE, Account, refusal

RECIPE_NAME = "aws-semantic-similarity"
HOUR = 3600.0
ID = {"name": "ITEM_ID", "type": "string"}
TITLE = {"name": "TITLE", "type": "string", "itemName": True}
PLOT = {"name": "PLOT", "type": ["null", "string"], "textual": True}
CREATED = {"name": "CREATION_TIMESTAMP", "type": "long"}
FILMS = [
    ("a", "Harbour", "A ship leaves the harbour at night"),
    ("b", "The Ship", "At night a ship comes home"),
    ("c", "Kitchen", "Two cooks and their soup"),
    ("d", "Soup", "Cooks who love soup"),
]


def open_films(account: Account, *more: dict[str, Any]) -> None:
    """A custom group with Items only."""
    account.open_group(domain=None)
    fields = [ID, TITLE, PLOT, *more]
    account.dataset("Items", schemaArn=account.schema("Items", records.schema("Items", fields), domain=None))
    lines = [
        ",".join(str(field["name"]) for field in fields),
        *(",".join([*film, *("1" for _ in more)]) for film in FILMS),
    ]
    assert account.imported("Items", "\n".join(lines))["status"] == "ACTIVE"


def similar(account: Account, campaign: str, item: str) -> list[str]:
    answer = account.runtime.get_recommendations(campaignArn=campaign, itemId=item)
    assert all(one.keys() == {"itemId"} for one in answer["itemList"])
    return [one["itemId"] for one in answer["itemList"]]


def put_film(account: Account, name: str, title: str, plot: str) -> None:
    item = {"itemId": name, "properties": json.dumps({"title": title, "plot": plot})}
    account.events.put_items(datasetArn=account.datasets["Items"], items=[item])


def deployed(account: Account, **options: Any) -> str:
    return account.campaign(account.version(account.solution(RECIPE_NAME, **options)))


def test_items_with_the_same_words_are_alike(account: Account) -> None:
    """Developer guide, "Semantic-Similarity recipe": no interactions are needed."""
    open_films(account)
    campaign = deployed(account)
    assert similar(account, campaign, "a")[0] == "b"
    assert similar(account, campaign, "c")[0] == "d"
    assert similar(account, campaign, "unknown") == ["a", "b", "c", "d"]


def test_metadata_need_not_be_enabled(account: Account) -> None:
    open_films(account)
    given = {"campaignArn": deployed(account), "itemId": "a", "metadataColumns": {"ITEMS": ["TITLE"]}}
    assert account.runtime.get_recommendations(**given)["itemList"][0]["metadata"] == {"title": "The Ship"}


@pytest.mark.parametrize("updates", [True, False])
def test_incremental_updates_bring_new_items_within_half_an_hour(account: Account, updates: bool) -> None:
    open_films(account)
    campaign = deployed(account, performIncrementalUpdate=updates)
    put_film(account, "e", "Ship", "A ship leaves at night")
    assert "e" not in similar(account, campaign, "a")
    account.wait(HOUR / 2)
    assert ("e" in similar(account, campaign, "a")) == updates
    if updates:
        assert similar(account, campaign, "e")[0] in ("a", "b")


@pytest.mark.parametrize("fields", [[ID, PLOT], [ID, {**TITLE, "itemName": False}, PLOT], [ID, TITLE, CREATED]])
def test_items_need_a_name_and_a_text(account: Account, fields: list[dict[str, Any]]) -> None:
    account.open_group(domain=None)
    account.dataset("Items", schemaArn=account.schema("Items", records.schema("Items", fields), domain=None))
    given = {"name": "s", "datasetGroupArn": account.group, "recipeArn": f"{RECIPE}/{RECIPE_NAME}"}
    code, message = refusal(account.personalize.create_solution, **given)
    assert (code, "itemName" in message) == ("InvalidInput", True)


@pytest.mark.parametrize(
    ("more", "influence", "words"),
    [
        ([], "FRESHNESS", "CREATION_TIMESTAMP"),
        ([CREATED], "FRESHNESS", None),
        ([], "POPULARITY", "no INTERACTIONS dataset"),
    ],
)
def test_influences_need_their_data(
    account: Account, more: list[dict[str, Any]], influence: str, words: str | None
) -> None:
    open_films(account, *more)
    version = account.version(account.solution(RECIPE_NAME))
    given = {"name": "c", "solutionVersionArn": version, "campaignConfig": {"rankingInfluence": {influence: 0.5}}}
    if words is None:
        account.personalize.create_campaign(**given)
        return
    code, message = refusal(account.personalize.create_campaign, **given)
    assert (code, words in message) == ("InvalidInput", True)


def test_metrics_are_those_that_have_a_name(account: Account) -> None:
    open_films(account)
    version = account.version(account.solution(RECIPE_NAME))
    assert account.personalize.get_solution_metrics(solutionVersionArn=version)["metrics"] == {"coverage": 1.0}


def test_a_training_fails_without_its_items(account: Account) -> None:
    open_films(account)
    solution = account.solution(RECIPE_NAME)
    account.delete("Dataset", account.datasets["Items"])
    account.wait()
    version = account.describe("SolutionVersion", account.version(solution))
    assert (version["status"], "ITEMS" in version["failureReason"]) == ("CREATE FAILED", True)


def test_automatic_training_needs_no_interactions(account: Account) -> None:
    open_films(account)
    solution = account.solution(RECIPE_NAME, performAutoTraining=True)
    account.wait(3 * HOUR)
    assert account.personalize.list_solution_versions(solutionArn=solution)["solutionVersions"]
