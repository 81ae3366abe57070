"""Stacks of an app that takes over what exists, and of one that only looks at it."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from aws_cdk import App

from app import add_stacks
from stacks.operations import OperationsStack
from stacks.settings import load_settings
from tests.support.assemblies import must, synthesized
from tests.support.iam import Iam, account
from tests.support.notebook import OUTPUTS, output_key
from tools.checkout import EXAMPLE_SETTINGS

CUSTOM = "Custom::Personalize"
HOLD_DATA = ("DatasetGroup", "Schema", "Dataset")
Synthesized = dict[str, dict[str, Any]]
Synthesize = Callable[..., Synthesized]


@pytest.fixture(scope="module")
def told() -> list[str]:
    """What the synthesis has told users."""
    return []


@pytest.fixture(scope="module")
def synthesize(tmp_path_factory: pytest.TempPathFactory, sample_directory: Path, told: list[str]) -> Synthesize:
    """Templates of an example with some settings changed, by the last part of the stacks' names."""

    def of(env: str, **changes: Any) -> Synthesized:
        folder = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path_factory.mktemp("settings") / "config"))
        settings = yaml.safe_load((folder / f"{env}.yaml").read_text())
        (folder / f"{env}.yaml").write_text(yaml.safe_dump(settings | changes))
        app = App(analytics_reporting=False)
        add_stacks(app, load_settings(env, folder), sample_directory)
        stacks = app.synth().stacks
        told.extend(str(message.entry.data) for each in stacks for message in each.messages)
        return {each.stack_name.rpartition("-")[2]: each.template for each in stacks}

    return of


@pytest.fixture(scope="module")
def adopted(synthesize: Synthesize) -> Synthesized:
    return synthesize("adopted")


def personalize(templates: Synthesized) -> Iterator[tuple[str, dict[str, Any]]]:
    """What there is of the service, by type, without what only waits."""
    for template in templates.values():
        for each in template["Resources"].values():
            if each["Type"].startswith(CUSTOM) and "Wait" not in each["Type"]:
                yield each["Type"].removeprefix(CUSTOM), each


def said(resource: dict[str, Any], name: str) -> Any:
    return resource["Properties"].get(name)


def test_what_is_taken_over_has_the_name_that_it_has(adopted: Synthesized) -> None:
    names = [(noun, said(each, "Name"), said(each, "Adopt")) for noun, each in personalize(adopted)]
    assert sorted(names, key=str) == sorted(
        [
            ("DatasetGroup", "films", "true"),
            *(("Schema", f"films-{kind}-schema", "true") for kind in ("interactions", "items", "users")),
            *(("Dataset", f"films-{kind}", "true") for kind in ("interactions", "items", "users")),
            *[("DatasetImportJob", None, "$LATEST")] * 3,
            ("Recommender", "films-top-picks", "true"),
            ("Solution", "films-ranking", "true"),
            ("SolutionVersion", None, "83cc95fc"),
            ("Campaign", "films-campaign", "true"),
            ("Filter", "films-unwatched", "true"),
            ("Filter", None, None),
            ("EventTracker", "films-tracker", "true"),
            ("MetricAttribution", "films-metrics", "true"),
        ],
        key=str,
    )
    assert {said(each, "Release") for _, each in personalize(adopted)} == {None}


def data_of(templates: Synthesized) -> dict[str, set[str]]:
    """What happens to what holds data, by type."""
    found: dict[str, set[str]] = {}
    for noun, each in personalize(templates):
        if noun in HOLD_DATA:
            found.setdefault(noun, set()).add(str(each.get("DeletionPolicy")))
    return found


def test_data_that_is_taken_over_stays(adopted: Synthesized) -> None:
    """Although the removal policy of the whole file is destroy."""
    assert data_of(adopted) == {noun: {"RetainExceptOnCreate"} for noun in HOLD_DATA}


def released(value: Any) -> Any:
    """Settings with everything given up that is taken over."""
    if not isinstance(value, dict):
        return value
    return {key: released(each) for key, each in value.items()} | ({"release": True} if value.get("adopt") else {})


def test_everything_that_was_taken_over_can_be_given_up_and_its_data_deleted(synthesize: Synthesize) -> None:
    settings = released(yaml.safe_load((EXAMPLE_SETTINGS / "adopted.yaml").read_text()))
    settings["dataset_group"]["removal_policy"] = "destroy"
    templates = synthesize("adopted", **settings)
    assert data_of(templates) == {noun: {"Delete"} for noun in HOLD_DATA}
    # Jobs cannot be given up, because nobody deletes them, nor what the app has made.
    found = {(said(each, "Adopt"), said(each, "Release")) for _, each in personalize(templates)}
    assert found == {("true", "true"), ("$LATEST", None), ("83cc95fc", None), (None, None)}


def test_a_metric_attribution_keeps_its_role_and_its_folder(adopted: Synthesized) -> None:
    (attribution,) = [each for noun, each in personalize(adopted) if noun == "MetricAttribution"]
    assert said(attribution, "MetricsOutputConfig") == {
        "RoleArn": "arn:aws:iam::123456789012:role/films-personalize",
        "S3DataDestination": {"Path": "s3://films-data/reports/"},
    }


