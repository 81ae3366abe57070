"""Templates with their references as text, so that what they hold can be read as it will be deployed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PSEUDO: Mapping[str, str] = {
    "AWS::Partition": "aws",
    "AWS::Region": "eu-west-1",
    "AWS::AccountId": "123456789012",
    "AWS::URLSuffix": "amazonaws.com",
}


def resolved(value: Any, refs: Mapping[str, str] = PSEUDO) -> Any:
    """The same with text in place of Ref, Fn::GetAtt and Fn::Join: `<LogicalId>`, `<LogicalId.Attribute>`.

    Args:
        value: a part of a template.
        refs: what some references are.
    """
    if isinstance(value, list):
        return [resolved(each, refs) for each in value]
    if not isinstance(value, dict):
        return value
    if "Ref" in value:
        return refs.get(value["Ref"], f"<{value['Ref']}>")
    if "Fn::GetAtt" in value:
        return f"<{'.'.join(value['Fn::GetAtt'])}>"
    if "Fn::Join" in value:
        separator, parts = value["Fn::Join"]
        return separator.join(map(str, resolved(parts, refs)))
    return {key: resolved(each, refs) for key, each in value.items()}


def of_type(template: dict[str, Any], type_: str, refs: Mapping[str, str] = PSEUDO) -> dict[str, dict[str, Any]]:
    """Properties of the resources of a type, by logical id."""
    return {
        key: resolved(each.get("Properties", {}), refs)
        for key, each in template["Resources"].items()
        if each["Type"] == type_
    }


def statements_of(template: dict[str, Any], role: str, refs: Mapping[str, str] = PSEUDO) -> list[dict[str, Any]]:
    """Policy statements of the role whose logical id begins so."""
    return [
        statement
        for policy in of_type(template, "AWS::IAM::Policy", refs).values()
        if any(each.startswith(f"<{role}") for each in policy["Roles"])
        for statement in policy["PolicyDocument"]["Statement"]
    ]


def actions_of(statements: list[dict[str, Any]]) -> set[str]:
    """Every action that they allow."""
    return {
        action
        for each in statements
        for action in ([each["Action"]] if isinstance(each["Action"], str) else each["Action"])
    }
