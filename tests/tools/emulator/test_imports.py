"""Imports: what a CSV file must be like, and what becomes of the records."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import ROLE, Account
from tools.emulator.avro import parse
from tools.emulator.data import NONCONFORMING, Dataset, ImportFailedError, read_import
from tools.emulator.objects import MemoryObjects

INTERACTIONS = "USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP\n"
ITEMS = "ITEM_ID,GENRES,CREATION_TIMESTAMP,PRICE\n"


def reading(kind: str, minimum: int = 0, **files: bytes | str) -> dict[str, list[Any]]:
    """Read files, named without their extension, from a folder."""
    objects = MemoryObjects()
    for name, body in files.items():
        objects.put(f"s3://movies/data/{name.replace('__', '/')}.csv", body)
    return read_import(objects, ROLE, "s3://movies/data/", parse(records.schema(kind)), minimum)


def failure(kind: str, body: bytes | str, minimum: int = 0) -> str:
    with pytest.raises(ImportFailedError) as caught:
        reading(kind, minimum, rows=body)
    prefix = f"Failed to create a data import job for {kind.upper()} dataset. "
    assert str(caught.value).startswith(prefix)
    return str(caught.value).removeprefix(prefix)


# -- reading -----------------------------------------------------------------------------------------------


def test_values_get_the_types_of_the_schema() -> None:
    columns = reading("Items", rows=ITEMS + 'i1,"Drama|War",1500,2.5\ni2,Comedy,1600,\n')
    assert columns == {
        "ITEM_ID": ["i1", "i2"],
        "GENRES": ["Drama|War", "Comedy"],
        "CREATION_TIMESTAMP": [1500, 1600],
        "PRICE": [2.5, None],
    }


def test_columns_that_the_schema_does_not_have_are_ignored() -> None:
    """A published workshop imports a file with two columns more than its schema."""
    columns = reading("Users", rows="NAME,USER_ID,AGE,PLAN\nAnn,u1,30,\n")
    assert columns == {"USER_ID": ["u1"], "AGE": [30], "PLAN": [None]}


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("USER_ID,ITEM_ID\n", "Input CSV is missing the following columns:[EVENT_TYPE, TIMESTAMP]."),
        (
            '"USER_ID","ITEM_ID","EVENT_TYPE","TIMESTAMP"\n',
            "missing the following columns:[USER_ID, ITEM_ID, EVENT_TYPE,",
        ),
        ("user_id,item_id,event_type,timestamp\n", "missing the following columns:[USER_ID, ITEM_ID, EVENT_TYPE, TIM"),
        ("USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP,ITEM_ID\n", "columns more than once:[ITEM_ID]."),
        ("u1,i1,Watch,1\n", "missing the following columns:[USER_ID, ITEM_ID, EVENT_TYPE, TIMESTAMP]."),
        ("", "missing the following columns:"),
    ],
)
def test_the_header_must_be_that_of_the_schema(header: str, words: str) -> None:
    assert words in failure("Interactions", header)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        ("u1,i1,Watch,yesterday", "rows.csv, line 3: TIMESTAMP is 'yesterday', which is not of type long."),
        ("u1,i1,Watch,1.5", "rows.csv, line 3: TIMESTAMP is '1.5', which is not of type long."),
        ("u1,i1,Watch,1e9", "rows.csv, line 3: TIMESTAMP is '1e9', which is not of type long."),
        ("u1,i1,Watch,1_000", "rows.csv, line 3: TIMESTAMP is '1_000', which is not of type long."),
        ("u1,i1,Watch, 1", "rows.csv, line 3: TIMESTAMP is ' 1', which is not of type long."),
        (
            "u1,i1,Watch,9223372036854775808",
            "rows.csv, line 3: TIMESTAMP is '9223372036854775808', which is not of type long.",
        ),
        ('\nu1,"i\n1",Watch,1', "rows.csv, line 4: the record goes over 2 lines."),
        ("u1,,Watch,1", "rows.csv, line 3: ITEM_ID is empty."),
        ("u1,i1,Watch,", "rows.csv, line 3: TIMESTAMP is empty."),
        ("u1,i1,Watch", "rows.csv, line 3: 3 values for 4 columns."),
        ("u1,i1,Watch,1,2", "rows.csv, line 3: 5 values for 4 columns."),
    ],
)
def test_rows_must_conform_to_the_schema(row: str, words: str) -> None:
    assert failure("Interactions", f"{INTERACTIONS}u0,i0,Watch,1\n{row}\n") == f"{NONCONFORMING} data/{words}"


@pytest.mark.parametrize(("value", "taken"), [("true", True), ("false", False), ("True", None), ("1", None)])
def test_booleans_are_written_in_lower_case(value: str, taken: bool | None) -> None:
    fields = [*records.FIELDS["Items"][:3], {"name": "FREE", "type": "boolean"}]
    objects = MemoryObjects(
        {"s3://movies/rows.csv": f"ITEM_ID,GENRES,CREATION_TIMESTAMP,FREE\ni1,War,1,{value}\n".encode()}
    )
    schema = parse(records.schema("Items", fields))
    if taken is not None:
        assert read_import(objects, ROLE, "s3://movies/rows.csv", schema, 0)["FREE"] == [taken]
        return
    with pytest.raises(ImportFailedError, match="not of type boolean"):
        read_import(objects, ROLE, "s3://movies/rows.csv", schema, 0)


@pytest.mark.parametrize(("length", "fits"), [(256, True), (257, False)])
def test_ids_have_a_length(length: int, fits: bool) -> None:
    body = f"{ITEMS}{'x' * length},War,1,\n"
    if fits:
        assert reading("Items", rows=body)["ITEM_ID"] == ["x" * length]
        return
    assert failure("Items", body) == "Length cannot be more than 256 characters for ITEM_ID."


def test_categories_have_a_length() -> None:
    assert reading("Items", rows=f"{ITEMS}i1,{'x' * 1000},1,\n")["GENRES"] == ["x" * 1000]
    assert "1000 characters for GENRES" in failure("Items", f"{ITEMS}i1,{'x' * 1001},1,\n")


def test_other_strings_of_items_have_a_length() -> None:
    fields = [*records.FIELDS["Items"][:3], {"name": "TITLE", "type": ["null", "string"]}]
    objects = MemoryObjects()
    objects.put("s3://movies/rows.csv", f"ITEM_ID,GENRES,CREATION_TIMESTAMP,TITLE\ni1,War,1,{'x' * 1001}\n")
    with pytest.raises(ImportFailedError, match="1000 characters for TITLE"):
        read_import(objects, ROLE, "s3://movies/rows.csv", parse(records.schema("Items", fields)), 0)


def test_texts_are_cut() -> None:
    """Source: developer guide, "Preparing item metadata for training", unstructured text metadata."""
    fields = [*records.FIELDS["Items"][:3], {"name": "PLOT", "type": ["null", "string"], "textual": True}]
    body = f'ITEM_ID,GENRES,CREATION_TIMESTAMP,PLOT\ni1,War,1,"{"x" * 20_001}"\ni2,War,2,\n'
    objects = MemoryObjects({"s3://movies/rows.csv": body.encode()})
    found = read_import(objects, ROLE, "s3://movies/rows.csv", parse(records.schema("Items", fields)), 0)
    assert found["PLOT"] == ["x" * 20_000, None]


def test_columns_may_be_in_any_order() -> None:
    """As in the files that AWS's workshops import."""
    columns = reading("Items", rows="GENRES,PRICE,ITEM_ID,CREATION_TIMESTAMP\r\nWar,2,i1,5\r\n")
    assert columns == {"ITEM_ID": ["i1"], "GENRES": ["War"], "CREATION_TIMESTAMP": [5], "PRICE": [2.0]}


