"""The sentences that the provider makes of errors."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ClientError

from lambdas.personalize_provider import errors
from lambdas.personalize_provider.resource_type import words as words_of
from lambdas.personalize_provider.resources import RESOURCES

SOLUTION = RESOURCES["Solution"]
IMPORT = RESOURCES["DatasetImportJob"]


def answered(code: str, message: str = "Said.", status: int = 400) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"HTTPStatusCode": status}}
    return ClientError(response, "CreateSolution")


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
