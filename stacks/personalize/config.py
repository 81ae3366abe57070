"""Parts of requests that several resource types take."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from aws_cdk import Arn, ArnComponents, ArnFormat, Stack, Token
from constructs import Construct

from .domain import DatasetType
from .errors import PropsError
from .limits import (
    ALWAYS_TRAINED_ON,
    COLUMN_NAME_MAX_LENGTH,
    COLUMN_NAME_PATTERN,
    EVENT_TYPE_MAX_LENGTH,
    EVENT_WEIGHT_RANGE,
    EXPLORATION_ITEM_AGE_CUT_OFF_MIN,
    EXPLORATION_WEIGHT_RANGE,
    MAX_EVENT_PARAMETERS,
    MAX_LISTED_COLUMNS,
    MAX_TPS,
    MIN_TPS,
    S3_LOCATION_MAX_LENGTH,
)

DatasetColumns = Mapping[str, Sequence[str]]
"""By dataset type (INTERACTIONS, ITEMS, USERS), names of columns."""


@dataclass(frozen=True)
class ItemExplorationConfig:
    """How much to try items with few interactions (API: itemExplorationConfig).

    Attributes:
        exploration_weight: 0 (never) to 1 (most).
        exploration_item_age_cut_off: age in days up to which an item is tried.
    """

    exploration_weight: float
    exploration_item_age_cut_off: float

    def check(self, id: str) -> None:
        """Refuse values out of range.

        Args:
            id: construct id, for the message.

        Raises:
            PropsError: a value is out of its range.
        """
        check_range(id, "exploration_weight", self.exploration_weight, EXPLORATION_WEIGHT_RANGE)
        if self.exploration_item_age_cut_off < EXPLORATION_ITEM_AGE_CUT_OFF_MIN:
            raise PropsError(
                f"{id}: exploration_item_age_cut_off must be at least {EXPLORATION_ITEM_AGE_CUT_OFF_MIN} day, "
                f"but is {self.exploration_item_age_cut_off}."
            )

    def render(self) -> dict[str, str]:
        """As the API takes it: a map of strings."""
        return {
            "explorationWeight": f"{self.exploration_weight:g}",
            "explorationItemAgeCutOff": f"{self.exploration_item_age_cut_off:g}",
        }


@dataclass(frozen=True)
class EventParameters:
    """How much events of a type count in training (API: EventParameters).

    Attributes:
        event_type: a value of EVENT_TYPE, at most 256 characters.
        weight: 0 (nothing) to 1 (most); default: the service's.
        event_value_threshold: the least EVENT_VALUE that counts; default: all count.
    """

    event_type: str
    weight: float | None = None
    event_value_threshold: float | None = None

    def check(self, id: str) -> None:
        """Refuse values out of range.

        Args:
            id: construct id, for the message.

        Raises:
            PropsError: a value is out of its range.
        """
        check_event_type(id, self.event_type)
        if self.weight is not None:
            check_range(id, f"the weight of {self.event_type}", self.weight, EVENT_WEIGHT_RANGE)

    def render(self) -> dict[str, str | float]:
        """As the API takes it."""
        given = {"Weight": self.weight, "EventValueThreshold": self.event_value_threshold}
        return {"EventType": self.event_type, **{name: value for name, value in given.items() if value is not None}}


def check_range(id: str, what: str, value: float, bounds: tuple[float, float]) -> None:
    """Refuse a number that is out of its range.

    Args:
        id: construct id, for the message.
        what: what the number is, for the message.
        value: the number.
        bounds: the least and the largest that are allowed.

    Raises:
        PropsError: it is smaller or larger.
    """
    low, high = bounds
    if not low <= value <= high:
        raise PropsError(f"{id}: {what} must be {low:g} to {high:g}, but is {value}.")


def check_event_type(id: str, event_type: str) -> None:
    """Refuse a value that EVENT_TYPE cannot have.

    Raises:
        PropsError: it is empty or too long.
    """
    if not 1 <= len(event_type) <= EVENT_TYPE_MAX_LENGTH:
        raise PropsError(f"{id}: event_type must have 1 to {EVENT_TYPE_MAX_LENGTH} characters.")


def events_config(id: str, events: Sequence[EventParameters]) -> dict[str, list[dict[str, str | float]]]:
    """Weights of event types, as the API takes them.

    Raises:
        PropsError: there are too many, or a value is out of its range.
    """
    for event in events:
        event.check(id)
    if len(events) > MAX_EVENT_PARAMETERS:
        raise PropsError(
            f"{id}: events_config has {len(events)} event types; at most {MAX_EVENT_PARAMETERS} are allowed."
        )
    return {"EventParametersList": [event.render() for event in events]}


def recipe_arn(scope: Construct, recipe: str) -> str:
    """ARN of a recipe of the service, from its name or its ARN."""
    if recipe.startswith("arn:") or Token.is_unresolved(recipe):
        return recipe
    return Arn.format(
        ArnComponents(
            service="personalize",
            region="",
            account="",
            resource="recipe",
            resource_name=recipe,
            arn_format=ArnFormat.SLASH_RESOURCE_NAME,
        ),
        Stack.of(scope),
    )


def training_data_config(
    id: str, excluded: DatasetColumns | None, included: DatasetColumns | None = None
) -> dict[str, dict[str, list[str]]]:
    """Columns that training leaves out, and those that it takes, as the API takes them.

    The excluded ones are always rendered, so that taking the last one away from the list reaches the service.

    Raises:
        PropsError: a dataset type, a column name or their number is not what the API allows, a column is both included
            and excluded, or one is excluded that training needs.
    """
    _check_columns(id, "excluded_dataset_columns", excluded or {})
    _check_columns(id, "included_dataset_columns", included or {})
    for dataset_type, columns in (excluded or {}).items():
        _check_excluded(id, dataset_type, columns, (included or {}).get(dataset_type, ()))
    config = {"ExcludedDatasetColumns": _as_lists(excluded)}
    return {**config, "IncludedDatasetColumns": _as_lists(included)} if included else config


def _check_excluded(id: str, dataset_type: str, columns: Sequence[str], included: Sequence[str]) -> None:
    needed = [column for column in columns if column in ALWAYS_TRAINED_ON]
    if needed:
        raise PropsError(f"{id}: excluded_dataset_columns has '{needed[0]}', without which nothing can be trained.")
    both = [column for column in columns if column in included]
    if both:
        raise PropsError(f"{id}: '{both[0]}' of {dataset_type} is both included and excluded. Choose one.")


def _check_columns(id: str, prop: str, columns_by_type: DatasetColumns) -> None:
    for dataset_type, columns in columns_by_type.items():
        if dataset_type not in list(DatasetType):
            raise PropsError(f"{id}: {prop} has '{dataset_type}'; its keys must be INTERACTIONS, ITEMS or USERS.")
        if isinstance(columns, str):
            raise PropsError(f"{id}: {prop} has the text '{columns}' for {dataset_type}; it must be a list of columns.")
        wrong = [column for column in columns if not _is_column_name(column)]
        if wrong:
            raise PropsError(f"{id}: {prop} has '{wrong[0]}', which is not a column name.")
        if len(columns) > MAX_LISTED_COLUMNS:
            raise PropsError(
                f"{id}: {prop} has {len(columns)} columns of {dataset_type}; at most {MAX_LISTED_COLUMNS} are allowed."
            )


def _as_lists(columns_by_type: DatasetColumns | None) -> dict[str, list[str]]:
    return {kind: list(columns) for kind, columns in (columns_by_type or {}).items()}


def _is_column_name(text: str) -> bool:
    return bool(re.fullmatch(COLUMN_NAME_PATTERN, text)) and len(text) <= COLUMN_NAME_MAX_LENGTH


def check_throughput(id: str, prop: str, value: int) -> None:
    """Refuse a provisioned throughput that the API refuses.

    Args:
        id: construct id, for the message.
        prop: name of the prop.
        value: requests per second.

    Raises:
        PropsError: it is no whole number, or out of range.
    """
    if Token.is_unresolved(value):
        return
    if not isinstance(value, int) or isinstance(value, bool):
        raise PropsError(f"{id}: {prop} must be a whole number of requests per second, but is {value!r}.")
    if value < MIN_TPS:
        raise PropsError(f"{id}: {prop} must be at least {MIN_TPS} request per second, but is {value}.")
    if value > MAX_TPS:
        raise PropsError(f"{id}: {prop} must be at most {MAX_TPS} requests per second, but is {value}.")


def check_location(id: str, prop: str, location: str) -> None:
    """Refuse a location that the API refuses (API: S3Location).

    Args:
        id: construct id, for the message.
        prop: name of the prop.
        location: at most 256 characters.

    Raises:
        PropsError: it is not in S3, or too long.
    """
    if Token.is_unresolved(location):
        return
    if not location.startswith("s3://") or len(location) > S3_LOCATION_MAX_LENGTH:
        raise PropsError(
            f"{id}: {prop} must begin with s3:// and have at most {S3_LOCATION_MAX_LENGTH} characters, but is "
            f"'{location}'."
        )
