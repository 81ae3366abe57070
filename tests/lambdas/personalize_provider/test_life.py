"""A whole app from its beginning to its end, in an account like a new one on AWS.

One call a second of each operation, ten Lambda executions at once, five seconds for each request by itself, a minute
until permissions are seen, and one import and one training at a time: each alone has a test of its own, and together
they are what a first deployment meets.
"""

from __future__ import annotations

import copy
from pathlib import Path
from typing import Any

import pytest

from stacks.personalize.limits import VOD_USE_CASES
from tests.support.assemblies import must, synthesized, with_settings
from tools.emulator.quotas import Quotas
from tools.simulation.assembly import Assembly, FilesByName
from tools.simulation.cloud import VirtualCloud
from tools.simulation.conditions import REALISTIC

pytestmark = pytest.mark.unmeasured


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Assembly:
    return synthesized(tmp_path_factory.mktemp("app"), files)


def changed(app: Assembly) -> Assembly:
    """New data, which is trained on, and twice the throughput everywhere."""
    templates = copy.deepcopy(dict(app.templates))
    for template in templates.values():
        for resource in template["Resources"].values():
            _change(resource["Type"].removeprefix("Custom::Personalize"), resource.get("Properties", {}))
    return Assembly(templates, app.needs)


def _change(noun: str, properties: dict[str, Any]) -> None:
    if noun == "DatasetImportJob":
        properties["DataVersion"] = "newer"
    if noun == "SolutionVersion":
        properties["Triggers"] = {**properties["Triggers"], "DataVersion": "newer"}
    if noun == "Recommender":
        properties["RecommenderConfig"]["MinRecommendationRequestsPerSecond"] = 2
    if noun == "Campaign":
        properties["MinProvisionedTPS"] = 2


@pytest.fixture(scope="module")
def crowded(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Assembly:
    """As many recommenders and filters as a dataset group can have."""
    recommenders = {f"number_{number}": {"recipe": recipe} for number, recipe in enumerate(VOD_USE_CASES)}
    filters = {
        f"number_{number}": f'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch{number}")'
        for number in range(Quotas().filters_per_dataset_group)
    }
    edit = with_settings(recommenders=recommenders, filters=filters)
    return synthesized(tmp_path_factory.mktemp("crowded"), files, edit)


def test_many_siblings_do_not_use_up_what_lambda_runs_at_once(crowded: Assembly, files: Path) -> None:
    cloud = VirtualCloud(conditions=REALISTIC, objects=FilesByName(files))
    must(crowded, cloud, "CREATE_COMPLETE")
    for stack in crowded.destroy(cloud).values():
        assert stack.status == "DELETE_COMPLETE", stack.reasons
    assert cloud.inventory() == {}


def test_a_whole_app_lives_and_dies_in_a_new_account(app: Assembly, files: Path) -> None:
    quotas = Quotas(pending_dataset_import_jobs=1, pending_solution_versions=1)
    cloud = VirtualCloud(conditions=REALISTIC, objects=FilesByName(files), service_options={"quotas": quotas})
    must(app, cloud, "CREATE_COMPLETE")
    made = cloud.inventory()
    must(changed(app), cloud, "UPDATE_COMPLETE")
    assert made.keys() < cloud.inventory().keys(), "New data is imported and trained on; nothing is replaced."
    for stack in app.destroy(cloud).values():
        assert stack.status == "DELETE_COMPLETE", stack.reasons
    assert cloud.inventory() == {}
