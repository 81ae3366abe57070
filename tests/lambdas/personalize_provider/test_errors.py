"""What the service's errors mean to the provider, and the sentences it makes of them."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectTimeoutError, EndpointConnectionError, ReadTimeoutError

from lambdas.personalize_provider import errors, service_errors
from lambdas.personalize_provider.resource_type import words as words_of
from lambdas.personalize_provider.resources import RESOURCES
from lambdas.personalize_provider.service_errors import Meaning

SOLUTION = RESOURCES["Solution"]
IMPORT = RESOURCES["DatasetImportJob"]
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


# -- sentences -----------------------------------------------------------------------------------------------------


def test_a_missing_permission_is_named_with_its_resource() -> None:
    said = (
        "User: arn:aws:sts::1:assumed-role/handler/x is not authorized to perform: iam:PassRole on resource: "
        "arn:aws:iam::1:role/personalize because no identity-based policy allows the iam:PassRole action"
    )
    assert str(errors.access_denied(answered("AccessDeniedException", said))) == (
        "Access denied: the provider's role may not perform iam:PassRole on arn:aws:iam::1:role/personalize. "
        f"Add the action to the role's policy, or remove what denies it. The service said: {said}."
    )


def test_a_missing_permission_that_the_service_does_not_name_is_that_of_the_call() -> None:
    assert str(errors.access_denied(answered("AccessDeniedException", "No."))) == (
        "Access denied: the provider's role may not perform personalize:CreateSolution on this resource. "
        "Add the action to the role's policy, or remove what denies it. The service said: No."
    )


def test_a_failed_import_says_what_it_read() -> None:
    """The service's reason does not say which file of a folder it means."""
    said = str(errors.failed(IMPORT, "films", "CREATE FAILED", "Input CSV is missing columns.", "s3://lake/vod/"))
    assert said == (
        "The dataset import job 'films' is CREATE FAILED: Input CSV is missing columns. It reads s3://lake/vod/."
    )


def test_an_import_that_may_not_read_names_all_that_may_refuse() -> None:
    """Case 17: the service's reason mentions neither the key nor the conditions of the bucket's policy."""
    reason = "Failed to create a data import job. Insufficient privileges for accessing data in Amazon S3."
    said = str(errors.failed(IMPORT, "films", "CREATE FAILED", reason, "s3://lake/items.csv"))
    for what in ("service role", "bucket's policy", "key's policy"):
        assert what in said
    for setting in ("data_encryption_key_arn", "bucket_policy_conditions"):
        assert setting in said


@pytest.mark.parametrize("reason", [None, ""])
@pytest.mark.parametrize(
    ("sentence", "expected"),
    [
        (
            lambda reason: errors.failed(SOLUTION, "films", "CREATE FAILED", reason),
            "The solution 'films' is CREATE FAILED: the service gave no reason.",
        ),
        (
            lambda reason: errors.update_failed(SOLUTION, "films", reason),
            "The update of solution 'films' failed: the service gave no reason. "
            "It keeps working with the configuration it had.",
        ),
    ],
)
def test_a_failure_without_a_reason_says_so(sentence: object, expected: str, reason: str | None) -> None:
    assert callable(sentence)
    assert str(sentence(reason)) == expected


@pytest.mark.parametrize(("noun", "words"), [("EventTracker", "An event tracker 'x'"), ("Filter", "A filter 'x'")])
def test_a_resource_that_exists_has_its_article(noun: str, words: str) -> None:
    assert str(errors.exists_elsewhere(RESOURCES[noun], "x", None)).startswith(f"{words} already exists.")


def test_a_reason_does_not_end_in_two_full_stops() -> None:
    assert str(errors.failed(SOLUTION, "films", "CREATE FAILED", "Too few interactions. ")).endswith("interactions.")


@pytest.mark.parametrize(
    ("setting", "expected"),
    [
        (
            None,
            "The solution 'films' is still CREATE PENDING after 55 min of waiting for it to be deleted. "
            "Try again once it has settled.",
        ),
        (
            "max_wait",
            "The solution 'films' is still CREATE PENDING after 55 min of waiting for it to be deleted. "
            "Raise max_wait if it may take longer.",
        ),
    ],
)
def test_a_time_out_says_how_long_it_waited_for_what(setting: str | None, expected: str) -> None:
    assert str(errors.timed_out(SOLUTION, "films", "be deleted", "CREATE PENDING", 3300, setting)) == expected


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, "0 s"),
        (59, "59 s"),
        (59.6, "1 min"),
        (60, "1 min"),
        (3600, "1 h"),
        (5400, "1 h 30 min"),
        (15_000, "4 h 10 min"),
    ],
)
def test_a_duration_reads_as_one_says_it(seconds: float, expected: str) -> None:
    assert errors.duration(seconds) == expected


@pytest.mark.parametrize(
    ("noun", "words"),
    [("DatasetImportJob", "dataset import job"), ("Filter", "filter"), ("SolutionVersion", "solution version")],
)
def test_a_type_reads_as_one_says_it(noun: str, words: str) -> None:
    assert words_of(noun) == words


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("\x1b]0;title\x07\x1b[2J", "\\x1b]0;title\\x07\\x1b[2J"),
        ("\x9b31m", "\\x9b31m"),
        ("over\rwritten\b", "over\\rwritten\\x08"),
        ("right \u202eto left", "right \\u202eto left"),
        ("Amélie (2001) ✅\n\tas it is", "Amélie (2001) ✅\n\tas it is"),
    ],
)
def test_what_a_service_says_cannot_steer_a_terminal(said: str, shown: str) -> None:
    """CloudFormation's events and the CDK CLI hand every reason on as it is."""
    assert str(errors.ProviderError(f"The filter was refused: {said}")) == f"The filter was refused: {shown}"
