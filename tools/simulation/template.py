"""Reading CloudFormation templates: references between resources, and their values."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeVar

Template = Mapping[str, Any]
_IN_SUB = re.compile(r"\$\{([^!}][^}]*)\}")


def references(value: Any) -> Iterator[str]:
    """Logical ids (and pseudo parameters) that a value refers to."""
    if isinstance(value, list):
        for item in value:
            yield from references(item)
    if not isinstance(value, dict):
        return
    for key, inner in value.items():
        if key == "Ref":
            yield inner
        elif key == "Fn::GetAtt":
            yield inner[0] if isinstance(inner, list) else inner.partition(".")[0]
        elif key == "Fn::Sub":
            text, names = (inner, {}) if isinstance(inner, str) else inner
            yield from (name.partition(".")[0] for name in _IN_SUB.findall(text) if name not in names)
            yield from references(names)
        else:
            yield from references(inner)


def imports(value: Any) -> Iterator[str]:
    """Names of the exports of other stacks that a value refers to."""
    if isinstance(value, list):
        for item in value:
            yield from imports(item)
    if isinstance(value, dict):
        if "Fn::ImportValue" in value:
            yield value["Fn::ImportValue"]
        for inner in value.values():
            yield from imports(inner)


def dependencies(template: Template, logical_id: str) -> set[str]:
    """Resources of the template that a resource comes after."""
    resource = template["Resources"][logical_id]
    explicit = resource.get("DependsOn", [])
    named = {explicit} if isinstance(explicit, str) else set(explicit)
    return (named | set(references(resource.get("Properties", {})))) & template["Resources"].keys() - {logical_id}


Node = TypeVar("Node")


def everything_before(node: Node, needs: Mapping[Node, set[Node]]) -> set[Node]:
    """What a node comes after, directly or not.

    Args:
        node: whose.
        needs: by node, what it comes after directly.
    """
    seen, waiting = set[Node](), [node]
    while waiting:
        new = needs.get(waiting.pop(), set()) - seen
        seen |= new
        waiting += new
    return seen


class Values:
    """Resolves intrinsic functions."""

    def __init__(
        self,
        ref: Callable[[str], str],
        attribute: Callable[[str, str], str],
        imported: Callable[[str], str],
    ) -> None:
        """Resolve with what the stack knows.

        Args:
            ref: value of `Ref`.
            attribute: value of `Fn::GetAtt`.
            imported: value of `Fn::ImportValue`.
        """
        self._ref = ref
        self._attribute = attribute
        self._imported = imported

    def resolve(self, value: Any) -> Any:
        """A value without intrinsic functions."""
        if isinstance(value, list):
            return [self.resolve(item) for item in value]
        if not isinstance(value, dict):
            return value
        if len(value) == 1:
            (name, inner), *_ = value.items()
            if name == "Ref":
                return self._ref(inner)
            if name.startswith("Fn::"):
                return self._function(name, inner)
        return {key: self.resolve(inner) for key, inner in value.items()}

    def _function(self, name: str, inner: Any) -> Any:
        if name == "Fn::GetAtt":
            parts = inner if isinstance(inner, list) else inner.split(".", 1)
            return self._attribute(parts[0], parts[1])
        if name == "Fn::Join":
            return str(inner[0]).join(str(part) for part in self.resolve(inner[1]))
        if name == "Fn::Sub":
            return self._sub(inner)
        if name == "Fn::ImportValue":
            return self._imported(self.resolve(inner))
        if name == "Fn::Select":
            return self.resolve(inner[1])[int(inner[0])]
        if name == "Fn::Split":
            return self.resolve(inner[1]).split(inner[0])
        raise NotImplementedError(name)

    def _sub(self, inner: Any) -> str:
        text, names = (inner, {}) if isinstance(inner, str) else inner
        values = self.resolve(names)

        def value(match: re.Match[str]) -> str:
            name = match[1]
            if name in values:
                return str(values[name])
            logical_id, _, attribute = name.partition(".")
            return self._attribute(logical_id, attribute) if attribute else self._ref(name)

        return _IN_SUB.sub(value, text)


def as_strings(value: Any) -> Any:
    """Properties as a custom resource receives them: every scalar a string."""
    if isinstance(value, list):
        return [as_strings(item) for item in value]
    if isinstance(value, dict):
        return {key: as_strings(inner) for key, inner in value.items()}
    if isinstance(value, bool):
        return str(value).lower()
    return str(value)
