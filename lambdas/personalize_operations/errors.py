"""Errors of the functions: a sentence each, which Step Functions shows as the cause and notices repeat.

Step Functions knows an error of a function by the name of its class (Step Functions developer guide, "Handling errors
in Step Functions workflows"), so that workflows can try again after one of them, and not after the other.
"""

from __future__ import annotations

from ..personalize_provider.log import printable
from ..personalize_provider.service_errors import Meaning, ServiceError, meaning, message, operation

# What passes by itself: IAM, too, needs a minute or two until a new permission takes effect.
_PASSES = frozenset({Meaning.RETRY, Meaning.DENIED, Meaning.IN_USE})


class OperationsError(Exception):
    """Ends the workflow; the text says what went wrong and what to do."""

    def __init__(self, text: str) -> None:
        """Keep the text without control characters."""
        super().__init__(printable(text))


class TryAgainError(OperationsError):
    """Is likely to pass by itself within minutes: the workflow tries again."""


def of_service(what: str, error: ServiceError) -> OperationsError:
    """What it means for a workflow that a service refused a call.

    Args:
        what: what the function was about to do, such as `look for new data`.
        error: the service's answer.
    """
    text = f"Could not {what}: {operation(error)} failed with '{message(error)}'."
    if meaning(error) is Meaning.DENIED:
        return TryAgainError(
            f"{text} The function's role does not allow it, or a bucket's or key's policy denies it: deploy the "
            f"operations stack again, and let the policy of a bucket of your own allow the role."
        )
    if meaning(error) in _PASSES:
        return TryAgainError(f"{text} If that lasts, look at the AWS Health Dashboard.")
    return OperationsError(f"{text} The function's log has the details.")


def unknown_location(dataset_type: str, location: object) -> OperationsError:
    """A data location that is none."""
    return OperationsError(
        f"The data location of {dataset_type.lower()} must be 's3://bucket/folder/' or 's3://bucket/file.csv', but is "
        f"'{location}': correct data_location in the settings and deploy."
    )
