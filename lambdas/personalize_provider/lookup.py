"""Custom::PersonalizeLookup: finds a resource that somebody else has made, and answers its ARNs. Only reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from . import errors
from .names import arn_of, last_part
from .patience import PROPAGATION_SECONDS, may_pass, verdict, waiting
from .protocol import REQUEST_SECONDS, Event, Outcome, Progress, complete, pending
from .resource_type import ResourceType, member_name, property_name
from .resources import RESOURCES
from .service_errors import SERVICE_ERRORS
from .statuses import Description, has_failed, is_busy, is_update, status_of
from .without_resource import WithoutResource

_KIND = "datasetType"


class Lookup(WithoutResource):
    """Finds a resource by its type, and its name or what it is the only one of.

    Properties: `Type` (the noun), and `ResourceName`, or for a dataset `DatasetGroupArn` and `DatasetType`, or for what
    a dataset group has one of `DatasetGroupArn`. Beside a name, the parent's ARN (`DatasetGroupArn`, `SolutionArn`)
    says where it has to be. Attributes: every ARN in the description, and the others of the type (`TrackingId`).
    """

    id_prefix = "lookup"
    young_seconds = PROPAGATION_SECONDS

    def is_complete(self, event: Event, progress: Progress, now: float) -> Outcome:
        """Find it, and wait while the service is still at work on it."""
        if event["RequestType"] == "Delete":
            return complete("nothing to delete")
        row = self._row(event)
        try:
            found = self._find(row, event)
        except SERVICE_ERRORS as error:
            if may_pass(error, now - progress.started):
                return waiting(error)
            raise verdict(error) or errors.refused(row, _sought(event), error) from error
        if is_busy(found):
            return pending(status_of(found))
        if has_failed(found) and not is_update(found):
            raise errors.failed(row, _sought(event), status_of(found), found.get("failureReason"))
        return complete(status_of(found), _answers(row, found))

    def timed_out(self, event: Event, outcome: Outcome) -> Exception:
        """It did not settle within the hour."""
        row = self._row(event)
        return errors.timed_out(row, _sought(event), "settle", outcome.status, REQUEST_SECONDS, setting=None)

    def _row(self, event: Event) -> ResourceType:
        noun = str(event["ResourceProperties"].get("Type"))
        if noun not in RESOURCES:
            raise errors.unknown_type(f"Type {noun}")
        return RESOURCES[noun]

    def _find(self, row: ResourceType, event: Event) -> Description:
        """Describe it.

        Raises:
            ProviderError: there is none.
        """
        found = self._describe(row, event)
        if found and _is_inside(found, event):
            return found
        properties = event["ResourceProperties"]
        names = sorted(_label(row, each) for each in self._listed(row, event))
        parents = (properties[name] for name in _parents(event))
        raise errors.not_found(row, _sought(event), next((last_part(arn) for arn in parents), ""), names)

    def _describe(self, row: ResourceType, event: Event) -> Description | None:
        name = event["ResourceProperties"].get("ResourceName")
        # The path of what has no name does not contain one.
        arn = None if row.arn_is_generated else arn_of(row, name or "any", event)
        if arn and (name or "DatasetType" in event["ResourceProperties"]):
            return self._api.describe(row, arn)
        summary = next((each for each in self._listed(row, event) if name in (None, each.get(row.name_member))), None)
        return self._api.describe(row, summary[row.arn_member]) if summary else None

    def _listed(self, row: ResourceType, event: Event) -> Iterator[Description]:
        return self._api.summaries(row, event["ResourceProperties"])


def _parents(event: Event) -> list[str]:
    return [name for name in event["ResourceProperties"] if name.endswith("Arn")]


def _is_inside(found: Description, event: Event) -> bool:
    """Whether it is in the parent that the request names."""
    properties: Mapping[str, Any] = event["ResourceProperties"]
    return all(found.get(member_name(name)) == properties[name] for name in _parents(event))


def _sought(event: Event) -> str:
    """What is looked for, as sentences name it; empty for what a dataset group has one of."""
    properties = event["ResourceProperties"]
    return str(properties.get("ResourceName") or properties.get("DatasetType", ""))


def _label(row: ResourceType, summary: Description) -> str:
    return str(summary.get(_KIND) or summary.get(row.name_member))


def _answers(row: ResourceType, found: Description) -> dict[str, str]:
    arns = {property_name(member): str(value) for member, value in found.items() if member.endswith("Arn") and value}
    more = {name: str(found[member]) for name, member in row.more_attributes.items() if member in found}
    return {**arns, **more}
