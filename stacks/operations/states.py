"""Builders of states: Amazon States Language with JSONata, as dictionaries that the template shows as they are.

Source: Step Functions developer guide, "State machine structure", "Transforming data with JSONata", "Handling errors".
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

State = dict[str, Any]
States = dict[str, State]

POLL_SECONDS = 60
# What is tried again without a word: the service is busy with something else of ours, or of somebody.
# A limit of jobs that run at once passes by itself, as does a resource that is in use: looked at every minute or so,
# at most for half a day. Error names of SDK integrations end in Exception.
_BUSY: State = {
    "ErrorEquals": ["Personalize.LimitExceededException", "Personalize.ResourceInUseException"],
    "IntervalSeconds": 60,
    "BackoffRate": 1.5,
    "MaxDelaySeconds": 600,
    "MaxAttempts": 80,
    "JitterStrategy": "FULL",
}
# What the service's model does not name: throttling, and errors of the service itself.
_UNNAMED: State = {
    "ErrorEquals": ["Personalize.PersonalizeException"],
    "IntervalSeconds": 5,
    "BackoffRate": 2,
    "MaxAttempts": 6,
    "JitterStrategy": "FULL",
}
# Step Functions developer guide, "Handle transient Lambda service exceptions".
_LAMBDA: State = {
    "ErrorEquals": [
        "Lambda.ServiceException",
        "Lambda.AWSLambdaException",
        "Lambda.SdkClientException",
        "Lambda.TooManyRequestsException",
    ],
    "IntervalSeconds": 2,
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
    **fields: Any,
) -> State:
    """A task that makes one call to a service.

    Args:
        service: as SDK integrations name it, such as personalize.
        action: in camelCase, such as createSolutionVersion.
        arguments: members in PascalCase.
        comment: what it does.
        following: name of the next state; None: the last one.
        **fields: further fields of the state, such as Assign, Output, Catch.
    """
    retry = [_BUSY, _UNNAMED] if service == "personalize" else []
    return {
        "Type": "Task",
        "Comment": comment,
        "Resource": f"arn:${{Partition}}:states:::aws-sdk:{service}:{action}",
        "Arguments": dict(arguments),
        **({"Retry": retry} if retry else {}),
        **fields,
        **after(following),
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
        "Resource": "arn:${Partition}:states:::lambda:invoke",
        "Arguments": {"FunctionName": f"${{{function}}}", "Payload": dict(payload)},
        "Retry": [_LAMBDA],
        **fields,
        **after(following),
    }


def wait(seconds: int, *, comment: str, following: str, **fields: Any) -> State:
    """A state that waits.

    Args:
        seconds: how long.
        comment: for what.
        following: name of the next state.
        **fields: further fields of the state.
    """
    return {"Type": "Wait", "Comment": comment, "Seconds": seconds, **fields, "Next": following}


def choose(*rules: tuple[str, str], comment: str, otherwise: str, **fields: Any) -> State:
    """A state that decides what comes next.

    Args:
        *rules: condition in JSONata, and the state that follows if it holds; the first that holds counts.
        comment: what it decides.
        otherwise: the state that follows if none holds.
        **fields: further fields of the state.
    """
    choices = [{"Condition": jsonata(condition), "Next": following} for condition, following in rules]
    return {"Type": "Choice", "Comment": comment, "Choices": choices, **fields, "Default": otherwise}


def fail(*, comment: str, error: str, cause: str) -> State:
    """A state that ends the execution as failed.

    Args:
        comment: when this happens.
        error: its name.
        cause: the sentence, or an expression for it.
    """
    return {"Type": "Fail", "Comment": comment, "Error": error, "Cause": cause}


def wait_for(
    what: str,
    action: str,
    arguments: Mapping[str, Any],
    *,
    status: str,
    reason: str,
    following: str,
    done: str = "$status = 'ACTIVE'",
    failed: Sequence[str] = ("CREATE FAILED", "CREATE STOPPED"),
) -> States:
    """Wait until something at Personalize is done: wait, describe, decide; no end of its own but the machine's.

    The states are named `Wait for <what>`, which is the first, `Look at <what>`, `Is <what> done?` and
    `<What> failed`.

    Args:
        what: as the names of the states say it, such as "the training".
        action: the Describe operation in camelCase.
        arguments: its members in PascalCase.
        status: where its answer has the status, in JSONata.
        reason: where its answer has the reason of a failure.
        following: name of the state that follows.
        done: condition in JSONata that tells the end; `$status` is the status.
        failed: the statuses of a failure.
    """
    first, look, decide = f"Wait for {what}", f"Look at {what}", f"Is {what} done?"
    failure = f"{what[:1].upper()}{what[1:]} failed"
    is_failed = f"$status in {list(failed)}"
    return {
        first: wait(POLL_SECONDS, comment=f"A minute until the next look at {what}.", following=look),
        look: call(
            "personalize",
            action,
            arguments,
            comment=f"What the service says of {what}.",
            following=decide,
            Assign={
                "status": jsonata(f"$states.result.{status}"),
                "reason": jsonata(f"$exists($states.result.{reason}) ? $states.result.{reason} : 'No reason given.'"),
            },
        ),
        decide: choose(
            (done, following),
            (is_failed, failure),
            comment="Done, failed, or another minute.",
            otherwise=first,
        ),
        failure: fail(
            comment=f"The service could not finish {what}.",
            error="Personalize.Failed",
            cause=jsonata("$reason"),
        ),
    }


def after(following: str | None) -> State:
    """The field that says what follows."""
    return {"End": True} if following is None else {"Next": following}
