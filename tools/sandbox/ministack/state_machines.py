"""State machines as they are made: what Step Functions refuses in a definition, and what CloudFormation does with one.

MiniStack takes every definition that is JSON, and lets the templates' machines begin without a look at their roles.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from ministack.core import responses
from ministack.services import stepfunctions as sfn
from ministack.services.cloudformation import provisioners

from tools.aws import sdk

from .permissions import role_may, trusts
from .state_calls import STATES

_TYPE = "AWS::StepFunctions::StateMachine"
_KINDS = ("Task", "Pass", "Choice", "Wait", "Parallel", "Map", "Succeed", "Fail")
_LAST_KINDS = ("Succeed", "Fail")
# "Transforming data with JSONata in Step Functions": fields that a state in JSONata has not.
_PATH_FIELDS = ("InputPath", "Parameters", "ResultSelector", "ResultPath", "OutputPath", "ItemsPath", "SecondsPath")
_LONGEST_NAME = 80
# Those that the CDK's own StateMachine gives a role for its logs (aws-stepfunctions, state-machine.js).
_LOG_ACTIONS = (
    "CreateLogDelivery",
    "DeleteLogDelivery",
    "DescribeLogGroups",
    "DescribeResourcePolicies",
    "GetLogDelivery",
    "ListLogDeliveries",
    "PutResourcePolicy",
    "UpdateLogDelivery",
)


def correct_state_machines() -> None:
    """Refuse wrong definitions and roles, and end executions with their machine."""
    check_expressions = sfn._validate_definition_jsonata

    def refusal(definition: Any) -> str | None:
        problems = list(problems_of(definition))
        if problems:
            return f"Invalid State Machine Definition: '{', '.join(problems)}'"
        found: str | None = check_expressions(definition)
        return found

    sfn._validate_definition_jsonata = refusal
    handler = provisioners._RESOURCE_HANDLERS[_TYPE]
    create, update = handler["create"], handler["update"]

    def create_checked(logical_id: str, properties: dict[str, Any], stack_name: str) -> Any:
        if found := refusal(provisioners._sfn_definition(properties)):
            raise provisioners._sfn_handler_error(found)
        name = properties.get("StateMachineName") or provisioners._physical_name(stack_name, logical_id, max_len=80)
        _check_role(properties, name)
        if _arn(name) in sfn._state_machines:
            raise provisioners._sfn_handler_error(f"State Machine Already Exists: '{_arn(name)}'")
        return create(logical_id, properties, stack_name)

    def update_checked(physical_id: str, old: dict[str, Any], new: dict[str, Any], *rest: Any, **more: Any) -> Any:
        _check_role(new, physical_id.rpartition(":")[2])
        return update(physical_id, old, new, *rest, **more)

    def delete_with_executions(physical_id: str, properties: dict[str, Any]) -> None:
        sfn._delete_state_machine({"stateMachineArn": physical_id})

    handler |= {"create": create_checked, "update": update_checked, "delete": delete_with_executions}


def _arn(name: str) -> str:
    return f"arn:aws:states:{responses.get_region()}:{responses.get_account_id()}:stateMachine:{name}"


def _check_role(properties: Mapping[str, Any], name: str) -> None:
    """Raise if Step Functions cannot assume the role for a machine of that name, or not log with it.

    "Using CloudWatch Logs to log execution history in Step Functions": its policy, and the words of the error.
    """
    role = properties["RoleArn"]
    if not trusts(role, STATES, _arn(name)):
        raise provisioners._sfn_handler_error(
            f"Neither the global service principal {STATES}, nor the regional one is authorized to assume the provided "
            "role."
        )
    logs = properties.get("LoggingConfiguration", {}).get("Level", "OFF") != "OFF"
    if logs and not all(role_may(role, f"logs:{action}", "*") for action in _LOG_ACTIONS):
        raise provisioners._sfn_handler_error(
            "The state machine IAM Role is not authorized to access the Log Destination"
        )


# -- definitions ---------------------------------------------------------------------------------------------------


def problems_of(definition: Any) -> Iterator[str]:
    """What Step Functions refuses in a definition, in its words where users have reported them.

    localstack/localstack pull request 12487 and aws-cloudformation/cfn-lint issues 4073 and 4074 show those on
    targets; the others are inferred.
    """
    try:
        machine = json.loads(definition)
    except (TypeError, ValueError) as error:
        yield f"INVALID_JSON_DESCRIPTION: {error}"
        return
    yield from _problems_of_machine(machine, "", machine.get("QueryLanguage", "JSONPath"))


def _problems_of_machine(machine: Mapping[str, Any], path: str, language: str) -> Iterator[str]:
    """Problems of StartAt and States at a path."""
    states = machine.get("States") or {}
    if not states:
        yield f"SCHEMA_VALIDATION_FAILED: There are no states at {path}/States"
    targets = [(f"{path}/StartAt", machine.get("StartAt"))]
    for name, state in states.items():
        here = f"{path}/States/{name}"
        targets += _targets(state, here)
        yield from _problems_of_state(name, state, here, state.get("QueryLanguage", language))
    for where, target in targets:
        if target not in states:
            yield f"MISSING_TRANSITION_TARGET: Missing 'Next' target: {target} at {where}"
    reached = {target for _, target in targets}
    for name in states:
        if name not in reached:
            yield f'MISSING_TRANSITION_TARGET: State "{name}" is not reachable. at {path}/States/{name}'


def _targets(state: Mapping[str, Any], path: str) -> list[tuple[str, Any]]:
    """Names of states that a state says may follow, and where it says so."""
    found = [(f"{path}/{field}", state[field]) for field in ("Next", "Default") if field in state]
    for field in ("Choices", "Catch"):
        found += [(f"{path}/{field}[{n}]/Next", each.get("Next")) for n, each in enumerate(state.get(field, []))]
    return found


def _problems_of_state(name: str, state: Mapping[str, Any], path: str, language: str) -> Iterator[str]:
    kind = state.get("Type")
    if kind not in _KINDS:
        yield f"SCHEMA_VALIDATION_FAILED: {kind} is no type of a state at {path}/Type"
        return
    if len(name) > _LONGEST_NAME:
        yield f"SCHEMA_VALIDATION_FAILED: The name has more than {_LONGEST_NAME} characters at {path}"
    if kind not in (*_LAST_KINDS, "Choice") and ("Next" in state) == ("End" in state):
        yield f"SCHEMA_VALIDATION_FAILED: The state needs one of Next and End at {path}"
    if language == "JSONata":
        for field in (field for field in _PATH_FIELDS if field in state):
            yield f"SCHEMA_VALIDATION_FAILED: The field {field} is not supported with JSONata at {path}/{field}"
    if kind == "Task":
        yield from _problems_of_task(state, path)
    machines = [(f"{path}/Branches[{n}]", branch) for n, branch in enumerate(state.get("Branches", []))]
    machines += [(f"{path}/{field}", state[field]) for field in ("ItemProcessor", "Iterator") if field in state]
    for where, machine in machines:
        yield from _problems_of_machine(machine, where, language)


def _problems_of_task(state: Mapping[str, Any], path: str) -> Iterator[str]:
    resource = state.get("Resource", "")
    if not resource.startswith("arn:") or "${" in resource:
        yield f"SCHEMA_VALIDATION_FAILED: Value is not a valid resource ARN at {path}/Resource"
    if not resource.startswith(sdk.STATES):
        return
    try:
        action = sdk.action(resource)
    except sdk.ArgumentsError:
        yield f"SCHEMA_VALIDATION_FAILED: The resource provided {resource} is not recognized at {path}/Resource"
        return
    arguments = state.get("Arguments", {})
    known = {name[:1].upper() + name[1:] for name in action.model.input_shape.members}
    for field in sorted(arguments.keys() - known) if isinstance(arguments, Mapping) else ():
        yield f'SCHEMA_VALIDATION_FAILED: The field "{field}" is not supported by Step Functions at {path}/Arguments'
