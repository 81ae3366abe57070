"""Executions of state machines from their start to their end, and on from there: redrives, time-outs, what is told.

Source: Step Functions developer guide, "Restarting state machine executions with redrive", "Automating Step Functions
event delivery with EventBridge", "Monitoring Step Functions metrics using Amazon CloudWatch".
"""

from __future__ import annotations

import contextvars
import json
import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from ministack.core import responses
from ministack.services import eventbridge
from ministack.services import stepfunctions as sfn

from .metrics import put_metric
from .state_calls import Caller
from .states import Clock, EndedError, Frame, Level, Run, walk

# First state of the machine with which the CDK's Provider framework polls: what it waits for is functions, whose clock
# is slower than that of the service.
_FRAMEWORK_STATE = "framework-isComplete-task"
_MOST_IN_AN_EVENT = 248 * 1024
_METRICS = {
    "RUNNING": "ExecutionsStarted",
    "SUCCEEDED": "ExecutionsSucceeded",
    "FAILED": "ExecutionsFailed",
    "TIMED_OUT": "ExecutionsTimedOut",
    "ABORTED": "ExecutionsAborted",
}
_EVENTS = {"SUCCEEDED": "ExecutionSucceeded", "FAILED": "ExecutionFailed", "TIMED_OUT": "ExecutionTimedOut"}
_lock = threading.Lock()
_Response = tuple[int, dict[str, str], bytes]


def correct_executions(speed: float) -> None:
    """Let executions begin, end and be redriven as on AWS, and tell it.

    Args:
        speed: how many times faster than on AWS the machines wait; that of the CDK waits as MiniStack is told.
    """
    framework_scale = sfn._SFN_WAIT_SCALE

    def run(execution_arn: str) -> None:
        execution = sfn._executions.get(execution_arn)
        machine = sfn._state_machines.get(execution["stateMachineArn"]) if execution else None
        if execution and machine:
            execution.setdefault("definition", json.loads(machine["definition"]))
            is_framework = execution["definition"]["StartAt"] == _FRAMEWORK_STATE
            _run(execution, machine, framework_scale if is_framework else 1 / speed)

    sfn._run_execution = run
    sfn._emit_execution_status_event = _tell
    describe, list_, handle = sfn._describe_execution, sfn._list_executions, sfn.handle_request
    sfn._describe_execution = lambda data: _with(describe(data), _add_redrives)
    sfn._list_executions = lambda data: _with(list_(data), _add_redrives_to_each)

    async def handle_all(
        method: str, path: str, headers: Mapping[str, str], body: bytes, query: Mapping[str, Any]
    ) -> _Response:
        if headers.get("x-amz-target", "").endswith(".RedriveExecution"):
            return sfn._finalize_response(_redrive(json.loads(body)))
        return await handle(method, path, headers, body, query)

    sfn.handle_request = handle_all


# -- running -------------------------------------------------------------------------------------------------------


def _run(execution: dict[str, Any], machine: dict[str, Any], scale: float) -> None:
    """Run an execution, from its beginning or from where it failed, to an end."""
    definition = execution["definition"]
    clock = Clock(scale)
    check = _check(execution, machine, definition.get("TimeoutSeconds"), clock)
    caller = Caller(machine["stateMachineArn"], machine["roleArn"])
    run = Run(execution, caller, clock, check)
    data = json.loads(execution["input"])
    frame = execution.setdefault("frame", Frame(definition["StartAt"], data, {}))
    execution["events"][0]["previousEventId"] = 0
    level = Level(run, definition["States"], frame, _context(execution, machine, frame), len(execution["events"]))
    try:
        output = walk(level)
        check()
        _end(execution, "SUCCEEDED", level.event, output=output)
    except EndedError:
        return
    except sfn._ExecutionError as error:
        _end(execution, "FAILED", level.event, error=error.error, cause=error.cause)
    except Exception as error:
        sfn.logger.exception("Execution %s", execution["executionArn"])
        _end(execution, "FAILED", level.event, error="States.Runtime", cause=str(error))


