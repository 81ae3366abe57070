"""`make check`: what the service would refuse in the data is said before anything is deployed."""

from __future__ import annotations

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given, settings
from hypothesis import strategies as st
from moto import mock_aws

from stacks.personalize.avro import fields
from stacks.settings import load_settings
from stacks.settings_checks import PLACEHOLDER_BUCKET, STANDS_FOR_A_BUCKET
from tools.check.__main__ import main
from tools.check.engines import DuckDb, Readable
from tools.check.header import read_header
from tools.check.places import LocalFile
from tools.check.quotas import check_considered, check_size
from tools.check.values import check_values
from tools.checkout import EXAMPLE_SETTINGS
from tools.data import synthetic
from tools.emulator.avro import parse
from tools.emulator.data import ImportFailedError, read_import
from tools.emulator.objects import MemoryObjects

Edit = Callable[[str], str]

SCHEMAS: dict[str, list[tuple[str, object, dict[str, bool]]]] = {
    "interactions": [
        ("USER_ID", "string", {}),
        ("ITEM_ID", "string", {}),
        ("EVENT_TYPE", "string", {}),
        ("TIMESTAMP", "long", {}),
    ],
    "items": [
        ("ITEM_ID", "string", {}),
        ("TITLE", ["null", "string"], {}),
        ("GENRES", "string", {"categorical": True}),
        ("YEAR", ["null", "int"], {}),
        ("CREATION_TIMESTAMP", "long", {}),
    ],
    "users": [
        ("USER_ID", "string", {}),
        ("GENDER", "string", {"categorical": True}),
        ("AGE", "int", {}),
        ("OCCUPATION", ["null", "string"], {"categorical": True}),
    ],
}
SETTINGS = """\
app_name: vod
removal_policy: destroy
data: sample
datasets:
  interactions: {schema_file: interactions.avsc}
  items: {schema_file: items.avsc}
  users: {schema_file: users.avsc}
recommenders:
  more: {recipe: aws-vod-more-like-x}
  popular: {recipe: aws-vod-most-popular}
ranking:
  recipe: aws-personalized-ranking-v2
"""
PAGE = "page/check-test.html"


def schema(kind: str, *more: tuple[str, object, dict[str, bool]]) -> str:
    fields = [{"name": name, "type": type_, **attributes} for name, type_, attributes in (*SCHEMAS[kind], *more)]
    namespace = "com.amazonaws.personalize.schema"
    return json.dumps(
        {"type": "record", "name": kind.title(), "namespace": namespace, "version": "1.0", "fields": fields}
    )


