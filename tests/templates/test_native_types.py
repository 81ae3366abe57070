"""docs/decisions/0001: what keeps us from CloudFormation's native Personalize types must still be so.

When a test here fails, a native type has caught up: look whether that type can be switched over.
"""

from __future__ import annotations

from typing import Any

import pytest
from cfnlint.schema import ResourceNotFoundError
from cfnlint.schema.manager import PROVIDER_SCHEMA_MANAGER


def registry_schema(noun: str) -> dict[str, Any]:
    return PROVIDER_SCHEMA_MANAGER.get_resource_schema("us-east-1", f"AWS::Personalize::{noun}").schema


@pytest.mark.parametrize(
    ("noun", "prop"),
    [
        ("Dataset", "SchemaArn"),
        ("Dataset", "Tags"),
        ("DatasetGroup", "Tags"),
        ("Schema", "Tags"),
        ("Solution", "Tags"),
    ],
)
def test_native_type_replaces_where_the_api_updates(noun: str, prop: str) -> None:
    assert f"/properties/{prop}" in registry_schema(noun)["createOnlyProperties"]


@pytest.mark.parametrize("prop", ["PerformAutoTraining", "PerformIncrementalUpdate", "SolutionUpdateConfig"])
def test_native_solution_cannot_turn_automatic_training_off(prop: str) -> None:
    assert prop not in registry_schema("Solution")["properties"]


def test_native_solution_has_no_update() -> None:
    assert "update" not in registry_schema("Solution")["handlers"]


@pytest.mark.parametrize("noun", ["Filter", "EventTracker", "Campaign"])
def test_native_type_needs_a_name_that_a_replacement_collides_with(noun: str) -> None:
    schema = registry_schema(noun)
    assert "Name" in schema["required"]
    assert "/properties/Name" in schema["createOnlyProperties"]


@pytest.mark.parametrize("noun", ["Recommender", "SolutionVersion", "DatasetImportJob"])
def test_there_is_no_native_type(noun: str) -> None:
    with pytest.raises(ResourceNotFoundError):
        registry_schema(noun)
