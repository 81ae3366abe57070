"""Where the files of a dataset are: in a folder, or in S3, read with the credentials of whoever calls."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from stacks.settings import Settings
from stacks.settings_checks import STANDS_FOR_A_BUCKET, is_placeholder

# What S3 answers where the service would find nothing either.
_MISSING = frozenset({"404", "NoSuchKey", "NoSuchBucket", "NotFound"})


class NotFoundError(Exception):
    """There are no files, so the service would find none; str() is what the user reads."""


class UnreadableError(Exception):
    """Whoever calls cannot read the files, which says nothing about the service; str() is what the user reads."""


class File(Protocol):
    """A file of data.

    Attributes:
        name: path or s3:// location, as the user reads it.
        size: bytes.
    """

    @property
    def name(self) -> str: ...
    @property
    def size(self) -> int: ...

    def head(self, size: int) -> bytes:
        """The first bytes, that many at most."""

    def fetched(self, folder: Path) -> Path:
        """The whole file on this machine, in the folder if it is not here yet."""


@dataclass(frozen=True)
class LocalFile:
    """A file on this machine."""

    path: Path

    @property
    def name(self) -> str:
        """Its path."""
        return str(self.path)

    @property
    def size(self) -> int:
        """Bytes."""
        return self.path.stat().st_size

    def head(self, size: int) -> bytes:
        """The first bytes."""
        with self.path.open("rb") as file:
            return file.read(size)

    def fetched(self, folder: Path) -> Path:
        """It is here."""
        return self.path


@dataclass(frozen=True)
class S3File:
    """An object in S3."""

    client: Any
    bucket: str
    key: str
    size: int

    @property
    def name(self) -> str:
        """Its location."""
        return f"s3://{self.bucket}/{self.key}"

    def head(self, size: int) -> bytes:
        """The first bytes; nothing more is read."""
        if not self.size:
            return b""
        with _readable(self.name):
            found = self.client.get_object(Bucket=self.bucket, Key=self.key, Range=f"bytes=0-{size - 1}")
            content: bytes = found["Body"].read()
            return content

    def fetched(self, folder: Path) -> Path:
        """The whole object, downloaded."""
        path = folder / self.key.rpartition("/")[2]
        folder.mkdir(parents=True, exist_ok=True)
        with _readable(self.name):
            self.client.download_file(self.bucket, self.key, str(path))
        return path


def files_of(settings: Settings, dataset_type: str, given: str | None, sample: Path) -> list[File]:
    """The CSV files that a deployment would import into a dataset.

    Args:
        settings: of the environment.
        dataset_type: INTERACTIONS, ITEMS or USERS.
        given: a folder, here or in S3, to look into instead of where the settings say.
        sample: folder of the sample data.

    Raises:
        NotFoundError: there are none.
        UnreadableError: the caller cannot find out.
    """
    name = f"{dataset_type.lower()}.csv"
    location = f"{given.rstrip('/')}/{name}" if given else settings.location_of(dataset_type) or str(sample / name)
    if is_placeholder(location):
        # By now it may be somebody's bucket, which is not asked.
        raise UnreadableError(STANDS_FOR_A_BUCKET)
    if location.startswith("s3://"):
        return _files_in_s3(location)
    file = Path(location)
    if not file.is_file():
        hint = " Run `make data` to make the sample." if file.parent == sample else ""
        raise NotFoundError(f"there is no file {file}.{hint}")
    return [LocalFile(file)]


def _files_in_s3(location: str) -> list[File]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    with _readable(location):
        client = boto3.client("s3")
        if key and not key.endswith("/"):
            size = client.head_object(Bucket=bucket, Key=key)["ContentLength"]
            return [S3File(client, bucket, key, size)]
        files: list[File] = list(_files_in_folder(client, bucket, key))
    if not files:
        raise NotFoundError(f"there is no file in {location}.")
    return files


def _files_in_folder(client: Any, bucket: str, folder: str) -> Iterator[S3File]:
    """Files right in a folder; the service does not look into folders below."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder, Delimiter="/")
    for page in pages:
        for each in page.get("Contents", []):
            if each["Key"] != folder:
                yield S3File(client, bucket, each["Key"], each["Size"])


@contextmanager
def _readable(location: str) -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        text = f"{location} cannot be read: {error}"
        missing = error.response["Error"]["Code"] in _MISSING
        raise (NotFoundError if missing else UnreadableError)(text) from None
    except BotoCoreError as error:
        raise UnreadableError(f"{location} cannot be read: {error}") from None
