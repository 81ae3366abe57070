"""What stacks hand on to each other by the Parameter Store, followed to the resource that it is a value of."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tools.simulation.assembly import Assembly
from tools.simulation.template import Template, references

# They hand on what they wait for or judge.
PASSING_ON = frozenset(f"Custom::Personalize{noun}" for noun in ("Wait", "DeletionWait", "QualityGate"))
# Where they name it.
HANDED_ON = ("ResourceArn", "SolutionVersionArn")
_PARAMETER = "AWS::SSM::Parameter"

# Stack and logical id.
Resource = tuple[str, str]


def named_in(template: Template, stored: Mapping[str, Resource], value: Any) -> Iterator[Resource]:
    """Resources of other stacks that a value names, by parameters that are read when its stack is deployed.

    Args:
        template: that the value is in.
        stored: resources by the name of their parameter.
        value: of a property.
    """
    parameters = template.get("Parameters", {})
    for logical_id in references(value):
        name = parameters.get(logical_id, {}).get("Default")
        if name in stored:
            yield stored[name]


def stored_by(assembly: Assembly) -> dict[str, Resource]:
    """By the name of a stored parameter, the resource whose ARN or name it holds."""
    return {
        each["Properties"]["Name"]: found
        for stack, template in assembly.templates.items()
        for each in template["Resources"].values()
        if each["Type"] == _PARAMETER and isinstance(each["Properties"].get("Name"), str)
        for found in _origin(template["Resources"], stack, each["Properties"]["Value"])
    }


def _origin(resources: Mapping[str, Any], stack: str, value: Any) -> Iterator[Resource]:
    """The resource that a value refers to, past what only waits for it."""
    for logical_id in references(value):
        found = resources.get(logical_id)
        if found is None:
            continue
        if found["Type"] in PASSING_ON:
            yield from _origin(resources, stack, [found["Properties"].get(each) for each in HANDED_ON])
        else:
            yield stack, logical_id
        return