def test_trainings_that_serve_nobody_are_told(adopted: Synthesized, told: list[str]) -> None:
    assert any(each.startswith("ranking.auto_training_days: creates versions") for each in told)


OPERATIONS = {
    "emails": ["ops@example.com"],
    "refresh": {"train": "if-new", "schedules": {"daily": {"at": "rate(1 day)"}}, "on_new_files": "10m"},
    "serving_hours": {"start": "cron(0 7 * * ? *)", "stop": "cron(0 23 * * ? *)", "recommenders": ["top_picks"]},
    "campaign_throughput": {"night": {"at": "rate(1 day)", "min_provisioned_tps": 2}},
    "forget_users": {"train": True},
    "batch": {"mail": {"at": "rate(7 days)", "filter": "unwatched"}},
}


def test_the_operations_stack_reaches_what_is_taken_over_as_it_reaches_its_own(tmp_path: Path) -> None:
    """By ARNs that the other stacks publish, whatever the names: so its tests of permissions hold for both."""
    folder = Path(shutil.copytree(EXAMPLE_SETTINGS, tmp_path / "config"))
    settings = yaml.safe_load((folder / "adopted.yaml").read_text()) | {"operations": OPERATIONS}
    settings["ranking"]["auto_training_days"] = None
    found = []
    for each in (settings, not_adopted(settings)):
        (folder / "adopted.yaml").write_text(yaml.safe_dump(each))
        app = App(analytics_reporting=False)
        OperationsStack(app, "operations", settings=load_settings("adopted", folder), after=[])
        found.append(app.synth().get_stack_by_name("operations").template)
    assert found[0] == found[1]
    assert "films-ranking" not in json.dumps(found[0])


def not_adopted(value: Any) -> Any:
    """Settings of which nothing exists already."""
    if not isinstance(value, dict):
        return value
    gone = {"name", "adopt", "release", "schema_name", "solution_version", "role_arn", "dataset_group"}
    return {key: not_adopted(each) for key, each in value.items() if key not in gone}


# -- a group that is only looked at --------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def existing(synthesize: Synthesize) -> Synthesized:
    return synthesize("existing")


def test_an_existing_group_is_looked_up_and_nothing_of_it_declared(existing: Synthesized) -> None:
    declared = {noun for noun, _ in personalize(existing)}
    assert declared == {"Lookup", "Recommender", "Solution", "SolutionVersion", "Campaign", "Filter"}
    types = {each["Type"] for each in existing["data"]["Resources"].values()}
    assert not {each for each in types if each.startswith(("AWS::S3", "Custom::S3", "Custom::CDKBucket"))}


def made_by_others(personalize: Any, pause: Callable[[float], None]) -> dict[str, str]:
    """A dataset group as a notebook makes it; answers what the app publishes of it, by output."""
    group = personalize.create_dataset_group(name="films", domain="VIDEO_ON_DEMAND")["datasetGroupArn"]
    pause(3600)
    found = {"DatasetGroupArn": group}
    for kind in ("Interactions", "Items", "Users"):
        text = (EXAMPLE_SETTINGS / "schemas" / f"{kind.lower()}.avsc").read_text()
        schema = personalize.create_schema(name=f"films-{kind}", schema=text, domain="VIDEO_ON_DEMAND")["schemaArn"]
        dataset = personalize.create_dataset(
            name=f"films-{kind}", datasetGroupArn=group, datasetType=kind.upper(), schemaArn=schema
        )
        found |= {f"{kind}DatasetArn": dataset["datasetArn"], f"{kind}SchemaArn": schema}
    pause(3600)
    tracker = personalize.create_event_tracker(name="films", datasetGroupArn=group)
    pause(3600)
    return found | {"EventTrackerArn": tracker["eventTrackerArn"], "EventTrackerTrackingId": tracker["trackingId"]}


def test_what_others_have_made_is_found_and_left_as_it_is(files: Path, tmp_path: Path) -> None:
    """The outputs are those of README's table, and the provider does no more than its policy allows."""
    iam = Iam()
    cloud = account(files, iam)
    with iam.looking_away():
        theirs = made_by_others(cloud.personalize, cloud.time.sleep)
        before = cloud.inventory()
    settings = yaml.safe_load((EXAMPLE_SETTINGS / "existing.yaml").read_text())
    settings |= {"recommenders": {}, "ranking": None}
    app = synthesized(tmp_path, files, lambda config: write(config / "dev.yaml", settings))
    must(app, cloud, "CREATE_COMPLETE")
    outputs = cloud.cloudformation.stacks["vod-dev-data"].outputs
    assert theirs.keys() == {output_key(name) for name in OUTPUTS["data"] if not name.startswith(OURS)}
    assert {key: outputs[key] for key in theirs} == theirs
    assert "FilterUnwatchedArn" in outputs
    app.destroy(cloud)
    with iam.looking_away():
        assert cloud.inventory() == before


OURS = ("bucket_name", "service_role_arn", "filter_")


def write(file: Path, settings: dict[str, Any]) -> None:
    file.write_text(yaml.safe_dump(settings))
