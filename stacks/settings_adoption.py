"""Settings of what exists already: what the app takes over, and a dataset group that it only looks at."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from stacks.settings_section import Section
from stacks.settings_sentences import shown
from stacks.settings_values import Expression, GroupName, ResourceName

DatasetName = Literal["interactions", "items", "users"]


class Adoptable(Section):
    """What may have been made before, in the console or by another program, and is then taken over."""

    name: ResourceName | None = None
    """The name that it has at Amazon Personalize; only with adopt."""
    adopt: bool = False
    """Take over the resource of that name, instead of making one. It must be there."""
    release: bool = False
    """Give up what was taken over: it stays in the account, without the app's tags. Only with adopt."""

    @model_validator(mode="after")
    def _goes_together(self) -> Adoptable:
        if self.adopt and self.name is None:
            raise ValueError("adopt needs the name of what is taken over. Add name, or set adopt to false.")
        if self.name is not None and not self.adopt:
            raise ValueError(
                "name is for what is taken over; other names are generated. Add adopt: true, or remove it."
            )
        if self.release and not self.adopt:
            raise ValueError("release gives up what was taken over. Add adopt: true and the name, or remove it.")
        return self


class DatasetGroupSettings(Adoptable):
    """The dataset group."""

    removal_policy: Literal["retain", "destroy"] = "retain"
    """What `cdk destroy` does with a group, datasets and schemas that were taken over. Only with adopt."""

    @model_validator(mode="after")
    def _removes_what_is_adopted(self) -> DatasetGroupSettings:
        if "removal_policy" in self.model_fields_set and not self.adopt:
            raise ValueError(
                "removal_policy here is for what is taken over; the one of the whole file is for the rest. Add adopt: "
                "true and the name, or remove it."
            )
        return self


class EventTrackerSettings(Adoptable):
    """The event tracker."""


class FilterSettings(Adoptable):
    """A filter."""

    expression: Expression
    """What it includes or excludes."""


def _interactions() -> list[DatasetName]:
    """Every dataset group that serves somebody has them."""
    return ["interactions"]


class ExistingSettings(Section):
    """A dataset group that others look after, with what the app publishes of it."""

    name: GroupName
    """Its name or its ARN."""
    datasets: Annotated[list[DatasetName], Field(min_length=1)] = Field(default_factory=_interactions)
    """Which datasets it has; the app publishes their ARNs and those of their schemas."""
    event_tracker: bool = False
    """It has an event tracker; the app publishes its ARN and its tracking id."""

    @property
    def group_name(self) -> str:
        """The name alone."""
        return self.name.rpartition("/")[2]

    @property
    def dataset_types(self) -> list[str]:
        """The datasets, as the API names their types."""
        return [kind.upper() for kind in self.datasets]


def _or_text(section: type[Section], key: str, text: object) -> BeforeValidator:
    """A section of settings in whose place one of them, a text, may stand alone."""

    def read(value: object) -> object:
        return value if isinstance(value, dict | section) else {key: value}

    return BeforeValidator(read, json_schema_input_type=section | text)


def _yes_or_section(value: object) -> object:
    if isinstance(value, bool):
        return {} if value else None
    if isinstance(value, dict | EventTrackerSettings):
        return value
    raise ValueError(f"must be true or false, or a section with name and adopt, but is {shown(value)}.")


Existing = Annotated[ExistingSettings, _or_text(ExistingSettings, "name", GroupName)]
Filter = Annotated[FilterSettings, _or_text(FilterSettings, "expression", Expression)]
EventTracker = Annotated[
    EventTrackerSettings | None,
    BeforeValidator(_yes_or_section, json_schema_input_type=EventTrackerSettings | bool),
]
