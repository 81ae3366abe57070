"""IAM statements of an assembly, each in one plain line, and what a change changes in them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from tools.simulation.assembly import Assembly

from .diff import path_of
from .review import Permission
from .values import as_text

# `<Bucket83908E77.Arn>` as values.py writes a reference.
_REFERENCE = re.compile(r"<(\w+)(?:\.Arn)?>")

# What a change of a statement may concern, as a reviewer reads it.
_PARTS = ("actions", "resources", "principals", "conditions")
# Policies of resources: how they are called, and the property that holds them.
_POLICIES: Mapping[str, tuple[str, str]] = {
    "AWS::S3::BucketPolicy": ("Bucket", "PolicyDocument"),
    "AWS::SNS::TopicPolicy": ("Topic", "PolicyDocument"),
    "AWS::SQS::QueuePolicy": ("Queue", "PolicyDocument"),
    "AWS::KMS::Key": ("Key", "KeyPolicy"),
}


@dataclass(frozen=True, order=True)
class Statement:
    """One statement.

    Attributes:
        text: the whole, in one line.
        wildcards: its actions, resources and principals that reach more than one thing.
        who: whose policy it is in, and whether it allows or denies.
        sid: its id, if it has one.
        actions, resources, principals, conditions: its parts.
    """

    text: str
    wildcards: tuple[str, ...] = ()
    who: str = ""
    sid: str = ""
    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    principals: tuple[str, ...] = ()
    conditions: tuple[str, ...] = ()

    def part(self, name: str) -> tuple[str, ...]:
        """One of _PARTS."""
        found: tuple[str, ...] = getattr(self, name)
        return found

    def likeness(self, other: Statement) -> int:
        """How much of another statement it has; 0 if it cannot be that one, changed."""
        if self.who != other.who:
            return 0
        shared = len(set(self.actions) & set(other.actions))
        is_same = bool(self.sid) and self.sid == other.sid
        alike = sum(len(set(self.part(name)) & set(other.part(name))) for name in _PARTS[1:])
        return 1000 * is_same + 10 * shared + alike if is_same or shared else 0


def permissions(base: Assembly, head: Assembly) -> tuple[Permission, ...]:
    """Every statement of either side: what comes, what goes, what changes in which parts, then what stays."""
    before, after = statements(base), statements(head)
    gone, new = ([each for each in one if each not in other] for one, other in ((before, after), (after, before)))
    pairs = _pairs(gone, new)
    changed = [_changed(old, now) for old, now in pairs]
    added = [_as(each, "added") for each in new if each not in [now for _, now in pairs]]
    removed = [_as(each, "removed") for each in gone if each not in [old for old, _ in pairs]]
    return (*changed, *added, *removed, *(_as(each, "unchanged") for each in after if each in before))


def _as(statement: Statement, kind: str) -> Permission:
    return Permission(statement.text, statement.wildcards, kind)


def _pairs(gone: Sequence[Statement], new: Sequence[Statement]) -> list[tuple[Statement, Statement]]:
    """Statements that are probably one, before and after; the most alike first."""
    likely = sorted(
        ((old.likeness(now), old, now) for old in gone for now in new if old.likeness(now)),
        key=lambda each: -each[0],
    )
    found: list[tuple[Statement, Statement]] = []
    for _, old, now in likely:
        if all(old not in each and now not in each for each in found):
            found.append((old, now))
    return found


def _changed(old: Statement, now: Statement) -> Permission:
    differences = tuple(
        (name, tuple(each for each in was if each not in is_now), tuple(each for each in is_now if each not in was))
        for name in _PARTS
        for was, is_now in [(old.part(name), now.part(name))]
        if set(was) != set(is_now)
    )
    return Permission(now.text, now.wildcards, "changed", differences)


def statements(assembly: Assembly) -> list[Statement]:
    """Every statement of every policy, sorted."""
    found = {
        _with_paths(statement, template["Resources"])
        for stack, template in assembly.templates.items()
        for logical_id, resource in template["Resources"].items()
        for statement in _of(stack, logical_id, resource, template["Resources"])
    }
    return sorted(found)


def _with_paths(statement: Statement, resources: Mapping[str, Any]) -> Statement:
    """The same, resources called by the paths of their constructs."""

    def path(match: re.Match[str]) -> str:
        logical_id = match[1]
        return f"<{path_of(resources[logical_id], logical_id)}>" if logical_id in resources else match[0]

    def named(texts: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(_REFERENCE.sub(path, each) for each in texts)

    return replace(
        statement,
        text=_REFERENCE.sub(path, statement.text),
        wildcards=named(statement.wildcards),
        actions=named(statement.actions),
        resources=named(statement.resources),
        principals=named(statement.principals),
        conditions=named(statement.conditions),
    )


def _of(
    stack: str, logical_id: str, resource: Mapping[str, Any], all_of_them: Mapping[str, Any]
) -> Iterator[Statement]:
    properties, name = resource.get("Properties", {}), f"{stack}/{path_of(resource, logical_id)}"
    if resource["Type"] == "AWS::IAM::Role":
        yield from _assumptions(name, properties["AssumeRolePolicyDocument"])
        for arn in properties.get("ManagedPolicyArns", []):
            yield Statement(f"Role {name} has the managed policy {as_text(arn)}", who=f"Role {name} has")
    if resource["Type"] in ("AWS::IAM::Policy", "AWS::IAM::ManagedPolicy"):
        roles = ", ".join(_named(stack, role, all_of_them) for role in properties["Roles"])
        yield from _lines(f"Role {roles}", properties["PolicyDocument"])
    if resource["Type"] in _POLICIES:
        what, member = _POLICIES[resource["Type"]]
        yield from _lines(f"{what} policy {name}:", properties.get(member, {"Statement": []}))


def _named(stack: str, role: Any, resources: Mapping[str, Any]) -> str:
    logical_id = role.get("Ref", "") if isinstance(role, dict) else str(role)
    return f"{stack}/{path_of(resources[logical_id], logical_id)}" if logical_id in resources else logical_id


def _assumptions(role: str, document: Mapping[str, Any]) -> Iterator[Statement]:
    for each in document["Statement"]:
        who = _principals(each)
        text = f"Role {role} can be assumed by {', '.join(who)}{_condition(each)}"
        wildcards = tuple(name for name in who if "*" in name)
        yield _statement(each, text, wildcards, f"Role {role} can be assumed by")


def _lines(who: str, document: Mapping[str, Any]) -> Iterator[Statement]:
    for each in document["Statement"]:
        actions, resources = _list(each.get("Action", [])), _list(each.get("Resource", []))
        principals = _principals(each)
        verb = "may not" if each["Effect"] == "Deny" else "may"
        doing = f"{', '.join(principals)} {verb} {', '.join(actions)}".strip()
        where = f" on {', '.join(resources)}" if resources else ""
        wildcards = [text for text in (*actions, *resources, *principals) if "*" in text and verb == "may"]
        why = f" ({each['Sid']})" if "Sid" in each else ""
        yield _statement(each, f"{who} {doing}{where}{_condition(each)}{why}", tuple(wildcards), f"{who} {verb}")


def _statement(each: Mapping[str, Any], text: str, wildcards: tuple[str, ...], who: str) -> Statement:
    return Statement(
        text=text,
        wildcards=wildcards,
        who=who,
        sid=str(each.get("Sid", "")),
        actions=tuple(_list(each.get("Action", []))),
        resources=tuple(_list(each.get("Resource", []))),
        principals=tuple(_principals(each)),
        conditions=tuple(_conditions(each)),
    )


def _conditions(statement: Mapping[str, Any]) -> Iterator[str]:
    for operator, keys in statement.get("Condition", {}).items():
        for key, values in keys.items():
            yield from (f"{operator} {key} {value}" for value in _list(values))


def _principals(statement: Mapping[str, Any]) -> list[str]:
    return [text for value in _values(statement.get("Principal", {})) for text in _list(value)]


def _condition(statement: Mapping[str, Any]) -> str:
    return f", if {as_text(statement['Condition'])}" if "Condition" in statement else ""


def _values(principal: Any) -> list[Any]:
    return list(principal.values()) if isinstance(principal, dict) else [principal]


def _list(value: Any) -> list[str]:
    return [as_text(item) for item in value] if isinstance(value, list) else [as_text(value)]
