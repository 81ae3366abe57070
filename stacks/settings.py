"""The settings of an environment: config/<env>.yaml, checked against the service's limits.

Every mistake becomes one line that names the field, says what is wrong and what to do. What single values must look
like is in settings_values.py, what several settings must agree on in settings_checks.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from stacks.personalize import limits
from stacks.settings_adoption import Adoptable, DatasetGroupSettings, EventTracker, Existing, Filter
from stacks.settings_adoption_checks import OWN_DATA
from stacks.settings_checks import check_settings
from stacks.settings_file import SettingsError, one_line, read_schema, read_settings
from stacks.settings_operations import OperationsSettings, RefreshedDatasetSettings
from stacks.settings_section import Section
from stacks.settings_sentences import sentence, shown
from stacks.settings_values import (
    SAMPLE,
    Account,
    AppName,
    Columns,
    Data,
    EventType,
    EventWeight,
    ExplorationAge,
    ExplorationWeight,
    HyperParameters,
    KeyArn,
    Location,
    LogRetention,
    MetricExpression,
    MetricName,
    MetricValue,
    OutputName,
    RankingMetric,
    RankingRecipe,
    Region,
    Reports,
    ResourceName,
    RoleArn,
    SchemaFile,
    Tags,
    Throughput,
    Tolerance,
    TrainingDays,
    Version,
    VersionId,
    VodRecipe,
    Wait,
    one_of,
    seconds_of,
)

CONFIG_DIRECTORY = Path(__file__).parents[1] / "config"


# -- sections ----------------------------------------------------------------------------------------------------


class DatasetSettings(Adoptable):
    """A dataset and what is imported into it."""

    schema_file: SchemaFile
    """An Avro schema, relative to this folder, with a field for each column of the CSV file."""
    schema_name: ResourceName | None = None
    """The name of its schema, which is taken over with the dataset. Needed with adopt, and only with it."""
    data_location: Location | None = None
    """An s3:// file or folder, in place of `data`."""
    data_version: Version | None = None
    """In place of the `data_version` of all datasets."""
    import_mode: Literal["FULL", "INCREMENTAL"] = "FULL"
    """FULL replaces what was imported before; INCREMENTAL adds to it, and is not for the first import."""
    _document: dict[str, Any] = PrivateAttr(default_factory=dict)

    @property
    def schema_document(self) -> dict[str, Any]:
        """The Avro schema."""
        return self._document

    def read_schema(self, directory: Path) -> None:
        """Read the Avro schema.

        Raises:
            ValueError: there is no such file, or it is not a JSON object in UTF-8.
        """
        try:
            self._document = read_schema(directory / self.schema_file)
        except OSError as error:
            raise ValueError(f"'{self.schema_file}' cannot be read from {directory}: {error.strerror}.") from error
        except ValueError as error:
            raise ValueError(f"'{self.schema_file}' {error}") from error


class DatasetsSettings(Section):
    """The datasets of the dataset group."""

    interactions: DatasetSettings
    """Who watched what, and when."""
    items: DatasetSettings | None = None
    """The catalogue."""
    users: DatasetSettings | None = None
    """Those who watch."""

    @property
    def used(self) -> dict[str, DatasetSettings]:
        """The datasets that the settings have, by dataset type."""
        all_of_them = {"INTERACTIONS": self.interactions, "ITEMS": self.items, "USERS": self.users}
        return {kind: settings for kind, settings in all_of_them.items() if settings is not None}


class ItemExplorationSettings(Section):
    """How much to try items with few interactions."""

    exploration_weight: ExplorationWeight = 0.3
    """How much to recommend items with few interactions: 0 (never) to 1."""
    exploration_item_age_cut_off: ExplorationAge = 30
    """Up to which age of an item, in days."""


