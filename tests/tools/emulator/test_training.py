"""What training needs, and what it sees."""

from __future__ import annotations

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import RECIPE, VOD, Account
from tools.emulator import Quotas

FEW_USERS = "Dataset has fewer than 25 users with at least 2 interactions each."


def trained(account: Account, rows: list[tuple[object, ...]], noun: str = "SolutionVersion", **params: str) -> str:
    """Status, or failure reason, of a training on these interactions."""
    account.open_group()
    account.dataset("Interactions")
    account.dataset("Items")
    account.imported("Items", records.csv("Items", records.item_rows()))
    job = account.imported("Interactions", records.csv("Interactions", rows))
    assert job["status"] == "ACTIVE", job
    is_version = noun == "SolutionVersion"
    arn = account.version(account.solution(**params)) if is_version else account.recommender(**params)
    description = account.describe(noun, arn)
    return str(description.get("failureReason", description["status"]))


def rows(users: int, each: int, events: int = 10**6) -> list[tuple[object, ...]]:
    """Interactions of which the first `events` are watches, the others clicks."""
    numbered = enumerate((user, step) for user in range(users) for step in range(each))
    return [
        (f"u{user}", f"i{(user + step) % 40}", "Watch" if number < events else "Click", number)
        for number, (user, step) in numbered
    ]


@pytest.mark.parametrize("noun", ["SolutionVersion", "Recommender"])
@pytest.mark.parametrize(("users", "outcome"), [(25, "ACTIVE"), (24, FEW_USERS)])
def test_25_users_with_two_interactions_are_needed(account: Account, noun: str, users: int, outcome: str) -> None:
    assert trained(account, rows(users, 50), noun) == outcome


def test_users_with_one_interaction_do_not_count(account: Account) -> None:
    single = [(f"single{n}", "i1", "Watch", n) for n in range(100)]
    assert trained(account, [*rows(24, 50), *single]) == FEW_USERS


@pytest.mark.parametrize(
    ("watches", "outcome"),
    [(1000, "ACTIVE"), (999, "Dataset has fewer than 1000 interactions after filtering by event type: Watch")],
)
def test_1000_interactions_of_the_event_type_are_needed(account: Account, watches: int, outcome: str) -> None:
    assert trained(account, rows(50, 40, events=watches), eventType="Watch") == outcome


@pytest.mark.parametrize(
    ("use_case", "outcome"),
    [
        ("aws-vod-most-popular", "Dataset has fewer than 1000 interactions after filtering by event type: Watch"),
        (
            "aws-vod-because-you-watched-x",
            "Dataset has fewer than 1000 interactions after filtering by event type: Watch",
        ),
        ("aws-vod-top-picks", "ACTIVE"),
        ("aws-vod-more-like-x", "ACTIVE"),
        ("aws-vod-trending-now", "ACTIVE"),
    ],
)
def test_some_use_cases_need_watches(account: Account, use_case: str, outcome: str) -> None:
    assert trained(account, rows(50, 40, events=999), "Recommender", use_case=use_case) == outcome


def test_event_types_are_matched_in_any_case(account: Account) -> None:
    assert trained(account, rows(50, 40), eventType="wATCH") == "ACTIVE"


def test_the_same_interaction_counts_once(account: Account) -> None:
    assert trained(account, rows(50, 19) * 2) == "Dataset has fewer than 1000 interactions"


def test_a_dataset_without_interactions_trains_nothing(account: Account) -> None:
    account.open_group()
    account.dataset("Interactions")
    version = account.version()
    assert account.describe("SolutionVersion", version)["failureReason"] == "Dataset has fewer than 1000 interactions"


def test_a_group_without_interactions_dataset_trains_nothing(account: Account) -> None:
    account.open_group()
    interactions = account.dataset("Interactions")
    solution = account.solution()
    account.delete("Dataset", interactions)
    account.wait()
    reason = account.describe("SolutionVersion", account.version(solution))["failureReason"]
    assert reason == "The dataset group has no INTERACTIONS dataset, which aws-personalized-ranking needs."


@pytest.mark.parametrize(("percent", "status"), [(50, "ACTIVE"), (51, "CREATE FAILED")])
def test_a_share_of_all_users_needs_two_interactions(percent: int, status: str) -> None:
    """Quotas: 1 percent; here as many users have one interaction as have more."""
    account = Account(quotas=Quotas(percent_of_users_to_train=percent))
    account.open_group()
    account.dataset("Interactions")
    once = [(f"once{n}", "i1", "Watch", 1_600_000_000) for n in range(30)]
    job = account.imported("Interactions", records.csv("Interactions", records.interaction_rows() + once))
    assert job["status"] == "ACTIVE", job
    version = account.describe("SolutionVersion", account.version())
    assert version["status"] == status, version
    if status != "ACTIVE":
        assert version["failureReason"].startswith("Dataset has less than 51 percent of all users")


def test_recorded_events_count_for_training(account: Account) -> None:
    account.open_group()
    account.dataset("Interactions")
    tracking_id = account.tracker()
    for user in range(50):
        for batch in range(2):
            events = [
                {"eventType": "Watch", "itemId": f"i{n}", "sentAt": 1_600_000_000 + n}
                for n in range(batch * 10, batch * 10 + 10)
            ]
            account.events.put_events(trackingId=tracking_id, userId=f"u{user}", sessionId="s", eventList=events)
    assert account.status("SolutionVersion", account.version()) == "ACTIVE"


def test_a_training_sees_the_data_of_the_time_it_starts(account: Account) -> None:
    account.fill()
    solution = account.solution()
    arn = account.create("SolutionVersion", solutionArn=solution)
    account.wait(600)
    renamed = [(user, f"new-{item}", *rest) for user, item, *rest in records.interaction_rows()]
    account.start_import("Interactions", records.csv("Interactions", renamed))
    account.wait()
    ranked = account.runtime.get_personalized_ranking(
        campaignArn=account.campaign(arn), userId="nobody", inputList=["new-i1", "i1"]
    )["personalizedRanking"]
    assert [item["itemId"] for item in ranked] == ["i1", "new-i1"]


def test_a_version_inherits_what_its_solution_says(movies: Account) -> None:
    config = {"algorithmHyperParameters": {"hidden_dimension": "64"}}
    solution = movies.solution(eventType="Watch", solutionConfig=config)
    version = movies.describe("SolutionVersion", movies.version(solution))
    assert version["solutionArn"] == solution
    assert version["datasetGroupArn"] == movies.group
    assert version["recipeArn"] == f"{RECIPE}/aws-personalized-ranking"
    assert version["eventType"] == "Watch"
    assert version["solutionConfig"] == config


def test_a_solution_shows_its_latest_version(movies: Account) -> None:
    solution = movies.solution()
    assert "latestSolutionVersion" not in movies.describe("Solution", solution)
    movies.version(solution)
    newest = movies.create("SolutionVersion", solutionArn=solution)
    latest = movies.describe("Solution", solution)["latestSolutionVersion"]
    assert (latest["solutionVersionArn"], latest["status"]) == (newest, "CREATE PENDING")


def test_a_domain_group_can_be_told_from_a_custom_one(account: Account) -> None:
    assert account.describe("DatasetGroup", account.open_group())["domain"] == VOD
    assert "domain" not in account.describe("DatasetGroup", account.open_group(None))
