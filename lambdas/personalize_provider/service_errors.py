"""What the errors of AWS services mean for a request."""

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
    EXISTS = "the name is taken, or the service allows only one such resource"
    LIMIT = "a quota is used up"
    DENIED = "a permission is missing, or is not visible yet"
    UNKNOWN_CALLER = "AWS does not accept the credentials"
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
# attempts is worth trying again later.
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
# "Common error messages in Amazon Personalize" and the page of quotas: some quotas limit how many jobs are pending or
# in progress, which passes by itself. Others count what is ACTIVE, and stay used up until somebody deletes some of it.
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
    """Whether the message about a quota speaks only of jobs that end by themselves."""
    return bool(_JOBS_UNDER_WAY.search(quota)) and not _ALSO_AT_REST.search(quota)


def _meaning_of_silence(error: BotoCoreError) -> Meaning:
    """What it means that there was no answer: the network failed for a while, unless botocore knows better.

    A host name that does not resolve looks like a failed network, so botocore's list of regions decides.
    """
    if isinstance(error, (NoCredentialsError, PartialCredentialsError)):
        return Meaning.UNKNOWN_CALLER
    if isinstance(error, EndpointConnectionError) and not _may_exist(str(error.kwargs["endpoint_url"])):
        return Meaning.NO_SERVICE
    return Meaning.RETRY


def _may_exist(endpoint_url: str) -> bool:
    """Whether an endpoint may be one of Personalize's; of a proxy's, for instance, nobody can say."""
    host = _HOST.fullmatch(urlsplit(endpoint_url).hostname or "")
    return not host or host[1] in regions()


@cache
def regions() -> frozenset[str]:
    """The regions that have the service, as far as botocore knows."""
    session = boto3.session.Session()
    partitions = session.get_available_partitions()
    return frozenset(region for each in partitions for region in session.get_available_regions("personalize", each))


def message(error: ServiceError) -> str:
    """The service's own message, without what botocore puts around it."""
    if not isinstance(error, ClientError):
        return str(error)
    return str(error.response.get("Error", {}).get("Message") or error).strip().rstrip(".")


def operation(error: ServiceError) -> str:
    """The operation that failed; botocore's own errors do not say."""
    return str(getattr(error, "operation_name", "the call"))


def may_be_propagation(error: ServiceError) -> bool:
    """Whether the service may have refused because it cannot see a role or policy yet."""
    return meaning(error) is Meaning.INVALID and bool(_NOT_YET_VISIBLE.search(message(error)))