class Trained(Section):
    """What a recommender and a solution have in common."""

    excluded_dataset_columns: dict[Literal["interactions", "items", "users"], Columns] = Field(default_factory=dict)
    """Columns that training leaves out, for example {items: [YEAR]}."""
    included_dataset_columns: dict[Literal["interactions", "items", "users"], Columns] = Field(default_factory=dict)
    """The only columns that training uses; {}: all columns that existed at first."""

    @property
    def excluded_by_type(self) -> dict[str, list[str]]:
        """Excluded columns by dataset type as the API names it."""
        return {kind.upper(): columns for kind, columns in self.excluded_dataset_columns.items()}

    @property
    def included_by_type(self) -> dict[str, list[str]]:
        """Included columns by dataset type as the API names it."""
        return {kind.upper(): columns for kind, columns in self.included_dataset_columns.items()}


class RecommenderSettings(Trained, Adoptable):
    """A recommender."""

    recipe: VodRecipe
    """The use case of the VIDEO_ON_DEMAND domain."""
    min_recommendation_requests_per_second: Throughput = 1
    """Requests per second that are always provisioned, and billed."""
    item_exploration_config: ItemExplorationSettings | None = None
    """How much to recommend items with few interactions; only aws-vod-top-picks."""
    enable_metadata_with_recommendations: bool = False
    """Requests can ask for item columns in the answer. This costs extra."""
    active: bool = True
    """It serves. If not, it is trained and then stopped, answers nobody, and costs nothing."""

    @model_validator(mode="after")
    def _explores(self) -> RecommenderSettings:
        if self.item_exploration_config and not limits.VOD_USE_CASES[self.recipe].explores:
            raise ValueError(f"recipe '{self.recipe}' does not explore. Remove item_exploration_config.")
        return self


class CampaignSettings(Adoptable):
    """The campaign."""

    follow_latest: bool = False
    """Serve every newer version as soon as it is trained, past the quality gate."""
    min_provisioned_tps: Throughput = 1
    """Requests per second that are always provisioned, and billed."""
    enable_metadata_with_recommendations: bool = False
    """Requests can ask for item columns in the answer. Free with -v2 recipes."""


class EventSettings(Section):
    """How much events of a type count."""

    weight: EventWeight | None = None
    """0 to 1."""
    event_value_threshold: float | None = None
    """The least EVENT_VALUE of events that count."""


EventsConfig = Annotated[dict[EventType, EventSettings], Field(max_length=limits.MAX_EVENT_PARAMETERS)]


class QualityGateSettings(Section):
    """What a newly trained version must reach to serve."""

    minimums: dict[RankingMetric, MetricValue] = Field(default_factory=dict)
    """By metric, the least value (0 to 1) with which a new version is deployed."""
    compare_with_deployed: bool = False
    """Also fail if the new version is worse than the one that the campaign serves."""
    tolerance: Tolerance = limits.GATE_TOLERANCE
    """By how much a metric may be lower than before, as a share: 0.05 is 5 %."""
    compared_metrics: Annotated[list[RankingMetric], Field(min_length=1)] = Field(
        default_factory=lambda: list(limits.GATE_METRICS)
    )
    """The metrics that are compared."""
    fail_on_other_data: bool = False
    """Fail, and not only warn, if the two versions were trained on different data."""


class RankingSettings(Trained, Adoptable):
    """Re-ranking: solution, solution version, quality gate and campaign."""

    recipe: RankingRecipe
    """aws-personalized-ranking-v2, or the older aws-personalized-ranking."""
    solution_version: VersionId | None = None
    """The trained version that is taken over: the last part of its ARN, or $LATEST. Needed with adopt."""
    auto_training_days: TrainingDays | None = None
    """Days between automatic trainings, 1 to 30; null: only deployments train. Needs campaign.follow_latest."""
    training_trigger: Version = "1"
    """Change this to train a new version from unchanged data and settings."""
    events_config: EventsConfig | None = None
    """How much events of each type count, at most 10; null: all the same. Only aws-personalized-ranking-v2."""
    algorithm_hyper_parameters: HyperParameters = Field(default_factory=dict)
    """-v2: apply_recency_bias. The older recipe: hidden_dimension (32 to 256), bptt (2 to 32), recency_mask."""
    perform_hpo: bool = False
    """Search for the best hyperparameters; only aws-personalized-ranking."""
    campaign: CampaignSettings = CampaignSettings()
    """What serves the trained version."""
    quality_gate: QualityGateSettings = QualityGateSettings()
    """If a newly trained version is not good enough, the deployment fails and the campaign keeps its version."""

    @model_validator(mode="after")
    def _automatic_trainings_serve(self) -> RankingSettings:
        # A solution that is taken over may train for nobody already; then a hint says so.
        if self.auto_training_days is not None and not self.campaign.follow_latest and not self.adopt:
            raise ValueError(
                "auto_training_days creates versions that cost money, but the campaign does not serve them. Set "
                "campaign.follow_latest to true, or auto_training_days to null."
            )
        return self

    @model_validator(mode="after")
    def _recipe_knows(self) -> RankingSettings:
        recipe = limits.RANKING_RECIPES[self.recipe]
        if self.events_config is not None and not recipe.events:
            raise ValueError(f"recipe '{self.recipe}' does not take events_config. Remove it.")
        if self.perform_hpo and not recipe.hpo:
            raise ValueError(f"recipe '{self.recipe}' does not take perform_hpo. Set it to false.")
        for name, value in self.algorithm_hyper_parameters.items():
            one_of(name, recipe.hyper_parameters, f"a hyperparameter of '{self.recipe}'")
            _check_hyper_parameter(name, value, recipe.hyper_parameters[name])
        return self