def test_quotes_within_values_are_escaped_or_doubled() -> None:
    columns = reading(
        "Items",
        rows=ITEMS
        + r'''"a\"b","War, ""old""",1,
''',
    )
    assert (columns["ITEM_ID"], columns["GENRES"]) == (['a"b'], ['War, "old"'])


def test_files_are_in_utf_8() -> None:
    assert reading("Items", rows=f"\ufeff{ITEMS}ü1,War,1,\n".encode())["ITEM_ID"] == ["ü1"]
    assert failure("Items", f"{ITEMS}ü1,War,1,\n".encode("latin-1")) == "data/rows.csv is not encoded in UTF-8."


def test_all_files_of_a_folder_count_but_not_those_of_folders_below() -> None:
    columns = reading(
        "Items", first=f"{ITEMS}i1,War,1,\n", second=f"{ITEMS}i2,War,1,\n", old__third=f"{ITEMS}i3,War,1,\n"
    )
    assert columns["ITEM_ID"] == ["i1", "i2"]


@pytest.mark.parametrize(
    ("location", "items"),
    [("s3://movies/data", ["i1"]), ("s3://movies/data.csv", ["i2"]), ("s3://movies/data/old", ["i3"])],
)
def test_a_folder_needs_no_slash_at_its_end(location: str, items: list[str]) -> None:
    """As aws-solutions/maintaining-personalized-experiences-with-machine-learning names it."""
    objects = MemoryObjects()
    for key, item in (("data/first", "i1"), ("data", "i2"), ("data/old/third", "i3"), ("database/fourth", "i4")):
        objects.put(f"s3://movies/{key}.csv", f"{ITEMS}{item},War,1,\n")
    columns = read_import(objects, ROLE, location, parse(records.schema("Items")), 0)
    assert columns["ITEM_ID"] == items


