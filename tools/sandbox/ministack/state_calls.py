"""What a task of a state machine calls: functions and APIs, with the permissions that the machine's role has.

MiniStack's own dispatcher calls as the root user, knows no Personalize, and names members otherwise than AWS does.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from botocore import xform_name
from botocore.exceptions import BotoCoreError, ClientError, ParamValidationError
from ministack.services import stepfunctions as sfn

from tools.aws import sdk

from .permissions import role_may, trusts
from .roles import client_as

STATES = "states.amazonaws.com"
_INVOKE = "arn:aws:states:::lambda:invoke"


@dataclass(frozen=True)
class Caller:
    """A state machine and the role it calls with."""

    machine_arn: str
    role_arn: str


def resource_of(resource: str) -> tuple[str, str]:
    """Type and name of a task's resource, as the history of an execution has them.

    `arn:aws:states:::aws-sdk:personalize:createSolutionVersion` is `aws-sdk:personalize` and `createSolutionVersion`.
    """
    service, _, action = resource.partition(":::")[2].rpartition(":")
    return service, action


def is_function(resource: str) -> bool:
    """Whether a task's resource is a function's ARN, and no integration."""
    return ":function:" in resource


def call(resource: str, arguments: Any, caller: Caller) -> Any:
    """Do what a task says, and answer its result.

    Args:
        resource: of the task.
        arguments: of the task, evaluated.
        caller: who calls.

    Raises:
        sfn._ExecutionError: with the name of the error and its cause, as Step Functions has them.
    """
    if is_function(resource):
        return _invoke(resource, arguments, caller)
    if resource == _INVOKE:
        result = _invoke(arguments["FunctionName"], arguments.get("Payload", {}), caller)
        return {"ExecutedVersion": "$LATEST", "Payload": result, "StatusCode": 200}
    if resource.startswith(sdk.STATES):
        return _call_sdk(resource, arguments, caller)
    raise sfn._ExecutionError("States.Runtime", f"The local cloud cannot do {resource}.")


def _invoke(function_arn: str, event: Any, caller: Caller) -> Any:
    """The result of a function; in the same process, which spares a request at each poll of the Provider framework.

    That a denied invocation is Lambda.AWSLambdaException follows from the SDK's name for what the model does not name.
    """
    _assume(caller, "Lambda.AWSLambdaException")
    if not role_may(caller.role_arn, "lambda:InvokeFunction", function_arn):
        who = f"User: {caller.role_arn} is not authorized to perform: lambda:InvokeFunction"
        raise sfn._ExecutionError("Lambda.AWSLambdaException", f"{who} on resource: {function_arn}")
    return sfn._call_lambda(function_arn, event)


def _assume(caller: Caller, error: str) -> None:
    if not trusts(caller.role_arn, STATES, caller.machine_arn):
        raise sfn._ExecutionError(error, f"The role {caller.role_arn} cannot be assumed by {STATES}.")


def _call_sdk(resource: str, arguments: Any, caller: Caller) -> Any:
    try:
        action = sdk.action(resource)
        members = action.members(arguments)
    except sdk.ArgumentsError as error:
        raise sfn._ExecutionError("States.Runtime", str(error)) from None
    try:
        client = client_as(caller.role_arn, STATES, caller.machine_arn, action.service)
        answer = getattr(client, xform_name(action.model.name))(**members)
    except ClientError as error:
        raise sfn._ExecutionError(action.error_name(error), action.cause(error)) from None
    except ParamValidationError as error:
        raise sfn._ExecutionError("States.Runtime", str(error)) from None
    except BotoCoreError as error:
        raise sfn._ExecutionError(f"{action.client}.SdkClientException", str(error)) from None
    return action.result(answer)
