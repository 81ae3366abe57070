"""The settings section `metric_attribution`: what it adds to the data stack, and that it comes and goes alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support import assemblies
from tests.support.assemblies import must
from tests.support.iam import DATA, Iam, account
from tools.simulation.assembly import Assembly, FilesByName
from tools.simulation.cloud import VirtualCloud
from tools.simulation.template import dependencies, everything_before

YEARS = {"years": {"event_type": "Watch", "expression": "SUM(Items.YEAR)"}}
CLICKS = {"clicks": {"event_type": "Click", "expression": "SAMPLECOUNT()"}}
REPORTS: Mapping[str, Any] = {"metrics": YEARS, "reports": "bucket"}


@pytest.fixture(scope="module")
def synthesized(tmp_path_factory: pytest.TempPathFactory, files: Path) -> Callable[..., Assembly]:
    """Synthesizes dev with a section, or without one."""

    def of(section: Mapping[str, Any] | None) -> Assembly:
        edit = assemblies.with_settings(metric_attribution=section)
        return assemblies.synthesized(tmp_path_factory.mktemp("app"), files, edit)

    return of


@pytest.fixture(scope="module")
def reporting(synthesized: Callable[..., Assembly]) -> dict[str, Any]:
    """Template of the data stack with reports."""
    return dict(synthesized(REPORTS).templates[DATA])


def only(template: Mapping[str, Any], noun: str, prefix: str = "") -> str:
    (found,) = (
        logical_id
        for logical_id, each in template["Resources"].items()
        if each["Type"] == f"Custom::Personalize{noun}" and logical_id.startswith(prefix)
    )
    return str(found)


def test_interactions_are_imported_after_it_and_items_before_it(reporting: dict[str, Any]) -> None:
    before = {key: dependencies(reporting, key) for key in reporting["Resources"]}
    attribution = only(reporting, "MetricAttribution")
    assert attribution in everything_before(only(reporting, "DatasetImportJob", "Interactions"), before)
    assert only(reporting, "DatasetImportJob", "Items") in everything_before(attribution, before)
    assert only(reporting, "DatasetImportJob", "Users") not in everything_before(attribution, before)


def test_only_the_import_of_interactions_publishes_reports(reporting: dict[str, Any]) -> None:
    publishing = {
        logical_id
        for logical_id, each in reporting["Resources"].items()
        if each.get("Properties", {}).get("PublishAttributionMetricsToS3")
    }
    assert publishing == {only(reporting, "DatasetImportJob", "Interactions")}


def test_reports_go_into_the_bucket_of_the_app_which_lets_them_in(reporting: dict[str, Any]) -> None:
    properties = reporting["Resources"][only(reporting, "MetricAttribution")]["Properties"]
    (path,) = (part for part in properties["MetricsOutputConfig"]["S3DataDestination"]["Path"]["Fn::Join"][1][-1:])
    assert path == "/reports/"
    writers = [
        (each["Type"], statement.get("Principal", {}).get("Service"))
        for each in reporting["Resources"].values()
        if each["Type"] in ("AWS::S3::BucketPolicy", "AWS::IAM::Policy")
        for statement in each["Properties"]["PolicyDocument"]["Statement"]
        if statement["Action"] == "s3:PutObject"
    ]
    assert sorted(writers, key=str) == [
        ("AWS::IAM::Policy", None),
        ("AWS::S3::BucketPolicy", "personalize.amazonaws.com"),
    ]


def test_reports_can_go_elsewhere_or_nowhere(synthesized: Callable[..., Assembly]) -> None:
    for reports, destination in (("s3://films/reports/", {"Path": "s3://films/reports/"}), (None, None)):
        template = synthesized({"metrics": CLICKS, "reports": reports}).templates[DATA]
        output = template["Resources"][only(template, "MetricAttribution")]["Properties"]["MetricsOutputConfig"]
        assert output.get("S3DataDestination") == destination


def test_it_comes_changes_and_goes_with_its_section(synthesized: Callable[..., Assembly], files: Path) -> None:
    """With no more than the provider's policy allows, and reports on data from before are asked of nobody."""
    cloud: VirtualCloud = account(files, Iam())
    without = synthesized(None)
    must(without, cloud, "CREATE_COMPLETE")
    before = cloud.inventory().keys()
    must(synthesized(REPORTS), cloud, "UPDATE_COMPLETE")
    (arn,) = cloud.inventory().keys() - before
    must(synthesized({"metrics": CLICKS}), cloud, "UPDATE_COMPLETE")
    listed = cloud.api.call("ListMetricAttributionMetrics", metricAttributionArn=arn)["metrics"]
    assert [each["metricName"] for each in listed] == ["clicks"]
    must(without, cloud, "UPDATE_COMPLETE")
    assert cloud.inventory().keys() == before


def test_all_of_it_is_destroyed(synthesized: Callable[..., Assembly], files: Path) -> None:
    cloud = VirtualCloud(objects=FilesByName(files))
    whole = synthesized(REPORTS)
    must(whole, cloud, "CREATE_COMPLETE")
    assert all(stack.status == "DELETE_COMPLETE" for stack in whole.destroy(cloud).values())
    assert cloud.inventory() == {}
