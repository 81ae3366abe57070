"""Metric attributions: which events and columns of a dataset group are counted, and where the reports go.

What they report is in `reports.py`.
"""

from __future__ import annotations

import re
from typing import Any

from .errors import exists, invalid
from .kind import Kind, UpdateRule, named
from .region import Region, Resource
from .request import Request
from .rules import group_is_active

Metric = dict[str, str]

# API reference, MetricAttribute; developer guide, "Creating an Amazon Personalize metric attribution". Workshops write
# the dataset in capital letters.
EXPRESSION = re.compile(r"SAMPLECOUNT\(\)|SUM\((?P<dataset>Interactions|Items)\.(?P<column>\w+)\)", re.IGNORECASE)


def fields(request: Request) -> dict[str, Any]:
    """Fields of a new attribution."""
    return {member: request.params[member] for member in ("datasetGroupArn", "metrics", "metricsOutputConfig")}


def changed_fields(request: Request, resource: Resource) -> dict[str, Any]:
    """An attribution after an update: some metrics are removed, others added, and the output may change."""
    params = request.params
    removed = set(params.get("removeMetrics", []))
    kept = [each for each in resource.fields["metrics"] if each["metricName"] not in removed]
    output = params.get("metricsOutputConfig", resource.fields["metricsOutputConfig"])
    return {"metrics": [*kept, *params.get("addMetrics", [])], "metricsOutputConfig": output}


# -- rules -------------------------------------------------------------------------------------------------


def one_attribution(request: Request) -> None:
    """A dataset group has at most one metric attribution; the code is inferred.

    Developer guide, "Guidelines and requirements for a metric attribution".
    """
    for found in request.region.of("MetricAttribution", datasetGroupArn=request.params["datasetGroupArn"]):
        raise exists(f"The dataset group already has a metric attribution: {found.arn}.")


def events_have_types(request: Request) -> None:
    """The Item interactions dataset needs a column EVENT_TYPE; that this is refused at once is inferred.

    Developer guide, "Guidelines and requirements for a metric attribution".
    """
    schemas = _schemas(request.region, request.params["datasetGroupArn"])
    if "INTERACTIONS" not in schemas or schemas["INTERACTIONS"].field("EVENT_TYPE") is None:
        raise invalid("The dataset group has no Item interactions dataset with a column EVENT_TYPE.")


def metrics_are_valid(request: Request) -> None:
    """Each metric has a name of its own, and counts events or sums a numeric column; the codes are inferred.

    API reference, MetricAttribute; developer guide, "Creating an Amazon Personalize metric attribution".
    """
    metrics = request.params["metrics"]
    if not metrics:
        raise invalid("A metric attribution needs at least one metric.")
    _check_names(metrics)
    _check_expressions(request.region, request.params["datasetGroupArn"], metrics)


def changed_metrics_are_valid(request: Request) -> None:
    """An update removes metrics that are there, and adds new ones, up to the quota.

    API reference, UpdateMetricAttribution, which lists ResourceAlreadyExistsException; quotas. That this is what it is
    listed for, and the other codes, are inferred.
    """
    attribution = request.region.get(request.params["metricAttributionArn"], "MetricAttribution")
    present = {each["metricName"] for each in attribution.fields["metrics"]}
    unknown = set(request.params.get("removeMetrics", [])) - present
    if unknown:
        raise invalid(f"The metric attribution has no metric {', '.join(sorted(unknown))}.")
    metrics = changed_fields(request, attribution)["metrics"]
    _check_names(metrics)
    maximum = request.region.environment.quotas.metrics_per_attribution
    if len(metrics) > maximum:
        raise invalid(f"A metric attribution has at most {maximum} metrics.")
    _check_expressions(request.region, attribution.fields["datasetGroupArn"], request.params.get("addMetrics", []))


def _check_names(metrics: list[Metric]) -> None:
    names = [each["metricName"] for each in metrics]
    for name in names:
        if names.count(name) > 1:
            raise exists(f"The metric attribution already has a metric {name}.")


def _check_expressions(region: Region, group_arn: str, metrics: list[Metric]) -> None:
    schemas = _schemas(region, group_arn)
    for metric in metrics:
        found = EXPRESSION.fullmatch(metric["expression"])
        if found is None:
            raise invalid(f"{metric['expression']} is neither SAMPLECOUNT() nor SUM(DatasetType.COLUMN_NAME).")
        if found["dataset"] is None:
            continue
        schema = schemas.get(found["dataset"].upper())
        column = schema.field(found["column"]) if schema else None
        if column is None or not column.is_numeric:
            raise invalid(f"{metric['expression']} does not name a numeric column of the dataset group.")


def _schemas(region: Region, group_arn: str) -> dict[str, Any]:
    return {
        one.fields["datasetType"]: region.datasets[one.arn].schema
        for one in region.of("Dataset", datasetGroupArn=group_arn)
        if one.arn in region.datasets
    }


# -- deleting ----------------------------------------------------------------------------------------------


def references(attribution: Resource, dataset_type: str) -> bool:
    """Whether an attribution references a dataset: all count interactions, and some sum a column of items."""
    if dataset_type == "INTERACTIONS":
        return True
    found = (EXPRESSION.fullmatch(each["expression"]) for each in attribution.fields["metrics"])
    return any(each and (each["dataset"] or "").upper() == dataset_type for each in found)


def is_reported_on(region: Region, dataset: Resource) -> str | None:
    """A blocker: a metric attribution that references the dataset.

    Developer guide, "Requirements for deleting Amazon Personalize resources".
    """
    for each in region.of("MetricAttribution", datasetGroupArn=dataset.fields["datasetGroupArn"]):
        if references(each, dataset.fields["datasetType"]):
            return f"{dataset.arn} still has a metric attribution: {each.arn}. Delete it first."
    return None


KIND = Kind(
    noun="MetricAttribution",
    key="metricAttribution",
    list_key="metricAttributions",
    path=named("metric-attribution"),
    fields=fields,
    parents={"datasetGroupArn": "DatasetGroup"},
    rules=(
        group_is_active,
        events_have_types,
        metrics_are_valid,
        one_attribution,
    ),
    list_by="datasetGroupArn",
    update=UpdateRule(
        "UpdateMetricAttribution",
        "",
        (changed_metrics_are_valid,),
        changed_fields,
    ),
    taggable=False,
)
