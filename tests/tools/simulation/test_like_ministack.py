"""Two interpreters that nobody wrote together agree: MiniStack's and the simulation's, on the same machines."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import pytest
from ministack.services import stepfunctions

from tests.tools.simulation.support.machines import Account, fails, machine, task

_NAME = "arn:aws:states:eu-west-1:000000000000:stateMachine:machine"


def by_ministack(
    monkeypatch: pytest.MonkeyPatch, definition: Mapping[str, Any], data: Any, answers: Mapping[str, list[Any]]
) -> tuple[Any, list[Any]]:
    """Status, error and output of an execution by MiniStack, and what it called."""
    account = Account(answers)

    def call(resource: str, arguments: Any) -> Any:
        name = resource.rpartition(":")[2]
        account.calls.append((name, arguments))
        try:
            return account.answer(name, arguments)
        except Exception as error:
            raise stepfunctions._ExecutionError(error.error, error.cause) from error  # type: ignore[attr-defined]

    monkeypatch.setattr(stepfunctions, "_SFN_WAIT_SCALE", 0)
    monkeypatch.setattr(stepfunctions, "_invoke_resource", call)
    monkeypatch.setattr(stepfunctions.time, "sleep", lambda _: None)
    about = {"name": "machine", "roleArn": "role", "definition": json.dumps(definition)}
    monkeypatch.setitem(stepfunctions._state_machines, _NAME, about)
    answer = stepfunctions._start_sync_execution({"stateMachineArn": _NAME, "input": json.dumps(data), "name": "one"})
    found = json.loads(answer[2])
    is_good = found["status"] == "SUCCEEDED"
    return (found["status"], json.loads(found["output"]) if is_good else found["error"]), account.calls


def by_the_simulation(
    definition: Mapping[str, Any], data: Any, answers: Mapping[str, list[Any]]
) -> tuple[Any, list[Any]]:
    account = Account(answers)
    execution = account.run(definition, data)
    is_good = execution.status == "SUCCEEDED"
    return (execution.status, json.loads(execution.output or "") if is_good else execution.error), account.calls


def polling(**more: Any) -> dict[str, Any]:
    """Create, wait, describe, choose: as our machines wait for something."""
    status = "$states.input.Status"
    return machine(
        "Create",
        Create=task(
            "create",
            Arguments={"Name": "{% 'refresh-' & $substring($states.context.Execution.Name, 0, 3) %}"},
            Retry=[{"ErrorEquals": ["Thing.LimitExceededException"], "IntervalSeconds": 60, "MaxAttempts": 5}],
            Catch=[{"ErrorEquals": ["Thing.ResourceAlreadyExistsException"], "Next": "Wait"}],
            Assign={"arn": "{% $states.result.Arn %}"},
            Next="Wait",
        ),
        Wait={"Type": "Wait", "Seconds": 60, "Next": "Describe"},
        Describe=task("describe", Arguments={"Arn": "arn:x"}, Next="Is it there"),
        Done={"Type": "Pass", "Output": {"status": "{% $states.input.Status %}"}},
        Failed={
            "Type": "Fail",
            "Error": "ImportFailed",
            "Cause": "{% 'failureReason: ' & $states.input.FailureReason %}",
        },
        **{
            "Is it there": {
                "Type": "Choice",
                "Choices": [
                    {"Condition": f"{{% {status} = 'ACTIVE' %}}", "Next": "Done"},
                    {"Condition": f"{{% $contains({status}, 'FAILED') %}}", "Next": "Failed"},
                ],
                "Default": "Wait",
            }
        },
        **more,
    )


_BOTH = {"StartAt": "One", "States": {"One": {**task("one", Arguments={"n": "{% $states.input.n %}"}), "End": True}}}
_FOR_EACH = machine(
    "All",
    All={
        "Type": "Map",
        "Items": "{% $states.input.items[size > 1] %}",
        "ItemSelector": {"n": "{% $states.context.Map.Item.Value.size * 2 %}"},
        "MaxConcurrency": 1,
        "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, **_BOTH},
        "Output": {"sizes": "{% $states.result.n %}", "count": "{% $count($states.result) %}"},
    },
)
_GONE_WRONG = machine("A", A={"Type": "Pass", "Output": "{% $states.input.missing.deeper %}"})


@pytest.mark.parametrize(
    ("definition", "data", "answers"),
    [
        (polling(), {}, {"create": [{"Arn": "x"}], "describe": [{"Status": "CREATE PENDING"}, {"Status": "ACTIVE"}]}),
        (
            polling(),
            {},
            {
                "create": [fails("Thing.LimitExceededException"), fails("Thing.ResourceAlreadyExistsException")],
                "describe": [{"Status": "CREATE FAILED", "FailureReason": "no data"}],
            },
        ),
        (polling(), {}, {"create": [fails("Thing.InvalidInputException")], "describe": [{}]}),
        (polling(), {}, {"create": [fails("Thing.LimitExceededException")], "describe": [{}]}),
        (_FOR_EACH, {"items": [{"size": 1}, {"size": 2}, {"size": 3}]}, {}),
        (_FOR_EACH, {"items": [{"size": 2}, {"size": 3}]}, {"one": [{"n": 1}, fails("Thing.E")]}),
        (_GONE_WRONG, {"missing": {}}, {}),
        (machine("A", A={"Type": "Parallel", "Branches": [_BOTH, _BOTH]}), {"n": None}, {}),
    ],
    ids=["waits", "already there", "refused", "never room", "map", "map fails", "nothing found", "parallel"],
)
def test_the_same_outcome_and_the_same_calls(
    monkeypatch: pytest.MonkeyPatch, definition: Mapping[str, Any], data: Any, answers: Mapping[str, list[Any]]
) -> None:
    theirs = by_ministack(monkeypatch, definition, data, answers)
    assert by_the_simulation(definition, data, answers) == theirs
    assert theirs[1] or definition is _GONE_WRONG
