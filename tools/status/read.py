"""Reads a deployed environment: its stacks, its resources, and what else is in its dataset groups."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from lambdas.personalize_provider.api import Api
from lambdas.personalize_provider.resources import RESOURCES
from lambdas.personalize_provider.service_errors import SERVICE_ERRORS, Meaning, meaning, message, operation
from tools.deployed import Deployed, NotDeployedError
from tools.review.running import schedules_of

from .compare import Compared, Comparison, made_row
from .pace import Pace
from .rows import Found, StackState, State
from .scheduled import Scheduled
from .stacks import Resource, Stack, assembly_of, read_stacks, resources_of

# Is told what is being read: a name, how many steps are done, how many there are.
Step = Callable[[str, int, int], None]


def read(deployed: Deployed, step: Step = lambda *_: None, now: datetime | None = None) -> Found:
    """Compare what is deployed with what there is.

    Args:
        deployed: the environment.
        step: is told of progress.
        now: the time; by default the clock's.

    Raises:
        NotDeployedError: the stacks cannot be read, or there are none.
    """
    reader = _Reader(deployed, step, now or datetime.now(UTC))
    return reader.read()


class _Reader:
    """Reads one thing after the other, each operation at its pace."""

    def __init__(self, deployed: Deployed, step: Step, now: datetime) -> None:
        self._deployed, self._step, self._now = deployed, step, now
        self._pace = Pace() if not deployed.is_local else None
        self._api = Api(self._client("personalize"))

    def _client(self, name: str) -> Any:
        client = self._deployed.client(name)
        return self._pace.keep(client) if self._pace else client

    def read(self) -> Found:
        stacks = self._stacks()
        resources = list(resources_of(stacks))
        scheduled = Scheduled(schedules_of(assembly_of(stacks)), self._now)
        comparison = Comparison(self._api, scheduled)
        compared = []
        for at, resource in enumerate(resources):
            self._step(resource.path, at, len(resources))
            compared.append(self._compared(comparison, resource))
        return Found(
            name=self._deployed.name,
            where=self._deployed.where,
            date=self._now,
            stacks=[StackState(each.name, each.status, each.changed) for each in stacks],
            rows=[row for each in compared for row in each.rows],
        )

    def _stacks(self) -> list[Stack]:
        self._step("CloudFormation", 0, 1)
        try:
            stacks = read_stacks(self._client("cloudformation"), self._deployed.name)
        except SERVICE_ERRORS as error:
            raise NotDeployedError(cannot_read("the stacks", error)) from None
        if not stacks:
            raise NotDeployedError(
                f"{self._deployed.name} has no stacks in {self._deployed.where}. Deploy it, or name another "
                "environment with ENV=name."
            )
        return stacks

    def _compared(self, comparison: Comparison, resource: Resource) -> Compared:
        try:
            return comparison.compare(resource)
        except ClientError as error:
            row = RESOURCES[resource.noun]
            note = cannot_read(resource.path, error)
            return Compared(resource, row, None, (made_row(resource, State.UNREADABLE, None, row, note=note),))


def cannot_read(what: str, error: Any) -> str:
    """Why something cannot be read, in a sentence that names the permission if one is missing."""
    if meaning(error) is Meaning.DENIED:
        service = error.response.get("Error", {}).get("Message", "")
        action = next((word for word in service.split() if word.count(":") == 1 and word[0].islower()), "")
        named = action.rstrip(".") or operation(error)
        return f"{what} cannot be read: these credentials may not perform {named}."
    return f"{what} cannot be read: {message(error)}."
