"""Finds mistakes that one field alone does not show: equal names, missing datasets, unknown columns."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from stacks.outputs import pascal
from stacks.personalize import avro, check_filter, filter_columns, limits, summed_column
from stacks.settings_adoption_checks import check_adoption
from stacks.settings_operations_checks import check_operations

if TYPE_CHECKING:
    from stacks.settings import DatasetSettings, Settings, Trained

# In config/prod.yaml, until somebody fills in the bucket that the data is in.
PLACEHOLDER_BUCKET = "my-company-vod-data"
STANDS_FOR_A_BUCKET = f"{PLACEHOLDER_BUCKET} stands for a bucket of yours. Write the name of that bucket."
_METADATA = "enable_metadata_with_recommendations"
# Constructs that the CDK itself adds to a stack.
_IDS_OF_THE_CDK = frozenset({"BootstrapVersion", "CheckBootstrapVersion", "CDKMetadata"})
# Either is what a construct stands for, so that none can have both (constructs, Node.defaultChild).
_ONE_TO_THE_CDK = frozenset({"Default", "Resource"})


def check_settings(settings: Settings, config_directory: Path) -> Iterator[str]:
    """All of them.

    Args:
        settings: the settings, whose schemas this reads.
        config_directory: what names of schema files are relative to.
    """
    yield from check_adoption(settings)
    yield from _check_names(settings)
    yield from _check_datasets(settings)
    if settings.existing is None:
        yield from check_operations(settings)
    yield from check_keys(settings, settings.region)
    mistakes = [each for item in settings.used_datasets.items() for each in _check_schema(*item, config_directory)]
    yield from mistakes
    # What columns an existing group has, only its owner knows.
    knows_columns = not mistakes and settings.existing is None
    if knows_columns:
        yield from _check_columns(settings)
        yield from _check_explored(settings)
        yield from _check_metrics(settings)
    yield from _check_filters(settings, knows_columns)


def _check_schema(dataset_type: str, dataset: DatasetSettings, config_directory: Path) -> Iterator[str]:
    where = f"datasets.{dataset_type.lower()}.schema_file"
    try:
        dataset.read_schema(config_directory)
    except ValueError as error:
        yield f"{where}: {error}"
        return
    yield from (f"{where}: {problem}" for problem in avro.check_schema(dataset.schema_document, dataset_type))


def _check_names(settings: Settings) -> Iterator[str]:
    """Find names that become the same in a stack: `genre1` and `genre_1` are both Genre1."""
    recommenders = {name: pascal(name) for name in settings.recommenders}
    filters = {name: f"Filter{pascal(name)}" for name in settings.filters}
    yield from _check_ids("recommenders", {k: _ids(v, f"Recommender{v}Arn") for k, v in recommenders.items()})
    yield from _check_ids("filters", {k: _ids(v, f"{v}Arn") for k, v in filters.items()})


def _check_ids(section: str, ids_by_name: Mapping[str, frozenset[str]]) -> Iterator[str]:
    taken: dict[str, str] = {}
    for name, ids in ids_by_name.items():
        other = next((taken[id] for id in ids if id in taken), None)
        if other:
            yield f"{section}.{name}: becomes the same as '{other}' in the template. Rename one of them."
        if ids & _IDS_OF_THE_CDK:
            yield f"{section}.{name}: is a name that the CDK uses itself. Rename it."
        taken |= dict.fromkeys(ids, name)


def _ids(construct: str, output: str) -> frozenset[str]:
    """Ids of what a recommender or a filter adds to its stack: itself, its output, its parameter."""
    same = _ONE_TO_THE_CDK if construct in _ONE_TO_THE_CDK else {construct}
    return frozenset({*same, output, f"{output}Parameter"})


def check_keys(settings: Settings, region: str | None) -> Iterator[str]:
    """Find keys of another region: S3 and Personalize use only keys of their own region (KMS developer guide).

    Args:
        settings: the settings.
        region: the app's; None if nobody has said yet.
    """
    for field in ("encryption_key", "data_encryption_key_arn"):
        arn = getattr(settings, field)
        _, partition, _, key_region, *_ = arn.split(":") if arn else ("", "", "", "")
        if arn and region and key_region != region:
            yield f"{field}: the key is in {key_region}, but region is {region}. Use a key of that region."
        elif arn and key_region.startswith("cn-") is not (partition == "aws-cn"):
            yield f"{field}: no key of {key_region} has an ARN that begins with arn:{partition}. Correct it."


def check_placeholders(settings: Settings) -> Iterator[str]:
    """Find the bucket that config/prod.yaml names in place of the user's, which may be somebody else's by now.

    The settings can be compared and synthesized all the same, but not deployed: the app says this as the CDK says
    errors, which stop `cdk deploy`.

    Args:
        settings: the settings.
    """
    reports = settings.metric_attribution.reports if settings.metric_attribution else None
    named = {"data": settings.data, "metric_attribution.reports": reports}
    named |= {
        f"datasets.{kind.lower()}.data_location": each.data_location for kind, each in settings.used_datasets.items()
    }
    refreshed = settings.operations.refresh.datasets if settings.operations else {}
    named |= {
        f"operations.refresh.datasets.{name}.data_location": each.data_location for name, each in refreshed.items()
    }
    yield from (f"{where}: {STANDS_FOR_A_BUCKET}" for where, location in named.items() if is_placeholder(location))


def is_placeholder(location: str | None) -> bool:
    """Whether an s3:// location is in the bucket that stands for one of the user's."""
    return location is not None and location.startswith(f"s3://{PLACEHOLDER_BUCKET}/")


