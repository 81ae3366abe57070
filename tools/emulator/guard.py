"""Keeps web pages away from a server: a browser on this machine reaches it, but only programs may use it.

Its credentials are known to everybody, so whoever can send a request can do everything. A page can send one in two
ways: from its own origin, which the browser then names (`Origin`, or `Sec-Fetch-Site` where there is none), and by a
name of its own that leads to this machine (DNS rebinding), which is then in `Host`. AWS SDKs and the CLI send neither.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

_LOOPBACK = ("127.0.0.1", "localhost")
# Buckets as S3 has them in front of the host (bucket.s3.localhost). The name never leads anywhere else: RFC 6761, 6.3.
_BELOW_LOOPBACK = ".localhost"
# What a browser says of a request that no page has made, or one that came from here.
_SAME_SITES = ("none", "same-origin")


def guarded(application: Any, name: str, any_host: bool = False) -> Any:
    """The ASGI application, but requests from other web pages are answered with 403.

    Args:
        application: what answers the others.
        name: what refusals call it, at the beginning of a sentence.
        any_host: whether it may be reached by any name, because it listens on an address that is not loopback.
    """

    async def guard(scope: Any, receive: Any, send: Any) -> None:
        is_judged = scope["type"] in ("http", "websocket")
        reason = refusal(scope["headers"], scope["scheme"], any_host) if is_judged else None
        if reason is None:
            await application(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": f"{name} {reason}\n".encode()})

    return guard


def refusal(headers: Iterable[tuple[bytes, bytes]], scheme: str, any_host: bool = False) -> str | None:
    """Why a request with these ASGI headers, made by http or https, is refused; None if it is not."""
    given: dict[str, list[str]] = {}
    for name, value in headers:
        given.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    hosts = given.get("host", [])
    if len(hosts) != 1 or not (any_host or is_loopback(hosts[0])):
        return "answers only to requests for localhost or 127.0.0.1."
    if any(origin.lower() != f"{scheme}://{hosts[0].lower()}" for origin in given.get("origin", [])):
        return "does not answer to web pages."
    if any(site not in _SAME_SITES for site in given.get("sec-fetch-site", [])):
        return "does not answer to web pages."
    return None


def is_loopback(host: str) -> bool:
    """Whether a host, with a port or without, is this machine under one of its own names."""
    name, _, port = host.lower().partition(":")
    if port and not port.isdecimal():
        return False
    return name in _LOOPBACK or name.endswith(_BELOW_LOOPBACK)
