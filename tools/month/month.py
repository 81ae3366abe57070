"""The month itself: what happens on which day, and what is known afterwards."""

from __future__ import annotations

import contextlib
import io
import json
import shutil
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import yaml

from tools.checkout import EXAMPLE_SETTINGS
from tools.review.money import costs, load_prices
from tools.simulation.assembly import Assembly
from tools.simulation.operations import OperatedCloud
from tools.simulation.small_services import Message, Point
from tools.synth import synthesize

from .viewers import Viewers

DAYS = 28
# The first day, a Wednesday, right after the deployment; days begin at midnight in UTC, as schedules have it.
FIRST = datetime(2023, 11, 15, tzinfo=UTC)
_FILE_COMES = timedelta(hours=2)
# Which days are special, from 1.
BROKEN_DAY, POOR_DAYS = 9, range(23, 26)
_REPAIRED = timedelta(hours=25)
METRIC = "coverage"
MINIMUM = 0.2
_SETTINGS: Mapping[str, Any] = {
    "filters": {},
    "operations": {
        "emails": ["ops@example.com"],
        "refresh": {
            "schedules": {
                "daily": {"at": "cron(0 4 ? * MON-SAT *)", "train": "never", "datasets": ["interactions"]},
                "weekly": {"at": "cron(0 5 ? * SUN *)", "train": "always"},
            },
            "on_new_files": None,
        },
        "serving_hours": {
            "start": "cron(0 7 * * ? *)",
            "stop": "cron(0 23 * * ? *)",
            "recommenders": ["top_picks"],
        },
    },
}


@dataclass(frozen=True)
class Training:
    """A version that a refresh has trained."""

    at: float
    metric: float
    verdict: str


@dataclass(frozen=True)
class Money:
    """What the month cost, and what the review says that it costs, for what both know: in USD.

    Attributes:
        hours: by what is billed by the hour, what was measured.
        predicted_hours: the same, by the review.
        trainings: of all trainings of the month.
        predicted_trainings: the same, by the review.
    """

    hours: Mapping[str, float]
    predicted_hours: Mapping[str, float]
    trainings: float
    predicted_trainings: float


@dataclass(frozen=True)
class Month:
    """What is known afterwards.

    Attributes:
        notices: as they were mailed.
        trainings: in order.
        imports: how many files were imported.
        refreshes: by status, how many executions there were.
        money: what it cost.
        undelivered: what schedules and events could not start.
    """

    notices: Sequence[Message]
    trainings: Sequence[Training]
    imports: int
    refreshes: Mapping[str, int]
    money: Money
    undelivered: Sequence[str]


def live(folder: Path) -> Month:
    """Let the month pass.

    Args:
        folder: an empty one, for settings, templates and files.
    """
    viewers = Viewers(_made(folder / "files"))
    assembly = Assembly.read(synthesize("dev", folder / "cdk.out", folder / "files", _settings(folder / "config")))
    cloud = OperatedCloud(files=viewers.files)
    with contextlib.redirect_stdout(io.StringIO()):
        assembly.deploy(cloud)
        for number in range(1, DAYS + 1):
            _day(cloud, viewers, number)
        cloud.time.run(until=(FIRST + timedelta(days=DAYS)).timestamp())
    return Month(
        notices=cloud.topics.messages,
        trainings=list(_trainings(cloud)),
        imports=sum(event["detail-type"] == "Data Imported" for event in cloud.bus.events),
        refreshes=_statuses(cloud),
        money=_money(cloud, assembly, viewers),
        undelivered=cloud.undelivered,
    )


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True)
    return folder


def _settings(folder: Path) -> Path:
    """The example of dev, with what the month needs."""
    config = Path(shutil.copytree(EXAMPLE_SETTINGS, folder))
    settings = yaml.safe_load((config / "dev.yaml").read_text())
    settings["ranking"]["quality_gate"]["minimums"] = {METRIC: MINIMUM}
    settings["recommenders"] = {"top_picks": settings["recommenders"]["top_picks"]}
    (config / "dev.yaml").write_text(yaml.safe_dump(settings | _SETTINGS))
    return config


def _day(cloud: OperatedCloud, viewers: Viewers, number: int) -> None:
    """Let the file of a day come; the broken one is deleted when somebody has read the notice."""
    morning = FIRST + timedelta(days=number - 1)
    folder = f"s3://{cloud.parameters.values['/vod/dev/bucket_name']}/incoming/interactions"
    cloud.time.run(until=(morning + _FILE_COMES).timestamp())
    body = viewers.broken() if number == BROKEN_DAY else viewers.day(poor=number in POOR_DAYS)
    cloud.buckets.put(f"{folder}/{number:02}.csv", body)
    if number == BROKEN_DAY:
        cloud.time.run(until=(morning + _REPAIRED).timestamp())
        cloud.buckets.remove(f"{folder}/{number:02}.csv")


def _trainings(cloud: OperatedCloud) -> Iterator[Training]:
    for event in cloud.bus.events:
        if event["detail-type"] == "Version Trained":
            detail = event["detail"]
            at = datetime.strptime(event["time"], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC).timestamp()
            metrics = detail["metrics"] if isinstance(detail["metrics"], dict) else json.loads(detail["metrics"])
            yield Training(at, float(metrics[METRIC]), detail["verdict"])


def _statuses(cloud: OperatedCloud) -> dict[str, int]:
    found: dict[str, int] = {}
    for each in cloud.machines.executions.values():
        found[each.status] = found.get(each.status, 0) + 1
    return found


# -- money -------------------------------------------------------------------------------------------------------


def _money(cloud: OperatedCloud, assembly: Assembly, viewers: Viewers) -> Money:
    """By the metric CostPerHour, put once an hour, and by the prices of the review."""
    prices, hours = load_prices(viewers.interactions), DAYS * 24.0
    predicted = {each.path: each for each in costs(assembly, prices)}
    served = {"TopPicks": "top_picks", "RerankCampaign": "rerank"}
    weekly = next(each for each in predicted.values() if each.automatic_days)
    trainings = len(list(_trainings(cloud)))
    return Money(
        hours={path: _measured(cloud, path, name) for path, name in served.items()},
        predicted_hours={path: predicted[path].per_month(hours) for path in served},
        trainings=trainings * (weekly.per_training or 0.0),
        predicted_trainings=weekly.per_month(hours),
    )


def _measured(cloud: OperatedCloud, path: str, name: str) -> float:
    """What something cost from the first day to the last: what was measured at minute 5 counts for that hour."""
    dimension = {"Campaign" if path.endswith("Campaign") else "Recommender": name}
    begin, end = FIRST.timestamp(), (FIRST + timedelta(days=DAYS)).timestamp()
    points: list[Point] = [
        each for each in cloud.metrics.of("vod/dev", "CostPerHour", **dimension) if begin <= each.at < end
    ]
    by_hour = {each.at // 3600: each.value for each in points}
    return sum(by_hour.values())
