"""Records what boto3 clients send and what they get, by botocore's events.

Answers are taken as they came, so that a member shows which botocore does not know.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from .placeholders import Placeholders
from .recording import Error, Exchange, Look, Page
from .run import GONE, TAG

_APIS = ("personalize", "personalize-runtime", "personalize-events")
_NOT_FOUND = "ResourceNotFoundException"


class Recorder:
    """Records the requests of one run, step by step."""

    def __init__(self, account: str, region: str, prefix: str, now: Callable[[], float]) -> None:
        """Begin.

        Args:
            account: id of the account.
            region: name of the region.
            prefix: of all names of the run; also the value of the tag that all it creates gets.
            now: the time, in seconds.
        """
        self._account, self._prefix = account, prefix
        self._placeholders = Placeholders(account, region, prefix)
        self._now = now
        self._began = now()
        self._exchanges: list[Exchange] = []
        self._watch: list[Exchange] | None = None

    def attach(self, client: Any) -> Any:
        """Record what a client of Personalize does, and tag what it creates; other clients stay as they are."""
        events = client.meta.events
        for api in _APIS:
            events.register(f"provide-client-params.{api}", self._tag)
            events.register(f"before-call.{api}", self._before)
            events.register(f"after-call.{api}", self._after)
        return client

    def begin(self) -> None:
        """Begin a step."""
        self._began = self._now()
        self._exchanges = []

    def taken(self) -> tuple[Exchange, ...]:
        """The exchanges since the step began."""
        return tuple(self._exchanges)

    def replaced(self, value: Any) -> Any:
        """A value with the placeholders of the recording."""
        return self._placeholders.replaced(value)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """What is asked within this context is one exchange."""
        self._watch = []
        try:
            yield
        finally:
            looked, self._watch = self._watch, None
            if looked:
                self._exchanges.append(_together(looked))

    def _tag(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        if model.name.startswith("Create") and "tags" in model.input_shape.members:
            params["tags"] = [*params.get("tags", []), {"tagKey": TAG, "tagValue": self._prefix}]

    def _before(self, params: Mapping[str, Any], context: dict[str, Any], **_: Any) -> None:
        context["conformance"] = (self._now(), _decoded(params["body"]))

    def _after(self, http_response: Any, parsed: Mapping[str, Any], model: Any, context: Any, **_: Any) -> None:
        sent, params = context["conformance"]
        failed = http_response.status_code >= 300
        body = _decoded(http_response.content)
        page = _page(body) if model.name.startswith("List") and not failed else None
        error = parsed.get("Error", {})
        raw = Exchange(
            api=model.service_model.service_name,
            operation=model.name,
            params=self._placeholders.replaced(params),
            answer=None if failed else self._placeholders.replaced(self._ours(body) if page else body),
            error=Error(error["Code"], self._placeholders.replaced(error.get("Message", ""))) if failed else None,
            http_status=http_response.status_code,
            content_type=http_response.headers.get("content-type", ""),
            at=round(sent - self._began, 3),
            seconds=round(self._now() - sent, 3),
            retries=parsed["ResponseMetadata"].get("RetryAttempts", 0),
            page=page,
        )
        (self._exchanges if self._watch is None else self._watch).append(raw)

    def _ours(self, body: Mapping[str, Any]) -> dict[str, Any]:
        """A page without what others have in the account."""
        return {name: self._own_entries(value) if isinstance(value, list) else value for name, value in body.items()}

    def _own_entries(self, entries: list[Any]) -> list[Any]:
        written = [(each, json.dumps(each)) for each in entries]
        return [each for each, text in written if f":{self._account}:" not in text or self._prefix in text]


def _decoded(body: Any) -> Any:
    """A body of JSON; a text stands for itself where it is something else."""
    text = body.decode(errors="replace") if isinstance(body, bytes) else str(body)
    try:
        return json.loads(text or "{}")
    except ValueError:
        return text


def _page(body: Mapping[str, Any]) -> Page | None:
    lists = [value for value in body.values() if isinstance(value, list)]
    return Page(sum(map(len, lists)), bool(body.get("nextToken")))


def _together(looked: list[Exchange]) -> Exchange:
    """What was asked again and again as one exchange: the last answer, and the statuses on the way."""
    first, last = looked[0], looked[-1]
    looks: list[Look] = []
    for each in looked:
        status = _status(each)
        if status and (not looks or looks[-1].status != status):
            looks.append(Look(status, round(each.at - first.at, 3)))
    seconds = round(last.at + last.seconds - first.at, 3)
    return replace(last, at=first.at, seconds=seconds, looks=tuple(looks), looked=len(looked))


def _status(exchange: Exchange) -> str:
    """Status of what a description is of, and of its latest update."""
    if exchange.error:
        return GONE if exchange.error.code == _NOT_FOUND else exchange.error.code
    described = next((each for each in (exchange.answer or {}).values() if isinstance(each, Mapping)), {})
    updates = [
        f"{member} {value['status']}"
        for member, value in described.items()
        if member.startswith("latest") and isinstance(value, Mapping) and "status" in value
    ]
    return ", ".join(filter(None, [described.get("status", ""), *updates]))
