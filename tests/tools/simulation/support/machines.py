"""State machines whose tasks do as they are told."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from tools.simulation.state_machines import Execution, StateMachines
from tools.simulation.time import VirtualTime
from tools.simulation.workflow import StateError

State = dict[str, Any]
PREFIX = "arn:aws:states:eu-west-1:000000000000"


def machine(start: str, /, **states: State) -> dict[str, Any]:
    """A definition; what has neither Next nor a type that ends is the end."""
    ends = {
        name: state | ({"End": True} if state["Type"] not in ("Choice", "Succeed", "Fail") else {})
        for name, state in states.items()
        if "Next" not in state
    }
    return {"QueryLanguage": "JSONata", "StartAt": start, "States": {**states, **ends}}


def task(name: str = "do", **more: Any) -> State:
    """A task that calls an action of that name."""
    return {"Type": "Task", "Resource": f"arn:aws:states:::aws-sdk:thing:{name}", **more}


def fails(error: str) -> StateError:
    """An answer of a task that is an error."""
    return StateError(error, "It went wrong.")


@dataclass
class Account:
    """State machines in virtual time.

    Attributes:
        answers: by the name of an action, what its calls answer one after the other; the last is repeated, and an error
            is raised. What is not there answers its arguments.
        seconds: how long calls of an action take.
        calls: what was called, with which arguments.
    """

    answers: Mapping[str, list[Any]] = field(default_factory=dict)
    seconds: Mapping[str, float] = field(default_factory=dict)
    calls: list[tuple[str, Any]] = field(default_factory=list)
    events: list[dict[str, Any]] = field(default_factory=list)

    def __post_init__(self) -> None:
        """Begin without machines."""
        self.answers = {name: list(answers) for name, answers in self.answers.items()}
        self.time = VirtualTime()
        self.machines = StateMachines(self.time, self._call, self._publish, prefix=PREFIX)
        self.begun = self.time.time()

    def _call(self, resource: str, arguments: Any, _role: str) -> Any:
        name = resource.rpartition(":")[2]
        self.calls.append((name, arguments))
        self.time.sleep(self.seconds.get(name, 0.0))
        return self.answer(name, arguments)

    def answer(self, name: str, arguments: Any) -> Any:
        """The next answer of an action."""
        answers = self.answers.get(name, [arguments])
        found = answers.pop(0) if len(answers) > 1 else answers[0]
        if isinstance(found, StateError):
            raise StateError(found.error, found.cause)
        return found

    def _publish(self, *event: Any) -> None:
        self.events.append(event[3])

    def begin(self, definition: Mapping[str, Any], data: Any = None, name: str = "one") -> Execution:
        """Create a machine and start it."""
        arn = self.machines.put("machine", definition, "role")
        found = self.machines.start_execution(
            stateMachineArn=arn, input=json.dumps({} if data is None else data), name=name
        )
        return self.machines.executions[found["executionArn"]]

    def run(self, definition: Mapping[str, Any], data: Any = None) -> Execution:
        """Start a machine, and wait for its end."""
        execution = self.begin(definition, data)
        self.time.run()
        return execution

    @property
    def passed(self) -> float:
        """Seconds since the beginning."""
        return self.time.time() - self.begun


def output(execution: Execution) -> Any:
    """What an execution answered; it has to have succeeded."""
    assert execution.status == "SUCCEEDED", f"{execution.status}: {execution.error}: {execution.cause}"
    return json.loads(execution.output or "null")
