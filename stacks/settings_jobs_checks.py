"""Finds mistakes in `operations.forget_users` and `operations.batch` that one field alone does not show."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from stacks.settings import Settings
    from stacks.settings_batch import BatchSettings


def check_jobs(settings: Settings) -> Iterator[str]:
    """All of them.

    Args:
        settings: the settings.
    """
    operations = settings.operations
    if operations is None:
        return
    if operations.forget_users and settings.encryption_key:
        # Developer guide, "Deleting users and their data with a data deletion job".
        yield (
            "operations.forget_users: Amazon Personalize reads no list of users from a bucket that is encrypted with a "
            "key of your own. Remove it, or encryption_key."
        )
    if operations.forget_users and operations.forget_users.train and settings.ranking is None:
        yield "operations.forget_users.train: ranking is empty, so nothing is trained. Remove it, or add ranking."
    for name, one in operations.batch.items():
        for mistake in _mistakes(settings, one):
            yield f"operations.batch.{name}{mistake}"


def _mistakes(settings: Settings, one: BatchSettings) -> Iterator[str]:
    if one.filter and one.filter not in settings.filters:
        known = ", ".join(settings.filters) or "none"
        yield f".filter: '{one.filter}' is not a filter. These settings have {known}."
    if one.solution_version_arn is None:
        yield from _missing_version(settings, one)
    if one.input and one.output and one.input.rstrip("/") == one.output.rstrip("/"):
        yield ".output: is where the input is. Use another folder."


def _missing_version(settings: Settings, one: BatchSettings) -> Iterator[str]:
    if one.segments:
        yield ".solution_version_arn: is missing. Name a version that makes segments; the ranking's does not."
    elif settings.ranking is None:
        yield ".solution_version_arn: is missing, and ranking is empty. Name a version, or add ranking."
