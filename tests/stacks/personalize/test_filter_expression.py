"""Filter expressions: what is documented is taken, what the service would refuse is refused, with the place."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from stacks.personalize import filter_expression
from stacks.personalize.avro import Field
from stacks.personalize.filter_expression import check_filter, filter_columns
from tools.emulator import ServiceError, filters

# Every expression on AWS's pages: developer guide, "Item recommendation filter expression examples" (this edition and
# an earlier one), "User segment filter expressions", "Action recommendation filter expression examples", "Combining
# multiple expressions"; API reference, CreateFilter, in its earlier editions; AWS's workshops and samples.
DOCUMENTED = [
    "EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ($EVENT_TYPE)",
    'EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "stream")',
    'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click")',
    'INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("*")',
    "EXCLUDE ItemID WHERE Items.CATEGORY IN ($CATEGORY)",
    "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.GENRE IN CurrentItem.GENRE",
    'EXCLUDE ItemID WHERE Items.CATEGORY_L1 IN ("shoe") AND Items.CATEGORY_L2 NOT IN ("boot")',
    'EXCLUDE ItemID WHERE Items.CATEGORY IN ("shoe") AND Items.DESCRIPTION NOT IN ("boot")',
    "INCLUDE ItemID WHERE Items.NUMBER_OF_DOWNLOADS = $NUMBER_OF_DOWNLOADS",
    "INCLUDE ItemID WHERE Items.PRICE <= $PRICE",
    "INCLUDE ItemID WHERE Items.CREATION_TIMESTAMP < $DATE",
    "INCLUDE ItemID WHERE Items.GENRE IN ($GENRE)",
    "INCLUDE ItemID WHERE Items.PRICE < CurrentItem.PRICE AND Items.CREATION_TIMESTAMP > $DATE",
    "EXCLUDE ItemID WHERE Items.GENRE IN ($GENRE) IF CurrentUser.AGE = $AGE",
    'INCLUDE ItemID WHERE Items.CATEGORY_L1 IN ("watch") AND Items.CATEGORY_L2 IN ("luxury") IF CurrentUser.AGE > 18',
    "INCLUDE UserID WHERE Users.MEMBERSHIP_STATUS IN ($MEMBERSHIP)",
    "EXCLUDE UserID WHERE Users.AGE < $AGE",
    'INCLUDE UserID WHERE Interactions.EVENT_TYPE IN ("click", "rating")',
    "EXCLUDE UserID WHERE Interactions.EVENT_TYPE IN ($EVENT_TYPE)",
    "INCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ($EVENT_TYPE)",
    'EXCLUDE ActionID WHERE Action_Interactions.EVENT_TYPE IN ("NOT_TAKEN")',
    "EXCLUDE ActionID WHERE Actions.CATEGORY IN ($CATEGORY)",
    "INCLUDE ActionID WHERE Actions.VALUE > ($VALUE)",
    'INCLUDE ActionID WHERE Action.MEMBERSHIP_LEVEL IN ("Premium") IF CurrentUser.MEMBERSHIP = $PREMIUM',
    "EXCLUDE ActionID WHERE Actions.VALUE < ($VALUE) IF CurrentUser.MEMBERSHIP = $PREMIUM",
    'INCLUDE ItemID WHERE Items.CATEGORY IN ($CATEGORY) | INCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("favorite")',
    "INCLUDE ItemID WHERE Items.GENRE IN ($GENRE)"
    ' | EXCLUDE ItemID WHERE Interactions.EVENT_TYPE IN ("click", "stream")',
    'EXCLUDE itemId WHERE INTERACTIONS.event_type in ("*")',
    'EXCLUDE itemId WHERE INTERACTIONS.event_type in ("Purchase")',
    "INCLUDE ItemID WHERE Interactions.event_type IN ('watched','favorited')",
    "EXCLUDE ItemID WHERE Items.out_of_stock IN ('yes')",
]
# What the pages allow in words, without an example.
ALLOWED = [
    "INCLUDE ItemID WHERE Items.PRICE != 2.5 AND Items.PRICE >= -1 OR Items.PRICE = .5",
    'INCLUDE ItemID WHERE Items.TITLE IN ("Say \\"Yes\\"", \'O\\\'Brother\')',
    "include itemid where items.price > 1\n  and items.price < 5 | exclude itemid where interactions.event_type in (*)",
    "EXCLUDE ItemID WHERE Items.GENRE IN ($G) IF CurrentUser.AGE > 1 AND CurrentUser.PLAN IN ($PLAN)",
    'EXCLUDE ItemID WHERE Items.IN IN ("x") OR Items.ITEMS = 1',
]


@pytest.mark.parametrize("expression", [*DOCUMENTED, *ALLOWED])
def test_what_is_documented_is_taken(expression: str) -> None:
    """By the emulator too."""
    assert check_filter(expression) == []
    filters.parse(expression)


@pytest.mark.parametrize(
    "expression",
    [
        'EXCLUDE itemId WHERE INTERACTIONS.event_type in ("Watch")',
        "INCLUDE ItemID WHERE Items.GENRES IN CurrentItem.GENRES",
    ],
)
def test_a_right_filter_is_taken_in_any_case_and_with_the_current_item(expression: str) -> None:
    """Case 8."""
    assert check_filter(expression, SCHEMAS) == []


def field(name: str, type_: str, *, categorical: bool = False, textual: bool = False) -> Field:
    return Field(name, type_, nullable=True, categorical=categorical, textual=textual)


def fields(*of: Field) -> Mapping[str, Field]:
    return {each.name: each for each in of}


SCHEMAS = {
    "INTERACTIONS": fields(field("EVENT_TYPE", "string"), field("DEVICE", "string")),
    "ITEMS": fields(
        field("GENRES", "string", categorical=True),
        field("YEAR", "int"),
        field("PLOT", "string", textual=True),
        field("FREE", "boolean"),
    ),
    "USERS": fields(field("AGE", "int")),
}
BEGINNING = "INCLUDE ItemID WHERE "  # 21 characters


MISTAKES = [
    ("", "must have 1 to 2500 characters, but has 0."),
    ("x" * 2501, "must have 1 to 2500 characters, but has 2501."),
    ("EXCLUD ItemID WERE Items.YEAR = 1", "at character 1: expected INCLUDE or EXCLUDE, but found 'EXCLUD'."),
    ("INCLUDE Movies", "at character 9: expected ItemID, UserID or ActionID, but found 'Movies'."),
    ("INCLUDE ItemID WERE Items.YEAR = 1", "at character 16: expected WHERE, but found 'WERE'."),
    (
        f"{BEGINNING}Films.YEAR = 1",
        "at character 22: expected Interactions, Items, Users, Actions, Action_Interactions or CurrentUser, "
        "but found 'Films'.",
    ),
    (f"{BEGINNING}Items YEAR", "at character 28: expected '.', but found 'YEAR'."),
    (f"{BEGINNING}Items.= 1", "at character 28: expected a column name, but found '='."),
    (
        f"{BEGINNING}Items.YEAR BETWEEN 1 AND 2",
        "at character 33: expected IN, NOT IN or one of = != < <= > >=, but found 'BETWEEN'.",
    ),
    (
        f'{BEGINNING}Items.GENRES IN ("War"',
        "at character 44: expected ')' or ',', but found the end of the expression.",
    ),
    (f'{BEGINNING}Items.GENRES IN "War"', "at character 38: expected '(' or CurrentItem, but found \"War\"."),
    (
        f"{BEGINNING}Items.GENRES IN ()",
        "at character 39: expected a quoted text, a number, a $PLACEHOLDER or '*', but found ')'.",
    ),
    (
        f'{BEGINNING}Items.GENRES IN ("War)',
        "at character 39: expected a quoted text, a number, a $PLACEHOLDER or '*', "
        "but found a text without its closing quote.",
    ),
    (
        f"{BEGINNING}Items.GENRES IN (War)",
        "at character 39: expected a quoted text, a number, a $PLACEHOLDER or '*', but found 'War'.",
    ),
    (
        f"{BEGINNING}Items.YEAR = 1 |",
        "at character 38: expected INCLUDE or EXCLUDE, but found the end of the expression.",
    ),
    (
        f"{BEGINNING}Items.YEAR = 1 Items",
        "at character 37: expected AND, OR, IF, '|' or the end of the expression, but found 'Items'.",
    ),
    (
        f"{BEGINNING}Items.GENRES NOT IN ($GENRES)",
        "at character 43: the placeholder $GENRES cannot be used with NOT IN. "
        "Use IN, and INCLUDE in place of EXCLUDE or the reverse.",
    ),
    (f"{BEGINNING}CurrentUser.AGE > 1", "at character 22: CurrentUser.AGE can be used only after IF."),
    (
        f"{BEGINNING}Items.YEAR > 1 IF Items.YEAR > 2",
        "at character 40: only CurrentUser can come after IF, not Items.YEAR.",
    ),
    (
        f"{BEGINNING}Users.AGE > 1",
        "at character 22: ItemID is filtered by columns of Interactions and Items, not by Users.AGE. "
        "Use CurrentUser after IF.",
    ),
    (
        f'{BEGINNING}Items.YEAR > 1 AND Interactions.EVENT_TYPE IN ("Watch")',
        "at character 41: Interactions.EVENT_TYPE belongs to another dataset than Items.YEAR. Conditions joined by AND "
        "or OR use one dataset; join two expressions with '|' instead.",
    ),
    (f'{BEGINNING}Items.GENRES IN ("*")', "at character 39: '*' can be used only with Interactions.EVENT_TYPE."),
    (
        "INCLUDE UserID WHERE Users.AGE = CurrentItem.YEAR",
        "at character 34: CurrentItem.YEAR can be compared with columns of Items only.",
    ),
    (
        f'{BEGINNING}Items.GENRE IN ("War")',
        "at character 22: 'Items.GENRE' is not a column of the items dataset. It has GENRES, YEAR, PLOT, FREE.",
    ),
    (
        f"{BEGINNING}Items.YEAR = CurrentItem.YEARS",
        "at character 35: 'CurrentItem.YEARS' is not a column of the items dataset. It has GENRES, YEAR, PLOT, FREE.",
    ),
    (
        "INCLUDE ActionID WHERE Actions.VALUE > 1",
        "at character 24: 'Actions.VALUE' needs an actions dataset, and there is none.",
    ),
    (
        f'{BEGINNING}Interactions.DEVICE IN ("tv")',
        "at character 22: Interactions.DEVICE cannot be filtered by; of interactions only EVENT_TYPE can.",
    ),
    (
        f'{BEGINNING}Items.FREE IN ("true")',
        "at character 22: Items.FREE is boolean, and cannot be filtered by. Make it a string or an int in the schema.",
    ),
    (f'{BEGINNING}Items.PLOT IN ("x")', "at character 22: Items.PLOT is textual, and cannot be filtered by."),
    (
        f'{BEGINNING}Items.GENRES > "War"',
        "at character 22: > needs a number, but Items.GENRES is of type string.",
    ),
    (
        f'{BEGINNING}Items.YEAR > "new"',
        'at character 35: Items.YEAR is of type int, and "new" is not a number.',
    ),
]


@pytest.mark.parametrize(("expression", "mistake"), MISTAKES)
def test_a_mistake_is_told_with_its_place(expression: str, mistake: str) -> None:
    """Case 7."""
    assert check_filter(expression, SCHEMAS) == [mistake]


@pytest.mark.parametrize(
    ("expression", "mistake"),
    [
        (
            f"{BEGINNING}\n  Items.YEAR > 1990\n  AND Items.GENRES NOT IN ($GENRES)\n",
            "in line 3, at character 28: the placeholder $GENRES cannot be used with NOT IN. Use IN, and INCLUDE in "
            "place of EXCLUDE or the reverse.",
        ),
        (
            f"{BEGINNING}\nFilms.YEAR > 1990",
            "in line 2, at character 1: expected Interactions, Items, Users, Actions, Action_Interactions or "
            "CurrentUser, but found 'Films'.",
        ),
        (
            f"{BEGINNING}\n  Items.YEAR >\n\n",
            "in line 2, at character 15: expected '(', a quoted text, a number, a $PLACEHOLDER, '*' or CurrentItem, "
            "but found the end of the expression.",
        ),
        (f"EXCLUD{BEGINNING}\n", "at character 1: expected INCLUDE or EXCLUDE, but found 'EXCLUDINCLUDE'."),
    ],
)
def test_a_mistake_in_several_lines_is_told_with_its_line(expression: str, mistake: str) -> None:
    assert check_filter(expression, SCHEMAS) == [mistake]


def test_every_mistake_is_told_at_once() -> None:
    text = f"{BEGINNING}Items.GENRES NOT IN ($A) AND Items.LENGTH > 1 | INCLUDE ItemID WHERE Items.FREE = 1"
    assert len(check_filter(text, SCHEMAS)) == 3


def test_a_filter_has_at_most_ten_columns() -> None:
    ten = BEGINNING + " AND ".join(f"Items.C{n} = 1" for n in range(10))
    assert check_filter(f"{ten} AND Items.c3 = 2 AND Items.C1 = CurrentItem.C2") == []
    assert check_filter(f"{ten} AND Items.C10 = 1") == ["uses 11 distinct columns, at most 10 are allowed."]


def test_columns_are_told_by_their_dataset() -> None:
    text = f"{BEGINNING}Items.year < CurrentItem.PRICE IF CurrentUser.AGE > 1"
    assert filter_columns(text) == {"ITEMS.YEAR", "ITEMS.PRICE", "USERS.AGE"}
    assert filter_columns("INCLUDE") == set()


def test_the_emulator_has_the_same_grammar() -> None:
    grammar = Path(filter_expression.__file__).with_suffix(".lark")
    assert (Path(filters.__file__).parent / grammar.name).read_bytes() == grammar.read_bytes()


WORDS = st.sampled_from(
    [
        *("INCLUDE", "exclude", "ItemID", "UserID", "WHERE", "AND", "OR", "IF", "NOT", "IN"),
        *("(", ")", ",", "|", "=", "<", ".", "$A", '"War"', "'*'", "*", "-1.5", "&", "\\", '"', "ü"),
        *("Items", "Items.GENRES", "Items.YEAR", "interactions.EVENT_TYPE", "CurrentUser.AGE", "CurrentItem.YEAR"),
    ]
)


@settings(deadline=None)
@given(st.lists(WORDS, max_size=14).map(" ".join) | st.text(max_size=40))
def test_the_product_and_the_emulator_agree_on_whatever_is_written(text: str) -> None:
    assert (check_filter(text) == []) is is_taken_by_the_emulator(text)


CONDITIONS = st.sampled_from(
    [
        'Items.GENRES IN ("War")',
        "Items.GENRES NOT IN ($A)",
        "Items.YEAR < CurrentItem.YEAR",
        'Interactions.EVENT_TYPE IN ("*")',
        "Items.YEAR IN (*)",
        "CurrentUser.AGE >= 18",
        "Users.AGE = 2",
    ]
)
EXPRESSIONS = st.builds(
    "{} {} WHERE {} {} {}".format,
    st.sampled_from(["INCLUDE", "EXCLUDE"]),
    st.sampled_from(["ItemID", "UserID", "ActionID"]),
    CONDITIONS,
    st.one_of(st.just(""), CONDITIONS.map("AND {}".format), CONDITIONS.map("or {}".format)),
    st.one_of(st.just(""), CONDITIONS.map("IF {}".format)),
)


@settings(deadline=None)
@given(st.lists(EXPRESSIONS, min_size=1, max_size=3).map(" | ".join))
def test_the_product_and_the_emulator_agree_on_what_goes_with_what(text: str) -> None:
    assert (check_filter(text) == []) is is_taken_by_the_emulator(text)


def is_taken_by_the_emulator(text: str) -> bool:
    try:
        filters.parse(text)
    except ServiceError:
        return False
    return True
