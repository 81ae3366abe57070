"""Boto3 clients that an object in the same process answers: each call is a method of it, with the call's members."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import boto3
from botocore import UNSIGNED, xform_name
from botocore.config import Config

_REFUSED = 400


class Refusal(Exception):  # noqa: N818 -- what a service answers, no error of ours
    """A service refuses a call."""

    def __init__(self, code: str, message: str) -> None:
        """Refuse with the service's code and words."""
        super().__init__(message)
        self.code, self.message = code, message


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
    name = client.meta.service_model.service_id.hyphenize()

    def keep(params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["members"] = dict(params)

    def answer(model: Any, context: Mapping[str, Any], **_: Any) -> tuple[_Status, dict[str, Any]]:
        try:
            found = getattr(by, xform_name(model.name))(**context["members"])
        except Refusal as refusal:
            return _answer(_REFUSED, {"Error": {"Code": refusal.code, "Message": refusal.message}})
        return _answer(200, found or {})

    client.meta.events.register(f"provide-client-params.{name}", keep)
    client.meta.events.register(f"before-call.{name}", answer)
    return client


def _answer(status: int, members: Mapping[str, Any]) -> tuple[_Status, dict[str, Any]]:
    return _Status(status), {**members, "ResponseMetadata": {"HTTPStatusCode": status, "RequestId": "virtual"}}