def _check(
    execution: dict[str, Any], machine: dict[str, Any], timeout: float | None, clock: Clock
) -> Callable[[], None]:
    """What raises EndedError once the execution has ended, has run too long, or its machine is gone.

    API reference, DeleteStateMachine: executions end at the next state transition.
    """
    redrives = execution.get("redriveCount", 0)

    def check() -> None:
        if sfn._state_machines.get(machine["stateMachineArn"]) is not machine:
            raise EndedError
        if timeout is not None and clock.seconds > timeout:
            _end(execution, "TIMED_OUT", len(execution["events"]), error="States.Timeout")
        if execution["status"] != "RUNNING" or execution.get("redriveCount", 0) != redrives:
            raise EndedError

    return check


def _context(execution: Mapping[str, Any], machine: Mapping[str, Any], frame: Frame) -> dict[str, Any]:
    """The context object, with what MiniStack's functions look for in it."""
    return {
        "QueryLanguage": execution["definition"].get("QueryLanguage", "JSONPath"),
        "Execution": {
            "Id": execution["executionArn"],
            "Input": json.loads(execution["input"]),
            "Name": execution["name"],
            "RoleArn": machine["roleArn"],
            "StartTime": execution["startDate"],
            "RedriveCount": execution.get("redriveCount", 0),
        },
        "StateMachine": {"Id": execution["stateMachineArn"], "Name": machine["name"]},
        "variables": frame.variables,
    }


def _end(execution: dict[str, Any], status: str, previous: int, **results: Any) -> None:
    """Write down how an execution ended, unless it has ended already."""
    with _lock:
        if execution["status"] != "RUNNING":
            return
        results = {name: json.dumps(value) if name == "output" else value for name, value in results.items()}
        execution.update(results, status=status, stopDate=responses.now_iso())
        type_ = _EVENTS[status]
        details = {f"{type_[0].lower()}{type_[1:]}EventDetails": results}
        sfn._add_event(execution, type_, details)["previousEventId"] = previous
    _tell(execution)


# -- redrive -------------------------------------------------------------------------------------------------------


def _redrive(request: Mapping[str, Any]) -> _Response:
    """Go on with an execution from where it failed; a request with the token of the last one changes nothing."""
    arn = request.get("executionArn", "")
    execution = sfn._executions.get(arn)
    if execution is None:
        return _refused("ExecutionDoesNotExist", f"Execution Does Not Exist: '{arn}'")
    token = request.get("clientToken")
    if token and token == execution.get("redriveToken"):
        return _answered({"redriveDate": execution["redriveDate"]})
    with _lock:
        if execution["status"] not in ("FAILED", "TIMED_OUT", "ABORTED"):
            return _refused("ExecutionNotRedrivable", f"Execution is {execution['status']} and cannot be redriven")
        for result in ("output", "error", "cause", "stopDate"):
            execution[result] = None
        count = execution.get("redriveCount", 0) + 1
        date = responses.now_iso()
        execution.update(status="RUNNING", redriveCount=count, redriveDate=date, redriveToken=token)
        previous = len(execution["events"])
        details = {"executionRedrivenEventDetails": {"redriveCount": count}}
        sfn._add_event(execution, "ExecutionRedriven", details)["previousEventId"] = previous
    _tell(execution)
    context = contextvars.copy_context()
    threading.Thread(target=context.run, args=(sfn._run_execution, arn), daemon=True).start()
    return _answered({"redriveDate": date})


def _answered(body: Mapping[str, Any]) -> _Response:
    answer: _Response = responses.json_response(body)
    return answer


def _refused(code: str, message: str) -> _Response:
    answer: _Response = responses.error_response_json(code, message, 400)
    return answer


