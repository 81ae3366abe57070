"""Tags: how many, in which form, and of what."""

from __future__ import annotations

from tools.conformance.run import Run
from tools.conformance.step import Expected, Step

from .materials import INVALID, VALIDATION, refused

_MOST = 50


def _tag(run: Run) -> None:
    group = run.recall("custom")
    run.personalize.tag_resource(resourceArn=group, tags=[_pair("stage", "test"), _pair("Größe", "a_b.c:/=+-@ 1")])
    run.personalize.tag_resource(resourceArn=group, tags=[_pair("stage", "other"), _pair("empty", "")])
    run.personalize.list_tags_for_resource(resourceArn=group)
    run.personalize.untag_resource(resourceArn=group, tagKeys=["stage", "never"])
    run.personalize.list_tags_for_resource(resourceArn=group)


def _tag_wrongly(run: Run) -> None:
    for pair in (
        _pair("aws:stage", "test"),
        _pair("stage", "aws:test"),
        _pair("#", "test"),
        _pair("stage", "a;b"),
        _pair("", "test"),
        _pair("k" * 129, "test"),
        _pair("stage", "v" * 257),
    ):
        run.ask(run.personalize.tag_resource, resourceArn=run.recall("custom"), tags=[pair])


def _tag_too_often(run: Run) -> None:
    group = run.recall("custom")
    keys = [f"key-{number}" for number in range(_MOST + 1)]
    run.ask(run.personalize.tag_resource, resourceArn=group, tags=[_pair(key, "") for key in keys])
    run.ask(run.personalize.tag_resource, resourceArn=group, tags=[_pair(key, "") for key in keys[: _MOST // 2]])
    run.ask(run.personalize.tag_resource, resourceArn=group, tags=[_pair(key, "") for key in keys[_MOST // 2 :]])
    run.ask(run.personalize.untag_resource, resourceArn=group, tagKeys=keys[:_MOST])


def _tag_a_schema(run: Run) -> None:
    schema = run.recall("custom-Items-schema")
    run.ask(run.personalize.tag_resource, resourceArn=schema, tags=[_pair("stage", "test")])
    run.ask(run.personalize.list_tags_for_resource, resourceArn=schema)


def _pair(key: str, value: str) -> dict[str, str]:
    return {"tagKey": key, "tagValue": value}


STEPS = (
    Step(
        "tags.written",
        "Tags a dataset group, changes a tag, removes one, and lists them.",
        _tag,
        rules=("tags.form",),
        needs=("groups.custom",),
        expects=(Expected("ListTagsForResource", members=("tags[].tagKey", "tags[].tagValue")),),
    ),
    Step(
        "tags.wrong_forms",
        "Writes tags that begin with `aws:`, have other characters, or are too long.",
        _tag_wrongly,
        rules=("tags.form",),
        needs=("groups.custom",),
        expects=(
            *(Expected("TagResource", INVALID, which=number) for number in range(2)),
            *(Expected("TagResource", VALIDATION, which=number) for number in range(2, 7)),
        ),
    ),
    Step(
        "tags.too_many",
        f"Writes more than {_MOST} tags, at once and one after the other.",
        _tag_too_often,
        rules=("tags.number",),
        needs=("groups.custom",),
        expects=(
            Expected("TagResource", "TooManyTagsException", which=0),
            Expected("TagResource", which=1),
            Expected("TagResource", "TooManyTagsException", which=2),
        ),
    ),
    Step(
        "tags.schemas",
        "Tags a schema.",
        _tag_a_schema,
        rules=("tags.schemas",),
        needs=("schemas.created",),
        expects=(*refused("TagResource", INVALID), *refused("ListTagsForResource", INVALID)),
    ),
)
