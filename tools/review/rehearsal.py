"""The change, deployed in virtual time: what the provider does with it, how long it takes, and what it refuses.

Templates are deployed by the real handlers to the Personalize emulator, whose durations are typical ones; how long the
service takes depends on the data.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tools.simulation.assembly import Assembly
from tools.simulation.cloud import VirtualCloud
from tools.simulation.framework import words
from tools.simulation.stacks import Stack, StackEvent
from tools.simulation.template import dependencies, everything_before

from .diff import path_of
from .existing import Existing
from .made_data import MadeData
from .seeding import Seeds

_CUSTOM = "Custom::Personalize"
# Links of a chain, and what they wait for, are one step.
CHAIN = "/Wait/"
_SHORTEST_SHOWN = 1.0
# Judges by metrics, which are those of data that is made up here.
_GATE = f"{_CUSTOM}QualityGate"


@dataclass(frozen=True)
class Step:
    """Something that takes time, in seconds from the beginning of the deployment."""

    stack: str
    path: str
    type: str
    begins: float
    ends: float


@dataclass(frozen=True)
class Rehearsal:
    """How the deployment went.

    Attributes:
        seconds: from its beginning to its end.
        steps: what took time, in the order in which it began.
        reasons: what failed, in the provider's words.
        refusals: those of them that deploying would meet too.
        critical_path: steps that delay the end, from the first to the last.
        earlier: what failed already in rehearsing what is deployed, so that the rest proves nothing.
    """

    seconds: float
    steps: tuple[Step, ...]
    reasons: tuple[str, ...]
    refusals: tuple[str, ...] = ()
    critical_path: tuple[Step, ...] = ()
    earlier: tuple[str, ...] = ()

    def seconds_of(self, stack: str, path: str) -> float:
        """How long one resource took; 0 if it took no time."""
        return sum(step.ends - step.begins for step in self.steps if (step.stack, step.path) == (stack, path))


def rehearse(base: Assembly, head: Assembly, existing: Existing | None = None) -> Rehearsal:
    """Deploy what is deployed now, then the change, each with data made from its own schemas.

    Args:
        base: what is deployed.
        head: what would be.
        existing: the account that describes what they take over or look up; None: it is as they say.
    """
    base, head = _rehearsed(base, base), _rehearsed(head, base)
    data = MadeData()
    cloud = VirtualCloud(objects=data)
    seeds = Seeds(cloud, data, existing)
    with contextlib.redirect_stdout(io.StringIO()):
        data.make(base)
        seeds.plant(base)
        earlier = _failures(stack.events for stack in base.deploy(cloud).values())
        known = {name: len(stack.events) for name, stack in cloud.cloudformation.stacks.items()}
        data.make(head)
        seeds.plant(head)
        begun = cloud.time.time()
        stacks = head.deploy(cloud)
    events = {name: stack.events[known.get(name, 0) :] for name, stack in stacks.items()}
    steps = sorted(
        (step for name, stack in stacks.items() for step in _steps(stack, head, events[name], begun)),
        key=lambda step: (step.begins, step.ends, step.path),
    )
    reasons = _failures(events.values())
    earlier = (*seeds.failures, *earlier, *(reasons if seeds.assumed else ()))
    return Rehearsal(
        seconds=cloud.time.time() - begun,
        steps=tuple(steps),
        reasons=reasons,
        # What does not begin where the deployment would begin proves nothing.
        refusals=() if earlier else reasons,
        critical_path=tuple(_critical_path(steps, head)),
        earlier=earlier,
    )


def _failures(events: Iterable[Iterable[StackEvent]]) -> tuple[str, ...]:
    return tuple(words(event.reason) for each in events for event in each if event.is_failure)


def _rehearsed(assembly: Assembly, base: Assembly) -> Assembly:
    """An assembly as it can be rehearsed.

    Quality gates let everything pass, because the metrics would be those of data that is made up. An import that was
    incremental when what is deployed was deployed is a full one: the rehearsal begins with no data, to which nothing
    can be added.
    """
    return Assembly(
        {
            stack: {
                **template,
                "Resources": {
                    logical_id: _resource(each, base.templates.get(stack, {}).get("Resources", {}).get(logical_id, {}))
                    for logical_id, each in template["Resources"].items()
                },
            }
            for stack, template in assembly.templates.items()
        },
        assembly.needs,
    )


def _resource(resource: Mapping[str, Any], deployed: Mapping[str, Any]) -> Mapping[str, Any]:
    properties = resource.get("Properties", {})
    if resource["Type"] == _GATE:
        return {**resource, "Properties": {**properties, "Minimums": {}, "CompareWithDeployed": False}}
    if deployed.get("Properties", {}).get("ImportMode") == properties.get("ImportMode") == "INCREMENTAL":
        return {**resource, "Properties": {**properties, "ImportMode": "FULL"}}
    return resource


def _steps(stack: Stack, head: Assembly, events: Iterable[StackEvent], begun: float) -> Iterable[Step]:
    resources = head.templates[stack.name]["Resources"]
    spans: dict[str, tuple[str, float, float]] = {}
    for event in events:
        # What an update leaves behind is deleted when everything is done.
        is_ours = event.type.startswith(_CUSTOM) and event.logical_id in resources
        if not is_ours or event.status.startswith("DELETE"):
            continue
        path = _step_path(resources, event.logical_id)
        type_, first, last = spans.get(path, (event.type, event.time, event.time))
        spans[path] = (type_, min(first, event.time), max(last, event.time))
    for path, (type_, first, last) in spans.items():
        if last - first >= _SHORTEST_SHOWN:
            yield Step(stack.name, path, type_.removeprefix(_CUSTOM), first - begun, last - begun)


def _step_path(resources: Mapping[str, Any], logical_id: str) -> str:
    return path_of(resources[logical_id], logical_id).partition(CHAIN)[0]


# -- critical path -----------------------------------------------------------------------------------------------

_Key = tuple[str, str]


def _critical_path(steps: Sequence[Step], head: Assembly) -> list[Step]:
    """From the step that ends last, back to the one that each has waited for the longest."""
    needs, path = _needs(head), list[Step]()
    last = max(steps, key=lambda step: step.ends, default=None)
    while last:
        path.insert(0, last)
        before = everything_before((last.stack, last.path), needs)
        waited_for = [
            step
            for step in steps
            if (step.stack, step.path) in before and step.ends <= last.begins + _SHORTEST_SHOWN and step not in path
        ]
        last = max(waited_for, key=lambda step: step.ends, default=None)
    return path


def _needs(head: Assembly) -> dict[_Key, set[_Key]]:
    """What each resource comes after, links counted as what they wait for; all of a stack that its own comes after."""
    found: dict[_Key, set[_Key]] = {}
    for stack, template in head.templates.items():
        resources = template["Resources"]
        earlier = {
            (other, _step_path(head.templates[other]["Resources"], logical_id))
            for other in head.needs[stack]
            for logical_id in head.templates[other]["Resources"]
        }
        for logical_id in resources:
            needs = found.setdefault((stack, _step_path(resources, logical_id)), set(earlier))
            needs |= {(stack, _step_path(resources, other)) for other in dependencies(template, logical_id)}
    return found
