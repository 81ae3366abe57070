"""Faults on demand."""

from __future__ import annotations

import pytest
from botocore.exceptions import ClientError

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import Account, refusal
from tools.emulator import Durations, Fault, Faults
from tools.emulator.faults import REFUSALS


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        ("throttle", "ThrottlingException", 400),
        ("server_error", "InternalServerException", 500),
        ("unavailable", "ServiceUnavailableException", 503),
        ("access_denied", "AccessDeniedException", 400),
        ("limit_exceeded", "LimitExceededException", 400),
    ],
)
def test_a_refusal_has_no_effect_and_is_over_after_one_request(
    account: Account, kind: str, code: str, status: int
) -> None:
    account.service.faults.add(Fault(kind, "CreateDatasetGroup"))
    with pytest.raises(ClientError) as caught:
        account.create("DatasetGroup", name="movies")
    assert caught.value.response["Error"] == {"Code": code, "Message": REFUSALS[kind][1]}
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert account.service.faults.listed() == []
    assert account.personalize.list_dataset_groups()["datasetGroups"] == []
    account.create("DatasetGroup", name="movies")


def test_a_crash_after_commit_has_its_effect(account: Account) -> None:
    account.service.faults.add(Fault("crash_after_commit", "CreateDatasetGroup"))
    assert refusal(account.personalize.create_dataset_group, name="movies")[0] == "InternalServer"
    assert [one["name"] for one in account.personalize.list_dataset_groups()["datasetGroups"]] == ["movies"]


@pytest.mark.parametrize(("count", "refused"), [(1, 1), (2, 2), (None, 3)])
def test_a_fault_meets_as_many_requests_as_it_says(account: Account, count: int | None, refused: int) -> None:
    account.service.faults.add(Fault("throttle", count=count))
    outcomes = []
    for _ in range(3):
        try:
            account.personalize.list_schemas()
            outcomes.append("ok")
        except ClientError:
            outcomes.append("throttled")
    assert outcomes.count("throttled") == refused


def test_a_message_of_ones_own(account: Account) -> None:
    account.service.faults.add(Fault("limit_exceeded", "CreateSchema", message="No more schemas today."))
    _, message = refusal(account.personalize.create_schema, name="s", schema=records.schema("Items"))
    assert message == "No more schemas today."


@pytest.mark.parametrize(
    ("operation", "resource", "met"),
    [
        ("*", "*", True),
        ("Create*", "*", True),
        ("Delete*", "*", False),
        ("CreateDatasetGroup", "mov*", True),
        ("CreateDatasetGroup", "books", False),
    ],
)
def test_operations_and_names_are_matched_by_globs(account: Account, operation: str, resource: str, met: bool) -> None:
    account.service.faults.add(Fault("throttle", operation, resource))
    if met:
        assert refusal(account.personalize.create_dataset_group, name="movies")[0] == "Throttling"
    else:
        account.personalize.create_dataset_group(name="movies")


@pytest.mark.parametrize("resource", ["movies", "*:dataset-group/movies"])
def test_a_resource_is_known_by_its_name_and_by_its_arn(account: Account, resource: str) -> None:
    arn = account.created("DatasetGroup", name="movies")
    account.service.faults.add(Fault("throttle", "DescribeDatasetGroup", resource))
    assert refusal(account.personalize.describe_dataset_group, datasetGroupArn=arn)[0] == "Throttling"


def test_the_first_fault_that_matches_is_the_one(account: Account) -> None:
    account.service.faults.add(Fault("throttle", "ListSchemas"))
    account.service.faults.add(Fault("server_error"))
    assert refusal(account.personalize.list_dataset_groups)[0] == "InternalServer"
    assert refusal(account.personalize.list_schemas)[0] == "Throttling"


@pytest.mark.parametrize(
    ("fault", "seconds"),
    [
        (Fault("slow", "CreateDatasetGroup", seconds=30), Durations().create_dataset_group + 30),
        (Fault("duration", "CreateDatasetGroup", seconds=30), 30),
    ],
)
def test_things_take_longer_on_demand(fault: Fault, seconds: float) -> None:
    account = Account(faults=Faults(fault))
    arn = account.create("DatasetGroup")
    account.wait(seconds - 1)
    assert account.status("DatasetGroup", arn) == "CREATE IN_PROGRESS"
    account.wait(1)
    assert account.status("DatasetGroup", arn) == "ACTIVE"


def test_deletions_take_longer_too(account: Account) -> None:
    arn = account.created("DatasetGroup")
    account.service.faults.add(Fault("slow", "DeleteDatasetGroup", seconds=500))
    account.delete("DatasetGroup", arn)
    account.wait(500)
    assert account.status("DatasetGroup", arn) == "DELETE PENDING"
    account.wait(Durations().delete_dataset_group)
    assert account.status("DatasetGroup", arn) == "GONE"


def test_a_failure_without_a_message_has_the_usual_one(account: Account) -> None:
    account.service.faults.add(Fault("fail", "CreateDatasetGroup"))
    arn = account.created("DatasetGroup")
    reason = account.describe("DatasetGroup", arn)["failureReason"]
    assert reason == "Internal service error. Please try again."


def test_an_automatic_training_fails_like_one_by_hand(movies: Account) -> None:
    solution = movies.created(
        "Solution", datasetGroupArn=movies.group, recipeArn="arn:aws:personalize:::recipe/aws-sims"
    )
    movies.service.faults.add(Fault("fail", "CreateSolutionVersion", f"{solution}/*", message="No GPU."))
    movies.wait()
    movies.wait()
    (version,) = movies.personalize.list_solution_versions(solutionArn=solution)["solutionVersions"]
    assert (version["status"], version["failureReason"]) == ("CREATE FAILED", "No GPU.")


def test_there_are_only_so_many_kinds() -> None:
    with pytest.raises(ValueError, match="No fault is called 'earthquake'; choose one of throttle, "):
        Fault("earthquake")


def test_faults_are_listed_and_unset() -> None:
    faults = Faults(Fault("throttle", "Create*", count=2))
    assert faults.listed() == [
        {
            "kind": "throttle",
            "operation": "Create*",
            "resource": "*",
            "count": 2,
            "message": None,
            "seconds": 0.0,
        }
    ]
    faults.clear()
    assert faults.listed() == []


def test_a_refusal_on_a_runtime_api_reaches_the_client(movies: Account) -> None:
    recommender = movies.recommender()
    movies.service.faults.add(Fault("unavailable", "GetRecommendations"))
    code, _ = refusal(movies.runtime.get_recommendations, recommenderArn=recommender, userId="u0")
    assert code == "ServiceUnavailable"
    assert len(movies.recommended(recommender)) > 0
