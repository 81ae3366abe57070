"""Lists that an update changes element by element: the metrics of a metric attribution, whatever people added."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from tests.lambdas.personalize_provider.support import template_parts as blocks
from tests.lambdas.personalize_provider.support.template_parts import Resources, custom, deployed, metric, template
from tools.emulator import Fault
from tools.simulation.cloud import VirtualCloud
from tools.simulation.cloudformation import Stack

UPDATE = "UpdateMetricAttribution"
WATCHES, CLICKS = metric("watches"), metric("clicks", event_type="Click")
OTHER_WATCHES = metric("watches", "SUM(Items.CREATION_TIMESTAMP)")
BY_HAND = {"eventType": "Click", "metricName": "by-hand", "expression": "SAMPLECOUNT()"}


def attributed(*metrics: dict[str, str], **properties: Any) -> Resources:
    attribution = copy.deepcopy(blocks.serving()["Attribution"])
    attribution["Properties"] |= {"Metrics": list(metrics), **properties}
    return {**blocks.group(), "Attribution": attribution}


def arn_of(stack: Stack) -> str:
    return stack.resources["Attribution"].attributes["MetricAttributionArn"]


def metrics(cloud: VirtualCloud, stack: Stack) -> dict[str, str]:
    """Expressions by name."""
    found = cloud.personalize.list_metric_attribution_metrics(metricAttributionArn=arn_of(stack))["metrics"]
    return {each["metricName"]: each["expression"] for each in found}


def output(cloud: VirtualCloud, stack: Stack) -> dict[str, Any]:
    found = cloud.personalize.describe_metric_attribution(metricAttributionArn=arn_of(stack))["metricAttribution"]
    return dict(found["metricsOutputConfig"])


def changed_by_hand(cloud: VirtualCloud, stack: Stack, **change: Any) -> None:
    cloud.personalize.update_metric_attribution(metricAttributionArn=arn_of(stack), **change)
    cloud.time.sleep(3600)
    cloud.calls.clear()


def test_an_update_adds_and_removes_what_the_template_changed_and_keeps_what_people_added(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, attributed(WATCHES))
    changed_by_hand(cloud, stack, addMetrics=[BY_HAND])
    deployed(cloud, attributed(CLICKS))
    assert metrics(cloud, stack).keys() == {"by-hand", "clicks"}
    assert cloud.calls.count(UPDATE) == 1


def test_another_order_is_no_change(cloud: VirtualCloud) -> None:
    deployed(cloud, attributed(WATCHES, CLICKS))
    deployed(cloud, attributed(CLICKS, WATCHES))
    assert UPDATE not in cloud.calls


def test_a_metric_that_changes_is_removed_and_then_added(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, attributed(WATCHES, CLICKS))
    deployed(cloud, attributed(OTHER_WATCHES, CLICKS))
    assert metrics(cloud, stack) == {"watches": OTHER_WATCHES["Expression"], "clicks": "SAMPLECOUNT()"}
    assert cloud.calls.count(UPDATE) == 2


def test_what_people_have_done_already_is_not_done_again(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, attributed(WATCHES))
    by_hand = {"eventType": "Click", "metricName": "clicks", "expression": "SAMPLECOUNT()"}
    changed_by_hand(cloud, stack, removeMetrics=["watches"], addMetrics=[by_hand])
    deployed(cloud, attributed(CLICKS))
    assert UPDATE not in cloud.calls


def test_the_output_is_changed_member_by_member(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, attributed(WATCHES))
    elsewhere = {"roleArn": blocks.ROLE, "s3DataDestination": {"path": "s3://by-hand/"}}
    changed_by_hand(cloud, stack, metricsOutputConfig=elsewhere)
    destination = {"Path": f"{blocks.BUCKET}/reports/"}
    deployed(
        cloud,
        attributed(WATCHES, MetricsOutputConfig={"RoleArn": f"{blocks.ROLE}-2", "S3DataDestination": destination}),
    )
    assert output(cloud, stack) == {**elsewhere, "roleArn": f"{blocks.ROLE}-2"}


def test_a_destination_that_leaves_the_template_leaves_the_output(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, attributed(WATCHES))
    deployed(cloud, attributed(WATCHES, MetricsOutputConfig={"RoleArn": blocks.ROLE}))
    assert output(cloud, stack) == {"roleArn": blocks.ROLE}


@pytest.mark.parametrize("after", [(CLICKS,), (OTHER_WATCHES,), (WATCHES, CLICKS)], ids=["other", "changed", "more"])
def test_a_rollback_takes_back_what_the_update_did(cloud: VirtualCloud, after: tuple[dict[str, str], ...]) -> None:
    stack = deployed(cloud, attributed(WATCHES))
    changed_by_hand(cloud, stack, addMetrics=[BY_HAND])
    broken = {**custom("DatasetGroup", Domain="MUSIC"), "DependsOn": "Attribution"}
    cloud.cloudformation.deploy("app", template({**attributed(*after), "Broken": broken}))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert metrics(cloud, stack) == {"watches": "SAMPLECOUNT()", "by-hand": "SAMPLECOUNT()"}


@pytest.mark.parametrize("update", [1, 2])
def test_an_update_that_fails_says_why_and_leaves_what_was_there(cloud: VirtualCloud, update: int) -> None:
    """Also the second of two, when the metric has been removed and is to be added as it was to be."""
    stack = deployed(cloud, attributed(WATCHES, CLICKS))
    begun: list[str] = []

    def fail(**_: Any) -> None:
        begun.append(UPDATE)
        if len(begun) == update:
            cloud.service.faults.add(Fault("fail", UPDATE, message="No more disks."))

    cloud.personalize.meta.events.register(f"before-call.personalize.{UPDATE}", fail)
    cloud.cloudformation.deploy("app", template(attributed(OTHER_WATCHES, CLICKS)))
    assert stack.status == "UPDATE_ROLLBACK_COMPLETE", stack.reasons
    assert any("failed: No more disks. It keeps working" in reason for reason in stack.reasons), stack.reasons
    assert metrics(cloud, stack) == {"watches": "SAMPLECOUNT()", "clicks": "SAMPLECOUNT()"}
    deployed(cloud, attributed(OTHER_WATCHES, CLICKS))
    assert metrics(cloud, stack)["watches"] == OTHER_WATCHES["Expression"]


def test_metrics_of_what_an_earlier_deployment_left_become_those_of_the_template(cloud: VirtualCloud) -> None:
    stack = deployed(cloud, attributed(WATCHES))
    gone = attributed(WATCHES)
    gone["Attribution"]["DeletionPolicy"] = "Retain"
    deployed(cloud, gone)
    deployed(cloud, blocks.group())
    cloud.time.sleep(3600)
    deployed(cloud, attributed(OTHER_WATCHES, CLICKS))
    assert metrics(cloud, stack) == {"watches": OTHER_WATCHES["Expression"], "clicks": "SAMPLECOUNT()"}
