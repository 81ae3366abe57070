"""Filter expressions: what they say, what is wrong with them, and which items they let through."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.emulator.support.records import FIELDS, schema
from tools.emulator import ServiceError
from tools.emulator.avro import parse as parse_schema
from tools.emulator.data import Dataset
from tools.emulator.filters import Condition, Data, Expression, Placeholder, allowed, check_fields, parse

ITEM_FIELDS = [
    *FIELDS["Items"],
    {"name": "FREE", "type": ["null", "boolean"]},
    {"name": "PLOT", "type": ["null", "string"], "textual": True},
    {"name": "STUDIO", "type": ["null", "string"]},
]
SCHEMAS = {
    "INTERACTIONS": parse_schema(
        schema("Interactions", [*FIELDS["Interactions"], {"name": "DEVICE", "type": ["null", "string"]}])
    ),
    "ITEMS": parse_schema(schema("Items", ITEM_FIELDS)),
    "USERS": parse_schema(schema("Users")),
}
WITH_ACTIONS = {
    **SCHEMAS,
    "ACTIONS": parse_schema(schema("Actions")),
    "ACTION_INTERACTIONS": parse_schema(schema("ActionInteractions")),
}
MOST = {"INTERACTIONS": 100, "ACTION_INTERACTIONS": 300}
CATALOGUE = ["old", "drama", "both", "plain"]


def filled(schema_of: str, *rows: dict[str, Any]) -> Dataset:
    dataset = Dataset(WITH_ACTIONS[schema_of])
    for row in rows:
        dataset.put(row, 0)
    return dataset


def event(item: str, kind: str, time: int, user: str = "ann") -> dict[str, Any]:
    return {"USER_ID": user, "ITEM_ID": item, "EVENT_TYPE": kind, "TIMESTAMP": time}


def tried(action: str, kind: str, time: int, user: str = "ann") -> dict[str, Any]:
    return {"USER_ID": user, "ACTION_ID": action, "EVENT_TYPE": kind, "TIMESTAMP": time}


DATASETS = {
    "INTERACTIONS": filled(
        "INTERACTIONS",
        event("old", "Watch", 1),
        event("drama", "Click", 2),
        event("both", "watch", 3),
        event("plain", "Watch", 4, user="bob"),
    ),
    "ITEMS": filled(
        "ITEMS",
        {"ITEM_ID": "old", "GENRES": "War", "CREATION_TIMESTAMP": 10, "PRICE": 1.0, "STUDIO": "A"},
        {"ITEM_ID": "drama", "GENRES": "Drama", "CREATION_TIMESTAMP": 20, "PRICE": 2.5, "STUDIO": "B|C"},
        {"ITEM_ID": "both", "GENRES": "Drama|War", "CREATION_TIMESTAMP": 30, "PRICE": None, "STUDIO": "B"},
        {"ITEM_ID": "plain", "GENRES": "Comedy", "CREATION_TIMESTAMP": 40, "PRICE": 4.0, "STUDIO": None},
    ),
    "USERS": filled(
        "USERS",
        {"USER_ID": "ann", "AGE": 20, "PLAN": "Member"},
        {"USER_ID": "bob", "AGE": 12, "PLAN": None},
    ),
    "ACTIONS": filled(
        "ACTIONS",
        {"ACTION_ID": "join", "VALUE": 10, "LEVEL": "Deluxe|Premium"},
        {"ACTION_ID": "rate", "VALUE": 1, "LEVEL": "Basic"},
        {"ACTION_ID": "share", "VALUE": None, "LEVEL": None},
    ),
    "ACTION_INTERACTIONS": filled(
        "ACTION_INTERACTIONS",
        tried("join", "Taken", 1),
        tried("rate", "Not taken", 2),
        tried("share", "VIEWED", 3, user="bob"),
    ),
}
DATA = Data(DATASETS, MOST)


def passing(expression: str, user: str | None = "ann", data: Data = DATA, **values: str) -> list[str]:
    return allowed(parse(expression), "ItemID", CATALOGUE, user, values, data)


def refused(expression: str) -> str:
    with pytest.raises(ServiceError) as caught:
        check_fields(parse(expression), SCHEMAS, 10)
    assert caught.value.code == "InvalidInputException"
    return caught.value.message.removeprefix("Could not create filter. ")


# -- grammar -----------------------------------------------------------------------------------------------


def test_an_expression_in_all_its_parts() -> None:
    text = (
        'EXCLUDE ItemID WHERE Items.GENRES IN ("War", $GENRE) AND Items.PRICE >= 2.5 OR Items.PRICE < -1 '
        "IF CurrentUser.AGE = $AGE AND CurrentUser.PLAN NOT IN ('Member')"
    )
    assert parse(text).expressions == (
        Expression(
            includes=False,
            subject="ItemID",
            any_of=(
                (
                    Condition("ITEMS", "GENRES", "IN", ("War", Placeholder("GENRE"))),
                    Condition("ITEMS", "PRICE", ">=", (2.5,)),
                ),
                (Condition("ITEMS", "PRICE", "<", (-1.0,)),),
            ),
            only_if=(
                Condition("CURRENT_USER", "AGE", "=", (Placeholder("AGE"),)),
                Condition("CURRENT_USER", "PLAN", "NOT IN", ("Member",)),
            ),
        ),
    )


def test_words_may_be_written_in_any_case_and_parts_joined_by_a_pipe() -> None:
    parsed = parse('include itemId where ITEMS.genres in ("War")|Exclude ITEMID Where interactions.event_type In ("*")')
    assert [one.includes for one in parsed.expressions] == [True, False]
    assert parsed.fields() == {("ITEMS", "GENRES"), ("INTERACTIONS", "EVENT_TYPE")}


def test_fields_of_the_current_user_are_fields_of_users() -> None:
    parsed = parse("INCLUDE ItemID WHERE Items.PRICE > 1 IF CurrentUser.AGE > 17 AND CurrentUser.age < 99")
    assert parsed.fields() == {("ITEMS", "PRICE"), ("USERS", "AGE")}


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("", "expected INCLUDE or EXCLUDE, found the end of the expression"),
        ("KEEP ItemID", "expected INCLUDE or EXCLUDE, found 'KEEP'"),
        ("INCLUDE MovieID", "expected ItemID or UserID, found 'MovieID'"),
        ("INCLUDE ItemID IF", "expected WHERE, found 'IF'"),
        ("INCLUDE ItemID WHERE Films.GENRES", "expected Interactions, Items, Users or CurrentUser, found 'Films'"),
        ("INCLUDE ItemID WHERE Items GENRES", "expected '.', found 'GENRES'"),
        ("INCLUDE ItemID WHERE Items.=", "expected a field name, found '='"),
        ("INCLUDE ItemID WHERE Items.GENRES LIKE", "expected IN, NOT IN or a comparison operator, found 'LIKE'"),
        ("INCLUDE ItemID WHERE Items.GENRES NOT (", "expected IN, found '('"),
        ('INCLUDE ItemID WHERE Items.GENRES IN "War"', "expected '(', found '\"War\"'"),
        ('INCLUDE ItemID WHERE Items.GENRES IN ("War"', "expected ')', found the end of the expression"),
        ("INCLUDE ItemID WHERE Items.GENRES IN ()", "expected a quoted text, a number or a $PLACEHOLDER, found ')'"),
        (
            "INCLUDE ItemID WHERE Items.GENRES IN (War)",
            "expected a quoted text, a number or a $PLACEHOLDER, found 'War'",
        ),
        ("INCLUDE ItemID WHERE Items.PRICE > 1 Items", "expected '|' or the end of the expression, found 'Items'"),
        ("INCLUDE ItemID WHERE Items.PRICE > 1 |", "expected INCLUDE or EXCLUDE, found the end of the expression"),
    ],
)
def test_mistakes_are_told_with_what_was_expected(expression: str, message: str) -> None:
    assert refused(expression) == f"Invalid Expression: {message}."


def test_symbols_that_are_none_are_told() -> None:
    assert refused("INCLUDE ItemID WHERE Items.PRICE & 1") == "Invalid input symbol: '& 1'."


@pytest.mark.parametrize(
    ("expression", "words"),
    [
        ('INCLUDE ItemID WHERE Items.GENRES IN ("War") AND Interactions.EVENT_TYPE IN ("*")', "the same dataset"),
        ('INCLUDE ItemID WHERE Items.GENRES IN ("War") OR Interactions.EVENT_TYPE IN ("*")', "the same dataset"),
        ("INCLUDE ItemID WHERE CurrentUser.AGE > 17", "CurrentUser can be used only in an IF condition"),
        ("INCLUDE ItemID WHERE Items.PRICE > 1 IF Items.PRICE < 9", "an IF condition can check only CurrentUser"),
        ("INCLUDE ItemID WHERE Users.AGE > 17", "items cannot be filtered by fields of Users"),
        ('EXCLUDE ItemID WHERE Items.GENRES IN ("*")', "'*' can be used only with Interactions.EVENT_TYPE"),
        ("EXCLUDE ItemID WHERE Items.GENRES IN (*)", "'*' can be used only with Interactions.EVENT_TYPE"),
        ("INCLUDE ItemID WHERE Items.GENRES NOT IN ($GENRE)", "Placeholders can only be used with IN"),
        ('INCLUDE ItemID WHERE Items.DIRECTOR IN ("X")', "the schema of the ITEMS dataset has no field DIRECTOR"),
        ('INCLUDE ItemID WHERE Items.FREE IN ("true")', "FREE is boolean"),
        ('INCLUDE ItemID WHERE Items.PLOT IN ("x")', "PLOT is textual"),
        ('INCLUDE ItemID WHERE Items.GENRES > "A"', "> needs a numeric field, but GENRES is of type string"),
        ('INCLUDE ItemID WHERE Interactions.DEVICE IN ("tv")', "interactions can be filtered by EVENT_TYPE only"),
        ("INCLUDE ItemID WHERE Items.PRICE > 1 IF CurrentUser.HEIGHT > 1", "USERS dataset has no field HEIGHT"),
        ("INCLUDE ItemID WHERE Items.PRICE > CurrentItem.COST", "ITEMS dataset has no field COST"),
        ("INCLUDE ItemID WHERE Items.PRICE > CurrentItem.GENRES", "> needs a numeric field, but GENRES"),
        ("INCLUDE UserID WHERE Users.AGE > CurrentItem.PRICE", "CurrentItem can be compared only with fields of Items"),
        ('INCLUDE UserID WHERE Items.GENRES IN ("War")', "UserID cannot be filtered by fields of ITEMS"),
        ("INCLUDE ActionID WHERE Actions.VALUE > ($VALUE)", "the dataset group has no ACTIONS dataset"),
        ('INCLUDE ItemID WHERE Items.PRICE > "cheap"', "PRICE is of type float, and 'cheap' is not a number"),
    ],
)
def test_expressions_that_make_no_sense_are_refused(expression: str, words: str) -> None:
    message = refused(expression)
    assert message.startswith("Invalid Expression: ")
    assert words in message


def test_a_dataset_must_be_there_to_be_filtered_by() -> None:
    with pytest.raises(ServiceError, match="no USERS dataset"):
        check_fields(
            parse("INCLUDE ItemID WHERE Items.PRICE > 1 IF CurrentUser.AGE > 1"), {"ITEMS": SCHEMAS["ITEMS"]}, 10
        )


def test_the_number_of_fields_is_limited() -> None:
    parsed = parse("INCLUDE ItemID WHERE Items.PRICE > 1 AND Items.price < 9 AND Items.CREATION_TIMESTAMP > 1")
    check_fields(parsed, SCHEMAS, 2)
    with pytest.raises(ServiceError, match="at most 1 distinct dataset fields"):
        check_fields(parsed, SCHEMAS, 1)


# -- items -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ('INCLUDE ItemID WHERE Items.GENRES IN ("War")', ["old", "both"]),
        ('EXCLUDE ItemID WHERE Items.GENRES IN ("War")', ["drama", "plain"]),
        ('INCLUDE ItemID WHERE Items.GENRES IN ("War", "Comedy")', ["old", "both", "plain"]),
        ('INCLUDE ItemID WHERE Items.GENRES NOT IN ("War")', ["drama", "plain"]),
        ('INCLUDE ItemID WHERE Items.GENRES IN ("war")', []),
        ('INCLUDE ItemID WHERE Items.GENRES IN ("Drama|War")', []),
        ('INCLUDE ItemID WHERE Items.STUDIO IN ("B")', ["both"]),
        ('INCLUDE ItemID WHERE Items.STUDIO NOT IN ("B")', ["old", "drama"]),
        ('INCLUDE ItemID WHERE Items.GENRES IN ("War") AND Items.GENRES IN ("Drama")', ["both"]),
        (
            'INCLUDE ItemID WHERE Items.GENRES IN ("Comedy") OR Items.GENRES IN ("Drama") AND Items.PRICE > 1',
            ["drama", "plain"],
        ),
        ('INCLUDE ItemID WHERE Items.STUDIO = "A"', ["old"]),
        ('INCLUDE ItemID WHERE Items.DIRECTOR IN ("X")', []),
        ("INCLUDE ItemID WHERE Items.PRICE = 2.5", ["drama"]),
        ("INCLUDE ItemID WHERE Items.PRICE != 2.5", ["old", "plain"]),
        ("INCLUDE ItemID WHERE Items.PRICE < 2.5", ["old"]),
        ("INCLUDE ItemID WHERE Items.PRICE <= 2.5", ["old", "drama"]),
        ("INCLUDE ItemID WHERE Items.PRICE > 2.5", ["plain"]),
        ("INCLUDE ItemID WHERE Items.PRICE >= 2.5", ["drama", "plain"]),
        ("INCLUDE ItemID WHERE Items.PRICE IN (1, 4)", ["old", "plain"]),
        ('INCLUDE ItemID WHERE Items.PRICE IN ("1.0")', ["old"]),
        ("EXCLUDE ItemID WHERE Items.CREATION_TIMESTAMP < 25", ["both", "plain"]),
    ],
)
def test_filtering_by_items(expression: str, expected: list[str]) -> None:
    assert passing(expression) == expected


def test_an_item_without_a_record_meets_no_condition() -> None:
    parsed = parse('INCLUDE ItemID WHERE Items.GENRES NOT IN ("War")')
    assert allowed(parsed, "ItemID", ["unknown", "plain"], "ann", {}, DATA) == ["plain"]
    parsed = parse('EXCLUDE ItemID WHERE Items.GENRES NOT IN ("War")')
    assert allowed(parsed, "ItemID", ["unknown", "plain"], "ann", {}, DATA) == ["unknown"]


# -- interactions ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "user", "expected"),
    [
        ('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")', "ann", ["drama", "plain"]),
        ('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("WATCH")', "ann", ["drama", "plain"]),
        ('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Click")', "ann", ["drama"]),
        ('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Click", "Watch")', "ann", ["old", "drama", "both"]),
        ('INCLUDE ItemID WHERE Interactions.EVENT_TYPE NOT IN ("Click")', "ann", ["old", "both"]),
        ("INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)", "ann", ["old", "drama", "both"]),
        ('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")', "ann", ["old", "drama", "both"]),
        ('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")', "bob", ["old", "drama", "both"]),
        ('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")', "nobody", CATALOGUE),
        ('EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")', None, CATALOGUE),
        ('INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("Watch")', None, []),
    ],
)
def test_filtering_by_what_the_user_did(expression: str, user: str | None, expected: list[str]) -> None:
    assert passing(expression, user) == expected


def test_only_the_latest_interactions_of_each_type_count() -> None:
    one = {"INTERACTIONS": 1}
    data = Data(DATASETS, one)
    assert passing("INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)", data=data) == ["old", "drama", "both"]
    events = [event("old", "Watch", 1), event("drama", "Watch", 2), event("both", "Click", 0)]
    data = Data({"INTERACTIONS": filled("INTERACTIONS", *events)}, one)
    assert passing("INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN (*)", data=data) == ["drama", "both"]


# -- the current user --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("condition", "user", "counts"),
    [
        ("CurrentUser.AGE > 17", "ann", True),
        ("CurrentUser.AGE > 17", "bob", False),
        ("CurrentUser.AGE > 17", "nobody", False),
        ("CurrentUser.AGE > 17", None, False),
        ('CurrentUser.PLAN IN ("Member")', "ann", True),
        ('CurrentUser.PLAN IN ("Member")', "bob", False),
        ('CurrentUser.AGE > 17 AND CurrentUser.PLAN IN ("Guest")', "ann", False),
        ('CurrentUser.AGE > 17 AND CurrentUser.PLAN IN ("Member")', "ann", True),
    ],
)
def test_an_expression_counts_only_if_the_user_is_so(condition: str, user: str | None, counts: bool) -> None:
    text = f'EXCLUDE ItemID WHERE Items.GENRES IN ("War") IF {condition}'
    assert passing(text, user) == (["drama", "plain"] if counts else CATALOGUE)
    text = f'INCLUDE ItemID WHERE Items.GENRES IN ("War") IF {condition}'
    assert passing(text, user) == (["old", "both"] if counts else CATALOGUE)


# -- the current item --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "item", "expected"),
    [
        ("INCLUDE ItemID WHERE Items.GENRES IN CurrentItem.GENRES", "old", ["old", "both"]),
        ("INCLUDE ItemID WHERE Items.GENRES IN CurrentItem.GENRES", "both", ["old", "drama", "both"]),
        ("EXCLUDE ItemID WHERE Items.genres IN currentitem.Genres", "both", ["plain"]),
        ("INCLUDE ItemID WHERE Items.GENRES NOT IN CurrentItem.GENRES", "old", ["drama", "plain"]),
        ("INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE", "plain", ["old", "drama"]),
        ("INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRES IN ($G)", "plain", ["old"]),
        ("INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE", "both", []),
        ("EXCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE", "both", CATALOGUE),
        ("INCLUDE ItemID WHERE Items.STUDIO = CurrentItem.STUDIO", "both", ["both"]),
        ("INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE", "unknown", []),
        ("INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE", None, []),
    ],
)
def test_items_are_compared_with_the_item_of_the_request(
    expression: str, item: str | None, expected: list[str]
) -> None:
    """Case 8. That a missing value meets no condition is inferred."""
    parsed = parse(expression)
    check_fields(parsed, SCHEMAS, 10)
    assert parsed.needs_current_item
    assert allowed(parsed, "ItemID", CATALOGUE, "ann", {"G": "War"}, DATA, item) == expected


def test_columns_of_the_current_item_count_as_fields_of_items() -> None:
    assert parse("INCLUDE ItemID WHERE Items.PRICE < CurrentItem.YEAR").fields() == {
        ("ITEMS", "PRICE"),
        ("ITEMS", "YEAR"),
    }


def test_texts_hold_escaped_quotes() -> None:
    (expression,) = parse(r"""INCLUDE ItemID WHERE Items.STUDIO IN ("a \"b\" c", 'it\'s')""").expressions
    assert expression.any_of[0][0].values == ('a "b" c', "it's")


# -- actions and users -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("expression", "user", "expected"),
    [
        ("INCLUDE ActionID WHERE Actions.VALUE > ($VALUE)", "ann", ["join"]),
        ('EXCLUDE ActionID WHERE Actions.LEVEL IN ("Premium", "Basic")', "ann", ["share"]),
        ('INCLUDE ActionID WHERE Action.LEVEL IN ("Premium") IF CurrentUser.PLAN IN ("Member")', "ann", ["join"]),
        ('INCLUDE ActionID WHERE Action.LEVEL IN ("Premium") IF CurrentUser.PLAN IN ("Member")', "bob", None),
        ('EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("TAKEN")', "ann", ["rate", "share"]),
        ('EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("NOT_TAKEN")', "ann", ["join", "share"]),
        ('EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("Not taken")', "ann", ["join", "share"]),
        ('INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("*")', "bob", ["share"]),
        ('INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("*")', "nobody", []),
    ],
)
def test_filtering_actions(expression: str, user: str, expected: list[str] | None) -> None:
    """Developer guide, "Action recommendation filter expression examples"."""
    every = ["join", "rate", "share"]
    parsed = parse(expression)
    check_fields(parsed, WITH_ACTIONS, 10)
    assert allowed(parsed, "ActionID", every, user, {"VALUE": "5"}, DATA) == (every if expected is None else expected)


def test_of_interactions_with_actions_more_count() -> None:
    """Developer guide, "Filter expressions": 300 of each event type."""
    events = [tried("old", "Viewed", 0), *(tried("new", "Viewed", time) for time in range(1, 301))]
    data = Data({"ACTION_INTERACTIONS": filled("ACTION_INTERACTIONS", *events)}, MOST)
    parsed = parse('INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("Viewed")')
    assert allowed(parsed, "ActionID", ["old", "new"], "ann", {}, data) == ["new"]


@pytest.mark.parametrize("field", ["REPEAT_FREQUENCY", "EXPIRATION_TIMESTAMP"])
def test_actions_are_not_filtered_by_what_leaves_them_out(field: str) -> None:
    """Developer guide, "Guidelines and requirements" of filter expressions."""
    with pytest.raises(ServiceError, match="left out anyway"):
        check_fields(parse(f"EXCLUDE ActionID WHERE Actions.{field} > 1"), WITH_ACTIONS, 10)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("INCLUDE UserID WHERE Users.AGE > 17", ["ann"]),
        ('EXCLUDE UserID WHERE Users.PLAN IN ("Member")', ["bob", "new"]),
        ('INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("Click")', ["ann"]),
        ('EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("watch")', ["new"]),
    ],
)
def test_filtering_users(expression: str, expected: list[str]) -> None:
    """Developer guide, "User segment filter expression examples"."""
    assert allowed(parse(expression), "UserID", ["ann", "bob", "new"], None, {}, DATA) == expected


# -- several expressions -----------------------------------------------------------------------------------


COMEDY = 'ItemID WHERE Items.GENRES IN ("Comedy")'
DRAMA = 'ItemID WHERE Items.GENRES IN ("Drama")'
CLICKED = 'ItemID WHERE Interactions.EVENT_TYPE IN ("Click")'


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        (f"EXCLUDE {COMEDY} | EXCLUDE {CLICKED}", ["old", "both"]),
        (f"INCLUDE {COMEDY} | INCLUDE {CLICKED}", ["drama", "plain"]),
        (f"INCLUDE {DRAMA} | EXCLUDE {CLICKED}", ["both"]),
        (f"EXCLUDE {CLICKED} | INCLUDE {DRAMA}", ["both"]),
        (f"INCLUDE {DRAMA} | INCLUDE {COMEDY} | EXCLUDE {CLICKED} | EXCLUDE {COMEDY}", ["both"]),
    ],
)
def test_expressions_are_united_and_exclusions_taken_off(expression: str, expected: list[str]) -> None:
    """Developer guide, "Combining multiple expressions"."""
    assert passing(expression) == expected


# -- parameters --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ('"War"', ["old", "both"]),
        ("War", ["old", "both"]),
        ('"War","Comedy"', ["old", "both", "plain"]),
        ("War, Comedy", ["old", "both", "plain"]),
        ('"War, Comedy"', []),
    ],
)
def test_values_come_with_the_request(value: str, expected: list[str]) -> None:
    assert passing("INCLUDE ItemID WHERE Items.GENRES IN ($GENRE)", GENRE=value) == expected


def test_numbers_come_with_the_request() -> None:
    assert passing("INCLUDE ItemID WHERE Items.PRICE > $PRICE", PRICE="2") == ["drama", "plain"]
    with pytest.raises(ServiceError, match="The value 'cheap' for PRICE is not a number"):
        passing("INCLUDE ItemID WHERE Items.PRICE > $PRICE", PRICE="cheap")


def test_an_include_needs_all_its_values() -> None:
    with pytest.raises(ServiceError, match="needs values for the parameters GENRE"):
        passing("INCLUDE ItemID WHERE Items.GENRES IN ($GENRE) AND Items.PRICE > $PRICE", PRICE="1")


def test_names_of_parameters_are_matched_in_their_case() -> None:
    with pytest.raises(ServiceError, match="needs values for the parameters GENRE"):
        passing("INCLUDE ItemID WHERE Items.GENRES IN ($GENRE)", genre="War")


def test_an_exclude_without_its_values_does_not_count() -> None:
    text = 'EXCLUDE ItemID WHERE Items.GENRES IN ($GENRE) | EXCLUDE ItemID WHERE Items.GENRES IN ("Comedy")'
    assert passing(text) == ["old", "drama", "both"]
    assert passing(text, GENRE="Drama") == ["old"]


def test_a_filter_of_users_is_not_for_items() -> None:
    text = "INCLUDE UserID WHERE Users.AGE > 17"
    check_fields(parse(text), SCHEMAS, 10)
    with pytest.raises(ServiceError, match="filter of users"):
        passing(text)
