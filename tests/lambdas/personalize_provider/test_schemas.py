"""Schemas that change: what the service takes goes through in place, anything else is refused before it is tried."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lambdas.personalize_provider.resource_type import Effect
from lambdas.personalize_provider.resources import RESOURCES
from lambdas.personalize_provider.schemas import refusal
from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.single_requests import Requests
from tests.lambdas.personalize_provider.support.template_parts import Resources, custom, template
from tools.review.diff import compare
from tools.simulation.assembly import Assembly
from tools.simulation.cloud import VirtualCloud

STUDIO = {"name": "STUDIO", "type": ["null", "string"], "categorical": True}
# Fields that no domain requires, so that the rules of schemas themselves allow their change.
MOOD = {"name": "MOOD", "type": "string", "categorical": True}
YEAR = {"name": "YEAR", "type": "int"}
KEEP = "A schema keeps its fields as they are, and new ones allow null."


def present(kind: str) -> str:
    return blocks.schema(kind, [MOOD, YEAR])


def grown(kind: str, *fields: dict[str, Any], without: str = "", **changes: Any) -> str:
    """The schema of a type with more fields, with one less, or with one changed."""
    document = json.loads(present(kind))
    document["fields"] = [{**each, **changes.get(each["name"], {})} for each in document["fields"]]
    document["fields"] = [each for each in document["fields"] if each["name"] != without] + list(fields)
    return json.dumps(document)


def with_schema(kind: str, document: str) -> Resources:
    resources = group()
    resources[f"{kind}Schema"]["Properties"]["Schema"] = document
    return resources


def group() -> Resources:
    resources = blocks.group()
    for kind in ("Interactions", "Items"):
        resources[f"{kind}Schema"]["Properties"]["Schema"] = present(kind)
    return resources


CANNOT = "the schema of Interactions cannot be replaced"
REFUSED = [
    ("Interactions", grown("Interactions", STUDIO), f"{CANNOT} (field STUDIO is new)"),
    ("Interactions", grown("Interactions").replace('"int"', '["int"]'), f"{CANNOT} (its fields are the same)"),
    ("Items", grown("Items", without="MOOD"), f"field MOOD is gone. {KEEP}"),
    ("Items", grown("Items", YEAR={"type": "string"}), f"field YEAR changes from int to string. {KEEP}"),
    (
        "Items",
        grown("Items", MOOD={"type": ["null", "string"]}),
        f"field MOOD changes from categorical string to categorical string or null. {KEEP}",
    ),
    (
        "Items",
        grown("Items", MOOD={"categorical": False}),
        f"field MOOD changes from categorical string to string. {KEEP}",
    ),
    ("Items", grown("Items", {"name": "AGE", "type": "int"}), f"the new field AGE does not allow null. {KEEP}"),
]
TAKEN = [
    grown("Items", STUDIO),
    grown("Items", STUDIO, {"name": "AGE", "type": ["int", "null"]}),
    json.dumps({**json.loads(present("Items")), "fields": json.loads(present("Items"))["fields"][::-1]}),
]


@pytest.mark.parametrize(("kind", "document", "words"), REFUSED)
def test_what_the_service_refuses_is_refused_before_it_is_asked(
    cloud: VirtualCloud, kind: str, document: str, words: str
) -> None:
    """Cases 4 and 5: a sentence says which fields, and what to do instead; the dataset is not touched."""
    stack = cloud.cloudformation.deploy("app", template(group()))
    held = cloud.inventory()
    cloud.calls.clear()
    cloud.cloudformation.deploy("app", template(with_schema(kind, document)))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE"
    assert "cannot be changed like that: " in stack.reasons[0]
    assert words in stack.reasons[0]
    assert "UpdateDataset" not in cloud.calls
    assert cloud.inventory() == held


@pytest.mark.parametrize(("kind", "document", "_words"), REFUSED)
def test_the_emulator_refuses_what_the_provider_does(
    cloud: VirtualCloud, kind: str, document: str, _words: str
) -> None:
    """Cases 4 and 5: the rule is the service's, not ours."""
    stack = cloud.cloudformation.deploy("app", template(group()))
    dataset = stack.resources[f"{kind}Dataset"].attributes["DatasetArn"]
    schema = cloud.personalize.create_schema(name="new", schema=document, domain=blocks.VOD)["schemaArn"]
    with pytest.raises(cloud.personalize.exceptions.InvalidInputException):
        cloud.personalize.update_dataset(datasetArn=dataset, schemaArn=schema)


