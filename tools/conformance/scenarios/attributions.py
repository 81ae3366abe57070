"""Metric attributions, in a group of their own."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from tools.conformance.run import Run
from tools.conformance.step import Expected, Step, Tier

from .imports import CENTS, put_object, start_import
from .materials import EXISTS, FIELDS, IN_USE, INVALID, VALIDATION, csv, interactions, refused, schema

_MOST = 10
# Until a report is written, with some to spare.
_HOURS = 1
_METRIC = {"eventType": "Watch", "metricName": "watched", "expression": "SAMPLECOUNT()"}
_SUM = {"eventType": "Watch", "metricName": "years", "expression": "SUM(ITEMS.YEAR)"}


def _create_group(run: Run, suffix: str, interactions: str, *others: str) -> str:
    group = str(run.personalize.create_dataset_group(name=run.name(suffix))["datasetGroupArn"])
    run.remember(suffix, group)
    run.settled("DatasetGroup", group)
    for noun, text in (("Interactions", interactions), *((each, schema(each)) for each in others)):
        name = run.name(f"{suffix}-{noun.lower()}")
        made = run.remember(f"{name}-schema", run.personalize.create_schema(name=name, schema=text)["schemaArn"])
        dataset = run.personalize.create_dataset(name=name, datasetGroupArn=group, datasetType=noun, schemaArn=made)
        run.remember(f"{suffix}-{noun}", dataset["datasetArn"])
        run.settled("Dataset", dataset["datasetArn"])
    return group


def _without_event_type(run: Run) -> None:
    fields = [each for each in FIELDS["Interactions"] if each["name"] != "EVENT_TYPE"]
    group = _create_group(run, "untyped", schema("Interactions", fields))
    _attribute(run, "untyped", group)
    run.personalize.delete_dataset(datasetArn=run.recall("untyped-Interactions"))
    run.settled("Dataset", run.recall("untyped-Interactions"))
    run.personalize.delete_dataset_group(datasetGroupArn=group)
    run.settled("DatasetGroup", group)


def _wrong_metrics(run: Run) -> None:
    group = _create_group(run, "reported", schema("Interactions"), "Items")
    for name, metrics in (
        ("expression", [{**_METRIC, "expression": "COUNT(*)"}]),
        ("column", [{**_METRIC, "expression": "SUM(Items.GENRES)"}]),
        ("unknown-column", [{**_METRIC, "expression": "SUM(Items.LENGTH)"}]),
        ("users", [{**_METRIC, "expression": "SUM(Users.AGE)"}]),
        ("none", []),
        ("twice", [_METRIC, _METRIC]),
        ("eleven", [{**_METRIC, "metricName": f"m{number}"} for number in range(_MOST + 1)]),
    ):
        _attribute(run, name, group, metrics)


def _create(run: Run) -> None:
    made = _attribute(run, "reported", run.recall("reported"), [_METRIC, _SUM])
    arn = run.remember("attribution", made)
    run.settled("MetricAttribution", arn)
    run.personalize.list_metric_attribution_metrics(metricAttributionArn=arn)
    run.note("the ARN ends in the name", arn.endswith(f"/{run.name('reported')}"), expected=True)
    run.ask(run.personalize.list_tags_for_resource, resourceArn=arn)


def _second(run: Run) -> None:
    _attribute(run, "second", run.recall("reported"))


def _update(run: Run) -> None:
    arn = run.recall("attribution")
    clicks = {"eventType": "Click", "metricName": "clicked", "expression": "SAMPLECOUNT()"}
    update = run.personalize.update_metric_attribution
    update(metricAttributionArn=arn, addMetrics=[clicks], removeMetrics=["watched"])
    run.ask(update, metricAttributionArn=arn, removeMetrics=["years"])
    run.settled("MetricAttribution", arn)
    run.ask(update, metricAttributionArn=arn, removeMetrics=["never-there"])
    run.settled("MetricAttribution", arn)
    run.ask(update, metricAttributionArn=arn, addMetrics=[clicks])
    run.settled("MetricAttribution", arn)
    many = [{**clicks, "metricName": f"m{number}"} for number in range(_MOST)]
    run.ask(update, metricAttributionArn=arn, addMetrics=many)
    run.settled("MetricAttribution", arn)
    run.personalize.list_metric_attribution_metrics(metricAttributionArn=arn)


def _report(run: Run) -> None:
    """Of an import that asks for it, and of an event that names where it comes from."""
    bucket, arn = run.recall("bucket"), run.recall("attribution")
    output = {"roleArn": run.recall("role"), "s3DataDestination": {"path": f"s3://{bucket}/reports/"}}
    run.personalize.update_metric_attribution(metricAttributionArn=arn, metricsOutputConfig=output)
    run.settled("MetricAttribution", arn)
    put_object(run, "reported.csv", csv("Interactions", interactions()))
    job = start_import(run, "reported", "reported-Interactions", "reported.csv", publishAttributionMetricsToS3=True)
    run.note("status", run.settled("DatasetImportJob", job) if job else "refused", expected="ACTIVE")
    run.pause(_HOURS * 3600)
    keys = [each["Key"] for each in run.s3.list_objects_v2(Bucket=bucket, Prefix="reports/").get("Contents", [])]
    run.note("number of reports", len(keys))
    # What may be a date or an id.
    run.note("names of reports", sorted({re.sub(r"[0-9a-f]{4,}|[0-9]+", "N", key) for key in keys}))
    bodies = [run.s3.get_object(Bucket=bucket, Key=key)["Body"].read().decode() for key in keys]
    run.note("first lines", sorted({body.partition("\n")[0] for body in bodies}))


def _delete(run: Run) -> None:
    """Whatever an attribution is in the way of, and then itself; the group has nothing that is needed later."""
    arn = run.recall("attribution")
    run.ask(run.personalize.delete_dataset, datasetArn=run.recall("reported-Items"))
    run.settled("Dataset", run.recall("reported-Items"))
    run.ask(run.personalize.delete_dataset, datasetArn=run.recall("reported-Interactions"))
    run.settled("Dataset", run.recall("reported-Interactions"))
    run.ask(run.personalize.delete_dataset_group, datasetGroupArn=run.recall("reported"))
    run.ask(run.personalize.delete_metric_attribution, metricAttributionArn=arn)
    run.settled("MetricAttribution", arn)


def _attribute(run: Run, name: str, group: str, metrics: Any = (_METRIC,)) -> str:
    answer = run.ask(
        run.personalize.create_metric_attribution,
        name=run.name(name),
        datasetGroupArn=group,
        metrics=list(metrics),
        metricsOutputConfig={"roleArn": run.recall("role")},
    )
    return str(answer["metricAttributionArn"]) if answer else ""


def _step(name: str, what: str, does: Callable[[Run], None], *rules: str, **options: Any) -> Step:
    return Step(name, what, does, rules=rules, tier=Tier.IMPORT, cost=CENTS, **{"minutes": 2, **options})


STEPS = (
    _step(
        "attributions.without_event_type",
        "Makes a metric attribution where interactions have no column EVENT_TYPE.",
        _without_event_type,
        "attributions.event_type",
        needs=("imports.new_role",),
        minutes=5,
        expects=refused("CreateMetricAttribution", INVALID),
    ),
    _step(
        "attributions.wrong_metrics",
        "Makes metric attributions with expressions, names and numbers of metrics that cannot be.",
        _wrong_metrics,
        "attributions.metrics",
        "attributions.number_of_metrics",
        needs=("attributions.without_event_type",),
        minutes=3,
        expects=(
            *(Expected("CreateMetricAttribution", INVALID, which=number) for number in range(5)),
            Expected("CreateMetricAttribution", EXISTS, which=5),
            Expected("CreateMetricAttribution", VALIDATION, which=6),
        ),
    ),
    _step(
        "attributions.created",
        "Makes a metric attribution that counts events and sums a column of items, and lists its metrics.",
        _create,
        "attributions.described",
        "attributions.metrics",
        "attributions.no_tags",
        "statuses.order",
        needs=("attributions.wrong_metrics",),
        expects=(
            Expected("DescribeMetricAttribution", members=("metricAttribution.metricsOutputConfig.roleArn",)),
            Expected("ListMetricAttributionMetrics", members=("metrics[].metricName", "metrics[].expression")),
        ),
    ),
    _step(
        "attributions.second",
        "Makes a second metric attribution in the group.",
        _second,
        "attributions.one_in_group",
        needs=("attributions.created",),
        minutes=0,
        expects=refused("CreateMetricAttribution", EXISTS),
    ),
    _step(
        "attributions.updated",
        "Adds and removes metrics, also while an update is under way, and such as cannot be.",
        _update,
        "attributions.updates",
        "attributions.number_of_metrics",
        "statuses.one_update",
        needs=("attributions.created",),
        minutes=5,
        expects=(
            Expected("UpdateMetricAttribution", which=0),
            Expected("UpdateMetricAttribution", IN_USE, which=1),
            Expected("UpdateMetricAttribution", INVALID, which=2),
            Expected("UpdateMetricAttribution", EXISTS, which=3),
            Expected("UpdateMetricAttribution", INVALID, which=4),
        ),
    ),
    _step(
        "attributions.reported",
        f"Imports interactions whose metrics are to be reported, and looks for reports after {_HOURS} hour.",
        _report,
        "attributions.reports",
        needs=("attributions.updated",),
        minutes=75,
    ),
    _step(
        "deletion.attribution_in_the_way",
        "Deletes the datasets and the group of a metric attribution, then the attribution.",
        _delete,
        "deletion.dataset_attribution",
        "deletion.group",
        needs=("attributions.second", "attributions.reported"),
        minutes=3,
        expects=(
            *refused("DeleteDataset", IN_USE, 2),
            *refused("DeleteDatasetGroup", IN_USE),
            Expected("DeleteMetricAttribution"),
        ),
    ),
)
