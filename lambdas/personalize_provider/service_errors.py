"""What the service's own errors mean to a request."""

from __future__ import annotations

import re
from enum import Enum
from functools import cache
from typing import TypeAlias
from urllib.parse import urlsplit

import boto3
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    EndpointConnectionError,
    NoCredentialsError,
    PartialCredentialsError,
)

ServiceError: TypeAlias = BotoCoreError | ClientError
SERVICE_ERRORS = (BotoCoreError, ClientError)


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
# which passes by itself. Every other quota counts what is ACTIVE, and stays used up until somebody deletes some of it.
_JOBS_UNDER_WAY = re.compile(r"\b(pending|in[ _-]progress)\b", re.IGNORECASE)
_ALSO_AT_REST = re.compile(r"\b(active|delete)\b", re.IGNORECASE)
_HOST = re.compile(r"personalize\.([a-z0-9-]+)\.amazonaws\.com(\.cn)?")
# Roles and bucket policies reach Personalize some time after IAM and S3 have accepted them.
_NOT_YET_VISIBLE = re.compile(r"role|assum|trust|permission|privilege|bucket|access", re.IGNORECASE)


def meaning(error: ServiceError) -> Meaning:
    """Say what an error of a call to Personalize or CloudFormation means for the request."""
    if not isinstance(error, ClientError):
        return _meaning_of_silence(error)
    code = error.response.get("Error", {}).get("Code", "")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if code in _RETRYABLE or status >= _SERVER_ERROR:
        return Meaning.RETRY
    if code == "LimitExceededException" and _passes(message(error)):
        return Meaning.RETRY
    return _MEANINGS.get(code, Meaning.INVALID)


def _passes(quota: str) -> bool:
    """Whether the words for a quota that is used up speak of what ends by itself, and of nothing else."""
    return bool(_JOBS_UNDER_WAY.search(quota)) and not _ALSO_AT_REST.search(quota)


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
    return not host or host[1] in regions()


@cache
def regions() -> frozenset[str]:
    """Those with the service, as botocore knows them."""
    session = boto3.session.Session()
    partitions = session.get_available_partitions()
    return frozenset(region for each in partitions for region in session.get_available_regions("personalize", each))


def message(error: ServiceError) -> str:
    """The service's own words, without botocore's frame around them."""
    if not isinstance(error, ClientError):
        return str(error)
    return str(error.response.get("Error", {}).get("Message") or error).strip().rstrip(".")


def operation(error: ServiceError) -> str:
    """The call that the error is about; botocore's own errors do not say."""
    return str(getattr(error, "operation_name", "the call"))


def may_be_propagation(error: ServiceError) -> bool:
    """Whether a refusal may be a role or policy that Personalize cannot see yet."""
    return meaning(error) is Meaning.INVALID and bool(_NOT_YET_VISIBLE.search(message(error)))
