"""What a metric attribution reports: events counted and columns summed by their source, for CloudWatch and Amazon S3.

Source: developer guide, "Measuring recommendation impact with a metric attribution" and the pages below it. That events
are matched by their type in upper or lower case, as filters match them, is inferred.
"""

from __future__ import annotations

import csv
import io
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from .attributions import EXPRESSION, Metric
from .cloudwatch import COUNT, NO_UNIT, Datum
from .data import Columns, Row
from .jobs import JobFailedError, write
from .region import Region, Resource
from .runtime import origin_of
from .training import dataset_of

UNDEFINED = "SOURCE_NAME_UNDEFINED"
_HEADER = ("METRIC_NAME", "EVENT_TYPE", "VALUE", "MATH_FUNCTION", "EVENT_ATTRIBUTION_SOURCE", "TIMESTAMP")
_WINDOW = 15 * 60
_OLDEST = 14 * 86_400

# From metric, source and beginning of a window to the value.
Values = Mapping[tuple[str, str, int], float]


def report_events(region: Region, group_arn: str, rows: Iterable[Row], at: float) -> None:
    """Put the metrics of events that have been recorded one by one into CloudWatch."""
    attribution = _attribution(region, group_arn)
    if attribution:
        _put(region, attribution, rows, at)


def report_import(region: Region, job: Resource, columns: Columns, at: float) -> None:
    """Put the metrics of an incremental import into CloudWatch, and those of any import that asks for it into S3.

    An import does not fail because its report cannot be written: inferred.
    """
    dataset = region.get(job.fields["datasetArn"], "Dataset")
    attribution = _attribution(region, dataset.fields["datasetGroupArn"])
    if attribution is None or dataset.fields["datasetType"] != "INTERACTIONS":
        return
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    mode = job.fields["importMode"]
    if mode == "INCREMENTAL":
        _put(region, attribution, rows, at)
    if job.fields.get("publishAttributionMetricsToS3"):
        _publish(region, attribution, rows, f"AggregatedAttributionMetrics - {mode} - {int(at)}.csv")


def _attribution(region: Region, group_arn: str) -> Resource | None:
    """The metric attribution of a group, once it has been created."""
    found = next(region.of("MetricAttribution", datasetGroupArn=group_arn), None)
    return None if found is None or found.status.startswith("CREATE") else found


def _put(region: Region, attribution: Resource, rows: Iterable[Row], at: float) -> None:
    """Put values of records that are less than 14 days old.

    The dimensions are those that AWS's notebook asks CloudWatch for, Measure_Impact_of_Recommendations of
    aws-samples/amazon-personalize-samples, cells 123 and 124; units are inferred.
    """
    recent = [row for row in rows if at - row["TIMESTAMP"] < _OLDEST]
    metrics = {each["metricName"]: each for each in attribution.fields["metrics"]}
    for (name, source, begins), value in _values(region, attribution, recent).items():
        unit = COUNT if _function(metrics[name]) == "samplecount" else NO_UNIT
        dimensions = {"EventAttributionSource": source, "DatasetGroupArn": attribution.fields["datasetGroupArn"]}
        datum = Datum(name, value, unit, dimensions, float(begins))
        region.environment.metrics.put(region.name, datum)


def _publish(region: Region, attribution: Resource, rows: Iterable[Row], name: str) -> None:
    """Write a report into the folder of the attribution, if it names one.

    Developer guide, "Publishing metric attribution reports to Amazon S3". What the method is called in the name, and
    where windows begin, is inferred.
    """
    config = attribution.fields["metricsOutputConfig"]
    if "s3DataDestination" not in config:
        return
    try:
        write(region, config["roleArn"], config["s3DataDestination"], name, _csv(region, attribution, rows))
    except JobFailedError:
        return


def _csv(region: Region, attribution: Resource, rows: Iterable[Row]) -> str:
    metrics = {each["metricName"]: each for each in attribution.fields["metrics"]}
    values = _values(region, attribution, rows)
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(_HEADER)
    for name, source, begins in sorted(values, key=lambda key: (-key[2], key[0], key[1])):
        metric = metrics[name]
        writer.writerow((name, metric["eventType"], values[name, source, begins], _function(metric), source, begins))
    return out.getvalue()


def _function(metric: Metric) -> str:
    return metric["expression"].partition("(")[0].lower()


def _values(region: Region, attribution: Resource, rows: Iterable[Row]) -> Values:
    values: dict[tuple[str, str, int], float] = defaultdict(float)
    origins = dict(_origins(region))
    items = dataset_of(region, attribution.fields["datasetGroupArn"], "ITEMS")
    for row in rows:
        begins = row["TIMESTAMP"] // _WINDOW * _WINDOW
        item = (items.row(row["ITEM_ID"]) if items else None) or {}
        for metric in attribution.fields["metrics"]:
            if str(row.get("EVENT_TYPE")).lower() == metric["eventType"].lower():
                values[metric["metricName"], _source(row, origins), begins] += _amount(metric, row, item)
    return values


def _amount(metric: Metric, row: Row, item: Row) -> float:
    found = EXPRESSION.fullmatch(metric["expression"])
    if found is None or found["dataset"] is None:
        return 1.0
    record: Mapping[str, Any] = item if found["dataset"].upper() == "ITEMS" else row
    by_name = {name.upper(): value for name, value in record.items()}
    return float(by_name.get(found["column"].upper()) or 0)


def _source(row: Row, origins: Mapping[str, str]) -> str:
    """Who brought an event about: the source it names, or the campaign or recommender that recommended the item.

    Developer guide, "Guidelines and requirements for a metric attribution".
    """
    named = row.get("EVENT_ATTRIBUTION_SOURCE")
    if named:
        return str(named)
    return origins.get(str(row.get("RECOMMENDATION_ID")).rpartition("-")[2], UNDEFINED)


def _origins(region: Region) -> Iterator[tuple[str, str]]:
    for noun in ("Recommender", "Campaign"):
        for one in region.of(noun):
            yield origin_of(one.arn), one.arn
