"""Reads a deployed environment: its stacks, its resources, and what else is in its dataset groups."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import ClientError

from lambdas.personalize_provider.api import Api
from lambdas.personalize_provider.resources import RESOURCES
from lambdas.personalize_provider.service_errors import SERVICE_ERRORS, Meaning, meaning, message, operation
from lambdas.personalize_provider.statuses import has_failed, is_paused
from tools.deployed import Deployed, NotDeployedError
from tools.review.money import Cost, load_prices
from tools.review.running import schedules_of

from .bill import bill
from .compare import Compared, Comparison, made_row
from .freshness import campaign_behind, idle, recommender_behind, serves
from .inside import Inside, Lister, Ownership, foreign_rows
from .pace import Pace
from .rows import Bill, Found, Row, Run, StackState, State
from .scheduled import Scheduled
from .stacks import Resource, Stack, assembly_of, gates_of, read_stacks, resources_of

# If the settings have no alarm for it.
_IDLE_DAYS = 7
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
        assembly = assembly_of(stacks)
        scheduled = Scheduled(schedules_of(assembly), self._now)
        compared = self._compare(Comparison(self._api, scheduled), list(resources_of(stacks)))
        ownership = Ownership(self._api, compared, self._deployed.name)
        self._step("what else there is", 0, 1)
        prices = load_prices()
        costs = bill(assembly, compared, prices)
        hours = prices.assumptions.hours_per_month
        monthly = [Bill(each.path, each.what, _per_month(each, hours)) for each in costs]
        inside = Lister(self._api, ownership).look_inside(compared)
        rows = [*self._judged(stacks, compared, inside, ownership, monthly), *foreign_rows(self._api, inside)]
        notes = dict.fromkeys(cannot_read("What is in the dataset group", each) for each in inside.unread)
        rows += [Row("", "dataset group", "", "DatasetGroup", "", "", State.UNREADABLE, note=note) for note in notes]
        return Found(
            name=self._deployed.name,
            where=self._deployed.where,
            date=self._now,
            stacks=[StackState(each.name, each.status, each.changed) for each in stacks],
            rows=rows,
            imports=list(imports_of(compared, inside, ownership)),
            bill=monthly,
            links=list(links_of(compared)),
        )

    def _compare(self, comparison: Comparison, resources: list[Resource]) -> list[Compared]:
        compared = []
        for at, resource in enumerate(resources):
            self._step(resource.path, at, len(resources))
            compared.append(self._compared(comparison, resource))
        return compared

    def _judged(
        self,
        stacks: list[Stack],
        compared: list[Compared],
        inside: Inside,
        ownership: Ownership,
        monthly: list[Bill],
    ) -> Iterator[Row]:
        """Rows of the resources, with what only the whole tells: which version serves, what is behind, what is idle."""
        gates = gates_of(stacks)
        cost = {each.path: each.per_month for each in monthly}
        for each in compared:
            more = [*self._behind(each, gates, inside), *self._idle(each, cost.get(each.resource.path))]
            there_is = serves(each, inside, ownership) if each.row.noun == "Campaign" and each.found else ""
            for row in merged(each.rows, more):
                there = "; ".join(filter(None, [there_is, row.there_is]))
                yield replace(row, there_is=there) if there_is and not row.differences else row

    def _behind(self, compared: Compared, gates: Mapping[str, Any], inside: Inside) -> list[Row]:
        """That something newer is there than what answers requests, if it is."""
        if not is_serving(compared):
            return []
        if compared.row.switch:
            return list(recommender_behind(compared, inside))
        return self._or_unread(
            compared, "Whether a newer version passes", lambda: campaign_behind(self._api, gates, compared, inside)
        )

    def _idle(self, compared: Compared, cost: float | None) -> list[Row]:
        """That nobody asks, if nobody does."""
        if not is_serving(compared):
            return []
        alarms = self._deployed.settings.operations and self._deployed.settings.operations.alarms
        days = (alarms and alarms.idle_days) or _IDLE_DAYS
        cloudwatch = self._client("cloudwatch")
        return self._or_unread(
            compared, "Whether anybody asks it", lambda: idle(cloudwatch, compared, days, cost, self._now)
        )

    def _or_unread(self, compared: Compared, what: str, rows: Callable[[], Iterator[Row]]) -> list[Row]:
        """Rows, or one that says that they may not be read."""
        try:
            return list(rows())
        except ClientError as error:
            note = cannot_read(what, error)
            return [made_row(compared.resource, State.UNREADABLE, compared.found, compared.row, note=note)]

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


def merged(rows: Sequence[Row], more: Sequence[Row]) -> list[Row]:
    """What there is to say; that all is in step only if there is nothing else."""
    return [*(row for row in rows if not more or row.state is not State.IN_STEP), *more]


def is_serving(compared: Compared) -> bool:
    """Whether it is a recommender or a campaign that answers requests."""
    found = compared.found
    if found is None or compared.row.noun not in ("Campaign", "Recommender"):
        return False
    return not is_paused(found) and not has_failed(found)


def _per_month(cost: Cost, hours: float) -> float | None:
    return None if cost.per_hour is None or cost.per_training is None else cost.per_month(hours)


def imports_of(compared: Sequence[Compared], inside: Inside, ownership: Ownership) -> Iterator[Run]:
    """Imports into the app's datasets, the latest first."""
    found = (
        Run(
            of=str(each.resource.properties["DatasetType"]).upper(),
            name=str(job["jobName"]),
            made_by=ownership.made_by(f"/{job['jobName']}", job),
            status=str(job["status"]),
            begun=job["creationDateTime"],
            ended=job["lastUpdatedDateTime"],
            reason=str(job.get("failureReason") or ""),
        )
        for each in compared
        if each.row.noun == "Dataset"
        for job in inside.imports.get(each.arn, [])
    )
    return iter(sorted(found, key=lambda run: run.begun, reverse=True))


def links_of(compared: Sequence[Compared]) -> Iterator[tuple[str, str]]:
    """Which resources refer to which, by what the service says of them."""
    known = {each.arn for each in compared if each.arn}
    for each in compared:
        texts = [value for value in (each.found or {}).values() if isinstance(value, str)]
        # The version that a campaign serves may be a refresh's; its solution is the template's.
        named = {*texts, *(text.rpartition("/")[0] for text in texts)} & known - {each.arn}
        yield from ((each.arn, other) for other in sorted(named))


def cannot_read(what: str, error: Any) -> str:
    """Why something cannot be read, in a sentence that names the permission if one is missing."""
    if meaning(error) is Meaning.DENIED:
        action = re.search(r"perform: (\S+)", message(error))
        named = action[1].rstrip(".") if action else operation(error)
        return f"{what} cannot be read: these credentials may not perform {named}."
    return f"{what} cannot be read: {message(error)}."
