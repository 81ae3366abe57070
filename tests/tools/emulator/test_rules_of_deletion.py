"""What keeps a resource from being deleted."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import RECIPE, REGION, Account, key, refusal
from tools.emulator import Fault, ServiceError
from tools.emulator.kinds import KINDS

EXPRESSION = 'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")'


def refused(account: Account, noun: str, arn: str) -> str:
    """The sentence with which a deletion is refused because of a use."""
    code, message = refusal(account.operation("delete", noun), **{f"{key(noun)}Arn": arn})
    assert code == "ResourceInUse"
    return message


def gone(account: Account, noun: str, arn: str) -> bool:
    """Delete a resource and tell whether that worked."""
    account.delete(noun, arn)
    account.wait()
    return account.status(noun, arn) == "GONE"


HOLDERS_OF_A_GROUP: dict[str, Callable[[Account], str]] = {
    "Dataset": lambda account: account.dataset("Users"),
    "Solution": lambda account: account.solution(),
    "Recommender": lambda account: account.created(
        "Recommender", datasetGroupArn=account.group, recipeArn=f"{RECIPE}/aws-vod-most-popular"
    ),
    "EventTracker": lambda account: account.created("EventTracker", datasetGroupArn=account.group),
    "MetricAttribution": lambda account: account.created("MetricAttribution", **records.attribution(account.group)),
}


@pytest.mark.parametrize("noun", HOLDERS_OF_A_GROUP)
def test_a_dataset_group_with_something_in_it_cannot_be_deleted(account: Account, noun: str) -> None:
    account.open_group()
    if noun != "Dataset":
        interactions = account.dataset("Interactions")
    held = HOLDERS_OF_A_GROUP[noun](account)
    assert held in refused(account, "DatasetGroup", account.group)
    assert gone(account, noun, held)
    if noun != "Dataset":
        assert gone(account, "Dataset", interactions)
    assert gone(account, "DatasetGroup", account.group)


def test_a_schema_in_use_cannot_be_deleted(account: Account) -> None:
    account.open_group()
    schema = account.schema("Users")
    dataset = account.dataset("Users", schemaArn=schema)
    assert dataset in refused(account, "Schema", schema)
    assert gone(account, "Dataset", dataset)
    account.delete("Schema", schema)


@pytest.mark.parametrize("kind", ["Interactions", "Items", "Users"])
def test_all_filters_go_before_any_dataset(movies: Account, kind: str) -> None:
    held = movies.filter(EXPRESSION)
    assert held in refused(movies, "Dataset", movies.datasets[kind])
    assert gone(movies, "Filter", held)
    assert gone(movies, "Dataset", movies.datasets[kind])


def test_the_event_tracker_goes_before_the_interactions(movies: Account) -> None:
    held = movies.created("EventTracker", datasetGroupArn=movies.group)
    assert held in refused(movies, "Dataset", movies.datasets["Interactions"])
    assert gone(movies, "Dataset", movies.datasets["Items"])
    assert gone(movies, "EventTracker", held)
    assert gone(movies, "Dataset", movies.datasets["Interactions"])


def test_campaigns_go_before_the_datasets_of_their_group(movies: Account) -> None:
    version = movies.version()
    campaign = movies.create("Campaign", solutionVersionArn=version)
    assert campaign in refused(movies, "Dataset", movies.datasets["Users"])
    movies.wait()
    assert campaign in refused(movies, "Dataset", movies.datasets["Users"])
    assert gone(movies, "Campaign", campaign)
    assert gone(movies, "Dataset", movies.datasets["Users"])


def test_campaigns_of_other_groups_and_failed_ones_do_not_keep_a_dataset(movies: Account) -> None:
    movies.service.faults.add(Fault("fail", "CreateCampaign"))
    movies.campaign()
    movies.fill()
    movies.campaign()
    first = next(
        one["datasetArn"]
        for one in movies.personalize.list_datasets()["datasets"]
        if one["datasetType"] == "USERS" and one["datasetArn"] != movies.datasets["Users"]
    )
    assert gone(movies, "Dataset", first)


def test_a_dataset_being_imported_into_cannot_be_deleted(movies: Account) -> None:
    job = movies.start_import("Users", records.csv("Users", records.user_rows()))
    assert job in refused(movies, "Dataset", movies.datasets["Users"])
    movies.wait()
    assert gone(movies, "Dataset", movies.datasets["Users"])


@pytest.mark.parametrize("noun", ["SolutionVersion", "Recommender"])
def test_a_dataset_being_trained_on_cannot_be_deleted(movies: Account, noun: str) -> None:
    params = (
        {"solutionArn": movies.solution()}
        if noun == "SolutionVersion"
        else {"datasetGroupArn": movies.group, "recipeArn": f"{RECIPE}/aws-vod-top-picks"}
    )
    trained = movies.create(noun, **params)
    assert trained in refused(movies, "Dataset", movies.datasets["Users"])
    movies.wait()
    assert gone(movies, "Dataset", movies.datasets["Users"])


def test_import_jobs_go_with_their_dataset(movies: Account) -> None:
    jobs = movies.personalize.list_dataset_import_jobs
    assert len(jobs(datasetArn=movies.datasets["Users"])["datasetImportJobs"]) == 1
    assert gone(movies, "Dataset", movies.datasets["Users"])
    assert jobs(datasetArn=movies.datasets["Users"])["datasetImportJobs"] == []


def test_a_solution_with_a_campaign_cannot_be_deleted(movies: Account) -> None:
    solution = movies.solution()
    campaign = movies.campaign(movies.version(solution))
    assert campaign in refused(movies, "Solution", solution)
    assert gone(movies, "Campaign", campaign)
    assert gone(movies, "Solution", solution)


def test_a_solution_in_training_cannot_be_deleted(movies: Account) -> None:
    solution = movies.solution()
    version = movies.create("SolutionVersion", solutionArn=solution)
    movies.wait(600)
    assert version in refused(movies, "Solution", solution)
    movies.personalize.stop_solution_version_creation(solutionVersionArn=version)
    assert "CREATE STOPPING" in refused(movies, "Solution", solution)
    movies.wait(60)
    assert gone(movies, "Solution", solution)


def test_a_solution_being_updated_cannot_be_deleted(movies: Account) -> None:
    solution = movies.solution()
    movies.update("Solution", solution, performAutoTraining=False)
    assert "An update of" in refused(movies, "Solution", solution)
    movies.wait()
    assert gone(movies, "Solution", solution)


def test_versions_go_with_their_solution(movies: Account) -> None:
    solution = movies.solution()
    version = movies.version(solution)
    assert gone(movies, "Solution", solution)
    assert movies.status("SolutionVersion", version) == "GONE"


@pytest.mark.parametrize("noun", ["DatasetGroup", "Dataset", "Recommender", "Solution", "Campaign", "Filter"])
def test_what_is_in_transition_cannot_be_deleted(movies: Account, noun: str) -> None:
    group = {"datasetGroupArn": movies.group}
    other = movies.created("DatasetGroup", domain="VIDEO_ON_DEMAND")
    params: dict[str, dict[str, Any]] = {
        "Dataset": {"datasetGroupArn": other, "datasetType": "Users", "schemaArn": movies.schema("Users")},
        "Recommender": {**group, "recipeArn": f"{RECIPE}/aws-vod-top-picks"},
        "Solution": {**group, "recipeArn": f"{RECIPE}/aws-sims", "performAutoTraining": False},
        "Campaign": {"solutionVersionArn": movies.version()} if noun == "Campaign" else {},
        "Filter": {**group, "filterExpression": EXPRESSION},
    }
    movies.service.faults.add(Fault("slow", f"Create{noun}", seconds=10))
    arn = movies.create(noun, **params.get(noun, {}))
    assert "CREATE PENDING" in refused(movies, noun, arn)
    movies.wait()
    movies.delete(noun, arn)
    assert "DELETE PENDING" in refused(movies, noun, arn)


def test_a_recommender_that_stops_cannot_be_deleted_until_it_has(movies: Account) -> None:
    arn = movies.recommender()
    movies.personalize.stop_recommender(recommenderArn=arn)
    assert "STOP PENDING" in refused(movies, "Recommender", arn)
    movies.wait()
    assert gone(movies, "Recommender", arn)


@pytest.mark.parametrize("noun", [noun for noun, kind in KINDS.items() if kind.can_be_deleted])
def test_deleting_what_is_not_there_is_not_found(account: Account, noun: str) -> None:
    arn = "arn:aws:personalize:eu-west-1:000000000000:nothing/here"
    assert refusal(account.operation("delete", noun), **{f"{key(noun)}Arn": arn})[0] == "ResourceNotFound"


@pytest.mark.parametrize("noun", ["DatasetImportJob", "SolutionVersion"])
def test_jobs_and_versions_cannot_be_deleted_by_themselves(account: Account, noun: str) -> None:
    with pytest.raises(ServiceError, match=f"personalize has no operation Delete{noun}"):
        account.service.call("personalize", f"Delete{noun}", {}, region=REGION, caller="test")


def test_in_the_recommended_order_everything_can_be_deleted(movies: Account) -> None:
    """Developer guide, "Requirements for deleting Amazon Personalize resources"."""
    solution = movies.solution()
    campaign = movies.campaign(movies.version(solution))
    recommender = movies.recommender()
    tracker = movies.created("EventTracker", datasetGroupArn=movies.group)
    attribution = movies.created("MetricAttribution", **records.attribution(movies.group))
    kept = movies.filter(EXPRESSION)
    schemas = [one["schemaArn"] for one in movies.personalize.list_schemas()["schemas"]]
    order = [
        ("Campaign", campaign),
        ("Recommender", recommender),
        ("Solution", solution),
        ("EventTracker", tracker),
        ("MetricAttribution", attribution),
        ("Filter", kept),
        *(("Dataset", arn) for arn in movies.datasets.values()),
        ("DatasetGroup", movies.group),
        *(("Schema", arn) for arn in schemas),
    ]
    for noun, arn in order:
        movies.delete(noun, arn)
        movies.wait()
    assert movies.service.state() == {"eu-west-1": []}
