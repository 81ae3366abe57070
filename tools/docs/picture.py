"""The picture of the architecture, drawn from the synthesized templates: stacks, resources, dependencies, data flow.

Resources of one type in one stack are one box, or nobody could read it. A thin arrow is a dependency of the template
that no other arrow implies; a thick one is the way of the data, from the bucket to what is served.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from lambdas.personalize_provider.resource_type import words
from tools.review.diff import path_of
from tools.simulation.assembly import Assembly
from tools.simulation.template import Template, dependencies, everything_before, imports, references

_CUSTOM = "Custom::Personalize"
# Links hand on what they wait for, so they stand for it.
LINKS = frozenset({f"{_CUSTOM}Wait", f"{_CUSTOM}DeletionWait"})
_BUCKET, _ROLE = "AWS::S3::Bucket", "AWS::IAM::Role"
# The only role that is drawn: Personalize reads the data with it.
_SERVICE_ROLE = "ServiceRole"
# Those that do not read like the type.
_TITLES = {
    _BUCKET: "Bucket",
    _ROLE: "Service role",
    f"{_CUSTOM}Schema": "Schemas",
    f"{_CUSTOM}Dataset": "Datasets",
    f"{_CUSTOM}DatasetImportJob": "Imports",
    f"{_CUSTOM}Filter": "Filters",
    f"{_CUSTOM}Recommender": "Recommenders",
    f"{_CUSTOM}SolutionVersion": "Solution version<br/>and its metrics",
}
# Boxes that name what they hold.
_NAMED = tuple(f"{_CUSTOM}{noun}" for noun in ("Schema", "Dataset", "DatasetImportJob", "Filter", "Recommender"))
# What the names of constructs share with the titles of their boxes.
_SAID_ALREADY = re.compile(r"^Filter|(Schema|Dataset|Import)$")
# From what to what data flows, where the template has the one come after the other.
_DATA_FLOW = {
    (_BUCKET, f"{_CUSTOM}DatasetImportJob"),
    (f"{_CUSTOM}DatasetImportJob", f"{_CUSTOM}Recommender"),
    (f"{_CUSTOM}DatasetImportJob", f"{_CUSTOM}SolutionVersion"),
    (f"{_CUSTOM}SolutionVersion", f"{_CUSTOM}QualityGate"),
    (f"{_CUSTOM}QualityGate", f"{_CUSTOM}Campaign"),
    (f"{_CUSTOM}SolutionVersion", f"{_CUSTOM}Campaign"),
}
# So that its letters are not small where a page makes it narrower.
_CLOSE_TOGETHER = '%%{init: {"flowchart": {"nodeSpacing": 20, "rankSpacing": 35, "wrappingWidth": 300}}}%%'
_SERVING = (f"{_CUSTOM}Recommender", f"{_CUSTOM}Campaign")
_LISTENING = f"{_CUSTOM}EventTracker"
_LINE_LENGTH = 34

# Stack and type.
Box = tuple[str, str]
Arrows = Mapping[Box, set[Box]]


def picture(assembly: Assembly) -> str:
    """The picture as a flowchart of Mermaid, which GitHub and most editors draw."""
    boxes, needs = _boxes(assembly), _needs(assembly)
    lines = [_CLOSE_TOGETHER, "flowchart TB"]
    for stack, template in assembly.templates.items():
        lines.append(f'  subgraph {_id(stack)}["{stack}"]')
        lines += [f"    {_id(*box)}{_label(box[1], names)}" for box, names in boxes.items() if box[0] == stack]
        lines += _provider(stack, template)
        lines.append("  end")
    lines.append("  application([Your application])")
    lines += [f"  {_id(*before)} {_arrow(before, box)} {_id(*box)}" for before, box in _drawn(needs)]
    lines += [f"  {_id(*box)} == recommendations ==> application" for box in boxes if box[1] in _SERVING]
    # Without an arrow's head, since Mermaid would put the application above what it sends events to.
    lines += [f"  {_id(*box)} -. takes its events .- application" for box in boxes if box[1] == _LISTENING]
    return "\n".join(["```mermaid", *lines, "```"])


# -- boxes -------------------------------------------------------------------------------------------------------


def _boxes(assembly: Assembly) -> dict[Box, list[str]]:
    found: dict[Box, list[str]] = {}
    for stack, template in assembly.templates.items():
        for logical_id, resource in template["Resources"].items():
            if _is_drawn(resource, logical_id):
                found.setdefault((stack, resource["Type"]), []).append(path_of(resource, logical_id))
    return found


def _is_drawn(resource: Mapping[str, Any], logical_id: str) -> bool:
    if resource["Type"] == _ROLE:
        return path_of(resource, logical_id) == _SERVICE_ROLE
    is_ours = resource["Type"].startswith(_CUSTOM) and resource["Type"] not in LINKS
    return is_ours or resource["Type"] == _BUCKET


def _label(type_: str, names: list[str]) -> str:
    title = _TITLES.get(type_) or words(type_.removeprefix(_CUSTOM)).capitalize()
    if type_ in _NAMED:
        title = "<br/>".join([title, *_wrapped([_SAID_ALREADY.sub("", name) for name in names])])
    return f'[("{title}")]' if type_ == _BUCKET else f'["{title}"]'


def _wrapped(names: list[str]) -> list[str]:
    lines = [""]
    for name in names:
        if lines[-1] and len(lines[-1]) + len(name) > _LINE_LENGTH:
            lines.append("")
        lines[-1] += f", {name}" if lines[-1] else name
    return lines


def _provider(stack: str, template: Template) -> Iterator[str]:
    """What carries out every Personalize resource; arrows to all of them would hide the others."""
    paths = {
        type_: [
            path
            for logical_id, each in template["Resources"].items()
            if each["Type"] == type_ and (path := path_of(each, logical_id)).startswith("Provider/")
        ]
        for type_ in ("AWS::Lambda::Function", "AWS::StepFunctions::StateMachine")
    }
    functions, waiters = (len(found) for found in paths.values())
    if functions:
        waiter = ", a waiter" if waiters else ""
        yield f'    {_id(stack, "Provider")}{{{{"Provider<br/>{functions} functions{waiter}"}}}}'


def _id(stack: str, *types: str) -> str:
    """Of a stack or of a box in it."""
    return "_".join([stack.rpartition("-")[2], *(re.split(r"\W+|Personalize", type_)[-1] for type_ in types)])


# -- arrows ------------------------------------------------------------------------------------------------------


def _needs(assembly: Assembly) -> dict[Box, set[Box]]:
    """What each box comes after, directly or through what is not drawn."""
    exports, found = assembly.exports(), dict[Box, set[Box]]()
    for stack, template in assembly.templates.items():
        for logical_id, resource in template["Resources"].items():
            if not _is_drawn(resource, logical_id):
                continue
            box = (stack, resource["Type"])
            needs = found.setdefault(box, set())
            for where in _reached(assembly, exports, (stack, logical_id)):
                needs.add((where[0], assembly.templates[where[0]]["Resources"][where[1]]["Type"]))
            needs |= set(_of_other_stacks(assembly, box))
            needs.discard(box)
    return found


def _reached(
    assembly: Assembly, exports: Mapping[str, tuple[str, str]], start: tuple[str, str]
) -> Iterator[tuple[str, str]]:
    """The nearest resources that are drawn, of those that a resource comes after."""
    seen, waiting = {start}, [start]
    while waiting:
        for where in set(_direct(assembly, exports, *waiting.pop())) - seen:
            seen.add(where)
            stack, logical_id = where
            if _is_drawn(assembly.templates[stack]["Resources"][logical_id], logical_id):
                yield where
            else:
                waiting.append(where)


def _direct(
    assembly: Assembly, exports: Mapping[str, tuple[str, str]], stack: str, logical_id: str
) -> Iterator[tuple[str, str]]:
    template = assembly.templates[stack]
    resource = template["Resources"][logical_id]
    properties = {key: value for key, value in resource.get("Properties", {}).items() if key != "ServiceToken"}
    provider = set(references(resource.get("Properties", {}).get("ServiceToken")))
    for other in dependencies(template, logical_id) - provider:
        yield stack, other
    for name in imports(properties):
        yield exports[name]


def _of_other_stacks(assembly: Assembly, box: Box) -> Iterator[Box]:
    """Where data comes from: stacks that its own comes after, as a whole."""
    for stack in assembly.needs[box[0]]:
        types = {resource["Type"] for resource in assembly.templates[stack]["Resources"].values()}
        yield from ((stack, type_) for type_ in types if (type_, box[1]) in _DATA_FLOW)


def _drawn(needs: Arrows) -> list[tuple[Box, Box]]:
    """Arrows that no other arrows imply, and all on which data flows."""
    return [
        (before, box)
        for box, all_before in needs.items()
        for before in sorted(all_before)
        if (before[1], box[1]) in _DATA_FLOW or not _is_implied(before, all_before, needs)
    ]


def _is_implied(before: Box, all_before: set[Box], needs: Arrows) -> bool:
    return any(before in everything_before(other, needs) for other in all_before - {before})


def _arrow(before: Box, box: Box) -> str:
    return "==>" if (before[1], box[1]) in _DATA_FLOW else "-->"
