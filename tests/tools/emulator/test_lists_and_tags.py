"""Lists and their pages, tags."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import Account, refusal

# -- lists -------------------------------------------------------------------------------------------------


def names(answer: dict[str, Any], member: str) -> list[str]:
    return [one["name"] for one in answer[member]]


def test_pages_follow_each_other(account: Account) -> None:
    for number in range(5):
        account.create("Schema", name=f"s{number}", schema=records.schema("Items"))
    pages, token = [], None
    while True:
        page = account.personalize.list_schemas(maxResults=2, **({"nextToken": token} if token else {}))
        pages.append(names(page, "schemas"))
        token = page.get("nextToken")
        if token is None:
            break
    assert pages == [["s0", "s1"], ["s2", "s3"], ["s4"]]


def test_a_last_page_that_is_full_has_no_token(account: Account) -> None:
    for number in range(2):
        account.create("Schema", name=f"s{number}", schema=records.schema("Items"))
    assert "nextToken" not in account.personalize.list_schemas(maxResults=2)


def test_a_page_has_a_hundred_resources_unless_told_otherwise(account: Account) -> None:
    for _ in range(101):
        account.create("Schema", schema=records.schema("Items"))
    page = account.personalize.list_schemas()
    assert len(page["schemas"]) == 100
    assert len(account.personalize.list_schemas(nextToken=page["nextToken"])["schemas"]) == 1
    assert refusal(account.personalize.list_schemas, maxResults=101)[0] == "Validation"


def test_a_token_is_good_for_its_operation_only(account: Account) -> None:
    for _ in range(2):
        account.create("Schema", schema=records.schema("Items"))
    token = account.personalize.list_schemas(maxResults=1)["nextToken"]
    assert refusal(account.personalize.list_dataset_groups, nextToken=token)[0] == "InvalidNextToken"
    for wrong in ("nonsense", "!!!!"):
        assert refusal(account.personalize.list_schemas, nextToken=wrong)[0] == "InvalidNextToken"


@pytest.mark.parametrize(
    ("noun", "operation", "member", "by"),
    [
        ("Dataset", "list_datasets", "datasets", "datasetGroupArn"),
        ("DatasetImportJob", "list_dataset_import_jobs", "datasetImportJobs", "datasetArn"),
        ("Recommender", "list_recommenders", "recommenders", "datasetGroupArn"),
        ("Solution", "list_solutions", "solutions", "datasetGroupArn"),
        ("SolutionVersion", "list_solution_versions", "solutionVersions", "solutionArn"),
        ("Campaign", "list_campaigns", "campaigns", "solutionArn"),
        ("Filter", "list_filters", "Filters", "datasetGroupArn"),
        ("EventTracker", "list_event_trackers", "eventTrackers", "datasetGroupArn"),
        ("MetricAttribution", "list_metric_attributions", "metricAttributions", "datasetGroupArn"),
    ],
)
def test_lists_are_narrowed_by_what_resources_belong_to(
    account: Account, noun: str, operation: str, member: str, by: str
) -> None:
    owners = []
    for _ in range(2):
        account.fill("Interactions", "Items")
        solution = account.solution()
        owner = {"solutionArn": solution, "datasetGroupArn": account.group, "datasetArn": account.datasets["Items"]}
        owners.append(owner[by])
        match noun:
            case "Recommender":
                account.recommender()
            case "SolutionVersion":
                account.version(solution)
            case "Campaign":
                account.campaign(account.version(solution))
            case "Filter":
                account.filter('INCLUDE ItemID WHERE Items.GENRES IN ("War")')
            case "EventTracker":
                account.tracker()
            case "MetricAttribution":
                account.create(noun, **records.attribution(account.group))
    call = getattr(account.personalize, operation)
    key = f"{noun[0].lower()}{noun[1:]}Arn"
    everything = [one[key] for one in call()[member]]
    narrowed = [[one[key] for one in call(**{by: owner})[member]] for owner in owners]
    assert all(narrowed)
    assert not set(narrowed[0]) & set(narrowed[1])
    if noun != "DatasetImportJob":
        assert sorted(narrowed[0] + narrowed[1]) == sorted(everything)


def test_only_versions_are_asked_for_by_a_solution_that_exists(movies: Account) -> None:
    missing = "arn:aws:personalize:eu-west-1:000000000000:solution/nothing"
    assert refusal(movies.personalize.list_solution_versions, solutionArn=missing)[0] == "ResourceNotFound"
    assert movies.personalize.list_campaigns(solutionArn=missing)["campaigns"] == []


def test_summaries_show_what_descriptions_do(movies: Account) -> None:
    solution = movies.solution()
    (summary,) = movies.personalize.list_solutions()["solutions"]
    description = movies.describe("Solution", solution)
    assert summary.items() <= description.items()
    assert {"name", "solutionArn", "status", "recipeArn"} <= summary.keys()
    assert "performHPO" not in summary


# -- tags --------------------------------------------------------------------------------------------------


def tags(account: Account, arn: str) -> dict[str, str]:
    found = account.personalize.list_tags_for_resource(resourceArn=arn)["tags"]
    return {tag["tagKey"]: tag["tagValue"] for tag in found}


def as_tags(**values: str) -> list[dict[str, str]]:
    return [{"tagKey": name, "tagValue": value} for name, value in values.items()]


def test_tags_are_added_changed_and_removed(account: Account) -> None:
    arn = account.create("DatasetGroup", tags=as_tags(team="a", stage="dev"))
    assert tags(account, arn) == {"stage": "dev", "team": "a"}
    account.personalize.tag_resource(resourceArn=arn, tags=as_tags(team="b", cost="1"))
    assert tags(account, arn) == {"cost": "1", "stage": "dev", "team": "b"}
    account.personalize.untag_resource(resourceArn=arn, tagKeys=["team", "unknown"])
    assert tags(account, arn) == {"cost": "1", "stage": "dev"}


def test_everything_but_a_schema_has_tags(movies: Account) -> None:
    version = movies.version()
    taggable = [
        movies.group,
        movies.datasets["Items"],
        movies.personalize.list_dataset_import_jobs()["datasetImportJobs"][0]["datasetImportJobArn"],
        movies.recommender(),
        movies.solution(),
        version,
        movies.campaign(version),
        movies.filter('INCLUDE ItemID WHERE Items.GENRES IN ("War")'),
        movies.created("EventTracker", datasetGroupArn=movies.group),
    ]
    for arn in taggable:
        movies.personalize.tag_resource(resourceArn=arn, tags=as_tags(team="a"))
        assert tags(movies, arn) == {"team": "a"}
    code, message = refusal(movies.personalize.list_tags_for_resource, resourceArn=movies.schema("Items"))
    assert (code, message) == ("InvalidInput", "Resources of type Schema cannot be tagged.")


def test_a_resource_has_fifty_tags_at_most(account: Account) -> None:
    fifty = {f"key{n}": "x" for n in range(50)}
    arn = account.create("DatasetGroup", tags=as_tags(**fifty))
    call = account.personalize.tag_resource
    assert refusal(call, resourceArn=arn, tags=as_tags(one_more="x"))[0] == "TooManyTags"
    call(resourceArn=arn, tags=as_tags(key0="y"))
    assert (
        refusal(account.personalize.create_dataset_group, name="g", tags=as_tags(**fifty, more="x"))[0] == "TooManyTags"
    )


def test_tags_that_aws_sets_do_not_count_and_stay(account: Account) -> None:
    arn = account.create("DatasetGroup", tags=as_tags(**{f"key{n}": "x" for n in range(49)}))
    account.service._region(account.region).get(arn).tags["aws:cloudformation:stack-id"] = "x"
    account.personalize.tag_resource(resourceArn=arn, tags=as_tags(one_more="x"))
    untag = account.personalize.untag_resource
    assert refusal(untag, resourceArn=arn, tagKeys=["aws:cloudformation:stack-id"])[0] == "InvalidInput"
    assert refusal(untag, resourceArn=arn, tagKeys=[f"key{n}" for n in range(51)])[0] == "TooManyTagKeys"
    assert len(tags(account, arn)) == 51


@pytest.mark.parametrize(("name", "value"), [("aws:stack", "x"), ("AWS:stack", "x"), ("stack", "aws:x")])
def test_what_begins_with_aws_is_reserved(account: Account, name: str, value: str) -> None:
    arn = account.create("DatasetGroup", tags=as_tags(stack="arn:aws:x"))
    code, message = refusal(account.personalize.tag_resource, resourceArn=arn, tags=as_tags(**{name: value}))
    assert (code, "must not begin with aws:" in message) == ("InvalidInput", True)


def test_tags_of_what_does_not_exist_are_not_found(account: Account) -> None:
    arn = "arn:aws:personalize:eu-west-1:000000000000:solution/nothing"
    assert refusal(account.personalize.list_tags_for_resource, resourceArn=arn)[0] == "ResourceNotFound"


def test_tags_may_be_in_any_script(account: Account) -> None:
    arn = account.create("DatasetGroup", tags=as_tags(**{"équipe du film": "映画"}))
    assert tags(account, arn) == {"équipe du film": "映画"}
    assert refusal(account.personalize.tag_resource, resourceArn=arn, tags=as_tags(a="(b)"))[0] == "Validation"


@pytest.mark.parametrize("text", ["a b", "a_b.c:d/e=f+g-h@i", "Ünïcödé 映画 ٣", "no\u00a0break"])
def test_tags_are_of_letters_digits_spaces_and_some_signs(account: Account, text: str) -> None:
    arn = account.create("DatasetGroup", tags=as_tags(**{text: text}))
    assert tags(account, arn) == {text: text}


@pytest.mark.parametrize("sign", [*"()[]{}<>!?#$%&*,;'\"|~^`\\", "\t", "\n", "\0", "🎬"])
def test_other_signs_are_refused_in_keys_and_values(account: Account, sign: str) -> None:
    """API reference, Tag; developer guide, "Guidelines and requirements"."""
    for wrong in ({f"team{sign}": "x"}, {"team": f"x{sign}"}):
        code, message = refusal(account.personalize.create_dataset_group, name="g", tags=as_tags(**wrong))
        assert (code, "regular expression" in message) == ("Validation", True)
    arn = account.create("DatasetGroup")
    assert refusal(account.personalize.untag_resource, resourceArn=arn, tagKeys=[f"team{sign}"])[0] == "Validation"


def test_a_key_is_never_empty_and_a_value_may_be(account: Account) -> None:
    assert tags(account, account.create("DatasetGroup", tags=as_tags(team=""))) == {"team": ""}
    assert refusal(account.personalize.create_dataset_group, name="g", tags=as_tags(**{"": "x"}))[0] == "Validation"
