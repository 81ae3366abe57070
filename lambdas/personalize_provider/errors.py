"""Errors of the provider, and what the service's own errors mean to it.

Every sentence a user can meet is made here; docs/errors.md explains each one.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

from botocore.exceptions import BotoCoreError, ClientError

from . import log
from .resources import Resource

# A response to CloudFormation has at most 4096 bytes (user guide, "Custom resource response objects"), and the
# framework adds its own to the reason.
_REASON_BYTES = 2000


class ProviderError(Exception):
    """Ends the request as failed; the text becomes the reason in the CloudFormation event."""

    def __init__(self, text: str) -> None:
        """Keep as much of the text as a response holds, without control characters."""
        text = log.printable(text)
        encoded = text.encode()
        if len(encoded) > _REASON_BYTES:
            text = encoded[:_REASON_BYTES].decode(errors="ignore") + " ... (the log has all of it)"
            log.write(error=encoded.decode())
        super().__init__(text)


class Meaning(Enum):
    """What a service error means for the request at hand."""

    RETRY = "try again at the next poll"
    IN_USE = "refused in this state: try again at the next poll"
    ABSENT = "the resource does not exist"
    EXISTS = "the name, or the one place for such a resource, is taken"
    LIMIT = "a quota is used up"
    DENIED = "a permission is missing"
    INVALID = "the request is wrong"


_MEANINGS = {
    "ResourceInUseException": Meaning.IN_USE,
    "ResourceNotFoundException": Meaning.ABSENT,
    "ResourceAlreadyExistsException": Meaning.EXISTS,
    "LimitExceededException": Meaning.LIMIT,
    "AccessDeniedException": Meaning.DENIED,
    "AccessDenied": Meaning.DENIED,
    "UnrecognizedClientException": Meaning.DENIED,
}
# botocore retries these itself (retry mode documentation, "Standard retry mode"); what is left after its
# attempts is worth another poll.
_RETRYABLE = frozenset(
    {
        "ThrottlingException",
        "Throttling",
        "ThrottledException",
        "TooManyRequestsException",
        "RequestLimitExceeded",
        "RequestTimeout",
        "RequestTimeoutException",
        "ServiceUnavailable",
        "ServiceUnavailableException",
        "InternalFailure",
        "InternalServerError",
        "InternalServerException",
    }
)
_SERVER_ERROR = 500
# Roles and bucket policies reach Personalize some time after IAM and S3 have accepted them.
_NOT_YET_VISIBLE = re.compile(r"role|assum|trust|permission|privilege|bucket|access", re.IGNORECASE)


def meaning(error: BotoCoreError | ClientError) -> Meaning:
    """Say what an error of a Personalize call means for the request."""
    if not isinstance(error, ClientError):
        return Meaning.RETRY
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _RETRYABLE or status >= _SERVER_ERROR:
        return Meaning.RETRY
    return _MEANINGS.get(code, Meaning.INVALID)


def message(error: BotoCoreError | ClientError) -> str:
    """The service's own words, without botocore's frame around them."""
    if not isinstance(error, ClientError):
        return str(error)
    return str(error.response.get("Error", {}).get("Message") or error).strip().rstrip(".")


def operation(error: BotoCoreError | ClientError) -> str:
    """The call that the error is about; botocore's own errors do not say."""
    return str(getattr(error, "operation_name", "the call"))


def may_be_propagation(error: BotoCoreError | ClientError) -> bool:
    """Whether a refusal may be a role or policy that Personalize cannot see yet."""
    return meaning(error) is Meaning.INVALID and bool(_NOT_YET_VISIBLE.search(message(error)))


def words(noun: str) -> str:
    """`DatasetImportJob` as one reads it: `dataset import job`."""
    return re.sub(r"(?<!^)(?=[A-Z])", " ", noun).lower()


def called(row: Resource, name: str) -> str:
    """A resource as messages speak of it."""
    return f"{words(row.noun)} '{name}'"


def access_denied(error: BotoCoreError | ClientError) -> ProviderError:
    """A permission is missing from the provider's role."""
    said = message(error)
    action = re.search(r"perform: (\S+)", said)
    resource = re.search(r"on resource: (\S+)", said)
    missing = action[1] if action else f"personalize:{operation(error)}"
    return ProviderError(
        f"Access denied: the provider's role may not perform {missing} "
        f"on {(resource[1] if resource else 'this resource').rstrip('.')}. "
        f"Add the action to the role's policy, or remove what denies it. The service said: {said}."
    )


def limit_exceeded(row: Resource, error: BotoCoreError | ClientError) -> ProviderError:
    """A quota of the account is used up."""
    return ProviderError(
        f"Service quota reached: {row.quota}. Delete what is not needed, or request an increase of the quota in the "
        f"Service Quotas console (service Amazon Personalize). The service said: {message(error)}."
    )


def refused(row: Resource, name: str, error: BotoCoreError | ClientError) -> ProviderError:
    """The service will not take the request as it is."""
    return ProviderError(f"{operation(error)} of {called(row, name)} was refused: {message(error)}.")


def not_begun(error: BotoCoreError | ClientError) -> ProviderError:
    """The request could not even find out what there is to do."""
    return ProviderError(
        f"The request could not begin, because {operation(error)} did not succeed: {message(error)}. "
        f"Nothing was changed, so deploy again."
    )


