"""Errors of the provider, and what the service's own errors mean to it.

Every sentence a user can meet is made here; docs/errors.md explains each one.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from enum import Enum
from functools import cache
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
)

from . import log
from .resources import Resource

# A response to CloudFormation has at most 4096 bytes (user guide, "Custom resource response objects"), and the
# framework adds its own to the reason.
_REASON_BYTES = 2000


class ProviderError(Exception):
    """Ends the request as failed; the text becomes the reason in the CloudFormation event."""

    def __init__(self, text: str, at_once: bool = False) -> None:
        """Keep as much of the text as a response holds, without control characters.

        Args:
            text: what went wrong and what to do, in a sentence or two.
            at_once: whether to end the request even where refusals are held for a while: nothing else of the
                deployment can have been accepted, or nobody waits for the answer.
        """
        self.at_once = at_once
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
    DENIED = "a permission is missing, or is not visible yet"
    UNKNOWN_CALLER = "the credentials are none"
    NO_SERVICE = "Personalize has no endpoint in the region"
    INVALID = "the request is wrong"


_MEANINGS = {
    "ResourceInUseException": Meaning.IN_USE,
    "ResourceNotFoundException": Meaning.ABSENT,
    "ResourceAlreadyExistsException": Meaning.EXISTS,
    "LimitExceededException": Meaning.LIMIT,
    "AccessDeniedException": Meaning.DENIED,
    "AccessDenied": Meaning.DENIED,
    "UnrecognizedClientException": Meaning.UNKNOWN_CALLER,
    "InvalidClientTokenId": Meaning.UNKNOWN_CALLER,
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
# "Common error messages in Amazon Personalize" and the page of quotas: at most so many jobs are pending or in progress,
# which passes by itself. Every other quota stays used up until somebody deletes something.
_JOBS_UNDER_WAY = re.compile(r"\b(PENDING|IN_PROGRESS)\b")
_HOST = re.compile(r"personalize\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?")
# Roles and bucket policies reach Personalize some time after IAM and S3 have accepted them.
_NOT_YET_VISIBLE = re.compile(r"role|assum|trust|permission|privilege|bucket|access", re.IGNORECASE)


# Developer guide, "Common error messages in Amazon Personalize": the same words whatever it is that refuses.
_MAY_NOT_READ = re.compile(r"insufficient privileges for accessing data", re.IGNORECASE)
_LET_IT_READ = (
    " Let both the service role and Amazon Personalize read it: in the role's policy, in the bucket's policy and, if "
    "the data is encrypted with a KMS key, in the key's policy; name that key in data_encryption_key_arn. If all of "
    "them allow it, set bucket_policy_conditions to false, or leave the conditions out of a bucket policy of your own."
)


def meaning(error: BotoCoreError | ClientError) -> Meaning:
    """Say what an error of a call to Personalize or CloudFormation means for the request."""
    if not isinstance(error, ClientError):
        return _meaning_of_silence(error)
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _RETRYABLE or status >= _SERVER_ERROR:
        return Meaning.RETRY
    if code == "LimitExceededException" and _JOBS_UNDER_WAY.search(message(error)):
        return Meaning.RETRY
    return _MEANINGS.get(code, Meaning.INVALID)


def _meaning_of_silence(error: BotoCoreError) -> Meaning:
    """What it means that there was no answer: a network that failed for a while, unless botocore knows better.

    A name that does not resolve looks like a failed network, so the list of regions decides, which botocore brings
    along.
    """
    if isinstance(error, (NoCredentialsError, PartialCredentialsError)):
        return Meaning.UNKNOWN_CALLER
    if isinstance(error, EndpointConnectionError) and not _may_exist(str(error.kwargs["endpoint_url"])):
        return Meaning.NO_SERVICE
    return Meaning.RETRY


def _may_exist(endpoint_url: str) -> bool:
    """Whether an endpoint is one of Personalize's, or none that this can be said of, such as a proxy's."""
    host = _HOST.fullmatch(urlsplit(endpoint_url).hostname or "")
    return not host or host[1] in _regions()


@cache
def _regions() -> frozenset[str]:
    session = boto3.session.Session()
    partitions = session.get_available_partitions()
    return frozenset(region for each in partitions for region in session.get_available_regions("personalize", each))


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


def caller_unknown(error: BotoCoreError | ClientError) -> ProviderError:
    """Nobody knows who calls, so no call can succeed."""
    return ProviderError(
        f"AWS does not accept the credentials of the provider's function: {message(error)}. Check that the account may "
        f"use this region and that nothing overrides the function's credentials, then try again.",
        at_once=True,
    )


def no_service(error: BotoCoreError | ClientError) -> ProviderError:
    """The region of the stack has no Amazon Personalize."""
    return ProviderError(
        f"Amazon Personalize is not available in this region: {message(error).rstrip('.')}. Deploy to one of "
        f"{', '.join(sorted(_regions()))}.",
        at_once=True,
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


def failed(row: Resource, name: str, status: str, reason: str | None, source: str = "") -> ProviderError:
    """The service accepted the request and then failed it; `source` is what in S3 it was to read."""
    why = (reason or "the service gave no reason").strip().rstrip(".")
    where = f" It reads {source}." if source else ""
    advice = _LET_IT_READ if _MAY_NOT_READ.search(why) else ""
    return ProviderError(f"The {called(row, name)} is {status}: {why}.{where}{advice}")


def stopped(row: Resource, name: str, error: ClientError) -> ProviderError:
    """The service neither updates nor starts what somebody has stopped."""
    return ProviderError(
        f"The {called(row, name)} is stopped, and cannot be changed while it is. Starting it failed: "
        f"{message(error)}. Start it ({row.resume}), then deploy again."
    )


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


def cannot_change(row: Resource, name: str, prop: str, why: str) -> ProviderError:
    """The service takes other changes of a property in place, but not this one."""
    return ProviderError(f"The {prop} of {called(row, name)} cannot change like that: {why}")


def contents_guarded(row: Resource, name: str, lost: list[str]) -> ProviderError:
    """D6: what leaves the template is deleted, and data is never lost silently."""
    return ProviderError(
        f"Taking {', '.join(lost)} out of the {called(row, name)} would delete it and lose the data in it. "
        f"Put it back, or set allow_replacement to accept the loss."
    )


def name_is_fixed(row: Resource, name: str, changed: list[str]) -> ProviderError:
    """A replacement cannot have the name of what it replaces."""
    return ProviderError(
        f"Changing {', '.join(changed)} needs a new {words(row.noun)}, which cannot be named '{name}' while the old "
        f"one exists. Change Name as well, or leave Name out to have one generated."
    )


def one_at_a_time(row: Resource, name: str, changed: list[str]) -> ProviderError:
    """The service holds one such resource per parent, so the old one and a new one cannot both exist."""
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


def blocked(row: Resource, name: str, blockers: list[str]) -> ProviderError:
    """Something that is not part of the deployment is built on what is to be deleted."""
    return ProviderError(
        f"The {called(row, name)} cannot be deleted, because it is in use by {', '.join(blockers)}, which this "
        f"deployment does not delete. Delete that first if nobody needs it, then try again."
    )


def cancelled(row: Resource, name: str) -> ProviderError:
    """CloudFormation has given the request up; this reaches the log only."""
    return ProviderError(
        f"CloudFormation has cancelled the deployment that asked for the {called(row, name)}, so nothing was changed.",
        at_once=True,
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


def below_minimums(version_id: str, rows: Iterable[str]) -> ProviderError:
    """The solution version is evaluated too poorly to serve."""
    consequence = "so the campaign stays on the version it has."
    header = f"Quality gate: solution version {version_id} is below its minimums, {consequence}"
    return ProviderError("\n".join([header, *(f"  {row}" for row in rows)]))


def repeated(text: str) -> Exception:
    """A refusal that was made when the request began, once it may be told."""
    return ProviderError(text)


def with_log_group(error: Exception) -> Exception:
    """The same failure, with the log group that the function really writes to.

    The Provider framework ends each reason with `Logs: /aws/lambda/<function>`, which does not exist where a function
    has a log group of its own. Lambda names that in an environment variable.
    """
    group = os.environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
    if not group:
        return error
    return RuntimeError(f"{error} (The log is in {group}, whatever is named below.)")


def duration(seconds: float) -> str:
    """`5400` as `1 h 30 min`."""
    minutes, rest = divmod(round(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else ""]
    return " ".join(filter(None, parts)) or f"{rest} s"
