"""A pytest plugin that takes one thing out of the resource table: `-p` takes its dotted name, MUTANT what to take.

A mutant is `<type>.update.<property>`, `<type>.create_only.<property>` or `status.<set>.<status>`.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, MutableMapping
from dataclasses import replace
from typing import cast

from lambdas.personalize_provider import statuses
from lambdas.personalize_provider.resource_type import ResourceType
from lambdas.personalize_provider.resources import RESOURCES

STATUSES = ("TRANSITIONAL", "DELETING", "FAILED")


def mutants() -> Iterator[str]:
    """Everything that can be taken out."""
    for noun, row in RESOURCES.items():
        yield from (f"{noun}.create_only.{name}" for name in sorted(row.create_only))
        yield from (f"{noun}.update.{name}" for name in sorted(row.update.properties if row.update else ()))
    for name in STATUSES:
        yield from (f"status.{name}.{status}" for status in sorted(getattr(statuses, name)))


def apply(mutant: str) -> None:
    """Take it out."""
    where, part, what = mutant.split(".")
    if where == "status":
        setattr(statuses, part, getattr(statuses, part) - {what})
        return
    row = RESOURCES[where]
    if part == "create_only":
        row = replace(row, create_only=row.create_only - {what})
    else:
        assert row.update
        row = replace(row, update=replace(row.update, properties=row.update.properties - {what}))
    cast(MutableMapping[str, ResourceType], RESOURCES)[where] = row


if "MUTANT" in os.environ:
    apply(os.environ["MUTANT"])
