"""Reads what was imported: who watched what, and what the items are called."""

from __future__ import annotations

import csv
import io
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

# Of each dataset. Reading more would take minutes.
MOST_BYTES = 200_000_000
# Files of incremental imports that are read, the newest first.
_MOST_IMPORTS = 20
# What counts as failed says so; everything else is in the dataset, or will be.
_FAILED = "CREATE FAILED"

Row = Mapping[str, str]


class UnreadableError(Exception):
    """What was imported cannot be read; str() is what the user reads."""


@dataclass(frozen=True)
class Records:
    """The data of a dataset, where it was imported from.

    Attributes:
        locations: s3:// locations, the latest full import first, then what later imports added.
        objects: by s3:// location, size in bytes.
    """

    s3: Any
    locations: Sequence[str]
    objects: Mapping[str, int] = field(default_factory=dict)

    def rows(self) -> Iterator[Row]:
        """Records, up to the number of bytes that are read of a dataset.

        Raises:
            UnreadableError: an object cannot be read, or is no CSV file.
        """
        left = MOST_BYTES
        for location, size in self.objects.items():
            if left <= 0:
                return
            yield from self._rows_of(location, left)
            left -= size

    @property
    def is_cut(self) -> bool:
        """Whether there is more than is read."""
        return sum(self.objects.values()) > MOST_BYTES

    def _rows_of(self, location: str, most: int) -> Iterator[Row]:
        bucket, key = _split(location)
        wanted = {"Range": f"bytes=0-{most - 1}"} if self.objects[location] > most else {}
        try:
            body = self.s3.get_object(Bucket=bucket, Key=key, **wanted)["Body"]
            text = io.TextIOWrapper(io.BytesIO(body.read()), encoding="utf-8-sig", errors="replace", newline="")
            # The last line may be cut.
            yield from (row for row in csv.DictReader(text) if None not in row.values())
        except (ClientError, BotoCoreError, csv.Error) as error:
            raise UnreadableError(f"{location} cannot be read: {error}") from None


def imported(call: Callable[..., Any], s3: Any, dataset_arn: str) -> Records:
    """What is in a dataset: its latest full import, and the incremental imports after it.

    A full import replaces what was there, an incremental one adds to it (developer guide, "Importing bulk data").

    Args:
        call: calls an operation of Personalize by its name in boto3.
        s3: client.
        dataset_arn: the dataset.

    Raises:
        UnreadableError: S3 does not list what is there.
    """
    jobs = call("list_dataset_import_jobs", "datasetImportJobs", datasetArn=dataset_arn)
    sound = sorted((each for each in jobs if each["status"] != _FAILED), key=lambda each: each["creationDateTime"])
    full = max((at for at, each in enumerate(sound) if each.get("importMode", "FULL") == "FULL"), default=0)
    wanted = [*sound[full : full + 1], *sound[full + 1 :][-_MOST_IMPORTS:]]
    locations = [
        call("describe_dataset_import_job", "datasetImportJob", datasetImportJobArn=each["datasetImportJobArn"])[
            "dataSource"
        ]["dataLocation"]
        for each in wanted
    ]
    objects: dict[str, int] = {}
    for location in dict.fromkeys(locations):
        objects |= _objects(s3, location)
    return Records(s3, list(dict.fromkeys(locations)), objects)


def _objects(s3: Any, location: str) -> dict[str, int]:
    """Objects at or right below a location; the service does not look into folders below."""
    bucket, key = _split(location)
    try:
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=key)
        found = {each["Key"]: each["Size"] for page in pages for each in page.get("Contents", [])}
    except (ClientError, BotoCoreError) as error:
        raise UnreadableError(f"{location} cannot be listed: {error}") from None
    if key in found and not key.endswith("/"):
        return {location: found[key]}
    folder = f"{key.rstrip('/')}/" if key else ""
    below = {name: size for name, size in found.items() if name.startswith(folder) and "/" not in name[len(folder) :]}
    return {f"s3://{bucket}/{name}": size for name, size in below.items() if size}


def _split(location: str) -> tuple[str, str]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return bucket, key


# -- what is in them ---------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Watched:
    """How often users and items are in the interactions."""

    users: Counter[str]
    items: Counter[str]


def count(rows: Iterator[Row]) -> Watched:
    """Count the interactions of each user and each item."""
    users, items = Counter[str](), Counter[str]()
    for row in rows:
        users[row["USER_ID"]] += 1
        items[row["ITEM_ID"]] += 1
    return Watched(users, items)


def of_users(rows: Iterator[Row], users: Sequence[str]) -> dict[str, list[Row]]:
    """Interactions of some users, newest first."""
    found: dict[str, list[Row]] = {user: [] for user in users}
    for row in rows:
        if row["USER_ID"] in found:
            found[row["USER_ID"]].append(row)
    return {user: sorted(each, key=_time, reverse=True) for user, each in found.items()}


def _time(row: Row) -> float:
    try:
        return float(row["TIMESTAMP"])
    except ValueError:
        return 0.0
