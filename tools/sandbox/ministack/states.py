"""How an execution of a state machine runs, where MiniStack's Step Functions does it otherwise than AWS.

Evaluating JSONata and paths, and the states Pass, Choice and Wait, stay MiniStack's. What is here replaces its loops
over states: they let variables out of branches, keep no place from which a redrive could go on, know no time-out of
the machine, and write no history within branches. Source: Step Functions developer guide.
"""

from __future__ import annotations

import contextvars
import json
import random
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from concurrent.futures import TimeoutError as FutureTimeoutError
from dataclasses import dataclass, field
from typing import Any

from ministack.core import responses
from ministack.services import stepfunctions as sfn

from .state_calls import Caller, call, is_function, resource_of

State = Mapping[str, Any]
# Errors that nothing catches or retries ("Handling errors in Step Functions workflows").
_FINAL = ("States.Runtime", "States.DataLimitExceeded")
_QUERY_ERROR = "States.QueryEvaluationError"
_LONGEST_NAP = 0.1


class EndedError(Exception):
    """The execution, or the branch, has been ended by something else."""


@dataclass
class Frame:
    """Where an execution, a branch or an iteration is, from which a redrive goes on.

    Attributes:
        name: of the state; None at the end.
        data: input of the state, or the output at the end.
        variables: those of this level and of the levels above.
        branches: of the Parallel or Map state that this is, by number.
    """

    name: str | None
    data: Any
    variables: dict[str, Any]
    branches: dict[int, Frame] = field(default_factory=dict)


@dataclass
class Clock:
    """How long a run has taken on its own clock: what it waits passes faster, calls take as long as they do.

    Attributes:
        scale: seconds here for a second that the machine waits.
    """

    scale: float
    _begun: float = field(default_factory=time.monotonic)
    _slept: float = 0.0

    def note_sleep(self, seconds: float) -> None:
        """Some seconds here were spent waiting."""
        self._slept += seconds

    @property
    def seconds(self) -> float:
        """Seconds of the machine since the run has begun."""
        real = time.monotonic() - self._begun
        # Branches wait side by side.
        slept = min(self._slept, real)
        return slept / self.scale + real - slept


@dataclass
class Run:
    """The first run of an execution, or a redrive.

    Attributes:
        execution: MiniStack's record of it.
        caller: the machine and its role.
        clock: the machine's.
        check: raises EndedError if the execution is not to go on.
    """

    execution: dict[str, Any]
    caller: Caller
    clock: Clock
    check: Callable[[], None]
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, type_: str, previous: int, details: Mapping[str, Any]) -> int:
        """Add an event to the history, and answer its id."""
        with self.lock:
            event: dict[str, Any] = sfn._add_event(self.execution, type_, dict(details))
            event["previousEventId"] = previous
            return int(event["id"])


@dataclass
class Level:
    """The states of the machine, of a branch or of an iteration while they run.

    Attributes:
        run: to which it belongs.
        states: by name.
        frame: where it is.
        context: the context object, as MiniStack's functions take it: with the variables.
        event: id of its last event.
        above: the level whose Parallel or Map state this is.
        is_failing: a branch of its state has failed, so that the others end.
    """

    run: Run
    states: Mapping[str, State]
    frame: Frame
    context: dict[str, Any]
    event: int
    above: Level | None = None
    is_failing: bool = False

    def check(self) -> None:
        """Raise EndedError if this level is not to go on."""
        self.run.check()
        above = self.above
        while above is not None:
            if above.is_failing:
                raise EndedError
            above = above.above

    def note(self, type_: str, **details: Any) -> None:
        """Add an event to the history; the one before it is that of this level."""
        self.event = self.run.note(type_, self.event, details)

    def sleep(self, seconds: float) -> None:
        """Wait, on the machine's clock."""
        clock = self.run.clock
        end = time.monotonic() + seconds * clock.scale
        while (left := end - time.monotonic()) > 0:
            self.check()
            nap = min(left, _LONGEST_NAP)
            time.sleep(nap)
            clock.note_sleep(nap)


_level: contextvars.ContextVar[Level] = contextvars.ContextVar("level")


