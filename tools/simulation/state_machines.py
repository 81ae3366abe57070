"""Step Functions in virtual time: state machines, their executions, and the part of the API that we call.

Names, members and errors are those of the Step Functions API reference; the event of each execution that ends is that
of the developer guide, "Automating Step Functions event delivery with EventBridge".
"""

from __future__ import annotations

import json
import random
import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from .answers import Refusal
from .time import VirtualTime
from .workflow import Definition, EndedError, StateError, Workflow, check

Call = Callable[[str, Any, str], Any]
RUNNING = "RUNNING"


@dataclass
class Machine:
    """A state machine.

    Attributes:
        arn: of the machine.
        definition: what it does.
        role_arn: what its tasks may do.
        timeout: seconds that an execution may take; None for any number.
        created: when it was created, in seconds since the epoch.
        is_deleted: whether it is being deleted: its executions end at their next transition.
    """

    arn: str
    definition: Definition
    role_arn: str
    timeout: float | None = None
    created: float = 0.0
    is_deleted: bool = False


@dataclass
class Execution:
    """An execution, and its history in the form of GetExecutionHistory."""

    arn: str
    machine: Machine
    input: str
    started: float
    status: str = RUNNING
    ended: float | None = None
    output: str | None = None
    error: str | None = None
    cause: str | None = None
    history: list[dict[str, Any]] = field(default_factory=list)

    @property
    def states(self) -> list[str]:
        """Names of the states that it has entered, in order."""
        entered = (event.get("stateEnteredEventDetails") for event in self.history)
        return [each["name"] for each in entered if each]


