"""Avro schemas: which ones the service takes."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.tools.emulator.support.records import FIELDS, GENRES, schema
from tools.emulator import ServiceError
from tools.emulator.avro import DATASET_TYPES, Field, parse

VOD = "VIDEO_ON_DEMAND"


def refused(text: str, domain: str | None = None) -> str:
    with pytest.raises(ServiceError) as caught:
        parse(text, domain)
    assert caught.value.code == "InvalidInputException"
    return caught.value.message


def without(kind: str, name: str) -> list[dict[str, Any]]:
    return [field for field in FIELDS[kind] if field["name"] != name]


def with_type(kind: str, name: str, type_: Any) -> list[dict[str, Any]]:
    return [{**field, "type": type_} if field["name"] == name else field for field in FIELDS[kind]]


@pytest.mark.parametrize("kind", FIELDS)
@pytest.mark.parametrize("domain", [None, VOD])
def test_good_schemas_are_taken(kind: str, domain: str | None) -> None:
    parsed = parse(schema(kind), domain)
    assert parsed.dataset_type == DATASET_TYPES[kind.lower()]
    assert parsed.names == tuple(field["name"] for field in FIELDS[kind])


def test_fields_keep_their_attributes() -> None:
    parsed = parse(schema("Items", [*FIELDS["Items"], {"name": "PLOT", "type": ["null", "string"], "textual": True}]))
    assert parsed.field("genres") == Field("GENRES", "string", categorical=True)
    assert parsed.field("PLOT") == Field("PLOT", "string", nullable=True, textual=True)
    assert parsed.field("DIRECTOR") is None


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "not valid JSON"),
        ("[]", "must be an Avro record"),
        (schema("Items", type="enum"), "must be an Avro record"),
        (schema("Items", name="Films"), "not 'Films'"),
        (schema("Items", []), "list of fields"),
        (schema("Items", {}), "list of fields"),
        (schema("Items", ["ITEM_ID"]), "must have a name"),
        (schema("Items", with_type("Items", "PRICE", "decimal")), "PRICE has the unsupported type"),
        (schema("Items", with_type("Items", "PRICE", ["null"])), "PRICE has the unsupported type"),
        (schema("Items", with_type("Items", "PRICE", ["int", "float"])), "PRICE has the unsupported type"),
        (schema("Items", with_type("Items", "PRICE", {"type": "array", "items": "int"})), "unsupported type"),
        (schema("Items", [*FIELDS["Items"], {"name": "RUN-TIME", "type": "int"}]), "not alphanumeric"),
        (schema("Items", [*FIELDS["Items"], {"name": "GEN_RES", "type": "string"}]), "not unique"),
        (schema("Items", [*FIELDS["Items"], {"name": "price", "type": "int"}]), "not unique"),
        (schema("Items", without("Items", "ITEM_ID")), "required field ITEM_ID of type string"),
        (schema("Interactions", without("Interactions", "TIMESTAMP")), "required field TIMESTAMP of type long"),
        (schema("Interactions", with_type("Interactions", "TIMESTAMP", "string")), "TIMESTAMP must be of type long"),
        (schema("Interactions", with_type("Interactions", "USER_ID", ["null", "string"])), "and not null"),
        (schema("Users", [{"name": "USER_ID", "type": "string"}]), "at least one metadata field"),
        (schema("Items", [{"name": "ITEM_ID", "type": "string"}]), "at least one metadata field"),
    ],
)
def test_bad_schemas_are_refused_with_a_reason(text: str, words: str) -> None:
    assert words in refused(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (schema("Interactions", without("Interactions", "EVENT_TYPE")), "required field EVENT_TYPE"),
        (schema("Items", without("Items", "GENRES")), "required field GENRES"),
        (schema("Items", without("Items", "CREATION_TIMESTAMP")), "required field CREATION_TIMESTAMP"),
        (
            schema("Items", [*without("Items", "GENRES"), {**GENRES, "categorical": False}]),
            "GENRES must be categorical",
        ),
    ],
)
def test_the_domain_requires_more_fields(text: str, words: str) -> None:
    parse(text)
    assert words in refused(text, VOD)


def test_the_ecommerce_domain_requires_others() -> None:
    assert "PRICE" in refused(schema("Items"), "ECOMMERCE")


def test_names_of_dataset_types_may_be_written_in_any_case() -> None:
    assert parse(json.dumps({**json.loads(schema("Items")), "name": "iTEMS"})).dataset_type == "ITEMS"
