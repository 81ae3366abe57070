"""What jobs are named and tagged with: named after the execution that starts them, so that a second try finds them."""

from __future__ import annotations

from typing import Any

from ..settings import Settings

# All names of the service: at most 63 characters (API, CreateDataDeletionJob, jobName).
_LONGEST = 63
# What follows the prefix: `_forget-`, or `_batch-` and the number of the job in its execution.
_BETWEEN = 8
_NUMBER = 3


def unique(prefix: str) -> str:
    """What distinguishes an execution, as an expression in JSONata: the beginning of its name.

    Names that services and the CLI give are UUIDs (EventBridge: of the event, and another one).

    Args:
        prefix: of all the app's names; the longer it is, the shorter the beginning, which has 21 characters at least.
    """
    length = _LONGEST - len(prefix) - _BETWEEN - _NUMBER
    return f"$substring($replace($states.context.Execution.Name, /[^0-9A-Za-z]/, ''), 0, {length})"


def tags(settings: Settings) -> dict[str, Any]:
    """The member of a Create* call with the cost-allocation tags, as everything else of the app has them.

    Args:
        settings: the environment's settings.
    """
    found = [{"TagKey": key, "TagValue": value} for key, value in sorted(settings.tags.items())]
    return {"Tags": found} if found else {}


def tagging(settings: Settings) -> list[str]:
    """The action that these tags need, on what is created.

    Args:
        settings: the environment's settings.
    """
    return ["personalize:TagResource"] if settings.tags else []
