"""Settings of what is taken over, or only looked at: what goes together, and the sentence where it does not."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest

from stacks.settings import Settings, SettingsError, load_settings
from stacks.settings_adoption_checks import adoption_hints
from tools.checkout import EXAMPLE_SETTINGS

Document = dict[str, Any]
ARN = "arn:aws:personalize:eu-west-1:123456789012:dataset-group/films"
OWN: Document = {
    "app_name": "vod",
    "removal_policy": "destroy",
    "data": "s3://films/csv/",
    "datasets": {kind: {"schema_file": f"schemas/{kind}.avsc"} for kind in ("interactions", "items", "users")},
}
EXISTING: Document = {"app_name": "vod", "existing": "films"}
GROUP = {"name": "films", "adopt": True}
ITEMS = {"schema_file": "schemas/items.avsc", "name": "films-items", "adopt": True, "schema_name": "films-items-schema"}
RANKING = {"recipe": "aws-personalized-ranking", "name": "films", "adopt": True, "solution_version": "83cc95fc"}
ATTRIBUTION = {
    "name": "films",
    "adopt": True,
    "role_arn": "arn:aws:iam::123456789012:role/films",
    "metrics": {"watches": {"event_type": "Watch", "expression": "SAMPLECOUNT()"}},
}
PICKS = {"recipe": "aws-vod-top-picks"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("config")
    shutil.copytree(EXAMPLE_SETTINGS / "schemas", folder / "schemas")
    return folder


def load(folder: Path, document: Document) -> Settings:
    (folder / "test.yaml").write_text(json.dumps(document))
    return load_settings("test", folder)


def mistakes(folder: Path, document: Document) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load(folder, document)
    return [line.removeprefix(f"{folder / 'test.yaml'}: ") for line in str(caught.value).splitlines()]


def own(**changes: Any) -> Document:
    return {**OWN, **changes}


def with_items(**changes: Any) -> Document:
    """The dataset group and its items are taken over."""
    return own(dataset_group=GROUP, datasets={**OWN["datasets"], "items": ITEMS | changes})


RIGHT = {
    "everything": with_items()
    | {
        "recommenders": {"picks": {**PICKS, "name": "films-picks", "adopt": True}},
        "ranking": RANKING | {"campaign": {"name": "films", "adopt": True}},
        "filters": {"new": {"expression": "INCLUDE ItemID WHERE Items.YEAR > 2000", "name": "new", "adopt": True}},
        "event_tracker": {"name": "films", "adopt": True},
        "metric_attribution": ATTRIBUTION,
    },
    "given up": own(dataset_group=GROUP | {"release": True}),
    "an own campaign of their solution": own(dataset_group=GROUP, ranking=RANKING),
    "the latest version": own(dataset_group=GROUP, ranking=RANKING | {"solution_version": "$LATEST"}),
    "a group by its name": EXISTING,
    "a group by its ARN": EXISTING | {"existing": ARN, "region": "eu-west-1", "account": "123456789012"},
    "what may be set all the same": EXISTING | {"removal_policy": "retain", "event_tracker": False, "operations": None},
    "taken over in a group of others": EXISTING
    | {
        "recommenders": {"picks": {**PICKS, "name": "films-picks", "adopt": True}},
        "ranking": RANKING | {"campaign": {"name": "films", "adopt": True}},
        "filters": {"old": {"expression": "INCLUDE ItemID WHERE Items.ANY < 2000", "name": "old", "adopt": True}},
    },
    "columns that only its owner knows": EXISTING
    | {"recommenders": {"picks": {**PICKS, "excluded_dataset_columns": {"items": ["ANY"]}}}},
    "the datasets that it has": EXISTING
    | {
        "existing": {"name": "films", "datasets": ["interactions", "items"], "event_tracker": True},
        "recommenders": {"more": {"recipe": "aws-vod-more-like-x"}},
    },
}


@pytest.mark.parametrize("document", RIGHT.values(), ids=RIGHT)
def test_what_goes_together(folder: Path, document: Document) -> None:
    assert load(folder, document)


NAME = "name is for what is taken over; other names are generated. Add adopt: true, or remove it."
NO_GROUP = (
    "what exists is in a dataset group that exists, and the app makes its own. Add dataset_group with adopt: true and "
    "name, or existing."
)
OTHERS = "cannot be set together with existing, whose data others look after. Remove one of them."
WRONG: list[tuple[Document, str]] = [
    (own(recommenders={"picks": {**PICKS, "name": "films"}}), f"recommenders.picks: {NAME}"),
    (own(dataset_group=GROUP, ranking=RANKING | {"campaign": {"name": "films"}}), f"ranking.campaign: {NAME}"),
    (own(event_tracker={"name": "films"}), f"event_tracker: {NAME}"),
    (
        own(dataset_group={"adopt": True}),
        "dataset_group: adopt needs the name of what is taken over. Add name, or set adopt to false.",
    ),
    (
        own(filters={"new": {"expression": "INCLUDE ItemID WHERE Items.YEAR > 2000", "release": True}}),
        "filters.new: release gives up what was taken over. Add adopt: true and the name, or remove it.",
    ),
    (
        own(dataset_group={"removal_policy": "destroy"}),
        "dataset_group: removal_policy here is for what is taken over; the one of the whole file is for the rest. Add "
        "adopt: true and the name, or remove it.",
    ),
    (
        own(dataset_group=GROUP | {"name": "my films"}),
        "dataset_group.name: 'my films' must be 1 to 63 letters, digits, '-' or '_', and begin with a letter or digit.",
    ),
    (
        own(event_tracker="films"),
        "event_tracker: must be true or false, or a section with name and adopt, but is 'films'.",
    ),
    (
        own(datasets={**OWN["datasets"], "items": ITEMS}),
        f"datasets.items.adopt: {NO_GROUP}",
    ),
    (own(event_tracker={"name": "films", "adopt": True}), f"event_tracker.adopt: {NO_GROUP}"),
    (
        with_items(schema_name=None),
        "datasets.items.schema_name: is missing. A dataset is taken over together with its schema. Add the schema's "
        "name.",
    ),
    (
        with_items(adopt=False, name=None),
        "datasets.items.schema_name: is for a dataset that is taken over. Add adopt: true and the name, or remove it.",
    ),
    (
        with_items() | {"data": "sample"},
        "datasets.items.data_location: is missing. Of a dataset that is taken over, it is where its latest import came "
        "from. Add it.",
    ),
    (
        own(
            dataset_group=GROUP,
            encryption_key="arn:aws:kms:eu-west-1:123456789012:key/1234abcd-12ab-34cd-56ef-1234567890ab",
        ),
        "dataset_group.adopt: a group with a key of yours was made with another role than the app's, so it cannot be "
        "taken over. Name it under existing, or remove encryption_key.",
    ),
    (
        own(dataset_group=GROUP, ranking=RANKING | {"solution_version": None}),
        "ranking.solution_version: is missing. Nothing is trained for a solution that is taken over. Add the last part "
        "of the ARN of the version that serves, or $LATEST.",
    ),
    (
        own(dataset_group=GROUP, ranking=RANKING | {"name": None, "adopt": False}),
        "ranking.solution_version: is for a solution that is taken over. Add adopt: true and name to ranking, or "
        "remove it.",
    ),
    (
        own(dataset_group=GROUP, ranking=RANKING | {"solution_version": 12345678}),
        "ranking.solution_version: must be text (in quotes, if it looks like a number), but is 12345678.",
    ),
    (
        own(ranking={"recipe": "aws-personalized-ranking", "campaign": {"name": "films", "adopt": True}}),
        "ranking.campaign.adopt: the campaign serves a solution that is not taken over. Add adopt: true, name and "
        "solution_version to ranking.",
    ),
    (
        own(dataset_group=GROUP, metric_attribution=ATTRIBUTION | {"role_arn": None}),
        "metric_attribution.role_arn: is missing. A metric attribution is taken over only as it is. Add the role that "
        "it uses.",
    ),
    (
        own(dataset_group=GROUP, metric_attribution=ATTRIBUTION | {"name": None, "adopt": False}),
        "metric_attribution.role_arn: is for a metric attribution that is taken over; the app has a role of its own. "
        "Add adopt: true and name, or remove it.",
    ),
    (
        own(dataset_group=GROUP, metric_attribution=ATTRIBUTION | {"reports": "bucket"}),
        "metric_attribution.reports: a metric attribution that is taken over does not write to the app's bucket. Name "
        "the s3:// folder that it writes to.",
    ),
    (
        own(
            dataset_group=GROUP,
            recommenders={name: {**PICKS, "name": "films", "adopt": True} for name in ("one", "two")},
        ),
        "recommenders.two.name: 'films' is the name of recommenders.one too. Correct one of them.",
    ),
    *(
        (EXISTING | {name: value}, f"{name}: {OTHERS}")
        for name, value in {
            "data": "sample",
            "datasets": OWN["datasets"],
            "event_tracker": True,
            "metric_attribution": {"metrics": ATTRIBUTION["metrics"]},
            "operations": {"emails": ["ops@example.com"]},
        }.items()
    ),
    (EXISTING | {"dataset_group": GROUP}, f"dataset_group: {OTHERS}"),
    (
        EXISTING | {"existing": ARN, "region": "eu-central-1"},
        "existing.name: the dataset group is in eu-west-1, but region is eu-central-1. Correct one of them.",
    ),
    (
        EXISTING | {"existing": "films/ITEMS"},
        "existing.name: 'films/ITEMS' must be the name of a dataset group, or its ARN, "
        "arn:aws:personalize:REGION:ACCOUNT:dataset-group/NAME.",
    ),
    (
        EXISTING | {"existing": {"name": "films", "datasets": ["items", "items"]}},
        "existing.datasets: a dataset is in the list twice. Remove one of them.",
    ),
    (
        EXISTING | {"recommenders": {"more": {"recipe": "aws-vod-more-like-x"}}},
        "existing.datasets: items is missing, and recommenders.more trains on it. Add it, or remove recommenders.more.",
    ),
    ({"app_name": "vod", "removal_policy": "destroy", "datasets": OWN["datasets"]}, "data: is missing. Add it."),
    (own(data=None), "data: must be text, but is empty."),
]


@pytest.mark.parametrize(("document", "said"), WRONG)
def test_what_does_not_go_together_is_one_sentence(folder: Path, document: Document, said: str) -> None:
    assert mistakes(folder, document) == [said]


def test_what_trains_for_nobody_is_taken_over_with_a_hint(folder: Path) -> None:
    """The immersion day's notebook leaves automatic training on, and its campaign stays with the first version."""
    ranking = RANKING | {"auto_training_days": 7}
    (hint,) = adoption_hints(load(folder, own(dataset_group=GROUP, ranking=ranking)))
    assert hint.startswith("ranking.auto_training_days: creates versions that cost money, but the campaign does not")
    follows = {"follow_latest": True}
    assert list(adoption_hints(load(folder, own(dataset_group=GROUP, ranking=ranking | {"campaign": follows})))) == []