def _check_hyper_parameter(name: str, value: object, allowed: limits.IntegerRange | limits.Boolean) -> None:
    is_ = shown(value if isinstance(value, dict | list) else str(value))
    if isinstance(allowed, limits.Boolean):
        if str(value).lower() not in ("true", "false"):
            raise ValueError(f"hyperparameter {name} must be true or false, but is {is_}.")
        return
    is_number = isinstance(value, int) and not isinstance(value, bool)
    if not is_number or not allowed.minimum <= int(str(value)) <= allowed.maximum:
        raise ValueError(
            f"hyperparameter {name} must be a whole number, {allowed.minimum} to {allowed.maximum}, but is {is_}."
        )


class AttributedMetricSettings(Section):
    """What a metric counts or sums."""

    event_type: EventType
    """The type of the events that count, such as Watch."""
    expression: MetricExpression
    """SAMPLECOUNT(), or SUM(Items.COLUMN) or SUM(Interactions.COLUMN) with a numeric column."""


class MetricAttributionSettings(Adoptable):
    """What recommendations bring: metrics in CloudWatch, and reports in S3."""

    metrics: Annotated[dict[MetricName, AttributedMetricSettings], Field(min_length=1, max_length=limits.MAX_METRICS)]
    """At most 10, by names of your choice."""
    reports: Reports | None = None
    """Where imports of interactions also write reports: bucket, or an s3:// folder; null: nowhere."""
    role_arn: RoleArn | None = None
    """The role that a metric attribution uses that is taken over. Needed with adopt, and only with it."""


class ExploreSettings(Section):
    """How `make explore` shows items."""

    title: str | None = None
    """The column of the items with titles; null: TITLE or NAME, if there is one."""
    genres: str | None = None
    """The column of the items with genres; null: GENRES, if there is one."""


class MaxWaitSettings(Section):
    """The longest a deployment waits for one of them, in seconds."""

    imports: Wait = limits.IMPORT_MAX_WAIT_HOURS * 3600
    """For one import, such as 2h: 1h to 48h."""
    recommenders: Wait = limits.RECOMMENDER_MAX_WAIT_HOURS * 3600
    """For one recommender, such as 4h: 1h to 48h."""
    trainings: Wait = limits.TRAINING_MAX_WAIT_HOURS * 3600
    """For one training, such as 6h: 1h to 48h."""

    @property
    def is_one_for_all(self) -> bool:
        """Whether all of them are waited for equally long, as a single value says."""
        return self.imports == self.recommenders == self.trainings


def _by_kind(value: object) -> object:
    """A single value, such as 4h, stands for imports, recommenders and trainings alike."""
    if (isinstance(value, dict) and value) or isinstance(value, MaxWaitSettings):
        return value
    seconds_of(value)
    return dict.fromkeys(MaxWaitSettings.model_fields, value)


MaxWait = Annotated[MaxWaitSettings, BeforeValidator(_by_kind, json_schema_input_type=MaxWaitSettings | Wait)]


