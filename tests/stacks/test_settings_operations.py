"""The section `operations`: what it is without a word, and what each mistake in it says."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.settings import SettingsError, load_settings
from stacks.settings_operations import OperationsSettings
from tools.checkout import EXAMPLE_SETTINGS


def test_what_it_leaves_out_has_a_default() -> None:
    settings = OperationsSettings.model_validate({})
    assert (settings.time_zone, settings.flexible_window, settings.emails) == ("UTC", 15, [])
    assert settings.serving_hours is settings.forget_users is None
    assert settings.campaign_throughput == {}
    refresh = settings.refresh
    assert (refresh.datasets, refresh.train, refresh.schedules) == ({}, "if-new", {})
    assert (refresh.on_new_files, refresh.when_files_come.train) == (None, None)


# -- mistakes that one field alone does not show -------------------------------------------------------------------

OPERATIONS = "operations"
LONG = "a" * 60
HOURS = {"start": "cron(0 7 * * ? *)", "stop": "cron(0 23 * * ? *)", "recommenders": ["top_picks"]}
NIGHT = {"at": "cron(0 22 * * ? *)", "min_provisioned_tps": 1}


def mistakes(folder: Path, operations: dict[str, Any], **others: Any) -> list[str]:
    """What is wrong with prod if its operations and some other settings are these."""
    config = Path(shutil.copytree(EXAMPLE_SETTINGS, folder / "config"))
    settings = yaml.safe_load((config / "prod.yaml").read_text()) | {OPERATIONS: operations} | others
    (config / "prod.yaml").write_text(yaml.safe_dump(settings))
    try:
        load_settings("prod", config)
    except SettingsError as error:
        return [line.partition("prod.yaml: ")[2] for line in str(error).splitlines()]
    return []


@pytest.mark.parametrize(
    ("operations", "others", "says"),
    [
        (
            {"emails": ["a@b.com", "a@b.com"]},
            {},
            "operations.emails: 'a@b.com' is in the list twice. Remove one of them.",
        ),
        (
            {"serving_hours": {**HOURS, "recommenders": ["picks"]}},
            {},
            "operations.serving_hours.recommenders: 'picks' is not a recommender. These settings have more_like_x, "
            "top_picks.",
        ),
        (
            {"serving_hours": HOURS},
            {"recommenders": {}},
            "operations.serving_hours.recommenders: 'top_picks' is not a recommender. These settings have none.",
        ),
        (
            {"serving_hours": HOURS},
            {"recommenders": {"top_picks": {"recipe": "aws-vod-top-picks", "active": False}}},
            "operations.serving_hours.recommenders: 'top_picks' has active: false, but would be started. Remove it "
            "from the list, or set active to true.",
        ),
        (
            {"serving_hours": {**HOURS, "recommenders": ["top_picks", "top_picks"]}},
            {},
            "operations.serving_hours.recommenders: a name is in the list twice. Remove one of them.",
        ),
        (
            {"serving_hours": {**HOURS, "stop": HOURS["start"]}},
            {},
            "operations.serving_hours.stop: 'cron(0 7 * * ? *)' is when they start, too. Correct one of them.",
        ),
        (
            {"campaign_throughput": {"night": NIGHT}},
            {"ranking": None},
            "operations.campaign_throughput: ranking is empty, so there is no campaign. Remove it, or add ranking.",
        ),
        (
            {"campaign_throughput": {LONG: NIGHT}},
            {},
            f"operations.campaign_throughput: '{LONG}' has 60 characters, at most 53 are allowed, because it becomes "
            "the name of a schedule. Shorten it.",
        ),
        (
            {"refresh": {"schedules": {LONG: {"at": "rate(1 day)"}}}},
            {},
            f"operations.refresh.schedules: '{LONG}' has 60 characters, at most 56 are allowed, because it becomes the "
            "name of a schedule. Shorten it.",
        ),
        ({"alarms": {"latency_ms": 0}}, {}, "operations.alarms.latency_ms: must be at least 1, but is 0."),
        (
            {"alarms": {"server_errors_percent": 101}},
            {},
            "operations.alarms.server_errors_percent: must be at most 100, but is 101.",
        ),
        (
            {"alarms": {"data_age_hours": {"films": 5}}},
            {},
            "operations.alarms.data_age_hours.films: must be 'interactions', 'items' or 'users', but is 'films'.",
        ),
    ],
)
def test_a_mistake_is_one_sentence(
    tmp_path: Path, operations: dict[str, Any], others: dict[str, Any], says: str
) -> None:
    assert mistakes(tmp_path, operations, **others) == [says]


def test_an_age_of_data_that_is_not_there(tmp_path: Path) -> None:
    datasets = {"interactions": {"schema_file": "schemas/interactions.avsc"}}
    found = mistakes(
        tmp_path,
        {"alarms": {"data_age_hours": {"items": 5}}},
        datasets=datasets,
        recommenders={},
        ranking=None,
        filters={},
    )
    assert found == [
        "operations.alarms.data_age_hours.items: there is no items dataset. Remove it, or add the dataset."
    ]


def test_right_ones_are_taken(tmp_path: Path) -> None:
    assert mistakes(tmp_path, {"serving_hours": HOURS, "campaign_throughput": {"night": NIGHT}}) == []
