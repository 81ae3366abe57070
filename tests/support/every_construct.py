"""An app that declares every construct of stacks/personalize, to be deployed in virtual time; it needs no settings.

A resource type is here from the day it has a construct, whether the settings use it or not. A test asks for that
(tests/repository/test_resource_types.py).
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aws_cdk import App, Stack, Tags

from stacks.personalize import (
    AttributedMetric,
    Campaign,
    Dataset,
    DatasetGroup,
    DatasetImport,
    EventTracker,
    Filter,
    MetricAttribution,
    PersonalizeProvider,
    QualityGate,
    Recommender,
    Schema,
    ServiceRole,
    Solution,
    SolutionVersion,
)
from stacks.personalize.resource import PersonalizeResource
from tools.checkout import CHECKOUT
from tools.simulation.assembly import Assembly

PREFIX = "vod-test"
DATA, SERVING = f"{PREFIX}-data", f"{PREFIX}-serving"
_STRING, _OPTIONAL = "string", ["null", "string"]
# Columns of the sample's files.
_COLUMNS: Mapping[str, Mapping[str, Any]] = {
    "INTERACTIONS": {"USER_ID": _STRING, "ITEM_ID": _STRING, "EVENT_TYPE": _STRING, "TIMESTAMP": "long"},
    "ITEMS": {
        "ITEM_ID": _STRING,
        "TITLE": _STRING,
        "GENRES": _STRING,
        "YEAR": ["null", "int"],
        "CREATION_TIMESTAMP": "long",
    },
}


@dataclass(frozen=True)
class Choices:
    """What a test may change between two deployments; together everything that an update can do.

    Attributes:
        tags: of the whole app.
        throughput: of the recommender and of the campaign.
        auto_training_days: of the solution; the campaign then follows its latest version.
        genres: values of the filter.
        item_columns: of the items dataset, besides those of the sample.
        training_trigger: of the solution version.
        counted_events: type of the events that the metric attribution counts.
        adopts: whether the app takes over resources under names outside its prefix, instead of making its own.
        repairs: a token with which everything is repaired.
        leaves_out: ids of constructs that the app does not have.
    """

    tags: Mapping[str, str] = field(default_factory=lambda: {"project": "vod"})
    throughput: int = 1
    auto_training_days: int | None = None
    genres: str = "$GENRES"
    item_columns: tuple[str, ...] = ()
    training_trigger: str = "1"
    counted_events: str = "Watch"
    adopts: bool = False
    repairs: str = ""
    leaves_out: tuple[str, ...] = ()

    def named(self, id: str) -> dict[str, Any]:
        """Props of a construct that may be taken over."""
        return {"name": f"films-{id.lower()}", "adopt": True} if self.adopts else {}


def every_construct(folder: Path, choices: Choices | None = None) -> Assembly:
    """Synthesize the app into an empty folder."""
    choices = choices or Choices()
    context = json.loads((CHECKOUT / "cdk.json").read_text())["context"]
    app = App(outdir=str(folder), context=context, analytics_reporting=False)
    data = _DataStack(app, DATA, choices)
    _ServingStack(app, SERVING, choices, data)
    for key, value in choices.tags.items():
        Tags.of(app).add(key, value)
    for construct in app.node.find_all():
        if choices.repairs and isinstance(construct, PersonalizeResource):
            construct.repair(choices.repairs)
    app.synth()
    return Assembly.read(folder)


class _DataStack(Stack):
    def __init__(self, app: App, id: str, choices: Choices) -> None:
        super().__init__(app, id)
        self._choices = choices
        self.provider = PersonalizeProvider(self, "Provider", name_prefix=PREFIX)
        self._role = ServiceRole(self, "ServiceRole")
        self.group = DatasetGroup(self, "Group", provider=self.provider, **choices.named("Group"))
        for dataset_type, columns in _COLUMNS.items():
            self._add_dataset(dataset_type, columns)
        if "Filter" not in choices.leaves_out:
            Filter(
                self,
                "Filter",
                provider=self.provider,
                dataset_group=self.group,
                filter_expression=f"INCLUDE ItemID WHERE Items.GENRES IN ({choices.genres})",
                **choices.named("Filter"),
            )
        EventTracker(
            self,
            "EventTracker",
            provider=self.provider,
            dataset_group=self.group,
            **choices.named("EventTracker"),
        )
        MetricAttribution(
            self,
            "MetricAttribution",
            provider=self.provider,
            dataset_group=self.group,
            metrics=[AttributedMetric("events", choices.counted_events, "SAMPLECOUNT()")],
            role=self._role,
            **choices.named("MetricAttribution"),
        )

    def _add_dataset(self, dataset_type: str, columns: Mapping[str, Any]) -> None:
        name = dataset_type.capitalize()
        more = self._choices.item_columns if dataset_type == "ITEMS" else ()
        schema = Schema(
            self,
            f"{name}Schema",
            provider=self.provider,
            dataset_type=dataset_type,
            schema=_schema(name, {**columns, **dict.fromkeys(more, _OPTIONAL)}),
            **self._choices.named(f"{name}Schema"),
        )
        dataset = Dataset(
            self,
            f"{name}Dataset",
            provider=self.provider,
            dataset_group=self.group,
            dataset_type=dataset_type,
            schema=schema,
            **self._choices.named(f"{name}Dataset"),
        )
        DatasetImport(
            self,
            f"{name}Import",
            provider=self.provider,
            dataset=dataset,
            data_location=f"s3://{PREFIX}/{dataset_type.lower()}.csv",
            role=self._role,
            adopt=self._choices.adopts,
        )


class _ServingStack(Stack):
    def __init__(self, app: App, id: str, choices: Choices, data: _DataStack) -> None:
        super().__init__(app, id)
        Recommender(
            self,
            "TopPicks",
            provider=data.provider,
            dataset_group=data.group,
            recipe="aws-vod-top-picks",
            min_recommendation_requests_per_second=choices.throughput,
            **choices.named("TopPicks"),
        )
        solution = Solution(
            self,
            "Ranking",
            provider=data.provider,
            dataset_group=data.group,
            recipe="aws-personalized-ranking-v2",
            auto_training_days=choices.auto_training_days,
            **choices.named("Ranking"),
        )
        version = SolutionVersion(
            self,
            "Version",
            provider=data.provider,
            solution=solution,
            training_trigger=choices.training_trigger,
            adopt="$LATEST" if choices.adopts else None,
        )
        gate = QualityGate(
            self,
            "Gate",
            provider=data.provider,
            solution=solution,
            solution_version=version,
            minimums={"coverage": 0.01},
        )
        Campaign(
            self,
            "Campaign",
            provider=data.provider,
            solution_version=gate,
            min_provisioned_tps=choices.throughput,
            follow_latest=choices.auto_training_days is not None,
            **choices.named("Campaign"),
        )


def _schema(name: str, columns: Mapping[str, Any]) -> dict[str, Any]:
    fields = [{"name": column, "type": type_} for column, type_ in columns.items()]
    for each in fields:
        if each["name"] == "GENRES":
            each["categorical"] = True
    return {
        "type": "record",
        "name": name,
        "namespace": "com.amazonaws.personalize.schema",
        "fields": fields,
        "version": "1.0",
    }
