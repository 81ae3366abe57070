"""The picture of the architecture says what the templates hold; test_generated_pages.py keeps the pages so."""

from __future__ import annotations

import copy
import json
from pathlib import Path

import pytest

from tools.docs.picture import picture
from tools.simulation.assembly import Assembly


@pytest.fixture(scope="module")
def dev(dev_assembly: Path) -> Assembly:
    return Assembly.read(dev_assembly)


def lines(assembly: Assembly) -> set[str]:
    return {line.strip() for line in picture(assembly).splitlines()}


def test_stacks_resources_and_the_way_of_the_data(dev: Assembly) -> None:
    drawn = lines(dev)
    assert {
        'subgraph data["vod-dev-data"]',
        'data_Bucket[("Bucket")]',
        'data_Dataset["Datasets<br/>Interactions, Items, Users"]',
        'data_Provider{{"Provider<br/>5 functions, a waiter"}}',
        'recommenders_Recommender["Recommenders<br/>MoreLikeX, TopPicks"]',
        "data_Bucket ==> data_DatasetImportJob",
        "data_Dataset --> data_Filter",
        "data_DatasetImportJob ==> recommenders_Recommender",
        "data_DatasetImportJob ==> ranking_SolutionVersion",
        "ranking_QualityGate ==> ranking_Campaign",
        "ranking_Campaign == recommendations ==> application",
    } <= drawn
    # Implied: a dataset comes after its group, and a filter after the datasets.
    assert "data_DatasetGroup --> data_Filter" not in drawn


def test_every_personalize_resource_is_in_it(dev: Assembly) -> None:
    drawn = picture(dev)
    types = {each["Type"] for template in dev.templates.values() for each in template["Resources"].values()}
    nouns = {type_.removeprefix("Custom::Personalize") for type_ in types if type_.startswith("Custom::Personalize")}
    assert {noun for noun in nouns if f"_{noun}[" not in drawn} == {"Wait", "DeletionWait"}


def test_what_the_templates_lose_the_picture_loses(dev: Assembly) -> None:
    templates = {name: each for name, each in dev.templates.items() if name != "vod-dev-ranking"}
    templates["vod-dev-data"] = json.loads(json.dumps(templates["vod-dev-data"]))
    resources = templates["vod-dev-data"]["Resources"]
    (tracker,) = (key for key, each in resources.items() if each["Type"] == "Custom::PersonalizeEventTracker")
    del resources[tracker]
    drawn = picture(Assembly(templates, {name: dev.needs[name] for name in templates}))
    assert "ranking" not in drawn
    assert "events" not in drawn


def test_an_arrow_goes_with_its_reference(dev: Assembly) -> None:
    templates = copy.deepcopy(dict(dev.templates))
    for resource in templates["vod-dev-data"]["Resources"].values():
        if resource["Type"] == "Custom::PersonalizeDataset":
            resource["Properties"]["SchemaArn"] = "arn:elsewhere"
    gone = lines(dev) - lines(Assembly(templates, dev.needs))
    assert gone == {"data_Schema --> data_Dataset"}
