"""Statuses by the clock: creation, update, deletion, stopping, and their failures."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import RECIPE, ROLE, Account, key, refusal
from tests.tools.emulator.support.batch import INPUT, batch_params
from tools.emulator import Durations, Fault
from tools.emulator.kinds import KINDS

ADD_FIELD = [*records.FIELDS["Items"], {"name": "STUDIO", "type": ["null", "string"], "categorical": True}]


def params_of(account: Account, noun: str) -> dict[str, Any]:
    """What it takes to create a resource of a kind in the account `movies`."""
    group = {"datasetGroupArn": account.group}
    match noun:
        case "DatasetGroup":
            return {"domain": "VIDEO_ON_DEMAND"}
        case "Dataset":
            other = account.created("DatasetGroup", domain="VIDEO_ON_DEMAND")
            return {"datasetGroupArn": other, "datasetType": "Items", "schemaArn": account.schema("Items")}
        case "DatasetImportJob":
            account.objects.put("s3://movies/more.csv", records.csv("Users", records.user_rows()))
            location = {"dataLocation": "s3://movies/more.csv"}
            return {"datasetArn": account.datasets["Users"], "dataSource": location, "roleArn": ROLE}
        case "Recommender":
            return {**group, "recipeArn": f"{RECIPE}/aws-vod-top-picks"}
        case "Solution":
            return {**group, "recipeArn": f"{RECIPE}/aws-personalized-ranking", "performAutoTraining": False}
        case "SolutionVersion":
            return {"solutionArn": account.solution()}
        case "Campaign":
            return {"solutionVersionArn": account.version()}
        case "Filter":
            return {**group, "filterExpression": 'INCLUDE ItemID WHERE Items.GENRES IN ("War")'}
        case "MetricAttribution":
            return records.attribution(account.group)
        case "DatasetExportJob":
            output = {"s3DataDestination": {"path": "s3://movies/exports/"}}
            return {"datasetArn": account.datasets["Items"], "jobOutput": output, "roleArn": ROLE}
        case "BatchInferenceJob":
            account.objects.put(INPUT, '{"userId": "u1"}')
            return batch_params(account.version(recipe="aws-user-personalization"))
        case "BatchSegmentJob":
            account.objects.put(INPUT, '{"itemId": "i1"}')
            return batch_params(account.version(recipe="aws-item-affinity"))
        case "DataDeletionJob":
            account.objects.put("s3://movies/leaving.csv", "USER_ID\nu1\n")
            return {**group, "dataSource": {"dataLocation": "s3://movies/leaving.csv"}, "roleArn": ROLE}
        case _:
            return group


def statuses_of(noun: str) -> tuple[str, str, str, str]:
    """Statuses of a creation: at first, on the way, at its end, and when it fails."""
    if noun == "DataDeletionJob":
        return "PENDING", "IN_PROGRESS", "COMPLETED", "FAILED"
    return "CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE", "CREATE FAILED"


KINDS_WITH_STATUS = [noun for noun, kind in KINDS.items() if kind.has_status]
DELETED_IN_TWO_STEPS = [
    noun for noun, kind in KINDS.items() if kind.has_status and kind.can_be_deleted and not kind.deletes_from_pending
]


@pytest.mark.parametrize("noun", KINDS_WITH_STATUS)
def test_creation_goes_from_pending_by_way_of_in_progress_to_active(movies: Account, noun: str) -> None:
    params = params_of(movies, noun)
    seconds = Durations().of("create", noun) or 10
    pending, working, done, _ = statuses_of(noun)
    movies.service.faults.add(Fault("duration", f"Create{noun}", seconds=seconds))
    arn = movies.create(noun, **params)
    assert movies.status(noun, arn) == pending
    movies.wait(seconds * 0.1)
    assert movies.status(noun, arn) == working
    movies.wait(seconds * 0.9 - 1)
    assert movies.status(noun, arn) == working
    movies.wait(1)
    assert movies.status(noun, arn) == done


def test_a_solution_is_active_at_once(movies: Account) -> None:
    """As recorded in aws-samples/amazon-personalize-samples, user_segmentation_example.ipynb, cells 64 and 130."""
    solution = movies.describe("Solution", movies.create("Solution", **params_of(movies, "Solution")))
    assert solution["status"] == "ACTIVE"
    assert solution["lastUpdatedDateTime"] == solution["creationDateTime"]
    movies.personalize.create_solution_version(solutionArn=solution["solutionArn"])


@pytest.mark.parametrize("noun", KINDS_WITH_STATUS)
def test_a_creation_that_fails_says_why(movies: Account, noun: str) -> None:
    params = params_of(movies, noun)
    movies.service.faults.add(Fault("fail", f"Create{noun}", message="No more disks."))
    description = movies.describe(noun, movies.created(noun, **params))
    assert description["status"] == statuses_of(noun)[3]
    # The other descriptions have no such member.
    if noun not in ("Dataset", "Solution", "EventTracker"):
        assert description["failureReason"] == "No more disks."


def test_times_of_creation_and_of_the_last_change_are_those_of_the_clock(account: Account) -> None:
    before = account.clock.now()
    arn = account.created("DatasetGroup")
    description = account.describe("DatasetGroup", arn)
    assert description["creationDateTime"].timestamp() == before
    assert description["lastUpdatedDateTime"].timestamp() == before + Durations().create_dataset_group


def test_a_schema_exists_at_once_and_goes_at_once(account: Account) -> None:
    arn = account.schema("Items")
    assert account.describe("Schema", arn)["schema"] == records.schema("Items")
    account.delete("Schema", arn)
    assert refusal(account.personalize.describe_schema, schemaArn=arn)[0] == "ResourceNotFound"


@pytest.mark.parametrize("noun", DELETED_IN_TWO_STEPS)
def test_deletion_goes_from_pending_by_way_of_in_progress_to_gone(movies: Account, noun: str) -> None:
    arn = movies.created(noun, **params_of(movies, noun))
    seconds = Durations().of("delete", noun)
    movies.delete(noun, arn)
    assert movies.status(noun, arn) == "DELETE PENDING"
    movies.wait(seconds * 0.5)
    assert movies.status(noun, arn) == "DELETE IN_PROGRESS"
    movies.wait(seconds * 0.5)
    assert movies.status(noun, arn) == "GONE"


def test_a_dataset_group_is_only_ever_delete_pending(account: Account) -> None:
    arn = account.created("DatasetGroup")
    account.delete("DatasetGroup", arn)
    account.wait(Durations().delete_dataset_group - 1)
    assert account.status("DatasetGroup", arn) == "DELETE PENDING"
    account.wait(1)
    assert account.status("DatasetGroup", arn) == "GONE"


def test_what_failed_to_be_created_can_be_deleted(account: Account) -> None:
    account.service.faults.add(Fault("fail", "CreateDatasetGroup"))
    arn = account.created("DatasetGroup")
    account.delete("DatasetGroup", arn)
    account.wait()
    assert account.status("DatasetGroup", arn) == "GONE"


def test_a_name_is_free_again_once_its_resource_is_gone(account: Account) -> None:
    arn = account.created("DatasetGroup", name="movies")
    account.delete("DatasetGroup", arn)
    account.wait()
    assert account.create("DatasetGroup", name="movies") == arn


UPDATES: dict[str, tuple[str, dict[str, Any]]] = {
    "Recommender": ("latestRecommenderUpdate", {"recommenderConfig": {"minRecommendationRequestsPerSecond": 3}}),
    "Solution": ("latestSolutionUpdate", {"performAutoTraining": True}),
    "Campaign": ("latestCampaignUpdate", {"minProvisionedTPS": 3}),
}


def update_of(account: Account, noun: str) -> tuple[str, str, dict[str, Any]]:
    """A resource, the member that shows its update, and the request."""
    if noun == "Dataset":
        schema = account.schema("Items", records.schema("Items", ADD_FIELD))
        return account.datasets["Items"], "latestDatasetUpdate", {"schemaArn": schema}
    latest, change = UPDATES[noun]
    return account.created(noun, **params_of(account, noun)), latest, change


@pytest.mark.parametrize("noun", ["Dataset", *UPDATES])
def test_an_update_has_a_status_of_its_own_and_counts_once_it_is_active(movies: Account, noun: str) -> None:
    arn, latest, change = update_of(movies, noun)
    seconds = Durations().of("update", noun)
    before = movies.describe(noun, arn)
    assert latest not in before
    movies.update(noun, arn, **change)
    seen = []
    for passed in (0, seconds * 0.5, seconds * 0.5):
        movies.wait(passed)
        seen.append(movies.describe(noun, arn))
    own = ["UPDATE PENDING", "UPDATE IN_PROGRESS", "ACTIVE"] if noun == "Dataset" else ["ACTIVE"] * 3
    assert [one["status"] for one in seen] == own
    assert [one[latest]["status"] for one in seen] == ["CREATE PENDING", "CREATE IN_PROGRESS", "ACTIVE"]
    member, value = next(iter(change.items()))
    shown = [one[member] for one in seen]
    assert shown[:2] == [before[member]] * 2
    assert shown[2] != before[member]
    assert shown[2] == ({**before[member], **value} if isinstance(value, dict) else value)


@pytest.mark.parametrize("noun", ["Dataset", *UPDATES])
def test_an_update_that_fails_says_why_and_changes_nothing(movies: Account, noun: str) -> None:
    arn, latest, change = update_of(movies, noun)
    before = movies.describe(noun, arn)
    movies.service.faults.add(Fault("fail", f"Update{noun}", message="No more disks."))
    movies.update(noun, arn, **change)
    movies.wait()
    after = movies.describe(noun, arn)
    assert (after[latest]["status"], after[latest]["failureReason"]) == ("CREATE FAILED", "No more disks.")
    # A dataset shows in its own status that it was being updated.
    moved = {"lastUpdatedDateTime"} if noun == "Dataset" else set()
    assert [member for member in before if after[member] != before[member] and member not in moved] == []


def test_the_update_of_a_dataset_fails_if_its_schema_has_gone_meanwhile(movies: Account) -> None:
    schema = movies.schema("Items", records.schema("Items", ADD_FIELD))
    movies.update("Dataset", movies.datasets["Items"], schemaArn=schema)
    movies.delete("Schema", schema)
    movies.wait()
    update = movies.describe("Dataset", movies.datasets["Items"])["latestDatasetUpdate"]
    assert (update["status"], update["failureReason"]) == ("CREATE FAILED", "The schema no longer exists.")


def test_a_failed_campaign_becomes_active_by_an_update(movies: Account) -> None:
    movies.service.faults.add(Fault("fail", "CreateCampaign"))
    arn = movies.campaign()
    assert movies.status("Campaign", arn) == "CREATE FAILED"
    movies.update("Campaign", arn, minProvisionedTPS=1)
    movies.wait()
    assert movies.status("Campaign", arn) == "ACTIVE"


def test_changing_the_columns_of_a_recommender_trains_it_again(movies: Account) -> None:
    arn = movies.recommender()
    columns = {"excludedDatasetColumns": {"Items": ["PRICE"]}}
    movies.update("Recommender", arn, recommenderConfig={"trainingDataConfig": columns})
    movies.wait(Durations().update_recommender)
    assert movies.describe("Recommender", arn)["latestRecommenderUpdate"]["status"] == "CREATE IN_PROGRESS"
    movies.wait(Durations().retrain_recommender - Durations().update_recommender)
    description = movies.describe("Recommender", arn)
    assert description["latestRecommenderUpdate"]["status"] == "ACTIVE"
    assert description["recommenderConfig"]["trainingDataConfig"] == columns
    assert description["recommenderConfig"]["minRecommendationRequestsPerSecond"] == 1


def test_a_recommender_stops_and_starts(movies: Account) -> None:
    arn = movies.recommender()
    seen = []
    for switch, seconds in (
        (movies.personalize.stop_recommender, Durations().stop_recommender),
        (movies.personalize.start_recommender, Durations().start_recommender),
    ):
        assert switch(recommenderArn=arn)["recommenderArn"] == arn
        for passed in (0, seconds * 0.5, seconds * 0.5):
            movies.wait(passed)
            seen.append(movies.status("Recommender", arn))
    assert seen == ["STOP PENDING", "STOP IN_PROGRESS", "INACTIVE", "START PENDING", "START IN_PROGRESS", "ACTIVE"]


def test_a_training_stops_at_once_while_pending(movies: Account) -> None:
    arn = movies.create("SolutionVersion", solutionArn=movies.solution())
    movies.personalize.stop_solution_version_creation(solutionVersionArn=arn)
    assert movies.status("SolutionVersion", arn) == "CREATE STOPPED"
    movies.wait()
    assert movies.status("SolutionVersion", arn) == "CREATE STOPPED"


def test_a_training_in_progress_takes_a_while_to_stop(movies: Account) -> None:
    arn = movies.create("SolutionVersion", solutionArn=movies.solution())
    movies.wait(Durations().create_solution_version * 0.5)
    movies.personalize.stop_solution_version_creation(solutionVersionArn=arn)
    assert movies.status("SolutionVersion", arn) == "CREATE STOPPING"
    movies.wait(Durations().stop_solution_version)
    assert movies.status("SolutionVersion", arn) == "CREATE STOPPED"
    movies.wait()
    assert movies.status("SolutionVersion", arn) == "CREATE STOPPED"


def test_a_trained_version_tells_how_long_it_took(movies: Account) -> None:
    description = movies.describe("SolutionVersion", movies.version())
    assert description["trainingHours"] == round(Durations().create_solution_version / 3600, 3)
    assert (description["trainingMode"], description["trainingType"]) == ("FULL", "MANUAL")


def test_durations_can_be_chosen() -> None:
    account = Account(durations=Durations(create_dataset_group=7))
    arn = account.create("DatasetGroup")
    account.wait(6)
    assert account.status("DatasetGroup", arn) == "CREATE IN_PROGRESS"
    account.wait(1)
    assert account.status("DatasetGroup", arn) == "ACTIVE"


def test_regions_know_nothing_of_each_other(account: Account) -> None:
    arn = account.created("DatasetGroup", name="movies")
    elsewhere = account.client("personalize", region="us-west-2")
    assert refusal(elsewhere.describe_dataset_group, datasetGroupArn=arn)[0] == "ResourceNotFound"
    assert ":us-west-2:" in elsewhere.create_dataset_group(name="movies")["datasetGroupArn"]


@pytest.mark.parametrize("noun", [*KINDS_WITH_STATUS, "Schema"])
def test_describing_what_does_not_exist_is_not_found(account: Account, noun: str) -> None:
    arn = "arn:aws:personalize:eu-west-1:000000000000:nothing/here"
    code, message = refusal(account.operation("describe", noun), **{f"{key(noun)}Arn": arn})
    is_group = noun == "DatasetGroup"
    sentence = f"The given dataset group does not exist: {arn}" if is_group else f"Resource Arn {arn} does not exist."
    assert (code, message) == ("ResourceNotFound", sentence)


def test_an_arn_of_another_kind_is_not_found(account: Account) -> None:
    group = account.created("DatasetGroup")
    assert refusal(account.personalize.describe_solution, solutionArn=group)[0] == "ResourceNotFound"


def test_the_same_requests_give_the_same_identifiers() -> None:
    arns = []
    for account in (Account(), Account()):
        account.open_group()
        account.dataset("Interactions")
        arns.append(account.created("EventTracker", datasetGroupArn=account.group))
    assert arns[0] == arns[1]
