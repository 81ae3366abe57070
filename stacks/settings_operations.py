"""The section `operations` of the settings: what runs by itself between deployments."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from stacks.settings_alarms import AlarmSettings
from stacks.settings_batch import BatchSettings
from stacks.settings_schedules import DURATION, Schedule, check_time_zone, minutes_between
from stacks.settings_section import Section
from stacks.settings_values import Email, Location, OutputName, Throughput

# The API of EventBridge Scheduler: FlexibleTimeWindow, MaximumWindowInMinutes.
_LONGEST_WINDOW = 24 * 60
# A state machine waits so long for more files before it starts a refresh.
_LONGEST_GATHERING = 24 * 60

TimeZone = Annotated[str, AfterValidator(check_time_zone), Field(examples=["UTC", "Europe/Berlin"])]
DatasetName = Literal["interactions", "items", "users"]
Training = Literal["never", "if-new", "always"]
_AS_TEXT = WithJsonSchema({"type": "string", "pattern": f"^{DURATION}$"})
Window = Annotated[int, BeforeValidator(minutes_between(0, _LONGEST_WINDOW)), _AS_TEXT]
Gathering = Annotated[int, BeforeValidator(minutes_between(1, _LONGEST_GATHERING)), _AS_TEXT]


class RefreshedDatasetSettings(Section):
    """What a refresh imports into a dataset."""

    data_location: Location | None = None
    """An s3:// file or folder; null: where deployments import from. Sample data: incoming/<dataset>/."""
    import_mode: Literal["FULL", "INCREMENTAL"] | None = None
    """INCREMENTAL: each file once, as it comes; FULL: everything again; null: as deployments do."""


class RefreshScheduleSettings(Section):
    """A schedule of refreshes."""

    at: Schedule
    """cron(minutes hours day-of-month month day-of-week year) or rate(6 hours)."""
    datasets: Annotated[list[DatasetName], Field(min_length=1)] | None = None
    """Which datasets; null: all that are refreshed."""
    train: Training | None = None
    """In place of `refresh.train`."""


class FilesComeSettings(Section):
    """What a refresh does that new files have started."""

    train: Training | None = None
    """In place of `refresh.train`."""


class RefreshSettings(Section):
    """The refresh: imports what is new, trains, judges, and moves the campaign."""

    datasets: dict[DatasetName, RefreshedDatasetSettings] = Field(default_factory=dict)
    """Which datasets are refreshed; {}: all that the settings have, as deployments import them."""
    train: Training = "if-new"
    """Whether to train a version of the ranking: never, if-new (there is data it does not know), always."""
    schedules: dict[OutputName, RefreshScheduleSettings] = Field(default_factory=dict)
    """By names of your choice."""
    on_new_files: Gathering | None = None
    """New files start a refresh so long after the first of them, such as 10m; null: they start nothing."""
    when_files_come: FilesComeSettings = FilesComeSettings()
    """What such a refresh does."""


class ServingHoursSettings(Section):
    """When recommenders serve. One that is stopped costs nothing."""

    start: Schedule
    """When they are started."""
    stop: Schedule
    """When they are stopped."""
    recommenders: Annotated[list[OutputName], Field(min_length=1)]
    """Which recommenders."""


class CampaignThroughputSettings(Section):
    """A time from which the campaign has another throughput."""

    at: Schedule
    """When."""
    min_provisioned_tps: Throughput
    """Requests per second that are always provisioned from then on, and billed."""


class ForgetUsersSettings(Section):
    """Deletes what users have done, by files under deletions/ in the app's bucket."""

    train: bool = False
    """Train afterwards, so that no version that serves has learned from them."""


class OperationsSettings(Section):
    """What runs by itself between deployments."""

    emails: list[Email] = Field(default_factory=list)
    """Who is told of failures, refusals of the quality gate and recoveries."""
    time_zone: TimeZone = "UTC"
    """Time zone of all schedules, such as Europe/Berlin."""
    flexible_window: Window = 15
    """Schedules start within so long; 0m: on time."""
    refresh: RefreshSettings = RefreshSettings()
    """What a refresh does, and when."""
    serving_hours: ServingHoursSettings | None = None
    """When recommenders serve; null: always."""
    campaign_throughput: dict[OutputName, CampaignThroughputSettings] = Field(default_factory=dict)
    """When the campaign's throughput changes, by names of your choice."""
    alarms: AlarmSettings = AlarmSettings()
    """When somebody is told that something is wrong."""
    forget_users: ForgetUsersSettings | None = None
    """Files under deletions/ name users to forget; null: such files start nothing."""
    batch: dict[OutputName, BatchSettings] = Field(default_factory=dict)
    """Jobs that write recommendations for many users, or segments of users, to S3; by names of your choice."""
