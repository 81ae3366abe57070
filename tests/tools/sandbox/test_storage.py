"""The emulator's objects in an S3 that somebody else runs: here MiniStack's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tools.emulator import ObjectNotFoundError
from tools.emulator.storage import S3Objects
from tools.sandbox.cloud import Cloud, client

pytestmark = pytest.mark.xdist_group("sandbox")

ROLE = "any"


@pytest.fixture(scope="module")
def s3() -> Iterator[Any]:
    with Cloud() as endpoint:
        found = client(endpoint, "s3")
        found.create_bucket(Bucket="films")
        for key in ("items.csv", "data/a.csv", "data/b.csv", "database.csv"):
            found.put_object(Bucket="films", Key=key, Body=key.encode())
        yield found


@pytest.mark.parametrize(
    ("location", "keys"),
    [
        ("s3://films/items.csv", ["items.csv"]),
        ("s3://films/data", ["data/a.csv", "data/b.csv"]),
        ("s3://films/data/", ["data/a.csv", "data/b.csv"]),
    ],
)
def test_it_reads_an_object_or_a_folder(s3: Any, location: str, keys: list[str]) -> None:
    assert list(S3Objects(s3).read(ROLE, location)) == [(key, key.encode()) for key in keys]


def test_it_finds_what_begins_so(s3: Any) -> None:
    found = [key for key, _ in S3Objects(s3).find(ROLE, "s3://films/data")]
    assert found == ["data/a.csv", "data/b.csv", "database.csv"]


def test_it_reads_what_it_has_written(s3: Any) -> None:
    objects = S3Objects(s3)
    objects.write(ROLE, "s3://films/out/answer.json", b"{}")
    assert list(objects.read(ROLE, "s3://films/out/answer.json")) == [("out/answer.json", b"{}")]


@pytest.mark.parametrize("location", ["s3://films/none.csv", "s3://nobody-has-it/items.csv"])
def test_what_is_missing_is_missing(s3: Any, location: str) -> None:
    with pytest.raises(ObjectNotFoundError):
        list(S3Objects(s3).read(ROLE, location))
