"""What is wrong with a state machine that neither CloudFormation nor cfn-lint sees before it runs.

Calls are held against the services' own models, expressions against JSONata and against the variables there are.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

import jsonata
from botocore.model import ListShape, MapShape, Shape, StructureShape

from lambdas.personalize_operations import errors
from tools.aws import sdk

Definition = Mapping[str, Any]
_INVOKE = "arn:aws:states:::lambda:invoke"
# Step Functions developer guide, "Handle transient Lambda service exceptions", and what our functions raise.
_OF_FUNCTIONS = {
    *(f"Lambda.{name}" for name in ("ServiceException", "AWSLambdaException", "SdkClientException")),
    "Lambda.TooManyRequestsException",
    *(name for name, each in vars(errors).items() if isinstance(each, type) and issubclass(each, Exception)),
}
_BUILT_IN = {"states", *jsonata.Jsonata.static_frame.bindings} - {"eval"}
_SCALARS: Mapping[str, type | tuple[type, ...]] = {
    "string": str,
    "boolean": bool,
    "integer": int,
    "long": int,
    "double": (int, float),
    "float": (int, float),
    "timestamp": str,
}


def with_values(definition: Definition, substitutions: Mapping[str, str]) -> dict[str, Any]:
    """A definition with its substitutions made, as CloudFormation makes them."""
    text = json.dumps(definition)
    for name, value in substitutions.items():
        text = text.replace(f"${{{name}}}", json.dumps(value)[1:-1])
    return dict(json.loads(text))


def mistakes(definition: Definition, outer: frozenset[str] = frozenset()) -> Iterator[str]:
    """Everything that is wrong; each begins with the name of the state.

    Args:
        definition: of a machine, or of what it does with each of several things; without substitutions.
        outer: variables that are assigned around it.
    """
    states = definition["States"]
    yield from _wrong_ways(definition["StartAt"], states)
    own = frozenset(name for state in states.values() for each in _rules(state) for name in each.get("Assign", {}))
    for name, state in states.items():
        if not state.get("Comment"):
            yield f"{name}: says not what it is for"
        yield from (f"{name}: {each}" for each in _wrong_expressions(state, own | outer))
        if state["Type"] == "Task":
            yield from (f"{name}: {each}" for each in _wrong_task(state))
        if "ItemProcessor" in state:
            yield from mistakes(state["ItemProcessor"], own | outer)


def _rules(state: Definition) -> list[Definition]:
    return [state, *state.get("Choices", []), *state.get("Catch", [])]


def _wrong_ways(first: str, states: Definition) -> Iterator[str]:
    ways = {
        name: {each[key] for each in _rules(state) for key in ("Next", "Default") if key in each}
        for name, state in states.items()
    }
    yield from (f"{name}: no state {each}" for name, following in ways.items() for each in following - states.keys())
    reached, open_ = {first}, [first]
    while open_:
        more = ways.get(open_.pop(), set()) - reached
        reached |= more
        open_ += more
    yield from (f"{name}: is never reached" for name in states.keys() - reached)
    for name, state in states.items():
        ends = state.get("End", False) or state["Type"] in ("Succeed", "Fail")
        if ends is bool(ways[name]):
            yield f"{name}: goes on and ends, or neither"


# -- expressions -------------------------------------------------------------------------------------------------


def _wrong_expressions(state: Definition, variables: frozenset[str]) -> Iterator[str]:
    """Those that JSONata cannot read, and those that use what nobody has assigned."""
    own = {key: value for key, value in state.items() if key != "ItemProcessor"}
    for expression in _expressions(own):
        try:
            jsonata.Jsonata(expression)
        except jsonata.JException as error:
            yield f"{expression}: {error}"
        text = re.sub(r"'[^']*'", "''", expression)
        inside = set(re.findall(r"\$(\w+) *:=", text)) | set(re.findall(r"\$(\w+)", " ".join(_parameters(text))))
        used = set(re.findall(r"\$(\w+)", text))
        yield from (f"{expression}: what is ${each}?" for each in used - inside - variables - _BUILT_IN)


def _parameters(expression: str) -> list[str]:
    return re.findall(r"function\(([^)]*)\)", expression)


def _expressions(value: Any) -> Iterator[str]:
    if isinstance(value, str) and _is_expression(value):
        yield value[2:-2].strip()
    inner = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    for each in inner:
        yield from _expressions(each)


def _is_expression(value: object) -> bool:
    return isinstance(value, str) and value.startswith("{%") and value.endswith("%}")


# -- calls -------------------------------------------------------------------------------------------------------


def _wrong_task(task: Definition) -> Iterator[str]:
    raised = {each for rule in (*task.get("Retry", []), *task.get("Catch", [])) for each in rule["ErrorEquals"]}
    if task["Resource"] == _INVOKE:
        if task["Arguments"].keys() != {"FunctionName", "Payload"}:
            yield f"invokes with {sorted(task['Arguments'])}"
        yield from (f"no function raises {each}" for each in raised - _OF_FUNCTIONS)
        return
    yield from wrong_call(task["Resource"], task["Arguments"])
    try:
        call = sdk.action(task["Resource"])
    except sdk.ArgumentsError:
        return
    unnamed = {f"{call.client}.{each}" for each in (f"{call.client}Exception", "SdkClientException")}
    named = {f"{call.client}.{shape.name.removesuffix('Exception')}Exception" for shape in call.model.error_shapes}
    yield from (f"{call.model.name} raises no {each}" for each in raised - named - unnamed)
    retried = {name for rule in task.get("Retry", []) for name in rule["ErrorEquals"]}
    yield from (f"{call.model.name} is not tried again after {each}" for each in sorted(unnamed - retried))


def wrong_call(resource: str, arguments: Any) -> Iterator[str]:
    """What the service's model says against a call.

    Args:
        resource: of a task, or target of a schedule.
        arguments: its members in PascalCase; an expression may be anything.
    """
    try:
        call = sdk.action(resource)
    except sdk.ArgumentsError as error:
        yield str(error)
        return
    yield from _wrong_value(arguments, call.model.input_shape, call.model.name)


def _wrong_value(value: Any, shape: Shape, path: str) -> Iterator[str]:
    if _is_expression(value):
        return
    if isinstance(shape, StructureShape):
        yield from _wrong_structure(value, shape, path)
    elif isinstance(shape, ListShape):
        if not isinstance(value, list):
            yield f"{path}: must be a list"
            return
        for number, each in enumerate(value):
            yield from _wrong_value(each, shape.member, f"{path}[{number}]")
    elif isinstance(shape, MapShape):
        for name, each in value.items():
            yield from _wrong_value(each, shape.value, f"{path}.{name}")
    elif not isinstance(value, _SCALARS[shape.type_name]) or (isinstance(value, bool) and shape.type_name != "boolean"):
        yield f"{path}: must be a {shape.type_name}, not {value!r}"
    elif getattr(shape, "enum", None) and value not in shape.enum:
        yield f"{path}: must be one of {shape.enum}, not {value!r}"


def _wrong_structure(value: Any, shape: StructureShape, path: str) -> Iterator[str]:
    if not isinstance(value, Mapping):
        yield f"{path}: must be an object"
        return
    members = {f"{name[:1].upper()}{name[1:]}": (name, inner) for name, inner in shape.members.items()}
    needed = {f"{name[:1].upper()}{name[1:]}" for name in shape.required_members}
    yield from (f"{path}: has no member {each}" for each in value.keys() - members.keys())
    yield from (f"{path}: lacks {each}" for each in needed - value.keys())
    for name in value.keys() & members.keys():
        yield from _wrong_value(value[name], members[name][1], f"{path}.{name}")