def correct_states() -> None:
    """Let executions run as on AWS."""
    sfn._scaled_sleep = lambda seconds: _level.get().sleep(seconds)
    sfn._error_matches = _matches
    sfn._apply_state_assign = _assign


def walk(level: Level) -> Any:
    """Go from state to state to the end, and answer the output.

    Raises:
        EndedError: something else has ended it.
        sfn._ExecutionError: a state has failed, and nothing caught it.
    """
    frame = level.frame
    while frame.name is not None:
        level.check()
        state = level.states[frame.name]
        level.context["State"] = {"Name": frame.name, "EnteredTime": responses.now_iso(), "RetryCount": 0}
        entered = {"name": frame.name, "input": json.dumps(frame.data)}
        level.note(f"{state['Type']}StateEntered", stateEnteredEventDetails=entered)
        _level.set(level)
        output, following = _carry_out(level, state)
        level.check()
        if state["Type"] != "Fail":
            exited = {"name": frame.name, "output": json.dumps(output)}
            level.note(f"{state['Type']}StateExited", stateExitedEventDetails=exited)
        frame.name, frame.data, frame.branches = following, output, {}
    return frame.data


def _carry_out(level: Level, state: State) -> tuple[Any, str | None]:
    """Output of a state, and the name of the next one."""
    data, context = level.frame.data, level.context
    try:
        match state["Type"]:
            case "Task":
                return _tried(level, state, lambda: _task(level, state))
            case "Parallel":
                return _tried(level, state, lambda: _parallel(level, state))
            case "Map":
                return _tried(level, state, lambda: _map(level, state))
            case "Pass":
                return sfn._execute_pass(state, data, context)
            case "Choice":
                return sfn._execute_choice(state, data, context)
            case "Wait":
                return sfn._execute_wait(state, data, context)
            case "Succeed":
                return _succeed(state, data, context), None
            case _:
                raise sfn._ExecutionError(*sfn._fail_state_error(state, data, context))
    except sfn._ExecutionError as error:
        if error.error == _QUERY_ERROR:
            details = {"error": error.error, "cause": error.cause, "state": level.frame.name}
            level.note("EvaluationFailed", evaluationFailedEventDetails=details)
        raise


def _is_jsonata(state: State, context: Mapping[str, Any]) -> bool:
    return bool(sfn._state_query_language(state, context) == "JSONata")


def _succeed(state: State, data: Any, context: dict[str, Any]) -> Any:
    if _is_jsonata(state, context):
        return sfn._apply_jsonata_output(state, data, context, default=data)
    return sfn._apply_output_path(state, sfn._apply_input_path(state, data, context), context)


def _matches(names: Sequence[str], error: str) -> bool:
    """Whether a retrier's or catcher's ErrorEquals speak of an error."""
    if error in _FINAL:
        return error != "States.Runtime" and error in names
    if error in names or "States.ALL" in names:
        return True
    return "States.TaskFailed" in names and error != "States.Timeout"


def _assign(state: State, data: Any, context: dict[str, Any] | None, **values: Any) -> None:
    """Set variables, all at once: "Evaluation order in an assign field"."""
    assign = state.get("Assign")
    if context is None or not isinstance(assign, dict):
        return
    if not _is_jsonata(state, context):
        raise sfn._ExecutionError("States.Runtime", "The local cloud knows Assign in JSONata only.")
    context["variables"].update(sfn._apply_jsonata_template(assign, data, context, **values))


# -- Retry and Catch -----------------------------------------------------------------------------------------------


def _tried(level: Level, state: State, attempt: Callable[[], Any]) -> tuple[Any, str | None]:
    """Output of a state that may be tried again or be caught, and the name of the next one."""
    counts: dict[int, int] = {}
    while True:
        level.context["State"]["RetryCount"] = sum(counts.values())
        try:
            return _output(level, state, attempt()), sfn._next_or_end(state)
        except sfn._ExecutionError as error:
            retrier, number = sfn._find_matching_retrier(state.get("Retry", []), error.error, counts)
            if retrier is None:
                return _caught(level, state, error)
        level.sleep(_pause(retrier, counts.get(number, 0)))
        counts[number] = counts.get(number, 0) + 1
        level.frame.branches = {}


