"""What a kind of resource is: how it is named, created, changed and deleted.

Each kind is a `Kind`; `kinds.py` collects them. Operation, field and status names are those of the `personalize`
service model in botocore.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from .errors import name_taken
from .region import ACTIVE, Region, Resource
from .request import Request
from .rules import Blocker, Rule

Fields = dict[str, Any]


@dataclass(frozen=True)
class UpdateRule:
    """How a kind changes in place.

    Attributes:
        operation: the Update* operation.
        latest: member of the description that shows the latest update; "" if the status of the resource itself does.
        in_status: whether the status of the resource shows an update under way, besides `latest`.
        rules: what it must meet.
        fields: from the request, what changes.
        shown: from the request, what the summary of the update shows; the same as `fields` if None.
        from_failed: whether a resource in CREATE FAILED may be updated too.
        seconds: how long it takes, if not simply `update_*` of Durations.
    """

    operation: str
    latest: str
    rules: tuple[Rule, ...]
    fields: Callable[[Request, Resource], Fields]
    shown: Callable[[Request, Resource], Fields] | None = None
    from_failed: bool = False
    seconds: Callable[[Request, Resource], float] | None = None
    in_status: bool = False


@dataclass(frozen=True)
class Statuses:
    """The statuses of a kind while it is created, in their order."""

    pending: str = "CREATE PENDING"
    working: str = "CREATE IN_PROGRESS"
    done: str = ACTIVE
    failed: str = "CREATE FAILED"


def _no_failure(region: Region, resource: Resource, at: float) -> str | None:
    return None


def _no_update_failure(region: Region, resource: Resource, before: Fields, at: float) -> str | None:
    return None


def _no_effect(region: Region, resource: Resource, at: float) -> None:
    return None


@dataclass(frozen=True)
class Kind:
    """One kind of resource.

    Attributes:
        noun: the noun in the operations' names.
        key: the noun as a member name: `<key>Arn`, and the member that a Describe* answer holds.
        list_key: the member that a List* answer holds.
        path: what follows the account in its ARN.
        fields: from the Create* request, the fields of the description.
        parents: request members that name resources which must exist, and their kinds.
        rules: what a Create* request must meet, in the order in which they are checked; names come first.
        list_by: member by which List* narrows its answer.
        name_member: request member that carries the name.
        name: from the request and the ARN, the name that the description shows; the one in the request if None.
        answers: fields that the Create* answer shows, besides the ARN.
        update: how it changes in place, if it does.
        blockers: what keeps it from being deleted, besides its own transitions.
        can_be_deleted: whether there is a Delete* operation.
        deletes_from_pending: whether it never is DELETE IN_PROGRESS.
        taggable: whether it has tags.
        has_status: whether it has a status; if not, it exists or it does not.
        statuses: those that it has while it is created.
        newest_first: whether List* begins with what was created last.
        start: work when its creation begins; finish: when it ends; activated: once it is ACTIVE.
        updated: work when an update ends; deleted: when it goes.
    """

    noun: str
    key: str
    list_key: str
    path: Callable[[Request], str]
    fields: Callable[[Request], Fields]
    parents: Mapping[str, str] = field(default_factory=dict)
    rules: tuple[Rule, ...] = ()
    list_by: str | None = None
    name_member: str = "name"
    name: Callable[[Request, str], str] | None = None
    answers: tuple[str, ...] = ()
    update: UpdateRule | None = None
    blockers: tuple[Blocker, ...] = ()
    can_be_deleted: bool = True
    deletes_from_pending: bool = False
    taggable: bool = True
    has_status: bool = True
    statuses: Statuses = Statuses()
    newest_first: bool = False
    start: Callable[[Region, Resource, float], str | None] = _no_failure
    finish: Callable[[Region, Resource, float], str | None] = _no_failure
    activated: Callable[[Region, Resource, float], None] = _no_effect
    updated: Callable[[Region, Resource, Fields, float], str | None] = _no_update_failure
    deleted: Callable[[Region, Resource, float], None] = _no_effect

    @property
    def arn_member(self) -> str:
        """Member that holds the ARN."""
        return f"{self.key}Arn"

    def shown_name(self, request: Request, arn: str) -> str:
        """Name of what a request creates."""
        return self.name(request, arn) if self.name else str(request.params.get(self.name_member, ""))

    def check_name(self, request: Request, arn: str) -> None:
        """Refuse a name that is taken (API reference, Create*: ResourceAlreadyExistsException)."""
        if arn in request.region.resources:
            raise name_taken(arn)


def named(prefix: str, member: str = "name") -> Callable[[Request], str]:
    return lambda request: f"{prefix}/{request.params[member]}"


def taken(*members: str, **defaults: Any) -> Callable[[Request], Fields]:
    """Fields taken over from the request, and what they are if left out."""

    def fields(request: Request) -> Fields:
        given = {member: request.params[member] for member in members if member in request.params}
        return {**defaults, **given}

    return fields
