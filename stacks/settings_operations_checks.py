"""Finds mistakes in the section `operations` that one field alone does not show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from stacks.settings_jobs_checks import check_jobs
from stacks.settings_schedules import has_summer_time

if TYPE_CHECKING:
    from stacks.settings import Settings
    from stacks.settings_operations import OperationsSettings, RefreshSettings, ServingHoursSettings

# The API of EventBridge Scheduler: CreateSchedule, Name.
_LONGEST_NAME = 64


def check_operations(settings: Settings) -> Iterator[str]:
    """All of them.

    Args:
        settings: the settings.
    """
    operations = settings.operations
    if operations is None:
        return
    yield from _check_emails(operations.emails)
    if operations.serving_hours:
        yield from _check_serving_hours(settings, operations.serving_hours)
    if operations.campaign_throughput and settings.ranking is None:
        yield "operations.campaign_throughput: ranking is empty, so there is no campaign. Remove it, or add ranking."
    for name in operations.alarms.data_age_hours:
        if name.upper() not in settings.used_datasets:
            yield f"operations.alarms.data_age_hours.{name}: there is no {name} dataset. Remove it, or add the dataset."
    yield from _check_refreshed(settings, operations.refresh)
    yield from _check_training(settings, operations.refresh)
    yield from _check_schedule_names(operations)
    yield from check_jobs(settings)


def hints(settings: Settings) -> Iterator[str]:
    """What is allowed, but may not be what is meant.

    Args:
        settings: the settings.
    """
    if settings.operations is None:
        return
    yield from _hint_at_gate(settings, settings.operations.refresh)
    yield from _hint_at_skipped_hour(settings.operations)


def _check_refreshed(settings: Settings, refresh: RefreshSettings) -> Iterator[str]:
    """Find datasets that there are not, or that are not refreshed."""
    for name in refresh.datasets:
        if name.upper() not in settings.used_datasets:
            yield f"operations.refresh.datasets.{name}: there is no {name} dataset. Remove it, or add the dataset."
    refreshed = [kind.lower() for kind in settings.refreshed]
    for schedule, each in refresh.schedules.items():
        where = f"operations.refresh.schedules.{schedule}.datasets"
        for name in sorted(set(each.datasets or ()) - set(refreshed)):
            yield f"{where}: '{name}' is not refreshed. Use {', '.join(refreshed)}, or add it to refresh.datasets."


def _check_training(settings: Settings, refresh: RefreshSettings) -> Iterator[str]:
    """Find refreshes that train what nobody trains, or what trains by itself."""
    ranking = settings.ranking
    for where, train in _trainings(refresh):
        if ranking is None and train == "always":
            yield f"{where}: is always, but ranking is empty, so there is nothing to train. Remove it, or add ranking."
        if ranking and ranking.auto_training_days and train not in (None, "never"):
            yield (
                f"{where}: is {train}, but ranking.auto_training_days trains too, and both are billed. Set it to "
                "never, or ranking.auto_training_days to null."
            )


def _trainings(refresh: RefreshSettings) -> Iterator[tuple[str, str | None]]:
    """Every setting that says whether to train."""
    yield "operations.refresh.train", refresh.train
    yield "operations.refresh.when_files_come.train", refresh.when_files_come.train
    for name, each in refresh.schedules.items():
        yield f"operations.refresh.schedules.{name}.train", each.train


def _hint_at_gate(settings: Settings, refresh: RefreshSettings) -> Iterator[str]:
    """After an import, the gate only warns of lower metrics: then nothing keeps a poor version from serving."""
    if settings.ranking is None or all(train in (None, "never") for _, train in _trainings(refresh)):
        return
    gate = settings.ranking.quality_gate
    if not gate.minimums and not (gate.compare_with_deployed and gate.fail_on_other_data):
        yield (
            "ranking.quality_gate: lets every version serve that a refresh trains, because refreshes bring other data. "
            "Set minimums, or compare_with_deployed and fail_on_other_data to true."
        )


def _hint_at_skipped_hour(operations: OperationsSettings) -> Iterator[str]:
    """Where clocks go forward from 2 to 3, what is due in between is skipped that day (Scheduler user guide)."""
    if not has_summer_time(operations.time_zone):
        return
    for where, at in _times(operations):
        if at.startswith("cron(") and at.split()[1] == "2":
            yield (
                f"operations.{where}: on the day on which clocks go forward there is no hour 2 in "
                f"{operations.time_zone}, so this is skipped. Choose another hour."
            )


def _times(operations: OperationsSettings) -> Iterator[tuple[str, str]]:
    """Every time of the section."""
    yield from ((f"refresh.schedules.{name}.at", each.at) for name, each in operations.refresh.schedules.items())
    yield from ((f"batch.{name}.at", each.at) for name, each in operations.batch.items() if each.at)
    yield from ((f"campaign_throughput.{name}.at", each.at) for name, each in operations.campaign_throughput.items())
    if operations.serving_hours:
        yield "serving_hours.start", operations.serving_hours.start
        yield "serving_hours.stop", operations.serving_hours.stop


def _check_emails(emails: Iterable[str]) -> Iterator[str]:
    seen: set[str] = set()
    for email in emails:
        if email in seen:
            yield f"operations.emails: '{email}' is in the list twice. Remove one of them."
        seen.add(email)


def _check_serving_hours(settings: Settings, hours: ServingHoursSettings) -> Iterator[str]:
    where = "operations.serving_hours"
    for name in hours.recommenders:
        if name not in settings.recommenders:
            known = ", ".join(settings.recommenders) or "none"
            yield f"{where}.recommenders: '{name}' is not a recommender. These settings have {known}."
        elif not settings.recommenders[name].active:
            yield (
                f"{where}.recommenders: '{name}' has active: false, but would be started. Remove it from the list, or "
                "set active to true."
            )
    if len(set(hours.recommenders)) < len(hours.recommenders):
        yield f"{where}.recommenders: a name is in the list twice. Remove one of them."
    if hours.start == hours.stop:
        yield f"{where}.stop: '{hours.stop}' is when they start, too. Correct one of them."


def _check_schedule_names(operations: OperationsSettings) -> Iterator[str]:
    """The names of schedules are made of the settings' names, which may be longer than Scheduler takes."""
    hours = operations.serving_hours
    named: dict[str, tuple[str, Iterable[str]]] = {
        "refresh.schedules": ("refresh-", operations.refresh.schedules),
        "batch": ("batch-", [name for name, one in operations.batch.items() if one.at]),
        "campaign_throughput": ("throughput-", operations.campaign_throughput),
        "serving_hours.recommenders": ("start-", hours.recommenders if hours else ()),
    }
    for where, (start, names) in named.items():
        longest = _LONGEST_NAME - len(start)
        for name in names:
            if len(name) > longest:
                yield (
                    f"operations.{where}: '{name}' has {len(name)} characters, at most {longest} are allowed, because "
                    "it becomes the name of a schedule. Shorten it."
                )
