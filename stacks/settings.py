"""The settings of an environment: config/<env>.yaml, checked against the service's limits.

Every mistake becomes one line that names the field, says what is wrong and what to do.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    PrivateAttr,
    ValidationError,
    model_validator,
)

from stacks.personalize import avro, check_filter, filter_columns, limits, tag_mistake
from stacks.settings_checks import check_datasets, check_keys, check_names
from stacks.settings_file import SettingsError, one_line, read_schema, read_settings
from stacks.settings_sentences import sentence, shown

CONFIG_DIRECTORY = Path(__file__).parents[1] / "config"
SAMPLE = "sample"

DatasetType = Literal["INTERACTIONS", "ITEMS", "USERS"]


# -- values ------------------------------------------------------------------------------------------------------


def _matching(pattern: str, rule: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"'{value}' must be {rule}.")
        return value

    return AfterValidator(check)


def _not_reserved(app_name: str) -> str:
    for start, what in limits.RESERVED_APP_NAMES.items():
        if app_name.lower().startswith(start):
            raise ValueError(f"'{app_name}' begins with {start}, and the name of {what} cannot. Choose another name.")
    return app_name


def _region(value: str) -> str:
    if value not in limits.REGIONS:
        raise ValueError(f"'{value}' has no Amazon Personalize. Use one of {', '.join(limits.REGIONS)}.")
    return value


def _short_enough(name: str) -> str:
    if len(name) > limits.SETTING_NAME_MAX_LENGTH:
        raise ValueError(
            f"'{name}' has {len(name)} characters, at most {limits.SETTING_NAME_MAX_LENGTH} are allowed. Shorten it."
        )
    return name


def _seconds(value: object) -> object:
    """`90m` and `4h` as seconds."""
    match = re.fullmatch(r"([0-9]{1,6})(m|h)", value) if isinstance(value, str) else None
    if not match:
        raise ValueError(f"{shown(value)} must be a number of minutes or hours, such as 90m or 4h.")
    seconds = int(match[1]) * (60 if match[2] == "m" else 3600)
    low, high = MAX_WAIT_RANGE
    if not low <= seconds <= high:
        raise ValueError(f"'{value}' must be {low // 3600}h to {high // 3600}h.")
    return seconds


def _location(value: str) -> str:
    found = re.fullmatch(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/.*", value)
    if not found:
        raise ValueError(f"'{value}' must be a location such as s3://bucket/folder/.")
    if re.search(r"\.[.-]|-\.|^\d+(\.\d+){3}$", found[1]):
        raise ValueError(
            f"'{found[1]}' cannot be the name of a bucket: a dot stands between letters or digits, and an IP "
            "address is none. Correct it."
        )
    if "${" in value:
        raise ValueError(f"'{value}' holds ${{, and nothing is filled in here. Write the location itself.")
    if len(value) > limits.S3_LOCATION_MAX_LENGTH:
        raise ValueError(f"has {len(value)} characters, at most {limits.S3_LOCATION_MAX_LENGTH} are allowed.")
    return value


def _data(value: str) -> str:
    if value == SAMPLE:
        return value
    if not value.startswith("s3://"):
        raise ValueError(f"'{value}' must be {SAMPLE} or a folder such as s3://bucket/folder/.")
    if not value.endswith("/"):
        raise ValueError(f"'{value}' must be a folder and end in a slash.")
    return _location(value)


def _text(value: object) -> object:
    """YAML reads an unquoted 1 as a number; as a version or trigger it is text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


# No page says how long a training may take; a deployment waits for two days at most.
MAX_WAIT_RANGE = (3600, 48 * 3600)

