"""Schemas, and which of them the service accepts."""

from __future__ import annotations

from collections.abc import Mapping

from tools.conformance.run import Run
from tools.conformance.step import Expected, Step

from .materials import FIELDS, INVALID, field, optional, refused, schema, taken

VOD = "VIDEO_ON_DEMAND"
_USER, _ITEM, _TIME = field("USER_ID"), field("ITEM_ID"), field("TIMESTAMP", "long")
_MINIMAL = (_USER, _ITEM, _TIME)


def _create(run: Run) -> None:
    for noun in FIELDS:
        for domain, options in {"vod": {"domain": VOD}, "custom": {}}.items():
            name = run.name(f"{domain}-{noun.lower()}")
            made = run.personalize.create_schema(name=name, schema=schema(noun), **options)
            run.remember(f"{domain}-{noun}-schema", made["schemaArn"])


def _describe(run: Run) -> None:
    arn = run.recall("vod-Items-schema")
    text = run.personalize.describe_schema(schemaArn=arn)["schema"]["schema"]
    run.note("the text comes back as it was sent", text == schema("Items"), expected=True)


def _broken(run: Run) -> None:
    _try(
        run,
        {
            "no-json": "{",
            "no-record": schema("Items", type="array"),
            "unknown-name": schema("Interactions", name="Films"),
            "no-fields": schema("Items", []),
            "unknown-type": schema("Interactions", (*_MINIMAL, field("KIND", "bytes"))),
            "two-types": schema("Interactions", (*_MINIMAL, field("KIND", ["string", "long"]))),
            "dash": schema("Interactions", (*_MINIMAL, field("A-B"))),
            "not-unique": schema("Interactions", (*_MINIMAL, field("A_B"), field("AB"))),
        },
    )


def _without_required(run: Run) -> None:
    _try(
        run,
        {
            "no-user": schema("Interactions", (_ITEM, _TIME)),
            "null-item": schema("Interactions", (_USER, optional("ITEM_ID"), _TIME)),
            "int-time": schema("Interactions", (_USER, _ITEM, field("TIMESTAMP", "int"))),
            "no-metadata": schema("Items", (_ITEM,)),
        },
    )
    _try(
        run,
        {
            "no-event": schema("Interactions", _MINIMAL),
            "no-genres": schema("Items", (_ITEM, field("CREATION_TIMESTAMP", "long"))),
            "genres-no-category": schema("Items", (_ITEM, field("GENRES"), field("CREATION_TIMESTAMP", "long"))),
        },
        VOD,
    )


def _unusual(run: Run) -> None:
    """What we believe only of the page, and check before a deployment: whether the service minds is not known."""
    numbers = [optional(f"NUMBER{number}", "int") for number in range(26)]
    _try(
        run,
        {
            "event-type-long": schema("Interactions", (*_MINIMAL, field("EVENT_TYPE", "long"))),
            "user-plain-text": schema("Users", (_USER, field("NICKNAME"))),
            "six-metadata": schema("Interactions", (*_MINIMAL, *numbers[:6])),
            "users-26": schema("Users", (_USER, *numbers)),
            "two-texts": schema("Items", (_ITEM, optional("A", textual=True), optional("B", textual=True))),
            "text-of-user": schema("Users", (_USER, field("AGE", "int"), optional("A", textual=True))),
        },
    )


def _try(run: Run, texts: Mapping[str, str], domain: str = "") -> None:
    options = {"domain": domain} if domain else {}
    for name, text in texts.items():
        run.ask(run.personalize.create_schema, name=run.name(name), schema=text, **options)


STEPS = (
    Step(
        "schemas.created",
        "Makes schemas of interactions, items and users, in the domain and without one.",
        _create,
        rules=("schemas.avro", "schemas.required_fields"),
        expects=taken("CreateSchema", 6),
    ),
    Step(
        "schemas.described",
        "Reads a schema back: is its text the one that was sent?",
        _describe,
        rules=("schemas.avro",),
        needs=("schemas.created",),
        expects=(Expected("DescribeSchema", members=("schema.schema", "schema.domain", "schema.creationDateTime")),),
    ),
    Step(
        "schemas.broken",
        "Makes schemas that are no Avro records as the service wants them.",
        _broken,
        rules=("schemas.avro",),
        expects=refused("CreateSchema", INVALID, 8),
    ),
    Step(
        "schemas.without_required",
        "Makes schemas that lack what their type or domain requires.",
        _without_required,
        rules=("schemas.required_fields",),
        expects=refused("CreateSchema", INVALID, 7),
    ),
    Step(
        "schemas.unusual",
        "Makes schemas with reserved fields of other types, and more metadata and texts than the quotas allow.",
        _unusual,
        rules=("schemas.reserved_fields", "schemas.metadata_fields"),
    ),
)
