"""What adopting does to each resource, by the provider's own checks against an account."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lambdas.personalize_provider.adoption import Adoption
from lambdas.personalize_provider.change import Changes
from lambdas.personalize_provider.errors import ProviderError
from lambdas.personalize_provider.merge import covers
from lambdas.personalize_provider.protocol import Event, Progress
from lambdas.personalize_provider.resource_type import ResourceType, property_name
from lambdas.personalize_provider.resources import RESOURCES
from lambdas.personalize_provider.statuses import Description, is_paused, is_running
from lambdas.personalize_provider.switch import is_switched_off
from tools.simulation.assembly import Assembly

from .existing import CUSTOM, Existing, Requests, adopting
from .stored import Resource

# Everything that the template says counts, not only what has changed in it.
_EVERYTHING = Progress(started=0.0)


@dataclass(frozen=True)
class Adopted:
    """What becomes of a resource that a template takes over.

    Attributes:
        where: the account that it was compared with; empty if there was none at hand.
        refused: the provider's sentence, if it would refuse it.
        changes: what would be changed in place: property, what there is, what the template says.
    """

    where: str = ""
    refused: str = ""
    changes: tuple[tuple[str, Any, Any], ...] = ()

    @property
    def what(self) -> str:
        """What deploying it does."""
        if self.refused:
            return "refused"
        if not self.where:
            return "adopted (not compared: no account at hand)"
        return "adopted, and changed in place" if self.changes else "adopted as it is"


def adoptions(base: Assembly, head: Assembly, existing: Existing | None) -> dict[Resource, Adopted]:
    """What becomes of everything that deploying a change begins to take over.

    Args:
        base: what is deployed.
        head: what would be.
        existing: the account; None if there is none at hand.

    Raises:
        ClientError, BotoCoreError: the account does not answer.
    """
    before = set(adopting(base))
    new = [each for each in adopting(head) if each not in before]
    if existing is None:
        return {each: Adopted() for each in new}
    requests = Requests(head, existing)
    return {each: _adopted(requests, existing, each) for each in new}


def _adopted(requests: Requests, existing: Existing, resource: Resource) -> Adopted:
    event = requests.event(resource)
    row = RESOURCES[event["ResourceType"].removeprefix(CUSTOM)]
    try:
        Adoption(row, existing.api, existing.cloudformation).start_creation(event, 0.0)
    except ProviderError as error:
        return Adopted(existing.where, refused=str(error))
    found = requests.found(resource)
    assert found  # or the provider would have refused it
    return Adopted(existing.where, changes=tuple(_changes(existing, row, event, found)))


def _changes(existing: Existing, row: ResourceType, event: Event, found: Description) -> Iterator[tuple[str, Any, Any]]:
    if row.update and row.taggable:
        changes = Changes(row, existing.api)
        wanted = changes.leave_to_refreshes(found, changes.find_asked_for(event, _EVERYTHING, found))
        actual = changes.effective(found)
        for member, value in wanted.items():
            if not covers(actual.get(member), value):
                yield property_name(member), _within(actual.get(member), value), value
    if row.switch and is_switched_off(row, event) and is_running(found):
        yield row.switch, True, False
    if row.switch and not is_switched_off(row, event) and is_paused(found):
        yield row.switch, False, True


def _within(actual: Any, wanted: Any) -> Any:
    """What there is of the members that are wanted; the others stay as they are."""
    if not isinstance(wanted, Mapping) or not isinstance(actual, Mapping):
        return actual
    return {name: _within(actual[name], value) for name, value in wanted.items() if name in actual}