def test_of_several_files_the_wrong_one_is_named() -> None:
    other = ITEMS.replace("PRICE", "COST")
    with pytest.raises(ImportFailedError, match=r"following columns:\[PRICE\]\. The file is data/second\.csv"):
        reading("Items", first=f"{ITEMS}i1,War,1,\n", second=f"{other}i2,War,1,\n")


def test_a_folder_without_files_is_no_location() -> None:
    with pytest.raises(ImportFailedError, match=r"Invalid Data location\. No file is at s3://movies/data/"):
        reading("Items", old__third=f"{ITEMS}i3,War,1,\n")


def test_too_few_interactions_are_refused_and_few_items_are_not() -> None:
    rows = "".join(f"u{n},i{n},Watch,{n}\n" for n in range(9))
    assert (
        failure("Interactions", INTERACTIONS + rows, 10) == "The import has 9 interactions; at least 10 are required."
    )
    assert len(reading("Interactions", 9, rows=INTERACTIONS + rows)["USER_ID"]) == 9
    assert reading("Items", 10, rows=ITEMS)["ITEM_ID"] == []


def of_event_types(types: int, metadata: tuple[str, ...]) -> tuple[str, bytes]:
    """A schema of interactions with reserved fields and metadata, and a file with so many event types."""
    optional: list[dict[str, Any]] = [
        {"name": "EVENT_VALUE", "type": ["null", "float"]},
        {"name": "IMPRESSION", "type": ["null", "string"]},
        {"name": "RECOMMENDATION_ID", "type": ["null", "string"]},
        *({"name": name, "type": ["null", "string"], "categorical": True} for name in metadata),
    ]
    fields = [*records.FIELDS["Interactions"], *optional]
    header = ",".join(field["name"] for field in fields)
    rows = [f"u{n},i{n},Event{n % types},{n},,i1,{'' if n else 'RID'}{',x' * len(metadata)}" for n in range(20)]
    return records.schema("Interactions", fields), "\n".join([header, *rows]).encode()


