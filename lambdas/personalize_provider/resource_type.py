"""What the provider has to know about a resource type, and what changing one of its properties does."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

# Properties of every type that are ours, not the service's.
CONTROL_PROPERTIES = frozenset({"Name", "NamePrefix", "Tags", "AllowReplacement", "Adopt", "Release", "Repair"})
# What becomes of contents that leave the template; anything else means that they stay.
DELETED = "deleted"

# Members of a request, as the API names them.
Members = dict[str, Any]


def member_name(property_name: str) -> str:
    """`DatasetGroupArn` as the API's member: `datasetGroupArn`."""
    return property_name[0].lower() + property_name[1:]


def property_name(member: str) -> str:
    """`modelMetrics` as a template names it: `ModelMetrics`."""
    return member[0].upper() + member[1:]


def words(noun: str) -> str:
    """`DatasetImportJob` as one reads it: `dataset import job`."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", noun).lower()


class Effect(Enum):
    """What changing a property does."""

    NOTHING = "nothing now"
    IN_PLACE = "updated in place"
    REPLACED = "replaced"
    LOSES_DATA = "refused, unless allow_replacement accepts the loss of data"
    REFUSED = "refused, because only one can exist at a time"
    IMPOSSIBLE = "refused, because the service cannot change it so"
    BY_VALUE = "updated in place, or refused: that depends on the old and the new value"


@dataclass(frozen=True)
class ValueRule:
    """When the service refuses the new value of a property, depending on the old one.

    Attributes:
        noun, content: the value is the ARN of a resource of type `noun`; the rule compares its property `content`.
        refusal: from the old and the new content, why the service refuses and what to do; empty if it does not.
        words: for which values it refuses, for the page of changes.
    """

    noun: str
    content: str
    refusal: Callable[[str, str], str]
    words: str


@dataclass(frozen=True)
class Elements:
    """A list that an update changes by adding and removing elements, each of which has a name.

    Attributes:
        operation: the List* operation that shows the list, since no description does.
        name: member of an element that names it.
        add: member of the update request that takes new elements.
        remove: member of the update request that takes names.
    """

    operation: str
    name: str
    add: str
    remove: str


@dataclass(frozen=True)
class Update:
    """How a type changes in place.

    Attributes:
        operation: the Update* operation.
        properties: the properties it takes, each optional in the request.
        latest: member of the description that reports the last update's status; "" if the status of the resource does.
        actual: where the description shows the current value of a property, when not under its own name.
        defaults: the service's defaults of request members, set again when they leave the template.
        completed: from the members of a request and the description, the members that the service wants.
        rules: by property, when the service refuses a new value. What it refuses to change back, a rollback leaves.
        elements: by property, how a list changes that no update replaces as a whole.
        left_to_refreshes: properties that a refresh moves on, within the part of the value before the last slash: a
            campaign to a newer version of its solution. A deployment that did not change them leaves them alone.
    """

    operation: str
    properties: frozenset[str]
    latest: str
    actual: Mapping[str, str] = field(default_factory=dict)
    defaults: Mapping[str, Any] = field(default_factory=dict)
    completed: Callable[[Members, Members], Members] = lambda request, _: request
    rules: Mapping[str, ValueRule] = field(default_factory=dict)
    elements: Mapping[str, Elements] = field(default_factory=dict)
    left_to_refreshes: frozenset[str] = frozenset()

    def effect(self, name: str, before: str | None, after: str | None) -> Effect:
        """What changing a property does if that needs no new resource; see ResourceType.effect."""
        if name not in self.properties:
            return Effect.NOTHING
        rule = self.rules.get(name)
        if rule and (before is None or after is None):
            return Effect.BY_VALUE
        return Effect.IMPOSSIBLE if rule and rule.refusal(str(before), str(after)) else Effect.IN_PLACE


@dataclass(frozen=True)
class Blocker:
    """Resources that must be deleted before one of another type can be deleted.

    Attributes:
        path: their type, after the types between; each with the List* member that narrows it to the one before. The
            first member is one of the description of what is deleted; None if no List* narrows it to that.
        is_inside: whether they exist only in what is deleted. If CloudFormation has forgotten them, they are deleted
            with it; others only with the whole stack.
        only_in_transition: whether they block only while the service is at work on them.
        names: member of their description that must hold the ARN of what is deleted, where no List* narrows.
        only_for: member of the description of what is deleted, and the value it must have.
        refers: from their description and that of what is deleted, whether they use it, where no List* narrows.
    """

    path: tuple[tuple[str, str | None], ...]
    is_inside: bool = False
    only_in_transition: bool = False
    names: str | None = None
    only_for: tuple[str, str] | None = None
    refers: Callable[[Members, Members], bool] | None = None


@dataclass(frozen=True)
class ResourceType:
    """One Personalize resource type.

    Attributes:
        noun: the noun in the operations' names (`Recommender` in `CreateRecommender`).
        create_only: properties whose change needs a new resource.
        quota: the service quota that LimitExceededException speaks of.
        update: how the other properties change in place, if any does.
        documents: create-only properties whose text may say the same in other words; from the text that there is and
            the one that is asked for, what differs, empty if nothing does.
        no_effect: properties that matter only to the next resource of the type; changing one does nothing now.
        control: create-only properties that are ours and are never sent to the service.
        on_create: property -> request member, where Create* takes it under another name.
        parent: property that names the resource this one is made in; List* narrows its answer to that.
        list_member: the member of a List* answer that holds the summaries, where it is not named after the type.
        name_member: the request member that carries the name.
        arn_is_generated: whether the service generates an id, so that the ARN does not follow from the name.
        path: what follows the account in the ARN, from the name and the last parts of the properties' values, where
            that is not the type and the name. Source: service authorization reference, "Resource types defined by
            Amazon Personalize", and the examples of the API reference, Create*.
        more_attributes: attribute -> member of the description, besides the ARN.
        metrics: operation that answers the evaluation metrics, which become attributes.
        metric_names: metrics that a template may ask for; which of them there are depends on the recipe.
        metrics_member: member of the description that holds evaluation metrics, which become one attribute, as JSON.
        outlasts_request: whether it may take longer than CloudFormation's hour. Its request ends once the service has
            accepted it; a chain of Custom::PersonalizeWait waits for the rest (docs/architecture.md).
        is_job: whether it runs once per request, under a new name each time. A run that has ended with the same
            create-only properties is used again.
        reuse_latest_only: whether only the latest run is used again.
        holds_data: whether replacing it loses data, which needs AllowReplacement.
        contents: property of ours that says what holds data in it, each with what becomes of that when it leaves the
            template; removing what would be deleted needs AllowReplacement.
        source: member of the description, and member of that, with the location in S3 that it reads.
        deletable: whether a Delete* operation exists.
        taggable: whether the service tags it (the Schema data type has no tags).
        stop: operation that ends a creation in progress.
        pause, resume: operations that make an ACTIVE resource INACTIVE, and that make it ACTIVE again.
        switch: property of ours that says whether the resource is to be ACTIVE, which is its default, or paused.
        stays_while_used: whether it may stay until the stack is deleted, if CloudFormation deletes it while it is in
            use. It costs nothing, so nobody waits for it.
        blockers: what blocks deletion (developer guide, "Requirements for deleting Amazon Personalize resources").
        unique_within: the service allows one resource of the type for each value of these properties.
    """

    noun: str
    create_only: frozenset[str]
    quota: str
    update: Update | None = None
    documents: Mapping[str, Callable[[str, str], str]] = field(default_factory=dict)
    no_effect: frozenset[str] = frozenset()
    control: frozenset[str] = frozenset()
    on_create: Mapping[str, str] = field(default_factory=dict)
    parent: str = ""
    list_member: str = ""
    name_member: str = "name"
    arn_is_generated: bool = False
    path: Callable[[str, Mapping[str, str]], str] | None = None
    more_attributes: Mapping[str, str] = field(default_factory=dict)
    metrics: str | None = None
    metric_names: tuple[str, ...] = ()
    metrics_member: str = ""
    outlasts_request: bool = False
    is_job: bool = False
    reuse_latest_only: bool = False
    holds_data: bool = False
    contents: str = ""
    source: tuple[str, str] | None = None
    deletable: bool = True
    taggable: bool = True
    stop: str | None = None
    pause: str | None = None
    resume: str | None = None
    switch: str = ""
    stays_while_used: bool = False
    blockers: tuple[Blocker, ...] = ()
    unique_within: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """The noun as a member name; a Describe* answer holds the description under it."""
        return member_name(self.noun)

    @property
    def arn_member(self) -> str:
        """Request and description member that holds the ARN."""
        return f"{self.key}Arn"

    @property
    def list_key(self) -> str:
        """Member of a List* answer that holds the summaries."""
        return self.list_member or f"{self.key}s"

    @property
    def attributes(self) -> Mapping[str, str]:
        """Attribute -> member of the description."""
        return {f"{self.noun}Arn": self.arn_member, **self.more_attributes}

    @property
    def properties(self) -> frozenset[str]:
        """Every property a template may set on this type, besides CONTROL_PROPERTIES."""
        updatable = self.update.properties if self.update else frozenset()
        return self.create_only | updatable | self.no_effect | {self.contents, self.switch} - {""}

    @property
    def unsent(self) -> frozenset[str]:
        """Properties that are ours and never sent to the service."""
        return self.control | {self.contents, self.switch}

    def arn_path(self, name: str, last_parts: Mapping[str, str]) -> str:
        """The part of a resource's ARN after the account.

        Args:
            name: of the resource.
            last_parts: by property, what follows the last slash of its value.

        Raises:
            KeyError: a property that the ARN needs is missing.
        """
        return self.path(name, last_parts) if self.path else f"{words(self.noun).replace(' ', '-')}/{name}"

    def taken_away(self, before: Mapping[str, Any], after: Mapping[str, Any]) -> list[str]:
        """What has left the contents of the resource, and would be deleted with its data."""
        held, kept = before.get(self.contents, {}), after.get(self.contents, {})
        return sorted(name for name in held if held[name] == DELETED and name not in kept)

    def effect(
        self, name: str, accepts_loss: bool = False, before: str | None = None, after: str | None = None
    ) -> Effect:
        """What changing a property does, also one of CONTROL_PROPERTIES.

        Args:
            name: of the property.
            accepts_loss: whether AllowReplacement is set.
            before, after: for a property with a ValueRule, the old and the new content that it speaks of.

        For `contents` it is what removing something does; anything else is nothing.

        Raises:
            KeyError: the type has no such property.
        """
        if name not in self.properties | CONTROL_PROPERTIES:
            raise KeyError(name)
        needs_new = name in self.create_only | {"Name"}
        if self.holds_data and not accepts_loss and (needs_new or name == self.contents):
            return Effect.LOSES_DATA
        if needs_new:
            return Effect.REFUSED if self.unique_within and name not in self.unique_within else Effect.REPLACED
        return self._effect_in_place(name, before, after)

    def _effect_in_place(self, name: str, before: str | None, after: str | None) -> Effect:
        if name in ("Tags", "Release"):
            return Effect.IN_PLACE if self.taggable else Effect.NOTHING
        if name == self.switch:
            return Effect.IN_PLACE
        return self.update.effect(name, before, after) if self.update else Effect.NOTHING
