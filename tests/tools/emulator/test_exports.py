"""Dataset exports: which records they write, how, and what they need for it."""

from __future__ import annotations

import csv
import json
from typing import Any

import pytest

from tests.tools.emulator import test_actions as actions
from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import ROLE, Account, refusal
from tools.emulator.avro import parse
from tools.emulator.data import read_import
from tools.emulator.exports import to_csv
from tools.emulator.objects import MemoryObjects, NoOutput, ObjectNotFoundError

NOUN = "DatasetExportJob"
OUTPUT = {"s3DataDestination": {"path": "s3://movies/exports/"}}


def export(account: Account, kind: str, **params: Any) -> dict[str, Any]:
    wanted = {"datasetArn": account.datasets[kind], "roleArn": ROLE, "jobOutput": OUTPUT}
    return account.describe(NOUN, account.created(NOUN, **{**wanted, **params}))


def exported(account: Account, kind: str, **params: Any) -> list[list[str]]:
    """The rows of an export, header first."""
    job = export(account, kind, **params)
    assert job["status"] == "ACTIVE", job
    text = account.objects.objects[f"s3://movies/exports/{job['jobName']}.csv"].decode()
    return list(csv.reader(text.splitlines(), escapechar="\\"))


def put_item(account: Account, item: str, price: float) -> None:
    properties = json.dumps({"genres": "War", "creationTimestamp": 1, "price": price})
    account.events.put_items(datasetArn=account.datasets["Items"], items=[{"itemId": item, "properties": properties}])


def test_the_header_names_the_fields_of_the_schema(movies: Account) -> None:
    header, *rows = exported(movies, "Items", ingestionMode="BULK")
    assert header == [field["name"] for field in records.FIELDS["Items"]]
    assert rows[:2] == [["i0", "Comedy", "0", ""], ["i1", "Drama|War", "1", "0.5"]]
    assert len(rows) == 40


def test_only_what_was_recorded_one_by_one_is_exported_by_default(movies: Account) -> None:
    assert len(exported(movies, "Items")) == 1
    put_item(movies, "i7", 3)
    assert exported(movies, "Items")[1:] == [["i7", "War", "1", "3.0"]]


def test_of_both_the_newest_of_an_item_is_exported(movies: Account) -> None:
    put_item(movies, "i0", 3)
    rows = exported(movies, "Items", ingestionMode="ALL")[1:]
    assert (len(rows), [row for row in rows if row[0] == "i0"]) == (40, [["i0", "War", "1", "3.0"]])


def test_of_one_kind_all_that_are_different_are_exported(movies: Account) -> None:
    for price in (3, 4, 4):
        put_item(movies, "i0", price)
    assert exported(movies, "Items", ingestionMode="PUT")[1:] == [["i0", "War", "1", "3.0"], ["i0", "War", "1", "4.0"]]
    movies.imported("Items", records.csv("Items", [("i0", "War", 1, 9)]), importMode="INCREMENTAL")
    bulk = exported(movies, "Items", ingestionMode="BULK")[1:]
    assert [row for row in bulk if row[0] == "i0"] == [["i0", "Comedy", "0", ""], ["i0", "War", "1", "9.0"]]
    assert len(exported(movies, "Items", ingestionMode="PUT")) == 3


def test_a_full_import_replaces_what_bulk_exports_have(movies: Account) -> None:
    movies.imported("Items", records.csv("Items", [("i0", "War", 1, 9)]))
    assert exported(movies, "Items", ingestionMode="BULK")[1:] == [["i0", "War", "1", "9.0"]]


def test_all_interactions_are_exported(movies: Account) -> None:
    tracker = movies.tracker()
    event = {"eventType": "Watch", "sentAt": 1_700_000_000, "itemId": "i1"}
    movies.events.put_events(trackingId=tracker, sessionId="s", userId="new", eventList=[event])
    counts = {mode: len(exported(movies, "Interactions", ingestionMode=mode)) - 1 for mode in ("BULK", "PUT", "ALL")}
    assert counts == {"BULK": 1800, "PUT": 1, "ALL": 1801}


def test_records_that_are_the_same_are_exported_once(account: Account) -> None:
    account.open_group()
    account.dataset("Interactions")
    rows = records.interaction_rows()
    account.imported("Interactions", records.csv("Interactions", [*rows, *rows]))
    assert len(exported(account, "Interactions", ingestionMode="BULK")) - 1 == len(rows)


def test_what_is_exported_can_be_imported_again() -> None:
    fields = [
        {"name": "ITEM_ID", "type": "string"},
        {"name": "TITLE", "type": ["null", "string"], "categorical": True},
        {"name": "IS_NEW", "type": "boolean"},
    ]
    schema = parse(records.schema("Items", fields))
    rows = [
        {"ITEM_ID": "i1", "TITLE": 'The "Best", ever', "IS_NEW": True},
        {"ITEM_ID": "i2", "TITLE": None, "IS_NEW": False},
    ]
    objects = MemoryObjects()
    objects.put("s3://movies/items.csv", to_csv(schema, rows))
    columns = read_import(objects, ROLE, "s3://movies/items.csv", schema, 0)
    assert columns == {name: [row[name] for row in rows] for name in schema.names}


