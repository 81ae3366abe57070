"""Calls as Step Functions' SDK integrations and Scheduler's universal targets make them.

Both write members in PascalCase, whatever the service's own model says (Step Functions developer guide, "AWS SDK
service integrations"; Scheduler user guide, "Using universal targets"). Names of services, of their clients and of
exceptions are those of the AWS SDK for Java 2, which ends every exception in `Exception`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from typing import Any

from botocore.exceptions import ClientError
from botocore.loaders import Loader
from botocore.model import ListShape, MapShape, OperationModel, ServiceModel, Shape, StructureShape

# By the name of a member on one side, its name and shape on the other.
_Names = Mapping[str, tuple[str, Shape]]
STATES, SCHEDULER = "arn:aws:states:::aws-sdk:", "arn:aws:scheduler:::aws-sdk:"


@dataclass(frozen=True)
class _Service:
    """A service by the names it has in botocore and, before its errors, in the SDK for Java."""

    botocore: str
    client: str


# By the name in the ARN of a task. Those that our machines and schedules call; others raise.
_SERVICES: Mapping[str, _Service] = {
    "cloudformation": _Service("cloudformation", "CloudFormation"),
    "cloudwatch": _Service("cloudwatch", "CloudWatch"),
    "eventbridge": _Service("events", "EventBridge"),
    "lambda": _Service("lambda", "Lambda"),
    "personalize": _Service("personalize", "Personalize"),
    "s3": _Service("s3", "S3"),
    "sfn": _Service("stepfunctions", "Sfn"),
    "sns": _Service("sns", "Sns"),
    "ssm": _Service("ssm", "Ssm"),
}


class ArgumentsError(ValueError):
    """The arguments do not fit the action; str() says why."""


@dataclass(frozen=True)
class Action:
    """An action of a service.

    Attributes:
        service: its name in botocore.
        model: of the operation.
        client: name of the service before its errors.
    """

    service: str
    model: OperationModel
    client: str

    def members(self, arguments: Mapping[str, Any]) -> dict[str, Any]:
        """The arguments as boto3 takes them.

        Raises:
            ArgumentsError: the operation has no such member, or its value is of another form.
        """
        members: dict[str, Any] = _renamed(arguments, self.model.input_shape, "Arguments", _to_model)
        return members

    def result(self, answer: Mapping[str, Any]) -> dict[str, Any]:
        """What boto3 answers as Step Functions hands it on: PascalCase, times as text in ISO 8601."""
        shape = self.model.output_shape
        known = {name: value for name, value in answer.items() if shape is not None and name in shape.members}
        result: dict[str, Any] = _renamed(known, shape, "Result", _to_pascal) if known else {}
        return result

    def error_name(self, error: ClientError) -> str:
        """Name of an error in `ErrorEquals`.

        An exception has the name that the model gives it. What the model does not name, such as throttling or a denied
        request, is the SDK's own exception of the service (`S3Exception`): inferred for Personalize from reports about
        other services.
        """
        code = str(error.response.get("Error", {}).get("Code", ""))
        named = next((shape.name for shape in self.model.error_shapes if code in (shape.error_code, shape.name)), None)
        name = named or self.client
        return f"{self.client}.{name if name.endswith('Exception') else f'{name}Exception'}"

    def cause(self, error: ClientError) -> str:
        """Cause of an error: the service's message as the SDK for Java 2 words it.

        A user's report shows one: aws-cloudformation/cfn-lint issue 4074.
        """
        message = error.response.get("Error", {}).get("Message", "")
        known = error.response.get("ResponseMetadata", {})
        status, request = known.get("HTTPStatusCode", 400), known.get("RequestId", "none")
        where = f"(Service: {self.client}, Status Code: {status}, Request ID: {request})"
        return f"{message} {where} (SDK Attempt Count: 1)"


def action(resource: str) -> Action:
    """The action of a task's `Resource` or a schedule's target.

    Args:
        resource: such as `arn:aws:states:::aws-sdk:personalize:createSolutionVersion`.

    Raises:
        ArgumentsError: no such action, or a service that is not among ours.
    """
    for prefix in (STATES, SCHEDULER):
        if resource.startswith(prefix):
            service, _, name = resource.removeprefix(prefix).partition(":")
            return _action(service, name)
    raise ArgumentsError(f"{resource} is no call of an AWS SDK.")


@cache
def _action(service: str, name: str) -> Action:
    known = _SERVICES.get(service)
    if known is None:
        raise ArgumentsError(f"The service '{service}' is not known here. Known are: {', '.join(_SERVICES)}.")
    model = _model(known.botocore)
    found = next((each for each in model.operation_names if _camel(each) == name), None)
    if found is None:
        raise ArgumentsError(f"The service '{service}' has no action '{name}'.")
    return Action(known.botocore, model.operation_model(found), known.client)


@cache
def _model(service: str) -> ServiceModel:
    return ServiceModel(Loader().load_service_model(service, "service-2"), service)


def _camel(name: str) -> str:
    return name[:1].lower() + name[1:]


def _pascal(name: str) -> str:
    return name[:1].upper() + name[1:]


def _to_model(shape: StructureShape) -> _Names:
    return {_pascal(name): (name, inner) for name, inner in shape.members.items()}


def _to_pascal(shape: StructureShape) -> _Names:
    return {name: (_pascal(name), inner) for name, inner in shape.members.items()}


def _renamed(value: Any, shape: Shape | None, path: str, names_of: Callable[[StructureShape], _Names]) -> Any:
    """A value with the members of its structures renamed; keys of maps stay as they are."""
    if isinstance(shape, StructureShape):
        names, members = names_of(shape), _checked(value, path, Mapping, "an object")
        unknown = [key for key in members if key not in names]
        if unknown:
            raise ArgumentsError(f"{path}: has no member '{unknown[0]}'. Known are: {', '.join(sorted(names))}.")
        return {names[key][0]: _renamed(members[key], names[key][1], f"{path}.{key}", names_of) for key in members}
    if isinstance(shape, ListShape):
        items = _checked(value, path, list, "an array")
        return [_renamed(each, shape.member, f"{path}[{number}]", names_of) for number, each in enumerate(items)]
    if isinstance(shape, MapShape):
        entries = _checked(value, path, Mapping, "an object")
        return {key: _renamed(inner, shape.value, f"{path}.{key}", names_of) for key, inner in entries.items()}
    return _time(value) if isinstance(value, datetime) else value


def _checked(value: Any, path: str, form: Any, name: str) -> Any:
    if not isinstance(value, form):
        raise ArgumentsError(f"{path}: must be {name}, not {value!r}.")
    return value


def _time(value: datetime) -> str:
    """As Java writes an instant: in UTC, with a fraction only if there is one."""
    fraction = "milliseconds" if value.microsecond else "seconds"
    return value.astimezone(UTC).isoformat(timespec=fraction).replace("+00:00", "Z")
