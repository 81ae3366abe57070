"""One execution of a state machine, from its first state to its last.

Sources: Step Functions developer guide, "Workflow states", "Handling errors in Step Functions workflows", "Passing
data between states with variables", "Accessing execution data from the Context object". What a definition has beyond
the states and fields that our machines use raises NotImplementedError when the machine is created.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from .expressions import QueryEvaluationError, evaluated
from .framework import copied

Definition = Mapping[str, Any]

# What the `Resource` of every task begins with.
TASKS = "arn:aws:states:::"

_COMMON = frozenset({"Type", "Comment"})
_GOES_ON = frozenset({"Next", "End", "Output", "Assign"})
_FAILS = frozenset({"Retry", "Catch"})
_FIELDS: Mapping[str, frozenset[str]] = {
    "Pass": _COMMON | _GOES_ON,
    "Task": _COMMON | _GOES_ON | _FAILS | {"Resource", "Arguments"},
    "Choice": _COMMON | {"Choices", "Default", "Output", "Assign"},
    "Wait": _COMMON | _GOES_ON | {"Seconds"},
    "Map": _COMMON | _GOES_ON | _FAILS | {"Items", "ItemSelector", "ItemProcessor", "MaxConcurrency"},
    "Parallel": _COMMON | _GOES_ON | _FAILS | {"Branches"},
    "Succeed": _COMMON | {"Output"},
    "Fail": _COMMON | {"Error", "Cause"},
}
# Where a retrier does not say.
_INTERVAL, _ATTEMPTS, _RATE = 1.0, 3, 2.0


class DefinitionError(ValueError):
    """Step Functions would not take a definition (API reference, CreateStateMachine, InvalidDefinition)."""


class StateError(Exception):
    """A state has failed.

    Attributes:
        error: name of the error.
        cause: what it says.
    """

    def __init__(self, error: str, cause: str) -> None:
        """Fail with an error of a name."""
        super().__init__(f"{error}: {cause}")
        self.error, self.cause = error, cause


class EndedError(Exception):
    """The execution, or the branch, has been ended from outside; nobody waits for it any more."""


class Surroundings(Protocol):
    """What an execution needs."""

    def pause(self, seconds: float) -> None:
        """Let time pass.

        Raises:
            EndedError: the execution has been ended meanwhile.
        """
        ...

    def call(self, resource: str, arguments: Any) -> Any:
        """Make the call of a task.

        Raises:
            StateError: it fails.
        """
        ...

    def together(self, works: Sequence[Callable[[], Any]], most: int) -> list[Any]:
        """Do several things at once, at most so many, 0 for all; the first error is raised."""
        ...

    def record(self, kind: str, details: Mapping[str, Any], previous: int) -> int:
        """Write an event into the history, and answer its number."""
        ...

    def stamp(self) -> str:
        """What time it is, in ISO 8601."""
        ...

    def chance(self) -> float:
        """A number between 0 and 1."""
        ...


@dataclass
class _Group:
    """Branches that run side by side.

    Attributes:
        around: where their state is.
        is_over: whether one of them has failed, so that nobody waits for the others any more.
    """

    around: _Branch
    is_over: bool = False


@dataclass
class _Branch:
    """A sequence of states: the machine itself, a branch of a Parallel state, or an iteration of a Map state.

    Attributes:
        states: by name.
        variables: those of the branch, and those it can see of what is around it.
        context: `$states.context`.
        last: number of the latest event in its history.
        group: the branches beside it, and itself; None for the machine itself.
    """

    states: Mapping[str, Any]
    variables: dict[str, Any]
    context: Mapping[str, Any]
    last: int = 0
    group: _Group | None = None

    def check(self) -> None:
        """Raise if a branch beside it, or beside what it is in, has failed.

        Raises:
            EndedError: nobody waits for it any more.
        """
        if self.group is not None:
            if self.group.is_over:
                raise EndedError
            self.group.around.check()


@dataclass
class _Visit:
    """A state while it is carried out."""

    name: str
    state: Mapping[str, Any]
    input: Any
    branch: _Branch
    entered: str
    retries: dict[int, int] = field(default_factory=dict)

    def values(self, **more: Any) -> dict[str, Any]:
        """What `$states` is."""
        context = {
            **self.branch.context,
            "State": {
                "Name": self.name,
                "EnteredTime": self.entered,
                "RetryCount": sum(self.retries.values()),
            },
        }
        return {"input": self.input, "context": context, **more}

    def of(self, name: str, default: Any = None, **more: Any) -> Any:
        """Value of a field; the default if the state does not have it."""
        return self.evaluated(self.state[name], **more) if name in self.state else default

    def evaluated(self, value: Any, **more: Any) -> Any:
        """A value of a definition."""
        return evaluated(value, self.values(**more), self.branch.variables)


class Workflow:
    """Carries out a definition."""

    def __init__(self, surroundings: Surroundings) -> None:
        """Carry it out in these surroundings."""
        self._around = surroundings
        self._kinds: Mapping[str, Callable[[_Visit], Any]] = {
            "Pass": lambda visit: visit.input,
            "Task": self._task,
            "Wait": self._wait,
            "Map": self._map,
            "Parallel": self._parallel,
        }

    def run(self, definition: Definition, data: Any, context: Mapping[str, Any]) -> Any:
        """Carry out a definition from its beginning, and answer its output.

        Raises:
            StateError: it fails.
            EndedError: it has been ended.
        """
        started = self._around.record("ExecutionStarted", {"input": data}, 0)
        return self._run(_Branch(definition["States"], {}, context, started), definition["StartAt"], data)

    def _run(self, branch: _Branch, start: str, data: Any) -> Any:
        name: str | None = start
        while name is not None:
            self._around.pause(0)
            branch.check()
            name, data = self._visit(branch, name, data)
        return data

    def _visit(self, branch: _Branch, name: str, data: Any) -> tuple[str | None, Any]:
        """Carry out a state; what comes next, and its input."""
        state = branch.states[name]
        visit = _Visit(name, state, data, branch, self._around.stamp())
        self._record(branch, f"{state['Type']}StateEntered", {"name": name, "input": data})
        try:
            following, output = self._carried_out(visit)
        except QueryEvaluationError as error:
            raise StateError("States.QueryEvaluationError", str(error)) from error
        self._record(branch, f"{state['Type']}StateExited", {"name": name, "output": output})
        return following, output

    def _carried_out(self, visit: _Visit) -> tuple[str | None, Any]:
        state = visit.state
        match state["Type"]:
            case "Succeed":
                return None, visit.of("Output", visit.input)
            case "Fail":
                raise StateError(visit.of("Error", ""), visit.of("Cause", ""))
            case "Choice":
                return self._choice(visit)
        while True:
            try:
                result = copied(self._kinds[state["Type"]](visit))
                return self._left(visit, state, result, {"result": result} if "Retry" in _FIELDS[state["Type"]] else {})
            except QueryEvaluationError as error:
                failed = StateError("States.QueryEvaluationError", str(error))
            except StateError as error:
                failed = error
            if not self._tries_again(visit, failed):
                return self._caught(visit, failed)

    def _left(
        self, visit: _Visit, rule: Mapping[str, Any], default: Any, more: Mapping[str, Any]
    ) -> tuple[str | None, Any]:
        """Leave a state by what is said in it, in one of its choices or in one of its catchers."""
        output = visit.evaluated(rule["Output"], **more) if "Output" in rule else default
        assigned = {name: visit.evaluated(value, **more) for name, value in rule.get("Assign", {}).items()}
        visit.branch.variables.update(assigned)
        return rule.get("Next"), output

    # -- failures --------------------------------------------------------------------------------------------

    def _tries_again(self, visit: _Visit, failed: StateError) -> bool:
        """Wait for the next try, if a retrier says that there is one."""
        for number, retrier in enumerate(visit.state.get("Retry", ())):
            if not _matches(retrier["ErrorEquals"], failed.error):
                continue
            done = visit.retries.get(number, 0)
            if done >= retrier.get("MaxAttempts", _ATTEMPTS):
                return False
            visit.retries[number] = done + 1
            pause = retrier.get("IntervalSeconds", _INTERVAL) * retrier.get("BackoffRate", _RATE) ** done
            pause = min(pause, retrier.get("MaxDelaySeconds", pause))
            self._around.pause(pause * (self._around.chance() if retrier.get("JitterStrategy") == "FULL" else 1.0))
            visit.branch.check()
            return True
        return False

    def _caught(self, visit: _Visit, failed: StateError) -> tuple[str | None, Any]:
        for catcher in visit.state.get("Catch", ()):
            if _matches(catcher["ErrorEquals"], failed.error):
                output = {"Error": failed.error, "Cause": failed.cause}
                return self._left(visit, catcher, output, {"errorOutput": output})
        raise failed

    # -- states ----------------------------------------------------------------------------------------------

    def _choice(self, visit: _Visit) -> tuple[str | None, Any]:
        for choice in visit.state["Choices"]:
            if visit.evaluated(choice["Condition"]) is True:
                return self._left(visit, choice, visit.input, {})
        if "Default" not in visit.state:
            raise StateError("States.NoChoiceMatched", f"No choice of '{visit.name}' matches, and it has no default.")
        return self._left(visit, {**visit.state, "Next": visit.state["Default"]}, visit.input, {})

    def _wait(self, visit: _Visit) -> Any:
        self._around.pause(float(visit.of("Seconds")))
        visit.branch.check()
        return visit.input

    def _task(self, visit: _Visit) -> Any:
        resource, branch = visit.state["Resource"], visit.branch
        arguments = visit.of("Arguments", visit.input)
        service, _, name = resource.removeprefix(TASKS).rpartition(":")
        about = {"resourceType": service, "resource": name}
        self._record(branch, "TaskScheduled", {**about, "parameters": arguments})
        try:
            result = self._around.call(resource, arguments)
        except StateError as failed:
            self._record(branch, "TaskFailed", {**about, "error": failed.error, "cause": failed.cause})
            raise
        self._record(branch, "TaskSucceeded", {**about, "output": result})
        return result

    def _map(self, visit: _Visit) -> Any:
        items = visit.of("Items", visit.input)
        if not isinstance(items, list):
            raise StateError("States.QueryEvaluationError", f"'Items' of '{visit.name}' is no array: {items!r}")
        group = _Group(visit.branch)
        works = [self._iteration(visit, group, number, item) for number, item in enumerate(items)]
        return self._together(group, works, int(visit.of("MaxConcurrency", 0)))

    def _iteration(self, visit: _Visit, group: _Group, number: int, item: Any) -> Callable[[], Any]:
        processor = visit.state["ItemProcessor"]
        context = {**visit.values()["context"], "Map": {"Item": {"Index": number, "Value": item}}}

        def run() -> Any:
            inner = _Branch(processor["States"], dict(visit.branch.variables), context, group=group)
            about = {"name": visit.name, "index": number}
            inner.last = self._around.record("MapIterationStarted", about, visit.branch.last)
            selected = visit.of("ItemSelector", item, context=context)
            output = self._run(inner, processor["StartAt"], selected)
            self._record(inner, "MapIterationSucceeded", about)
            return output

        return run

    def _parallel(self, visit: _Visit) -> Any:
        around, group = visit.branch, _Group(visit.branch)

        def work(definition: Definition) -> Callable[[], Any]:
            inner = _Branch(definition["States"], dict(around.variables), around.context, around.last, group)
            return lambda: self._run(inner, definition["StartAt"], visit.input)

        return self._together(group, [work(each) for each in visit.state["Branches"]], 0)

    def _together(self, group: _Group, works: Sequence[Callable[[], Any]], most: int) -> list[Any]:
        try:
            return self._around.together(works, most)
        except Exception:
            group.is_over = True
            raise

    def _record(self, branch: _Branch, kind: str, details: Mapping[str, Any]) -> None:
        branch.last = self._around.record(kind, details, branch.last)


def _matches(names: Sequence[str], error: str) -> bool:
    """Whether a retrier or catcher is for an error."""
    if error in names:
        return True
    if error in ("States.Runtime", "States.DataLimitExceeded"):
        return False
    return "States.ALL" in names or ("States.TaskFailed" in names and error != "States.Timeout")


# -- definitions -------------------------------------------------------------------------------------------------------


def check(definition: Definition, outer: frozenset[str] = frozenset()) -> None:
    """Refuse a definition that Step Functions would refuse, and one that is not modelled.

    Args:
        definition: of a machine, of a branch or of what is done with each item.
        outer: variables that are assigned around it.

    Raises:
        DefinitionError: Step Functions would refuse it.
        NotImplementedError: the simulation does not know something in it.
    """
    states = definition["States"]
    if definition["StartAt"] not in states:
        raise DefinitionError(f"StartAt: there is no state '{definition['StartAt']}'.")
    own = frozenset(name for state in states.values() for rule in _rules(state) for name in rule.get("Assign", {}))
    if own & outer:
        raise DefinitionError(f"The variable '{min(own & outer)}' is assigned in an outer scope as well.")
    for name, state in states.items():
        unknown = state.keys() - _FIELDS.get(state["Type"], frozenset())
        if unknown:
            raise NotImplementedError(f"{name}: {state['Type']} with {', '.join(sorted(unknown))}")
        for rule in _rules(state):
            following = rule.get("Next", rule.get("Default"))
            if following is not None and following not in states:
                raise DefinitionError(f"{name}: there is no state '{following}'.")
        for inner in _inner(state):
            check(inner, outer | own)


def _rules(state: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    """What may say where to go on and what to assign."""
    yield state
    yield from state.get("Choices", ())
    yield from state.get("Catch", ())


def _inner(state: Mapping[str, Any]) -> Iterator[Definition]:
    yield from state.get("Branches", ())
    if "ItemProcessor" in state:
        yield {key: value for key, value in state["ItemProcessor"].items() if key != "ProcessorConfig"}
