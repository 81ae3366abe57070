"""The section `operations`: what it is without a word, and what each mistake in it says."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest
import yaml

from stacks.settings import Refreshed, SettingsError, load_settings
from stacks.settings_operations import OperationsSettings
from stacks.settings_operations_checks import hints
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
DAILY = "cron(0 4 * * ? *)"
CLICKS: dict[str, Any] = {"interactions": {}}
AUTOMATIC = {
    "recipe": "aws-personalized-ranking-v2",
    "auto_training_days": 7,
    "campaign": {"follow_latest": True},
}
KEY = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
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
        (
            {"refresh": {"schedules": {"daily": {"at": DAILY, "datasets": ["items", "users"]}}, "datasets": CLICKS}},
            {},
            [
                "operations.refresh.schedules.daily.datasets: 'items' is not refreshed. Use interactions, or add it to "
                "refresh.datasets.",
                "operations.refresh.schedules.daily.datasets: 'users' is not refreshed. Use interactions, or add it to "
                "refresh.datasets.",
            ],
        ),
        (
            {"refresh": {"train": "always"}},
            {"ranking": None},
            "operations.refresh.train: is always, but ranking is empty, so there is nothing to train. Remove it, or "
            "add ranking.",
        ),
        (
            {"refresh": {"schedules": {"daily": {"at": DAILY, "train": "always"}}, "train": "never"}},
            {"ranking": AUTOMATIC},
            "operations.refresh.schedules.daily.train: is always, but ranking.auto_training_days trains too, and both "
            "are billed. Set it to never, or ranking.auto_training_days to null.",
        ),
        (
            {},
            {"ranking": AUTOMATIC},
            "operations.refresh.train: is if-new, but ranking.auto_training_days trains too, and both are billed. Set "
            "it to never, or ranking.auto_training_days to null.",
        ),
        (
            {"refresh": {"schedules": {"daily": {"at": "cron(0 25 * * ? *)"}}}},
            {},
            "operations.refresh.schedules.daily.at: 'cron(0 25 * * ? *)': '25' cannot be the hours. Use 0 to 23.",
        ),
        (
            {"time_zone": "Berlin"},
            {},
            "operations.time_zone: 'Berlin' is not a time zone. Use a name of the IANA, such as Europe/Berlin or UTC.",
        ),
        (
            {"flexible_window": "2d"},
            {},
            "operations.flexible_window: must be a number of minutes or hours, such as 10m or 2h.",
        ),
        ({"refresh": {"on_new_files": "25h"}}, {}, "operations.refresh.on_new_files: '25h' must be 1m to 1440m."),
        ({"emails": ["ops"]}, {}, "operations.emails.0: 'ops' must be an e-mail address."),
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
        (
            {"forget_users": {}},
            {"encryption_key": KEY},
            "operations.forget_users: Amazon Personalize reads no list of users from a bucket that is encrypted with a "
            "key of your own. Remove it, or encryption_key.",
        ),
        (
            {"forget_users": {"train": True}},
            {"ranking": None},
            "operations.forget_users.train: ranking is empty, so nothing is trained. Remove it, or add ranking.",
        ),
        (
            {"batch": {LONG: {"at": "rate(1 day)"}}},
            {},
            f"operations.batch: '{LONG}' has 60 characters, at most 58 are allowed, because it becomes the name of a "
            "schedule. Shorten it.",
        ),
        (
            {"batch": {"mail": {"filter": "seen"}}},
            {},
            "operations.batch.mail.filter: 'seen' is not a filter. These settings have genre, unwatched.",
        ),
        (
            {"batch": {"mail": {"segments": True}}},
            {},
            "operations.batch.mail.solution_version_arn: is missing. Name a version that makes segments; the ranking's "
            "does not.",
        ),
        (
            {"batch": {"mail": {}}},
            {"ranking": None},
            "operations.batch.mail.solution_version_arn: is missing, and ranking is empty. Name a version, or add "
            "ranking.",
        ),
        (
            {"batch": {"mail": {"solution_version_arn": "fans/1"}}},
            {},
            "operations.batch.mail.solution_version_arn: 'fans/1' must be the ARN of a solution version, "
            "arn:aws:personalize:REGION:ACCOUNT:solution/NAME/ID.",
        ),
        (
            {"batch": {"mail": {"input": "s3://data/mail", "output": "s3://data/mail/"}}},
            {},
            "operations.batch.mail.output: is where the input is. Use another folder.",
        ),
        (
            {"batch": {"mail": {"output": "s3://data/mail"}}},
            {},
            "operations.batch.mail.output: 's3://data/mail' must be a folder and end in a slash.",
        ),
        (
            {"batch": {"mail": {"num_results": 0}}},
            {},
            "operations.batch.mail.num_results: must be at least 1, but is 0.",
        ),
    ],
)
def test_a_mistake_is_one_sentence(
    tmp_path: Path, operations: dict[str, Any], others: dict[str, Any], says: str | list[str]
) -> None:
    assert mistakes(tmp_path, operations, **others) == ([says] if isinstance(says, str) else says)


def test_datasets_that_are_not_there(tmp_path: Path) -> None:
    datasets = {"interactions": {"schema_file": "schemas/interactions.avsc"}}
    operations = {"alarms": {"data_age_hours": {"items": 5}}, "refresh": {"datasets": {"items": {}}}}
    assert mistakes(tmp_path, operations, datasets=datasets, recommenders={}, ranking=None, filters={}) == [
        "operations.alarms.data_age_hours.items: there is no items dataset. Remove it, or add the dataset.",
        "operations.refresh.datasets.items: there is no items dataset. Remove it, or add the dataset.",
    ]


def test_right_ones_are_taken(tmp_path: Path) -> None:
    assert mistakes(tmp_path, {"serving_hours": HOURS, "campaign_throughput": {"night": NIGHT}}) == []


# -- what is allowed, but may not be what is meant -------------------------------------------------------------------

COMPARING = {"compare_with_deployed": True, "fail_on_other_data": True}


def hinted(folder: Path, operations: dict[str, Any], gate: dict[str, Any]) -> list[str]:
    config = Path(shutil.copytree(EXAMPLE_SETTINGS, folder / "config"))
    settings = yaml.safe_load((config / "prod.yaml").read_text()) | {OPERATIONS: operations}
    settings["ranking"]["quality_gate"] = gate
    (config / "prod.yaml").write_text(yaml.safe_dump(settings))
    return list(hints(load_settings("prod", config)))


@pytest.mark.parametrize(
    ("train", "gate", "is_said"),
    [
        ("if-new", {}, True),
        ("if-new", {"compare_with_deployed": True}, True),
        ("if-new", {"minimums": {"coverage": 0.1}}, False),
        ("if-new", COMPARING, False),
        ("never", {}, False),
    ],
)
def test_a_gate_that_lets_everything_pass_after_an_import(
    tmp_path: Path, train: str, gate: dict[str, Any], is_said: bool
) -> None:
    found = hinted(tmp_path, {"refresh": {"train": train}}, gate)
    assert any("lets every version serve that a refresh trains" in each for each in found) is is_said


@pytest.mark.parametrize(
    ("zone", "at", "is_said"),
    [
        ("Europe/Berlin", "cron(30 2 * * ? *)", True),
        ("Europe/Berlin", "cron(30 3 * * ? *)", False),
        ("Europe/Berlin", "rate(2 hours)", False),
        ("Asia/Tokyo", "cron(30 2 * * ? *)", False),
    ],
)
def test_an_hour_that_is_skipped_once_a_year(tmp_path: Path, zone: str, at: str, is_said: bool) -> None:
    operations = {"time_zone": zone, "refresh": {"schedules": {"nightly": {"at": at}}}}
    said = (
        f"operations.refresh.schedules.nightly.at: on the day on which clocks go forward there is no hour 2 in {zone}"
    )
    assert any(each.startswith(said) for each in hinted(tmp_path, operations, COMPARING)) is is_said


# -- what a refresh imports ------------------------------------------------------------------------------------------


def test_a_refresh_imports_from_where_deployments_do_and_what_comes_beside_the_sample(tmp_path: Path) -> None:
    config = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))
    settings = yaml.safe_load((config / "dev.yaml").read_text()) | {OPERATIONS: {}}
    settings["datasets"]["users"]["data_location"] = "s3://films/users/"
    (config / "dev.yaml").write_text(yaml.safe_dump(settings))
    assert load_settings("dev", config).refreshed == {
        "INTERACTIONS": Refreshed(None, "incoming/interactions/", "INCREMENTAL"),
        "ITEMS": Refreshed(None, "incoming/items/", "INCREMENTAL"),
        "USERS": Refreshed("s3://films/users/", "incoming/users/", "FULL"),
    }
    (config / "dev.yaml").write_text(yaml.safe_dump(settings | {OPERATIONS: None}))
    assert load_settings("dev", config).refreshed == {}
