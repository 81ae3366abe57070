"""Deployments in virtual time, compared with the critical path of the service's own durations and with one step after
another.

The template is the synthesized one, the handlers are the real ones, and CloudFormation works in parallel as on AWS.
"""

from __future__ import annotations

import bisect
import contextlib
import io
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from lambdas.personalize_provider.resources import RESOURCES
from tools.emulator import Durations
from tools.simulation.assembly import Assembly
from tools.simulation.cloud import VirtualCloud
from tools.simulation.conditions import Conditions
from tools.simulation.stacks import Stack
from tools.simulation.template import imports, references

_PREFIX = "Custom::Personalize"
# What trains comes after all imports of its dataset group, whatever the template says.
_TRAINED = ("Recommender", "SolutionVersion")
_DURATIONS = Durations()
# What costs a deployment time on AWS: each custom resource by itself, the service's rate, and the calls' own time.
LIMITED = Conditions(request_seconds=5.0, requests_per_second=1.0)
AS_ON_AWS = replace(LIMITED, call_seconds=0.2)


@dataclass(frozen=True)
class Deployment:
    """How long a deployment takes, in seconds.

    Attributes:
        taken: in virtual time.
        critical_path: the longest chain of the service's own durations.
        in_sequence: the sum of them, as a notebook goes through its cells.
        invocations: of Lambda functions, the framework's included.
        transitions: of the waiter's state machine.
    """

    taken: float
    critical_path: float
    in_sequence: float
    invocations: int
    transitions: int


@dataclass(frozen=True)
class Load:
    """How long a deployment takes, and what it calls of Personalize and Lambda.

    Attributes:
        seconds: of virtual time.
        calls: of Personalize's control plane.
        per_second: the most of them within a second.
        executions: the most of Lambda's functions at once, the framework's and the handlers', in the account so far.
    """

    seconds: float
    calls: int
    per_second: int
    executions: int


def load(cloud: VirtualCloud, work: Callable[[VirtualCloud], Mapping[str, Stack]]) -> Load:
    """Deploy or destroy, and count.

    Args:
        cloud: where to.
        work: `deploy` or `destroy` of an assembly.
    """
    earlier, begun = len(cloud.call_times), cloud.time.time()
    with contextlib.redirect_stdout(io.StringIO()):
        for stack in work(cloud).values():
            assert stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE", "DELETE_COMPLETE"), stack.reasons
    moments = sorted(moment for moment, _ in cloud.call_times[earlier:])
    seconds = cloud.time.time() - begun
    return Load(seconds, len(moments), _most_within_a_second(moments), cloud.framework.peak_concurrency)


def _most_within_a_second(moments: Sequence[float]) -> int:
    return max((bisect.bisect_left(moments, begin + 1) - number for number, begin in enumerate(moments)), default=0)


def create(cloud: VirtualCloud, assembly: Assembly) -> Deployment:
    """Deploy everything for the first time."""
    return _measured(cloud, assembly, _creation)


def shortest_creation(assembly: Assembly) -> float:
    """Seconds of the longest chain of the service's own durations in a first deployment."""
    return _critical_path(assembly, _creation)


def _creation(noun: str) -> float:
    return _DURATIONS.of("create", noun)


def update(cloud: VirtualCloud, assembly: Assembly) -> Deployment:
    """Deploy new data: it is imported, a version trained, the campaign moved to it."""
    spent = {
        "DatasetImportJob": _DURATIONS.of("create", "DatasetImportJob"),
        "SolutionVersion": _DURATIONS.of("create", "SolutionVersion"),
        "Campaign": _DURATIONS.of("update", "Campaign"),
    }
    return _measured(cloud, assembly, lambda noun: spent.get(noun, 0.0))


def _measured(cloud: VirtualCloud, assembly: Assembly, duration: Callable[[str], float]) -> Deployment:
    framework, begun = cloud.framework, cloud.time.time()
    invocations, transitions = framework.invocations, framework.transitions
    with contextlib.redirect_stdout(io.StringIO()):
        for stack in assembly.deploy(cloud).values():
            assert stack.status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"), stack.reasons
    return Deployment(
        cloud.time.time() - begun,
        _critical_path(assembly, duration),
        _in_sequence(assembly, duration),
        2 * (framework.invocations - invocations),
        framework.transitions - transitions,
    )


def _resources(assembly: Assembly) -> dict[str, dict[str, Any]]:
    """Personalize resources of all stacks, by stack and logical id."""
    return {
        f"{stack}.{logical_id}": resource
        for stack, template in assembly.templates.items()
        for logical_id, resource in template["Resources"].items()
    }


def _in_sequence(assembly: Assembly, duration: Callable[[str], float]) -> float:
    return sum(duration(noun) for noun in map(_noun, _resources(assembly).values()) if noun)


def _critical_path(assembly: Assembly, duration: Callable[[str], float]) -> float:
    resources = _resources(assembly)
    exports = {name: ".".join(where) for name, where in assembly.exports().items()}
    jobs = {key for key, resource in resources.items() if _noun(resource) == "DatasetImportJob"}

    @cache
    def end(key: str) -> float:
        stack, resource = key.partition(".")[0], resources[key]
        needs = {f"{stack}.{name}" for name in references(resource.get("Properties", {}))}
        needs |= {exports[name] for name in imports(resource.get("Properties", {}))}
        noun = _noun(resource)
        if noun in _TRAINED:
            needs |= jobs
        own = duration(noun) if noun else 0.0
        return own + max((end(other) for other in needs & resources.keys()), default=0.0)

    return max(end(key) for key in resources)


def _noun(resource: Mapping[str, Any]) -> str:
    noun = str(resource["Type"]).removeprefix(_PREFIX)
    return noun if noun in RESOURCES else ""