def _given(what: str) -> BeforeValidator:
    """A setting that may only be left out altogether; empty, it is a mistake."""

    def check(value: object) -> object:
        if value is None:
            raise ValueError(f"must be {what}, but is empty.")
        return value

    return BeforeValidator(check)


def _without_null(schema: dict[str, Any]) -> None:
    """Tell editors that a setting cannot be empty."""
    schema |= schema.pop("anyOf")[0]
    del schema["default"]


class Settings(Section):
    """Everything that config/<env>.yaml says."""

    model_config = ConfigDict(json_schema_extra={"anyOf": [{"required": ["existing"]}, {"required": list(OWN_DATA)}]})

    app_name: AppName
    """The beginning of every name, at most 20 letters, digits and hyphens."""
    account: Account | None = None
    """Where to deploy, in quotes; null: the account of the AWS CLI's profile."""
    region: Region | None = None
    """Where to deploy; null: the region of the AWS CLI's profile."""
    tags: Tags = Field(default_factory=dict)
    """Cost-allocation tags of every resource and stack, at most 48."""
    removal_policy: Annotated[Literal["destroy", "retain"] | None, _given("'destroy' or 'retain'")] = Field(
        default=None, json_schema_extra=_without_null
    )
    """What `cdk destroy` does with the resources that hold data."""
    max_wait: MaxWait = MaxWaitSettings()
    """The longest a deployment waits for one import, recommender or training. A single value is for all three."""
    allow_replacement: bool = False
    """Allow a change that loses imported data."""
    existing: Existing | None = None
    """A dataset group that others look after: recommenders, ranking and filters are made in it; null: an own one."""
    dataset_group: DatasetGroupSettings = DatasetGroupSettings()
    """The dataset group, if it is taken over."""
    data: Annotated[Data | None, _given("text")] = Field(default=None, json_schema_extra=_without_null)
    """sample: the files that `make data` writes. s3://bucket/folder/: interactions.csv, items.csv, users.csv in it."""
    data_version: Version = "1"
    """Change this to import again from the same location."""
    datasets: Annotated[DatasetsSettings | None, _given("a section of settings")] = Field(
        default=None, json_schema_extra=_without_null
    )
    """The datasets, and what is imported into them."""
    recommenders: Annotated[dict[OutputName, RecommenderSettings], Field(max_length=limits.MAX_RECOMMENDERS)] = Field(
        default_factory=dict
    )
    """At most 5, by names of your choice: more_like_x becomes the output RecommenderMoreLikeXArn."""
    ranking: RankingSettings | None = None
    """Re-ranks a list of items for a user; null: not at all."""
    filters: Annotated[dict[OutputName, Filter], Field(max_length=limits.MAX_FILTERS)] = Field(default_factory=dict)
    """Filters that requests can name: unwatched becomes the output FilterUnwatchedArn."""
    event_tracker: EventTracker = Field(default=None, json_schema_extra={"default": False})
    """Clients can record events as they happen (PutEvents)."""
    metric_attribution: MetricAttributionSettings | None = None
    """What recommendations bring: metrics in CloudWatch, which bills each; null: none."""
    operations: OperationsSettings | None = None
    """What runs by itself between deployments: refreshes, schedules, notices; null: nothing."""
    encryption_key: KeyArn | None = None
    """ARN of the KMS key for the dataset group and the app's bucket; null: AWS's own key."""
    data_encryption_key_arn: KeyArn | None = None
    """ARN of the KMS key that encrypts your data in other buckets."""
    explore: ExploreSettings = ExploreSettings()
    """Which columns of the items `make explore` shows. Nothing is deployed from it."""
    bucket_policy_conditions: bool = True
    """Let Personalize read the bucket only when it acts for this account."""
    tag_conditions: bool = True
    """Let the provider change only resources that carry the tag of one of this app's stacks."""
    log_retention_days: LogRetention = 30
    """How many days to keep the functions' logs."""
    _env: str = PrivateAttr(default="")

    @property
    def env(self) -> str:
        """Name of the environment."""
        return self._env

    @property
    def prefix(self) -> str:
        """Beginning of every name: `<app_name>-<env>`."""
        return f"{self.app_name}-{self.env}"

    @property
    def parameter_path(self) -> str:
        """Beginning of the SSM parameters' names."""
        return f"/{self.app_name}/{self.env}"

    @property
    def used_datasets(self) -> dict[str, DatasetSettings]:
        """The datasets that the settings have, by dataset type; none with `existing`."""
        return self.datasets.used if self.datasets else {}

    def location_of(self, dataset_type: str) -> str | None:
        """s3:// location of a dataset's data; None if it is the sample."""
        own = self.used_datasets[dataset_type].data_location
        if own or self.data == SAMPLE:
            return own
        return f"{self.data}{dataset_type.lower()}.csv"

    def data_version_of(self, dataset_type: str) -> str:
        """Version of a dataset's data."""
        return self.used_datasets[dataset_type].data_version or self.data_version

    @property
    def publishes_reports(self) -> bool:
        """Whether imports of interactions write reports of the metric attribution."""
        return self.metric_attribution is not None and self.metric_attribution.reports is not None

    @property
    def refreshed(self) -> dict[str, Refreshed]:
        """What a refresh imports, by dataset type; empty without operations."""
        if self.operations is None:
            return {}
        chosen = self.operations.refresh.datasets
        named = {kind.upper(): one for kind, one in chosen.items()} or dict.fromkeys(
            self.used_datasets, RefreshedDatasetSettings()
        )
        return {kind: self._refreshed(kind, named[kind]) for kind in self.used_datasets if kind in named}

    def _refreshed(self, kind: str, chosen: RefreshedDatasetSettings) -> Refreshed:
        location = chosen.data_location or self.location_of(kind)
        # Files beside the sample would replace it.
        mode = self.used_datasets[kind].import_mode if location else "INCREMENTAL"
        return Refreshed(location, f"incoming/{kind.lower()}/", chosen.import_mode or mode)


