"""Executions of a state machine as ListExecutions lists them: the most recent first (API reference)."""

from __future__ import annotations

from typing import Any

SUCCEEDED = "SUCCEEDED"
FAILED = frozenset({"FAILED", "TIMED_OUT", "ABORTED"})
# Executions that ran at the same time, or were started while another one worked.
_LOOK_BACK = 100


def age_hours_of_success(states: Any, machine_arn: str, now: float) -> float:
    """Hours since the last execution that succeeded, or since the machine was created, if none has.

    Args:
        states: a boto3 `stepfunctions` client.
        machine_arn: of the state machine.
        now: seconds since the epoch.
    """
    found = states.list_executions(stateMachineArn=machine_arn, statusFilter=SUCCEEDED, maxResults=1)["executions"]
    if found:
        since = found[0]["stopDate"]
    else:
        since = states.describe_state_machine(stateMachineArn=machine_arn)["creationDate"]
    return max(0.0, now - float(since.timestamp())) / 3600


def has_failed_last(states: Any, machine_arn: str) -> bool | None:
    """Whether the latest execution has failed; None if there is none, or if it is running and will tell itself.

    Args:
        states: a boto3 `stepfunctions` client.
        machine_arn: of the state machine.
    """
    found = states.list_executions(stateMachineArn=machine_arn, maxResults=1)["executions"]
    if not found or found[0]["status"] not in {SUCCEEDED, *FAILED}:
        return None
    return found[0]["status"] in FAILED


def failed_before(states: Any, machine_arn: str, execution_arn: str) -> bool:
    """Whether the last execution that had ended before another one began has failed.

    Args:
        states: a boto3 `stepfunctions` client.
        machine_arn: of the state machine.
        execution_arn: the other one.
    """
    found = states.list_executions(stateMachineArn=machine_arn, maxResults=_LOOK_BACK)["executions"]
    arns = [each["executionArn"] for each in found]
    earlier = found[arns.index(execution_arn) + 1 :] if execution_arn in arns else []
    ended = next((each["status"] for each in earlier if each["status"] in {SUCCEEDED, *FAILED}), SUCCEEDED)
    return ended in FAILED
