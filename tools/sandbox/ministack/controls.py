"""What tests and the demo ask the local cloud itself, beside what they ask the emulator."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from tools.emulator.app import CONTROL_PREFIX, Receive, Scope, Send

from . import alarms, schedules, topics


def claims(scope: Scope) -> bool:
    """Whether a request is for what is offered here."""
    return scope["type"] == "http" and (scope["method"], scope["path"]) in _CONTROLS


async def answer(scope: Scope, receive: Receive, send: Send) -> None:
    """Answer a request.

    GET /_sandbox/notices: what was published to topics, the oldest first.
    POST /_sandbox/schedules/run: run a schedule now: {"name": ..., "group": "default" unless it says otherwise}. The
    answer has the error if its target could not be invoked.
    POST /_sandbox/alarms/evaluate: evaluate all alarms, which otherwise happens when a minute begins.
    """
    body = b""
    while (message := await receive())["type"] == "http.request":
        body += message.get("body", b"")
        if not message.get("more_body"):
            break
    control = _CONTROLS[scope["method"], scope["path"]]
    try:
        # What a schedule calls is answered by this process.
        status, found = 200, await asyncio.to_thread(control, json.loads(body or b"{}"))
    except (ValueError, KeyError) as error:
        status, found = 400, {"message": f"{type(error).__name__}: {error}"}
    headers = [(b"content-type", b"application/json")]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": json.dumps(found).encode()})


def _notices(_: Any) -> dict[str, Any]:
    return {"notices": topics.published()}


def _run_schedule(given: Any) -> dict[str, Any]:
    return schedules.run_now(given["name"], given.get("group", "default"))


def _evaluate_alarms(_: Any) -> dict[str, Any]:
    alarms.evaluate_all()
    return {}


_CONTROLS: Mapping[tuple[str, str], Callable[[Any], dict[str, Any]]] = {
    ("GET", f"{CONTROL_PREFIX}notices"): _notices,
    ("POST", f"{CONTROL_PREFIX}schedules/run"): _run_schedule,
    ("POST", f"{CONTROL_PREFIX}alarms/evaluate"): _evaluate_alarms,
}
