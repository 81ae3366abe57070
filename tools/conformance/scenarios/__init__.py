"""What a conformance run does, by topic. Each module has a list STEPS."""

from __future__ import annotations

from tools.conformance.step import Step

from . import (
    actions,
    athena,
    attributions,
    batches,
    campaigns,
    cloudwatch,
    datasets,
    deletion,
    events,
    filters,
    groups,
    imports,
    jobs,
    permissions,
    recipes,
    recommendations,
    recommenders,
    refusals,
    requests,
    schemas,
    tags,
    trackers,
    trainings,
)

STEPS: tuple[Step, ...] = (
    *groups.STEPS,
    *schemas.STEPS,
    *datasets.STEPS,
    *filters.STEPS,
    *trackers.STEPS,
    *refusals.STEPS,
    *tags.STEPS,
    *requests.STEPS,
    *recipes.STEPS,
    *imports.STEPS,
    *events.STEPS,
    *attributions.STEPS,
    *jobs.STEPS,
    *actions.STEPS,
    *permissions.STEPS,
    *cloudwatch.STEPS,
    *athena.STEPS,
    recommenders.FAILING,
    *recommenders.LIVING,
    *recommendations.STEPS,
    *recommenders.ENDING,
    *trainings.STEPS,
    *batches.STEPS,
    *campaigns.STEPS,
    *deletion.STEPS,
)
