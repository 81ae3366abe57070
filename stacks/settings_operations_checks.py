"""Finds mistakes in the section `operations` that one field alone does not show."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stacks.settings import Settings
    from stacks.settings_operations import OperationsSettings, ServingHoursSettings

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
        if name.upper() not in settings.datasets.used:
            yield f"operations.alarms.data_age_hours.{name}: there is no {name} dataset. Remove it, or add the dataset."
    yield from _check_schedule_names(operations)


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
