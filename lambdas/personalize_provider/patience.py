"""How long an error may last before it ends a request (docs/decisions/0020-what-is-waited-for.md)."""

from __future__ import annotations

from . import errors
from .errors import ProviderError
from .protocol import Outcome, pending
from .service_errors import Meaning, ServiceError, may_be_propagation, meaning, message

# IAM, buckets and the service's own lists are eventually consistent: within this time of a request's start, a denied
# call, "no such role" and "name taken, but nothing of that name" are worth another poll (aws/aws-cdk issues 18237 and
# 37675: a policy made in the same deployment can take one or two minutes).
PROPAGATION_SECONDS = 120.0
# CloudFormation starts siblings together. One that is refused at once would roll the stack back before an accepted
# one has the links that hold its deletion back, so a refusal is kept until these are there.
HOLD_SECONDS = 60.0


def may_pass(error: ServiceError, age: float) -> bool:
    """Whether an error may be gone at the next poll.

    Args:
        error: of a call to Personalize or CloudFormation.
        age: seconds since the request began.
    """
    what = meaning(error)
    return what is Meaning.RETRY or (what is Meaning.DENIED and age < PROPAGATION_SECONDS)


def may_be_seen_soon(error: ServiceError, age: float) -> bool:
    """Whether a call that changes something may succeed once the service sees what it does not see yet.

    Args:
        error: a role or a policy seems to be missing, or a name is taken by what cannot be found.
        age: seconds since the request began.
    """
    return age < PROPAGATION_SECONDS and (meaning(error) is Meaning.EXISTS or may_be_propagation(error))


def waiting(error: ServiceError) -> Outcome:
    """Another poll after an error that may be gone by then."""
    return pending(f"waiting ({message(error)})")


def verdict(error: ServiceError) -> ProviderError | None:
    """The sentence for what no request can do anything about; None for errors that depend on the request."""
    what = meaning(error)
    if what is Meaning.DENIED:
        return errors.access_denied(error)
    if what is Meaning.UNKNOWN_CALLER:
        return errors.caller_unknown(error)
    if what is Meaning.NO_SERVICE:
        return errors.no_service(error)
    return None


def is_held(error: Exception, age: float) -> bool:
    """Whether a failure of a creation or update is not to be told yet."""
    return age < HOLD_SECONDS and not (isinstance(error, ProviderError) and error.at_once)
