"""Two cloud assemblies compared: what deploying the difference does to each resource, and what that sets off.

What a change of a Personalize resource does comes from the provider's resource table; for CloudFormation's own types
it comes from their registry schemas, as cfn-lint carries them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import cache
from typing import Any

from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER

from lambdas.personalize_provider.names import in_order, is_within_reach
from lambdas.personalize_provider.resource_type import CONTROL_PROPERTIES, Effect, ResourceType, ValueRule
from lambdas.personalize_provider.resources import RESOURCES
from tools.simulation.assembly import Assembly
from tools.simulation.template import imports, references

from .adoption import Adopted, adoptions
from .existing import Existing
from .stored import HANDED_ON, PASSING_ON, named_in, stored_by

_CUSTOM = "Custom::Personalize"
# What changes with every change of the code, or fills an empty stack, and says nothing of itself.
_NOISE = frozenset({"AWS::CDK::Metadata", "AWS::CloudFormation::WaitConditionHandle"})
_REGION = "us-east-1"


class Kind(Enum):
    """What happens to a resource."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


@dataclass(frozen=True)
class PropertyChange:
    """A property before and after, and what its change does.

    Attributes:
        name: of the property.
        before: its value; None if it was not there.
        after: its value; None if it is no longer there.
        effect: what the change does.
        set_off_by: the resource whose replacement changes the value, if the template itself says the same.
        why: why the provider would refuse it, and what to do instead, where that depends on the values.
    """

    name: str
    before: Any
    after: Any
    effect: Effect
    set_off_by: str = ""
    why: str = ""


@dataclass(frozen=True)
class ResourceChange:
    """A resource that deploying the difference touches.

    Attributes:
        stack: that it is in.
        logical_id: in the template.
        path: of its construct, in its stack.
        type: as the template names it.
        kind: what happens to it.
        properties: those that change.
        loses_data: whether deploying the change loses what it holds.
        loss_is_accepted: whether the template accepts that.
        is_kept: whether it leaves its stack, but is not deleted.
        adopted: what becomes of it, if deploying the change begins to take it over.
    """

    stack: str
    logical_id: str
    path: str
    type: str
    kind: Kind
    properties: tuple[PropertyChange, ...] = ()
    loses_data: bool = False
    loss_is_accepted: bool = False
    is_kept: bool = False
    adopted: Adopted | None = None

    @property
    def noun(self) -> str:
        """The Personalize noun; empty for other types."""
        noun = self.type.removeprefix(_CUSTOM)
        return noun if noun in RESOURCES else ""

    @property
    def is_refused(self) -> bool:
        """Whether the provider would refuse it."""
        return self.effect in REFUSALS or bool(self.adopted and self.adopted.refused)

    @property
    def is_stopped(self) -> bool:
        """Whether it must not be deployed: the provider refuses it, or data is lost that nobody has given up."""
        return self.is_refused or (self.loses_data and not self.loss_is_accepted)

    @property
    def effect(self) -> Effect:
        """The gravest of the effects of its properties."""
        effects = {change.effect for change in self.properties}
        return next((each for each in _GRAVEST_FIRST if each in effects), Effect.NOTHING)


REFUSALS = (Effect.IMPOSSIBLE, Effect.REFUSED, Effect.LOSES_DATA)
_GRAVEST_FIRST = (*REFUSALS, Effect.REPLACED, Effect.BY_VALUE, Effect.IN_PLACE, Effect.NOTHING)


@dataclass
class Comparison:
    """Everything that differs.

    Attributes:
        changes: resources, in the order of stacks and templates.
        outputs: by stack, names of outputs added and removed.
        left_behind: stacks that the app no longer has. Deploying touches nothing in them.
    """

    changes: list[ResourceChange] = field(default_factory=list)
    outputs: dict[str, tuple[list[str], list[str]]] = field(default_factory=dict)
    left_behind: tuple[str, ...] = ()

    @property
    def stopped(self) -> list[ResourceChange]:
        """The changes that would be refused or would lose data."""
        return [each for each in self.changes if each.is_stopped]


def is_run(change: ResourceChange) -> bool:
    """Whether deploying the change makes a new one."""
    return not change.adopted and (change.kind is Kind.ADDED or change.effect is Effect.REPLACED)


def compare(base: Assembly, head: Assembly, existing: Existing | None = None) -> Comparison:
    """Compare what is deployed with what would be.

    Args:
        base: what is deployed.
        head: what would be.
        existing: the account that what is taken over is compared with; None if there is none at hand.
    """
    result = Comparison(left_behind=tuple(name for name in base.templates if name not in head.templates))
    replaced = _Replaced(base, head)
    for stack in head.templates:
        before, after = _template(base, stack), _template(head, stack)
        result.changes += _of_stack(stack, before, after, replaced)
        result.outputs[stack] = _outputs(before, after)
    adopted = adoptions(base, head, existing)
    result.changes = [replace(each, adopted=adopted.get((each.stack, each.logical_id))) for each in result.changes]
    return result


