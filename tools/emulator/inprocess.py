"""Boto3 clients that talk to a service in the same process."""

from __future__ import annotations

import io
from functools import cache
from typing import Any
from urllib.parse import urlsplit

from botocore.awsrequest import AWSPreparedRequest, AWSResponse
from botocore.exceptions import EndpointConnectionError
from botocore.session import Session

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


@cache
def regions() -> frozenset[str]:
    """Regions that have Amazon Personalize, by botocore's data; that of the AWS General Reference is the same."""
    session = Session()
    partitions = session.get_available_partitions()
    return frozenset(region for one in partitions for region in session.get_available_regions(APIS[0], one))


def connect(client: Any, service: Service, caller: object = "test", *, anywhere: bool = False) -> Any:
    """Answer a client's requests from a service, after boto3 has serialized and perhaps signed them.

    In a region without Amazon Personalize no host has the endpoint's name, so botocore raises
    EndpointConnectionError, after its retries.

    Args:
        client: a boto3 client of one of the three APIs, or a boto3 session: then all its clients made later.
        service: what answers.
        caller: identity the service sees.
        anywhere: whether to answer in every region there may be.

    Returns:
        The client, or session.
    """

    def respond(request: AWSPreparedRequest, **_: Any) -> AWSResponse:
        headers = {str(name).lower(): _text(value) for name, value in request.headers.items()}
        body = request.body or b""
        url = urlsplit(request.url)
        # personalize.REGION.amazonaws.com
        region = url.netloc.split(".")[1]
        if not anywhere and region not in regions():
            raise EndpointConnectionError(endpoint_url=request.url)
        found = wire.answer(
            service,
            request.method,
            url.path or "/",
            headers,
            body.encode() if isinstance(body, str) else body,
            region=region,
            caller=caller,
        )
        return AWSResponse(request.url, found.status, found.headers, _Body(found.body))

    emitter = client.meta.events if hasattr(client, "meta") else client.events
    for api in APIS:
        emitter.register(f"before-send.{api}", respond)
    return client


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