AppName = Annotated[
    str,
    _matching(
        rf"[A-Za-z][A-Za-z0-9-]{{0,{limits.APP_NAME_MAX_LENGTH - 1}}}",
        f"1 to {limits.APP_NAME_MAX_LENGTH} letters, digits and hyphens, and begin with a letter",
    ),
    AfterValidator(_not_reserved),
]
Region = Annotated[str, _matching(r"[a-z]{2}(-[a-z]+)+-[0-9]", "a region such as eu-west-1"), AfterValidator(_region)]
OutputName = Annotated[
    str,
    _matching(r"[a-z][a-z0-9]*(_[a-z0-9]+)*", "in snake_case: lower-case letters and digits, words joined by _"),
    AfterValidator(_short_enough),
]
KeyArn = Annotated[
    str,
    _matching(
        r"arn:aws[a-z-]*:kms:[a-z]{2}(-[a-z]+)+-\d:\d{12}:key/"
        r"([0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}|mrk-[0-9a-f]{32})",
        "the ARN of a KMS key, arn:aws:kms:REGION:ACCOUNT:key/ID, and not that of an alias",
    ),
]
Version = Annotated[
    str, BeforeValidator(_text), Field(min_length=1, max_length=100), _matching(r"[^\t\n]*", "one line of text")
]
Wait = Annotated[int, BeforeValidator(_seconds)]
Throughput = Annotated[int, Field(ge=limits.MIN_TPS, le=limits.MAX_TPS)]
Columns = Annotated[list[str], Field(max_length=limits.MAX_LISTED_COLUMNS)]
Expression = Annotated[str, Field(min_length=1, max_length=limits.FILTER_EXPRESSION_MAX_LENGTH)]


# -- sections ----------------------------------------------------------------------------------------------------


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True, allow_inf_nan=False)


class DatasetSettings(_Section):
    """A dataset and what is imported into it."""

    schema_file: Annotated[str, Field(min_length=1)]
    data_location: Annotated[str, AfterValidator(_location)] | None = None
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
        """By dataset type, those that are there."""
        all_of_them = {"INTERACTIONS": self.interactions, "ITEMS": self.items, "USERS": self.users}
        return {kind: settings for kind, settings in all_of_them.items() if settings is not None}


class ItemExplorationSettings(_Section):
    """How much to try items with few interactions."""

    exploration_weight: Annotated[
        float, Field(ge=limits.EXPLORATION_WEIGHT_RANGE[0], le=limits.EXPLORATION_WEIGHT_RANGE[1], strict=False)
    ] = 0.3
    exploration_item_age_cut_off: Annotated[float, Field(ge=limits.EXPLORATION_ITEM_AGE_CUT_OFF_MIN, strict=False)] = 30


class _Trained(_Section):
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


def _vod_recipe(recipe: str) -> str:
    return _one_of(recipe, limits.VOD_USE_CASES, "a recipe of the VIDEO_ON_DEMAND domain")


def _ranking_recipe(recipe: str) -> str:
    return _one_of(recipe, limits.RANKING_RECIPES, "a ranking recipe")


def _one_of(value: str, known: Mapping[str, object], what: str) -> str:
    if value not in known:
        raise ValueError(f"'{value}' is not {what}. Use one of {', '.join(known)}.")
    return value


class RecommenderSettings(_Trained):
    """A recommender."""

    recipe: Annotated[str, AfterValidator(_vod_recipe)]
    min_recommendation_requests_per_second: Throughput = 1
    item_exploration_config: ItemExplorationSettings | None = None
    enable_metadata_with_recommendations: bool = False

    @model_validator(mode="after")
    def _explores(self) -> RecommenderSettings:
        if self.item_exploration_config and not limits.VOD_USE_CASES[self.recipe].explores:
            raise ValueError(f"recipe '{self.recipe}' does not explore. Remove item_exploration_config.")
        return self


RankingWeight = Annotated[
    float, Field(ge=limits.RANKING_INFLUENCE_RANGE[0], le=limits.RANKING_INFLUENCE_RANGE[1], strict=False)
]


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

    weight: Annotated[
        float | None, Field(ge=limits.EVENT_WEIGHT_RANGE[0], le=limits.EVENT_WEIGHT_RANGE[1], strict=False)
    ] = None
    event_value_threshold: Annotated[float | None, Field(strict=False)] = None


def _ranking_metric(name: str) -> str:
    return _one_of(name, dict.fromkeys(limits.RANKING_METRICS), "a metric of the ranking recipes")