@pytest.mark.parametrize(("types", "metadata"), [(10, ()), (9, ("DEVICE",)), (5, ("A", "B", "C", "D", "E"))])
def test_ten_event_types_and_metadata_columns_are_imported(types: int, metadata: tuple[str, ...]) -> None:
    """Case 18: the column EVENT_TYPE itself, and the other reserved ones, do not count."""
    document, body = of_event_types(types, metadata)
    objects = MemoryObjects()
    objects.put("s3://movies/rows.csv", body)
    columns = read_import(objects, ROLE, "s3://movies/rows.csv", parse(document, "VIDEO_ON_DEMAND"), 0)
    assert len(set(columns["EVENT_TYPE"])) == types


@pytest.mark.parametrize(("types", "metadata"), [(11, ()), (10, ("DEVICE",)), (6, ("A", "B", "C", "D", "E"))])
def test_event_types_and_metadata_columns_are_at_most_ten_together(types: int, metadata: tuple[str, ...]) -> None:
    document, body = of_event_types(types, metadata)
    objects = MemoryObjects()
    objects.put("s3://movies/rows.csv", body)
    words = rf"event types \({types}\) and metadata columns \({len(metadata)}\) together exceeds 10"
    with pytest.raises(ImportFailedError, match=words):
        read_import(objects, ROLE, "s3://movies/rows.csv", parse(document, "VIDEO_ON_DEMAND"), 0)


def test_ten_event_types_reach_the_dataset_through_a_job(account: Account) -> None:
    """Case 18: ten event types without metadata."""
    account.open_group()
    account.dataset("Interactions")
    rows = [(f"u{n % 30}", f"i{n % 40}", f"Event{n % 10}", n) for n in range(1000)]
    assert account.imported("Interactions", records.csv("Interactions", rows))["status"] == "ACTIVE"


# -- jobs --------------------------------------------------------------------------------------------------


def test_a_job_without_access_fails(movies: Account) -> None:
    movies.objects.denied_roles.add(ROLE)
    job = movies.imported("Users", records.csv("Users", records.user_rows()))
    assert job["status"] == "CREATE FAILED"
    assert job["failureReason"].startswith(
        "Failed to create a data import job for USERS dataset. Insufficient privileges for accessing data in Amazon S3."
    )
    assert ROLE in job["failureReason"]


def test_data_under_a_key_needs_a_role_that_may_use_the_key(movies: Account) -> None:
    """Case 17: and the reason does not mention the key."""
    key = "arn:aws:kms:eu-west-1:000000000000:key/1234abcd-12ab-34cd-56ef-1234567890ab"
    body = records.csv("Users", records.user_rows())
    movies.objects.encrypt("s3://movies/", key)
    job = movies.imported("Users", body)
    assert job["status"] == "CREATE FAILED"
    assert "Insufficient privileges for accessing data in Amazon S3." in job["failureReason"]
    assert "key" not in job["failureReason"]
    movies.objects.encrypt("s3://movies/", key, users=[ROLE])
    assert movies.imported("Users", body)["status"] == "ACTIVE"


def test_a_job_without_an_object_fails(movies: Account) -> None:
    job = movies.imported("Users", dataSource={"dataLocation": "s3://movies/nothing.csv"})
    assert job["status"] == "CREATE FAILED"
    assert "Invalid Data location. Nothing is at s3://movies/nothing.csv" in job["failureReason"]


def test_a_job_with_bad_data_fails_and_changes_nothing(movies: Account) -> None:
    recommender = movies.recommender()
    before = movies.recommended(recommender)
    job = movies.imported("Interactions", f"{INTERACTIONS}u0,i1,Watch,1\n")
    assert (job["status"], "at least 1000 are required" in job["failureReason"]) == ("CREATE FAILED", True)
    assert movies.recommended(recommender) == before


