"""A dataset group with all that is in it, as the service describes it."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from lambdas.personalize_provider.resource_type import words
from lambdas.personalize_provider.statuses import Description, has_failed, is_being_deleted, status_of


class NotAdoptableError(Exception):
    """The dataset group is not there, or nothing can be written for it; str() is what the user reads."""


@dataclass(frozen=True)
class Found:
    """A resource.

    Attributes:
        noun: as the operations name it, such as `EventTracker`.
        name: in the account.
        arn: of the resource.
        description: what Describe* answers.
        tags: by key; none for types that the service does not tag.
        owner: name of the stack that it belongs to; empty if there is none.
    """

    noun: str
    name: str
    arn: str
    description: Description
    tags: Mapping[str, str] = field(default_factory=dict)
    owner: str = ""

    @property
    def what(self) -> str:
        """What it is, as one reads it: `event tracker`."""
        return words(self.noun)

    @property
    def status(self) -> str:
        """Of the service; a schema, which has none, is ACTIVE."""
        return status_of(self.description)

    @property
    def is_sound(self) -> bool:
        """Whether it is there, or soon is, and stays."""
        # An update that failed left it as it was before.
        return not is_being_deleted(self.description) and (
            not has_failed(self.description) or self.status == "UPDATE FAILED"
        )

    @property
    def recipe(self) -> str:
        """Name of its recipe; empty if it has none."""
        return str(self.description.get("recipeArn", "")).rpartition("/")[2]


@dataclass(frozen=True)
class FoundDataset:
    """A dataset.

    Attributes:
        itself: the dataset.
        schema: that it has now.
        latest: its newest import that has succeeded; None if there is none.
    """

    itself: Found
    schema: Found
    latest: Description | None

    @property
    def owner(self) -> str:
        """The stack that it, or its schema, belongs to; empty if there is none."""
        return self.itself.owner or self.schema.owner


@dataclass(frozen=True)
class FoundSolution:
    """A solution.

    Attributes:
        itself: the solution.
        campaigns: that serve a version of it.
    """

    itself: Found
    campaigns: tuple[Found, ...] = ()


@dataclass(frozen=True)
class FoundGroup:
    """A dataset group.

    Attributes:
        itself: the group.
        datasets: by type.
        solutions: each with its campaigns.
        recommenders, filters, trackers, attributions: what else is in it.
    """

    itself: Found
    datasets: Mapping[str, FoundDataset]
    solutions: tuple[FoundSolution, ...]
    recommenders: tuple[Found, ...]
    filters: tuple[Found, ...]
    trackers: tuple[Found, ...]
    attributions: tuple[Found, ...]

    @property
    def domain(self) -> str:
        """Of the group; empty for custom ones."""
        return str(self.itself.description.get("domain", ""))

    def all_of_it(self) -> Iterator[Found]:
        """The group, and every resource in it, in the order in which one reads them."""
        yield self.itself
        for each in self.datasets.values():
            yield from (each.schema, each.itself)
        yield from self.recommenders
        for solution in self.solutions:
            yield from (solution.itself, *solution.campaigns)
        yield from (*self.filters, *self.trackers, *self.attributions)
