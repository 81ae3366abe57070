"""The operations of the `personalize-events` API."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from .data import Dataset, action_event, properties_of, put_row
from .errors import ServiceError, invalid
from .region import ACTIVE, Region, Resource
from .reports import report_events
from .request import Request
from .training import dataset_of

Answer = dict[str, Any]
# API reference, Event: no keywords for properties, in any case.
_RESERVED = frozenset({"userid", "sessionid", "eventtype", "timestamp", "recommendationid", "impression"})


def tracker(region: Region, tracking_id: str) -> Resource | None:
    """The event tracker with that tracking id."""
    return next(region.of("EventTracker", trackingId=tracking_id), None)


def _put_events(request: Request) -> Answer:
    """Append events to the Interactions dataset of the tracker's group (API reference, CreateEventTracker)."""
    found = tracker(request.region, request.params["trackingId"])
    if found is None or found.status != ACTIVE:
        raise invalid(f"There is no active event tracker with the tracking ID {request.params['trackingId']}.")
    dataset = dataset_of(request.region, found.fields["datasetGroupArn"], "INTERACTIONS")
    assert dataset, "the Interactions dataset comes before its tracker and goes after it"
    # Until a user logs in, the session stands for them (API reference, PutEvents).
    user = request.params.get("userId", request.params["sessionId"])
    rows = [_event_row(dataset, user, event) for event in request.params["eventList"] if _names_item(event)]
    new = [row for event_id, row in rows if dataset.is_new_event(event_id)]
    for row in new:
        dataset.put(row, request.now)
    report_events(request.region, found.fields["datasetGroupArn"], new, request.now)
    return {}


def _names_item(event: Mapping[str, Any]) -> bool:
    """Whether an event is about an item: in its own member, or, as published notebooks have it, in its properties."""
    given = _check_reserved(event)
    return "itemId" in event or "itemId" in given


def _check_reserved(event: Mapping[str, Any]) -> Mapping[str, Any]:
    """The properties of an event, which cannot be called what events have members for."""
    given = properties_of(event.get("properties"))
    reserved = sorted(name for name in given if name.lower() in _RESERVED)
    if reserved:
        raise invalid(f"properties of an event cannot have {', '.join(reserved)}.")
    return given


def _event_row(dataset: Dataset, user: str, event: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    keys = {
        "USER_ID": user,
        "TIMESTAMP": int(event["sentAt"]),
        "EVENT_TYPE": event["eventType"],
        "EVENT_VALUE": event.get("eventValue"),
        "RECOMMENDATION_ID": event.get("recommendationId"),
        "EVENT_ATTRIBUTION_SOURCE": event.get("metricAttribution", {}).get("eventAttributionSource"),
        # As CSV files have it: developer guide, "Preparing item interaction data for training".
        "IMPRESSION": "|".join(event["impression"]) if "impression" in event else None,
    }
    item = {"ITEM_ID": event["itemId"]} if "itemId" in event else {}
    return event.get("eventId"), put_row(dataset.schema, {**keys, **item}, event.get("properties"))


def _put_items(request: Request) -> Answer:
    return _put(request, "ITEMS", "ITEM_ID", [(one["itemId"], one) for one in request.params["items"]])


def _put_users(request: Request) -> Answer:
    return _put(request, "USERS", "USER_ID", [(one["userId"], one) for one in request.params["users"]])


def _put_actions(request: Request) -> Answer:
    return _put(request, "ACTIONS", "ACTION_ID", [(one["actionId"], one) for one in request.params["actions"]])


def _put_action_interactions(request: Request) -> Answer:
    """Append events to the Action interactions dataset that has the tracking id.

    Developer guide, "Recording real-time action interaction events". That other event types are refused, and the codes,
    are inferred.
    """
    tracking_id = request.params["trackingId"]
    found = next(request.region.of("Dataset", trackingId=tracking_id), None)
    dataset = request.region.datasets.get(found.arn) if found else None
    if dataset is None:
        message = f"There is no active Action interactions dataset with the tracking ID {tracking_id}."
        raise ServiceError("ResourceNotFoundException", message)
    rows = [_action_row(dataset, event) for event in request.params["actionInteractions"]]
    for event_id, row in rows:
        # Of events with the same time and properties one is kept.
        if dataset.is_new_event(event_id) and dataset.is_new_event(repr(sorted(row.items()))):
            dataset.put(row, request.now)
    return {}


def _action_row(dataset: Dataset, event: Mapping[str, Any]) -> tuple[str | None, dict[str, Any]]:
    kind = action_event(event["eventType"])
    if kind is None:
        raise invalid(f"eventType must be Taken, Not Taken or Viewed, not {event['eventType']}.")
    _check_reserved(event)
    keys = {
        "USER_ID": event.get("userId", event["sessionId"]),
        "ACTION_ID": event["actionId"],
        "TIMESTAMP": int(event["timestamp"]),
        "EVENT_TYPE": kind,
    }
    return event.get("eventId"), put_row(dataset.schema, keys, event.get("properties"))


def _put(request: Request, dataset_type: str, key: str, records: list[tuple[str, Mapping[str, Any]]]) -> Answer:
    resource = request.region.get(request.params["datasetArn"], "Dataset")
    dataset = request.region.datasets.get(resource.arn)
    if dataset is None or resource.fields["datasetType"] != dataset_type:
        raise invalid(f"{resource.arn} is not an active dataset of type {dataset_type}.")
    rows = [put_row(dataset.schema, {key: name}, record.get("properties")) for name, record in records]
    for row in rows:
        dataset.put(row, request.now)
    return {}


OPERATIONS: Mapping[str, Callable[[Request], Answer]] = {
    "PutEvents": _put_events,
    "PutItems": _put_items,
    "PutUsers": _put_users,
    "PutActions": _put_actions,
    "PutActionInteractions": _put_action_interactions,
}
