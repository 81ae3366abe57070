"""What the service puts into Amazon CloudWatch."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import REGION, Account, refusal
from tools.emulator import Datum, Fault

# Name, unit and dimension.
Measured = tuple[str, str, str]


def measured(account: Account, work: Callable[[], object]) -> dict[Measured, list[float]]:
    """The values of the metrics that something changes."""
    before = len(account.metrics.of(REGION))
    work()
    found: dict[Measured, list[float]] = {}
    for one in account.metrics.of(REGION)[before:]:
        ((dimension, arn),) = one.dimensions.items()
        assert re.match(r"arn:aws:personalize:eu-west-1:\d{12}:", arn)
        assert one.at <= account.clock.now()
        found.setdefault((one.name, one.unit, dimension), []).append(one.value)
    return found


def counts(found: dict[Measured, list[float]]) -> dict[tuple[str, str], int]:
    """Without latencies, how often each was counted, by name and dimension."""
    return {(name, key): len(values) for (name, unit, key), values in found.items() if unit == "Count"}


@pytest.fixture
def serving(movies: Account) -> tuple[Account, str]:
    return movies, movies.recommender()


def test_recommendations_are_counted_for_the_recommender(serving: tuple[Account, str]) -> None:
    account, recommender = serving
    found = measured(account, lambda: account.recommended(recommender))
    (milliseconds,) = found.pop(("GetRecommendationsLatency", "Milliseconds", "RecommenderArn"))
    assert milliseconds > 0
    assert found == {("GetRecommendations", "Count", "RecommenderArn"): [1]}


def test_rankings_are_counted_for_the_campaign(movies: Account) -> None:
    campaign = movies.campaign()
    found = measured(
        movies,
        lambda: movies.runtime.get_personalized_ranking(campaignArn=campaign, userId="u0", inputList=["i1", "i2"]),
    )
    assert found.keys() == {
        ("GetPersonalizedRanking", "Count", "CampaignArn"),
        ("GetPersonalizedRankingLatency", "Milliseconds", "CampaignArn"),
    }


@pytest.mark.parametrize(("fault", "name"), [("throttle", "4xxErrors"), ("server_error", "5xxErrors")])
def test_errors_are_counted_by_their_status(serving: tuple[Account, str], fault: str, name: str) -> None:
    account, recommender = serving
    account.service.faults.add(Fault(fault, "GetRecommendations"))
    found = measured(account, lambda: refusal(account.recommended, recommender=recommender))
    assert found == {(f"GetRecommendations{name}", "Count", "RecommenderArn"): [1]}


@pytest.mark.parametrize("arn", ["arn:aws:personalize:eu-west-1:000000000000:recommender/none", {"not": "text"}])
def test_what_does_not_exist_is_not_counted(account: Account, arn: object) -> None:
    assert measured(account, lambda: refusal(account.runtime.get_recommendations, recommenderArn=arn)) == {}


def test_events_are_counted_for_group_dataset_and_tracker(movies: Account) -> None:
    event = {"eventType": "Watch", "itemId": "i1", "sentAt": 1_700_000_000}
    wanted = {"trackingId": movies.tracker(), "sessionId": "s", "userId": "u0", "eventList": [event]}
    found = measured(movies, lambda: movies.events.put_events(**wanted))
    every = ("DatasetGroupArn", "DatasetArn", "EventTrackerArn")
    assert found.keys() == {
        *(("PutEventsRequests", "Count", key) for key in every),
        *(("PutEventLatency", "Milliseconds", key) for key in every),
    }
    wanted["trackingId"] = "unknown"
    assert measured(movies, lambda: refusal(movies.events.put_events, **wanted)) == {}


@pytest.mark.parametrize(
    ("kind", "properties"), [("Items", '{"genres": "Comedy", "creationTimestamp": 1}'), ("Users", '{"age": 30}')]
)
def test_records_are_counted_for_group_and_dataset(movies: Account, kind: str, properties: str) -> None:
    member = kind.lower()
    record = {f"{member[:-1]}Id": "new", "properties": properties}
    found = measured(
        movies,
        lambda: getattr(movies.events, f"put_{member}")(datasetArn=movies.datasets[kind], **{member: [record]}),
    )
    assert found.keys() == {
        (name, unit, key)
        for name, unit in ((f"Put{kind}Requests", "Count"), (f"Put{kind}Latency", "Milliseconds"))
        for key in ("DatasetGroupArn", "DatasetArn")
    }


OF_AN_IMPORT = ("DatasetArn", "DatasetGroupArn", "DatasetImportJobArn")


def test_an_import_is_counted_timed_and_weighed(movies: Account) -> None:
    body = records.csv("Items", records.item_rows())
    found = measured(movies, lambda: movies.imported("Items", body))
    assert found == {
        (name, unit, key): [value]
        for key in OF_AN_IMPORT
        for name, unit, value in (
            ("DatasetImportJobRequests", "Count", 1),
            ("DatasetSize", "Bytes", len(body)),
            ("DatasetImportJobExecutionTime", "Seconds", 600),
        )
    }


def test_an_import_that_is_refused_or_fails_is_an_error(movies: Account) -> None:
    job = {"datasetArn": movies.datasets["Items"], "dataSource": {"dataLocation": "nowhere"}, "roleArn": "r" * 20}
    refused = measured(movies, lambda: refusal(movies.personalize.create_dataset_import_job, jobName="job", **job))
    assert refused == {("DatasetImportJobError", "Count", key): [1] for key in OF_AN_IMPORT[:2]}
    failed = counts(measured(movies, lambda: movies.imported("Items", "NO,SUCH,COLUMNS\n")))
    assert failed == {
        (name, key): 1 for key in OF_AN_IMPORT for name in ("DatasetImportJobRequests", "DatasetImportJobError")
    }


def test_a_training_is_counted_and_timed(movies: Account) -> None:
    solution = movies.solution()
    found = measured(movies, lambda: movies.describe("SolutionVersion", movies.version(solution)))
    assert found == {
        (name, unit, key): [value]
        for key in ("SolutionArn", "SolutionVersionArn")
        for name, unit, value in (
            ("SolutionTrainingJobRequests", "Count", 1),
            ("SolutionTrainingJobExecutionTime", "Seconds", 3000),
        )
    }


def test_a_training_that_is_refused_or_fails_is_an_error(movies: Account) -> None:
    solution = movies.solution()
    movies.service.faults.add(Fault("fail", "CreateSolutionVersion"))
    failed = counts(measured(movies, lambda: movies.describe("SolutionVersion", movies.version(solution))))
    names = ("SolutionTrainingJobRequests", "SolutionTrainingJobError")
    assert failed == {(name, key): 1 for key in ("SolutionArn", "SolutionVersionArn") for name in names}
    movies.service.faults.add(Fault("limit_exceeded", "CreateSolutionVersion"))
    refused = measured(movies, lambda: refusal(movies.personalize.create_solution_version, solutionArn=solution))
    assert refused == {("SolutionTrainingJobError", "Count", "SolutionArn"): [1]}
    gone = f"{solution}-of-nobody"
    assert measured(movies, lambda: refusal(movies.personalize.create_solution_version, solutionArn=gone)) == {}


def test_other_requests_are_not_measured(account: Account) -> None:
    assert measured(account, account.open_group) == {}


def test_values_carry_the_time_of_the_request(serving: tuple[Account, str]) -> None:
    account, recommender = serving
    account.recommended(recommender)
    first, *_ = account.metrics.of(REGION)[-2:]
    expected = {"RecommenderArn": recommender}
    assert first == Datum("GetRecommendations", 1, "Count", expected, account.clock.now())


def test_a_region_sees_its_own_values(serving: tuple[Account, str]) -> None:
    account, recommender = serving
    account.recommended(recommender)
    assert account.metrics.of("us-east-1") == []
