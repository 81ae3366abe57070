"""Metric attributions: what the construct declares, what it refuses, and who may write the reports."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import aws_s3 as s3

from stacks.personalize import (
    AttributedMetric,
    DatasetGroup,
    MetricAttribution,
    PropsError,
    allow_personalize_write,
    summed_column,
)
from tests.stacks.personalize.support.construct_stacks import GIVEN, GROUP_ARN, Kit, statements, upstream

WATCHES = AttributedMetric("watches", "Watch", "SAMPLECOUNT()")
MINUTES = AttributedMetric("minutes", "Watch", "SUM(Items.LENGTH)")


def attribution(kit: Kit, id: str = "Attribution", **props: Any) -> MetricAttribution:
    given: dict[str, Any] = {"metrics": [WATCHES], "role": kit.role, **props}
    given.setdefault("dataset_group", None)
    given["dataset_group"] = given["dataset_group"] or kit.group()
    return MetricAttribution(kit.stack, id, provider=kit.provider, **given)


def test_it_declares_metrics_and_output() -> None:
    kit = Kit()
    made = attribution(kit, metrics=[WATCHES, MINUTES], report_location="s3://films/reports/")
    assert kit.read(made.metric_attribution_arn) == "${Attribution.MetricAttributionArn}"
    declared = kit.synthesized()["Attribution"]
    assert declared["Type"] == "Custom::PersonalizeMetricAttribution"
    assert {name: value for name, value in declared["Properties"].items() if not name.startswith("Service")} == {
        "NamePrefix": "vod-test_attribution",
        "DatasetGroupArn": "${Group.DatasetGroupArn}",
        "Metrics": [
            {"EventType": "Watch", "MetricName": "watches", "Expression": "SAMPLECOUNT()"},
            {"EventType": "Watch", "MetricName": "minutes", "Expression": "SUM(Items.LENGTH)"},
        ],
        "MetricsOutputConfig": {
            "RoleArn": "${ServiceRole.Arn}",
            "S3DataDestination": {"Path": "s3://films/reports/"},
        },
    }


def test_without_a_location_metrics_go_to_cloudwatch_only() -> None:
    kit = Kit()
    attribution(kit)
    assert kit.synthesized()["Attribution"]["Properties"]["MetricsOutputConfig"] == {"RoleArn": "${ServiceRole.Arn}"}


def test_it_comes_after_the_datasets_and_the_permissions_of_its_role() -> None:
    kit = Kit()
    group = kit.group()
    kit.dataset(group, kit.schema())
    kit.role.allow_metrics()
    attribution(kit, dataset_group=group)
    assert {"Dataset", "ServiceRole/DefaultPolicy"} <= upstream(kit.stack, "Attribution")


def test_the_provider_passes_its_role() -> None:
    kit = Kit()
    attribution(kit)
    found = statements(kit.synthesized(), "Provider/HandlerRole/DefaultPolicy")
    assert [each["Resource"] for each in found if each["Action"] == "iam:PassRole"] == ["${ServiceRole.Arn}"]


def test_in_a_group_of_somebody_else_it_brings_the_permission_along() -> None:
    kit = Kit()
    attribution(kit, dataset_group=DatasetGroup.from_dataset_group_arn(kit.stack, "Films", GROUP_ARN))
    found = statements(kit.synthesized(), "Provider/HandlerRole/DefaultPolicy")
    assert [each["Resource"] for each in found if each["Action"] == "personalize:CreateMetricAttribution"] == [
        GROUP_ARN
    ]


def test_the_role_may_put_metrics_and_write_reports() -> None:
    kit = Kit()
    bucket = s3.Bucket(kit.stack, "Bucket")
    kit.role.allow_metrics()
    kit.role.allow_write(bucket, "reports/")
    allow_personalize_write(bucket, "reports/")
    found = kit.synthesized()
    assert statements(found, "ServiceRole/DefaultPolicy") == [
        {"Action": "cloudwatch:PutMetricData", "Effect": "Allow", "Resource": "*"},
        {"Action": "s3:PutObject", "Effect": "Allow", "Resource": "${Bucket.Arn}/reports/*"},
    ]
    (written,) = statements(found, "Bucket/Policy")
    assert written["Action"] == "s3:PutObject"
    assert written["Principal"] == {"Service": "personalize.amazonaws.com"}
    assert written["Resource"] == "${Bucket.Arn}/reports/*"
    assert written["Condition"]["StringEquals"] == {"aws:SourceAccount": "${AWS::AccountId}"}


@pytest.mark.parametrize(
    ("props", "sentence"),
    [
        ({"metrics": []}, "metrics must be 1 to 10, but are 0"),
        ({"metrics": [AttributedMetric(f"m{n}", "Watch", "SAMPLECOUNT()") for n in range(11)]}, "but are 11"),
        ({"metrics": [WATCHES, WATCHES]}, "'watches' twice"),
        ({"metrics": [AttributedMetric("", "Watch", "SAMPLECOUNT()")]}, "metric_name of a metric must have 1 to 256"),
        ({"metrics": [AttributedMetric("m", "W" * 257, "SAMPLECOUNT()")]}, "event_type of a metric must have 1 to 256"),
        ({"metrics": [AttributedMetric("m", "Watch", "COUNT()")]}, "metric 'm': 'COUNT()' must be SAMPLECOUNT()"),
        ({"report_location": "films/reports/"}, "report_location must begin with s3://"),
    ],
)
def test_what_the_api_does_not_take_is_refused(props: dict[str, Any], sentence: str) -> None:
    with pytest.raises(PropsError) as refused:
        attribution(Kit(), **props)
    assert sentence in str(refused.value)


def test_a_group_has_one() -> None:
    kit = Kit()
    group = kit.group()
    attribution(kit, dataset_group=group)
    with pytest.raises(PropsError, match="has 1 metric attribution already"):
        attribution(kit, "Second", dataset_group=group)


def test_an_imported_one_has_its_arn() -> None:
    kit = Kit()
    arn = f"{GIVEN}:metric-attribution/films"
    found = MetricAttribution.from_metric_attribution_arn(kit.stack, "Films", arn)
    assert found.metric_attribution_arn == arn
    with pytest.raises(PropsError, match="metric_attribution_arn"):
        MetricAttribution.from_metric_attribution_arn(kit.stack, "Other", f"{GIVEN}:filter/films")


@pytest.mark.parametrize(
    ("expression", "column"),
    [
        ("SAMPLECOUNT()", None),
        ("SUM(Items.LENGTH)", ("ITEMS", "LENGTH")),
        ("sum(INTERACTIONS.X)", ("INTERACTIONS", "X")),
    ],
)
def test_an_expression_tells_the_column_that_it_sums(expression: str, column: tuple[str, str] | None) -> None:
    assert summed_column(expression) == column


def test_an_import_publishes_reports_if_asked_to() -> None:
    kit = Kit()
    dataset = kit.dataset(kit.group(), kit.schema())
    kit.data(dataset)
    kit.data(dataset, "Reported", publish_attribution_metrics_to_s3=True)
    found = kit.synthesized()
    assert found["Reported"]["Properties"]["PublishAttributionMetricsToS3"] is True
    assert "PublishAttributionMetricsToS3" not in found["Import"]["Properties"]
