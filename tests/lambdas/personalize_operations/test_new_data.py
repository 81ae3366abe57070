"""What a refresh finds to do, against the emulator."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.personalize_operations import handler
from lambdas.personalize_operations.errors import OperationsError, TryAgainError
from tests.lambdas.personalize_operations.support.account import BUCKET, DAY, HOUR, INCOMING, Account
from tests.lambdas.personalize_provider.support import template_parts as blocks

HEADER = "ITEM_ID,GENRES,CREATION_TIMESTAMP\n"


def items(first: int, last: int) -> str:
    return HEADER + "".join(f"n{n},Drama,{n}\n" for n in range(first, last))


def locations(found: dict[str, Any]) -> list[str]:
    return [job["location"] for each in found["imports"] for job in each["jobs"]]


def begin_last(account: Account, found: dict[str, Any]) -> None:
    """Begin the last import that is due, as a refresh that is aborted before the import ends."""
    job = found["imports"][0]["jobs"][-1]
    account.cloud.personalize.create_dataset_import_job(
        jobName=job["job_name"],
        datasetArn=found["imports"][0]["dataset_arn"],
        dataSource={"dataLocation": job["location"]},
        roleArn=blocks.ROLE,
        importMode=job["import_mode"],
    )


def test_without_files_nothing_is_due(account: Account) -> None:
    stack = account.deploy()
    assert account.find(stack, "Items", "Interactions") == {
        "busy": False,
        "imports": [],
        "training_due": False,
        "why": f"Items: there are no files at {INCOMING}/items/. Interactions: there are no files at "
        f"{INCOMING}/interactions/. Nothing is trained: the last version knows all data.",
    }


def test_each_new_file_is_imported_once_in_the_order_of_their_coming(account: Account) -> None:
    stack = account.deploy_items()
    for name in ("c", "a", "b"):
        account.put(f"{INCOMING}/items/{name}.csv", items(ord(name), ord(name) + 5))
        account.cloud.time.sleep(2)
    # What stands for a folder, and what marks its end, is no data.
    account.put(f"{INCOMING}/items/", "")
    account.put(f"{INCOMING}/items/_SUCCESS", "")
    account.put(f"s3://{BUCKET}/incoming/items-of-others/d.csv", items(1, 2))
    found = account.find(stack)
    assert locations(found) == [f"{INCOMING}/items/{name}.csv" for name in ("c", "a", "b")]
    assert found["why"].startswith("Items: 3 imports are due. ")
    assert account.import_(found) == ["ACTIVE"] * 3
    again = account.find(stack)
    assert again["imports"] == []
    assert again["why"].startswith(f"Items: all that is at {INCOMING}/items/ has been imported. ")
    # Back to the content that it had, after another one, it is imported again: the other one has replaced it.
    for last in (103, 102):
        account.put(f"{INCOMING}/items/a.csv", items(97, last))
        assert account.import_(account.find(stack)) == ["ACTIVE"]
        assert account.find(stack)["imports"] == []


def test_a_full_import_by_a_deployment_makes_earlier_files_due_again(account: Account) -> None:
    stack = account.deploy_items()
    account.put(f"{INCOMING}/items/a.csv", items(1, 5))
    first = account.find(stack)
    assert account.import_(first) == ["ACTIVE"]
    account.cloud.time.sleep(HOUR)
    account.deploy_items(data="2")
    again = account.find(stack)
    assert locations(again) == locations(first)
    assert again["imports"][0]["jobs"][0]["job_name"] == first["imports"][0]["jobs"][0]["job_name"] + "-1"
    assert account.import_(again) == ["ACTIVE"]
    assert account.find(stack)["imports"] == []


def test_a_job_that_failed_is_tried_again_under_another_name(account: Account) -> None:
    stack = account.deploy_items()
    account.put(f"{INCOMING}/items/a.csv", "ITEM_ID,GENRES\nx,Drama\n")
    found = account.find(stack)
    assert account.import_(found) == ["CREATE FAILED"]
    again = account.find(stack)
    assert [job["job_name"] for job in again["imports"][0]["jobs"]] == [
        found["imports"][0]["jobs"][0]["job_name"] + "-1"
    ]
    account.put(f"{INCOMING}/items/a.csv", items(1, 5))
    assert account.import_(account.find(stack)) == ["ACTIVE"]
    assert account.find(stack)["imports"] == []


def test_a_job_that_an_aborted_refresh_began_is_waited_for(account: Account) -> None:
    stack = account.deploy_items()
    account.put(f"{INCOMING}/items/a.csv", items(1, 5))
    found = account.find(stack)
    begin_last(account, found)
    assert account.find(stack) == found
    calls = account.cloud.calls.count("CreateDatasetImportJob")
    assert account.import_(found) == ["ACTIVE"]
    # Asked for once more, refused by its name, and waited for.
    assert account.cloud.calls.count("CreateDatasetImportJob") == calls + 1
    assert account.find(stack)["imports"] == []


def test_a_full_import_that_somebody_began_is_waited_for_first(account: Account) -> None:
    stack = account.deploy_items()
    account.put(f"{INCOMING}/items/a.csv", items(1, 5))
    assert account.import_(account.find(stack)) == ["ACTIVE"]
    dataset = stack.resources["ItemsDataset"].attributes["DatasetArn"]
    account.cloud.personalize.create_dataset_import_job(
        jobName="by-hand",
        datasetArn=dataset,
        dataSource={"dataLocation": f"{blocks.BUCKET}/items.csv"},
        roleArn=blocks.ROLE,
        importMode="FULL",
    )
    assert account.find(stack) == {
        "busy": True,
        "imports": [],
        "training_due": False,
        "why": "Somebody else imports items: that is waited for.",
    }
    account.cloud.time.sleep(HOUR)
    found = account.find(stack)
    assert locations(found) == [f"{INCOMING}/items/a.csv"]
    assert account.import_(found) == ["ACTIVE"]
    assert account.find(stack)["imports"] == []


def test_a_full_import_of_a_refresh_that_another_has_overtaken_is_waited_for_too(account: Account) -> None:
    stack = account.deploy_items()
    for last in (5, 9):
        account.put(f"{INCOMING}/items/a.csv", items(1, last))
        begin_last(account, account.find(stack, import_mode="FULL"))
    assert account.find(stack, import_mode="FULL") == {
        "busy": True,
        "imports": [],
        "training_due": False,
        "why": "An earlier full import of items by a refresh is still under way: that is waited for, because it "
        "replaces everything when it ends.",
    }
    account.cloud.time.sleep(HOUR)
    assert not account.find(stack, import_mode="FULL")["busy"]


def test_all_at_once_is_one_job_of_the_location(account: Account) -> None:
    stack = account.deploy_items()
    account.put(f"{INCOMING}/items/a.csv", items(1, 5))
    account.put(f"{INCOMING}/items/b.csv", items(5, 9))
    # An import of a folder reads no folders in it.
    account.put(f"{INCOMING}/items/old/c.csv", items(9, 12))
    found = account.find(stack, import_mode="FULL")
    assert locations(found) == [f"{INCOMING}/items/"]
    assert account.import_(found) == ["ACTIVE"]
    assert account.find(stack, import_mode="FULL")["imports"] == []
    account.put(f"{INCOMING}/items/a.csv", items(1, 4))
    assert account.import_(account.find(stack, import_mode="FULL")) == ["ACTIVE"]
    # A deployment's import has replaced it.
    account.cloud.time.sleep(HOUR)
    account.deploy_items(data="2")
    assert account.import_(account.find(stack, import_mode="FULL")) == ["ACTIVE"]
    assert account.find(stack, import_mode="FULL")["imports"] == []


def test_what_a_deployment_imported_from_the_same_place_is_not_due(account: Account) -> None:
    account.put(f"{blocks.BUCKET}/items.csv", items(1, 50))
    account.cloud.time.sleep(60)
    stack = account.deploy_items()
    for mode in ("FULL", "INCREMENTAL"):
        event = {
            "datasets": [
                {
                    "type": "ITEMS",
                    "dataset_arn": stack.resources["ItemsDataset"].attributes["DatasetArn"],
                    "location": f"{blocks.BUCKET}/items.csv",
                    "import_mode": mode,
                }
            ],
            "job_prefix": "vod-dev_refresh",
            "train": "if-new",
            "solution_arn": None,
            "events_count": False,
        }
        answer = handler.run_find_new_data(event, account.clients, account.cloud.time)
        assert answer["imports"] == []
        assert answer["why"].endswith("Nothing is trained: there is no solution.")
        assert not answer["training_due"]


def test_the_first_import_takes_all_at_once(account: Account) -> None:
    stack = blocks.deployed(account.cloud, blocks.group())
    account.put(f"{INCOMING}/items/a.csv", items(1, 5))
    account.put(f"{INCOMING}/items/b.csv", items(5, 9))
    account.cloud.time.sleep(2)
    found = account.find(stack)
    assert locations(found) == [f"{INCOMING}/items/"]
    assert found["imports"][0]["jobs"][0]["import_mode"] == "FULL"
    assert account.import_(found) == ["ACTIVE"]
    account.put(f"{INCOMING}/items/c.csv", items(9, 12))
    assert locations(account.find(stack)) == [f"{INCOMING}/items/c.csv"]


# -- training -----------------------------------------------------------------------------------------------------


def test_data_that_came_without_a_training_makes_one_due(account: Account) -> None:
    stack = account.deploy()
    account.cloud.time.sleep(HOUR)
    account.put(f"{INCOMING}/items/a.csv", items(1, 5))
    found = account.find(stack, train="never")
    assert not found["training_due"]
    assert found["why"] == "Items: 1 import is due. Nothing is trained: this refresh only imports."
    assert account.find(stack)["why"] == "Items: 1 import is due. A version is trained, because data is imported."
    account.import_(found)
    # The refresh of another dataset notices it too.
    for kind in ("Items", "Interactions"):
        found = account.find(stack, kind)
        assert found["training_due"]
        assert found["why"].endswith("A version is trained, because data was imported since the last one.")
    account.cloud.personalize.create_solution_version(solutionArn=stack.resources["Solution"].attributes["SolutionArn"])
    assert not account.find(stack)["training_due"]


def test_events_make_a_training_due_once_a_day(account: Account) -> None:
    stack = account.deploy()
    assert not account.find(stack, events_count=True)["training_due"]
    account.cloud.time.sleep(DAY)
    assert account.find(stack, events_count=True)["training_due"]
    assert not account.find(stack)["training_due"]
    assert not account.find(stack, events_count=True, train="never")["training_due"]
    assert account.find(stack, train="always")["training_due"]


def test_the_first_version_is_due(account: Account) -> None:
    resources = {**blocks.group(), **blocks.data(), "Solution": blocks.solution()}
    stack = blocks.deployed(account.cloud, resources)
    assert account.find(stack)["why"].endswith("A version is trained: there is none yet.")


# -- errors -------------------------------------------------------------------------------------------------------


def test_a_location_that_is_none_is_said(account: Account) -> None:
    event = {"datasets": [{"type": "ITEMS", "dataset_arn": "x", "location": "incoming", "import_mode": "FULL"}]}
    with pytest.raises(OperationsError, match=r"The data location of items must be .* but is 'incoming'"):
        handler.run_find_new_data({**event, "job_prefix": "p"}, account.clients, account.cloud.time)


@pytest.mark.parametrize(
    ("code", "error", "sentence"),
    [
        ("ThrottlingException", TryAgainError, "look at the AWS Health Dashboard"),
        ("AccessDeniedException", TryAgainError, "role does not allow it"),
        ("InvalidInputException", OperationsError, "The function's log has the details"),
    ],
)
def test_what_a_service_refuses_is_a_sentence(
    account: Account, code: str, error: type[OperationsError], sentence: str
) -> None:
    stack = account.deploy_items()

    def refuse(**_: Any) -> None:
        raise ClientError({"Error": {"Code": code, "Message": "Not now."}}, "ListDatasetImportJobs")

    account.cloud.personalize.meta.events.register("before-call.personalize.ListDatasetImportJobs", refuse)
    with pytest.raises(OperationsError, match=sentence) as raised:
        account.find(stack)
    assert type(raised.value) is error
    assert str(raised.value).startswith("Could not look for new data: ListDatasetImportJobs failed with 'Not now'.")
