"""IAM statements of an assembly, each in one plain line: who may do what on which resources."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tools.simulation.assembly import Assembly

from .diff import path_of
from .values import as_text

# `<Bucket83908E77.Arn>` as values.py writes a reference.
_REFERENCE = re.compile(r"<(\w+)(?:\.Arn)?>")


@dataclass(frozen=True, order=True)
class Statement:
    """One statement. `wildcards` are its actions and resources that reach more than one thing."""

    text: str
    wildcards: tuple[str, ...]


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

    return Statement(
        _REFERENCE.sub(path, statement.text), tuple(_REFERENCE.sub(path, each) for each in statement.wildcards)
    )


def _of(
    stack: str, logical_id: str, resource: Mapping[str, Any], all_of_them: Mapping[str, Any]
) -> Iterator[Statement]:
    properties, name = resource.get("Properties", {}), f"{stack}/{path_of(resource, logical_id)}"
    if resource["Type"] == "AWS::IAM::Role":
        yield from _assumptions(name, properties["AssumeRolePolicyDocument"])
        for arn in properties.get("ManagedPolicyArns", []):
            yield Statement(f"Role {name} has the managed policy {as_text(arn)}", ())
    if resource["Type"] == "AWS::IAM::Policy":
        roles = ", ".join(_named(stack, role, all_of_them) for role in properties["Roles"])
        yield from _lines(f"Role {roles}", properties["PolicyDocument"])
    if resource["Type"] == "AWS::S3::BucketPolicy":
        yield from _lines(f"Bucket policy {name}:", properties["PolicyDocument"])


def _named(stack: str, role: Any, resources: Mapping[str, Any]) -> str:
    logical_id = role.get("Ref", "") if isinstance(role, dict) else str(role)
    return f"{stack}/{path_of(resources[logical_id], logical_id)}" if logical_id in resources else logical_id


def _assumptions(role: str, document: Mapping[str, Any]) -> Iterator[Statement]:
    for each in document["Statement"]:
        who = _principals(each)
        text = f"Role {role} can be assumed by {', '.join(who)}{_condition(each)}"
        yield Statement(text, tuple(name for name in who if "*" in name))


def _lines(who: str, document: Mapping[str, Any]) -> Iterator[Statement]:
    for each in document["Statement"]:
        actions, resources = _list(each.get("Action", [])), _list(each.get("Resource", []))
        principals = _principals(each)
        verb = "may not" if each["Effect"] == "Deny" else "may"
        doing = f"{', '.join(principals)} {verb} {', '.join(actions)}".strip()
        where = f" on {', '.join(resources)}" if resources else ""
        wildcards = [text for text in (*actions, *resources, *principals) if "*" in text and verb == "may"]
        why = f" ({each['Sid']})" if "Sid" in each else ""
        yield Statement(f"{who} {doing}{where}{_condition(each)}{why}", tuple(wildcards))


def _principals(statement: Mapping[str, Any]) -> list[str]:
    return [text for value in _values(statement.get("Principal", {})) for text in _list(value)]


def _condition(statement: Mapping[str, Any]) -> str:
    return f", if {as_text(statement['Condition'])}" if "Condition" in statement else ""


def _values(principal: Any) -> list[Any]:
    return list(principal.values()) if isinstance(principal, dict) else [principal]


def _list(value: Any) -> list[str]:
    return [as_text(item) for item in value] if isinstance(value, list) else [as_text(value)]
