"""Reads a dataset group with all that is in it: Describe*, List* and the tags, and nothing that changes anything."""

from __future__ import annotations

from collections.abc import Iterator

from lambdas.personalize_provider.api import Api
from lambdas.personalize_provider.deployments import CloudFormation, is_gone, known_deployment
from lambdas.personalize_provider.ownership import holders, owners
from lambdas.personalize_provider.resource_type import ResourceType
from lambdas.personalize_provider.resources import RESOURCES
from lambdas.personalize_provider.statuses import ACTIVE, Description

from .found import Found, FoundDataset, FoundGroup, FoundSolution, NotAdoptableError

_GROUP = "datasetGroupArn"


def read_group(api: Api, cloudformation: CloudFormation, name_or_arn: str) -> FoundGroup:
    """Read a dataset group.

    Args:
        api: what to ask; it keeps within the control plane's rate itself.
        cloudformation: says which stack has a resource, and whether one that a tag names is still there.
        name_or_arn: of the dataset group; empty if the user has named none.

    Raises:
        NotAdoptableError: there is no such group; names those there are.
        ClientError, BotoCoreError: the service does not answer.
    """
    reader = _Reader(api, cloudformation)
    group = reader.group(name_or_arn)
    inside = {noun: tuple(reader.all_of(noun, _GROUP, group.arn)) for noun in ("Dataset", "Solution")}
    return FoundGroup(
        itself=group,
        datasets={str(each.description["datasetType"]).upper(): reader.dataset(each) for each in inside["Dataset"]},
        solutions=tuple(
            FoundSolution(each, tuple(reader.all_of("Campaign", "solutionArn", each.arn)))
            for each in inside["Solution"]
        ),
        recommenders=tuple(reader.all_of("Recommender", _GROUP, group.arn)),
        filters=tuple(reader.all_of("Filter", _GROUP, group.arn)),
        trackers=tuple(reader.all_of("EventTracker", _GROUP, group.arn)),
        attributions=tuple(reader.all_of("MetricAttribution", _GROUP, group.arn)),
    )


class _Reader:
    def __init__(self, api: Api, cloudformation: CloudFormation) -> None:
        self._api = api
        self._cloudformation = cloudformation

    def group(self, name_or_arn: str) -> Found:
        row = RESOURCES["DatasetGroup"]
        listed = list(self._api.summaries(row, {}))
        for summary in listed:
            if name_or_arn in (summary["name"], summary[row.arn_member]):
                return self._found("DatasetGroup", self._api.describe(row, summary[row.arn_member]) or summary)
        known = ", ".join(sorted(f"{each['name']} ({each.get('domain', 'custom')})" for each in listed)) or "none"
        asked = f"there is no dataset group '{name_or_arn}'" if name_or_arn else "name a dataset group, or its ARN"
        raise NotAdoptableError(f"DATASET_GROUP: {asked}. There are: {known}.")

    def all_of(self, noun: str, member: str, parent: str) -> Iterator[Found]:
        row = RESOURCES[noun]
        for summary in self._api.child_summaries(row, member, parent):
            description = self._api.describe(row, summary[row.arn_member])
            if description is not None:
                yield self._found(noun, description)

    def dataset(self, dataset: Found) -> FoundDataset:
        schema = self._api.describe(RESOURCES["Schema"], dataset.description["schemaArn"]) or {}
        return FoundDataset(dataset, self._found("Schema", schema), self._latest_import(dataset.arn))

    def _latest_import(self, dataset_arn: str) -> Description | None:
        row = RESOURCES["DatasetImportJob"]
        sound = [each for each in self._api.child_summaries(row, "datasetArn", dataset_arn) if each["status"] == ACTIVE]
        newest = max(sound, key=lambda each: each["creationDateTime"], default=None)
        return self._api.describe(row, newest[row.arn_member]) if newest else None

    def _found(self, noun: str, description: Description) -> Found:
        row = RESOURCES[noun]
        arn = str(description[row.arn_member])
        tags = self._api.tags(arn) if row.taggable else {}
        return Found(noun, str(description["name"]), arn, description, tags, self._owner(row, description, tags))

    def _owner(self, row: ResourceType, found: Description, tags: dict[str, str]) -> str:
        """The stack that a resource belongs to; a stack that may not be asked about counts as there."""
        for stack_id, _ in (*owners(tags), *holders(self._cloudformation, row, found)):
            if not is_gone(known_deployment(self._cloudformation, stack_id)):
                return _stack_name(stack_id)
        return ""


def _stack_name(arn: str) -> str:
    """`arn:aws:cloudformation:REGION:ACCOUNT:stack/NAME/ID` as NAME."""
    parts = arn.split("/")
    return parts[1] if len(parts) > 1 else arn
