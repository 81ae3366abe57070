"""States by which two executions of a machine never work at once."""

from __future__ import annotations

from .states import State, States, call, choose, jsonata, wait
from .workflow import Workflow

# ListExecutions "is eventually consistent" (API reference): by then it shows what started at the same moment.
SETTLE_SECONDS = 10
_MINUTE = 60
# Of the executions that run, the one that started first; by its ARN, if two started at once: all agree on it.
_FIRST = (
    "$count($states.result.Executions) = 0 ? 'none is listed' : "
    "$sort($states.result.Executions, function($a, $b) { $toMillis($a.StartDate) > $toMillis($b.StartDate) or "
    "($toMillis($a.StartDate) = $toMillis($b.StartDate) and $a.ExecutionArn > $b.ExecutionArn) })[0].ExecutionArn"
)


def one_at_a_time(*, following: str) -> States:
    """Wait until no execution of the machine runs that started earlier. `Wait until all are listed` is the first.

    One that is not listed itself yet waits, too.

    Args:
        following: name of the state that follows.
    """
    return {
        "Wait until all are listed": wait(
            SETTLE_SECONDS,
            comment="Until the list shows every execution that started at the same moment.",
            following="Look for others",
        ),
        "Look for others": _list_running(following="Is it the first?"),
        "Is it the first?": choose(
            ("$states.input.first = $states.context.Execution.Id", following),
            comment="One after the other; a later one does what is left.",
            otherwise="Wait for the other",
        ),
        "Wait for the other": wait(_MINUTE, comment="A minute until the next look.", following="Look for others"),
    }


def _list_running(*, following: str) -> State:
    """A task that lists the executions of the machine that run; hands on the ARN of the first one as `first`.

    The newest 100 of them, as one answer of a state holds at most 256 KiB.

    Args:
        following: name of the state that follows.
    """
    return call(
        "sfn",
        "listExecutions",
        {"StateMachineArn": jsonata("$states.context.StateMachine.Id"), "StatusFilter": "RUNNING", "MaxResults": 100},
        comment="The executions of this machine that run.",
        following=following,
        Output={"first": jsonata(_FIRST)},
    )


def let_list_itself(workflow: Workflow) -> None:
    """Let a machine list its own executions.

    Args:
        workflow: the machine.
    """
    workflow.allow(["states:ListExecutions"], [workflow.arn])
