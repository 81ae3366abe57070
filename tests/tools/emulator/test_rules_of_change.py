"""What the service refuses to update, stop, start or measure, and with which error."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import RECIPE, VOD, Account, refusal
from tools.emulator import Behaviour, Fault

STUDIO = {"name": "STUDIO", "type": ["null", "string"], "categorical": True}


def longer_schema(account: Account) -> str:
    return account.schema("Items", records.schema("Items", [*records.FIELDS["Items"], STUDIO]))


def updates(account: Account) -> list[tuple[str, str, dict[str, Any]]]:
    """Kind, resource and change of every update."""
    return [
        ("Dataset", account.datasets["Items"], {"schemaArn": longer_schema(account)}),
        ("Recommender", account.recommender(), {"recommenderConfig": {"minRecommendationRequestsPerSecond": 2}}),
        ("Solution", account.solution(), {"performAutoTraining": True}),
        ("Campaign", account.campaign(), {"minProvisionedTPS": 2}),
    ]


def call_update(account: Account, noun: str, arn: str, **change: Any) -> tuple[str, str]:
    return refusal(account.operation("update", noun), **{f"{noun[0].lower()}{noun[1:]}Arn": arn}, **change)


def test_a_second_update_has_to_wait_for_the_first(movies: Account) -> None:
    for noun, arn, change in updates(movies):
        movies.update(noun, arn, **change)
        code, message = call_update(movies, noun, arn, **change)
        assert (code, "An update of" in message) == ("ResourceInUse", True)
        movies.wait()
        movies.update(noun, arn, **change)
        movies.wait()


@pytest.mark.parametrize(
    ("noun", "recipe", "change"),
    [
        ("Recommender", "aws-vod-top-picks", {"recommenderConfig": {}}),
        ("Solution", "aws-sims", {"performAutoTraining": False}),
    ],
)
def test_what_is_being_created_cannot_be_updated(
    movies: Account, noun: str, recipe: str, change: dict[str, Any]
) -> None:
    movies.service.faults.add(Fault("slow", f"Create{noun}", seconds=10))
    arn = movies.create(noun, datasetGroupArn=movies.group, recipeArn=f"{RECIPE}/{recipe}")
    assert call_update(movies, noun, arn, **change)[0] == "ResourceInUse"


def test_what_failed_to_be_created_cannot_be_updated_unless_it_is_a_campaign(movies: Account) -> None:
    movies.service.faults.add(Fault("fail", "CreateSolution"))
    failed = movies.solution()
    code, message = call_update(movies, "Solution", failed, performAutoTraining=False)
    assert (code, "CREATE FAILED" in message) == ("InvalidInput", True)


def test_a_stopped_recommender_cannot_be_updated(movies: Account) -> None:
    arn = movies.recommender()
    movies.personalize.stop_recommender(recommenderArn=arn)
    assert call_update(movies, "Recommender", arn, recommenderConfig={})[0] == "ResourceInUse"
    movies.wait()
    assert call_update(movies, "Recommender", arn, recommenderConfig={})[0] == "InvalidInput"


def test_a_stopped_recommender_can_be_updated_if_the_service_lets_it() -> None:
    """Which of the two holds no source says; it is updated without being started."""
    account = Account(behaviour=Behaviour(updates_inactive_recommenders=True))
    account.fill()
    arn = account.recommender()
    account.personalize.stop_recommender(recommenderArn=arn)
    account.wait()
    account.update("Recommender", arn, recommenderConfig={"minRecommendationRequestsPerSecond": 2})
    assert account.status("Recommender", arn) == "INACTIVE"
    account.wait()
    description = account.describe("Recommender", arn)
    assert description["status"] == "INACTIVE"
    assert description["latestRecommenderUpdate"]["status"] == "ACTIVE"
    assert description["recommenderConfig"]["minRecommendationRequestsPerSecond"] == 2
    account.personalize.start_recommender(recommenderArn=arn)
    account.wait()
    assert account.status("Recommender", arn) == "ACTIVE"


def test_a_stopped_recommender_can_be_deleted(movies: Account) -> None:
    arn = movies.recommender()
    movies.personalize.stop_recommender(recommenderArn=arn)
    movies.wait()
    movies.delete("Recommender", arn)
    movies.wait()
    assert movies.status("Recommender", arn) == "GONE"


def unchanged(account: Account) -> list[tuple[str, str, dict[str, Any]]]:
    """Kind, resource and an update to what is there already."""
    version = account.version()
    schema = account.describe("Dataset", account.datasets["Items"])["schemaArn"]
    config = {"minRecommendationRequestsPerSecond": 1}
    return [
        ("Dataset", account.datasets["Items"], {"schemaArn": schema}),
        ("Recommender", account.recommender(), {"recommenderConfig": config}),
        ("Recommender", account.recommender(), {"recommenderConfig": {}}),
        ("Solution", account.solution(), {"performAutoTraining": False}),
        ("Campaign", account.campaign(version), {"solutionVersionArn": version, "minProvisionedTPS": 1}),
        ("Campaign", account.campaign(version), {}),
    ]


def test_an_update_that_changes_nothing_is_refused_if_the_service_does_so() -> None:
    account = Account(behaviour=Behaviour(refuses_unchanged=True))
    account.fill()
    for noun, arn, change in unchanged(account):
        code, message = call_update(account, noun, arn, **change)
        assert (code, message) == ("InvalidInput", f"The update of {arn} changes nothing.")
    for noun, arn, change in updates(account):
        account.update(noun, arn, **change)
        account.wait()
        assert call_update(account, noun, arn, **change)[0] == "InvalidInput"


def test_an_update_that_changes_nothing_is_taken_by_default(movies: Account) -> None:
    for noun, arn, change in unchanged(movies):
        movies.update(noun, arn, **change)


def test_a_replacement_schema_must_be_of_the_same_type(movies: Account) -> None:
    code, message = call_update(movies, "Dataset", movies.datasets["Items"], schemaArn=movies.schema("Users"))
    assert (code, "type USERS, not ITEMS" in message) == ("InvalidInput", True)


def test_a_replacement_schema_must_be_of_the_same_domain(movies: Account) -> None:
    schema = movies.schema("Items", domain=None)
    code, message = call_update(movies, "Dataset", movies.datasets["Items"], schemaArn=schema)
    assert (code, VOD in message) == ("InvalidInput", True)


def test_a_replacement_schema_must_exist(movies: Account) -> None:
    schema = movies.schema("Items")
    movies.delete("Schema", schema)
    assert call_update(movies, "Dataset", movies.datasets["Items"], schemaArn=schema)[0] == "ResourceNotFound"


def test_an_updated_schedule_has_the_same_range(movies: Account) -> None:
    config = {"autoTrainingConfig": {"schedulingExpression": "rate(31 days)"}}
    code, message = call_update(movies, "Solution", movies.solution(), solutionUpdateConfig=config)
    assert (code, "from 1 to 30" in message) == ("InvalidInput", True)


def test_a_campaign_is_updated_only_to_an_active_version(movies: Account) -> None:
    version = movies.create("SolutionVersion", solutionArn=movies.solution())
    movies.wait(60)
    campaign = movies.campaign()
    movies.service.faults.add(Fault("fail", "CreateSolutionVersion"))
    failed = movies.version()
    assert movies.status("SolutionVersion", version) == "ACTIVE"
    movies.update("Campaign", campaign, solutionVersionArn=version)
    movies.wait()
    assert call_update(movies, "Campaign", campaign, solutionVersionArn=failed)[0] == "InvalidInput"
    training = movies.create("SolutionVersion", solutionArn=movies.solution())
    assert call_update(movies, "Campaign", campaign, solutionVersionArn=training)[0] == "ResourceInUse"


@pytest.mark.parametrize("operation", ["stop_recommender", "start_recommender"])
def test_a_recommender_in_transition_is_not_switched(movies: Account, operation: str) -> None:
    arn = movies.create("Recommender", datasetGroupArn=movies.group, recipeArn=f"{RECIPE}/aws-vod-top-picks")
    assert refusal(getattr(movies.personalize, operation), recommenderArn=arn)[0] == "ResourceInUse"


def test_a_recommender_being_updated_is_not_stopped(movies: Account) -> None:
    arn = movies.recommender()
    movies.update("Recommender", arn, recommenderConfig={"minRecommendationRequestsPerSecond": 2})
    assert refusal(movies.personalize.stop_recommender, recommenderArn=arn)[0] == "ResourceInUse"


def test_only_an_inactive_recommender_starts_and_only_an_active_one_stops(movies: Account) -> None:
    arn = movies.recommender()
    assert refusal(movies.personalize.start_recommender, recommenderArn=arn)[0] == "InvalidInput"
    movies.personalize.stop_recommender(recommenderArn=arn)
    movies.wait()
    assert refusal(movies.personalize.stop_recommender, recommenderArn=arn)[0] == "InvalidInput"


def test_only_a_training_under_way_can_be_stopped(movies: Account) -> None:
    arn = movies.version()
    code, message = refusal(movies.personalize.stop_solution_version_creation, solutionVersionArn=arn)
    assert (code, "is ACTIVE" in message) == ("InvalidInput", True)


def test_a_version_has_metrics_once_it_is_trained(movies: Account) -> None:
    metrics = movies.personalize.get_solution_metrics
    arn = movies.create("SolutionVersion", solutionArn=movies.solution())
    assert refusal(metrics, solutionVersionArn=arn)[0] == "ResourceInUse"
    movies.wait()
    assert metrics(solutionVersionArn=arn)["solutionVersionArn"] == arn
    movies.service.faults.add(Fault("fail", "CreateSolutionVersion"))
    failed = movies.version()
    assert refusal(metrics, solutionVersionArn=failed)[0] == "InvalidInput"
