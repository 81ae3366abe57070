"""Arguments and answers of SDK integrations, by botocore's models."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from tools.aws.sdk import ArgumentsError, action

_STATES = "arn:aws:states:::aws-sdk:"


def refused(code: str) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "No."}}, "Any")


def test_members_are_renamed_at_every_depth_and_keys_of_maps_are_not() -> None:
    create = action(f"{_STATES}personalize:createSolution")
    arguments = {
        "Name": "ranking",
        "SolutionConfig": {"AlgorithmHyperParameters": {"hidden_dimension": "1"}},
        "Tags": [{"TagKey": "app", "TagValue": "vod"}],
    }
    assert create.members(arguments) == {
        "name": "ranking",
        "solutionConfig": {"algorithmHyperParameters": {"hidden_dimension": "1"}},
        "tags": [{"tagKey": "app", "tagValue": "vod"}],
    }


@pytest.mark.parametrize(
    ("resource", "service", "operation"),
    [
        (f"{_STATES}sfn:listExecutions", "stepfunctions", "ListExecutions"),
        (f"{_STATES}eventbridge:putEvents", "events", "PutEvents"),
        ("arn:aws:scheduler:::aws-sdk:personalize:stopRecommender", "personalize", "StopRecommender"),
    ],
)
def test_an_action_is_found_by_its_arn_in_boto3(resource: str, service: str, operation: str) -> None:
    found = action(resource)
    assert (found.service, found.model.name) == (service, operation)
    assert operation in boto3.client(service, region_name="eu-west-1").meta.method_to_api_mapping.values()


def test_a_model_in_pascal_case_stays_as_it_is() -> None:
    arguments = {"Namespace": "vod/dev", "MetricData": [{"MetricName": "coverage", "Value": 0.5}]}
    assert action(f"{_STATES}cloudwatch:putMetricData").members(arguments) == arguments


def test_an_answer_is_in_pascal_case_with_times_as_text() -> None:
    at = datetime(2026, 11, 26, 4, tzinfo=UTC)
    answer = {"recommender": {"status": "ACTIVE", "creationDateTime": at, "modelMetrics": {"coverage": 1}}}
    found = action(f"{_STATES}personalize:describeRecommender").result(answer | {"ResponseMetadata": {}})
    assert found == {
        "Recommender": {
            "Status": "ACTIVE",
            "CreationDateTime": "2026-11-26T04:00:00Z",
            "ModelMetrics": {"coverage": 1},
        }
    }


def test_an_action_without_an_answer_gives_an_empty_object() -> None:
    assert action(f"{_STATES}personalize:deleteCampaign").result({"ResponseMetadata": {}}) == {}


@pytest.mark.parametrize(
    ("resource", "code", "name"),
    [
        ("personalize:createSolutionVersion", "LimitExceededException", "Personalize.LimitExceededException"),
        ("personalize:createSolutionVersion", "ThrottlingException", "Personalize.PersonalizeException"),
        ("sfn:startExecution", "ExecutionAlreadyExists", "Sfn.ExecutionAlreadyExistsException"),
        ("ssm:getParameter", "ParameterNotFound", "Ssm.ParameterNotFoundException"),
        ("cloudformation:describeStacks", "ValidationError", "CloudFormation.CloudFormationException"),
    ],
)
def test_errors_have_the_names_that_a_retrier_matches(resource: str, code: str, name: str) -> None:
    assert action(f"{_STATES}{resource}").error_name(refused(code)) == name


@pytest.mark.parametrize(
    ("resource", "arguments", "sentence"),
    [
        ("personalize:createSolutionVersion", {"solutionArn": "x"}, "Arguments: has no member 'solutionArn'"),
        ("personalize:createSolution", {"SolutionConfig": {"No": 1}}, "Arguments.SolutionConfig: has no member 'No'"),
        ("personalize:createSolution", {"Tags": {}}, "Arguments.Tags: must be an array"),
        ("personalize:createSolution", {"SolutionConfig": "x"}, "Arguments.SolutionConfig: must be an object"),
    ],
)
def test_arguments_that_do_not_fit_are_refused_with_their_path(
    resource: str, arguments: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ArgumentsError, match=sentence):
        action(f"{_STATES}{resource}").members(arguments)


@pytest.mark.parametrize(
    "resource", [f"{_STATES}personalize:CreateSolution", f"{_STATES}stepfunctions:listExecutions", "arn:aws:sns:::x"]
)
def test_an_action_that_step_functions_does_not_know_is_refused(resource: str) -> None:
    with pytest.raises(ArgumentsError):
        action(resource)
