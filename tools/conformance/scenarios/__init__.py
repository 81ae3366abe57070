"""What a conformance run does, by topic. Each module has a list STEPS."""

from __future__ import annotations

from tools.conformance.step import Step

from . import datasets, deletion, filters, groups, refusals, requests, schemas, tags, trackers

STEPS: tuple[Step, ...] = (
    *groups.STEPS,
    *schemas.STEPS,
    *datasets.STEPS,
    *filters.STEPS,
    *trackers.STEPS,
    *refusals.STEPS,
    *tags.STEPS,
    *requests.STEPS,
    *deletion.STEPS,
)