def _template(assembly: Assembly, stack: str) -> Mapping[str, Any]:
    return assembly.templates.get(stack, {"Resources": {}})


def _of_stack(
    stack: str, before: Mapping[str, Any], after: Mapping[str, Any], replaced: _Replaced
) -> Iterator[ResourceChange]:
    old, new = before["Resources"], after["Resources"]
    for logical_id in [*new, *(key for key in old if key not in new)]:
        resource = new.get(logical_id) or old[logical_id]
        if resource["Type"] in _NOISE:
            continue
        about = {
            "stack": stack,
            "logical_id": logical_id,
            "path": path_of(resource, logical_id),
            "type": resource["Type"],
        }
        if logical_id not in old:
            yield ResourceChange(**about, kind=Kind.ADDED)
        elif logical_id not in new:
            yield ResourceChange(**about, **_removal(resource, new))
        else:
            properties = tuple(replaced.properties(stack, logical_id))
            if properties:
                effects = {change.effect for change in properties}
                loses = Effect.REPLACED in effects and _holds_data(resource)
                accepted = loses and _accepts_loss(resource)
                yield ResourceChange(
                    **about, kind=Kind.CHANGED, properties=properties, loses_data=loses, loss_is_accepted=accepted
                )


def _removal(resource: Mapping[str, Any], new: Mapping[str, Any]) -> dict[str, Any]:
    is_released = str(resource.get("Properties", {}).get("Release", "")).lower() == "true"
    kept = is_released or resource.get("DeletionPolicy") in ("Retain", "RetainExceptOnCreate")
    loses = _holds_data(resource) and not kept
    # The dataset group speaks for its datasets (`contents` in the resource table).
    accepted = any(RESOURCES[_noun(each)].contents and _accepts_loss(each) for each in new.values() if _noun(each))
    return {"kind": Kind.REMOVED, "loses_data": loses, "loss_is_accepted": loses and accepted, "is_kept": kept}


def _noun(resource: Mapping[str, Any]) -> str:
    noun = str(resource["Type"]).removeprefix(_CUSTOM)
    return noun if noun in RESOURCES else ""


def _accepts_loss(resource: Mapping[str, Any]) -> bool:
    return str(resource.get("Properties", {}).get("AllowReplacement", "false")).lower() == "true"


def _holds_data(resource: Mapping[str, Any]) -> bool:
    noun = _noun(resource)
    return (noun != "" and RESOURCES[noun].holds_data) or resource["Type"] == "AWS::S3::Bucket"


def path_of(resource: Mapping[str, Any], logical_id: str) -> str:
    """Path of the construct that made a resource, without what CDK adds to it."""
    path = str(resource.get("Metadata", {}).get("aws:cdk:path", logical_id))
    parts = [part for part in path.split("/")[1:] if part not in ("Resource", "Default")]
    return "/".join(parts) or logical_id


def _outputs(before: Mapping[str, Any], after: Mapping[str, Any]) -> tuple[list[str], list[str]]:
    old, new = (
        {key for key in each.get("Outputs", {}) if not key.startswith("ExportsOutput")} for each in (before, after)
    )
    return sorted(new - old), sorted(old - new)


