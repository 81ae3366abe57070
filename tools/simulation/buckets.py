"""S3 in virtual time: what imports read and jobs write, and the part of the API that our functions call."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from tools.emulator.objects import MemoryObjects

from .answers import Refusal
from .time import VirtualTime

# API reference, ListObjectsV2.
_MOST_KEYS = 1000
_Publish = Callable[[str, str, Sequence[str], Mapping[str, Any]], None]


class Buckets(MemoryObjects):
    """Objects with the time at which each was put.

    Attributes:
        tell: names of the buckets that send their events to EventBridge.
    """

    def __init__(self, time: VirtualTime, publish: _Publish) -> None:
        """Begin empty.

        Args:
            time: the clock.
            publish: puts an event: source, detail type, resources, detail.
        """
        super().__init__()
        self.tell: set[str] = set()
        self._time, self._publish = time, publish
        self._changed: dict[str, float] = {}

    def put(self, location: str, body: bytes | str) -> None:
        """Store an object at `s3://bucket/key`."""
        super().put(location, body)
        self._has_changed(location)

    def write(
        self, role_arn: str, location: str, body: bytes, *, key_arn: str | None = None, lists: bool = False
    ) -> None:
        """Put an object for the service."""
        super().write(role_arn, location, body, key_arn=key_arn, lists=lists)
        self._has_changed(location)

    def remove(self, location: str) -> None:
        """Delete an object."""
        del self.objects[location]

    def empty(self, bucket: str) -> None:
        """Delete every object of a bucket."""
        for location in [each for each in self.objects if each.startswith(f"s3://{bucket}/")]:
            del self.objects[location]

    def _has_changed(self, location: str) -> None:
        self._changed[location] = self._time.time()
        bucket, key = _parts(location)
        if bucket in self.tell:
            about = self._about(location)
            # User guide, "EventBridge event message structure".
            detail = {
                "version": "0",
                "bucket": {"name": bucket},
                "object": {"key": key, "size": about["Size"], "etag": about["ETag"].strip('"')},
                "reason": "PutObject",
            }
            self._publish("aws.s3", "Object Created", [f"arn:aws:s3:::{bucket}"], detail)

    def _about(self, location: str) -> dict[str, Any]:
        body = self.objects[location]
        return {
            "LastModified": datetime.fromtimestamp(self._changed[location], UTC),
            "ETag": f'"{hashlib.md5(body, usedforsecurity=False).hexdigest()}"',
            "Size": len(body),
        }

    # -- the API ---------------------------------------------------------------------------------------------

    def list_objects_v2(self, **members: Any) -> dict[str, Any]:
        """List what begins with a prefix, in the order of keys, in pages."""
        beginning = f"s3://{members['Bucket']}/"
        after, most = members.get("ContinuationToken", ""), members.get("MaxKeys", _MOST_KEYS)
        keys = sorted(each.removeprefix(beginning) for each in self.objects if each.startswith(beginning))
        found = [key for key in keys if key.startswith(members.get("Prefix", "")) and key > after]
        page = found[:most]
        more = {"IsTruncated": True, "NextContinuationToken": page[-1]} if len(found) > most else {"IsTruncated": False}
        contents = [{"Key": key, **self._about(f"{beginning}{key}")} for key in page]
        return {"Contents": contents, **more} if contents else more

    def head_object(self, **members: Any) -> dict[str, Any]:
        """Describe an object."""
        location = f"s3://{members['Bucket']}/{members['Key']}"
        if location not in self.objects:
            raise Refusal("404", "Not Found")
        about = self._about(location)
        return {"ContentLength": about["Size"], "ETag": about["ETag"], "LastModified": about["LastModified"]}


def _parts(location: str) -> tuple[str, str]:
    bucket, _, key = location.removeprefix("s3://").partition("/")
    return bucket, key
