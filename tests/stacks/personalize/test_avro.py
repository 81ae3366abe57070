"""Rules for Avro schemas: what VIDEO_ON_DEMAND requires, and what the service takes at all."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stacks.personalize.avro import canonical, check_schema, fields
from tools.checkout import EXAMPLE_SETTINGS
from tools.emulator import avro as emulated

Schema = dict[str, Any]


def field(name: str, type_: Any = "string", **more: Any) -> Schema:
    return {"name": name, "type": type_, **more}


REQUIRED: dict[str, list[Schema]] = {
    "INTERACTIONS": [field("USER_ID"), field("ITEM_ID"), field("EVENT_TYPE"), field("TIMESTAMP", "long")],
    "ITEMS": [field("ITEM_ID"), field("GENRES", categorical=True), field("CREATION_TIMESTAMP", "long")],
    "USERS": [field("USER_ID"), field("AGE", "int")],
}


def schema(dataset_type: str, *extra: Schema) -> Schema:
    return {
        "type": "record",
        "name": dataset_type.capitalize(),
        "namespace": "com.amazonaws.personalize.schema",
        "fields": [*copy.deepcopy(REQUIRED[dataset_type]), *extra],
        "version": "1.0",
    }


def with_field(dataset_type: str, field_name: str, **changes: Any) -> Schema:
    """A schema of which one field is different."""
    result = schema(dataset_type)
    next(each for each in result["fields"] if each["name"] == field_name).update(changes)
    return result


def without(dataset_type: str, *names: str) -> Schema:
    result = schema(dataset_type)
    result["fields"] = [each for each in result["fields"] if each["name"] not in names]
    return result


# -- what is right -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dataset_type", REQUIRED)
def test_the_required_fields_are_enough(dataset_type: str) -> None:
    assert check_schema(schema(dataset_type), dataset_type) == []


@pytest.mark.parametrize("path", sorted((EXAMPLE_SETTINGS / "schemas").glob("*.avsc")), ids=lambda path: path.stem)
def test_the_schemas_of_the_repository_are_right(path: Any) -> None:
    assert check_schema(json.loads(path.read_text()), path.stem) == []


@pytest.mark.parametrize(
    ("dataset_type", "extra"),
    [
        ("INTERACTIONS", field("EVENT_VALUE", ["float", "null"])),
        ("INTERACTIONS", field("EVENT_VALUE", "float")),
        ("INTERACTIONS", field("IMPRESSION", ["null", "string"])),
        ("INTERACTIONS", field("DEVICE", ["null", "string"], categorical=True)),
        ("INTERACTIONS", field("EVENT_ATTRIBUTION_SOURCE")),
        ("ITEMS", field("PRICE", ["null", "float"])),
        ("ITEMS", field("GENRE_L2", ["null", "string"], categorical=True)),
        ("ITEMS", field("PRODUCT_DESCRIPTION", ["null", "string"], textual=True)),
        ("ITEMS", field("PLOT", textual=True)),
        ("ITEMS", field("IS_NEW", "boolean")),
        ("USERS", field("SUBSCRIPTION_MODEL", categorical=True)),
    ],
)
def test_an_optional_field_is_taken(dataset_type: str, extra: Schema) -> None:
    assert check_schema(schema(dataset_type, extra), dataset_type) == []


def test_the_dataset_type_and_the_record_name_may_be_in_any_case() -> None:
    assert check_schema({**schema("ITEMS"), "name": "ITEMS"}, "items") == []


# -- required and reserved fields ----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("dataset_type", "name", "kind"),
    [
        ("INTERACTIONS", "USER_ID", "string"),
        ("INTERACTIONS", "ITEM_ID", "string"),
        ("INTERACTIONS", "EVENT_TYPE", "string"),
        ("INTERACTIONS", "TIMESTAMP", "long"),
        ("ITEMS", "ITEM_ID", "string"),
        ("ITEMS", "GENRES", "categorical string"),
        ("ITEMS", "CREATION_TIMESTAMP", "long"),
        ("USERS", "USER_ID", "string"),
    ],
)
def test_a_required_field_that_is_missing_is_named(dataset_type: str, name: str, kind: str) -> None:
    assert check_schema(without(dataset_type, name), dataset_type) == [f"{name}: this field is required, as {kind}."]


def test_a_required_field_that_is_misspelt_is_recognized() -> None:
    wrong = with_field("INTERACTIONS", "EVENT_TYPE", name="EVENTTYP")
    assert check_schema(wrong, "INTERACTIONS") == [
        "EVENT_TYPE: this field is required, as string. Is it EVENTTYP, misspelt?"
    ]


@pytest.mark.parametrize(
    ("wrong", "dataset_type", "sentence"),
    [
        (
            with_field("INTERACTIONS", "TIMESTAMP", type="int"),
            "INTERACTIONS",
            "TIMESTAMP: this required field must be long (it is int).",
        ),
        (
            with_field("INTERACTIONS", "USER_ID", type=["null", "string"]),
            "INTERACTIONS",
            "USER_ID: this required field must be string (it is string or null).",
        ),
        (
            with_field("ITEMS", "GENRES", categorical=False),
            "ITEMS",
            "GENRES: this required field must be categorical string (it is string).",
        ),
        (
            with_field("ITEMS", "ITEM_ID", categorical=True),
            "ITEMS",
            "ITEM_ID: this required field must be string (it is categorical string).",
        ),
        (
            schema("ITEMS", field("PRICE", "int")),
            "ITEMS",
            "PRICE: this reserved field must be float or null (it is int).",
        ),
        (
            schema("ITEMS", field("PRODUCT_DESCRIPTION", "string")),
            "ITEMS",
            "PRODUCT_DESCRIPTION: this reserved field must be textual string or null (it is string).",
        ),
        (
            schema("USERS", field("SUBSCRIPTION_MODEL", "string")),
            "USERS",
            "SUBSCRIPTION_MODEL: this reserved field must be categorical string or null (it is string).",
        ),
    ],
)
def test_a_field_with_a_meaning_of_its_own_has_a_type_of_its_own(
    wrong: Schema, dataset_type: str, sentence: str
) -> None:
    assert check_schema(wrong, dataset_type) == [sentence]


# -- types, attributes, names --------------------------------------------------------------------------------------

ALLOWED = "use one of boolean, double, float, int, long, string, or null with one of them."


@pytest.mark.parametrize(
    ("extra", "sentence"),
    [
        (field("YEAR", "date"), f'YEAR: type "date" is not supported, {ALLOWED}'),
        (field("YEAR", ["null", "x" * 80]), f'YEAR: type "{"x" * 56}... is not supported, {ALLOWED}'),
        (field("YEAR", ["int", "long"]), 'YEAR: must have exactly one type besides null (it has ["int", "long"]).'),
        (field("YEAR", ["int", "int"]), 'YEAR: must have exactly one type besides null (it has ["int", "int"]).'),
        (field("YEAR", "null"), 'YEAR: must have exactly one type besides null (it has "null").'),
        (field("YEAR", [None]), f"YEAR: type null is not supported, {ALLOWED}"),
        (
            field("TAGS", {"type": "array", "items": "string"}),
            "TAGS: nested types, arrays and maps are not supported, use a string with | between values.",
        ),
        (field("KIND", categorical="true"), 'KIND: "categorical" must be true or false, without quotes.'),
        (field("KIND", textual=1), 'KIND: "textual" must be true or false, without quotes.'),
        (field("YEAR", "int", categorical=True), "YEAR: only a string can be categorical (it is int)."),
        (field("YEAR", "long", textual=True), "YEAR: only a string can be textual (it is long)."),
        (field("PLOT", categorical=True, textual=True), "PLOT: cannot be both categorical and textual."),
        ("YEAR", 'Every field must be an object with a "name" and a "type", unlike "YEAR".'),
        ({"name": "A"}, 'Every field must be an object with a "name" and a "type", unlike {"name": "A"}.'),
        ({"type": "int"}, 'Every field must be an object with a "name" and a "type", unlike {"type": "int"}.'),
        (
            field("2ND"),
            "2ND: a field name has letters, digits and underscores, does not begin with a digit "
            "and has at most 150 characters.",
        ),
        (
            field("YEAR\n"),
            "YEAR\n: a field name has letters, digits and underscores, does not begin with a digit "
            "and has at most 150 characters.",
        ),
        (
            field("Y" * 151),
            f"{'Y' * 151}: a field name has letters, digits and underscores, does not begin with a digit "
            "and has at most 150 characters.",
        ),
        (field("GENRES", categorical=True), "GENRES: appears twice."),
        (
            field("ITEMID"),
            "ITEMID: differs from ITEM_ID only in underscores or case, so to the service it is the same name.",
        ),
        (
            field("Genres"),
            "Genres: differs from GENRES only in underscores or case, so to the service it is the same name.",
        ),
    ],
)
def test_a_field_that_the_service_does_not_take_is_one_sentence(extra: Any, sentence: str) -> None:
    assert check_schema(schema("ITEMS", extra), "ITEMS") == [sentence]


@pytest.mark.parametrize("dataset_type", ["INTERACTIONS", "USERS"])
def test_only_items_have_text(dataset_type: str) -> None:
    assert check_schema(schema(dataset_type, field("PLOT", textual=True)), dataset_type) == [
        "PLOT: only an Items dataset can have a textual field."
    ]


# -- limits --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(("dataset_type", "allowed"), [("INTERACTIONS", 5), ("ITEMS", 100), ("USERS", 25)])
def test_metadata_fields_are_counted_without_required_and_reserved_ones(dataset_type: str, allowed: int) -> None:
    reserved = {"INTERACTIONS": field("IMPRESSION"), "ITEMS": field("PRICE", "float"), "USERS": None}[dataset_type]
    own = len(REQUIRED["USERS"]) - 1 if dataset_type == "USERS" else 0
    extra = [field(f"F{number}") for number in range(allowed - own)] + ([reserved] if reserved else [])
    assert check_schema(schema(dataset_type, *extra), dataset_type) == []
    assert check_schema(schema(dataset_type, *extra, field("MORE")), dataset_type) == [
        f"There are {allowed + 1} metadata fields, at most {allowed} are allowed in {dataset_type.capitalize()}."
    ]


def test_one_field_can_be_textual() -> None:
    two = schema("ITEMS", field("PLOT", textual=True), field("PRODUCT_DESCRIPTION", textual=True))
    assert check_schema(two, "ITEMS") == ["PRODUCT_DESCRIPTION: only one field can be textual, and PLOT already is."]


@pytest.mark.parametrize(
    ("extra", "right"),
    [
        ([], False),
        ([field("NICKNAME")], False),
        ([field("IS_NEW", "boolean")], False),
        ([field("GENDER", categorical=True)], True),
        ([field("AGE", ["null", "double"])], True),
    ],
)
def test_users_need_a_field_to_learn_from(extra: list[Schema], right: bool) -> None:
    found = check_schema({**schema("USERS"), "fields": [field("USER_ID"), *extra]}, "USERS")
    assert found == (
        [] if right else ["Users must have at least one metadata field, a categorical string or a number."]
    )


def test_a_schema_is_at_most_20000_characters_long() -> None:
    spare = 20_000 - len(canonical({**schema("ITEMS"), "doc": ""}))
    assert check_schema({**schema("ITEMS"), "doc": "x" * spare}, "ITEMS") == []
    assert check_schema({**schema("ITEMS"), "doc": "x" * (spare + 1)}, "ITEMS") == [
        "The schema is 20001 characters long, at most 20000 are allowed."
    ]


def test_a_version_may_be_left_out() -> None:
    """As in the schemas of AWS's solution "Maintaining Personalized Experiences with Machine Learning"."""
    document = {key: value for key, value in schema("ITEMS").items() if key != "version"}
    assert check_schema(document, "ITEMS") == []
    emulated.parse(json.dumps(document), "VIDEO_ON_DEMAND")


