"""Records sent one by one: which the service takes."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from tools.conformance.run import Run
from tools.conformance.step import Expected, Step, Tier

from .imports import CENTS
from .materials import INVALID, refused, taken

# Half an hour after the last event that is imported.
_SENT = 1_706_700_000
_RESERVED = ("userId", "sessionId", "eventType", "timestamp", "recommendationId", "impression", "USERID")


def _send(run: Run) -> None:
    for changes in (
        {"itemId": "i1"},
        # Only here is the item named.
        {"properties": json.dumps({"itemId": "i2"})},
        {"properties": json.dumps({"itemId": "i3", "kind": "trailer"})},
        {"itemId": "i4", "eventValue": 0.5, "eventId": "event-1"},
        {"itemId": "i5", "eventId": "event-1"},
        {"itemId": "i6", "impression": ["i6", "i7"]},
        {},
    ):
        _put_event(run, changes)


def _send_reserved(run: Run) -> None:
    for name in _RESERVED:
        _put_event(run, {"itemId": "i1", "properties": json.dumps({name: "1"})})


def _send_misfits(run: Run) -> None:
    for text in ("{", "[]", json.dumps({"noSuchColumn": 1})):
        _put_event(run, {"itemId": "i1", "properties": text})


def _send_anonymous(run: Run) -> None:
    event = {"eventType": "Watch", "itemId": "i1", "sentAt": _SENT}
    put = run.events.put_events
    run.ask(put, trackingId=run.recall("tracking-id"), sessionId="anonymous", eventList=[event])
    run.ask(put, trackingId=run.recall("tracking-id"), sessionId="many", userId="u1", eventList=[event] * 11)
    run.ask(put, trackingId=run.recall("tracking-id"), userId="u1", eventList=[event])


def _put_event(run: Run, changes: Mapping[str, Any]) -> None:
    event = {"eventType": "Watch", "sentAt": _SENT, **changes}
    run.ask(
        run.events.put_events,
        trackingId=run.recall("tracking-id"),
        userId="u1",
        sessionId="session-1",
        eventList=[event],
    )


def _put_items(run: Run) -> None:
    new = {"genres": "Comedy", "creationTimestamp": _SENT, "year": 2024}
    for changes in ({}, {"year": "long ago"}, {"director": "Anybody"}, {"genres": None}):
        item = {"itemId": "i-new", "properties": json.dumps({**new, **changes})}
        run.ask(run.events.put_items, datasetArn=run.recall("vod-Items"), items=[item])
    run.ask(run.events.put_items, datasetArn=run.recall("vod-Users"), items=[{"itemId": "i-new"}])


def _put_users(run: Run) -> None:
    for properties in ({"age": 44, "plan": "Basic"}, {"plan": "Basic"}, {"age": "old"}):
        user = {"userId": "u-new", "properties": json.dumps(properties)}
        run.ask(run.events.put_users, datasetArn=run.recall("vod-Users"), users=[user])


def _step(name: str, what: str, does: Callable[[Run], None], *rules: str, expects: tuple[Expected, ...] = ()) -> Step:
    needs = ("trackers.created",)
    return Step(name, what, does, rules=rules, tier=Tier.IMPORT, needs=needs, cost=CENTS, expects=expects)


STEPS = (
    _step(
        "events.sent",
        "Sends events: with an item, with the item in the properties only, with an id twice, and without an item.",
        _send,
        "events.what_counts",
        "events.properties",
        expects=(
            Expected("PutEvents", which=0),
            Expected("PutEvents", which=1),
            Expected("PutEvents", INVALID, which=2),
        ),
    ),
    _step(
        "events.reserved",
        "Sends events whose properties have names that are reserved.",
        _send_reserved,
        "events.reserved_properties",
        expects=refused("PutEvents", INVALID, len(_RESERVED)),
    ),
    _step(
        "events.misfits",
        "Sends events whose properties are no JSON object, or name no column.",
        _send_misfits,
        "events.properties",
        expects=refused("PutEvents", INVALID, 3),
    ),
    _step(
        "events.anonymous",
        "Sends an event without a user, 11 events at once, and one without a session.",
        _send_anonymous,
        "events.what_counts",
        "requests.shapes",
        expects=taken("PutEvents"),
    ),
    _step(
        "events.items",
        "Sends an item as it should be, then with wrong values, unknown columns, and to the wrong dataset.",
        _put_items,
        "events.properties",
        expects=(Expected("PutItems", which=0), *(Expected("PutItems", INVALID, which=n) for n in range(1, 5))),
    ),
    _step(
        "events.users",
        "Sends a user as it should be, then without a required value, and with a wrong one.",
        _put_users,
        "events.properties",
        expects=(Expected("PutUsers", which=0), *(Expected("PutUsers", INVALID, which=n) for n in range(1, 3))),
    ),
)