class StateMachines:
    """The state machines of an account."""

    def __init__(
        self,
        time: VirtualTime,
        call: Call,
        publish: Callable[[str, str, Sequence[str], Mapping[str, Any]], None],
        *,
        prefix: str,
    ) -> None:
        """Start without machines.

        Args:
            time: the clock.
            call: makes the call of a task: resource, arguments, role.
            publish: puts an event: source, detail type, resources, detail.
            prefix: what ARNs begin with, such as `arn:aws:states:eu-west-1:000000000000`.
        """
        self.machines: dict[str, Machine] = {}
        self.executions: dict[str, Execution] = {}
        self._time, self._call, self._publish, self._prefix = time, call, publish, prefix
        self._random = random.Random(0)

    # -- machines --------------------------------------------------------------------------------------------

    def put(self, name: str, definition: Definition, role_arn: str) -> str:
        """Create a machine, or change it: executions that are running keep the definition they have.

        Raises:
            DefinitionError: Step Functions would refuse the definition.
        """
        check({key: value for key, value in definition.items() if key in ("StartAt", "States")})
        arn = f"{self._prefix}:stateMachine:{name}"
        known = self.machines.get(arn)
        created = known.created if known else self._time.time()
        self.machines[arn] = Machine(arn, definition, role_arn, definition.get("TimeoutSeconds"), created)
        return arn

    def remove(self, arn: str) -> None:
        """Delete a machine; its executions end at their next transition (API reference, DeleteStateMachine)."""
        self.machines.pop(arn)
        for execution in self._of(arn):
            execution.machine.is_deleted = True

    def running(self, arn: str) -> list[Execution]:
        """Executions of a machine that have not ended."""
        return [each for each in self._of(arn) if each.status == RUNNING]

    def _of(self, arn: str) -> Iterator[Execution]:
        return (each for each in self.executions.values() if each.machine.arn == arn)

    # -- the API ---------------------------------------------------------------------------------------------

    def start_execution(self, **members: Any) -> dict[str, Any]:
        """Start an execution."""
        wanted = members["stateMachineArn"]
        machine = self.machines.get(wanted)
        if machine is None:
            raise Refusal("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{wanted}'")
        name = members.get("name") or str(uuid.UUID(int=self._random.getrandbits(128), version=4))
        arn = f"{wanted.replace(':stateMachine:', ':execution:')}:{name}"
        if arn in self.executions:
            raise Refusal("ExecutionAlreadyExists", f"Execution Already Exists: '{arn}'")
        execution = Execution(arn, machine, members.get("input", "{}"), self._time.time())
        self.executions[arn] = execution
        self._tell(execution)
        self._time.spawn(lambda: self._run(execution))
        return {"executionArn": arn, "startDate": _date(execution.started)}

    def describe_state_machine(self, **members: Any) -> dict[str, Any]:
        """Describe a machine, but for its definition."""
        wanted = members["stateMachineArn"]
        if wanted not in self.machines:
            raise Refusal("StateMachineDoesNotExist", f"State Machine Does Not Exist: '{wanted}'")
        found = self.machines[wanted]
        return {
            "stateMachineArn": wanted,
            "name": wanted.rpartition(":")[2],
            "status": "ACTIVE",
            "roleArn": found.role_arn,
            "type": "STANDARD",
            "creationDate": _date(found.created),
        }

    def stop_execution(self, **members: Any) -> dict[str, Any]:
        """Stop an execution."""
        execution = self._found(members)
        if execution.status == RUNNING:
            self._end(execution, "ABORTED", error=members.get("error"), cause=members.get("cause"))
        return {"stopDate": _date(execution.ended or self._time.time())}

    def describe_execution(self, **members: Any) -> dict[str, Any]:
        """Describe an execution."""
        execution = self._found(members)
        found = {
            **_summary(execution),
            "input": execution.input,
            "output": execution.output,
            "error": execution.error,
            "cause": execution.cause,
        }
        return {key: value for key, value in found.items() if value is not None}

    def list_executions(self, **members: Any) -> dict[str, Any]:
        """List executions, the latest first; more than fit into one answer are left out."""
        wanted = members.get("statusFilter")
        found = [each for each in self._of(members["stateMachineArn"]) if wanted in (None, each.status)]
        return {"executions": [_summary(each) for each in reversed(found)][: members.get("maxResults", 100)]}

    def get_execution_history(self, **members: Any) -> dict[str, Any]:
        """The events of an execution; more than fit into one answer are left out."""
        events = self._found(members).history
        in_order = events[::-1] if members.get("reverseOrder") else events
        return {"events": in_order[: members.get("maxResults", 1000)]}

    def _found(self, members: Mapping[str, Any]) -> Execution:
        arn = members["executionArn"]
        if arn not in self.executions:
            raise Refusal("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
        return self.executions[arn]

    # -- running ---------------------------------------------------------------------------------------------

    def _run(self, execution: Execution) -> None:
        around = _Surroundings(self._time, self._call, execution, self._random.random)
        try:
            data = json.loads(execution.input)
            output = Workflow(around).run(execution.machine.definition, data, _context(execution, data))
        except StateError as failed:
            self._end(execution, "FAILED", error=failed.error, cause=failed.cause)
        except _TimedOutError:
            self._end(execution, "TIMED_OUT", error="States.Timeout")
        except EndedError:
            if execution.status == RUNNING:  # its machine is deleted
                self._end(execution, "ABORTED")
        else:
            self._end(execution, "SUCCEEDED", output=json.dumps(output))

    def _end(
        self,
        execution: Execution,
        status: str,
        *,
        output: str | None = None,
        error: str | None = None,
        cause: str | None = None,
    ) -> None:
        execution.status, execution.ended = status, self._time.time()
        execution.output, execution.error, execution.cause = output, error, cause
        kind = {"TIMED_OUT": "ExecutionTimedOut"}.get(status, f"Execution{status.capitalize()}")
        details = {"output": output} if status == "SUCCEEDED" else {"error": error, "cause": cause}
        around = _Surroundings(self._time, self._call, execution, self._random.random)
        around.record(kind, {key: value for key, value in details.items() if value}, len(execution.history))
        self._tell(execution)

    def _tell(self, execution: Execution) -> None:
        detail = {
            "executionArn": execution.arn,
            "stateMachineArn": execution.machine.arn,
            "name": execution.arn.rpartition(":")[2],
            "status": execution.status,
            "startDate": round(execution.started * 1000),
            "stopDate": round(execution.ended * 1000) if execution.ended else None,
            "input": execution.input,
            "inputDetails": {"included": True},
            "output": execution.output,
            "outputDetails": {"included": True} if execution.output else None,
            "redriveCount": 0,
            "error": execution.error,
            "cause": execution.cause,
        }
        self._publish("aws.states", "Step Functions Execution Status Change", [execution.arn], detail)


class _TimedOutError(EndedError):
    """The execution has taken longer than its machine allows."""


@dataclass(frozen=True)
class _Surroundings:
    """What an execution needs, of the account that it runs in."""

    _time: VirtualTime
    _call: Call
    _execution: Execution
    chance: Callable[[], float]

    def pause(self, seconds: float) -> None:
        """Let time pass, at most until the execution has to end."""
        execution, now = self._execution, self._time.time()
        timeout = execution.machine.timeout
        left = seconds if timeout is None else min(seconds, execution.started + timeout - now)
        self._time.sleep(max(left, 0.0))
        if execution.status != RUNNING or execution.machine.is_deleted:
            raise EndedError
        if timeout is not None and self._time.time() >= execution.started + timeout:
            raise _TimedOutError

    def call(self, resource: str, arguments: Any) -> Any:
        """Make the call of a task."""
        return self._call(resource, arguments, self._execution.machine.role_arn)

    def together(self, works: Sequence[Callable[[], Any]], most: int) -> list[Any]:
        """Do several things at once."""
        return self._time.together(works, most)

    def record(self, kind: str, details: Mapping[str, Any], previous: int) -> int:
        """Write an event into the history, as GetExecutionHistory shows it: values are text there."""
        number = len(self._execution.history) + 1
        shown = {
            key: value if key in ("index",) or isinstance(value, str) else json.dumps(value)
            for key, value in details.items()
        }
        event = {"timestamp": _date(self._time.time()), "type": kind, "id": number, "previousEventId": previous}
        self._execution.history.append({**event, _details_of(kind): shown})
        return number

    def stamp(self) -> str:
        """What time it is."""
        return _text(self._time.time())


def _details_of(kind: str) -> str:
    """The member of an event of the history that has its details."""
    for ending in ("Entered", "Exited"):
        if kind.endswith(f"State{ending}"):
            return f"state{ending}EventDetails"
    return f"{kind[0].lower()}{kind[1:]}EventDetails"


def _context(execution: Execution, data: Any) -> dict[str, Any]:
    machine = execution.machine
    return {
        "Execution": {
            "Id": execution.arn,
            "Input": data,
            "Name": execution.arn.rpartition(":")[2],
            "RoleArn": machine.role_arn,
            "StartTime": _text(execution.started),
            "RedriveCount": 0,
        },
        "StateMachine": {"Id": machine.arn, "Name": machine.arn.rpartition(":")[2]},
    }


def _summary(execution: Execution) -> dict[str, Any]:
    found = {
        "executionArn": execution.arn,
        "stateMachineArn": execution.machine.arn,
        "name": execution.arn.rpartition(":")[2],
        "status": execution.status,
        "startDate": _date(execution.started),
        "stopDate": _date(execution.ended) if execution.ended else None,
    }
    return {key: value for key, value in found.items() if value is not None}


def _date(moment: float) -> datetime:
    return datetime.fromtimestamp(moment, UTC)


def _text(moment: float) -> str:
    return _date(moment).isoformat(timespec="milliseconds").replace("+00:00", "Z")