# -- the record ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("change", "sentences"),
    [
        ({"type": "enum"}, ['"type" must be "record".']),
        ({"name": "Movies"}, ['"name" must be "Items", the type of the dataset (it is "Movies").']),
        ({"name": None}, ['"name" must be "Items", the type of the dataset (it is null).']),
        (
            {"namespace": None, "version": 1.0},
            [
                '"namespace" must be a string, such as "com.amazonaws.personalize.schema".',
                '"version" must be a string, such as "1.0".',
            ],
        ),
        ({"fields": []}, ['"fields" must be a list of at least one field.']),
        ({"fields": "ITEM_ID"}, ['"fields" must be a list of at least one field.']),
        ({"fields": None}, ['"fields" must be a list of at least one field.']),
    ],
)
def test_a_record_that_the_service_does_not_take(change: Schema, sentences: list[str]) -> None:
    assert check_schema({**schema("ITEMS"), **change}, "ITEMS") == sentences


def test_a_document_that_is_no_object() -> None:
    document: Any = ["fields"]
    assert check_schema(document, "ITEMS") == ["The schema must be a JSON object."]


def test_every_mistake_is_reported_at_once() -> None:
    wrong = {**without("ITEMS", "GENRES", "ITEM_ID"), "type": "enum"}
    assert check_schema(wrong, "ITEMS") == [
        '"type" must be "record".',
        "ITEM_ID: this field is required, as string.",
        "GENRES: this field is required, as categorical string.",
    ]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (
            lambda: check_schema(schema("ITEMS"), "ACTIONS"),
            "dataset type 'ACTIONS' is not one of INTERACTIONS, ITEMS, USERS",
        ),
        (
            lambda: check_schema(schema("ITEMS"), "ITEMS", "ECOMMERCE"),
            "no schema rules for domain 'ECOMMERCE', only for VIDEO_ON_DEMAND",
        ),
    ],
)
def test_an_unknown_type_or_domain_is_an_error_of_the_caller(call: Callable[[], object], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{message}$"):
        call()


# -- reading -------------------------------------------------------------------------------------------------------


def test_fields_are_read_by_name_and_malformed_ones_left_out() -> None:
    found = fields({"fields": [field("A", ["null", "int"]), field("B", "date"), "C", field("D", categorical=True)]})
    assert {name: str(each) for name, each in found.items()} == {"A": "int or null", "D": "categorical string"}


@pytest.mark.parametrize("document", [{}, {"fields": "A"}, {"fields": 1}])
def test_a_document_without_fields_has_none(document: Schema) -> None:
    assert fields(document) == {}


def test_canonical_text_keeps_the_order_of_the_fields_only() -> None:
    """The order of the fields is that of the columns in the CSV file; everything else is layout."""
    one = schema("ITEMS")
    assert canonical(dict(reversed(one.items()))) == canonical(one)
    assert canonical({**one, "fields": one["fields"][::-1]}) != canonical(one)
    assert canonical({"doc": "Für dich"}) == '{"doc":"Für dich"}'


# -- the emulator ------------------------------------------------------------------------------------------------

NAMES = st.sampled_from(["USER_ID", "ITEM_ID", "GENRES", "AGE", "YEAR", "A_B", "AB", "ab", "A-B", "1A", "É", ""])
TYPES = st.sampled_from(["string", "long", "float", "boolean", "null", ["null", "int"], ["string", "null"], []])
FLAGS = st.fixed_dictionaries({}, optional={"categorical": st.booleans(), "textual": st.booleans()})


@settings(deadline=None)
@given(
    st.sampled_from(sorted(REQUIRED)),
    st.lists(st.builds(lambda name, type_, flags: field(name, type_, **flags), NAMES, TYPES, FLAGS), max_size=3),
)
def test_what_is_right_is_taken_by_the_emulator(dataset_type: str, extra: list[Schema]) -> None:
    document = schema(dataset_type, *extra)
    if not check_schema(document, dataset_type):
        assert emulated.parse(json.dumps(document), "VIDEO_ON_DEMAND").dataset_type == dataset_type