@dataclass(frozen=True)
class Refreshed:
    """What a refresh imports into a dataset.

    Attributes:
        location: an s3:// file or folder; None: `folder`.
        folder: of the app's bucket.
        import_mode: FULL or INCREMENTAL.
    """

    location: str | None
    folder: str
    import_mode: str


# -- loading -----------------------------------------------------------------------------------------------------


def load_settings(env: str, config_directory: Path = CONFIG_DIRECTORY) -> Settings:
    """Read the settings of an environment.

    Args:
        env: name of the environment, at most 10 letters, digits and hyphens.
        config_directory: where the files are; schema files are relative to it.

    Raises:
        SettingsError: something is wrong; one line for each mistake.
    """
    file = _file_of(env, config_directory)
    try:
        settings = Settings.model_validate(read_settings(file))
    except ValidationError as error:
        raise _error(file, (sentence(detail, Settings) for detail in error.errors())) from None
    settings._env = env
    mistakes = list(check_settings(settings, config_directory))
    if mistakes:
        raise _error(file, mistakes)
    return settings


def _file_of(env: str, config_directory: Path) -> Path:
    """The settings file of an environment; checks that it exists."""
    file = config_directory / f"{env}.yaml"
    if not re.fullmatch(rf"[A-Za-z0-9][A-Za-z0-9-]{{0,{limits.ENV_MAX_LENGTH - 1}}}", env):
        raise SettingsError(
            f"env: '{one_line(env)}' must be 1 to {limits.ENV_MAX_LENGTH} letters, digits and hyphens. Use -c env=NAME."
        )
    if not config_directory.is_dir():
        raise SettingsError(one_line(f"config_dir: there is no folder {config_directory}. Correct the path."))
    if not file.is_file():
        known = ", ".join(sorted(path.stem for path in config_directory.glob("*.yaml"))) or "none"
        raise SettingsError(one_line(f"env: there is no file {file}. Environments in {config_directory}: {known}."))
    return file


def _error(file: Path, mistakes: Iterable[str]) -> SettingsError:
    """All mistakes of a file, each once, one a line."""
    return SettingsError("\n".join(one_line(f"{file}: {mistake}") for mistake in dict.fromkeys(mistakes)))
