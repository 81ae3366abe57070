"""What `adopt` and `release` put into the template: the custom resources, and what the provider's role reaches."""

from __future__ import annotations

from typing import Any

import pytest
from aws_cdk import RemovalPolicy

from stacks.personalize import (
    AttributedMetric,
    Campaign,
    DatasetGroup,
    EventTracker,
    Filter,
    MetricAttribution,
    Recommender,
    Solution,
    SolutionVersion,
)
from tests.stacks.personalize.support.construct_stacks import GROUP_ARN, PREFIX, Kit, Resources, statements

KEPT = "RetainExceptOnCreate"


def adopted(name: str) -> dict[str, Any]:
    return {"name": name, "adopt": True}


def adopting_kit() -> Kit:
    """A dataset group with something of everything, taken over."""
    kit = Kit()
    group = kit.group(**adopted("films"))
    dataset = kit.dataset(group, kit.schema(**adopted("films-schema")), **adopted("films-interactions"))
    kit.data(dataset, adopt=True)
    of_group: dict[str, Any] = {"provider": kit.provider, "dataset_group": group}
    Recommender(kit.stack, "TopPicks", recipe="aws-vod-top-picks", **of_group, **adopted("films-top-picks"))
    expression = 'INCLUDE ItemID WHERE Items.GENRES IN ("War")'
    Filter(kit.stack, "War", filter_expression=expression, **of_group, **adopted("films-war"))
    EventTracker(kit.stack, "Tracker", **of_group, **adopted("films-tracker"))
    metrics = [AttributedMetric("events", "Watch", "SAMPLECOUNT()")]
    MetricAttribution(kit.stack, "Metrics", metrics=metrics, role=kit.role, **of_group, **adopted("films-metrics"))
    solution = Solution(kit.stack, "Ranking", recipe="aws-personalized-ranking", **of_group, **adopted("films-ranking"))
    version = SolutionVersion(kit.stack, "Version", provider=kit.provider, solution=solution, adopt="83cc95fc")
    Campaign(
        kit.stack,
        "Campaign",
        provider=kit.provider,
        solution_version=version,
        release=True,
        **adopted("films-campaign"),
    )
    return kit


@pytest.fixture(scope="module")
def taken_over() -> Resources:
    return adopting_kit().synthesized()


def test_what_is_adopted_is_named_as_it_is(taken_over: Resources) -> None:
    found = {
        path: (properties.get("Name"), properties["Adopt"], properties.get("Release"))
        for path, resource in taken_over.items()
        if "Adopt" in (properties := resource.get("Properties", {}))
    }
    assert found == {
        "Group": ("films", "true", None),
        "Schema": ("films-schema", "true", None),
        "Dataset": ("films-interactions", "true", None),
        "Import": (None, "$LATEST", None),
        "TopPicks": ("films-top-picks", "true", None),
        "War": ("films-war", "true", None),
        "Tracker": ("films-tracker", "true", None),
        "Metrics": ("films-metrics", "true", None),
        "Ranking": ("films-ranking", "true", None),
        "Version": (None, "83cc95fc", None),
        "Campaign": ("films-campaign", "true", "true"),
    }


def test_adopted_data_stays_when_it_leaves_the_template_and_nothing_else_does(taken_over: Resources) -> None:
    kept = {path for path, each in taken_over.items() if each.get("DeletionPolicy") == KEPT}
    assert kept == {"Group", "Schema", "Dataset"}
    # A change of the group compares this.
    assert taken_over["Group"]["Properties"]["Datasets"] == {"INTERACTIONS": "retained"}


def test_adopted_data_goes_if_the_app_says_so() -> None:
    kit = Kit()
    policy = {"removal_policy": RemovalPolicy.DESTROY}
    group = kit.group(**adopted("films"), **policy)
    kit.dataset(group, kit.schema(**adopted("schema"), **policy), **adopted("interactions"), **policy)
    resources = kit.synthesized()
    assert {resources[path]["DeletionPolicy"] for path in ("Group", "Schema", "Dataset")} == {"Delete"}
    assert resources["Group"]["Properties"]["Datasets"] == {"INTERACTIONS": "deleted"}


def test_the_provider_may_ask_about_every_stack_once_it_adopts(taken_over: Resources) -> None:
    """What an adopted resource belongs to may be any one, and CloudFormation is asked without the name of a stack."""
    policies = [path for path in taken_over if path.startswith("Provider/HandlerRole/")]
    found = {str(each["Action"]): each["Resource"] for path in policies for each in statements(taken_over, path)}
    asked = {action: resource for action, resource in found.items() if "cloudformation:" in action}
    stacks = "arn:${AWS::Partition}:cloudformation:${AWS::Region}:${AWS::AccountId}:stack"
    assert asked == {
        "cloudformation:DescribeStacks": [f"{stacks}/*", f"{stacks}/Test/*"],
        "cloudformation:DescribeStackResources": "*",
    }


def test_what_is_in_an_imported_group_can_be_adopted() -> None:
    kit = Kit()
    group = DatasetGroup.from_dataset_group_arn(kit.stack, "Given", GROUP_ARN)
    kit.dataset(group, kit.schema(), **adopted("films-interactions"))
    assert kit.synthesized()["Dataset"]["Properties"]["Adopt"] == "true"


def test_a_repair_is_a_property_that_changes() -> None:
    kit = Kit()
    group = kit.group()
    assert "Repair" not in kit.synthesized()["Group"]["Properties"]
    kit = Kit()
    group = kit.group()
    group.repair("2026-11-27")
    assert kit.synthesized()["Group"]["Properties"]["Repair"] == "2026-11-27"


def test_a_name_with_the_prefix_of_the_app_can_be_adopted() -> None:
    kit = Kit()
    kit.group(**adopted(f"{PREFIX}_films"))
    assert kit.synthesized()["Group"]["Properties"]["Name"] == f"{PREFIX}_films"
