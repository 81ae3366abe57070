"""What is in the dataset groups of an environment: its own, runs of refreshes, and what somebody else has made."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from botocore.exceptions import ClientError

from lambdas.personalize_provider.api import Api
from lambdas.personalize_provider.names import is_made_here, last_part
from lambdas.personalize_provider.ownership import STACK_TAG, owner
from lambdas.personalize_provider.resource_type import ResourceType
from lambdas.personalize_provider.resources import RESOURCES
from lambdas.personalize_provider.statuses import ACTIVE, Description, status_of

from .compare import Compared
from .rows import Row, State

_GROUP = "datasetGroupArn"
_IMPORT, _VERSION = RESOURCES["DatasetImportJob"], RESOURCES["SolutionVersion"]
_CAMPAIGN = RESOURCES["Campaign"]


@dataclass
class Inside:
    """What lists say of the dataset groups.

    Attributes:
        imports: by the ARN of a dataset of ours, its jobs, the latest first.
        versions: by the ARN of a solution of ours, its versions, the latest first.
        foreign: what is not ours, with its type.
        unread: errors of lists that may not be read.
    """

    imports: dict[str, list[Description]] = field(default_factory=dict)
    versions: dict[str, list[Description]] = field(default_factory=dict)
    foreign: list[tuple[ResourceType, Description]] = field(default_factory=list)
    unread: list[ClientError] = field(default_factory=list)

    @property
    def last_import(self) -> datetime | None:
        """When the last import ended that succeeded."""
        jobs = (job for listed in self.imports.values() for job in listed)
        return max((job["lastUpdatedDateTime"] for job in jobs if job["status"] == ACTIVE), default=None)


class Ownership:
    """Who has made what, by names and tags."""

    def __init__(self, api: Api, compared: Sequence[Compared], prefix: str) -> None:
        """Know what the templates declare.

        Args:
            api: asks for tags.
            compared: resources of the templates.
            prefix: of the environment's names, such as `vod-dev`.
        """
        self._api = api
        self._known = {each.arn for each in compared}
        self._stacks = {str(each.resource.event["StackId"]) for each in compared}
        self._ours, self._refresh = f"{prefix}_", f"{prefix}_refresh-"

    def made_by(self, arn: str, found: Mapping[str, object]) -> str:
        """Who has made a run, or what else has a name of ours: `a deployment`, `a refresh`; empty if neither has."""
        name = last_part(arn)
        if found.get("trainingType") == "AUTOMATIC":
            return "automatic training"
        if name.startswith(self._refresh):
            return "a refresh"
        is_ours = arn in self._known or (name.startswith(self._ours) and is_made_here(name, {}))
        return "a deployment" if is_ours else ""

    def is_ours(self, row: ResourceType, summary: Description) -> bool:
        """Whether something in our dataset group is ours: by its name, or else by its tags."""
        arn = str(summary[row.arn_member])
        if arn in self._known or self.made_by(_named(row, summary), summary):
            return True
        return row.taggable and self._api.tags(arn).get(STACK_TAG) in self._stacks


def _named(row: ResourceType, summary: Description) -> str:
    """A text that ends with the name of a resource, after a slash."""
    return f"/{summary.get(row.name_member) or last_part(str(summary[row.arn_member]))}"


class Lister:
    """Lists what is in the dataset groups that the templates declare."""

    def __init__(self, api: Api, ownership: Ownership) -> None:
        """Begin with nothing.

        Args:
            api: what to ask.
            ownership: says what is ours.
        """
        self._api = api
        self._ownership = ownership
        self._inside = Inside()

    def look_inside(self, compared: Sequence[Compared]) -> Inside:
        """List everything; what may not be listed is noted."""
        for each in compared:
            if each.row.noun == "DatasetGroup" and each.arn:
                self._look_into_group(each.arn)
            if each.row.noun == "Dataset" and each.arn:
                self._inside.imports[each.arn] = self._runs(_IMPORT, "datasetArn", each.arn)
            if each.row.noun == "Solution" and each.arn:
                self._inside.versions[each.arn] = self._runs(_VERSION, "solutionArn", each.arn)
        return self._inside

    def _look_into_group(self, arn: str) -> None:
        for row in (each for each in RESOURCES.values() if each.parent == "DatasetGroupArn"):
            for summary in self._list(row, _GROUP, arn):
                if row.noun == "Solution":
                    self._list(_CAMPAIGN, "solutionArn", str(summary["solutionArn"]))

    def _runs(self, row: ResourceType, member: str, parent: str) -> list[Description]:
        """Runs of a job, the latest first."""
        return sorted(self._list(row, member, parent), key=lambda run: run["creationDateTime"], reverse=True)

    def _list(self, row: ResourceType, member: str, parent: str) -> list[Description]:
        """What is in a parent; what is not ours of it is noted."""
        try:
            found = self._api.child_summaries(row, member, parent)
            self._inside.foreign += [(row, each) for each in found if not self._ownership.is_ours(row, each)]
        except ClientError as error:
            self._inside.unread.append(error)
            return []
        return found


def foreign_rows(api: Api, inside: Inside) -> Iterator[Row]:
    """A row for everything that somebody else has made."""
    for row, summary in inside.foreign:
        belongs = owner(api, row, summary)
        advice = "Delete it if nobody needs it, or take it over: adopt: true in the settings." if row.deletable else ""
        name = _named(row, summary).removeprefix("/")
        yield Row(
            stack="",
            path=name,
            logical_id="",
            type=row.noun,
            name=name,
            arn=str(summary[row.arn_member]),
            state=State.NOT_OURS,
            says="nothing of it",
            there_is=status_of(summary),
            since=summary.get("creationDateTime"),
            note=f"It belongs to {belongs}." if belongs else "",
            advice="" if belongs else advice,
        )
