"""Datasets, and the replacement of their schemas."""

from __future__ import annotations

from collections.abc import Iterable

from tools.conformance.run import Run
from tools.conformance.step import Expected, Step

from .materials import EXISTS, FIELDS, IN_USE, INVALID, Field, field, optional, refused, schema, taken
from .schemas import VOD

_ADDED = optional("SEASON")


def _create(run: Run) -> None:
    for group in ("vod", "custom"):
        for noun in FIELDS:
            made = run.personalize.create_dataset(
                name=run.name(f"{group}-{noun.lower()}"),
                datasetGroupArn=run.recall(group),
                datasetType=noun,
                schemaArn=run.recall(f"{group}-{noun}-schema"),
            )
            run.remember(f"{group}-{noun}", made["datasetArn"])
    for group in ("vod", "custom"):
        for noun in FIELDS:
            run.settled("Dataset", run.recall(f"{group}-{noun}"))


def _type_again(run: Run) -> None:
    run.ask(
        run.personalize.create_dataset,
        name=run.name("again"),
        datasetGroupArn=run.recall("vod"),
        datasetType="ITEMS",
        schemaArn=run.recall("vod-Items-schema"),
    )


def _misfits(run: Run) -> None:
    for name, group, noun, key in (
        ("other-domain", "vod", "Items", "custom-Items-schema"),
        ("no-domain", "custom", "Items", "vod-Items-schema"),
        ("other-type", "custom", "Users", "custom-Items-schema"),
        ("unknown-type", "custom", "Films", "custom-Items-schema"),
    ):
        taken_after_all = run.ask(
            run.personalize.create_dataset,
            name=run.name(name),
            datasetGroupArn=run.recall(group),
            datasetType=noun,
            schemaArn=run.recall(key),
        )
        if taken_after_all:
            _delete(run, taken_after_all["datasetArn"])


def _delete(run: Run, dataset: str) -> None:
    run.settled("Dataset", dataset)
    run.personalize.delete_dataset(datasetArn=dataset)
    run.settled("Dataset", dataset)


def _add_column(run: Run) -> None:
    dataset = run.recall("vod-Items")
    wider = _schema(run, "wider", "Items", (*FIELDS["Items"], _ADDED))
    run.personalize.update_dataset(datasetArn=dataset, schemaArn=wider)
    # While the first is under way.
    run.ask(run.personalize.update_dataset, datasetArn=dataset, schemaArn=wider)
    run.settled("Dataset", dataset)
    run.note(
        "the dataset has the new schema",
        run.personalize.describe_dataset(datasetArn=dataset)["dataset"]["schemaArn"] == wider,
        expected=True,
    )


def _refuse_replacement(run: Run) -> None:
    items, plain = run.recall("custom-Items"), FIELDS["Items"]
    changed = [field("GENRES") if each["name"] == "GENRES" else each for each in plain]
    for name, dataset, noun, fields in (
        ("more-events", run.recall("custom-Interactions"), "Interactions", (*FIELDS["Interactions"], _ADDED)),
        ("less", items, "Items", plain[:-1]),
        ("required", items, "Items", (*plain, field("SEASON"))),
        ("no-category", items, "Items", changed),
    ):
        made = _schema(run, name, noun, fields, domain="")
        run.ask(run.personalize.update_dataset, datasetArn=dataset, schemaArn=made)
    run.ask(run.personalize.update_dataset, datasetArn=items, schemaArn=run.recall("vod-Items-schema"))
    run.ask(run.personalize.update_dataset, datasetArn=items, schemaArn=run.recall("custom-Users-schema"))
    run.settled("Dataset", run.recall("custom-Interactions"))
    run.settled("Dataset", items)


def _go_back(run: Run) -> None:
    run.ask(
        run.personalize.update_dataset, datasetArn=run.recall("vod-Items"), schemaArn=run.recall("vod-Items-schema")
    )
    run.settled("Dataset", run.recall("vod-Items"))


def _same_schema(run: Run) -> None:
    users = run.recall("custom-Users")
    run.ask(run.personalize.update_dataset, datasetArn=users, schemaArn=run.recall("custom-Users-schema"))
    run.settled("Dataset", users)


def _schema(run: Run, name: str, noun: str, fields: Iterable[Field], domain: str = VOD) -> str:
    options = {"domain": domain} if domain else {}
    made = run.personalize.create_schema(name=run.name(name), schema=schema(noun, fields), **options)
    return str(made["schemaArn"])


STEPS = (
    Step(
        "datasets.misfits",
        "Makes datasets whose schema has another domain or type.",
        _misfits,
        rules=("datasets.fit_schema",),
        needs=("groups.domain", "groups.custom", "schemas.created"),
        expects=refused("CreateDataset", INVALID, 4),
    ),
    Step(
        "datasets.created",
        "Makes datasets of interactions, items and users in a group with a domain and in one without.",
        _create,
        rules=("statuses.order", "datasets.fit_schema"),
        needs=("datasets.misfits",),
        minutes=2,
        expects=(
            *taken("CreateDataset", 6),
            Expected("DescribeDataset", members=("dataset.datasetType", "dataset.schemaArn", "dataset.status")),
        ),
    ),
    Step(
        "datasets.type_again",
        "Makes a second dataset of a type in a group.",
        _type_again,
        rules=("requests.unique_names",),
        needs=("datasets.created",),
        expects=refused("CreateDataset", EXISTS),
    ),
    Step(
        "datasets.column_added",
        "Replaces the schema of items by one with a column more, and tries another update meanwhile.",
        _add_column,
        rules=("datasets.schema_replaced", "statuses.updates", "statuses.dataset_updates", "statuses.one_update"),
        needs=("datasets.created",),
        minutes=3,
        expects=(
            Expected("UpdateDataset", which=0),
            Expected("UpdateDataset", IN_USE, which=1),
            Expected("DescribeDataset", members=("dataset.latestDatasetUpdate.status",)),
        ),
    ),
    Step(
        "datasets.replacement_refused",
        "Replaces schemas by others that lose, change or require a field, or are of another domain or type.",
        _refuse_replacement,
        rules=("datasets.schema_replaced",),
        needs=("datasets.created",),
        minutes=1,
        expects=refused("UpdateDataset", INVALID, 6),
    ),
    Step(
        "datasets.schema_back",
        "Gives items the schema back that lacks the new column.",
        _go_back,
        rules=("datasets.no_schema_back",),
        needs=("datasets.column_added",),
        expects=refused("UpdateDataset", INVALID),
    ),
    Step(
        "datasets.same_schema",
        "Replaces the schema of users by itself.",
        _same_schema,
        rules=("statuses.no_change",),
        needs=("datasets.created",),
        minutes=2,
    ),
)
