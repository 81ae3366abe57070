"""What exists already: how constructs take it over, and a dataset group that is only looked up."""

from __future__ import annotations

from typing import Any

from constructs import Construct

from .outputs import Outputs
from .personalize import Dataset, DatasetGroup, EventTracker, IDatasetGroup, PersonalizeProvider
from .settings_adoption import Adoptable, ExistingSettings


def adopted(settings: Adoptable) -> dict[str, Any]:
    """Props of a construct that say whether it takes over what exists.

    Args:
        settings: of what it is about.
    """
    return {"name": settings.name, "adopt": settings.adopt, "release": settings.release}


def look_up(
    scope: Construct, settings: ExistingSettings, provider: PersonalizeProvider, outputs: Outputs
) -> IDatasetGroup:
    """Look up a dataset group that others look after, and publish what it has.

    Args:
        scope: where the lookups go.
        settings: which group, and what it has.
        provider: looks it up.
        outputs: where its ARNs are published, under the same names as those of a group of the app's own.
    """
    group = DatasetGroup.from_lookup(scope, "ExistingGroup", provider=provider, name=settings.group_name)
    outputs.publish("dataset_group_arn", group.dataset_group_arn, "Dataset group")
    for dataset_type in settings.dataset_types:
        kind, name = dataset_type.lower(), dataset_type.capitalize()
        dataset = Dataset.from_lookup(
            scope, f"Existing{name}", provider=provider, dataset_group=group, dataset_type=dataset_type
        )
        outputs.publish(f"{kind}_dataset_arn", dataset.dataset_arn, f"{name} dataset")
        outputs.publish(f"{kind}_schema_arn", dataset.schema_arn, f"Schema of the {kind} dataset")
    if settings.event_tracker:
        tracker = EventTracker.from_lookup(scope, "ExistingTracker", provider=provider, dataset_group=group)
        outputs.publish("event_tracker_arn", tracker.event_tracker_arn, "Event tracker")
        outputs.publish("event_tracker_tracking_id", tracker.tracking_id, "Tracking id that PutEvents takes")
    return group
