"""Every setting stands in an example, and each of them does something: another value makes another assembly."""

from __future__ import annotations

import copy
import json
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, get_args, get_origin

import pytest
import yaml
from aws_cdk import App
from pydantic import BaseModel

from app import add_stacks
from stacks.operations import OperationsStack
from stacks.settings import Settings, load_settings
from stacks.settings_adoption import Adoptable
from tools.checkout import EXAMPLE_SETTINGS

# Long, so it begins early.
pytestmark = pytest.mark.xdist_group("every setting")

Document = dict[str, Any]
# Stands for a name that users choose, and for any of the three datasets, which have the same settings.
ANY = "*"
KEY = "arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab"


# -- the model ---------------------------------------------------------------------------------------------------


def settings_of(model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Paths of all settings that have a value, not a section; under every section that may be there."""
    for name, known in model.model_fields.items():
        where = f"{path}{name}"
        found = list(sections(known.annotation))
        for section, is_named_by_users in found:
            yield from settings_of(section, f"{where}.{ANY}." if is_named_by_users else f"{where}.")
        if not found:
            yield where


def sections(annotation: Any) -> Iterator[tuple[type[BaseModel], bool]]:
    """The sections that a setting may be, and whether users choose their names."""
    if isinstance(annotation, type) and get_origin(annotation) is None and issubclass(annotation, BaseModel):
        yield annotation, False
    is_dict = get_origin(annotation) is dict
    for part in get_args(annotation):
        yield from ((section, is_dict or named) for section, named in sections(part))


def like_the_others(path: str) -> str:
    return re.sub(r"^datasets\.\w+\.", f"datasets.{ANY}.", path)


# What only `make explore` reads: tests/tools/explore/test_explore.py tries them.
SHOWN = {"explore.title", "explore.genres"}
EVERY = set(map(like_the_others, settings_of(Settings)))
# What exists is in examples of its own, and tried in tests/stacks/test_adopting.py.
OF_WHAT_EXISTS = {
    *(path for path in EVERY if path.rpartition(".")[2] in Adoptable.model_fields),
    *(path for path in EVERY if path.startswith(("existing.", "dataset_group."))),
    *(f"datasets.{ANY}.schema_name", "ranking.solution_version", "metric_attribution.role_arn"),
}


# -- the example -------------------------------------------------------------------------------------------------


def with_what_is_commented_out(text: str) -> str:
    """The settings file with its commented settings in force, which stand below the null that they replace."""
    text = re.sub(r": null\n(?= *#  +\w+:)", ":\n", text)
    return re.sub(r"^( *)# ( *\w+:.*)$", r"\1\2", text, flags=re.MULTILINE)


@cache
def example() -> str:
    return with_what_is_commented_out((EXAMPLE_SETTINGS / "dev.yaml").read_text())


def paths_in(document: Document, model: type[BaseModel], path: str = "") -> Iterator[str]:
    """Paths of the settings that a document has, with `*` for the names that users choose."""
    for name, value in document.items():
        where = f"{path}{name}"
        found = list(sections(model.model_fields[name].annotation))
        if not found:
            yield where
        for section, is_named_by_users in found:
            inner = value.values() if is_named_by_users else [value]
            for each in inner:
                if isinstance(each, dict):
                    yield from paths_in(each, section, f"{where}.{ANY}." if is_named_by_users else f"{where}.")


def test_every_setting_stands_in_an_example() -> None:
    texts = [example(), *((EXAMPLE_SETTINGS / f"{env}.yaml").read_text() for env in ("adopted", "existing"))]
    found = {like_the_others(path) for text in texts for path in paths_in(yaml.safe_load(text), Settings)}
    assert found == EVERY


def test_what_is_commented_out_is_right(tmp_path: Path) -> None:
    folder = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))
    (folder / "dev.yaml").write_text(example())
    assert load_settings("dev", folder).metric_attribution


# -- what each of them does --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Change:
    """Another value of a setting.

    Attributes:
        path: of the setting in the example.
        value: the other value.
        given: values of other settings, without which this one means nothing.
    """

    path: str
    value: Any
    given: Mapping[str, Any] = field(default_factory=dict)


# Sections that a change in one of them does without, which is faster.
LEFT_OUT: Mapping[str, Document] = {
    "operations": {},
    "ranking": {"operations": None, "recommenders": {}},
    "recommenders": {"operations": None, "ranking": None},
}
GATE = "ranking.quality_gate"
COMPARED = {f"{GATE}.compare_with_deployed": True}
OLDER = {"ranking.recipe": "aws-personalized-ranking", "ranking.events_config": None}
EXPLORATION = "recommenders.top_picks.item_exploration_config"
REFRESH, ALARMS, MAIL = "operations.refresh", "operations.alarms", "operations.batch.weekly_mail"
CHANGES = (
    Change("app_name", "films"),
    Change("account", "123456789012"),
    Change("region", "eu-west-1"),
    Change("tags", {"project": "films"}),
    Change("removal_policy", "retain"),
    Change("max_wait.imports", "4h"),
    Change("max_wait.recommenders", "6h"),
    Change("max_wait.trainings", "9h"),
    Change("allow_replacement", True),
    Change("data", "s3://films/vod/"),
    Change("data_version", "2"),
    Change("datasets.items.schema_file", "schemas/more.avsc"),
    Change("datasets.interactions.data_location", "s3://films/clicks.csv"),
    Change("datasets.interactions.data_version", "2"),
    Change("datasets.interactions.import_mode", "INCREMENTAL"),
    Change("recommenders.more_like_x.recipe", "aws-vod-trending-now"),
    Change("recommenders.more_like_x.min_recommendation_requests_per_second", 2),
    Change("recommenders.more_like_x.enable_metadata_with_recommendations", True),
    Change("recommenders.more_like_x.active", False),
    Change("recommenders.more_like_x.excluded_dataset_columns", {"items": ["YEAR"]}),
    Change("recommenders.more_like_x.included_dataset_columns", {"items": ["YEAR"]}),
    Change(f"{EXPLORATION}.exploration_weight", 0.5),
    Change(f"{EXPLORATION}.exploration_item_age_cut_off", 60),
    Change("ranking.recipe", "aws-personalized-ranking", {"ranking.events_config": None}),
    Change("ranking.auto_training_days", 7, {"ranking.campaign.follow_latest": True}),
    Change("ranking.training_trigger", "2"),
    Change("ranking.events_config.Watch.weight", 0.5),
    Change("ranking.events_config.Watch.event_value_threshold", 2),
    Change("ranking.algorithm_hyper_parameters", {"apply_recency_bias": False}),
    Change("ranking.perform_hpo", True, OLDER),
    Change("ranking.excluded_dataset_columns", {"items": ["YEAR"]}),
    Change("ranking.included_dataset_columns", {"items": ["YEAR"]}),
    Change("ranking.campaign.follow_latest", True),
    Change("ranking.campaign.min_provisioned_tps", 2),
    Change("ranking.campaign.enable_metadata_with_recommendations", True),
    Change(f"{GATE}.minimums", {"coverage": 0.2}),
    Change(f"{GATE}.compare_with_deployed", True),
    Change(f"{GATE}.tolerance", 0.1, COMPARED),
    Change(f"{GATE}.compared_metrics", ["coverage"], COMPARED),
    Change(f"{GATE}.fail_on_other_data", True, COMPARED),
    Change("filters", {"new": {"expression": "INCLUDE ItemID WHERE Items.YEAR > 2000"}}),
    Change("event_tracker", False),
    Change("metric_attribution.metrics.years_watched.event_type", "Rate"),
    Change("metric_attribution.metrics.years_watched.expression", "SAMPLECOUNT()"),
    Change("metric_attribution.reports", "s3://films/reports/"),
    Change("operations.emails", ["vod@example.com"]),
    Change("operations.time_zone", "UTC"),
    Change("operations.flexible_window", "0m"),
    Change(f"{REFRESH}.datasets.interactions.data_location", "s3://films/clicks/"),
    Change(f"{REFRESH}.datasets.interactions.import_mode", "FULL"),
    Change(f"{REFRESH}.train", "always"),
    Change(f"{REFRESH}.schedules.daily.at", "rate(1 day)"),
    Change(
        f"{REFRESH}.schedules.daily.datasets", ["items"], {f"{REFRESH}.datasets": {"interactions": {}, "items": {}}}
    ),
    Change(f"{REFRESH}.schedules.daily.train", "always"),
    Change(f"{REFRESH}.on_new_files", "20m"),
    Change(f"{REFRESH}.when_files_come.train", "always"),
    Change("operations.serving_hours.start", "cron(0 6 * * ? *)"),
    Change("operations.serving_hours.stop", "cron(0 22 * * ? *)"),
    Change("operations.serving_hours.recommenders", ["more_like_x"]),
    Change("operations.campaign_throughput.night.at", "cron(0 22 * * ? *)"),
    Change("operations.campaign_throughput.night.min_provisioned_tps", 2),
    Change("operations.forget_users.train", True),
    Change(f"{MAIL}.at", "rate(7 days)"),
    Change(f"{MAIL}.after_refresh", True),
    Change(f"{MAIL}.input", "s3://films/more/users.json"),
    Change(f"{MAIL}.output", "s3://films/more/recommendations/"),
    Change(f"{MAIL}.filter", None),
    Change(f"{MAIL}.num_results", 50),
    Change(f"{MAIL}.segments", True),
    Change(f"{MAIL}.solution_version_arn", None),
    Change(f"{ALARMS}.server_errors_percent", 2),
    Change(f"{ALARMS}.client_errors_percent", None),
    Change(f"{ALARMS}.latency_ms", 200),
    Change(f"{ALARMS}.throughput_above_percent", 80),
    Change(f"{ALARMS}.throughput_below_percent", None),
    Change(f"{ALARMS}.refresh_age_hours", 50),
    Change(f"{ALARMS}.data_age_hours", {"items": 24}),
    Change(f"{ALARMS}.idle_days", 3),
    Change("encryption_key", KEY),
    Change("data_encryption_key_arn", KEY),
    Change("bucket_policy_conditions", False),
    Change("tag_conditions", False),
    Change("log_retention_days", 60),
)

Assembled = Callable[[Document], dict[str, Any]]


@pytest.fixture(scope="module")
def assembled(tmp_path_factory: pytest.TempPathFactory, sample_directory: Path) -> Assembled:
    """Synthesizes settings; answers the templates, and where each is deployed."""
    folder = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path_factory.mktemp("settings") / "config"))
    schema = json.loads((folder / "schemas" / "items.avsc").read_text())
    schema["fields"].append({"name": "BUDGET", "type": ["null", "float"]})
    (folder / "schemas" / "more.avsc").write_text(json.dumps(schema))
    known: dict[str, dict[str, Any]] = {}

    def assemble(document: Document) -> dict[str, Any]:
        text = yaml.safe_dump(document)
        if text not in known:
            (folder / "dev.yaml").write_text(text)
            app = App(analytics_reporting=False)
            settings = load_settings("dev", folder)
            if settings.operations:
                # The other stacks are there without them as well; this one takes half the time.
                OperationsStack(app, "operations", settings=settings, after=[])
            else:
                add_stacks(app, settings, sample_directory)
            known[text] = {each.stack_name: (each.template, each.environment.name) for each in app.synth().stacks}
        return known[text]

    return assemble


def with_values(document: Document, values: Mapping[str, Any]) -> Document:
    result = copy.deepcopy(document)
    for path, value in values.items():
        *above, name = path.split(".")
        section = result
        for each in above:
            section = section[each]
        section[name] = value
    return result


@pytest.mark.parametrize("change", CHANGES, ids=lambda change: change.path)
def test_a_setting_changes_what_is_deployed(change: Change, assembled: Assembled) -> None:
    section = change.path.partition(".")[0]
    given = with_values(yaml.safe_load(example()), LEFT_OUT.get(section, {"operations": None}) | change.given)
    assert assembled(given) != assembled(with_values(given, {change.path: change.value}))


@pytest.mark.parametrize("others", [{}, {"operations": None}], ids=["operations", "the others"])
def test_the_same_settings_are_deployed_alike(assembled: Assembled, others: Document) -> None:
    """So that it is the setting that makes the difference."""
    document = yaml.safe_load(example()) | others
    assert assembled(document) == assembled({name: value for name, value in document.items() if name != "account"})


def test_every_setting_is_tried() -> None:
    tried = {path for change in CHANGES for path in paths_in(nothing_but(change.path, change.value), Settings)}
    assert set(map(like_the_others, tried)) | SHOWN | OF_WHAT_EXISTS == EVERY


def nothing_but(path: str, value: Any) -> Document:
    """A document with one setting."""
    for name in reversed(path.split(".")):
        value = {name: value}
    return dict(value)