@pytest.fixture(scope="module")
def generated(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("generated")
    synthetic.generate().write(folder)
    return {kind: (folder / f"{kind}.csv").read_text() for kind in SCHEMAS}


@pytest.fixture
def folder(tmp_path: Path, generated: dict[str, str]) -> Path:
    """Settings, schemas and good data."""
    (tmp_path / "test.yaml").write_text(SETTINGS)
    for kind in SCHEMAS:
        (tmp_path / f"{kind}.avsc").write_text(schema(kind))
        (tmp_path / f"{kind}.csv").write_text(generated[kind])
    return tmp_path


def edit(folder: Path, kind: str, change: Edit) -> None:
    file = folder / f"{kind}.csv"
    file.write_text(change(file.read_text()), newline="")


def run(folder: Path, capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str]:
    """Status, and what was printed, without the folder's name and that of the page."""
    options = ["--env", "test", "--config-dir", str(folder), "--sample-dir", str(folder)]
    status = main([*options, "--out", str(folder / "page"), *arguments])
    said = capsys.readouterr().out.replace(f"{folder}/", "")
    return status, said.removesuffix(f"The data as pictures: {PAGE}\n")


# -- what is told ------------------------------------------------------------------------------------------------


def test_good_data_are_good(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    status, said = run(folder, capsys)
    assert status == 0
    assert said.endswith("Found nothing that the service would refuse.\n")
    assert "items: items.csv: 600 rows" in said
    assert "400 users, 400 of them with two or more; events: Click" in said
    page = (folder / PAGE).read_text()
    for title in (
        "Interactions a",
        "Users by",
        "Items by",
        "Catalogue by genre",
        "Catalogue by age",
        "Share of new items",
    ):
        assert f"<h3>{title}" in page


def test_small_letters_float_timestamps_and_too_few_rows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Case 15."""
    edit(folder, "items", str.lower)
    edit(folder, "interactions", lambda text: "".join(row.replace("\n", ".0\n") for row in first(299, text)))
    edit(folder, "interactions", lambda text: text.replace("TIMESTAMP.0", "TIMESTAMP"))
    status, said = run(folder, capsys)
    assert status == 1
    assert "items.csv: the header lacks ITEM_ID, TITLE, GENRES, YEAR, CREATION_TIMESTAMP" in said
    assert "Write the names exactly as in the schema, in capital letters." in said
    assert "interactions.csv: TIMESTAMP: 299 values are not of type long; the first is '" in said
    assert ".0' in line 2, then '" in said
    assert "interactions.csv: there are 299 interactions, and an import needs at least 1,000." in said


def first(count: int, text: str) -> Iterable[str]:
    return text.splitlines(keepends=True)[: count + 1]


def test_events_of_another_name_are_told_with_the_recipe_that_needs_them(
    folder: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Case 16."""
    edit(folder, "interactions", lambda text: text.replace(",Watch,", ",play,"))
    status, said = run(folder, capsys)
    assert status == 1
    assert (
        "recommenders.popular: aws-vod-most-popular needs at least 1,000 events of the type Watch, and there are 0. "
        "Event types are: Click, play. Rename yours to Watch, or choose another recipe."
    ) in said
    assert "recommenders.more" not in said
    edit(folder, "interactions", lambda text: text.replace(",play,", ",WATCH,"))
    assert run(folder, capsys)[0] == 0


@pytest.mark.parametrize(
    ("kind", "change", "said"),
    [
        ("items", lambda text: '"ITEM_ID"' + text[7:], "Write the names without quotes."),
        ("items", lambda text: text.replace(",YEAR,", ",TITLE,", 1), "the header lacks YEAR"),
        (
            "items",
            lambda text: text + "i9,A\n",
            "1 line has fewer values than there are columns; the first is line 602",
        ),
        ("items", lambda text: text + "i9,A,War,1999,1,1\n" * 2, "2 lines have more values than there are columns"),
        (
            "items",
            lambda text: text + "i9,A,War,1999,1,\n",
            "1 line has a comma too many at the end; the first is line 602",
        ),
        (
            "items",
            lambda text: text + 'i9,"A, B",War,1999,1,\r\ni8,A,War,1,2,',
            "2 lines have a comma too many at the end",
        ),
        ("items", lambda text: text + 'i9,"A"x,War,1,1\n', "1 line has quotes that do not match"),
        (
            "items",
            lambda text: text + 'i9,"A,War,1,1\n',
            'as \\"; the first is line 602: ',
        ),
        ("items", lambda text: text.replace(",", ";"), "Separate the columns by commas."),
        ("items", lambda text: text.replace(",", "\t"), "Separate the columns by commas."),
        (
            "items",
            lambda text: text + "i9,A,,1999,1\n",
            "GENRES: 1 value is empty, which the schema does not allow; it is",
        ),
        ("items", lambda text: text + "i9,A,War,1.5,1\n", "YEAR: 1 value is not of type int; it is '1.5' in line 602."),
        (
            "items",
            lambda text: text + "i9,A,War,2147483648,1\n",
            "YEAR: 1 value is not of type int; it is '2147483648'",
        ),
        ("items", lambda text: text + f"i9,{'x' * 1001},War,1,1\n", "TITLE: 1 value has more than 1000 characters"),
        ("items", lambda text: text + f"{'x' * 257},A,War,1,1\n", "ITEM_ID: 1 value has more than 256 characters"),
        (
            "items",
            lambda text: text + '\n\ni9,"A\nB",War,1,1\n',
            "TITLE: 1 value has a line break; it is 'A\\nB' in line 604",
        ),
        (
            "items",
            lambda text: text + 'i8,"A\nB",War,1,1\ni9,A,War,x,1\n',
            "YEAR: 1 value is not of type int; it is 'x' in li",
        ),
        ("items", lambda text: text + 'i8,"A\nB",War,1,1\ni9,A\n', "the first is line 604: 'i9,A'."),
        ("items", lambda text: text + 'i8,"A\nB",War,1,1\n\ni9,A\ni9,A,War,1,x\n', "it is 'x' in line 606."),
        ("users", lambda text: "".join(first(5, text)), "USER_IDs have no record in users, such as"),
        ("interactions", lambda text: "".join(first(400, text)), "there are 400 interactions"),
        ("interactions", lambda text: "".join(one_each(text)), "0 users have two interactions or more, and a training"),
        (
            "interactions",
            lambda text: text.replace("\n", "000\n").replace("TIMESTAMP000", "TIMESTAMP"),
            "values look like milliseconds, and seconds are wanted; the first is '",
        ),
        ("interactions", lambda text: text + "u1,i1,Watch,9999999999\n", "TIMESTAMP: 1 value is in the future"),
        ("interactions", lambda text: text + "".join(first(9, text)[1:]), "9 interactions occur more than once;"),  # type: ignore[index]
        (
            "interactions",
            lambda text: text + "".join(f"u1,i1,E{number},5\n" for number in range(9)),
            "there are 11 event types and 0 metadata columns, and at most 10 of both together are allowed.",
        ),
    ],
)
def test_a_mistake_is_told(
    folder: Path, capsys: pytest.CaptureFixture[str], kind: str, change: Edit, said: str
) -> None:
    """Case 15."""
    edit(folder, kind, change)
    assert said in run(folder, capsys)[1]


def one_each(text: str) -> Iterable[str]:
    """Interactions of 1,200 users, one of each."""
    yield text.partition("\n")[0] + "\n"
    yield from (f"u{number},i1,Watch,{number}\n" for number in range(1200))


def test_another_folder_can_be_checked(folder: Path, capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.mkdir()
    for kind in ("interactions", "items"):
        (folder / f"{kind}.csv").rename(other / f"{kind}.csv")
    status, said = run(folder, capsys, "--data", str(other))
    assert status == 1
    assert "users: there is no file other/users.csv." in said
    assert "items: other/items.csv: 600 rows" in said


@mock_aws
def test_data_in_s3_are_fetched(
    folder: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    client = boto3.client("s3")
    client.create_bucket(Bucket="films")
    text = SETTINGS.replace("data: sample", "data: s3://films/vod/")
    text = text.replace("{schema_file: items.avsc}", "{schema_file: items.avsc, data_location: s3://films/items/}")
    (folder / "test.yaml").write_text(text)
    header, *rows = (folder / "items.csv").read_text().splitlines(keepends=True)
    for key, body in {
        "vod/interactions.csv": (folder / "interactions.csv").read_text(),
        "items/one.csv": "".join([header, *rows[:300]]),
        "items/two.csv": "".join([header, *rows[300:], "i9,A,War,new,1\n"]),
        "items/older/three.csv": "nothing",
    }.items():
        client.put_object(Bucket="films", Key=key, Body=body.encode())
    status, said = run(folder, capsys)
    assert status == 1
    assert "two.csv: YEAR: 1 value is not of type int; it is 'new' in line 302." in said
    assert "two.csv: 601 rows" in said
    assert "users: s3://films/vod/users.csv cannot be read: An error occurred (404)" in said


def test_where_others_look_after_the_data_there_is_nothing_to_check(capsys: pytest.CaptureFixture[str]) -> None:
    options = ["--env", "existing", "--config-dir", str(EXAMPLE_SETTINGS)]
    assert main(options) == main([*options, "--quick"]) == 0
    assert capsys.readouterr().out == "Others look after the data of films, so there is nothing to check.\n"


def test_wrong_settings_are_one_line(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "test.yaml").write_text("app_name: 5\n")
    options = ["--env", "test", "--config-dir", str(folder)]
    assert main(options) == 1
    assert capsys.readouterr().err.startswith(f"{folder / 'test.yaml'}: app_name: must be text")


# -- the same as the emulator ------------------------------------------------------------------------------------

ITEM = "i9,A,War,1999,1\n"
FILES: list[tuple[str, bool]] = [
    ("", True),
    ("i9,A,War,,1\n", True),
    ("\n" + ITEM, True),
    ('i9,"A, B",War,1999,1\n', True),
    ('i9,"A ""B""",War,1999,1\n', True),
    ('i9,"A \\"B\\"",War,1999,1\n', True),
    ('i9,A "B" C,War,1999,1\n', True),
    ("i9,A,War,-1,+1\n", True),
    (f"{'ü' * 256},{'ü' * 1000},{'ü' * 1000},1,1\n", True),
    ("i9,A,War,1999\n", False),
    ("i9,A,War,1999,1,1\n", False),
    ("i9,A,War,1999,1,\n", False),
    ("i9,A,War,1999,1,", False),
    ("i9,A,War,1999,1,\r\n", False),
    (",A,War,1999,1\n", False),
    ("i9,A,,1999,1\n", False),
    ('i9,A,"",1999,1\n', False),
    ("i9,A,War,1999,\n", False),
    ("i9,A,War,19.5,1\n", False),
    ("i9,A,War, 1,1\n", False),
    ("i9,A,War,1_0,1\n", False),
    ("i9,A,War,2147483648,1\n", False),
    ("i9,A,War,1,9223372036854775808\n", False),
    ("i9,A,War,1,1e9\n", False),
    (f"{'x' * 257},A,War,1,1\n", False),
    (f"i9,{'x' * 1001},War,1,1\n", False),
    (f"i9,A,{'x' * 1001},1,1\n", False),
    ('i9,"A\nB",War,1,1\n', False),
]
HEADERS: list[tuple[str, bool]] = [
    ("ITEM_ID,TITLE,GENRES,YEAR,CREATION_TIMESTAMP", True),
    ("YEAR,TITLE,GENRES,ITEM_ID,CREATION_TIMESTAMP", True),
    ("ITEM_ID,TITLE,GENRES,CREATION_TIMESTAMP", False),
    ("ITEM_ID,TITLE,GENRES,YEAR,CREATION_TIMESTAMP,MORE", True),
    ('"MORE",ITEM_ID,TITLE,GENRES,YEAR,CREATION_TIMESTAMP,it\'s', True),
    ("item_id,title,genres,year,creation_timestamp", False),
    ('"ITEM_ID",TITLE,GENRES,YEAR,CREATION_TIMESTAMP', False),
    ("ITEM_ID,TITLE,GENRES,YEAR,CREATION_TIMESTAMP,YEAR", False),
    ("", False),
]


def imported(content: bytes) -> bool:
    """Whether the emulator imports these items."""
    objects = MemoryObjects({"s3://films/items.csv": content})
    try:
        read_import(objects, "role", "s3://films/items.csv", parse(schema("items")), 0)
    except ImportFailedError:
        return False
    return True


@pytest.mark.parametrize(("rows", "good"), FILES)
def test_check_and_emulator_agree_on_rows(
    folder: Path, capsys: pytest.CaptureFixture[str], rows: str, good: bool
) -> None:
    agree(folder, capsys, (f"{HEADERS[0][0]}\n{ITEM.replace('i9', 'i1')}{rows}").encode(), good)


@pytest.mark.parametrize(("header", "good"), HEADERS)
@pytest.mark.parametrize("line", ["\n", "\r\n"])
@pytest.mark.parametrize("mark", ["", "\ufeff"])
def test_check_and_emulator_agree_on_headers(
    folder: Path, capsys: pytest.CaptureFixture[str], header: str, line: str, mark: str, good: bool
) -> None:
    row = ",".join("1" for _ in header.split(","))
    agree(folder, capsys, f"{mark}{header}{line}{row}{line}".encode(), good)


def test_columns_that_the_schema_does_not_have_are_advice(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(folder, "items", lambda text: text.replace("\n", ",1\n").replace("TIMESTAMP,1", "TIMESTAMP,RATING"))
    status, said = run(folder, capsys)
    assert status == 0
    assert "items.csv: imports ignore 'RATING', which the schema does not have." in said


@pytest.mark.parametrize(("text", "good"), [("é", True), ("\udce9", False)])
def test_check_and_emulator_agree_on_encodings(
    folder: Path, capsys: pytest.CaptureFixture[str], text: str, good: bool
) -> None:
    agree(folder, capsys, f"{HEADERS[0][0]}\ni9,{text},War,1,1\n".encode(errors="surrogateescape"), good)


def agree(folder: Path, capsys: pytest.CaptureFixture[str], content: bytes, good: bool) -> None:
    assert imported(content) is good
    (folder / "items.csv").write_bytes(content)
    assert (run(folder, capsys)[0] == 0) is good


PIECES = st.sampled_from(
    [
        "i1",
        "A",
        "1",
        "-1",
        "1.5",
        "",
        "x",
        '"A"',
        '"A,B"',
        '"A""B"',
        'A"B',
        " 1",
        "1e5",
        "ü",
        '"',
        '""',
        '"\n"',
        "\t",
        "'",
    ]
)
ROWS = st.lists(st.lists(PIECES, min_size=1, max_size=5) | st.just(["i9", "A", "War", "1999", "1"]), max_size=3)


@given(rows=ROWS, line=st.sampled_from(["\n", "\r\n"]))
@settings(deadline=None)
def test_check_and_emulator_agree_on_whatever_is_written(rows: list[list[str]], line: str) -> None:
    content = line.join([HEADERS[0][0], *(",".join(row) for row in rows), ""]).encode()
    columns = fields(json.loads(schema("items")))
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch, "items.csv")
        file.write_bytes(content)
        header, findings = read_header(LocalFile(file), columns)
        assert findings == []
        engine = DuckDb(Path(scratch))
        found = engine.load("ITEMS", [Readable(LocalFile(file), header)])
        found += check_values(engine, columns, "ITEMS", time.time())
        engine.close()
    assert imported(content) is not any(finding.refuses for finding in found)


@pytest.mark.parametrize("location", ["nowhere", "s3://", "https://bucket/folder/", "interactions.csv"])
def test_a_place_that_is_none_is_one_line(folder: Path, capsys: pytest.CaptureFixture[str], location: str) -> None:
    given = location if ":" in location else str(folder / location)
    assert main(["--env", "test", "--config-dir", str(folder), "--data", given]) == 1
    said = capsys.readouterr()
    assert said.out == ""
    assert said.err == f"data: there is no folder {given}. Give a folder, or s3://bucket/folder/.\n"


def test_watch_in_small_letters_is_worth_a_look(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Case 16: filters match event types in any case; of trainings nobody says it."""
    edit(folder, "interactions", lambda text: text.replace("Watch", "watch"))
    status, said = run(folder, capsys)
    assert status == 0
    assert (
        "recommenders.popular: aws-vod-most-popular needs 1,000 events of the type Watch, and only 0 are written "
        "exactly so." in said
    )


@pytest.mark.parametrize("names", [["n"], ["N"], ["_1", "select"]])
def test_columns_may_have_any_name(folder: Path, capsys: pytest.CaptureFixture[str], names: list[str]) -> None:
    """Case 6: columns of one's own, also such as SQL takes for others."""
    (folder / "items.avsc").write_text(schema("items", *((name, "int", {}) for name in names)))
    file = folder / "items.csv"
    first, *rows = file.read_text().splitlines()
    more = ",".join(str(number) for number in range(len(names)))
    lines = [",".join([first, *names]), *(f"{row},{more}" for row in rows), f"i9,A,War,1,1{',x' * len(names)}"]
    file.write_text("".join(f"{line}\n" for line in lines))
    status, said = run(folder, capsys)
    assert status == 1
    for name in names:
        assert f"items.csv: {name}: 1 value is not of type int; it is 'x' in line 602." in said


# -- what cannot be read -----------------------------------------------------------------------------------------


@pytest.fixture
def in_s3(folder: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Settings whose data are in S3, for somebody who has no credentials."""
    (folder / "test.yaml").write_text(SETTINGS.replace("data: sample", "data: s3://films/vod/"))
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", os.devnull)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    return folder


@pytest.mark.parametrize(("options", "status"), [([], 3), (["--allow-unread"], 0), (["--quick"], 3)])
def test_without_credentials_nothing_is_said_of_the_data(
    in_s3: Path, capsys: pytest.CaptureFixture[str], options: list[str], status: int
) -> None:
    found, said = run(in_s3, capsys, *options)
    assert found == status
    assert "would refuse this" not in said
    assert "Could not be checked:\n  interactions: s3://films/vod/interactions.csv cannot be read: Unable to" in said
    assert "Nothing could be checked.\n" in said


def test_the_bucket_that_stands_for_one_of_the_users_is_not_asked(
    in_s3: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (in_s3 / "test.yaml").write_text(SETTINGS.replace("data: sample", f"data: s3://{PLACEHOLDER_BUCKET}/vod/"))
    status, said = run(in_s3, capsys)
    assert status == 3
    assert f"Could not be checked:\n  interactions: {STANDS_FOR_A_BUCKET}\n" in said
    assert "Nothing could be checked.\n" in said


@mock_aws
def test_what_the_caller_may_not_read_is_no_mistake(
    in_s3: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def denied(*_: object, **__: object) -> None:
        raise ClientError({"Error": {"Code": "403", "Message": "Forbidden"}}, "HeadObject")

    monkeypatch.setattr("botocore.client.BaseClient._make_api_call", denied)
    status, said = run(in_s3, capsys)
    assert status == 3
    assert "users: s3://films/vod/users.csv cannot be read: An error occurred (403)" in said


# -- the quick part ----------------------------------------------------------------------------------------------


def test_the_quick_part_is_silent_about_what_is_right(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(folder, "interactions", lambda text: "".join(first(299, text)))  # too few, which it does not count
    assert run(folder, capsys, "--quick") == (0, "")
    assert not (folder / PAGE).exists()


def test_the_quick_part_reads_headers_and_first_rows(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(folder, "items", lambda text: text.replace("ITEM_ID", "item_id", 1))
    rows = (folder / "users.csv").read_text().splitlines(keepends=True)
    (folder / "users.csv").write_text("".join([rows[0], "u1,F,young,\n", *rows[1:], *(rows[1:] * 99), "u2,F,old,\n"]))
    status, said = run(folder, capsys, "--quick")
    assert status == 1
    assert "items.csv: the header lacks ITEM_ID" in said
    assert "users.csv: AGE: 1 value is not of type int; it is 'young' in line 2." in said


# -- quotas ------------------------------------------------------------------------------------------------------

GIGABYTE = 1024**3


@pytest.mark.parametrize(
    ("kind", "mode", "size", "said"),
    [
        ("ITEMS", "FULL", 100 * GIGABYTE, []),
        ("ITEMS", "FULL", 101 * GIGABYTE, [(True, "there are 101.0 GB, and an import with the mode FULL takes")]),
        ("USERS", "INCREMENTAL", 2 * GIGABYTE, [(True, "the mode INCREMENTAL takes at most 1 GB.")]),
        ("INTERACTIONS", "FULL", 101 * GIGABYTE, [(False, "takes at most 100 GB. The quota can be raised.")]),
    ],
)
def test_an_import_may_be_as_large_as_its_quota(kind: str, mode: str, size: int, said: list[tuple[bool, str]]) -> None:
    found = list(check_size(kind, mode, size))
    assert [finding.refuses for finding in found] == [refuses for refuses, _ in said]
    assert all(text in finding.text for finding, (_, text) in zip(found, said, strict=True))


def test_more_than_a_training_considers_is_told(folder: Path) -> None:
    ours = load_settings("test", folder)
    found = [(finding.where, finding.text, finding.refuses) for finding in check_considered(ours, "items", 750_001)]
    assert found == [
        (
            "recommenders.more",
            "there are 750,001 items, and aws-vod-more-like-x considers at most 750,000 of them.",
            False,
        ),
        (
            "recommenders.popular",
            "there are 750,001 items, and aws-vod-most-popular considers at most 750,000 of them.",
            False,
        ),
    ]


def test_a_column_of_interactions_that_says_nothing(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "interactions.avsc").write_text(schema("interactions", ("DEVICE", "string", {"categorical": True})))
    edit(folder, "interactions", lambda text: text.replace("\n", ",tv\n").replace("TIMESTAMP,tv", "TIMESTAMP,DEVICE"))
    status, said = run(folder, capsys)
    assert status == 0
    assert "interactions.csv: DEVICE: always has the same value, so no model can learn from it." in said


def test_a_text_that_is_cut(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (folder / "items.avsc").write_text(schema("items", ("PLOT", ["null", "string"], {"textual": True})))
    edit(folder, "items", lambda text: text.replace("\n", ",A\n").replace("TIMESTAMP,A", "TIMESTAMP,PLOT"))
    edit(folder, "items", lambda text: f"{text}i9,A,War,1,1,{'x' * 20_001}\n")
    status, said = run(folder, capsys)
    assert status == 0
    assert "PLOT: 1 value has more than 20,000 characters, and the rest is cut off; it is 'xxx" in said


def test_the_first_mistakes_of_a_kind_are_shown(folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
    edit(folder, "items", lambda text: text + "".join(f"j{number},A,War,y{number},1\n" for number in range(9)))
    assert (
        "items.csv: YEAR: 9 values are not of type int; the first is 'y0' in line 602, then 'y1' in line 603, then "
        "'y2' in line 604." in run(folder, capsys)[1]
    )


@pytest.mark.parametrize(
    ("count", "types", "good"), [(1000, 2, True), (999, 2, False), (1000, 10, True), (1000, 11, False)]
)
def test_check_and_emulator_agree_on_how_much_an_import_needs(
    folder: Path, capsys: pytest.CaptureFixture[str], count: int, types: int, good: bool
) -> None:
    """Without recommenders, so that nothing is asked for a training."""
    only = "app_name: vod\nremoval_policy: destroy\ndata: sample\nrecommenders: {}\n"
    (folder / "test.yaml").write_text(f"{only}datasets:\n  interactions: {{schema_file: interactions.avsc}}\n")
    rows = [f"u{number},i{number % 9},E{number % types},{number}\n" for number in range(count)]
    content = "".join(["USER_ID,ITEM_ID,EVENT_TYPE,TIMESTAMP\n", *rows])
    (folder / "interactions.csv").write_text(content)
    objects = MemoryObjects({"s3://films/interactions.csv": content.encode()})
    if good:
        read_import(objects, "role", "s3://films/interactions.csv", parse(schema("interactions")), 1000)
    else:
        with pytest.raises(ImportFailedError):
            read_import(objects, "role", "s3://films/interactions.csv", parse(schema("interactions")), 1000)
    assert (run(folder, capsys)[0] == 0) is good
