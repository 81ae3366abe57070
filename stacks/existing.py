"""What exists already: how constructs take it over, and a dataset group that is only looked up."""

from __future__ import annotations

from typing import Any

from aws_cdk import Stack
from constructs import Construct

from .outputs import Outputs
from .personalize import DatasetGroup, IDatasetGroup, PersonalizeProvider
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
    """Use a dataset group that others look after, and publish what it has.

    Args:
        scope: where the lookups go.
        settings: which group, and what it has.
        provider: looks it up.
        outputs: where its ARNs are published, under the same names as those of a group of the app's own.
    """
    arn = Stack.of(scope).format_arn(service="personalize", resource="dataset-group", resource_name=settings.group_name)
    outputs.publish("dataset_group_arn", arn, "Dataset group")
    return DatasetGroup.from_dataset_group_arn(scope, "ExistingGroup", arn)