def failed(row: Resource, name: str, status: str, reason: str | None) -> ProviderError:
    """The service accepted the request and then failed it."""
    why = (reason or "the service gave no reason").strip().rstrip(".")
    return ProviderError(f"The {called(row, name)} is {status}: {why}.")


def update_failed(row: Resource, name: str, reason: str | None) -> ProviderError:
    """The service accepted an update and then failed it."""
    why = (reason or "the service gave no reason").strip().rstrip(".")
    return ProviderError(
        f"The update of {called(row, name)} failed: {why}. It keeps working with the configuration it had."
    )


def exists_elsewhere(row: Resource, name: str, owner: str | None) -> ProviderError:
    """The name belongs to somebody else."""
    belongs = f"It belongs to {owner}" if owner else "It was not made by this stack"
    return ProviderError(
        f"A {called(row, name)} exists already. {belongs}, so it is neither adopted nor changed. "
        f"Choose another Name, or leave Name out to have one generated."
    )


def place_taken(row: Resource, name: str, error: BotoCoreError | ClientError) -> ProviderError:
    """The service allows one such resource, and there is one already."""
    return ProviderError(
        f"The {called(row, name)} cannot be created: {message(error)}. "
        f"Delete the existing one first if nothing needs it."
    )


def replacement_guarded(row: Resource, name: str, changed: list[str]) -> ProviderError:
    """D6: data is never replaced silently."""
    return ProviderError(
        f"Changing {', '.join(changed)} would replace the {called(row, name)} and lose the data in it. "
        f"Undo the change, or set allow_replacement to accept the loss."
    )


def name_is_fixed(row: Resource, name: str, changed: list[str]) -> ProviderError:
    """A replacement cannot have the name of what it replaces."""
    return ProviderError(
        f"Changing {', '.join(changed)} needs a new {words(row.noun)}, which cannot be named '{name}' while the old "
        f"one exists. Change Name as well, or leave Name out to have one generated."
    )


def one_at_a_time(row: Resource, name: str, changed: list[str]) -> ProviderError:
    """The service holds one such resource per parent, so old and new cannot live side by side."""
    return ProviderError(
        f"Changing {', '.join(changed)} needs a new {words(row.noun)}, but the service allows only one for the same "
        f"{' and '.join(row.unique_within)}. Undo the change to '{name}', or remove the resource in one deployment and "
        f"add it again in the next."
    )


def deleted_outside(row: Resource, name: str) -> ProviderError:
    """Somebody deleted the resource by hand."""
    return ProviderError(
        f"The {called(row, name)} no longer exists: it was deleted outside CloudFormation. "
        f"Remove it from the app, deploy, then add it again."
    )


def cancelled(row: Resource, name: str) -> ProviderError:
    """CloudFormation has given the request up; this reaches the log only."""
    return ProviderError(
        f"CloudFormation has cancelled the deployment that asked for the {called(row, name)}, so nothing was changed."
    )


def timed_out(row: Resource, name: str, doing: str, status: str, seconds: float, setting: str | None) -> ProviderError:
    """The request used up its time."""
    raise_it = f" Raise {setting} if it may take longer." if setting else " Try again once it has settled."
    return ProviderError(
        f"The {called(row, name)} is still {status} after {duration(seconds)} of waiting for it to {doing}.{raise_it}"
    )


def unknown_property(noun: str, names: list[str]) -> ProviderError:
    """The template sets what the type does not have."""
    return ProviderError(f"Custom::Personalize{noun} has no property {', '.join(names)}. Remove it from the template.")


def unknown_member(path: str, names: list[str]) -> ProviderError:
    """The template sets what the API's structure does not have."""
    return ProviderError(f"{path} has no member {', '.join(names)}. Remove it from the template.")


def wrong_type(path: str, type_name: str, value: object) -> ProviderError:
    """A value in the template is not of the type that the API takes."""
    return ProviderError(f"{path} must be of type {type_name}, but is '{value}'.")


def unknown_type(resource_type: str) -> ProviderError:
    """The template sends the provider what it does not know."""
    return ProviderError(f"{resource_type} is not a type of this provider.")


def metrics_unreadable(reason: str) -> ProviderError:
    """The quality gate has nothing to judge by."""
    return ProviderError(f"The metrics of the solution version cannot be read: {reason.rstrip('.')}.")


def unknown_metrics(unknown: list[str], known: list[str]) -> ProviderError:
    """The quality gate names a metric that the recipe does not report."""
    return ProviderError(
        f"The quality gate names {', '.join(unknown)}, which this recipe does not report. "
        f"It reports: {', '.join(known)}."
    )


def below_minimums(version_id: str, found: Mapping[str, float], minimums: Mapping[str, float]) -> ProviderError:
    """The solution version is evaluated too poorly to serve."""
    rows = [
        f"  {name}: {found[name]:.4f}, minimum {minimum:.4f}{'  <- below' if found[name] < minimum else ''}"
        for name, minimum in sorted(minimums.items())
    ]
    return ProviderError(
        "\n".join(
            [
                f"Quality gate: solution version {version_id} is below its minimums, so the campaign stays on the "
                f"version it has.",
                *rows,
            ]
        )
    )


def duration(seconds: float) -> str:
    """`5400` as `1 h 30 min`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]
    return " ".join(filter(None, parts)) or f"{rest} s"