def _with(response: _Response, add: Callable[[dict[str, Any]], None]) -> _Response:
    """An answer with more in it, unless it is an error."""
    if response[0] != 200:
        return response
    body = json.loads(response[2])
    add(body)
    return _answered(body)


def _add_redrives(body: dict[str, Any]) -> None:
    execution = sfn._executions[body["executionArn"]]
    body["redriveCount"] = execution.get("redriveCount", 0)
    if execution.get("redriveDate"):
        body["redriveDate"] = execution["redriveDate"]
    # A null output is no output.
    for name in [name for name, value in body.items() if value is None]:
        del body[name]
    if "redriveStatus" not in body and "status" in body:
        body["redriveStatus"], body["redriveStatusReason"] = _redrive_status(body["status"])


def _add_redrives_to_each(body: dict[str, Any]) -> None:
    for item in body["executions"]:
        execution = sfn._executions[item["executionArn"]]
        item["redriveCount"] = execution.get("redriveCount", 0)
        if execution.get("redriveDate"):
            item["redriveDate"] = execution["redriveDate"]


def _redrive_status(status: str) -> tuple[str, str]:
    if status in ("FAILED", "TIMED_OUT", "ABORTED"):
        return "REDRIVABLE", f"Execution is {status} and is redrivable"
    return "NOT_REDRIVABLE", f"Execution is {status} and cannot be redriven"


# -- what is told --------------------------------------------------------------------------------------------------


def _tell(execution: Mapping[str, Any]) -> None:
    """Put the event and the metrics of an execution's status."""
    status = execution["status"]
    dimensions = {"StateMachineArn": execution["stateMachineArn"]}
    is_redrive = status == "RUNNING" and execution.get("redriveCount", 0)
    put_metric("AWS/States", "ExecutionsRedriven" if is_redrive else _METRICS[status], dimensions, 1.0, "Count")
    if status != "RUNNING":
        took = _milliseconds(execution["stopDate"]) - _milliseconds(execution["startDate"])
        put_metric("AWS/States", "ExecutionTime", dimensions, float(took), "Milliseconds")
    entry = {
        "Source": "aws.states",
        "DetailType": "Step Functions Execution Status Change",
        "Detail": json.dumps(_detail(execution)),
        "Resources": [execution["executionArn"]],
    }
    eventbridge._put_events({"Entries": [entry]}, allow_aws_source=True)


def _detail(execution: Mapping[str, Any]) -> dict[str, Any]:
    status, stopped = execution["status"], execution.get("stopDate")
    given, output = execution["input"], execution.get("output") if execution["status"] == "SUCCEEDED" else None
    # The documented example of an aborted execution says so, though such ones can be redriven.
    redrive = ("NOT_REDRIVABLE", "Execution is ABORTED and cannot be redriven")
    redrive_status, reason = redrive if status == "ABORTED" else _redrive_status(status)
    return {
        **{name: execution[name] for name in ("executionArn", "stateMachineArn", "name", "status")},
        "startDate": _milliseconds(execution["startDate"]),
        "stopDate": _milliseconds(stopped) if stopped else None,
        "input": given if _fits(given) else None,
        "inputDetails": {"included": _fits(given)},
        "output": output if _fits(output) else None,
        "outputDetails": None if output is None else {"included": _fits(output)},
        "stateMachineVersionArn": None,
        "stateMachineAliasArn": None,
        "redriveCount": execution.get("redriveCount", 0),
        "redriveDate": execution.get("redriveDate"),
        "redriveStatus": redrive_status,
        "redriveStatusReason": reason,
        "error": execution.get("error"),
        "cause": execution.get("cause"),
    }


def _fits(text: str | None) -> bool:
    return text is None or len(json.dumps(text)) <= _MOST_IN_AN_EVENT


def _milliseconds(date: str) -> int:
    return int(datetime.fromisoformat(date.replace("Z", "+00:00")).timestamp() * 1000)
