"""What metric attributions report, to CloudWatch and to S3."""

from __future__ import annotations

import csv
from typing import Any

import pytest

from tests.tools.emulator.support import records
from tests.tools.emulator.support.account import ROLE, Account
from tools.emulator.cloudwatch import Datum

NOW = 1_700_000_000
METRICS = [
    {"eventType": "watch", "metricName": "watches", "expression": "SAMPLECOUNT()"},
    {"eventType": "Watch", "metricName": "income", "expression": "SUM(Items.PRICE)"},
    {"eventType": "Click", "metricName": "times", "expression": "sum(Interactions.timestamp)"},
]
HEADER = ["METRIC_NAME", "EVENT_TYPE", "VALUE", "MATH_FUNCTION", "EVENT_ATTRIBUTION_SOURCE", "TIMESTAMP"]


def attribution(account: Account, **params: Any) -> str:
    return account.created("MetricAttribution", **{**records.attribution(account.group), "metrics": METRICS, **params})


def put(account: Account, tracking_id: str, *events: dict[str, Any]) -> None:
    for event in events:
        given = {"eventType": "Watch", "sentAt": int(account.clock.now()), "itemId": "i2", **event}
        account.events.put_events(trackingId=tracking_id, sessionId="s", userId="u1", eventList=[given])


def measured(account: Account) -> dict[tuple[str, str], float]:
    """Sums of the attribution's metrics by name and source."""
    found: dict[tuple[str, str], float] = {}
    for datum in of_attribution(account):
        assert datum.dimensions["DatasetGroupArn"] == account.group
        key = (datum.name, datum.dimensions["EventAttributionSource"])
        found[key] = found.get(key, 0) + datum.value
    return found


def of_attribution(account: Account) -> list[Datum]:
    names = {metric["metricName"] for metric in METRICS}
    return [datum for datum in account.metrics.of("eu-west-1") if datum.name in names]


def test_events_are_counted_and_columns_summed_by_the_source(movies: Account) -> None:
    recommender, tracking_id = movies.recommender(), movies.tracker()
    answer = movies.runtime.get_recommendations(recommenderArn=recommender, userId="u1")["recommendationId"]
    attribution(movies)
    shop = {"metricAttribution": {"eventAttributionSource": "shop"}}
    put(movies, tracking_id, {}, {"recommendationId": answer}, {"recommendationId": answer, **shop}, shop)
    put(movies, tracking_id, {"recommendationId": "RID-of-somebody-else"}, {"eventType": "Pause"})
    assert measured(movies) == {
        ("watches", "SOURCE_NAME_UNDEFINED"): 2,
        ("watches", recommender): 1,
        ("watches", "shop"): 2,
        ("income", "SOURCE_NAME_UNDEFINED"): 2,
        ("income", recommender): 1,
        ("income", "shop"): 2,
    }
    assert {(datum.name, datum.unit) for datum in of_attribution(movies)} == {("watches", "Count"), ("income", "None")}


def test_values_stand_at_the_beginning_of_15_minutes(movies: Account) -> None:
    tracking_id = movies.tracker()
    attribution(movies)
    now = int(movies.clock.now())
    put(movies, tracking_id, {"sentAt": now}, {"sentAt": now - 900})
    begins = now // 900 * 900
    assert [datum.at for datum in of_attribution(movies) if datum.name == "watches"] == [begins, begins - 900]


def test_items_without_the_value_add_nothing(movies: Account) -> None:
    tracking_id = movies.tracker()
    attribution(movies)
    put(movies, tracking_id, {"itemId": "i4"}, {"itemId": "unknown"})
    assert measured(movies)["income", "SOURCE_NAME_UNDEFINED"] == 0


def test_without_items_columns_of_interactions_are_summed(account: Account) -> None:
    account.fill("Interactions")
    tracking_id = account.tracker()
    attribution(account, metrics=METRICS[2:])
    now = int(account.clock.now())
    put(account, tracking_id, {"eventType": "Click", "sentAt": now})
    assert measured(account) == {("times", "SOURCE_NAME_UNDEFINED"): now}


def test_nothing_is_reported_before_there_is_an_attribution_or_of_events_that_are_old(movies: Account) -> None:
    tracking_id = movies.tracker()
    put(movies, tracking_id, {})
    arn = movies.create("MetricAttribution", **records.attribution(movies.group))
    put(movies, tracking_id, {})
    movies.wait()
    put(movies, tracking_id, {"sentAt": int(movies.clock.now()) - 15 * 86_400})
    assert of_attribution(movies) == []
    movies.update("MetricAttribution", arn, removeMetrics=["watches"], addMetrics=METRICS[:1])
    put(movies, tracking_id, {})
    assert len(of_attribution(movies)) == 1