@pytest.mark.parametrize("document", TAKEN)
def test_what_the_service_takes_goes_through_in_place(cloud: VirtualCloud, document: str) -> None:
    """Case 5: fields that allow null can be added to items, in any order."""
    stack = cloud.cloudformation.deploy("app", template(group()))
    before = stack.resources["ItemsDataset"].physical_id
    cloud.cloudformation.deploy("app", template(with_schema("Items", document)))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    assert stack.resources["ItemsDataset"].physical_id == before
    schema = cloud.api.describe(RESOURCES["Schema"], stack.resources["ItemsSchema"].attributes["SchemaArn"]) or {}
    assert schema["schema"] == document


def test_a_review_says_the_same(cloud: VirtualCloud) -> None:
    """Cases 4 and 5: before anything is deployed."""
    for kind, document, words in REFUSED:
        base, head = (
            Assembly({"app": template(each)}, {"app": frozenset()}) for each in (group(), with_schema(kind, document))
        )
        comparison = compare(base, head)
        change = next(each for each in comparison.changes if each.type == "Custom::PersonalizeDataset")
        (schema,) = change.properties
        assert (schema.effect, words in schema.why) == (Effect.IMPOSSIBLE, True)
        assert [each.path for each in comparison.stopped] != []
    for document in TAKEN:
        base, head = (
            Assembly({"app": template(each)}, {"app": frozenset()})
            for each in (group(), with_schema("Items", document))
        )
        change = next(each for each in compare(base, head).changes if each.type == "Custom::PersonalizeDataset")
        assert change.effect is Effect.IN_PLACE


def test_what_cannot_be_read_is_left_to_the_service() -> None:
    assert refusal("{", blocks.schema("Items")) == ""
    assert refusal(blocks.schema("Items"), '{"name": "Items", "fields": [1]}') == ""


def test_a_dataset_that_is_replaced_may_have_any_schema(cloud: VirtualCloud) -> None:
    """The rule is about datasets that stay: a schema by itself changes freely."""
    resources: Resources = {"Schema": custom("Schema", Schema=blocks.schema("Interactions"), Domain=blocks.VOD)}
    stack = cloud.cloudformation.deploy("app", template(resources))
    resources["Schema"]["Properties"]["Schema"] = grown("Interactions", STUDIO)
    cloud.cloudformation.deploy("app", template(resources))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons


# -- rollbacks: a schema cannot be taken back ----------------------------------------------------------------------


def rolled_back(cloud: VirtualCloud) -> None:
    """Let a schema grow in a deployment that fails afterwards."""
    stack = cloud.cloudformation.deploy("app", template(group()))
    broken = {**custom("DatasetGroup", Domain="MUSIC"), "DependsOn": "ItemsDataset"}
    begun = cloud.time.time()
    resources = {**with_schema("Items", grown("Items", STUDIO)), "Broken": broken}
    cloud.cloudformation.deploy("app", template(resources))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert cloud.time.time() - begun < 1800


def test_a_rollback_leaves_the_columns_that_a_dataset_has_got(cloud: VirtualCloud) -> None:
    rolled_back(cloud)
    stack = cloud.cloudformation.deploy("app", template(with_schema("Items", grown("Items", STUDIO))))
    assert stack.status == "UPDATE_COMPLETE", stack.reasons
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
    assert cloud.inventory() == {}


def test_a_schema_that_a_rollback_left_goes_with_the_stack(cloud: VirtualCloud) -> None:
    """CloudFormation has forgotten it, and it has no tags: its name holds a hash of what it is."""
    rolled_back(cloud)
    assert sum("schemaArn" in each and "schema" in each for each in cloud.inventory().values()) == 3
    theirs = blocks.schema("Items", [{"name": "OTHER", "type": ["null", "string"]}])
    name = "vod-test-schema-0123456789"
    cloud.personalize.create_schema(name=name, schema=theirs, domain=blocks.VOD)
    assert cloud.cloudformation.delete("app").status == "DELETE_COMPLETE"
    assert [each["name"] for each in cloud.inventory().values()] == [name]


def test_a_schema_in_use_by_somebody_else_is_named(cloud: VirtualCloud) -> None:
    requests = Requests(cloud, "Schema")
    properties = custom("Schema", Schema=blocks.schema("Items"), Domain=blocks.VOD)["Properties"]
    created = requests.create(properties)
    group = cloud.personalize.create_dataset_group(name="theirs", domain=blocks.VOD)["datasetGroupArn"]
    cloud.time.sleep(600)
    cloud.personalize.create_dataset(
        name="theirs", datasetGroupArn=group, datasetType="ITEMS", schemaArn=created.data["SchemaArn"]
    )
    cloud.time.sleep(600)
    deleted = requests.delete(created.physical_id, properties)
    assert not deleted.succeeded
    assert "theirs" in deleted.reason