def _output(level: Level, state: State, result: Any) -> Any:
    data, context = level.frame.data, level.context
    if _is_jsonata(state, context):
        output = sfn._apply_jsonata_output(state, data, context, result=result, default=result)
        _assign(state, data, context, result=result)
        return output
    selected = sfn._apply_result_selector(state, result)
    return sfn._apply_output_path(state, sfn._apply_result_path(state, data, selected), context)


def _caught(level: Level, state: State, error: Any) -> tuple[Any, str]:
    catcher = sfn._find_matching_catcher(state.get("Catch", []), error.error)
    if catcher is None:
        raise error
    language = sfn._state_query_language(state, level.context)
    told = {"Error": error.error, "Cause": error.cause}
    return sfn._apply_catcher(catcher, level.frame.data, level.context, language, told), catcher["Next"]


def _pause(retrier: Mapping[str, Any], count: int) -> float:
    """Seconds until the next attempt."""
    seconds = retrier.get("IntervalSeconds", 1) * retrier.get("BackoffRate", 2.0) ** count
    seconds = min(seconds, retrier.get("MaxDelaySeconds", seconds))
    return float(random.uniform(0, seconds) if retrier.get("JitterStrategy") == "FULL" else seconds)


# -- Task ----------------------------------------------------------------------------------------------------------


def _task(level: Level, state: State) -> Any:
    """Result of one attempt."""
    arguments, resource = _arguments(level, state), state["Resource"]
    prefix, names = _begin_task(level, resource, arguments)
    try:
        result = _within(state.get("TimeoutSeconds"), lambda: call(resource, arguments, level.run.caller))
    except sfn._ExecutionError as error:
        level.check()
        details = {**names, "error": error.error, "cause": error.cause}
        level.note(f"{prefix}Failed", **{f"{_camel(prefix)}FailedEventDetails": details})
        raise
    level.check()
    details = {**names, "output": json.dumps(result)}
    level.note(f"{prefix}Succeeded", **{f"{_camel(prefix)}SucceededEventDetails": details})
    return result


def _arguments(level: Level, state: State) -> Any:
    data, context = level.frame.data, level.context
    if _is_jsonata(state, context):
        return sfn._apply_jsonata_arguments(state, data, context)
    return sfn._apply_parameters(state, sfn._apply_input_path(state, data, context), context)


def _begin_task(level: Level, resource: str, arguments: Any) -> tuple[str, dict[str, str]]:
    """Write the events of the beginning; answers how those of the end begin, and what they all have."""
    if is_function(resource):
        scheduled = {"resource": resource, "input": json.dumps(arguments)}
        level.note("LambdaFunctionScheduled", lambdaFunctionScheduledEventDetails=scheduled)
        level.note("LambdaFunctionStarted")
        return "LambdaFunction", {}
    kind, action = resource_of(resource)
    names = {"resourceType": kind, "resource": action}
    called = {"region": responses.get_region(), "parameters": json.dumps(arguments)}
    level.note("TaskScheduled", taskScheduledEventDetails={**names, **called})
    level.note("TaskStarted", taskStartedEventDetails=names)
    return "Task", names


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def _within(seconds: float | None, work: Callable[[], Any]) -> Any:
    """Result of a call that may take so many seconds; what takes longer goes on, and nobody hears of it."""
    if seconds is None:
        return work()
    pool = ThreadPoolExecutor(max_workers=1)
    future = pool.submit(contextvars.copy_context().run, work)
    pool.shutdown(wait=False)
    try:
        return future.result(timeout=seconds)
    except FutureTimeoutError:
        raise sfn._ExecutionError("States.Timeout", f"The task ran longer than {seconds} seconds.") from None


# -- Parallel and Map ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Branch:
    """A branch of a Parallel state, or an iteration of a Map state.

    Attributes:
        machine: StartAt and States.
        data: input of its first state.
        context: what its context object has beside that of the state.
    """

    machine: Mapping[str, Any]
    data: Any
    context: Mapping[str, Any] = field(default_factory=dict)


def _parallel(level: Level, state: State) -> list[Any]:
    level.note("ParallelStateStarted")
    data = _arguments(level, state)
    branches = [_Branch(machine, data) for machine in state["Branches"]]
    return _side_by_side(level, "Parallel", branches, len(branches))


