"""The section `operations.batch` of the settings: recommendations and user segments that are written to S3."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from stacks.settings_schedules import Schedule
from stacks.settings_section import Section
from stacks.settings_values import Folder, Location, OutputName, VersionArn


class BatchSettings(Section):
    """A batch job: an answer for each line of its input."""

    at: Schedule | None = None
    """When it runs, as for refreshes; null: not by a schedule."""
    after_refresh: bool = False
    """Run after each refresh that has imported data or moved the campaign."""
    input: Location | None = None
    """JSON lines: a file, or a folder; null: the file batch/<name>/input.json of the app's bucket."""
    output: Folder | None = None
    """A folder; null: batch/<name>/output/ of the app's bucket."""
    filter: OutputName | None = None
    """One of `filters`; its parameters are in filterValues of each line."""
    num_results: Annotated[int, Field(ge=1, le=500)] = 25
    """Results for each line; users for each segment."""
    segments: bool = False
    """Users for items, instead of items for users; needs a solution_version_arn."""
    solution_version_arn: VersionArn | None = None
    """A version that this app has not trained; null: the one that the campaign serves."""
