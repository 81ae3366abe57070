"""Whether a resource is to serve or to be paused: what the template says, or what people or a schedule made of it."""

from __future__ import annotations

from dataclasses import dataclass

from . import errors
from .deployments import is_rollback
from .protocol import Event, Progress, as_before
from .resource_type import ResourceType

_OFF = {"true": False, "false": True}


def is_switched_off(row: ResourceType, event: Event) -> bool:
    """Whether the template of a request says that the resource is to be paused.

    Raises:
        ProviderError: it says neither true nor false.
    """
    value = event["ResourceProperties"].get(row.switch, "true") if row.switch else "true"
    off = _OFF.get(str(value).lower())
    if off is None:
        raise errors.wrong_type(row.switch, "boolean", value)
    return off


@dataclass(frozen=True)
class Switch:
    """What a request makes of a resource that can be paused.

    Attributes:
        is_turned: whether the request starts or stops it. If not, it stays as people or a schedule have left it.
        pauses: whether it is to be paused in the end.
    """

    is_turned: bool
    pauses: bool

    @classmethod
    def of(cls, row: ResourceType, event: Event, progress: Progress) -> Switch:
        """Read it from a request to change a resource, or to take over one that exists."""
        off = is_switched_off(row, event)
        if not row.switch:
            is_turned = False
        elif progress.only_changes:
            is_turned = off != is_switched_off(row, as_before(event))
        else:
            # What a rollback goes back to is as it was when the update replaced it.
            is_turned = not is_rollback(progress.deployment)
        return cls(is_turned, off if is_turned else progress.paused)