class _Replaced:
    """Follows replacements from resource to resource, across stacks: another ARN is another value of a property."""

    def __init__(self, base: Assembly, head: Assembly) -> None:
        self._base = base
        self._head = head
        self._exports = head.exports()
        self._stored = stored_by(head)
        self._known: dict[tuple[str, str], list[PropertyChange]] = {}

    def properties(self, stack: str, logical_id: str) -> list[PropertyChange]:
        """Changes of the properties of a resource that is on both sides."""
        key = (stack, logical_id)
        if key not in self._known:
            self._known[key] = []  # templates have no cycles; this only keeps a mistake from running for ever
            self._known[key] = _as_one(list(self._properties(stack, logical_id)))
        return self._known[key]

    def _properties(self, stack: str, logical_id: str) -> Iterator[PropertyChange]:
        old = _template(self._base, stack)["Resources"].get(logical_id, {})
        new = _template(self._head, stack)["Resources"].get(logical_id, {})
        before, after = old.get("Properties", {}), new.get("Properties", {})
        row = RESOURCES.get(new["Type"].removeprefix(_CUSTOM))
        for name in [*after, *(key for key in before if key not in after)]:
            if row and name == row.contents and not row.taken_away(before, after):
                continue  # more in it, or what leaves it stays
            values = before.get(name), after.get(name)
            is_same = _is_same(row, *values)
            cause = self._replaced_reference(stack, after.get(name)) if is_same else None
            if is_same and (cause is None or new["Type"] in PASSING_ON):
                continue
            rule = _rule(new["Type"], name)
            contents = self._contents(stack, rule, *values) if rule else (None, None)
            effect, why = _effect(new["Type"], name, after, *contents), _why(rule, *contents)
            if name == "NamePrefix" and not is_within_reach(str(before.get("Name", values[0])), after):
                effect, why = Effect.REFUSED, _out_of_reach(*values)
            yield PropertyChange(name, *values, effect, set_off_by=self._origin(*cause) if cause else "", why=why)

    def _replaced_reference(self, stack: str, value: Any) -> tuple[str, str] | None:
        """What a value refers to, if that gets another ARN."""
        return next((one for one in self._referred(stack, value) if self._gets_another_arn(*one)), None)

    def _contents(self, stack: str, rule: ValueRule, before: Any, after: Any) -> tuple[str | None, str | None]:
        """What two values stand for, as far as the templates tell."""
        return self._content(self._base, stack, rule, before), self._content(self._head, stack, rule, after)

    def _content(self, assembly: Assembly, stack: str, rule: ValueRule, value: Any) -> str | None:
        for where, logical_id in self._referred(stack, value):
            properties = _template(assembly, where)["Resources"].get(logical_id, {}).get("Properties", {})
            content = properties.get(rule.content)
            if isinstance(content, str):
                return content
        return None

    def _referred(self, stack: str, value: Any) -> Iterator[tuple[str, str]]:
        for logical_id in references(value):
            yield stack, logical_id
        for name in imports(value):
            if name in self._exports:
                yield self._exports[name]
        yield from named_in(_template(self._head, stack), self._stored, value)

    def _gets_another_arn(self, stack: str, logical_id: str) -> bool:
        new = _template(self._head, stack)["Resources"].get(logical_id)
        old = _template(self._base, stack)["Resources"].get(logical_id)
        if new is None or old is None or not new["Type"].startswith(_CUSTOM):
            return False
        if new["Type"] in PASSING_ON:
            return any(self._gets_another_arn(*each) for each in self._handed_on(stack, new))
        return any(change.effect is Effect.REPLACED for change in self.properties(stack, logical_id))

    def _handed_on(self, stack: str, resource: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
        properties = resource["Properties"]
        for name in HANDED_ON:
            if name in properties:
                yield from self._referred(stack, properties[name])

    def _origin(self, stack: str, logical_id: str) -> str:
        resource = _template(self._head, stack)["Resources"][logical_id]
        if resource["Type"] in PASSING_ON:
            return self._origin(*next(self._handed_on(stack, resource)))
        return path_of(resource, logical_id)


def _as_one(changes: list[PropertyChange]) -> list[PropertyChange]:
    """A resource that is replaced may have any value; what is impossible in place is not asked of it."""
    if all(each.effect is not Effect.REPLACED for each in changes):
        return changes
    return [
        replace(each, effect=Effect.REPLACED, why="") if each.effect is Effect.IMPOSSIBLE else each for each in changes
    ]


def _is_same(row: ResourceType | None, before: Any, after: Any) -> bool:
    """Whether two values are one to the provider, to which lists are sets; references are compared as they stand."""
    if before == after or row is None:
        return before == after
    refers = any(True for value in (before, after) for _ in (*references(value), *imports(value)))
    return not refers and bool(in_order(before) == in_order(after))


def _rule(resource_type: str, name: str) -> ValueRule | None:
    row = RESOURCES.get(resource_type.removeprefix(_CUSTOM))
    return row.update.rules.get(name) if row and row.update else None


def _out_of_reach(before: Any, after: Any) -> str:
    """As the provider refuses it (errors.out_of_reach)."""
    old, new = (f"{str(each).partition('_')[0]}_" for each in (before, after))
    return (
        f"its name begins with '{old}', and the provider's role would reach only names that begin with '{new}'. Go "
        f"back to the name_prefix that it was created with, or destroy the stacks and deploy them again"
    )


def _why(rule: ValueRule | None, before: str | None, after: str | None) -> str:
    return rule.refusal(before, after) if rule and before and after else ""


def _effect(
    resource_type: str, name: str, properties: Mapping[str, Any], before: str | None = None, after: str | None = None
) -> Effect:
    noun = resource_type.removeprefix(_CUSTOM)
    if resource_type in PASSING_ON or name in ("ServiceToken", "ServiceTimeout"):
        return Effect.NOTHING
    if noun not in RESOURCES:
        return Effect.REPLACED if name in _create_only(resource_type) else Effect.IN_PLACE
    row = RESOURCES[noun]
    if name not in row.properties | CONTROL_PROPERTIES:
        return Effect.REFUSED  # the provider refuses what it does not know
    effect = row.effect(name, _accepts_loss({"Properties": properties}), before, after)
    # A fixed name refuses a second resource beside the first.
    is_refused = effect is Effect.REPLACED and "Name" in properties and name != "Name"
    return Effect.REFUSED if is_refused else effect


@cache
def _create_only(resource_type: str) -> frozenset[str]:
    """Properties that CloudFormation cannot change without a new resource."""
    if resource_type.startswith("Custom::"):
        return frozenset({"ServiceToken"})
    schema = PROVIDER_SCHEMA_MANAGER.get_resource_schema(_REGION, resource_type).schema
    return frozenset(path.split("/")[2] for path in schema.get("createOnlyProperties", []))
