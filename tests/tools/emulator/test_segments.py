"""Batch segments: who is in a segment, in which form, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import Account, refusal
from tests.tools.emulator.support.batch import INPUT, OUTPUT, batch_params, output_of, run_batch
from tools.emulator import Quotas

NOUN = "BatchSegmentJob"


def segment(account: Account, recipe: str, *lines: Any, **params: Any) -> list[dict[str, Any]]:
    """The lines that a new job of a new version writes."""
    job = run_batch(account, NOUN, account.version(recipe=recipe), *lines, **params)
    assert job["status"] == "ACTIVE", job
    return output_of(account)


def fans(account: Account) -> None:
    """Interactions in which only the users 0 to 4 like comedies, the even items, and the user 7 likes item 39."""
    rows = [
        (f"u{user}", f"i{2 * step if user < 5 else 2 * step + 1}", "Watch", 1_600_000_000 + user * 1000 + step)
        for user in range(40)
        for step in range(19)
    ]
    rows += [(f"u{n % 40}", f"i{1 + 2 * (n % 19)}", "Click", 1_600_100_000 + n) for n in range(5, 300) if n % 40 > 4]
    account.open_group()
    for kind, content in (
        ("Interactions", [*rows, ("u7", "i39", "Watch", 1_600_200_000)]),
        ("Items", records.item_rows()),
        ("Users", records.user_rows()),
    ):
        account.dataset(kind)
        assert account.imported(kind, records.csv(kind, content))["status"] == "ACTIVE"


def test_users_of_an_item_are_those_who_like_it_and_its_like(account: Account) -> None:
    fans(account)
    comedy, drama = segment(account, "aws-item-affinity", {"itemId": "i2"}, {"itemId": "i39"}, numResults=5)
    assert set(comedy["output"]["usersList"]) == {f"u{n}" for n in range(5)}
    assert drama["output"]["usersList"][0] == "u7"


def test_output_is_as_recorded_on_aws(movies: Account) -> None:
    """`usersList` and a null error, though the developer guide has recommendedUsers and no error."""
    lines = segment(movies, "aws-item-affinity", {"itemId": "i1"}, numResults=10)
    assert [list(line) for line in lines] == [["input", "output", "error"]]
    assert (lines[0]["input"], list(lines[0]["output"]), lines[0]["error"]) == ({"itemId": "i1"}, ["usersList"], None)
    assert len(lines[0]["output"]["usersList"]) == 10
    assert f"{OUTPUT}_CHECK" in movies.objects.objects


def test_attributes_find_the_users_of_the_items_that_have_them_all(account: Account) -> None:
    fans(account)
    queries = ['ITEMS.genres = "Comedy"', 'items.GENRES="War" and ITEMS.price = 19.5', 'ITEMS.GENRES = "Comedy" AND x']
    found = segment(account, "aws-item-attribute-affinity", *({"itemAttributes": each} for each in queries))
    assert set(found[0]["output"]["usersList"][:5]) == {f"u{n}" for n in range(5)}
    # The only item with these is the one of user 7.
    assert found[1]["output"]["usersList"][0] == "u7"
    assert "itemAttributes must be like" in found[2]["error"]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ('ITEMS.GENRES = "Western"', "knows no item with these attributes"),
        ('ITEMS.GENRES = "Comedy" AND ITEMS.GENRES = "War"', "knows no item with these attributes"),
        ('ITEMS.MOOD = "Sad"', "MOOD is not a column"),
        ('ITEMS.GENRES IN ("Comedy")', "must be like"),
        ('ITEMS.PRICE = "cheap"', "'cheap' is not a number"),
        ("", "are itemAttributes"),
        (3, "are itemAttributes"),
    ],
)
def test_a_query_that_finds_nothing_has_an_error(movies: Account, query: Any, error: str) -> None:
    [line] = segment(movies, "aws-item-attribute-affinity", {"itemAttributes": query})
    assert (line["output"], error in line["error"]) == ({"usersList": []}, True), line


def test_values_may_have_escaped_quotes(account: Account) -> None:
    fields = [*records.FIELDS["Items"], {"name": "STUDIO", "type": ["null", "string"], "categorical": True}]
    account.fill("Interactions")
    account.dataset("Items", schemaArn=account.schema("Items", records.schema("Items", fields)))
    header = ",".join(field["name"] for field in fields)
    account.imported("Items", f'{header}\ni1,War,1,2,"The \\"A\\" AND Co"\n')
    [line] = segment(account, "aws-item-attribute-affinity", {"itemAttributes": 'ITEMS.STUDIO = "The \\"A\\" AND Co"'})
    assert line["error"] is None


def test_textual_columns_are_no_attributes(account: Account) -> None:
    fields = [*records.FIELDS["Items"], {"name": "PLOT", "type": ["null", "string"], "textual": True}]
    account.fill("Interactions")
    account.dataset("Items", schemaArn=account.schema("Items", records.schema("Items", fields)))
    [line] = segment(account, "aws-item-attribute-affinity", {"itemAttributes": 'ITEMS.PLOT = "Love"'})
    assert "PLOT is not a column" in line["error"]


def test_items_need_a_column_that_is_an_attribute(account: Account) -> None:
    account.open_group(domain=None)
    fields = [records.FIELDS["Items"][0], {"name": "PLOT", "type": "string", "textual": True}]
    for kind, schema in (("Interactions", None), ("Items", records.schema("Items", fields))):
        account.dataset(kind, schemaArn=account.schema(kind, schema, None))
    account.imported("Interactions", records.csv("Interactions", records.interaction_rows()))
    version = account.describe("SolutionVersion", account.version(recipe="aws-item-attribute-affinity"))
    assert "neither textual nor reserved" in version["failureReason"]


def test_an_item_that_came_after_the_training_has_no_segment(movies: Account) -> None:
    [line] = segment(movies, "aws-item-affinity", {"itemId": "new"})
    error = "User error: The solution version does not know the item new."
    assert line == {"input": {"itemId": "new"}, "output": {"usersList": []}, "error": error}


def test_25_users_are_in_a_segment_by_default(movies: Account) -> None:
    version = movies.version(recipe="aws-item-affinity")
    job = run_batch(movies, NOUN, version, {"itemId": "i1"})
    assert (job["numResults"], len(output_of(movies)[0]["output"]["usersList"])) == (25, 25)


def test_filters_are_about_users_with_values_from_each_line(movies: Account) -> None:
    old = movies.filter("INCLUDE UserID WHERE Users.AGE > $AGE")
    lines = [{"itemId": "i1", "filterValues": {"AGE": age}} for age in ("30", "35")]
    found = segment(movies, "aws-item-affinity", *lines, filterArn=old)
    assert [{int(user[1:]) for user in line["output"]["usersList"]} for line in found] == [
        set(range(21, 30)),
        set(range(26, 30)),
    ]
    comedies = movies.filter('INCLUDE ItemID WHERE Items.GENRES IN ("Comedy")')
    wanted = batch_params(movies.version(recipe="aws-item-affinity"), filterArn=comedies)
    code, message = refusal(movies.personalize.create_batch_segment_job, jobName="any", **wanted)
    assert (code, "does not filter by UserID" in message) == ("InvalidInput", True)


def test_deleted_users_are_in_no_segment(movies: Account) -> None:
    version, other = movies.version(recipe="aws-item-affinity"), movies.version()
    run_batch(movies, NOUN, version, {"itemId": "i1"}, numResults=30)
    assert "u1" in output_of(movies)[0]["output"]["usersList"]
    movies.objects.put("s3://movies/leaving.csv", "USER_ID\nu1\n")
    source = {"dataLocation": "s3://movies/leaving.csv"}
    role = batch_params(other)["roleArn"]
    movies.created("DataDeletionJob", datasetGroupArn=movies.group, dataSource=source, roleArn=role)
    run_batch(movies, NOUN, version, {"itemId": "i1"}, numResults=30)
    assert len(output_of(movies)[0]["output"]["usersList"]) == 29


@pytest.mark.parametrize(
    ("recipe", "line", "most"),
    [
        ("aws-item-affinity", {"itemId": "i1"}, 500),
        ("aws-item-attribute-affinity", {"itemAttributes": 'ITEMS.GENRES = "War"'}, 10),
    ],
)
def test_a_file_has_so_many_queries(movies: Account, recipe: str, line: dict[str, str], most: int) -> None:
    job = run_batch(movies, NOUN, movies.version(recipe=recipe), *[line] * (most + 1))
    assert job["failureReason"] == f"in/lines.json has {most + 1} records; at most {most} are allowed."


def test_it_needs_a_recipe_for_segments_and_not_too_many_results(movies: Account) -> None:
    create = movies.personalize.create_batch_segment_job
    code, message = refusal(create, jobName="any", **batch_params(movies.version()))
    assert (code, "USER_SEGMENTATION" in message) == ("InvalidInput", True)
    version = movies.version(recipe="aws-item-affinity")
    for wanted in (0, Quotas().users_per_segment + 1):
        code, message = refusal(create, jobName="any", **batch_params(version, numResults=wanted))
        assert (code, message) == ("InvalidInput", "numResults must be from 1 to 5000000.")


def test_five_jobs_are_under_way(movies: Account) -> None:
    version = movies.version(recipe="aws-item-affinity")
    for _ in range(Quotas().pending_batch_segment_jobs):
        movies.create(NOUN, **batch_params(version))
    wanted = batch_params(version)
    assert refusal(movies.personalize.create_batch_segment_job, jobName="any", **wanted)[0] == "LimitExceeded"


def test_a_role_that_may_not_write_fails_the_job(movies: Account) -> None:
    version = movies.version(recipe="aws-item-affinity")
    movies.objects.put(INPUT, json.dumps({"itemId": "i1"}))
    arn = movies.create(NOUN, **batch_params(version))
    movies.wait(400)
    movies.objects.denied_writers.add(batch_params(version)["roleArn"])
    movies.wait()
    assert "Insufficient privileges" in movies.describe(NOUN, arn)["failureReason"]


def test_a_dataset_cannot_go_while_a_job_is_under_way(movies: Account) -> None:
    movies.objects.put(INPUT, json.dumps({"itemId": "i1"}))
    job = movies.create(NOUN, **batch_params(movies.version(recipe="aws-item-affinity")))
    code, message = refusal(movies.personalize.delete_dataset, datasetArn=movies.datasets["Users"])
    assert (code, job in message) == ("ResourceInUse", True)
    listed = movies.personalize.list_batch_segment_jobs()["batchSegmentJobs"]
    assert [one["batchSegmentJobArn"] for one in listed] == [job]


def test_metrics_are_those_recorded_for_segments(account: Account) -> None:
    fans(account)
    found = {
        recipe: account.personalize.get_solution_metrics(solutionVersionArn=account.version(recipe=recipe))["metrics"]
        for recipe in ("aws-item-affinity", "aws-item-attribute-affinity")
    }
    assert [list(metrics) for metrics in found.values()] == [
        ["coverage", "hits_at_1_percent", "recall_at_1_percent"]
    ] * 2
    metrics = found["aws-item-affinity"]
    assert 0 < metrics["recall_at_1_percent"] <= metrics["hits_at_1_percent"]
    # One user of 40 is a hundredth, rounded up.
    assert metrics["hits_at_1_percent"] <= 1
    assert 0 < metrics["coverage"] <= 1
