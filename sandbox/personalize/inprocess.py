"""Boto3 clients that talk to a service in the same process."""

from __future__ import annotations

import io
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse

from . import wire
from .service import Service
from .shapes import APIS


class _Body(io.BytesIO):
    """A response body as botocore reads it."""

    def stream(self, **_: Any) -> Any:
        data = self.read()
        while data:
            yield data
            data = self.read()


def connect(client: Any, service: Service, caller: object = "test") -> Any:
    """Answer a client's requests from a service, after boto3 has serialized and perhaps signed them.

    Args:
        client: a boto3 client of one of the three APIs, or a boto3 session: then all its clients made later.
        service: what answers.
        caller: identity the service sees.

    Returns:
        The client, or session.
    """

    def respond(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        headers = {str(name).lower(): _text(value) for name, value in request.headers.items()}
        body = request.body or b""
        url = urlsplit(request.url)
        found = wire.answer(
            service,
            request.method,
            url.path or "/",
            headers,
            body.encode() if isinstance(body, str) else body,
            # personalize.REGION.amazonaws.com
            region=url.netloc.split(".")[1],
            caller=caller,
        )
        return AWSResponse(request.url, found.status, found.headers, _Body(found.body))

    emitter = client.meta.events if hasattr(client, "meta") else client.events
    for api in APIS:
        emitter.register(f"before-send.{api}", respond)
    return client


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
