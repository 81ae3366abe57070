"""Event trackers."""

from __future__ import annotations

from tools.conformance.run import Run
from tools.conformance.step import Expected, Step

from .materials import EXISTS, INVALID, refused

_NOBODY = "00000000-0000-0000-0000-000000000000"


def _without_interactions(run: Run) -> None:
    run.ask(run.personalize.create_event_tracker, name=run.name("bare"), datasetGroupArn=run.recall("bare"))


def _create(run: Run) -> None:
    made = run.personalize.create_event_tracker(name=run.name("vod"), datasetGroupArn=run.recall("vod"))
    run.remember("tracker", made["eventTrackerArn"])
    run.remember("tracking-id", made["trackingId"])
    run.ask(run.events.put_events, **_event(made["trackingId"]))
    run.settled("EventTracker", made["eventTrackerArn"])


def _second(run: Run) -> None:
    run.ask(run.personalize.create_event_tracker, name=run.name("second"), datasetGroupArn=run.recall("vod"))


def _unknown(run: Run) -> None:
    run.ask(run.events.put_events, **_event(_NOBODY))


def _event(tracking_id: str) -> dict[str, object]:
    event = {"eventType": "Watch", "itemId": "i1", "sentAt": 1_704_067_200}
    return {"trackingId": tracking_id, "sessionId": "s1", "userId": "u1", "eventList": [event]}


STEPS = (
    Step(
        "trackers.without_interactions",
        "Makes an event tracker in a dataset group without datasets.",
        _without_interactions,
        rules=("trackers.interactions",),
        needs=("groups.bare",),
        expects=refused("CreateEventTracker", INVALID),
    ),
    Step(
        "trackers.created",
        "Makes an event tracker, sends an event while it is pending, and follows its statuses.",
        _create,
        rules=("statuses.order", "events.what_counts"),
        needs=("datasets.created",),
        minutes=1,
        expects=(
            Expected("CreateEventTracker", members=("trackingId", "eventTrackerArn")),
            *refused("PutEvents", INVALID),
            Expected("DescribeEventTracker", members=("eventTracker.accountId", "eventTracker.trackingId")),
        ),
    ),
    Step(
        "trackers.second",
        "Makes a second event tracker in a dataset group.",
        _second,
        rules=("trackers.one_in_group",),
        needs=("trackers.created",),
        expects=refused("CreateEventTracker", EXISTS),
    ),
    Step(
        "trackers.unknown",
        "Sends an event with a tracking id that does not exist.",
        _unknown,
        rules=("events.what_counts",),
        expects=refused("PutEvents", INVALID),
    ),
)
