"""The settings of an environment: config/<env>.yaml, checked against the service's limits.

Every mistake becomes one line that names the field, says what is wrong and what to do. What single values must look
like is in settings_values.py, what several settings must agree on in settings_checks.py.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PrivateAttr, ValidationError, model_validator

from stacks.personalize import limits
from stacks.settings_checks import check_settings
from stacks.settings_file import SettingsError, one_line, read_schema, read_settings
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
    Expression,
    KeyArn,
    Location,
    LogRetention,
    MetricExpression,
    MetricName,
    MetricValue,
    OutputName,
    RankingMetric,
    RankingRecipe,
    RankingWeight,
    Region,
    Reports,
    SchemaFile,
    Tags,
    Throughput,
    Tolerance,
    TrainingDays,
    Version,
    VodRecipe,
    Wait,
    one_of,
    seconds_of,
)

CONFIG_DIRECTORY = Path(__file__).parents[1] / "config"


# -- sections ----------------------------------------------------------------------------------------------------


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class DatasetSettings(_Section):
    """A dataset and what is imported into it."""

    schema_file: SchemaFile
    data_location: Location | None = None
    data_version: Version = ""
    import_mode: Literal["FULL", "INCREMENTAL"] = "FULL"
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


class DatasetsSettings(_Section):
    """The datasets of the dataset group."""

    interactions: DatasetSettings
    items: DatasetSettings | None = None
    users: DatasetSettings | None = None

    @property
    def used(self) -> dict[str, DatasetSettings]:
        """The datasets that the settings have, by dataset type."""
        all_of_them = {"INTERACTIONS": self.interactions, "ITEMS": self.items, "USERS": self.users}
        return {kind: settings for kind, settings in all_of_them.items() if settings is not None}


class ItemExplorationSettings(_Section):
    """How much to try items with few interactions."""

    exploration_weight: ExplorationWeight = 0.3
    exploration_item_age_cut_off: ExplorationAge = 30


class Trained(_Section):
    """What a recommender and a solution have in common."""

    excluded_dataset_columns: dict[Literal["interactions", "items", "users"], Columns] = Field(default_factory=dict)
    included_dataset_columns: dict[Literal["interactions", "items", "users"], Columns] = Field(default_factory=dict)

    @property
    def excluded_by_type(self) -> dict[str, list[str]]:
        """Excluded columns by dataset type as the API names it."""
        return {kind.upper(): columns for kind, columns in self.excluded_dataset_columns.items()}

    @property
    def included_by_type(self) -> dict[str, list[str]]:
        """Included columns by dataset type as the API names it."""
        return {kind.upper(): columns for kind, columns in self.included_dataset_columns.items()}


class RecommenderSettings(Trained):
    """A recommender."""

    recipe: VodRecipe
    min_recommendation_requests_per_second: Throughput = 1
    item_exploration_config: ItemExplorationSettings | None = None
    enable_metadata_with_recommendations: bool = False

    @model_validator(mode="after")
    def _explores(self) -> RecommenderSettings:
        if self.item_exploration_config and not limits.VOD_USE_CASES[self.recipe].explores:
            raise ValueError(f"recipe '{self.recipe}' does not explore. Remove item_exploration_config.")
        return self


class CampaignSettings(_Section):
    """The campaign."""

    follow_latest: bool = False
    min_provisioned_tps: Throughput = 1
    enable_metadata_with_recommendations: bool = False
    ranking_influence: dict[Literal["popularity", "freshness"], RankingWeight] = Field(default_factory=dict)

    @property
    def influence_by_factor(self) -> dict[str, float]:
        """Influences on the ranking as the API names them."""
        return {factor.upper(): weight for factor, weight in self.ranking_influence.items()}


class EventSettings(_Section):
    """How much events of a type count."""

    weight: EventWeight | None = None
    event_value_threshold: float | None = None


EventsConfig = Annotated[dict[EventType, EventSettings], Field(max_length=limits.MAX_EVENT_PARAMETERS)]


class QualityGateSettings(_Section):
    """What a newly trained version must reach to serve."""

    minimums: dict[RankingMetric, MetricValue] = Field(default_factory=dict)
    compare_with_deployed: bool = False
    tolerance: Tolerance = limits.GATE_TOLERANCE
    compared_metrics: Annotated[list[RankingMetric], Field(min_length=1)] = Field(
        default_factory=lambda: list(limits.GATE_METRICS)
    )
    fail_on_other_data: bool = False


class RankingSettings(Trained):
    """Re-ranking: solution, solution version, quality gate and campaign."""

    recipe: RankingRecipe
    auto_training_days: TrainingDays | None = None
    training_trigger: Version = "1"
    events_config: EventsConfig | None = None
    algorithm_hyper_parameters: dict[str, Any] = Field(default_factory=dict)
    perform_hpo: bool = False
    campaign: CampaignSettings = CampaignSettings()
    quality_gate: QualityGateSettings = QualityGateSettings()

    @model_validator(mode="after")
    def _automatic_trainings_serve(self) -> RankingSettings:
        if self.auto_training_days is not None and not self.campaign.follow_latest:
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


class AttributedMetricSettings(_Section):
    """What a metric counts or sums."""

    event_type: EventType
    expression: MetricExpression


class MetricAttributionSettings(_Section):
    """What recommendations bring: metrics in CloudWatch, and reports in S3."""

    metrics: Annotated[dict[MetricName, AttributedMetricSettings], Field(min_length=1, max_length=limits.MAX_METRICS)]
    reports: Reports | None = None


class MaxWaitSettings(_Section):
    """The longest a deployment waits for one of them, in seconds."""

    imports: Wait = limits.IMPORT_MAX_WAIT_HOURS * 3600
    recommenders: Wait = limits.RECOMMENDER_MAX_WAIT_HOURS * 3600
    trainings: Wait = limits.TRAINING_MAX_WAIT_HOURS * 3600

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


class Settings(_Section):
    """Everything that config/<env>.yaml says."""

    app_name: AppName
    account: Account | None = None
    region: Region | None = None
    tags: Tags = Field(default_factory=dict)
    removal_policy: Literal["destroy", "retain"]
    max_wait: Annotated[MaxWaitSettings, BeforeValidator(_by_kind)] = MaxWaitSettings()
    allow_replacement: bool = False
    data: Data
    data_version: Version = "1"
    datasets: DatasetsSettings
    recommenders: Annotated[dict[OutputName, RecommenderSettings], Field(max_length=limits.MAX_RECOMMENDERS)] = Field(
        default_factory=dict
    )
    ranking: RankingSettings | None = None
    filters: Annotated[dict[OutputName, Expression], Field(max_length=limits.MAX_FILTERS)] = Field(default_factory=dict)
    event_tracker: bool = False
    metric_attribution: MetricAttributionSettings | None = None
    encryption_key: KeyArn | None = None
    data_encryption_key_arn: KeyArn | None = None
    bucket_policy_conditions: bool = True
    tag_conditions: bool = True
    log_retention_days: LogRetention = 30
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

    def location_of(self, dataset_type: str) -> str | None:
        """s3:// location of a dataset's data; None if it is the sample."""
        own = self.datasets.used[dataset_type].data_location
        if own or self.data == SAMPLE:
            return own
        return f"{self.data}{dataset_type.lower()}.csv"

    def data_version_of(self, dataset_type: str) -> str:
        """Version of a dataset's data."""
        return self.datasets.used[dataset_type].data_version or self.data_version


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
