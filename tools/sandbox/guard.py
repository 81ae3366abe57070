"""Keeps web pages away from the local cloud: a browser on this machine reaches it, but only programs may use it.

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


def guarded(application: Any) -> Any:
    """The ASGI application, but requests from other web pages are answered with 403."""

    async def guard(scope: Any, receive: Any, send: Any) -> None:
        reason = refusal(scope["headers"]) if scope["type"] in ("http", "websocket") else None
        if reason is None:
            await application(scope, receive, send)
        elif scope["type"] == "websocket":
            await send({"type": "websocket.close", "code": 1008})
        else:
            headers = [(b"content-type", b"text/plain; charset=utf-8")]
            await send({"type": "http.response.start", "status": 403, "headers": headers})
            await send({"type": "http.response.body", "body": f"{reason}\n".encode()})

    return guard


def refusal(headers: Iterable[tuple[bytes, bytes]]) -> str | None:
    """Why a request with these ASGI headers is refused; None if it is not."""
    given: dict[str, list[str]] = {}
    for name, value in headers:
        given.setdefault(name.decode("latin-1").lower(), []).append(value.decode("latin-1"))
    hosts = given.get("host", [])
    if len(hosts) != 1 or not _is_loopback(hosts[0]):
        return "The local cloud answers only to requests for localhost or 127.0.0.1."
    if any(origin.lower() != f"https://{hosts[0].lower()}" for origin in given.get("origin", [])):
        return "The local cloud does not answer to web pages."
    if any(site not in _SAME_SITES for site in given.get("sec-fetch-site", [])):
        return "The local cloud does not answer to web pages."
    return None


def _is_loopback(host: str) -> bool:
    name, _, port = host.lower().partition(":")
    if port and not port.isdecimal():
        return False
    return name in _LOOPBACK or name.endswith(_BELOW_LOOPBACK)
