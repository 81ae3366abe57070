"""Everything the service holds for one account in one region, and what is going to happen to it."""

from __future__ import annotations

import hashlib
import heapq
import itertools
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from .behaviour import Behaviour
from .cloudwatch import MetricSink
from .durations import Durations
from .errors import not_found
from .faults import Faults
from .objects import Objects
from .quotas import Quotas

if TYPE_CHECKING:
    from .data import Dataset
    from .kind import Kind

ACTIVE = "ACTIVE"
INACTIVE = "INACTIVE"


def is_busy(status: str) -> bool:
    """Whether a status is one that will change by itself."""
    return status.endswith(("PENDING", "IN_PROGRESS", "STOPPING"))


@dataclass
class Update:
    """The latest change of a resource in place."""

    fields: dict[str, Any]
    status: str
    created: float
    updated: float
    failure_reason: str | None = None

    def view(self) -> dict[str, Any]:
        """The update as descriptions show it."""
        return {
            **self.fields,
            "status": self.status,
            "creationDateTime": self.created,
            "lastUpdatedDateTime": self.updated,
            "failureReason": self.failure_reason,
        }


@dataclass
class Resource:
    """A resource of any kind.

    Attributes:
        fields: members of its description, besides those every resource has.
        turn: counts changes of course; a step planned on an earlier turn no longer happens.
        model: what was trained, once it was.
        work: what is being prepared for the time it becomes active.
    """

    kind: Kind
    arn: str
    name: str
    fields: dict[str, Any]
    created: float
    updated: float
    status: str = ACTIVE
    failure_reason: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    update: Update | None = None
    turn: int = 0
    model: Any = None
    work: Any = None

    def view(self) -> dict[str, Any]:
        """Everything a description may show."""
        shown = {
            **self.fields,
            self.kind.arn_member: self.arn,
            self.kind.name_member: self.name,
            "status": self.status,
            "creationDateTime": self.created,
            "lastUpdatedDateTime": self.updated,
            "failureReason": self.failure_reason,
        }
        if self.kind.update and self.update:
            shown[self.kind.update.latest] = self.update.view()
        return shown

    def set_status(self, status: str, at: float, failure_reason: str | None = None) -> None:
        """Change the status at a time."""
        self.status, self.updated, self.failure_reason = status, at, failure_reason


@dataclass(frozen=True)
class Environment:
    """What surrounds the service; `Service` explains each."""

    account_id: str
    partition: str
    objects: Objects
    durations: Durations
    quotas: Quotas
    faults: Faults
    behaviour: Behaviour
    metrics: MetricSink
    speed: float


Action = Callable[[float], None]


class Region:
    """The resources of an account in a region, and the agenda of what will happen to them."""

    def __init__(self, name: str, environment: Environment) -> None:
        """Make an empty region."""
        self.name = name
        self.environment = environment
        self.resources: dict[str, Resource] = {}
        self.datasets: dict[str, Dataset] = {}
        self._agenda: list[tuple[float, int, Action]] = []
        self._order = itertools.count()
        self._ids = itertools.count()

    def arn(self, path: str) -> str:
        """ARN of what has this path."""
        return f"arn:{self.environment.partition}:personalize:{self.name}:{self.environment.account_id}:{path}"

    def new_id(self, salt: str, digits: int = 8) -> str:
        """A new identifier of hexadecimal digits; the same sequence of requests gets the same ones."""
        seed = f"{self.environment.account_id}/{self.name}/{salt}/{next(self._ids)}"
        return hashlib.sha256(seed.encode()).hexdigest()[:digits]

    def new_uuid(self, salt: str) -> str:
        """A new identifier in the form of a random UUID, from the same sequence as `new_id`."""
        return str(uuid.UUID(self.new_id(salt, 32), version=4))

    # -- resources -----------------------------------------------------------------------------------------

    def add(self, resource: Resource) -> None:
        """Take a resource in."""
        self.resources[resource.arn] = resource

    def remove(self, resource: Resource) -> None:
        """Forget a resource."""
        self.resources.pop(resource.arn, None)

    def find(self, arn: str, noun: str | None = None) -> Resource | None:
        """The resource with that ARN, if there is one, of the kind if one is named."""
        resource = self.resources.get(arn)
        return resource if resource and noun in (None, resource.kind.noun) else None

    def get(self, arn: str, noun: str | None = None) -> Resource:
        """The resource with that ARN.

        Raises:
            ServiceError: ResourceNotFoundException.
        """
        resource = self.find(arn, noun)
        if resource is None:
            raise not_found(arn, noun)
        return resource

    def of(self, noun: str, **fields: Any) -> Iterator[Resource]:
        """Resources of a kind, in order of creation, with these values in their fields."""
        for resource in list(self.resources.values()):
            if resource.kind.noun == noun and all(resource.fields.get(k) == v for k, v in fields.items()):
                yield resource

    # -- agenda --------------------------------------------------------------------------------------------

    def at(self, when: float, action: Action) -> None:
        """Have something happen at a time; it is told that time."""
        heapq.heappush(self._agenda, (when, next(self._order), action))

    def after_work(self, now: float, seconds: float, action: Action) -> None:
        """Have something happen after so many seconds of the service's work, which is faster than the clock."""
        self.at(now + seconds / self.environment.speed, action)

    def settle(self, now: float) -> None:
        """Let everything happen that is due by `now`, in order."""
        while self._agenda and self._agenda[0][0] <= now:
            when, _, action = heapq.heappop(self._agenda)
            action(when)
