"""Where the emulator finds objects when it runs by itself: in a folder, or in an S3 that somebody else runs."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError
from botocore.session import Session

from .objects import ObjectAccessDeniedError, ObjectNotFoundError

_DENIED = ("AccessDenied", "Forbidden", "403")


class FolderObjects:
    """Files of a folder: `FOLDER/bucket/key` is the object `s3://bucket/key`, for every role; keys encrypt nothing."""

    def __init__(self, folder: Path) -> None:
        """Read and write below `folder`."""
        self._folder = folder.resolve()

    def read(self, role_arn: str, location: str) -> Iterator[tuple[str, bytes]]:
        """Yield key and body of what is at or below a location.

        Raises:
            ObjectNotFoundError: nothing is there.
        """
        path = self._path(location)
        yield from self._found(location, [path] if path.is_file() else _files(path))

    def find(self, role_arn: str, prefix: str) -> Iterator[tuple[str, bytes]]:
        """Yield key and body of all objects whose location begins with a prefix.

        Raises:
            ObjectNotFoundError: nothing is there.
        """
        path = self._path(prefix)
        beginning = f"{path}/" if prefix.endswith("/") else str(path)
        yield from self._found(prefix, [file for file in _files(path.parent) if str(file).startswith(beginning)])

    def write(
        self, role_arn: str, location: str, body: bytes, *, key_arn: str | None = None, lists: bool = False
    ) -> None:
        """Write a file.

        Raises:
            ObjectNotFoundError: there is no folder for the bucket.
        """
        path = self._path(location)
        if not self._bucket(path).is_dir():
            raise ObjectNotFoundError(f"There is no bucket for {location}: make the folder {self._bucket(path)}.")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(body)

    def _found(self, location: str, files: Iterable[Path]) -> Iterator[tuple[str, bytes]]:
        found = sorted(files)
        if not found:
            raise ObjectNotFoundError(f"Nothing is at {location}: there is no file {self._path(location)}.")
        for file in found:
            yield file.relative_to(self._bucket(file)).as_posix(), file.read_bytes()

    def _path(self, location: str) -> Path:
        path = (self._folder / location.removeprefix("s3://")).resolve()
        if not path.is_relative_to(self._folder) or path == self._folder:
            raise ObjectNotFoundError(f"{location} is no location of a bucket.")
        return path

    def _bucket(self, path: Path) -> Path:
        return self._folder / path.relative_to(self._folder).parts[0]


def _files(folder: Path) -> list[Path]:
    return [file for file in folder.rglob("*") if file.is_file()]


class S3Objects:
    """Objects of any server that speaks S3; what the role may do is not asked."""

    def __init__(self, client: Any) -> None:
        """Read and write with a botocore client of `s3`; `connect_s3` makes one."""
        self._client = client

    def read(self, role_arn: str, location: str) -> Iterator[tuple[str, bytes]]:
        """Yield key and body of what is at or below a location.

        Raises:
            ObjectAccessDeniedError: the server refuses to list or read it.
            ObjectNotFoundError: nothing is there, or no server is.
        """
        _, _, key = location.removeprefix("s3://").partition("/")
        found = self._keys(location)
        folder = f"{key.rstrip('/')}/" if key else ""
        yield from self._bodies(location, [key] if key in found else [one for one in found if one.startswith(folder)])

    def find(self, role_arn: str, prefix: str) -> Iterator[tuple[str, bytes]]:
        """Yield key and body of all objects whose location begins with a prefix; it raises what `read` raises."""
        yield from self._bodies(prefix, self._keys(prefix))

    def write(
        self, role_arn: str, location: str, body: bytes, *, key_arn: str | None = None, lists: bool = False
    ) -> None:
        """Put an object.

        Raises:
            ObjectAccessDeniedError: the server refuses it.
            ObjectNotFoundError: there is no such bucket, or no server.
        """
        bucket, _, key = location.removeprefix("s3://").partition("/")
        encrypted = {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": key_arn} if key_arn else {}
        with _refusals():
            self._client.put_object(Bucket=bucket, Key=key, Body=body, **encrypted)

    def _keys(self, prefix: str) -> list[str]:
        bucket, _, beginning = prefix.removeprefix("s3://").partition("/")
        pages = self._client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=beginning)
        with _refusals():
            return [each["Key"] for page in pages for each in page.get("Contents", [])]

    def _bodies(self, location: str, keys: Iterable[str]) -> Iterator[tuple[str, bytes]]:
        bucket = location.removeprefix("s3://").partition("/")[0]
        with _refusals():
            found = [(key, self._client.get_object(Bucket=bucket, Key=key)["Body"].read()) for key in keys]
        if not found:
            raise ObjectNotFoundError(f"Nothing is at {location}.")
        yield from found


@contextlib.contextmanager
def _refusals() -> Iterator[None]:
    """Turn what botocore raises into what the service knows."""
    try:
        yield
    except ClientError as error:
        is_denied = error.response["Error"]["Code"] in _DENIED
        raise (ObjectAccessDeniedError if is_denied else ObjectNotFoundError)(str(error)) from None
    except BotoCoreError as error:
        raise ObjectNotFoundError(f"S3 does not answer: {error}") from None


def connect_s3(endpoint: str) -> Any:
    """A client of the server at a URL, with buckets in the path: `http://host:port/bucket/key`.

    Its credentials are those of the environment, and if there are none, `test`; no file of credentials is read.
    """
    return Session().create_client(
        "s3",
        endpoint_url=endpoint,
        region_name=os.environ.get("AWS_REGION", "us-east-1"),
        aws_access_key_id=os.environ.get("AWS_ACCESS_KEY_ID", "test"),
        aws_secret_access_key=os.environ.get("AWS_SECRET_ACCESS_KEY", "test"),
        config=Config(s3={"addressing_style": "path"}, retries={"total_max_attempts": 2}, connect_timeout=5),
    )
