"""CloudFormation hands every scalar over as text; the API's own model says what each one is."""

from __future__ import annotations

from typing import Any

import pytest

from lambdas.personalize_provider.api import Api
from lambdas.personalize_provider.errors import ProviderError
from tests.lambdas.personalize_provider.support.single_requests import Requests
from tests.lambdas.personalize_provider.support.template_parts import custom
from tools.simulation.cloud import VirtualCloud
from tools.simulation.framework import words


@pytest.fixture(scope="module")
def api() -> Api:
    return VirtualCloud().api


def hpo(name: str, **range_: Any) -> dict[str, Any]:
    return {"SolutionConfig": {"HpoConfig": {"AlgorithmHyperParameterRanges": {name: [range_]}}}}


@pytest.mark.parametrize(
    ("operation", "properties", "request_members"),
    [
        ("CreateCampaign", {"MinProvisionedTPS": "20"}, {"minProvisionedTPS": 20}),
        ("CreateSolution", {"PerformHPO": "true"}, {"performHPO": True}),
        ("CreateSolution", {"PerformHPO": "False"}, {"performHPO": False}),
        ("CreateFilter", {"FilterExpression": "true"}, {"filterExpression": "true"}),
        (
            "CreateRecommender",
            {
                "RecommenderConfig": {
                    "ItemExplorationConfig": {"explorationWeight": "0.3", "Other": "1"},
                    "MinRecommendationRequestsPerSecond": "2",
                    "TrainingDataConfig": {"ExcludedDatasetColumns": {"ITEMS": ["PRICE", "7"], "USERS": []}},
                }
            },
            {
                "recommenderConfig": {
                    # The keys of a map are content, not members.
                    "itemExplorationConfig": {"explorationWeight": "0.3", "Other": "1"},
                    "minRecommendationRequestsPerSecond": 2,
                    "trainingDataConfig": {"excludedDatasetColumns": {"ITEMS": ["PRICE", "7"], "USERS": []}},
                }
            },
        ),
        (
            "CreateSolution",
            hpo("ContinuousHyperParameterRanges", Name="rate", MinValue="0.5", MaxValue="1"),
            {
                "solutionConfig": {
                    "hpoConfig": {
                        "algorithmHyperParameterRanges": {
                            "continuousHyperParameterRanges": [{"name": "rate", "minValue": 0.5, "maxValue": 1.0}]
                        }
                    }
                }
            },
        ),
    ],
)
def test_text_becomes_what_the_api_takes(
    api: Api, operation: str, properties: dict[str, Any], request_members: dict[str, Any]
) -> None:
    assert api.request(operation, properties) == request_members


RANGES = "SolutionConfig.HpoConfig.AlgorithmHyperParameterRanges"


@pytest.mark.parametrize(
    ("operation", "properties", "sentence"),
    [
        ("CreateCampaign", {"MinProvisionedTPS": "many"}, "MinProvisionedTPS must be of type integer, but is 'many'."),
        ("CreateCampaign", {"MinProvisionedTPS": "1.5"}, "MinProvisionedTPS must be of type integer, but is '1.5'."),
        ("CreateCampaign", {"MinProvisionedTPS": {}}, "MinProvisionedTPS must be of type integer, but is '{}'."),
        ("CreateSolution", {"PerformHPO": "yes"}, "PerformHPO must be of type boolean, but is 'yes'."),
        ("CreateFilter", {"FilterExpression": ["x"]}, "FilterExpression must be of type string, but is '['x']'."),
        (
            "CreateCampaign",
            {"CampaignConfig": {"EnableMetadataWithRecommendations": "1"}},
            "CampaignConfig.EnableMetadataWithRecommendations must be of type boolean, but is '1'.",
        ),
        (
            "CreateSolution",
            hpo("IntegerHyperParameterRanges", MinValue="low"),
            f"{RANGES}.IntegerHyperParameterRanges[0].MinValue must be of type integer, but is 'low'.",
        ),
        (
            "CreateSolution",
            hpo("ContinuousHyperParameterRanges", MaxValue="high"),
            f"{RANGES}.ContinuousHyperParameterRanges[0].MaxValue must be of type double, but is 'high'.",
        ),
        ("CreateCampaign", {"CampaignConfig": "on"}, "CampaignConfig must be of type structure, but is 'on'."),
        (
            "CreateSolution",
            {"SolutionConfig": {"AlgorithmHyperParameters": "none"}},
            "SolutionConfig.AlgorithmHyperParameters must be of type map, but is 'none'.",
        ),
        (
            "CreateSolution",
            {"SolutionConfig": {"TrainingDataConfig": {"ExcludedDatasetColumns": {"ITEMS": "PRICE"}}}},
            "SolutionConfig.TrainingDataConfig.ExcludedDatasetColumns.ITEMS must be of type list, but is 'PRICE'.",
        ),
        (
            "CreateCampaign",
            {"CampaignConfig": {"X": "1"}},
            "CampaignConfig has no member X. Remove it from the template.",
        ),
        (
            "CreateSolution",
            hpo("IntegerHyperParameterRanges", Min="1", Max="2"),
            f"{RANGES}.IntegerHyperParameterRanges[0] has no member Max, Min. Remove it from the template.",
        ),
    ],
)
def test_what_the_api_does_not_take_is_named_by_its_path(
    api: Api, operation: str, properties: dict[str, Any], sentence: str
) -> None:
    with pytest.raises(ProviderError) as refused:
        api.request(operation, properties)
    assert str(refused.value) == sentence


def test_an_unknown_property_is_refused_before_anything_is_made(cloud: VirtualCloud) -> None:
    properties = custom("DatasetGroup", Domain="VIDEO_ON_DEMAND", Colour="red", Age="1")["Properties"]
    response = Requests(cloud, "DatasetGroup").create(properties)
    assert words(response.reason) == (
        "Custom::PersonalizeDatasetGroup has no property Age, Colour. Remove it from the template."
    )
    assert cloud.inventory() == {}


def test_a_wrong_type_is_refused_without_a_call_that_changes_anything(cloud: VirtualCloud) -> None:
    properties = custom("Campaign", SolutionVersionArn="arn:x", MinProvisionedTPS="many")["Properties"]
    response = Requests(cloud, "Campaign").create(properties)
    assert words(response.reason) == "MinProvisionedTPS must be of type integer, but is 'many'."
    assert "CreateCampaign" not in cloud.calls


def test_a_type_that_is_not_ours_is_refused(cloud: VirtualCloud) -> None:
    response = Requests(cloud, "BatchInferenceJob").create({"ServiceToken": "token"})
    assert words(response.reason) == "Custom::PersonalizeBatchInferenceJob is not a type of this provider."
