"""What the jobs that read from and write to Amazon S3 have in common."""

from __future__ import annotations

import functools
import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from .errors import invalid
from .objects import ObjectAccessDeniedError, ObjectNotFoundError
from .region import Region, Resource
from .request import Request

_NO_ACCESS = "Insufficient privileges for accessing data in Amazon S3."


class JobFailedError(Exception):
    """A job that fails; its text is the failure reason."""


def failing(work: Callable[[Region, Resource, float], None]) -> Callable[[Region, Resource, float], str | None]:
    """The work of a job, as a lifecycle wants it: it answers why it failed, or None."""

    @functools.wraps(work)
    def answer(region: Region, resource: Resource, at: float) -> str | None:
        try:
            work(region, resource, at)
        except JobFailedError as failed:
            return str(failed)
        return None

    return answer


def reading(found: Iterator[tuple[str, bytes]], missing: str) -> list[tuple[str, bytes]]:
    """What a job reads.

    Developer guide, "Common error messages in Amazon Personalize", has both reasons for other jobs; that these jobs
    fail with them is inferred.

    Args:
        found: key and body of each object.
        missing: reason if nothing is there.

    Raises:
        JobFailedError: the role may not read it, or nothing is there.
    """
    try:
        return list(found)
    except ObjectAccessDeniedError as denied:
        raise JobFailedError(f"{_NO_ACCESS} {denied}") from None
    except ObjectNotFoundError as nothing:
        raise JobFailedError(f"{missing} {nothing}") from None


def write(
    region: Region, role_arn: str, destination: Mapping[str, str], name: str, body: str, *, lists: bool = False
) -> None:
    """Write an object of a job's output.

    Args:
        region: where the job is.
        role_arn: role to write with.
        destination: an S3DataConfig.
        name: last part of the object's key.
        body: its content.
        lists: whether the service needs to list the bucket too.

    Raises:
        JobFailedError: the role may not write there, or there is no such bucket.
    """
    # A path without a slash at its end is taken for a folder, too; inferred.
    location = f"{destination['path'].rstrip('/')}/{name}"
    key_arn = destination.get("kmsKeyArn")
    try:
        region.environment.objects.write(role_arn, location, body.encode(), key_arn=key_arn, lists=lists)
    except ObjectAccessDeniedError as denied:
        raise JobFailedError(f"{_NO_ACCESS} {denied}") from None
    except ObjectNotFoundError as missing:
        raise JobFailedError(f"Invalid S3 output path. {missing}") from None


def output_is_valid(request: Request) -> None:
    """The output goes into a bucket (developer guide, "Common error messages in Amazon Personalize"); code inferred."""
    if not re.fullmatch(r"s3://[^/]+(/.*)?", _path(request, "jobOutput", "s3DataDestination")):
        raise invalid("Invalid S3 output path.")


def input_is_valid(request: Request) -> None:
    """The input is in a bucket, and not where the output goes; code inferred.

    Developer guide, "Common error messages in Amazon Personalize".
    """
    path = _path(request, "jobInput", "s3DataSource")
    if not re.fullmatch(r"s3://[^/]+/.+", path):
        raise invalid("Invalid S3 input path.")
    if path.rstrip("/") == _path(request, "jobOutput", "s3DataDestination").rstrip("/"):
        raise invalid("Invalid S3 output path. It must not be the input path.")


def _path(request: Request, member: str, part: str) -> str:
    config: Mapping[str, Any] = request.params[member][part]
    return str(config["path"])