def test_a_job_answers_with_what_it_was_asked_for(movies: Account) -> None:
    job = export(movies, "Users", tags=[{"tagKey": "team", "tagValue": "a"}])
    assert {name: job[name] for name in ("ingestionMode", "roleArn", "jobOutput", "datasetArn")} == {
        "ingestionMode": "PUT",
        "roleArn": ROLE,
        "jobOutput": OUTPUT,
        "datasetArn": movies.datasets["Users"],
    }
    listed = movies.personalize.list_dataset_export_jobs(datasetArn=movies.datasets["Users"])["datasetExportJobs"]
    assert [one["datasetExportJobArn"] for one in listed] == [job["datasetExportJobArn"]]
    assert movies.personalize.list_tags_for_resource(resourceArn=job["datasetExportJobArn"])["tags"]
    assert movies.personalize.list_dataset_export_jobs(datasetArn=movies.datasets["Items"])["datasetExportJobs"] == []


@pytest.mark.parametrize("path", ["http://movies/exports", "s3:///exports"])
def test_the_output_goes_into_a_bucket(movies: Account, path: str) -> None:
    wanted = {"datasetArn": movies.datasets["Items"], "roleArn": ROLE, "jobName": "any"}
    create, output = movies.personalize.create_dataset_export_job, {"s3DataDestination": {"path": path}}
    assert refusal(create, **wanted, jobOutput=output) == ("InvalidInput", "Invalid S3 output path.")


def test_the_role_must_be_able_to_write(movies: Account) -> None:
    movies.objects.denied_writers.add(ROLE)
    job = export(movies, "Items")
    assert (job["status"], "Insufficient privileges" in job["failureReason"]) == ("CREATE FAILED", True)


def test_the_role_must_be_able_to_use_the_key(movies: Account) -> None:
    key = "arn:aws:kms:eu-west-1:000000000000:key/1"
    output = {"s3DataDestination": {"path": "s3://movies/exports", "kmsKeyArn": key}}
    assert export(movies, "Items", jobOutput=output)["status"] == "CREATE FAILED"
    movies.objects.encrypt("s3://secret/", key, users=[ROLE])
    assert export(movies, "Items", jobOutput=output)["status"] == "ACTIVE"


def test_a_dataset_must_be_active_and_can_go_meanwhile(account: Account) -> None:
    account.open_group()
    wanted = {"roleArn": ROLE, "jobOutput": OUTPUT}
    new = account.create(
        "Dataset", datasetGroupArn=account.group, datasetType="Users", schemaArn=account.schema("Users")
    )
    create = account.personalize.create_dataset_export_job
    assert refusal(create, jobName="any", datasetArn=new, **wanted)[0] == "ResourceInUse"
    account.wait()
    job = account.create(NOUN, datasetArn=new, **wanted)
    account.service._regions["eu-west-1"].datasets.pop(new)
    account.wait()
    assert account.describe(NOUN, job)["failureReason"] == "The dataset no longer exists."


def test_jobs_go_with_their_dataset(movies: Account) -> None:
    job = export(movies, "Users")["datasetExportJobArn"]
    movies.delete("Dataset", movies.datasets["Users"])
    movies.wait()
    assert movies.status(NOUN, job) == "GONE"


@pytest.mark.parametrize("kind", ["Actions", "ActionInteractions"])
def test_nothing_of_actions_is_exported(account: Account, kind: str) -> None:
    actions.open_group(account)
    wanted = {"datasetArn": account.datasets[kind], "roleArn": ROLE, "jobOutput": OUTPUT}
    code, message = refusal(account.personalize.create_dataset_export_job, jobName="any", **wanted)
    assert (code, "cannot be exported" in message) == ("InvalidInput", True)


def test_a_bucket_that_does_not_exist_fails_the_job(movies: Account, monkeypatch: pytest.MonkeyPatch) -> None:
    def write(*_: Any, **__: Any) -> None:
        raise ObjectNotFoundError("There is no bucket movies.")

    monkeypatch.setattr(movies.objects, "write", write)
    assert export(movies, "Items")["failureReason"] == "Invalid S3 output path. There is no bucket movies."


def test_what_an_event_says_beside_its_item_is_exported(account: Account) -> None:
    names = ("EVENT_VALUE", "IMPRESSION", "RECOMMENDATION_ID", "EVENT_ATTRIBUTION_SOURCE")
    types = {"EVENT_VALUE": "float"}
    fields = [{"name": name, "type": ["null", types.get(name, "string")]} for name in names]
    document = records.schema("Interactions", [*records.FIELDS["Interactions"], *fields])
    account.open_group()
    account.dataset("Interactions", schemaArn=account.schema("Interactions", document))
    event = {
        "eventType": "Watch",
        "sentAt": 1_700_000_000,
        "itemId": "i1",
        "eventValue": 0.5,
        "impression": ["i1", "i2"],
        "recommendationId": "RID-1",
        "metricAttribution": {"eventAttributionSource": "shop"},
    }
    account.events.put_events(trackingId=account.tracker(), sessionId="s", userId="u1", eventList=[event])
    header, row = exported(account, "Interactions")
    told = dict(zip(header, row, strict=True))
    assert {name: told[name] for name in names} == {
        "EVENT_VALUE": "0.5",
        "IMPRESSION": "i1|i2",
        "RECOMMENDATION_ID": "RID-1",
        "EVENT_ATTRIBUTION_SOURCE": "shop",
    }


def test_a_source_without_output_keeps_nothing() -> None:
    source = NoOutput()
    source.write(ROLE, "s3://movies/new.csv", b"")
    with pytest.raises(ObjectNotFoundError, match="Nothing is at s3://movies/"):
        source.find(ROLE, "s3://movies/")
