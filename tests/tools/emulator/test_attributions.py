"""Metric attributions: what they may count, how they change, what they keep from being deleted."""

from __future__ import annotations

from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import ROLE, Account, refusal
from tests.tools.emulator.test_permissions import Notary
from tools.emulator import Fault

WATCHES = {"eventType": "Watch", "metricName": "watches", "expression": "SAMPLECOUNT()"}
INCOME = {"eventType": "Watch", "metricName": "income", "expression": "SUM(Items.PRICE)"}
NOUN = "MetricAttribution"


def attribution(account: Account, *metrics: dict[str, str]) -> str:
    return account.created(NOUN, **{**records.attribution(account.group), "metrics": list(metrics or (WATCHES,))})


def metrics_of(account: Account, arn: str) -> list[dict[str, str]]:
    found = account.personalize.list_metric_attribution_metrics(metricAttributionArn=arn)["metrics"]
    return list(found)


def test_a_description_shows_the_output_and_a_list_the_metrics(movies: Account) -> None:
    arn = attribution(movies, WATCHES, INCOME)
    description = movies.describe(NOUN, arn)
    assert description["metricsOutputConfig"] == records.attribution("")["metricsOutputConfig"]
    assert "metrics" not in description
    assert metrics_of(movies, arn) == [WATCHES, INCOME]


def test_a_dataset_group_has_one(movies: Account) -> None:
    attribution(movies)
    wanted = {**records.attribution(movies.group), "name": "second"}
    code, message = refusal(movies.personalize.create_metric_attribution, **wanted)
    assert (code, "already has a metric attribution" in message) == ("ResourceAlreadyExists", True)


def test_it_needs_events_that_have_types(account: Account) -> None:
    account.open_group(domain=None)
    untyped = [field for field in records.FIELDS["Interactions"] if field["name"] != "EVENT_TYPE"]
    for prepare in (
        lambda: None,
        lambda: account.dataset(
            "Interactions", schemaArn=account.schema("Interactions", records.schema("Interactions", untyped), None)
        ),
    ):
        prepare()
        wanted = {**records.attribution(account.group), "name": "any"}
        code, message = refusal(account.personalize.create_metric_attribution, **wanted)
        assert (code, "EVENT_TYPE" in message) == ("InvalidInput", True)


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("COUNT()", "neither SAMPLECOUNT()"),
        ("SUM(Users.AGE)", "neither SAMPLECOUNT()"),
        ("SUM(Items.GENRES)", "numeric column"),
        ("SUM(Items.NOTHING)", "numeric column"),
    ],
)
def test_a_metric_counts_events_or_sums_a_numeric_column(movies: Account, expression: str, sentence: str) -> None:
    metrics = [{**WATCHES, "expression": expression}]
    wanted = {**records.attribution(movies.group), "name": "any", "metrics": metrics}
    code, message = refusal(movies.personalize.create_metric_attribution, **wanted)
    assert (code, sentence in message) == ("InvalidInput", True)


@pytest.mark.parametrize("expression", ["samplecount()", "SUM(ITEMS.PRICE)", "SUM(Interactions.TIMESTAMP)"])
def test_expressions_are_read_in_any_case(movies: Account, expression: str) -> None:
    assert movies.status(NOUN, attribution(movies, {**WATCHES, "expression": expression})) == "ACTIVE"


def test_a_metric_attribution_has_a_metric_and_each_a_name_of_its_own(movies: Account) -> None:
    create = movies.personalize.create_metric_attribution
    wanted = {**records.attribution(movies.group), "name": "any"}
    assert refusal(create, **{**wanted, "metrics": []})[0] == "InvalidInput"
    assert refusal(create, **{**wanted, "metrics": [WATCHES, WATCHES]})[0] == "ResourceAlreadyExists"


def test_an_update_removes_and_adds_metrics_and_moves_the_output(movies: Account) -> None:
    arn = attribution(movies)
    output = {"roleArn": f"{ROLE}-2", "s3DataDestination": {"path": "s3://movies/elsewhere/"}}
    movies.update(NOUN, arn, removeMetrics=["watches"], addMetrics=[INCOME], metricsOutputConfig=output)
    assert movies.status(NOUN, arn) == "UPDATE PENDING"
    assert metrics_of(movies, arn) == [WATCHES]
    movies.wait(10)
    assert movies.status(NOUN, arn) == "UPDATE IN_PROGRESS"
    assert refusal(movies.personalize.update_metric_attribution, metricAttributionArn=arn)[0] == "ResourceInUse"
    movies.wait()
    assert movies.status(NOUN, arn) == "ACTIVE"
    assert metrics_of(movies, arn) == [INCOME]
    assert movies.describe(NOUN, arn)["metricsOutputConfig"] == output


def test_an_update_that_fails_changes_nothing_and_can_be_made_again(movies: Account) -> None:
    arn = attribution(movies)
    movies.service.faults.add(Fault("fail", "UpdateMetricAttribution", message="No more disks.", count=1))
    for status, metrics in (("UPDATE FAILED", [WATCHES]), ("ACTIVE", [WATCHES, INCOME])):
        movies.update(NOUN, arn, addMetrics=[INCOME])
        movies.wait()
        assert (movies.status(NOUN, arn), metrics_of(movies, arn)) == (status, metrics)


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"removeMetrics": ["income"]}, "InvalidInput"),
        ({"addMetrics": [WATCHES]}, "ResourceAlreadyExists"),
        ({"addMetrics": [{**WATCHES, "metricName": f"m{n}"} for n in range(10)]}, "InvalidInput"),
        ({"addMetrics": [{**INCOME, "expression": "SUM(Items.GENRES)"}]}, "InvalidInput"),
    ],
)
def test_an_update_that_makes_no_valid_metrics_is_refused(movies: Account, change: dict[str, Any], code: str) -> None:
    arn = attribution(movies)
    assert refusal(movies.personalize.update_metric_attribution, metricAttributionArn=arn, **change)[0] == code


@pytest.mark.parametrize(
    ("metric", "blocks_items"), [(WATCHES, False), (INCOME, True)], ids=lambda each: str(each)[-20:]
)
def test_it_goes_before_the_datasets_that_it_references(
    movies: Account, metric: dict[str, str], blocks_items: bool
) -> None:
    arn = attribution(movies, metric)
    for kind, is_blocked in (("Interactions", True), ("Items", blocks_items), ("Users", False)):
        if is_blocked:
            code, message = refusal(movies.personalize.delete_dataset, datasetArn=movies.datasets[kind])
            assert (code, arn in message) == ("ResourceInUse", True)
        else:
            movies.delete("Dataset", movies.datasets[kind])
    movies.delete(NOUN, arn)
    movies.wait()
    movies.delete("Dataset", movies.datasets["Interactions"])


def test_the_role_of_the_output_needs_to_be_passed() -> None:
    notary = Notary()
    account = Account(authorizer=notary)
    account.fill("Interactions")
    with notary.noting() as asked:
        arn = attribution(account)
    assert [each for each in asked if each[0] != "personalize:DescribeMetricAttribution"] == [
        ("personalize:CreateMetricAttribution", arn),
        ("personalize:CreateMetricAttribution", account.group),
        ("iam:PassRole", ROLE),
    ]
    with notary.noting() as asked:
        metrics_of(account, arn)
    assert asked == [("personalize:ListMetricAttributionMetrics", "*")]
