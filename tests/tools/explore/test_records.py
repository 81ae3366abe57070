"""What is in a dataset is read from where it was imported."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
from moto import mock_aws

from tools.explore import records
from tools.explore.records import UnreadableError, count, imported, of_users

HEADER = "USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP"
DATASET = "arn:aws:personalize:eu-west-1:000000000000:dataset/vod/INTERACTIONS"


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "test")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "test")
    with mock_aws():
        client = boto3.client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="films")
        yield client
        # The fixture of the other tests keeps moto's buckets.
        for each in client.list_objects_v2(Bucket="films").get("Contents", []):
            client.delete_object(Bucket="films", Key=each["Key"])
        client.delete_bucket(Bucket="films")


def put(s3: Any, key: str, *rows: str) -> None:
    s3.put_object(Bucket="films", Key=key, Body="\n".join([HEADER, *rows, ""]).encode())


def jobs(*described: tuple[str, str, str]) -> Any:
    """The calls that find jobs: location, mode and status of each, oldest first."""
    known = {
        str(at): {"location": location, "mode": mode, "status": status}
        for at, (location, mode, status) in enumerate(described)
    }

    def call(operation: str, member: str, **params: Any) -> Any:
        if operation == "list_dataset_import_jobs":
            assert params == {"datasetArn": DATASET}
            found: list[Mapping[str, Any]] = [
                {
                    "datasetImportJobArn": arn,
                    "status": job["status"],
                    "importMode": job["mode"],
                    "creationDateTime": int(arn),
                }
                for arn, job in known.items()
            ]
            return found[::-1]
        location = known[params["datasetImportJobArn"]]["location"]
        return {"dataSource": {"dataLocation": f"s3://films/{location}"}}

    return call


def items_in(s3: Any, *described: tuple[str, str, str]) -> list[str]:
    return [row["ITEM_ID"] for row in imported(jobs(*described), s3, DATASET).rows()]


def test_a_full_import_replaces_what_was_there_and_increments_add_to_it(s3: Any) -> None:
    for key, item in [
        ("old.csv", "i1"),
        ("early/more.csv", "i2"),
        ("new.csv", "i3"),
        ("in/1.csv", "i4"),
        ("in/2.csv", "i5"),
    ]:
        put(s3, key, f"u,{item},Watch,1")
    assert items_in(
        s3,
        ("old.csv", "FULL", "ACTIVE"),
        ("early/more.csv", "INCREMENTAL", "ACTIVE"),
        ("new.csv", "FULL", "ACTIVE"),
        ("in/1.csv", "INCREMENTAL", "ACTIVE"),
        ("in/2.csv", "INCREMENTAL", "ACTIVE"),
    ) == ["i3", "i4", "i5"]


def test_what_failed_is_not_in_it(s3: Any) -> None:
    put(s3, "good.csv", "u,i1,Watch,1")
    put(s3, "bad.csv", "u,i2,Watch,1")
    assert items_in(s3, ("good.csv", "FULL", "ACTIVE"), ("bad.csv", "FULL", "CREATE FAILED")) == ["i1"]


def test_a_folder_is_what_is_right_in_it(s3: Any) -> None:
    for key in ("in/a.csv", "in/b.csv", "in/below/c.csv", "inside.csv"):
        put(s3, key, f"u,{key},Watch,1")
    s3.put_object(Bucket="films", Key="in/")
    assert items_in(s3, ("in/", "FULL", "ACTIVE")) == ["in/a.csv", "in/b.csv"]


def test_no_import_is_no_data(s3: Any) -> None:
    assert items_in(s3) == []


def test_of_large_data_the_beginning_is_read(s3: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    put(s3, "large.csv", *(f"u,item{at},Watch,1" for at in range(100)))
    put(s3, "next.csv", "u,never,Watch,1")
    # Within the item of the third record.
    monkeypatch.setattr(records, "MOST_BYTES", len(HEADER) + 1 + 2 * len("u,item0,Watch,1\n") + 4)
    data = imported(jobs(("large.csv", "FULL", "ACTIVE"), ("next.csv", "INCREMENTAL", "ACTIVE")), s3, DATASET)
    assert data.is_cut
    assert [row["ITEM_ID"] for row in data.rows()] == ["item0", "item1"]


def test_a_bucket_that_is_not_there_is_said_in_a_sentence(s3: Any) -> None:
    other = boto3.client("s3", region_name="us-east-1")
    other.meta.events.register("provide-client-params.s3", lambda params, **_: params | {"Bucket": "gone"})
    with pytest.raises(UnreadableError, match=r"s3://films/gone.csv cannot be listed: .*NoSuchBucket"):
        items_in(other, ("gone.csv", "FULL", "ACTIVE"))


def test_users_and_items_are_counted_and_rows_of_users_come_newest_first(s3: Any) -> None:
    put(s3, "all.csv", "u1,i1,Watch,3", "u1,i2,Watch,20", "u2,i1,Watch,4", "u1,i3,Watch,soon")
    data = imported(jobs(("all.csv", "FULL", "ACTIVE")), s3, DATASET)
    watched = count(data.rows())
    assert watched.users == {"u1": 3, "u2": 1}
    assert watched.items == {"i1": 2, "i2": 1, "i3": 1}
    rows = of_users(data.rows(), ["u1", "u3"])
    assert {user: [row["ITEM_ID"] for row in each] for user, each in rows.items()} == {
        "u1": ["i2", "i1", "i3"],
        "u3": [],
    }