class QualityGateSettings(_Section):
    """What a newly trained version must reach to serve."""

    minimums: dict[
        Annotated[str, AfterValidator(_ranking_metric)], Annotated[float, Field(ge=0, le=1, strict=False)]
    ] = Field(default_factory=dict)
    compare_with_deployed: bool = False
    tolerance: Annotated[float, Field(ge=0, lt=1, strict=False)] = limits.GATE_TOLERANCE
    compared_metrics: Annotated[list[Annotated[str, AfterValidator(_ranking_metric)]], Field(min_length=1)] = Field(
        default_factory=lambda: list(limits.GATE_METRICS)
    )
    fail_on_other_data: bool = False


class RankingSettings(_Trained):
    """Re-ranking: solution, solution version, quality gate and campaign."""

    recipe: Annotated[str, AfterValidator(_ranking_recipe)]
    auto_training_days: (
        Annotated[int, Field(ge=limits.AUTO_TRAINING_DAYS_RANGE[0], le=limits.AUTO_TRAINING_DAYS_RANGE[1])] | None
    ) = None
    training_trigger: Version = "1"
    events_config: (
        Annotated[
            dict[Annotated[str, Field(min_length=1, max_length=limits.EVENT_TYPE_MAX_LENGTH)], EventSettings],
            Field(max_length=limits.MAX_EVENT_PARAMETERS),
        ]
        | None
    ) = None
    algorithm_hyper_parameters: dict[str, Any] = Field(default_factory=dict)
    perform_hpo: bool = False
    campaign: CampaignSettings = CampaignSettings()
    quality_gate: QualityGateSettings = QualityGateSettings()

    @model_validator(mode="after")
    def _automatic_trainings_serve(self) -> RankingSettings:
        if self.auto_training_days is not None and not self.campaign.follow_latest:
            raise ValueError(
                "auto_training_days makes versions that cost money and that the campaign does not serve. Set "
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
            _one_of(name, recipe.hyper_parameters, f"a hyperparameter of '{self.recipe}'")
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


TagKey = Annotated[str, Field(min_length=1, max_length=limits.TAG_KEY_MAX_LENGTH)]
# The API of CloudFormation, whose stacks carry the tags too, takes no empty value (Tag).
TagValue = Annotated[str, Field(min_length=1, max_length=limits.TAG_VALUE_MAX_LENGTH)]


def _valid_tags(tags: dict[str, str]) -> dict[str, str]:
    by_lower_case: dict[str, str] = {}
    for key, value in tags.items():
        if mistake := tag_mistake(key, value):
            raise ValueError(mistake)
        # IAM user guide, "Tags for AWS Identity and Access Management resources".
        other = by_lower_case.setdefault(key.lower(), key)
        if other != key:
            raise ValueError(f"'{key}' and '{other}' are the same key to IAM, whose roles carry them. Remove one.")
    return tags


def _log_retention(days: int) -> int:
    if days not in limits.LOG_RETENTION_DAYS:
        raise ValueError(f"{days} must be one of {', '.join(map(str, limits.LOG_RETENTION_DAYS))}.")
    return days


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
    _seconds(value)
    return dict.fromkeys(MaxWaitSettings.model_fields, value)


class Settings(_Section):
    """Everything that config/<env>.yaml says."""

    app_name: AppName
    account: Annotated[str, _matching(r"[0-9]{12}", "12 digits in quotes")] | None = None
    region: Region | None = None
    tags: Annotated[
        dict[TagKey, TagValue],
        Field(max_length=limits.MAX_TAGS - len(limits.OWNERSHIP_TAGS)),
        AfterValidator(_valid_tags),
    ] = Field(default_factory=dict)
    removal_policy: Literal["destroy", "retain"]
    max_wait: Annotated[MaxWaitSettings, BeforeValidator(_by_kind)] = MaxWaitSettings()
    allow_replacement: bool = False
    data: Annotated[str, AfterValidator(_data)]
    data_version: Version = "1"
    datasets: DatasetsSettings
    recommenders: Annotated[dict[OutputName, RecommenderSettings], Field(max_length=limits.MAX_RECOMMENDERS)] = Field(
        default_factory=dict
    )
    ranking: RankingSettings | None = None
    filters: Annotated[dict[OutputName, Expression], Field(max_length=limits.MAX_FILTERS)] = Field(default_factory=dict)
    event_tracker: bool = False
    encryption_key: KeyArn | None = None
    data_encryption_key_arn: KeyArn | None = None
    bucket_policy_conditions: bool = True
    tag_conditions: bool = True
    log_retention_days: Annotated[int, AfterValidator(_log_retention)] = 30
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
    try:
        settings = Settings.model_validate(read_settings(file))
    except ValidationError as error:
        sentences = dict.fromkeys(sentence(detail, Settings) for detail in error.errors())
        raise SettingsError("\n".join(one_line(f"{file}: {each}") for each in sentences)) from None
    settings._env = env
    mistakes = dict.fromkeys(_check_together(settings, config_directory))
    if mistakes:
        raise SettingsError("\n".join(one_line(f"{file}: {mistake}") for mistake in mistakes))
    return settings


def _check_together(settings: Settings, config_directory: Path) -> Iterator[str]:
    """Mistakes that no field has by itself."""
    yield from check_names(settings)
    yield from check_datasets(settings)
    yield from check_keys(settings, settings.region)
    readable = True
    for kind, dataset in settings.datasets.used.items():
        where = f"datasets.{kind.lower()}.schema_file"
        try:
            dataset.read_schema(config_directory)
        except ValueError as error:
            readable = False
            yield f"{where}: {error}"
            continue
        problems = avro.check_schema(dataset.schema_document, kind)
        readable = readable and not problems
        yield from (f"{where}: {problem}" for problem in problems)
    if readable:
        yield from _check_columns(settings)
    yield from _check_filters(settings, with_columns=readable)


def _check_columns(settings: Settings) -> Iterator[str]:
    trained: dict[str, _Trained] = {f"recommenders.{name}": each for name, each in settings.recommenders.items()}
    if settings.ranking:
        trained["ranking"] = settings.ranking
    for where, each in trained.items():
        yield from _check_known(settings, f"{where}.excluded_dataset_columns", each.excluded_by_type)
        yield from _check_known(settings, f"{where}.included_dataset_columns", each.included_by_type)
        for kind, columns in each.excluded_by_type.items():
            path = f"{where}.excluded_dataset_columns.{kind.lower()}"
            for column in columns:
                if column in limits.ALWAYS_TRAINED_ON:
                    yield f"{path}: '{column}' cannot be left out of training. Remove it from the list."
                if column in each.included_by_type.get(kind, ()):
                    yield f"{path}: '{column}' is in included_dataset_columns as well. Remove it from one of them."


def _check_known(settings: Settings, where: str, columns_by_type: Mapping[str, list[str]]) -> Iterator[str]:
    for kind, columns in columns_by_type.items():
        known = _columns(settings, kind)
        for column in columns:
            if column not in known:
                path = f"{where}.{kind.lower()}"
                yield f"{path}: '{column}' is not a column of that dataset. It has {', '.join(known) or 'none'}."


def _check_filters(settings: Settings, with_columns: bool) -> Iterator[str]:
    schemas = {kind: avro.fields(dataset.schema_document) for kind, dataset in settings.datasets.used.items()}
    for name, expression in settings.filters.items():
        mistakes = check_filter(expression, schemas if with_columns else None)
        yield from (f"filters.{name}: {mistake}" for mistake in mistakes)
    used = set[str]().union(*map(filter_columns, settings.filters.values()))
    if len(used) > limits.FILTERS_MAX_FIELDS:
        yield (
            f"filters: use {len(used)} distinct columns, at most {limits.FILTERS_MAX_FIELDS} are allowed in all "
            "filters together. Use fewer columns."
        )


def _columns(settings: Settings, dataset_type: str) -> list[str]:
    dataset = settings.datasets.used.get(dataset_type)
    return list(avro.fields(dataset.schema_document)) if dataset else []