def test_a_job_shows_what_it_was_asked(movies: Account) -> None:
    job = movies.imported("Users", records.csv("Users", records.user_rows()), importMode="INCREMENTAL")
    assert (job["importMode"], job["roleArn"], job["datasetArn"]) == ("INCREMENTAL", ROLE, movies.datasets["Users"])
    assert movies.imported("Users", records.csv("Users", records.user_rows()))["importMode"] == "FULL"


# -- the records -------------------------------------------------------------------------------------------


def dataset(kind: str) -> Dataset:
    return Dataset(parse(records.schema(kind)))


def items(*prices: tuple[str, float]) -> dict[str, list[Any]]:
    return {"ITEM_ID": [item for item, _ in prices], "PRICE": [price for _, price in prices]}


def events(*times: int, user: str = "u0") -> dict[str, list[Any]]:
    count = len(times)
    return {
        "USER_ID": [user] * count,
        "ITEM_ID": [f"i{time}" for time in times],
        "EVENT_TYPE": ["Watch"] * count,
        "TIMESTAMP": list(times),
    }


def prices(data: Dataset) -> dict[str, float]:
    return {key: (data.row(key) or {})["PRICE"] for key in sorted(data.keys())}


def history(data: Dataset, user: str = "u0") -> list[int]:
    return [event["TIMESTAMP"] for event in data.events_of(user)]


def test_a_full_import_takes_the_place_of_the_one_before() -> None:
    data = dataset("Items")
    data.apply(items(("i1", 1.0), ("i2", 2.0)), "FULL", 0)
    data.apply(items(("i2", 3.0), ("i3", 4.0)), "FULL", 0)
    assert prices(data) == {"i2": 3.0, "i3": 4.0}


def test_an_incremental_import_adds_and_replaces_by_id() -> None:
    data = dataset("Items")
    data.apply(items(("i1", 1.0), ("i2", 2.0)), "FULL", 0)
    data.apply(items(("i2", 3.0), ("i3", 4.0)), "INCREMENTAL", 0)
    assert prices(data) == {"i1": 1.0, "i2": 3.0, "i3": 4.0}


def test_a_full_import_does_not_replace_single_records() -> None:
    data = dataset("Items")
    data.put({"ITEM_ID": "i1", "PRICE": 9.0}, 0)
    data.apply(items(("i1", 1.0), ("i2", 2.0)), "FULL", 0)
    assert prices(data) == {"i1": 9.0, "i2": 2.0}


def test_an_incremental_import_replaces_single_records_of_the_same_id() -> None:
    data = dataset("Items")
    data.apply(items(("i2", 2.0)), "FULL", 0)
    data.put({"ITEM_ID": "i1", "PRICE": 9.0}, 0)
    data.apply(items(("i1", 1.0)), "INCREMENTAL", 0)
    assert prices(data) == {"i1": 1.0, "i2": 2.0}


def test_a_full_import_of_interactions_keeps_recorded_events() -> None:
    data = dataset("Interactions")
    data.apply(events(1, 2), "FULL", 0)
    data.put({name: column[0] for name, column in events(5).items()}, 0)
    data.apply(events(3), "FULL", 0)
    assert history(data) == [3, 5]


def test_an_incremental_import_of_interactions_adds() -> None:
    data = dataset("Interactions")
    data.apply(events(4, 2), "FULL", 0)
    data.apply(events(3), "INCREMENTAL", 0)
    data.apply(events(1, user="u1"), "INCREMENTAL", 0)
    assert history(data) == [2, 3, 4]
    assert history(data, "u1") == [1]
    assert history(data, "u2") == []


def test_records_from_before_a_new_column_have_none_in_it() -> None:
    data = dataset("Interactions")
    data.apply(events(1), "FULL", 0)
    data.apply({**events(2), "DEVICE": ["tv"]}, "INCREMENTAL", 0)
    assert data.column("DEVICE") == [None, "tv"]
    assert data.column("WEATHER") == [None, None]
