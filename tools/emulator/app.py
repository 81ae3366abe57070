"""The emulator as an ASGI application."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any

from . import wire
from .cloudwatch import MemoryMetrics
from .faults import Fault
from .service import Service

Scope = Mapping[str, Any]
Headers = Iterable[tuple[bytes, bytes]]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]

CONTROL_PREFIX = "/_sandbox/"


def claims(headers: Headers) -> bool:
    """Whether a request with these ASGI headers is signed for Amazon Personalize."""
    return wire.is_ours(_lower(headers))


class PersonalizeApp:
    """Serves the three APIs, and below /_sandbox/ what tests control the emulator with.

    GET /_sandbox/state: all resources and their statuses, the time, the speed of work, and the faults that are set.
    GET /_sandbox/metrics: what would be in CloudWatch, where the service keeps that in memory.
    POST /_sandbox/faults: set a fault, a JSON object with the attributes of `Fault`. DELETE: unset all.
    POST /_sandbox/clock/advance: put the clock forward by {"seconds": N}, as for what is planned for a time to come.
    """

    def __init__(self, service: Service, caller_of: Callable[[Headers], object] = lambda headers: "anonymous") -> None:
        """Serve a service.

        Args:
            service: what answers.
            caller_of: from a request's ASGI headers, who sent it.
        """
        self._service = service
        self._caller_of = caller_of

    claims = staticmethod(claims)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve a connection."""
        if scope["type"] == "lifespan":
            await _lifespan(receive, send)
            return
        body = await _body(receive)
        # Reading imported data and training take a while, and may themselves need this process to answer.
        found = await asyncio.to_thread(self._answer, scope, body)
        headers = [(name.encode(), value.encode()) for name, value in found.headers.items()]
        headers.append((b"content-length", str(len(found.body)).encode()))
        await send({"type": "http.response.start", "status": found.status, "headers": headers})
        await send({"type": "http.response.body", "body": found.body})

    def _answer(self, scope: Scope, body: bytes) -> wire.HttpAnswer:
        if scope["path"].startswith(CONTROL_PREFIX):
            return self._steer(scope["method"], scope["path"].removeprefix(CONTROL_PREFIX), body)
        headers, caller = _lower(scope["headers"]), self._caller_of(scope["headers"])
        region, _ = wire.scope(headers) or ("us-east-1", "")
        return wire.answer(self._service, scope["method"], scope["path"], headers, body, region=region, caller=caller)

    def _steer(self, method: str, path: str, body: bytes) -> wire.HttpAnswer:
        steer = _STEERING.get((method, path))
        if steer is None:
            return _json(404, {"message": f"There is nothing at {method} {CONTROL_PREFIX}{path}."})
        try:
            return _json(200, steer(self._service, json.loads(body or b"{}")))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            return _json(400, {"message": str(error)})


def _add_fault(service: Service, given: Any) -> dict[str, Any]:
    service.faults.add(Fault(**given))
    return {"faults": service.faults.listed()}


def _clear_faults(service: Service, _: Any) -> dict[str, Any]:
    service.faults.clear()
    return {"faults": service.faults.listed()}


def _advance(service: Service, given: Any) -> dict[str, Any]:
    # Clocks need not be movable; those of this package are.
    service.clock.advance(float(given["seconds"]))  # type: ignore[attr-defined]
    return {"now": service.clock.now()}


def _metrics(service: Service, _: Any) -> dict[str, Any]:
    if not isinstance(service.metrics, MemoryMetrics):
        raise ValueError("The service does not keep its metrics here: look for them in CloudWatch.")
    return {"metrics": service.metrics.listed()}


def _state(service: Service, _: Any) -> dict[str, Any]:
    return {
        "now": service.clock.now(),
        "speed": service.speed,
        "faults": service.faults.listed(),
        "resources": service.state(),
    }


_STEERING: Mapping[tuple[str, str], Callable[[Service, Any], dict[str, Any]]] = {
    ("GET", "state"): _state,
    ("GET", "metrics"): _metrics,
    ("POST", "faults"): _add_fault,
    ("DELETE", "faults"): _clear_faults,
    ("POST", "clock/advance"): _advance,
}


def _lower(headers: Headers) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in headers}


def _json(status: int, body: Mapping[str, Any]) -> wire.HttpAnswer:
    return wire.HttpAnswer(status, json.dumps(body).encode(), {"content-type": "application/json"})


async def _body(receive: Receive) -> bytes:
    body = b""
    while True:
        message = await receive()
        body += message.get("body", b"")
        if message["type"] != "http.request" or not message.get("more_body", False):
            return body


async def _lifespan(receive: Receive, send: Send) -> None:
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
