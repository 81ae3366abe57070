"""Locations of data in S3, and the objects there."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

_LOCATION = re.compile(r"s3://([^/]+)/(.*)")


@dataclass(frozen=True)
class Found:
    """An object in S3.

    Attributes:
        key: its key.
        etag: what S3 calls its content.
        modified: when it was put, in seconds since the epoch; S3 says it in whole seconds.
    """

    key: str
    etag: str
    modified: float


@dataclass(frozen=True)
class Location:
    """An object, or a folder, whose last slash may be missing.

    Attributes:
        bucket: name of the bucket.
        key: what follows it; empty for the whole bucket.
    """

    bucket: str
    key: str

    @classmethod
    def of(cls, text: str) -> Location | None:
        """`s3://bucket/folder/`; None if the text is not a location."""
        matched = _LOCATION.fullmatch(text)
        return cls(matched[1], matched[2]) if matched else None

    @property
    def folder(self) -> str:
        """Beginning of the keys of what is in it, if it is a folder."""
        return f"{self.key.rstrip('/')}/" if self.key.rstrip("/") else ""

    def has_below(self, key: str) -> bool:
        """Whether an object of the bucket is the location itself, or in the folder or in one of its folders."""
        return key == self.key or key.startswith(self.folder)

    def reads(self, bucket: str, key: str) -> bool:
        """Whether an import of this location reads an object.

        Developer guide, "Importing bulk data into Amazon Personalize with a dataset import job": of a folder it reads
        the files that are directly in it.
        """
        if bucket != self.bucket or not self.has_below(key):
            return False
        return key == self.key or "/" not in key.removeprefix(self.folder)

    def at(self, key: str) -> str:
        """Another object of the bucket as a location."""
        return f"s3://{self.bucket}/{key}"

    def __str__(self) -> str:
        """As the service takes it."""
        return self.at(self.key)


def list_objects(s3: Any, location: Location) -> Iterator[Found]:
    """List the data at or below a location: every object that is not empty, as those are that stand for a folder.

    Args:
        s3: a boto3 `s3` client.
        location: where.
    """
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=location.bucket, Prefix=location.key.rstrip("/"))
    for page in pages:
        for each in page.get("Contents", []):
            if each["Size"] and location.has_below(each["Key"]):
                yield Found(each["Key"], each["ETag"].strip('"'), each["LastModified"].timestamp())
