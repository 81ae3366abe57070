"""Who is refused, by the headers of the request; tests/tools/sandbox/test_guard.py asks a server."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

import pytest

from tools.emulator.guard import guarded, is_loopback, refusal


def test_buckets_in_front_of_the_host_are_reached() -> None:
    assert refusal([(b"host", b"my-bucket.s3.localhost:4566")], "https") is None
    assert refusal([(b"host", b"my-bucket.localhost")], "https") is None


def test_two_hosts_are_one_too_many() -> None:
    assert refusal([(b"host", b"localhost"), (b"host", b"evil.example")], "https")
    assert refusal([], "https")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_page_of_the_server_itself_has_its_scheme(scheme: str) -> None:
    other = {"http": "https", "https": "http"}[scheme]
    own = [(b"Host", b"localhost:8111")]
    assert refusal([*own, (b"Origin", f"{scheme}://localhost:8111".encode())], scheme) is None
    assert refusal([*own, (b"Origin", f"{other}://localhost:8111".encode())], scheme)


def test_a_server_for_others_has_any_name_but_no_pages() -> None:
    named = [(b"host", b"personalize:8111")]
    assert refusal(named, "http") == "answers only to requests for localhost or 127.0.0.1."
    assert refusal(named, "http", any_host=True) is None
    assert refusal([*named, (b"origin", b"http://evil.example")], "http", any_host=True)


@pytest.mark.parametrize(
    ("host", "expected"), [("127.0.0.1", True), ("localhost", True), ("0.0.0.0", False), ("personalize", False)]
)
def test_addresses_of_this_machine_are_known(host: str, expected: bool) -> None:
    assert is_loopback(host) is expected


def answer(scope: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """What a server of nothing answers."""
    sent: list[Mapping[str, Any]] = []

    async def send(message: Mapping[str, Any]) -> None:
        sent.append(message)

    async def application(*_: Any) -> None:
        sent.append({"type": "answered"})

    asyncio.run(guarded(application, "The server")(scope, None, send))
    return sent


def test_what_is_refused_is_told_why() -> None:
    scope = {"type": "http", "scheme": "http", "headers": [(b"host", b"evil.example")]}
    start, body = answer(scope)
    assert start["status"] == 403
    assert body["body"] == b"The server answers only to requests for localhost or 127.0.0.1.\n"
    assert answer({**scope, "type": "websocket"}) == [{"type": "websocket.close", "code": 1008}]


def test_others_are_answered() -> None:
    scope = {"type": "http", "scheme": "http", "headers": [(b"host", b"localhost")]}
    assert answer(scope) == [{"type": "answered"}]
    assert answer({"type": "lifespan"}) == [{"type": "answered"}]
