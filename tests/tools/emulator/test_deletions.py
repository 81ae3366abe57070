"""Data deletion jobs: whose records go, from where, and what the lists of users must look like."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.tools.emulator import test_actions as actions
from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import ROLE, Account, refusal
from tools.emulator import Quotas
from tools.emulator.deletions import read_users
from tools.emulator.jobs import JobFailedError

NOUN = "DataDeletionJob"
LOCATION = "s3://movies/leaving/"


def start(account: Account, location: str = LOCATION, **params: Any) -> str:
    wanted = {"datasetGroupArn": account.group, "dataSource": {"dataLocation": location}, "roleArn": ROLE}
    return account.create(NOUN, **{**wanted, **params})


def deleted(account: Account, *users: str) -> dict[str, Any]:
    """The settled job that deletes some users."""
    account.objects.put(f"{LOCATION}users.csv", "\n".join(["USER_ID", *users]) + "\n")
    arn = start(account)
    account.wait()
    return account.describe(NOUN, arn)


def events_of(account: Account, user: str) -> int:
    region = account.service._regions["eu-west-1"]
    return sum(1 for _ in region.datasets[account.datasets["Interactions"]].events_of(user))


def test_all_records_of_a_user_go_and_are_counted(movies: Account) -> None:
    tracker = movies.tracker()
    event = {"eventType": "Watch", "sentAt": 1_700_000_000, "itemId": "i1"}
    movies.events.put_events(trackingId=tracker, sessionId="s", userId="u1", eventList=[event])
    for age in (3, 4):
        users = [{"userId": "u1", "properties": json.dumps({"age": age})}]
        movies.events.put_users(datasetArn=movies.datasets["Users"], users=users)
    job = deleted(movies, "u1", "nobody")
    # 60 interactions in bulk and one event; the user in bulk and twice one by one.
    assert (job["status"], job["numDeleted"]) == ("COMPLETED", 64)
    assert (events_of(movies, "u1"), events_of(movies, "u2")) == (0, 60)
    assert deleted(movies, "u1")["numDeleted"] == 0


def test_items_and_other_users_stay(movies: Account) -> None:
    deleted(movies, "u1", "i1")
    region = movies.service._regions["eu-west-1"]
    assert region.datasets[movies.datasets["Items"]].row("i1")
    assert region.datasets[movies.datasets["Users"]].keys() == [f"u{n}" for n in range(30) if n != 1]


def test_later_trainings_do_not_know_the_users(movies: Account) -> None:
    deleted(movies, *(f"u{n}" for n in range(6)))
    version = movies.describe("SolutionVersion", movies.version())
    assert "fewer than 25 users" in version["failureReason"]


def test_the_statuses_are_its_own(movies: Account) -> None:
    movies.objects.put(f"{LOCATION}users.csv", "USER_ID\nu1\n")
    arn = start(movies)
    seen = [movies.status(NOUN, arn)]
    for seconds in (1000, 4000):
        movies.wait(seconds)
        seen.append(movies.status(NOUN, arn))
    assert seen == ["PENDING", "IN_PROGRESS", "COMPLETED"]
    assert events_of(movies, "u1") == 0


def test_until_it_is_done_the_records_are_there(movies: Account) -> None:
    movies.objects.put(f"{LOCATION}users.csv", "USER_ID\nu1\n")
    arn = start(movies)
    movies.wait(1000)
    assert "numDeleted" not in movies.describe(NOUN, arn)
    assert events_of(movies, "u1") == 60


def test_a_job_goes_with_its_dataset_group(account: Account) -> None:
    account.open_group()
    account.objects.put(f"{LOCATION}users.csv", "USER_ID\nu1\n")
    arn = start(account)
    account.wait()
    assert account.status(NOUN, arn) == "COMPLETED"
    account.delete("DatasetGroup", account.group)
    account.wait()
    assert account.status(NOUN, arn) == "GONE"
    assert account.personalize.list_data_deletion_jobs()["dataDeletionJobs"] == []


def test_the_newest_job_is_listed_first(movies: Account) -> None:
    first, second = deleted(movies, "u1")["dataDeletionJobArn"], deleted(movies, "u2")["dataDeletionJobArn"]
    listed = movies.personalize.list_data_deletion_jobs(datasetGroupArn=movies.group)["dataDeletionJobs"]
    assert [one["dataDeletionJobArn"] for one in listed] == [second, first]
    assert {one["status"] for one in listed} == {"COMPLETED"}


def test_five_jobs_of_a_group_are_pending(movies: Account) -> None:
    movies.objects.put(f"{LOCATION}users.csv", "USER_ID\nu1\n")
    for _ in range(Quotas().pending_data_deletion_jobs):
        start(movies)
    wanted = {"datasetGroupArn": movies.group, "dataSource": {"dataLocation": LOCATION}, "roleArn": ROLE}
    code, message = refusal(movies.personalize.create_data_deletion_job, jobName="sixth", **wanted)
    assert (code, message) == ("LimitExceeded", "More than 5 resources with PENDING status.")
    movies.wait(1000)
    start(movies)


def test_files_of_a_folder_and_those_below_count_if_they_are_csv(movies: Account) -> None:
    movies.objects.put(f"{LOCATION}below/more.csv", "USER_ID\nu2\n")
    movies.objects.put(f"{LOCATION}notes.txt", "USER_ID\nu3\n")
    assert deleted(movies, "u1")["numDeleted"] == 122
    assert events_of(movies, "u3") == 60


@pytest.mark.parametrize(
    ("files", "reason"),
    [
        ([("users.txt", b"USER_ID\nu1\n")], "no file whose name ends in .csv"),
        ([("users.csv", b"USER\nu1\n")], "its header is 'USER'"),
        ([("users.csv", b"USER_ID,AGE\nu1,3\n")], "its header is 'USER_ID,AGE'"),
        ([("users.csv", b"")], "its header is ''"),
        ([("users.csv", b"USER_ID\n\xff\n")], "not encoded in UTF-8"),
        ([("users.csv", b"USER_ID\n" + b"u" * 100)], "more than 50 bytes"),
    ],
)
def test_a_list_that_is_not_as_it_has_to_be_fails(files: list[tuple[str, bytes]], reason: str) -> None:
    with pytest.raises(JobFailedError, match=reason):
        read_users(files, 50)


def test_lists_may_have_quotes_and_empty_lines() -> None:
    assert read_users([("a.csv", '\ufeffUSER_ID\r\n"u1"\r\n\r\n u2 \r\n'.encode())], 100) == {"u1", "u2"}


def test_what_cannot_be_read_fails_the_job(movies: Account) -> None:
    arn = start(movies)
    movies.wait()
    job = movies.describe(NOUN, arn)
    assert (job["status"], job["failureReason"].startswith("Invalid Data location.")) == ("FAILED", True)
    movies.objects.denied_roles.add(ROLE)
    job = deleted(movies, "u1")
    assert (job["status"], job["failureReason"].startswith("Insufficient privileges")) == ("FAILED", True)
    assert refusal(
        movies.personalize.create_data_deletion_job,
        jobName="any",
        datasetGroupArn=movies.group,
        dataSource={"dataLocation": "https://movies.csv"},
        roleArn=ROLE,
    ) == ("InvalidInput", "Invalid Data location.")


def test_datasets_that_are_still_created_have_nothing_to_delete(account: Account) -> None:
    account.open_group()
    account.objects.put(f"{LOCATION}users.csv", "USER_ID\nu1\n")
    arn = start(account)
    account.wait(3595)
    account.create("Dataset", datasetGroupArn=account.group, datasetType="Users", schemaArn=account.schema("Users"))
    account.wait(5)
    assert account.describe(NOUN, arn)["numDeleted"] == 0


def test_a_model_that_knows_older_records_forgets_the_users_too(movies: Account) -> None:
    """A FULL import replaces the records, but the campaign serves with those of its training."""
    campaign = movies.campaign(recipe="aws-user-personalization")

    def recommended(user: str) -> list[str]:
        answer = movies.runtime.get_recommendations(campaignArn=campaign, userId=user)
        return [one["itemId"] for one in answer["itemList"]]

    movies.imported("Interactions", records.csv("Interactions", records.interaction_rows(users=29)))
    assert recommended("u1") != recommended("nobody")
    deleted(movies, "u1")
    assert recommended("u1") == recommended("nobody")


def test_interactions_with_actions_go_too_and_models_of_actions_stay(account: Account) -> None:
    actions.open_group(account)
    actions.load(account, "Actions", actions.action_rows())
    actions.load(account, "ActionInteractions", actions.interaction_rows({"join": 0.25, "rate": 0.75}))
    account.version(recipe="aws-next-best-action")
    # Each of 30 users has 60 interactions with items, and user 1 has 14 of 400 with actions.
    assert deleted(account, "u1")["numDeleted"] == 60 + 14
