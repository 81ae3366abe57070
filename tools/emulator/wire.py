"""The APIs on the wire: JSON 1.1 and REST-JSON, both with everything in the body."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from uuid import uuid4

from .errors import ServiceError
from .service import Service
from .shapes import APIS, operation_model, service_model

_SCOPE = re.compile(r"Credential=[^/]+/\d{8}/(?P<region>[^/]+)/(?P<service>[^/]+)/aws4_request")
_SIGNING_NAME = "personalize"
# By protocol of the service model, as recorded in published notebooks (docs/personalize-rules.md).
_CONTENT_TYPES = {"json": "application/x-amz-json-1.1", "rest-json": "application/json"}


@dataclass(frozen=True)
class HttpAnswer:
    """An HTTP response."""

    status: int
    body: bytes
    headers: dict[str, str] = field(default_factory=dict)


def scope(headers: Mapping[str, str]) -> tuple[str, str] | None:
    """Region and service of a request's SigV4 credential scope; header names in lower case."""
    found = _SCOPE.search(headers.get("authorization", ""))
    return (found["region"], found["service"]) if found else None


def is_ours(headers: Mapping[str, str]) -> bool:
    """Whether a request is signed for Amazon Personalize; all three APIs sign with the same name."""
    found = scope(headers)
    return found is not None and found[1] == _SIGNING_NAME


def answer(
    service: Service, method: str, path: str, headers: Mapping[str, str], body: bytes, *, region: str, caller: object
) -> HttpAnswer:
    """Answer an HTTP request; header names in lower case."""
    more = {"content-type": _content_type(headers), "x-amzn-requestid": str(uuid4())}
    try:
        api, operation = _operation(method, path, headers)
        result = service.call(api, operation, _params(body), region=region, caller=caller)
    except ServiceError as error:
        said = {"__type": error.code, "message": error.message}
        return HttpAnswer(error.http_status, json.dumps(said).encode(), {**more, "x-amzn-errortype": error.code})
    # What has no members, as the answers of PutEvents and DeleteCampaign, has no body either: recorded.
    has_members = operation_model(api, operation).output_shape is not None
    return HttpAnswer(200, json.dumps(result).encode() if has_members else b"", more)


def _content_type(headers: Mapping[str, str]) -> str:
    """Content type of the answers of the API that a request is for; the JSON API's requests name a target."""
    return _CONTENT_TYPES["json" if "x-amz-target" in headers else "rest-json"]


@cache
def _routes() -> dict[tuple[str, str], tuple[str, str]]:
    """Method and path of every REST operation."""
    return {
        (http["method"], http["requestUri"]): (api, name)
        for api in APIS
        for name in service_model(api).operation_names
        for http in [service_model(api).operation_model(name).http]
        if service_model(api).metadata["protocol"] == "rest-json"
    }


def _operation(method: str, path: str, headers: Mapping[str, str]) -> tuple[str, str]:
    target = headers.get("x-amz-target", "")
    if target:
        return "personalize", target.rpartition(".")[2]
    found = _routes().get((method, path))
    if found is None:
        raise ServiceError("UnknownOperationException", f"There is no operation at {method} {path}.", 404)
    return found


def _params(body: bytes) -> dict[str, Any]:
    try:
        params = json.loads(body or b"{}")
    except ValueError:
        raise ServiceError("SerializationException", "The body is not JSON.") from None
    if not isinstance(params, dict):
        raise ServiceError("SerializationException", "The body is not a JSON object.")
    return params
