"""Where the files of a dataset are: in a folder, or in S3, from where they are fetched."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
from botocore.exceptions import BotoCoreError, ClientError

from stacks.settings import Settings


class NotFoundError(Exception):
    """There are no files; str() is what the user reads."""


def files_of(settings: Settings, dataset_type: str, given: str | None, sample: Path, scratch: Path) -> list[Path]:
    """The CSV files that a deployment would import into a dataset.

    Args:
        settings: of the environment.
        dataset_type: INTERACTIONS, ITEMS or USERS.
        given: a folder, here or in S3, to look into instead of where the settings say.
        sample: folder of the sample data.
        scratch: folder for what is fetched.

    Raises:
        NotFoundError: there are none, or they cannot be read.
    """
    name = f"{dataset_type.lower()}.csv"
    location = f"{given.rstrip('/')}/{name}" if given else settings.location_of(dataset_type) or str(sample / name)
    if location.startswith("s3://"):
        return _fetched(location, scratch / dataset_type.lower())
    file = Path(location)
    if not file.is_file():
        hint = " Run `make data` to make the sample." if file.parent == sample else ""
        raise NotFoundError(f"there is no file {file}.{hint}")
    return [file]


def _fetched(location: str, folder: Path) -> list[Path]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    try:
        client = boto3.client("s3")
        keys = [key] if not key.endswith("/") else list(_files_in(client, bucket, key))
        folder.mkdir(parents=True)
        files = [folder / each.rpartition("/")[2] for each in keys]
        for each, file in zip(keys, files, strict=True):
            client.download_file(bucket, each, str(file))
    except (BotoCoreError, ClientError) as error:
        raise NotFoundError(f"{location} cannot be read: {error}") from None
    if not files:
        raise NotFoundError(f"there is no file in {location}.")
    return files


def _files_in(client: Any, bucket: str, folder: str) -> Iterator[str]:
    """Files right in a folder; the service does not look into folders below."""
    pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=folder, Delimiter="/")
    yield from (each["Key"] for page in pages for each in page.get("Contents", []) if each["Key"] != folder)
