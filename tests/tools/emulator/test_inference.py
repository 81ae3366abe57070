"""Batch inference: what goes in, what comes out for each recipe type, and what is refused."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import RECIPE, ROLE, Account, refusal
from tests.tools.emulator.support.batch import INPUT, OUTPUT, batch_params, output_of, run_batch
from tools.emulator import Fault, Quotas

NOUN = "BatchInferenceJob"


def refused(account: Account, version: str, **params: Any) -> tuple[str, str]:
    return refusal(account.personalize.create_batch_inference_job, jobName="any", **batch_params(version, **params))


def test_items_for_users_have_scores(movies: Account) -> None:
    version = movies.version(recipe="aws-user-personalization-v2")
    job = run_batch(movies, NOUN, version, {"userId": "u1"}, {"userId": "nobody"}, numResults=3)
    assert job["status"] == "ACTIVE", job
    first, second = output_of(movies)
    campaign = movies.campaign(version)
    served = movies.runtime.get_recommendations(campaignArn=campaign, userId="u1", numResults=3)["itemList"]
    assert first == {
        "input": {"userId": "u1"},
        "output": {
            "recommendedItems": [one["itemId"] for one in served],
            "scores": [round(one["score"], 7) for one in served],
        },
        "error": None,
    }
    assert len(second["output"]["recommendedItems"]) == 3


def test_output_is_as_recorded_on_aws(movies: Account) -> None:
    """One object for a line, without spaces, ended by a newline; the file is named after the input, beside _CHECK."""
    version = movies.version(recipe="aws-popularity-count")
    run_batch(movies, NOUN, version, {"userId": "u1"}, numResults=1)
    body = movies.objects.objects[f"{OUTPUT}lines.json.out"].decode()
    [best] = output_of(movies)[0]["output"]["recommendedItems"]
    assert body == f'{{"input":{{"userId":"u1"}},"output":{{"recommendedItems":["{best}"]}},"error":null}}\n'
    assert f"{OUTPUT}_CHECK" in movies.objects.objects


def test_25_items_are_recommended_by_default(movies: Account) -> None:
    job = run_batch(movies, NOUN, movies.version(recipe="aws-user-personalization"), {"userId": "u1"})
    assert (job["numResults"], job["batchInferenceJobMode"]) == (25, "BATCH_INFERENCE")
    assert len(output_of(movies)[0]["output"]["recommendedItems"]) == 25


def test_related_items_are_asked_for_by_item_and_have_no_scores(movies: Account) -> None:
    run_batch(movies, NOUN, movies.version(recipe="aws-similar-items"), {"itemId": "i1"}, {"itemId": "new"})
    known, unknown = (line["output"] for line in output_of(movies))
    assert list(known) == ["recommendedItems"]
    assert "i1" not in known["recommendedItems"]
    # An item that is not known gets popular items.
    assert len(unknown["recommendedItems"]) == 25


def test_a_ranking_has_all_items_of_the_list(movies: Account) -> None:
    version = movies.version()
    record = {"userId": "u1", "itemList": ["i3", "new", "i9", "i3"]}
    run_batch(movies, NOUN, version, record, numResults=1)
    [line] = output_of(movies)
    served = movies.runtime.get_personalized_ranking(
        campaignArn=movies.campaign(version), userId="u1", inputList=["i3", "new", "i9"]
    )["personalizedRanking"]
    assert line["input"] == record
    assert line["output"] == {
        "recommendedItems": [one["itemId"] for one in served],
        "scores": [round(one.get("score", 0.0), 7) for one in served],
    }


def test_a_job_goes_with_its_solution(movies: Account) -> None:
    version = movies.version(recipe="aws-popularity-count")
    job = run_batch(movies, NOUN, version, {"userId": "u1"})
    movies.delete("Solution", version.rpartition("/")[0])
    movies.wait()
    assert movies.status(NOUN, job["batchInferenceJobArn"]) == "GONE"
    assert movies.personalize.list_batch_inference_jobs()["batchInferenceJobs"] == []


def test_events_since_the_training_count(movies: Account) -> None:
    version, tracker = movies.version(recipe="aws-user-personalization"), movies.tracker()
    run_batch(movies, NOUN, version, {"userId": "new"})
    before = output_of(movies)
    event = {"eventType": "Watch", "sentAt": 1_700_000_000, "itemId": "i39"}
    movies.events.put_events(trackingId=tracker, sessionId="s", userId="new", eventList=[event])
    run_batch(movies, NOUN, version, {"userId": "new"})
    assert output_of(movies) != before


def test_a_filter_takes_its_values_from_each_line(movies: Account) -> None:
    chosen = movies.filter("INCLUDE ItemID WHERE Items.GENRES IN ($GENRE)")
    version = movies.version(recipe="aws-user-personalization")
    lines = [{"userId": "u1", "filterValues": {"GENRE": f'"{genre}"'}} for genre in ("Comedy", "War")]
    job = run_batch(movies, NOUN, version, *lines, {"userId": "u1"}, filterArn=chosen)
    comedy, war, missing = output_of(movies)
    assert job["filterArn"] == chosen
    assert {int(item[1:]) % 2 for item in comedy["output"]["recommendedItems"]} == {0}
    assert {int(item[1:]) % 2 for item in war["output"]["recommendedItems"]} == {1}
    assert missing["error"] == "User error: The filter needs values for the parameters GENRE."


@pytest.mark.parametrize(
    ("recipe", "record", "error"),
    [
        ("aws-user-personalization", "{", "not a JSON object"),
        ("aws-user-personalization", ["u1"], "not a JSON object"),
        ("aws-user-personalization", {"itemId": "i1"}, "fields for the provided recipe are userId"),
        ("aws-user-personalization", {"userId": 7}, "fields for the provided recipe are userId"),
        ("aws-user-personalization", {"userId": "u1", "filterValues": {"A": 1}}, "filterValues"),
        ("aws-user-personalization", {"userId": "u1", "filterValues": "A"}, "filterValues"),
        ("aws-similar-items", {"userId": "u1"}, "fields for the provided recipe are itemId"),
        ("aws-personalized-ranking", {"userId": "u1"}, "fields for the provided recipe are itemList"),
        ("aws-personalized-ranking", {"userId": "u1", "itemList": []}, "fields for the provided recipe are itemList"),
        ("aws-personalized-ranking", {"userId": "u1", "itemList": [1]}, "fields for the provided recipe are itemList"),
    ],
)
def test_a_line_that_is_wrong_has_an_error_and_an_empty_output(
    movies: Account, recipe: str, record: Any, error: str
) -> None:
    job = run_batch(movies, NOUN, movies.version(recipe=recipe), record)
    [line] = output_of(movies)
    assert job["status"] == "ACTIVE"
    assert (line["input"], line["output"], error in line["error"]) == (record, {"recommendedItems": []}, True)


def test_empty_lines_do_not_count(movies: Account) -> None:
    run_batch(movies, NOUN, movies.version(recipe="aws-popularity-count"), {"userId": "u1"}, "", " ")
    assert len(output_of(movies)) == 1


def test_all_files_that_begin_with_the_path_are_input(movies: Account) -> None:
    for name in ("in/a.json", "in_test/b.json", "in/"):
        movies.objects.put(f"s3://movies/{name}", '{"userId": "u1"}\n')
    path = {"s3DataSource": {"path": "s3://movies/in"}}
    run_batch(movies, NOUN, movies.version(recipe="aws-popularity-count"), jobInput=path)
    written = {key for key in movies.objects.objects if key.startswith(OUTPUT)}
    assert written == {f"{OUTPUT}{name}" for name in ("_CHECK", "a.json.out", "b.json.out")}


def test_of_a_path_that_is_a_file_nothing_else_is_input(movies: Account) -> None:
    movies.objects.put(f"{INPUT}.bak", '{"userId": "u1"}\n')
    run_batch(movies, NOUN, movies.version(recipe="aws-popularity-count"), {"userId": "u1"})
    assert f"{OUTPUT}lines.json.bak.out" not in movies.objects.objects


def failure(account: Account, *lines: Any, **params: Any) -> str:
    job = run_batch(account, NOUN, account.version(recipe="aws-popularity-count"), *lines, **params)
    assert job["status"] == "CREATE FAILED"
    return str(job["failureReason"])


def test_input_that_is_not_there_or_not_text_fails_the_job(movies: Account) -> None:
    assert failure(movies).startswith("Invalid S3 input path.")
    movies.objects.put("s3://movies/in/", "")
    assert failure(movies, jobInput={"s3DataSource": {"path": "s3://movies/in"}}).startswith("Invalid S3 input path.")
    movies.objects.objects[INPUT] = b"\xff\n"
    assert failure(movies) == "in/lines.json is not encoded in UTF-8."


def test_a_role_that_may_not_read_or_write_fails_the_job(movies: Account) -> None:
    movies.objects.denied_writers.add(ROLE)
    assert failure(movies, {"userId": "u1"}).startswith("Insufficient privileges for accessing data in Amazon S3.")
    movies.objects.denied_roles.add(ROLE)
    assert failure(movies).startswith("Insufficient privileges for accessing data in Amazon S3.")


@pytest.mark.parametrize(
    ("quotas", "reason"),
    [({"batch_input_files": 1}, "has 2 files; at most 1"), ({"batch_input_bytes": 10}, "more than 10 bytes")],
)
def test_input_has_quotas(quotas: dict[str, int], reason: str) -> None:
    account = Account(quotas=Quotas(**quotas))
    account.fill("Interactions")
    for name in ("a", "b"):
        account.objects.put(f"s3://movies/in/{name}.json", '{"userId": "u1"}\n')
    assert reason in failure(account, jobInput={"s3DataSource": {"path": "s3://movies/in/"}})


def test_five_jobs_are_under_way(movies: Account) -> None:
    version = movies.version(recipe="aws-popularity-count")
    for _ in range(Quotas().pending_batch_inference_jobs):
        movies.create(NOUN, **batch_params(version))
    assert refused(movies, version)[0] == "LimitExceeded"


@pytest.mark.parametrize("recipe", ["aws-trending-now", "aws-item-affinity"])
def test_some_recipes_are_not_for_batches(movies: Account, recipe: str) -> None:
    code, message = refused(movies, movies.version(recipe=recipe))
    assert (code, f"{recipe} does not support" in message) == ("InvalidInput", True)


def test_a_version_must_be_active_and_can_go_meanwhile(movies: Account) -> None:
    solution = movies.solution()
    training = movies.create("SolutionVersion", solutionArn=solution)
    assert refused(movies, training)[0] == "ResourceInUse"
    movies.service.faults.add(Fault("fail", "CreateSolutionVersion"))
    assert refused(movies, movies.version())[0] == "InvalidInput"
    movies.wait()
    job = movies.create(NOUN, **batch_params(training))
    movies.delete("Solution", solution)
    movies.wait()
    assert movies.describe(NOUN, job)["failureReason"] == "The solution version no longer exists."


@pytest.mark.parametrize(
    ("params", "message"),
    [
        ({"jobInput": {"s3DataSource": {"path": "https://movies/in"}}}, "Invalid S3 input path."),
        ({"jobInput": {"s3DataSource": {"path": "s3://movies"}}}, "Invalid S3 input path."),
        ({"jobInput": {"s3DataSource": {"path": "s3://movies/out"}}}, "Invalid S3 output path."),
        ({"jobOutput": {"s3DataDestination": {"path": "https://movies"}}}, "Invalid S3 output path."),
        ({"numResults": 0}, "numResults must be at least 1."),
        ({"themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": "TITLE"}}}, "batchInferenceJobMode"),
        ({"batchInferenceJobMode": "THEME_GENERATION"}, "not available in eu-west-1"),
        ({"batchInferenceJobConfig": {"itemExplorationConfig": {"explorationWeight": "2"}}}, "itemExplorationConfig"),
        ({"batchInferenceJobConfig": {"rankingInfluence": {"POPULARITY": 0.5}}}, "rankingInfluence"),
    ],
)
def test_a_request_that_makes_no_sense_is_refused(movies: Account, params: dict[str, Any], message: str) -> None:
    code, found = refused(movies, movies.version(recipe="aws-sims"), **params)
    assert (code, message in found) == ("InvalidInput", True), found


def test_exploration_is_configured_for_recipes_that_explore(movies: Account) -> None:
    config = {"itemExplorationConfig": {"explorationWeight": "0.3", "explorationItemAgeCutOff": "30"}}
    version = movies.version(recipe="aws-user-personalization")
    job = run_batch(movies, NOUN, version, {"userId": "u1"}, batchInferenceJobConfig=config)
    assert (job["status"], job["batchInferenceJobConfig"]) == ("ACTIVE", config)


def test_a_filter_is_of_the_same_group_active_and_about_items(movies: Account) -> None:
    version = movies.version()
    users = movies.filter("INCLUDE UserID WHERE Users.AGE > 20")
    new = movies.create("Filter", datasetGroupArn=movies.group, filterExpression="INCLUDE ItemID WHERE Items.PRICE > 1")
    assert "does not filter by ItemID" in refused(movies, version, filterArn=users)[1]
    assert refused(movies, version, filterArn=new)[0] == "ResourceInUse"
    movies.fill()
    other = movies.filter("INCLUDE ItemID WHERE Items.PRICE > 1")
    assert "another dataset group" in refused(movies, version, filterArn=other)[1]


# -- themes ------------------------------------------------------------------------------------------------

TITLE = {"name": "TITLE", "type": "string"}
PLOT = {"name": "PLOT", "type": ["null", "string"], "textual": True}
THEMES = {
    "batchInferenceJobMode": "THEME_GENERATION",
    "themeGenerationConfig": {"fieldsForThemeGeneration": {"itemName": "TITLE"}},
}


def in_virginia(*fields: dict[str, Any], recipe: str = "aws-similar-items") -> tuple[Account, str]:
    """An account in a region that has themes, and a version trained on items with these columns."""
    account = Account(region="us-east-1")
    account.fill("Interactions")
    if fields:
        columns = [*records.FIELDS["Items"][:3], *fields]
        account.dataset("Items", schemaArn=account.schema("Items", records.schema("Items", columns)))
        header = ",".join(column["name"] for column in columns)
        rows = [f"i{n},War,{n}," + ",".join(f"{column['name'].title()} {n}" for column in fields) for n in range(40)]
        account.imported("Items", "\n".join([header, *rows]) + "\n")
    return account, account.version(recipe=recipe)


def test_similar_items_can_have_themes() -> None:
    account, version = in_virginia(TITLE, PLOT)
    job = run_batch(account, NOUN, version, {"itemId": "i1"}, {"itemId": "new"}, **THEMES, numResults=4)
    assert (job["batchInferenceJobMode"], job["themeGenerationConfig"]) == tuple(THEMES.values())
    known, unknown = (line["output"] for line in output_of(account))
    assert (known["theme"], unknown["theme"]) == ("More like Title 1", "More like new")
    scores = known["itemsThemeRelevanceScores"]
    assert len(known["recommendedItems"]) == len(scores) == 4
    assert scores == sorted(scores, reverse=True)
    assert scores[0] == 0.6


def test_themes_are_for_100_records_a_file() -> None:
    account, version = in_virginia(TITLE, PLOT)
    job = run_batch(account, NOUN, version, *({"itemId": f"i{n}"} for n in range(101)), **THEMES)
    assert job["failureReason"] == "in/lines.json has 101 records; at most 100 are allowed."


@pytest.mark.parametrize(
    ("fields", "recipe", "params", "message"),
    [
        ((TITLE, PLOT), "aws-sims", THEMES, "needs the recipe aws-similar-items"),
        ((TITLE, PLOT), "aws-similar-items", {"batchInferenceJobMode": "THEME_GENERATION"}, "themeGenerationConfig"),
        ((TITLE,), "aws-similar-items", THEMES, "textual field"),
        ((), "aws-similar-items", THEMES, "textual field"),
        ((PLOT,), "aws-similar-items", THEMES, "itemName must be a string column"),
    ],
)
def test_themes_need_a_recipe_and_columns(
    fields: tuple[dict[str, Any], ...], recipe: str, params: dict[str, Any], message: str
) -> None:
    account, version = in_virginia(*fields, recipe=recipe)
    code, found = refused(account, version, **params)
    assert (code, message in found) == ("InvalidInput", True), found


# -- around jobs -------------------------------------------------------------------------------------------


def test_jobs_are_listed_by_version_and_have_tags(movies: Account) -> None:
    version = movies.version(recipe="aws-popularity-count")
    job = run_batch(movies, NOUN, version, {"userId": "u1"}, tags=[{"tagKey": "team", "tagValue": "a"}])
    arn = job["batchInferenceJobArn"]
    listed = movies.personalize.list_batch_inference_jobs(solutionVersionArn=version)["batchInferenceJobs"]
    assert [(one["batchInferenceJobArn"], one["batchInferenceJobMode"]) for one in listed] == [(arn, "BATCH_INFERENCE")]
    assert movies.personalize.list_batch_inference_jobs(solutionVersionArn=f"{version}x")["batchInferenceJobs"] == []
    assert movies.personalize.list_tags_for_resource(resourceArn=arn)["tags"] == [{"tagKey": "team", "tagValue": "a"}]
    assert "datasetGroupArn" not in job


def test_a_dataset_cannot_go_while_a_job_is_under_way(movies: Account) -> None:
    version = movies.version(recipe="aws-popularity-count")
    movies.objects.put(INPUT, json.dumps({"userId": "u1"}))
    job = movies.create(NOUN, **batch_params(version))
    code, message = refusal(movies.personalize.delete_dataset, datasetArn=movies.datasets["Users"])
    assert (code, job in message) == ("ResourceInUse", True)
    movies.wait()
    movies.delete("Dataset", movies.datasets["Users"])


def test_the_recipe_of_a_use_case_has_no_versions_to_infer_with(movies: Account) -> None:
    missing = f"{RECIPE}/aws-vod-top-picks"
    assert refused(movies, missing)[0] == "ResourceNotFound"
