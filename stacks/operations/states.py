"""Builders of states: Amazon States Language with JSONata, as dictionaries that the template shows as they are.

Source: Step Functions developer guide, "Using Amazon States Language to define Step Functions workflows",
"Transforming data with JSONata in Step Functions", "Handling errors in Step Functions workflows".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

State = dict[str, Any]
States = dict[str, State]

# Beginning of the ARN of whatever a task may do. In China the partition is another.
_TASKS = "arn:${Partition}:states:::"
POLL_SECONDS = 60
# Of every event of ours.
EVENT_SOURCE = "personalize.operations"
# A limit of jobs that run at once passes by itself, as does a resource that is in use. Tried again for half a day at
# most, by which time what is in the way has ended or will not.
_BUSY: State = {
    "ErrorEquals": ["Personalize.LimitExceededException", "Personalize.ResourceInUseException"],
    "IntervalSeconds": 60,
    "BackoffRate": 1.5,
    "MaxDelaySeconds": 600,
    "MaxAttempts": 80,
    "JitterStrategy": "FULL",
}
_A_FEW_TIMES: State = {"IntervalSeconds": 5, "BackoffRate": 2, "MaxAttempts": 6, "JitterStrategy": "FULL"}
# Names of services before their errors: those of the AWS SDK for Java, as in the guide's Ecs.ServerException.
_CLIENTS: Mapping[str, str] = {
    "cloudformation": "CloudFormation",
    "cloudwatch": "CloudWatch",
    "eventbridge": "EventBridge",
    "personalize": "Personalize",
    "sfn": "Sfn",
}
# "Handle transient Lambda service exceptions" in the guide; and what our functions raise if a service was not ready.
_FUNCTION: State = {
    "ErrorEquals": [
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
        "TryAgainError",
    ],
    "IntervalSeconds": 10,
    "BackoffRate": 2,
    "MaxAttempts": 6,
    "JitterStrategy": "FULL",
}


def jsonata(expression: str) -> str:
    """An expression as Step Functions marks it."""
    return f"{{% {expression} %}}"


def call(
    service: str,
    action: str,
    arguments: Mapping[str, Any],
    *,
    comment: str,
    following: str | None = None,
    waits: bool = False,
    **fields: Any,
) -> State:
    """A task that makes one call to a service.

    Args:
        service: as SDK integrations name it, such as personalize.
        action: in camelCase, such as createSolutionVersion.
        arguments: members in PascalCase.
        comment: what it does.
        following: name of the next state; None: the last one.
        waits: whether it is tried again, for hours, while Personalize is busy: for what begins something there.
        **fields: further fields of the state, such as Assign, Output, Catch.
    """
    return {
        "Type": "Task",
        "Comment": comment,
        "Resource": f"{_TASKS}aws-sdk:{service}:{action}",
        "Arguments": dict(arguments),
        "Retry": [*([_BUSY] if waits else []), {"ErrorEquals": _passing(service), **_A_FEW_TIMES}],
        **fields,
        **_then(following),
    }


def invoke(
    function: str, payload: Mapping[str, Any], *, comment: str, following: str | None = None, **fields: Any
) -> State:
    """A task that calls a function of ours. `$states.result.Payload` is its answer.

    Args:
        function: name of the substitution that holds its ARN.
        payload: the event.
        comment: what it does.
        following: name of the next state; None: the last one.
        **fields: further fields of the state.
    """
    return {
        "Type": "Task",
        "Comment": comment,
        "Resource": f"{_TASKS}lambda:invoke",
        "Arguments": {"FunctionName": f"${{{function}}}", "Payload": dict(payload)},
        "Retry": [_FUNCTION],
        **fields,
        **_then(following),
    }


def note(*, comment: str, following: str, **fields: Any) -> State:
    """A state that only assigns variables.

    Args:
        comment: what it keeps.
        following: name of the next state.
        **fields: further fields of the state, such as Assign.
    """
    return {"Type": "Pass", "Comment": comment, **fields, "Next": following}


def wait(seconds: int, *, comment: str, following: str) -> State:
    """A state that waits.

    Args:
        seconds: how long.
        comment: for what.
        following: name of the next state.
    """
    return {"Type": "Wait", "Comment": comment, "Seconds": seconds, "Next": following}


def choose(*rules: tuple[str, str], comment: str, otherwise: str) -> State:
    """A state that decides what comes next.

    Args:
        *rules: condition in JSONata, and the state that follows if it holds; the first that holds counts.
        comment: what it decides.
        otherwise: the state that follows if none holds.
    """
    choices = [{"Condition": jsonata(condition), "Next": following} for condition, following in rules]
    return {"Type": "Choice", "Comment": comment, "Choices": choices, "Default": otherwise}


def each(
    items: Any,
    states: States,
    *,
    comment: str,
    at_once: int,
    item: Mapping[str, Any] | None = None,
    following: str | None = None,
    **fields: Any,
) -> State:
    """A state that does the same for each of several things.

    Args:
        items: a list, or an expression for one.
        states: what is done, beginning with the first of them. Variables that they assign need names of their own.
        comment: what it does.
        at_once: for how many at once.
        item: what the states get; default: the thing itself.
        following: name of the next state; None: the last one.
        **fields: further fields of the state.
    """
    return {
        "Type": "Map",
        "Comment": comment,
        "Items": items,
        **({"ItemSelector": dict(item)} if item else {}),
        "MaxConcurrency": at_once,
        "ItemProcessor": {"ProcessorConfig": {"Mode": "INLINE"}, "StartAt": next(iter(states)), "States": states},
        **fields,
        **_then(following),
    }


def fail(*, comment: str, error: str, cause: str) -> State:
    """A state that ends the execution as failed.

    Args:
        comment: when this happens.
        error: its name.
        cause: the sentence, or an expression for it.
    """
    return {"Type": "Fail", "Comment": comment, "Error": error, "Cause": cause}


def succeed(*, comment: str, output: Any) -> State:
    """A state that ends the execution.

    Args:
        comment: when this happens.
        output: what it answers.
    """
    return {"Type": "Succeed", "Comment": comment, "Output": output}


def wait_for(
    what: str,
    action: str,
    arguments: Mapping[str, Any],
    *,
    status: str,
    reason: str,
    following: str,
    done: str = "$states.input.status = 'ACTIVE'",
    more: Mapping[str, str] | None = None,
    failed: Sequence[str] = ("CREATE FAILED", "CREATE STOPPED"),
) -> States:
    """Wait until something at Personalize is done: wait, describe, decide. Nothing but the machine's own time ends it.

    The states are named `Wait for <what>`, which is the first, `Look at <what>`, `Is <what> done?` and
    `<What> failed`. They hand on what they get, with `status` and `reason`.

    Args:
        what: as the names of the states say it, such as "the training".
        action: the Describe operation in camelCase.
        arguments: its members in PascalCase.
        status: where its answer has the status, in JSONata below the result.
        reason: where its answer has the reason of a failure.
        following: name of the state that follows.
        done: condition in JSONata that tells the end.
        more: what else to take from its answer for `done`, by name, in JSONata below the result.
        failed: the statuses of a failure.
    """
    first, look, decide = f"Wait for {what}", f"Look at {what}", f"Is {what} done?"
    failure = f"{what[:1].upper()}{what[1:]} failed"
    found = {"status": status, "reason": reason, **(more or {})}
    # A member that the answer lacks stays away, and is equal to nothing.
    taken = ", ".join(f"'{name}': $states.result.{where}" for name, where in found.items())
    is_failed = f"$states.input.status in [{', '.join(repr(each) for each in failed)}]"
    return {
        first: wait(POLL_SECONDS, comment="A minute until the next look.", following=look),
        look: call(
            "personalize",
            action,
            arguments,
            comment=f"Asks the service about {what}.",
            following=decide,
            Output=jsonata(f"$merge([$states.input, {{{taken}}}])"),
        ),
        decide: choose(
            (done, following), (is_failed, failure), comment="Done, failed, or another minute.", otherwise=first
        ),
        failure: fail(
            comment=f"The service gave up {what}. A redrive would end here again: start another.",
            error="Personalize.Failed",
            cause=jsonata("$exists($states.input.reason) ? $states.input.reason : 'The service gives no reason.'"),
        ),
    }


def tell(detail_type: str, detail: Mapping[str, str], *, following: str | None = None, **fields: Any) -> State:
    """A task that tells everybody who listens: an event on the default bus.

    Args:
        detail_type: what happened, such as Data Imported.
        detail: expressions in JSONata by member, besides those that every event has.
        following: name of the next state; None: the last one.
        **fields: further fields of the state.
    """
    members = {
        "app": "'${App}'",
        "environment": "'${Environment}'",
        "workflow": "$states.context.StateMachine.Name",
        "execution": "$states.context.Execution.Id",
        **detail,
    }
    written = ", ".join(f"'{name}': {expression}" for name, expression in members.items())
    entry = {
        "Source": EVENT_SOURCE,
        "DetailType": detail_type,
        "Detail": jsonata(f"$string({{{written}}})"),
        "Resources": [jsonata("$states.context.Execution.Id")],
    }
    return call(
        "eventbridge",
        "putEvents",
        {"Entries": [entry]},
        comment=f"Event '{detail_type}' for whoever listens.",
        following=following,
        **fields,
    )


def _passing(service: str) -> list[str]:
    """What passes by itself and the service's model does not name.

    Throttling and errors of the service, whose name is inferred from what users report of other services, such as
    Ec2.Ec2Exception; and a connection that did not come about, as the guide names it for Lambda ("Handle transient
    Lambda service exceptions").
    """
    client = _CLIENTS[service]
    return [f"{client}.{client}Exception", f"{client}.SdkClientException"]


def _then(following: str | None) -> State:
    return {"End": True} if following is None else {"Next": following}
