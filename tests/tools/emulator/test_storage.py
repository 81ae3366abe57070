"""Objects in a folder, and in an S3 that somebody else runs."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import pytest
from botocore.response import StreamingBody
from botocore.stub import Stubber

from tests.tools.emulator.support.account import ROLE
from tools.emulator import ObjectAccessDeniedError, ObjectNotFoundError
from tools.emulator.storage import FolderObjects, S3Objects, connect_s3


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("films/items.csv", "films/data/b.csv", "films/data/a.csv", "films/data/deep/c.csv", "others/x.csv"):
        file = tmp_path / "objects" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    (tmp_path / "secret").write_text("not for imports")
    return tmp_path / "objects"


@pytest.mark.parametrize(
    ("location", "keys"),
    [
        ("s3://films/items.csv", ["items.csv"]),
        ("s3://films/data/", ["data/a.csv", "data/b.csv", "data/deep/c.csv"]),
        ("s3://films/data", ["data/a.csv", "data/b.csv", "data/deep/c.csv"]),
        ("s3://others/", ["x.csv"]),
    ],
)
def test_a_folder_is_read_by_bucket_and_key(folder: Path, location: str, keys: list[str]) -> None:
    bucket = location.split("/")[2]
    assert list(FolderObjects(folder).read(ROLE, location)) == [(key, f"{bucket}/{key}".encode()) for key in keys]


@pytest.mark.parametrize(
    "location", ["s3://films/none.csv", "s3://nobody/x.csv", "s3://../secret", "s3://films/../../secret", "s3://"]
)
def test_nothing_else_is_read(folder: Path, location: str) -> None:
    with pytest.raises(ObjectNotFoundError):
        list(FolderObjects(folder).read(ROLE, location))


@pytest.mark.parametrize(
    ("prefix", "keys"),
    [
        ("s3://films/data/a", ["data/a.csv"]),
        ("s3://films/data/", ["data/a.csv", "data/b.csv", "data/deep/c.csv"]),
        ("s3://films/da", ["data/a.csv", "data/b.csv", "data/deep/c.csv"]),
    ],
)
def test_objects_of_a_folder_are_found_by_how_they_begin(folder: Path, prefix: str, keys: list[str]) -> None:
    assert [key for key, _ in FolderObjects(folder).find(ROLE, prefix)] == keys


def test_a_folder_takes_what_is_written(folder: Path) -> None:
    objects = FolderObjects(folder)
    objects.write(ROLE, "s3://films/out/new.json", b"{}")
    assert list(objects.read(ROLE, "s3://films/out/")) == [("out/new.json", b"{}")]
    for location in ("s3://nobody/new.json", "s3://../secret"):
        with pytest.raises(ObjectNotFoundError):
            objects.write(ROLE, location, b"{}")
    assert (folder.parent / "secret").read_text() == "not for imports"


# -- S3 ------------------------------------------------------------------------------------------------------------


@pytest.fixture
def s3() -> Any:
    return connect_s3("http://localhost:1")


def test_clients_have_credentials_of_the_environment_or_any(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AWS_ACCESS_KEY_ID", raising=False)
    assert connect_s3("http://localhost:1")._request_signer._credentials.access_key == "test"
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "mine")
    assert connect_s3("http://localhost:1")._request_signer._credentials.access_key == "mine"


@pytest.mark.parametrize(
    ("key", "there", "read"),
    [
        ("data/a.csv", ["data/a.csv", "data/a.csv.bak"], ["data/a.csv"]),
        ("data/", ["data/a.csv", "data/b.csv"], ["data/a.csv", "data/b.csv"]),
        ("data", ["data/a.csv", "database.csv"], ["data/a.csv"]),
        ("", ["a.csv"], ["a.csv"]),
    ],
)
def test_objects_are_read_by_their_key_or_folder(s3: Any, key: str, there: list[str], read: list[str]) -> None:
    with Stubber(s3) as server:
        listed = {"Contents": [{"Key": each} for each in there]}
        server.add_response("list_objects_v2", listed, {"Bucket": "films", "Prefix": key})
        for each in read:
            body = StreamingBody(io.BytesIO(each.encode()), len(each))
            server.add_response("get_object", {"Body": body}, {"Bucket": "films", "Key": each})
        assert list(S3Objects(s3).read(ROLE, f"s3://films/{key}")) == [(each, each.encode()) for each in read]


def test_objects_are_found_by_how_they_begin(s3: Any) -> None:
    with Stubber(s3) as server:
        server.add_response("list_objects_v2", {"Contents": [{"Key": "data/a.csv"}]}, None)
        server.add_response("get_object", {"Body": StreamingBody(io.BytesIO(b"a"), 1)}, None)
        assert list(S3Objects(s3).find(ROLE, "s3://films/data/a")) == [("data/a.csv", b"a")]


@pytest.mark.parametrize(
    ("key", "more"), [(None, {}), ("arn:key", {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": "arn:key"})]
)
def test_objects_are_written_with_their_key(s3: Any, key: str | None, more: dict[str, str]) -> None:
    with Stubber(s3) as server:
        server.add_response("put_object", {}, {"Bucket": "films", "Key": "out/a", "Body": b"a", **more})
        S3Objects(s3).write(ROLE, "s3://films/out/a", b"a", key_arn=key)
        server.assert_no_pending_responses()


def test_an_empty_folder_holds_nothing(s3: Any) -> None:
    with Stubber(s3) as server:
        server.add_response("list_objects_v2", {}, {"Bucket": "films", "Prefix": "data/"})
        with pytest.raises(ObjectNotFoundError, match="Nothing is at s3://films/data/"):
            list(S3Objects(s3).read(ROLE, "s3://films/data/"))


@pytest.mark.parametrize(
    ("code", "error"), [("AccessDenied", ObjectAccessDeniedError), ("NoSuchBucket", ObjectNotFoundError)]
)
def test_refusals_are_told_apart(s3: Any, code: str, error: type[Exception]) -> None:
    with Stubber(s3) as server:
        server.add_client_error("list_objects_v2", code)
        with pytest.raises(error, match=code):
            list(S3Objects(s3).read(ROLE, "s3://films/data/"))


def test_a_server_that_does_not_answer_is_no_crash(s3: Any) -> None:
    with pytest.raises(ObjectNotFoundError, match="S3 does not answer"):
        list(S3Objects(s3).read(ROLE, "s3://films/data/"))
