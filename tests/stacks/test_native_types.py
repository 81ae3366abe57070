"""docs/decisions/0001: what keeps us from CloudFormation's native Personalize types must still be so.

It looks at the newest schemas there are here: those that cfn-lint carries, and those that the CDK's own classes were
made from. When a test fails, a native type has caught up: look whether that type can be switched over.
"""

from __future__ import annotations

import inspect
from typing import Any

import pytest
from aws_cdk import aws_personalize as native
from cfnlint.schema import ResourceNotFoundError
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER


def registry_schema(noun: str) -> dict[str, Any]:
    """Of cfn-lint; empty if it has none."""
    try:
        return PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", f"AWS::Personalize::{noun}").schema
    except ResourceNotFoundError:
        return {}


def members(of_class: type | None) -> set[str]:
    """What a class of the CDK takes, as templates name it and in lower case; nothing if there is no such class."""
    return {name.replace("_", "") for name in inspect.signature(of_class).parameters} if of_class else set()


def properties(noun: str) -> set[str]:
    """Properties of a type in either source, in lower case."""
    of_lint = {name.lower() for name in registry_schema(noun).get("properties", {})}
    return of_lint | members(getattr(native, f"Cfn{noun}Props", None))


def nested(noun: str, structure: str) -> set[str]:
    """Members of a structure that a type has, in either source, in lower case."""
    of_lint = registry_schema(noun).get("definitions", {}).get(structure, {}).get("properties", {})
    of_cdk = getattr(getattr(native, f"Cfn{noun}", None), f"{structure}Property", None)
    return {name.lower() for name in of_lint} | members(of_cdk)


def test_both_sources_are_read() -> None:
    assert "schemaarn" in {name.lower() for name in registry_schema("Dataset")["properties"]}
    assert {"schemaarn", "datasettype"} <= members(native.CfnDatasetProps)
    assert "algorithmhyperparameters" in nested("Solution", "SolutionConfig")


@pytest.mark.parametrize(
    ("noun", "prop"),
    [
        ("Dataset", "SchemaArn"),
        ("Dataset", "Tags"),
        ("DatasetGroup", "Tags"),
        ("Schema", "Tags"),
        ("Solution", "Tags"),
        ("MetricAttribution", "Metrics"),
    ],
)
def test_native_type_replaces_where_the_api_updates(noun: str, prop: str) -> None:
    assert f"/properties/{prop}" in registry_schema(noun)["createOnlyProperties"]


@pytest.mark.parametrize("prop", ["PerformAutoTraining", "PerformIncrementalUpdate", "SolutionUpdateConfig"])
def test_native_solution_cannot_turn_automatic_training_off(prop: str) -> None:
    assert prop.lower() not in properties("Solution")


def test_native_solution_has_no_update() -> None:
    assert "update" not in registry_schema("Solution")["handlers"]


@pytest.mark.parametrize("noun", ["Filter", "EventTracker", "Campaign", "MetricAttribution"])
def test_native_type_needs_a_name_that_a_replacement_collides_with(noun: str) -> None:
    schema = registry_schema(noun)
    assert "Name" in schema["required"]
    assert "/properties/Name" in schema["createOnlyProperties"]


# A native type since aws-cdk-lib 2.276 (CDK API reference, CfnRecommenderProps), which neither source may have yet.
RECOMMENDER = {"datasetgrouparn", "name", "recipearn", "recommenderconfig", "tags"}


def test_native_recommender_can_neither_be_stopped_nor_be_told_which_columns_to_include() -> None:
    """It has its name and what the API creates it with, and no more."""
    ours = {"status", "recommenderarn"}  # read-only, where a schema lists attributes
    assert properties("Recommender") - ours <= RECOMMENDER
    assert nested("Recommender", "TrainingDataConfig") <= {"excludeddatasetcolumns"}


def test_native_recommender_needs_a_name_that_a_replacement_collides_with() -> None:
    schema = registry_schema("Recommender")
    assert not schema or ("Name" in schema["required"] and "/properties/Name" in schema["createOnlyProperties"])


@pytest.mark.parametrize("noun", ["SolutionVersion", "DatasetImportJob"])
def test_there_is_no_native_type(noun: str) -> None:
    assert registry_schema(noun) == {}
    assert not hasattr(native, f"Cfn{noun}")