def _map(level: Level, state: State) -> list[Any]:
    machine = state.get("ItemProcessor") or state.get("Iterator", {})
    if machine.get("ProcessorConfig", {}).get("Mode") == "DISTRIBUTED":
        raise sfn._ExecutionError("States.Runtime", "The local cloud knows inline Map states only.")
    items = _items(level, state)
    level.note("MapStateStarted", mapStateStartedEventDetails={"length": len(items)})
    branches = [_iteration(level, state, machine, number, item) for number, item in enumerate(items)]
    most = state.get("MaxConcurrency", 0)
    if isinstance(most, str):
        most = sfn._jsonata_state_field(state, "MaxConcurrency", "number", level.frame.data, level.context)
    return _side_by_side(level, "Map", branches, most or len(branches))


def _items(level: Level, state: State) -> list[Any]:
    data, context = level.frame.data, level.context
    if not _is_jsonata(state, context):
        chosen = sfn._apply_input_path(state, data, context)
        return list(sfn._resolve_path_or_ctx(state.get("ItemsPath", "$"), chosen, context))
    if "Items" not in state:
        return list(data)
    return list(sfn._jsonata_state_field(state, "Items", "array", data, context))


def _iteration(level: Level, state: State, machine: Mapping[str, Any], number: int, item: Any) -> _Branch:
    context = {"Map": {"Item": {"Index": number, "Value": item}}}
    selector = state.get("ItemSelector") or state.get("Parameters")
    if not selector:
        return _Branch(machine, item, context)
    data, known = level.frame.data, {**level.context, **context}
    if _is_jsonata(state, level.context):
        return _Branch(machine, sfn._apply_jsonata_template(selector, data, known), context)
    chosen = sfn._apply_input_path(state, data, known)
    return _Branch(machine, sfn._resolve_params_obj(selector, chosen, known), context)


def _side_by_side(level: Level, kind: str, branches: Sequence[_Branch], most: int) -> list[Any]:
    """Outputs of branches, of which so many run at a time; those that are at their end run no more.

    Raises:
        sfn._ExecutionError: that of the branch that failed first; the others have ended.
        EndedError: something else has ended them.
    """
    level.is_failing = False
    failures: list[tuple[Any, int]] = []
    children = [_child(level, number, branch) for number, branch in enumerate(branches)]

    def run(number: int) -> None:
        child = children[number]
        try:
            _walk_branch(child, kind, number)
        except sfn._ExecutionError as error:
            failures.append((error, child.event))
            level.is_failing = True

    with ThreadPoolExecutor(max_workers=max(most, 1)) as pool:
        waiting = [number for number, child in enumerate(children) if child.frame.name is not None]
        for done in [pool.submit(contextvars.copy_context().run, run, number) for number in waiting]:
            done.result()
    level.run.check()
    if failures:
        error, level.event = failures[0]
        level.note(f"{kind}StateFailed")
        raise error
    level.event = max([level.event, *(child.event for child in children)])
    level.check()
    level.note(f"{kind}StateSucceeded")
    return [child.frame.data for child in children]


def _child(level: Level, number: int, branch: _Branch) -> Level:
    """The level of a branch; where an earlier run of the execution left it, if it has begun then."""
    first = Frame(branch.machine["StartAt"], branch.data, dict(level.frame.variables))
    frame = level.frame.branches.setdefault(number, first)
    context = {**level.context, **branch.context, "variables": frame.variables}
    return Level(level.run, branch.machine["States"], frame, context, level.event, level)


def _walk_branch(level: Level, kind: str, number: int) -> None:
    """Walk a branch to its end or until something ends it.

    Raises:
        sfn._ExecutionError: it has failed.
    """
    above = level.above
    iteration = {"name": above.frame.name if above else "", "index": number}
    is_iteration = kind == "Map"

    def note(what: str) -> None:
        if is_iteration:
            level.note(f"MapIteration{what}", **{f"mapIteration{what}EventDetails": iteration})

    try:
        level.check()
    except EndedError:  # before it has begun
        return
    note("Started")
    try:
        walk(level)
    except EndedError:
        note("Aborted")
    except sfn._ExecutionError:
        note("Failed")
        raise
    else:
        note("Succeeded")