def test_an_event_that_comes_again_is_not_counted_again(movies: Account) -> None:
    tracking_id = movies.tracker()
    attribution(movies)
    put(movies, tracking_id, {"eventId": "e"}, {"eventId": "e"})
    assert measured(movies)["watches", "SOURCE_NAME_UNDEFINED"] == 1


# -- imports -----------------------------------------------------------------------------------------------


def report(account: Account, mode: str) -> list[list[str]]:
    """The rows of the only report, header first."""
    [key] = [key for key in account.objects.objects if key.startswith("s3://movies/reports/")]
    assert key.startswith(f"s3://movies/reports/AggregatedAttributionMetrics - {mode} - ")
    return list(csv.reader(account.objects.objects[key].decode().splitlines()))


def rows_at(*times: int) -> list[tuple[Any, ...]]:
    """A thousand interactions, most of them long ago, and watches of item 2 at some times."""
    return [*(("u1", "i2", "Watch", at) for at in times), *records.interaction_rows()]


def test_an_import_publishes_a_report_if_it_is_asked_to(movies: Account) -> None:
    attribution(movies)
    body = records.csv("Interactions", rows_at(NOW, NOW + 1000))
    movies.imported("Interactions", body, publishAttributionMetricsToS3=True)
    header, *rows = report(movies, "FULL")
    begins = [(NOW + 1000) // 900 * 900, NOW // 900 * 900]
    assert header == HEADER
    assert rows[:4] == [
        ["income", "Watch", "1.0", "sum", "SOURCE_NAME_UNDEFINED", str(begins[0])],
        ["watches", "watch", "1.0", "samplecount", "SOURCE_NAME_UNDEFINED", str(begins[0])],
        ["income", "Watch", "1.0", "sum", "SOURCE_NAME_UNDEFINED", str(begins[1])],
        ["watches", "watch", "1.0", "samplecount", "SOURCE_NAME_UNDEFINED", str(begins[1])],
    ]
    # In bulk only what is imported incrementally goes to CloudWatch.
    assert of_attribution(movies) == []


def test_an_incremental_import_reports_to_cloudwatch(movies: Account) -> None:
    attribution(movies)
    now = int(movies.clock.now())
    movies.imported("Interactions", records.csv("Interactions", rows_at(now, now)), importMode="INCREMENTAL")
    assert measured(movies) == {("watches", "SOURCE_NAME_UNDEFINED"): 2, ("income", "SOURCE_NAME_UNDEFINED"): 2}
    assert not [key for key in movies.objects.objects if "reports" in key]


def test_sources_in_bulk_are_columns(account: Account) -> None:
    fields = [*records.FIELDS["Interactions"], {"name": "EVENT_ATTRIBUTION_SOURCE", "type": ["null", "string"]}]
    account.open_group()
    account.dataset("Interactions", schemaArn=account.schema("Interactions", records.schema("Interactions", fields)))
    attribution(account, metrics=METRICS[:1])
    header = ",".join(field["name"] for field in fields)
    lines = [",".join(map(str, (*row, "shop" if row[2] == "Watch" else ""))) for row in rows_at(NOW)]
    account.imported("Interactions", "\n".join([header, *lines]) + "\n", publishAttributionMetricsToS3=True)
    assert {row[4] for row in report(account, "FULL")[1:]} == {"shop"}


@pytest.mark.parametrize("kind", ["Items", "Interactions"])
def test_other_imports_publish_nothing(movies: Account, kind: str) -> None:
    """Those of other datasets, and those of an attribution without a place for reports."""
    output = {"roleArn": ROLE}
    attribution(movies, **({} if kind == "Items" else {"metricsOutputConfig": output}))
    rows = records.item_rows() if kind == "Items" else records.interaction_rows()
    job = movies.imported(kind, records.csv(kind, rows), publishAttributionMetricsToS3=True)
    assert job["status"] == "ACTIVE"
    assert not [key for key in movies.objects.objects if "Aggregated" in key]


def test_an_import_does_not_fail_because_of_its_report(movies: Account) -> None:
    attribution(movies)
    movies.objects.denied_writers.add(ROLE)
    body = records.csv("Interactions", records.interaction_rows())
    assert movies.imported("Interactions", body, publishAttributionMetricsToS3=True)["status"] == "ACTIVE"
    assert not [key for key in movies.objects.objects if "Aggregated" in key]
