"""How long an error may last before it ends a request (docs/decisions/0020-what-is-waited-for.md)."""

from __future__ import annotations

from . import errors
from .errors import ProviderError
from .protocol import Outcome, pending
from .service_errors import Meaning, ServiceError, may_be_propagation, meaning, message

# IAM, buckets and the service's own lists are eventually consistent: within this time of a request's start, a denied
# call, "no such role" and "name taken, but nothing of that name" are worth another try (aws/aws-cdk issues 18237 and
# 37675: a policy made in the same deployment can take one or two minutes).
PROPAGATION_SECONDS = 120.0
# CloudFormation starts siblings together. If one were refused at once, the stack would roll back before an accepted
# sibling has the links that delay its deletion. So a refusal is not reported before those links exist.
HOLD_SECONDS = 60.0


def may_pass(error: ServiceError, age: float) -> bool:
    """Whether an error may be gone the next time.

    Args:
        error: of a call to Personalize or CloudFormation.
        age: seconds since the request began.
    """
    what = meaning(error)
    return what is Meaning.RETRY or (what is Meaning.DENIED and age < PROPAGATION_SECONDS)


def may_be_seen_soon(error: ServiceError, age: float) -> bool:
    """Whether a call that changes something may succeed once the service sees what it does not see yet.

    Args:
        error: a role or a policy seems to be missing, or a name is taken but nothing of that name can be found.
        age: seconds since the request began.
    """
    return age < PROPAGATION_SECONDS and (meaning(error) is Meaning.EXISTS or may_be_propagation(error))


def waiting(error: ServiceError) -> Outcome:
    """Ask again later, after an error that may be gone by then."""
    return pending(f"waiting ({message(error)})")


def verdict(error: ServiceError) -> ProviderError | None:
    """The error to report where no request could have succeeded; None where that depends on the request."""
    what = meaning(error)
    if what is Meaning.DENIED:
        return errors.access_denied(error)
    if what is Meaning.UNKNOWN_CALLER:
        return errors.caller_unknown(error)
    if what is Meaning.NO_SERVICE:
        return errors.no_service(error)
    return None


def is_held(error: Exception, age: float) -> bool:
    """Whether it is too early to report the failure of a creation or update."""
    return age < HOLD_SECONDS and not (isinstance(error, ProviderError) and error.at_once)