def _check_datasets(settings: Settings) -> Iterator[str]:
    """Find datasets that are needed and missing; the interactions dataset is always there."""
    existing = settings.existing
    there = set(existing.dataset_types if existing else settings.used_datasets) | {"INTERACTIONS"}
    for user, needed, why in _needed_datasets(settings):
        for dataset_type in needed:
            if dataset_type not in there:
                kind = dataset_type.lower()
                where = f"existing.datasets: {kind}" if existing else f"datasets.{kind}:"
                yield f"{where} is missing, and {user} {why} it. Add it, or remove {user}."


def _needed_datasets(settings: Settings) -> Iterator[tuple[str, tuple[str, ...], str]]:
    """Who needs which datasets, and why."""
    for name, each in settings.recommenders.items():
        user = f"recommenders.{name}"
        yield user, limits.VOD_USE_CASES[each.recipe].datasets, "trains on"
        if each.enable_metadata_with_recommendations:
            yield f"{user}.{_METADATA}", ("ITEMS",), "returns columns of"
    if settings.ranking and settings.ranking.campaign.enable_metadata_with_recommendations:
        yield f"ranking.campaign.{_METADATA}", ("ITEMS",), "returns columns of"
    for name, (dataset_type, _) in _summed_columns(settings).items():
        yield f"metric_attribution.metrics.{name}", (dataset_type,), "sums a column of"


def _summed_columns(settings: Settings) -> dict[str, tuple[str, str]]:
    """Dataset type and column that metrics of the metric attribution sum, by metric."""
    metrics = settings.metric_attribution.metrics if settings.metric_attribution else {}
    summed = {name: summed_column(each.expression) for name, each in metrics.items()}
    return {name: column for name, column in summed.items() if column}


def _check_metrics(settings: Settings) -> Iterator[str]:
    """Metrics sum numeric columns only (developer guide, "Creating an Amazon Personalize metric attribution")."""
    for name, (dataset_type, column) in _summed_columns(settings).items():
        dataset = settings.used_datasets.get(dataset_type)
        known = avro.fields(dataset.schema_document) if dataset else {}
        numeric = [each for each, field in known.items() if field.type in avro.NUMERIC_TYPES]
        if dataset and column.upper() not in (each.upper() for each in numeric):
            yield (
                f"metric_attribution.metrics.{name}.expression: '{column}' is not a numeric column of the "
                f"{dataset_type.lower()} dataset. It has {', '.join(numeric) or 'none'}."
            )


def _check_columns(settings: Settings) -> Iterator[str]:
    trained: dict[str, Trained] = {f"recommenders.{name}": each for name, each in settings.recommenders.items()}
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


def _check_explored(settings: Settings) -> Iterator[str]:
    known = _columns(settings, "ITEMS")
    if not known:
        return
    for field in ("title", "genres"):
        column = getattr(settings.explore, field)
        if column is not None and column not in known:
            yield f"explore.{field}: '{column}' is not a column of the items dataset. It has {', '.join(known)}."


def _check_known(settings: Settings, where: str, columns_by_type: Mapping[str, list[str]]) -> Iterator[str]:
    for kind, columns in columns_by_type.items():
        known = _columns(settings, kind)
        for column in columns:
            if column not in known:
                path = f"{where}.{kind.lower()}"
                yield f"{path}: '{column}' is not a column of that dataset. It has {', '.join(known) or 'none'}."


def _check_filters(settings: Settings, with_columns: bool) -> Iterator[str]:
    schemas = {kind: avro.fields(dataset.schema_document) for kind, dataset in settings.used_datasets.items()}
    expressions = {name: each.expression for name, each in settings.filters.items()}
    for name, expression in expressions.items():
        mistakes = check_filter(expression, schemas if with_columns else None)
        yield from (f"filters.{name}: {mistake}" for mistake in mistakes)
    used = set[str]().union(*map(filter_columns, expressions.values()))
    if len(used) > limits.FILTERS_MAX_FIELDS:
        yield (
            f"filters: use {len(used)} distinct columns, at most {limits.FILTERS_MAX_FIELDS} are allowed in all "
            "filters together. Use fewer columns."
        )


def _columns(settings: Settings, dataset_type: str) -> list[str]:
    dataset = settings.used_datasets.get(dataset_type)
    return list(avro.fields(dataset.schema_document)) if dataset else []
