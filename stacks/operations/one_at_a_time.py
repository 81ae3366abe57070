"""States by which two executions of a machine never work at once."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from .states import State, States, call, choose, each, jsonata, wait
from .workflow import Workflow

# ListExecutions "is eventually consistent" (API reference): by then it shows what started at the same moment.
SETTLE_SECONDS = 10
_MINUTE = 60
# What else uses the datasets may take a day: a look every five minutes keeps the history short, which has no more than
# 25,000 events (Step Functions developer guide, "Step Functions service quotas").
_MINUTES_FOR_OTHERS = 5
_NEWEST = 100
# The machine whose execution asks.
OWN_MACHINE = jsonata("$states.context.StateMachine.Id")
# Of the executions that run, the one that started first; by its ARN, if two started at once: all agree on it.
_FIRST = (
    "$count({executions}) = 0 ? 'none is listed' : "
    "$sort({executions}, function($a, $b) {{ $toMillis($a.StartDate) > $toMillis($b.StartDate) or "
    "($toMillis($a.StartDate) = $toMillis($b.StartDate) and $a.ExecutionArn > $b.ExecutionArn) }})[0].ExecutionArn"
)


def one_at_a_time(*, following: str, others: Sequence[str] = ()) -> States:
    """Wait until no execution runs that started earlier. `Wait until all are listed` is the first state.

    Machines that name each other do not wait for each other in a circle: who started first goes first. One that is not
    listed itself yet waits, too.

    Args:
        following: name of the state that follows.
        others: substitutions of machines whose executions count besides its own.
    """
    minutes = _MINUTES_FOR_OTHERS if others else 1
    return {
        "Wait until all are listed": settle(),
        "Look for others": _list_of_several(others) if others else _list(),
        "Is it the first?": choose(
            ("$states.input.first = $states.context.Execution.Id", following),
            comment="One after the other; a later one does what is left.",
            otherwise="Wait for the other",
        ),
        "Wait for the other": wait(
            minutes * _MINUTE, comment="Some minutes until the next look.", following="Look for others"
        ),
    }


def settle() -> State:
    """A state that waits until lists show what started at the same moment; `Look for others` follows."""
    return wait(
        SETTLE_SECONDS,
        comment="Until the list shows every execution that started at the same moment.",
        following="Look for others",
    )


def list_running(machine_arn: str, *, comment: str, following: str | None = None, **fields: Any) -> State:
    """A task that lists the executions of a machine that run: the newest 100, as one answer holds at most 256 KiB.

    Args:
        machine_arn: of the machine, or an expression for it.
        comment: what for.
        following: name of the next state; None: the last one.
        **fields: further fields of the state.
    """
    return call(
        "sfn",
        "listExecutions",
        {"StateMachineArn": machine_arn, "StatusFilter": "RUNNING", "MaxResults": _NEWEST},
        comment=comment,
        following=following,
        **fields,
    )


def _list() -> State:
    """A task that hands on the ARN of the first execution of the machine that runs, as `first`."""
    return list_running(
        OWN_MACHINE,
        comment="The executions of this machine that run.",
        following="Is it the first?",
        Output={"first": jsonata(_FIRST.format(executions="$states.result.Executions"))},
    )


def _list_of_several(others: Sequence[str]) -> State:
    """A state that does the same for several machines."""
    return each(
        [OWN_MACHINE, *(f"${{{name}}}" for name in others)],
        {
            "List what runs": list_running(
                jsonata("$states.input"),
                comment="The executions of a machine that run.",
                Output=jsonata("[$states.result.Executions.{'ExecutionArn': ExecutionArn, 'StartDate': StartDate}]"),
            )
        },
        comment="The executions that run, of this machine and of those that use the same data.",
        at_once=1,
        following="Is it the first?",
        Output={"first": jsonata(_FIRST.format(executions="$reduce($states.result, $append)"))},
    )


def let_list(workflow: Workflow, others: Iterable[str] = ()) -> None:
    """Let a machine list its own executions, and those of others.

    Args:
        workflow: the machine.
        others: ARNs of other machines.
    """
    workflow.allow(["states:ListExecutions"], [workflow.arn, *others])
