"""Requests and answers against the service model."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from tools.emulator.shapes import checked_input, operation_model, shaped_output


def taken(operation: str, params: dict[str, Any], api: str = "personalize") -> dict[str, Any]:
    return checked_input(operation_model(api, operation).input_shape, params)


def given(operation: str, value: dict[str, Any]) -> dict[str, Any]:
    return shaped_output(operation_model("personalize", operation).output_shape, value)


def test_members_the_model_does_not_know_are_left_out() -> None:
    assert taken("CreateDatasetGroup", {"name": "movies", "colour": "red"}) == {"name": "movies"}


def test_members_that_are_null_are_left_out() -> None:
    assert taken("CreateDatasetGroup", {"name": "movies", "domain": None}) == {"name": "movies"}


def test_times_become_seconds() -> None:
    event = {"eventType": "Watch", "sentAt": datetime(2026, 1, 1, tzinfo=UTC)}
    found = taken("PutEvents", {"trackingId": "t", "sessionId": "s", "eventList": [event]}, "personalize-events")
    assert found["eventList"] == [{"eventType": "Watch", "sentAt": 1767225600.0}]


def test_an_answer_has_the_members_of_the_model_only() -> None:
    description = {"name": "movies", "status": "ACTIVE", "failureReason": None, "colour": "red"}
    assert given("DescribeDatasetGroup", {"datasetGroup": description, "other": 1}) == {
        "datasetGroup": {"name": "movies", "status": "ACTIVE"}
    }


def test_an_operation_without_an_answer_answers_nothing() -> None:
    assert given("DeleteDatasetGroup", {"datasetGroupArn": "x"}) == {}


@pytest.mark.parametrize("name", [7, True, ["movies"]])
def test_an_answer_of_the_wrong_type_is_a_mistake_of_the_emulator(name: object) -> None:
    with pytest.raises(TypeError, match="Name is a string"):
        given("DescribeDatasetGroup", {"datasetGroup": {"name": name}})
