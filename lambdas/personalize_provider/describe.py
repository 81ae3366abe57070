"""Reads a description: the last update of a resource, and its attributes for Fn::GetAtt."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .api import Api
from .names import arn_of
from .protocol import CLOCK_SECONDS, Event, Progress
from .resource_type import ResourceType, property_name
from .statuses import Description, has_failed, is_busy, is_update

METRIC_DECIMALS = 4
# The update of a revision without one.
NEVER = "0"
_THEN_PAUSE = " then pause"
_REVISION = re.compile(rf"(.*?)({_THEN_PAUSE}(?: as told at (\d+))?)?")


def source(row: ResourceType, description: Description) -> str:
    """The location in S3 that a resource reads; empty if it reads none."""
    if not row.source:
        return ""
    holder, member = row.source
    return str((description.get(holder) or {}).get(member, ""))


def is_older(found: Description, than: float) -> bool:
    """Whether a resource is older than a moment by more than clocks may differ.

    Args:
        found: its description.
        than: seconds since the epoch.
    """
    created = found.get("creationDateTime")
    return created is not None and bool(created.timestamp() + CLOCK_SECONDS < than)


def latest_update(row: ResourceType, description: Description) -> Description:
    """Summary of the last update; empty if there was none, or if only the status shows it and it has succeeded."""
    if not row.update:
        return {}
    if row.update.latest:
        return dict(description.get(row.update.latest) or {})
    if not is_update(description):
        return {}
    return {**description, "creationDateTime": description["lastUpdatedDateTime"]}


def update_id(update: Description) -> str:
    """What distinguishes an update from the next; empty if there was none."""
    return str(update.get("creationDateTime", ""))


@dataclass(frozen=True)
class ThenPause:
    """That a chain has to stop the resource once it has settled.

    Attributes:
        told_at: when the request began whose template says so, in seconds since the epoch; None if the template says
            nothing, and somebody had stopped the resource before it was changed.
    """

    told_at: int | None = None

    def __str__(self) -> str:
        """As it stands in a revision."""
        return _THEN_PAUSE if self.told_at is None else f"{_THEN_PAUSE} as told at {self.told_at}"


@dataclass(frozen=True)
class Revision:
    """What a resource tells the chain that waits for it, in the one attribute `Revision`.

    One attribute for both, because CloudFormation keeps what a custom resource answered last: an update that asks a
    resource of an earlier version for a new attribute, without calling it, would fail.

    Attributes:
        update: what distinguishes the last update from the next; NEVER if there was none, or if it failed. Only the
            deployment that asked for an update fails with it; later ones find what has served all the time. A resource
            that was made again under its name says so instead, or CloudFormation would not call the chain.
        then_pause: whether, and why, the chain has to stop the resource afterwards.
    """

    update: str
    then_pause: ThenPause | None = None

    def __str__(self) -> str:
        """As the attribute."""
        return f"{self.update}{self.then_pause or ''}"

    @classmethod
    def after(cls, update: Description, then_pause: ThenPause | None = None, unchanged: str = NEVER) -> Revision:
        """The revision that an update leads to.

        Args:
            update: the last one; empty if there was none.
            then_pause: whether, and why, the chain has to stop the resource.
            unchanged: what the revision says if there was none.
        """
        return cls(NEVER if has_failed(update) else update_id(update) or unchanged, then_pause)

    @classmethod
    def asked_for(cls, properties: Mapping[str, Any]) -> Revision:
        """The revision that a link's properties ask it to wait for."""
        found = _REVISION.fullmatch(str(properties["Revision"]))
        assert found  # any text does
        update, pauses, told = found.groups()
        return cls(update, ThenPause(int(told) if told else None) if pauses else None)


def unchanged_revision(progress: Progress, found: Description) -> str:
    """What the revision of a resource without updates says after a request."""
    is_made_again = progress.in_place and not is_older(found, progress.started)
    return f"made again at {int(progress.started)}" if is_made_again else NEVER


def attributes(
    api: Api,
    row: ResourceType,
    description: Description,
    then_pause: ThenPause | None = None,
    unchanged: str = NEVER,
) -> dict[str, str]:
    """What Fn::GetAtt answers: ARN and the like, the revision for the wait chain, and metrics once there are any."""
    found = {
        name: str(description[member]) for name, member in row.attributes.items() if description.get(member) is not None
    }
    if row.outlasts_request:
        found["Revision"] = str(Revision.after(latest_update(row, description), then_pause, unchanged))
    if is_busy(description) or has_failed(description):
        return found
    if row.metrics:
        reported = metrics(api, row, description)
        found |= {pascal(name): as_text(reported.get(name)) for name in {*row.metric_names, *reported}}
    if row.metrics_member:
        found[property_name(row.metrics_member)] = _as_json(description.get(row.metrics_member) or {})
    return found


def known_attributes(row: ResourceType, event: Event) -> dict[str, str]:
    """The attributes of a resource that cannot be described: the ARN, if it follows from the name, and no update."""
    arn = None if row.arn_is_generated else arn_of(row, event["PhysicalResourceId"], event)
    found = {f"{row.noun}Arn": arn} if arn else {}
    return {**found, "Revision": NEVER} if row.outlasts_request else found


def metrics(api: Api, row: ResourceType, description: Description) -> dict[str, float]:
    """Evaluation metrics by the service's names."""
    assert row.metrics
    answer = api.call(row.metrics, **{row.arn_member: description[row.arn_member]})
    return {name: float(value) for name, value in answer["metrics"].items()}


def _as_json(reported: Mapping[str, float]) -> str:
    """Metrics as JSON text; an empty object while the service reports none, since an SSM parameter cannot be empty."""
    return json.dumps({name: round(float(value), METRIC_DECIMALS) for name, value in sorted(reported.items())})


def as_text(metric: float | None) -> str:
    """A metric with as many decimals as the service's; "n/a" if the service leaves it out."""
    return "n/a" if metric is None else f"{metric:.{METRIC_DECIMALS}f}"


def pascal(name: str) -> str:
    """`precision_at_5` as an attribute: `PrecisionAt5`."""
    return "".join(part.capitalize() for part in re.split(r"[^0-9A-Za-z]+", name))
