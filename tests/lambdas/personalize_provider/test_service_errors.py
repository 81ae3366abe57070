"""What the service's errors mean to a request."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from lambdas.personalize_provider import service_errors
from lambdas.personalize_provider.service_errors import Meaning

URL = "https://personalize.eu-west-1.amazonaws.com"


def answered(code: str, message: str = "Said.", status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "CreateSolution")


@pytest.mark.parametrize(
    ("code", "status", "meaning"),
    [
        ("ResourceInUseException", 400, Meaning.IN_USE),
        ("ResourceNotFoundException", 400, Meaning.ABSENT),
        ("ResourceAlreadyExistsException", 400, Meaning.EXISTS),
        ("LimitExceededException", 400, Meaning.LIMIT),
        ("AccessDeniedException", 400, Meaning.DENIED),
        ("AccessDenied", 403, Meaning.DENIED),
        ("UnrecognizedClientException", 400, Meaning.UNKNOWN_CALLER),
        ("InvalidClientTokenId", 403, Meaning.UNKNOWN_CALLER),
        ("InvalidInputException", 400, Meaning.INVALID),
        # More tags than a resource can have is no quota that could be raised.
        ("TooManyTagsException", 400, Meaning.INVALID),
        ("ThrottlingException", 400, Meaning.RETRY),
        ("Throttling", 400, Meaning.RETRY),
        ("TooManyRequestsException", 429, Meaning.RETRY),
        ("RequestTimeout", 400, Meaning.RETRY),
        ("ServiceUnavailable", 503, Meaning.RETRY),
        ("InternalServerException", 500, Meaning.RETRY),
        ("SomethingNew", 502, Meaning.RETRY),
        ("SomethingNew", 400, Meaning.INVALID),
    ],
)
def test_an_answer_has_a_meaning(code: str, status: int, meaning: Meaning) -> None:
    assert service_errors.meaning(answered(code, status=status)) is meaning


@pytest.mark.parametrize(
    ("quota", "meaning"),
    [
        ("More than 5 resources with PENDING or IN_PROGRESS status", Meaning.RETRY),
        ("More than 20 resources with CREATE PENDING or CREATE IN_PROGRESS status.", Meaning.RETRY),
        ("You have reached the maximum number of pending or in progress dataset import jobs.", Meaning.RETRY),
        ("Too many solution versions in-progress", Meaning.RETRY),
        ("More than 5 resources in ACTIVE state. Please delete some and try again.", Meaning.LIMIT),
        ("More than 10 resources in ACTIVE, PENDING or IN_PROGRESS state.", Meaning.LIMIT),
        ("More than 5 resources, pending ones included. Please delete some and try again.", Meaning.LIMIT),
        ("Too many schemas", Meaning.LIMIT),
    ],
)
def test_a_quota_of_what_ends_by_itself_is_waited_for(quota: str, meaning: Meaning) -> None:
    """The developer guide's words, and others that say the same."""
    assert service_errors.meaning(answered("LimitExceededException", quota)) is meaning


@pytest.mark.parametrize(
    "error",
    [
        ReadTimeoutError(endpoint_url=URL),
        ConnectTimeoutError(endpoint_url=URL),
        EndpointConnectionError(endpoint_url=URL),
    ],
)
def test_no_answer_is_worth_another_poll(error: ReadTimeoutError) -> None:
    assert service_errors.meaning(error) is Meaning.RETRY
    assert URL in service_errors.message(error)


def test_an_answer_without_an_error_in_it_is_invalid() -> None:
    bare = ClientError({}, "CreateSolution")
    assert service_errors.meaning(bare) is Meaning.INVALID
    assert "CreateSolution" in service_errors.message(bare)


def test_the_services_words_are_kept_without_botocores_frame_and_full_stop() -> None:
    assert service_errors.message(answered("InvalidInputException", " Name is taken. ")) == "Name is taken"


@pytest.mark.parametrize(
    ("code", "message", "may_be"),
    [
        ("InvalidInputException", "The role arn:... cannot be assumed by Personalize", True),
        ("InvalidInputException", "Insufficient privileges for accessing data in S3", True),
        ("InvalidInputException", "Please check the bucket policy", True),
        ("InvalidInputException", "bptt must be 2 to 32", False),
        ("LimitExceededException", "Too many roles", False),
    ],
)
def test_a_refusal_that_speaks_of_permissions_may_be_their_propagation(code: str, message: str, may_be: bool) -> None:
    assert service_errors.may_be_propagation(answered(code, message)) is may_be
