"""Reads a description: the last update of a resource, and its attributes for Fn::GetAtt."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .api import Api
from .protocol import CLOCK_SECONDS
from .resource_type import ResourceType
from .statuses import Description, has_failed, is_busy, is_update

METRIC_DECIMALS = 4
_THEN_PAUSE = " then pause"


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
class Revision:
    """What a resource tells the chain that waits for it, in the one attribute `Revision`.

    One attribute for both, because CloudFormation keeps what a custom resource answered last: an update that asks a
    resource of an earlier version for a new attribute, without calling it, would fail.

    Attributes:
        update: what distinguishes the last update from the next; "0" if there was none, or if it failed. Only the
            deployment that asked for an update fails with it; later ones find what has served all the time.
        then_pause: whether the chain has to stop the resource again afterwards, because somebody had stopped it.
    """

    update: str
    then_pause: bool = False

    def __str__(self) -> str:
        """As the attribute."""
        return self.update + (_THEN_PAUSE if self.then_pause else "")

    @classmethod
    def after(cls, update: Description, then_pause: bool = False) -> Revision:
        """The revision that an update leads to."""
        return cls("0" if has_failed(update) else update_id(update) or "0", then_pause)

    @classmethod
    def asked_for(cls, properties: Mapping[str, Any]) -> Revision:
        """The revision that a link's properties ask it to wait for."""
        text = str(properties["Revision"])
        return cls(text.removesuffix(_THEN_PAUSE), text.endswith(_THEN_PAUSE))


def attributes(api: Api, row: ResourceType, description: Description) -> dict[str, str]:
    """What Fn::GetAtt answers: ARN and the like, the revision for the wait chain, and metrics once there are any."""
    found = {
        name: str(description[member]) for name, member in row.attributes.items() if description.get(member) is not None
    }
    if row.outlasts_request:
        found["Revision"] = str(Revision.after(latest_update(row, description)))
    if row.metrics and not is_busy(description) and not has_failed(description):
        reported = metrics(api, row, description)
        found |= {pascal(name): as_text(reported.get(name)) for name in {*row.metric_names, *reported}}
    return found


def metrics(api: Api, row: ResourceType, description: Description) -> dict[str, float]:
    """Evaluation metrics by the service's names."""
    assert row.metrics
    answer = api.call(row.metrics, **{row.arn_member: description[row.arn_member]})
    return {name: float(value) for name, value in answer["metrics"].items()}


def as_text(metric: float | None) -> str:
    """A metric with as many decimals as the service's; "n/a" if the service leaves it out."""
    return "n/a" if metric is None else f"{metric:.{METRIC_DECIMALS}f}"


def pascal(name: str) -> str:
    """`precision_at_5` as an attribute: `PrecisionAt5`."""
    return "".join(part.capitalize() for part in re.split(r"[^0-9A-Za-z]+", name))
