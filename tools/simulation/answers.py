"""Boto3 clients that an object in the same process answers: each call is a method of it, with the call's members."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import boto3
from botocore import UNSIGNED, xform_name
from botocore.config import Config
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from botocore.utils import parse_timestamp

_OK, _REFUSED = 200, 400
Answer = Callable[[OperationModel, dict[str, Any]], Mapping[str, Any]]


class Refusal(Exception):  # noqa: N818 -- what a service answers, no error of ours
    """A service refuses a call."""

    def __init__(self, code: str, message: str, status: int = _REFUSED) -> None:
        """Refuse with the service's code and words, and an HTTP status."""
        super().__init__(message)
        self.code, self.message, self.status = code, message, status


@dataclass(frozen=True)
class _Status:
    """The part of an HTTP response that botocore looks at."""

    status_code: int


def answered(service: str, region: str, by: object) -> Any:
    """A client of a service whose requests botocore checks as ever, and an object answers.

    Args:
        service: its name in boto3.
        region: AWS region.
        by: has a method for each operation that is called, named as boto3 names it. It returns members of the answer,
            or raises `Refusal`.
    """
    client = boto3.client(service, region_name=region, config=Config(signature_version=UNSIGNED))
    return answering(client, lambda model, members: getattr(by, xform_name(model.name))(**members) or {})


def answering(client: Any, answer: Answer) -> Any:
    """Let a function answer a client's calls in place of what they would be sent to.

    Nothing is written as HTTP and read again, and whatever else looks at calls before they are sent comes first.

    Args:
        client: a boto3 client.
        answer: is given the model and the members of a call, and returns members of the answer or raises `Refusal`.

    Returns:
        The client.
    """

    def keep(params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["members"] = dict(params)

    def respond(model: OperationModel, context: Mapping[str, Any], **_: Any) -> tuple[_Status, dict[str, Any]]:
        try:
            found = answer(model, context["members"])
        except Refusal as refusal:
            return _answer(refusal.status, {"Error": {"Code": refusal.code, "Message": refusal.message}})
        return _answer(_OK, found)

    name = client.meta.service_model.service_id.hyphenize()
    client.meta.events.register(f"provide-client-params.{name}", keep)
    client.meta.events.register_last("before-call", respond)
    return client


def _answer(status: int, members: Mapping[str, Any]) -> tuple[_Status, dict[str, Any]]:
    return _Status(status), {**members, "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "virtual"}}


def as_read(shape: Shape | None, value: Any) -> Any:
    """A value as botocore reads it from an answer in JSON: times have become datetimes, and numbers are of their type.

    Args:
        shape: of the value; None for an answer without members.
        value: has nothing that the shape has not.
    """
    if isinstance(shape, StructureShape):
        return {name: as_read(shape.members[name], member) for name, member in value.items()}
    if isinstance(shape, ListShape):
        return [as_read(shape.member, member) for member in value]
    if isinstance(shape, MapShape):
        return {key: as_read(shape.value, member) for key, member in value.items()}
    read = _READ.get(shape.type_name) if shape else None
    return read(value) if read else value


# A simulation asks for the same times again and again.
_READ: Mapping[str, Callable[[Any], Any]] = {
    "timestamp": lru_cache(maxsize=4096)(parse_timestamp),
    "float": float,
    "double": float,
}
