"""Checks an Avro schema against the rules of Amazon Personalize before anything is deployed.

CreateSchema refuses a bad schema only once the deployment is under way, and accepts some that
the import or the recommender refuses an hour later. The rules are those of the developer
guide: "Creating schema JSON files for Amazon Personalize schemas" (format, types, names),
"VIDEO_ON_DEMAND datasets and schemas" (required and reserved fields) and "Amazon Personalize
endpoints and quotas" (numbers of fields).

The emulator has a reader of its own (tools/emulator/avro.py), because it knows nothing of this project, and because the
two answer different questions: this one names every mistake before a deployment, also those that only an import or a
training finds; that one refuses what CreateSchema refuses, for any domain. A test holds that it takes whatever this one
finds right. All other tools read schemas by this one.
"""

from __future__ import annotations

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from . import limits
from .domain import VideoOnDemand

NUMERIC_TYPES = frozenset({"float", "double", "int", "long"})
FIELD_TYPES = NUMERIC_TYPES | {"string", "boolean"}


@dataclass(frozen=True)
class _Rule:
    """What a required or reserved field must look like."""

    type: str
    nullable: bool = False
    attribute: str | None = None  # "categorical", "textual" or neither

    def __str__(self) -> str:
        kind = f"{self.attribute} {self.type}" if self.attribute else self.type
        return f"{kind} or null" if self.nullable else kind


@dataclass(frozen=True)
class _DatasetRules:
    record_name: str
    required: Mapping[str, _Rule]
    reserved: Mapping[str, _Rule]

    @property
    def special(self) -> Mapping[str, _Rule]:
        return {**self.required, **self.reserved}


_CATEGORY = _Rule("string", nullable=True, attribute="categorical")

# "VIDEO_ON_DEMAND datasets and schemas", table of required fields and reserved keywords.
_VIDEO_ON_DEMAND: Mapping[str, _DatasetRules] = {
    "INTERACTIONS": _DatasetRules(
        record_name="Interactions",
        required={
            "USER_ID": _Rule("string"),
            "ITEM_ID": _Rule("string"),
            "TIMESTAMP": _Rule("long"),
            "EVENT_TYPE": _Rule("string"),
        },
        reserved={
            "EVENT_VALUE": _Rule("float", nullable=True),
            "IMPRESSION": _Rule("string", nullable=True),
            "RECOMMENDATION_ID": _Rule("string", nullable=True),
            "EVENT_ATTRIBUTION_SOURCE": _Rule("string", nullable=True),
        },
    ),
    "ITEMS": _DatasetRules(
        record_name="Items",
        required={
            "ITEM_ID": _Rule("string"),
            "GENRES": _Rule("string", attribute="categorical"),
            "CREATION_TIMESTAMP": _Rule("long"),
        },
        reserved={
            "PRICE": _Rule("float", nullable=True),
            "DURATION": _Rule("float", nullable=True),
            "GENRE_L2": _CATEGORY,
            "GENRE_L3": _CATEGORY,
            "AVERAGE_RATING": _Rule("float", nullable=True),
            "PRODUCT_DESCRIPTION": _Rule("string", nullable=True, attribute="textual"),
            "CONTENT_OWNER": _CATEGORY,
            "CONTENT_CLASSIFICATION": _CATEGORY,
        },
    ),
    "USERS": _DatasetRules(
        record_name="Users",
        required={"USER_ID": _Rule("string")},
        reserved={"SUBSCRIPTION_MODEL": _CATEGORY},
    ),
}


@dataclass(frozen=True)
class Field:
    """One well-formed field of a schema: a single type, null aside."""

    name: str
    type: str
    nullable: bool
    categorical: bool
    textual: bool

    def fits(self, rule: _Rule) -> bool:
        return (
            self.type == rule.type
            and (rule.nullable or not self.nullable)
            and self.categorical == (rule.attribute == "categorical")
            and self.textual == (rule.attribute == "textual")
        )

    def __str__(self) -> str:
        attributes = [name for name in ("categorical", "textual") if getattr(self, name)]
        kind = " ".join([*attributes, self.type])
        return f"{kind} or null" if self.nullable else kind


def canonical(schema: Mapping[str, Any]) -> str:
    """Returns the schema as JSON that depends only on its content, not on layout or key order.

    The order of the fields is content: it is that of the columns in the CSV files.

    Args:
        schema: the parsed schema document.
    """
    return json.dumps(schema, sort_keys=True, separators=(",", ":"), ensure_ascii=False)


def fields(schema: Mapping[str, Any]) -> dict[str, Field]:
    """Returns the fields of a schema by name; those `check_schema` would call malformed are left out.

    Args:
        schema: the parsed schema document.
    """
    raw = schema.get("fields")
    if not isinstance(raw, Sequence) or isinstance(raw, str):
        return {}
    parsed = (_parse_field(field) for field in raw)
    return {field.name: field for field in parsed if isinstance(field, Field)}


def check_schema(schema: Mapping[str, Any], dataset_type: str, domain: str = VideoOnDemand.DOMAIN) -> list[str]:
    """Checks an Avro schema for a dataset of a domain dataset group.

    Args:
        schema: the parsed schema document.
        dataset_type: INTERACTIONS, ITEMS or USERS, in any case.
        domain: only VIDEO_ON_DEMAND is known.

    Returns:
        One sentence for each mistake; empty when the schema is good.

    Raises:
        ValueError: the dataset type or the domain is not known.
    """
    if domain != VideoOnDemand.DOMAIN:
        raise ValueError(f"no schema rules for domain {domain!r}, only for {VideoOnDemand.DOMAIN}")
    rules = _VIDEO_ON_DEMAND.get(dataset_type.upper())
    if rules is None:
        raise ValueError(f"dataset type {dataset_type!r} is not one of {', '.join(_VIDEO_ON_DEMAND)}")
    if not isinstance(schema, Mapping):
        return ["The schema must be a JSON object."]
    return [*_check_record(schema, rules), *_check_fields(schema, rules)]


def _check_record(schema: Mapping[str, Any], rules: _DatasetRules) -> Iterator[str]:
    if schema.get("type") != "record":
        yield '"type" must be "record".'
    name = schema.get("name")
    if not isinstance(name, str) or name.casefold() != rules.record_name.casefold():
        yield f'"name" must be "{rules.record_name}", the type of the dataset (it is {json.dumps(name)}).'
    if not isinstance(schema.get("namespace"), str):
        yield '"namespace" must be a string, such as "com.amazonaws.personalize.schema".'
    # May be left out: Avro knows no such key, and the schemas of AWS's own solution "Maintaining Personalized
    # Experiences with Machine Learning" have none (its sample_config.json).
    if not isinstance(schema.get("version", ""), str):
        yield '"version" must be a string, such as "1.0".'
    length = len(canonical(schema))
    if length > limits.SCHEMA_MAX_LENGTH:
        yield f"The schema is {length} characters long, at most {limits.SCHEMA_MAX_LENGTH} are allowed."


def _check_fields(schema: Mapping[str, Any], rules: _DatasetRules) -> Iterator[str]:
    raw = schema.get("fields")
    if not isinstance(raw, Sequence) or isinstance(raw, str) or not raw:
        yield '"fields" must be a list of at least one field.'
        return
    parsed = [_parse_field(field) for field in raw]
    yield from (problem for problem in parsed if isinstance(problem, str))
    good = [field for field in parsed if isinstance(field, Field)]
    names = _names(raw)
    yield from _check_names(names)
    yield from _check_required(names, rules)
    for field in good:
        yield from _check_field(field, rules)
    yield from _check_metadata(good, rules)


def _parse_field(raw: Any) -> Field | str:
    """Returns the field, or a sentence that says why there is none."""
    if not isinstance(raw, Mapping) or not isinstance(raw.get("name"), str) or raw.get("type") is None:
        return f'Every field must be an object with a "name" and a "type", unlike {_shorten(raw)}.'
    types = _types(raw)
    mistake = _attribute_mistake(raw) or _type_mistake(types, raw["type"])
    if mistake:
        return f"{raw['name']}: {mistake}"
    (type_,) = (each for each in types if each != "null")
    return Field(
        name=raw["name"],
        type=type_,
        nullable="null" in types,
        categorical=raw.get("categorical", False),
        textual=raw.get("textual", False),
    )


def _types(field: Mapping[str, Any]) -> list[Any]:
    """What a field says its type is: one, or several of which null may be one."""
    declared = field["type"]
    return list(declared) if isinstance(declared, Sequence) and not isinstance(declared, str) else [declared]


def _attribute_mistake(field: Mapping[str, Any]) -> str | None:
    for attribute in ("categorical", "textual"):
        if not isinstance(field.get(attribute, False), bool):
            return f'"{attribute}" must be true or false, without quotes.'
    return None


def _type_mistake(types: Sequence[Any], declared: object) -> str | None:
    if any(not isinstance(type_, str | None) for type_ in types):
        return "nested types, arrays and maps are not supported, use a string with | between values."
    actual = [type_ for type_ in types if type_ != "null"]
    unknown = [type_ for type_ in actual if type_ not in FIELD_TYPES]
    if unknown:
        allowed = ", ".join(sorted(FIELD_TYPES))
        return f"type {_shorten(unknown[0])} is not supported, use one of {allowed}, or null with one of them."
    if len(actual) != 1 or len(set(types)) != len(types):
        return f"must have exactly one type besides null (it has {_shorten(declared)})."
    return None


def _names(raw: Sequence[Any]) -> list[str]:
    """Names of all fields that have one, well-formed or not."""
    return [field["name"] for field in raw if isinstance(field, Mapping) and isinstance(field.get("name"), str)]


def _check_names(names: Sequence[str]) -> Iterator[str]:
    seen: dict[str, str] = {}
    for name in names:
        if not re.fullmatch(limits.COLUMN_NAME_PATTERN, name) or len(name) > limits.COLUMN_NAME_MAX_LENGTH:
            yield (
                f"{name}: a field name has letters, digits and underscores, does not begin with a digit "
                f"and has at most {limits.COLUMN_NAME_MAX_LENGTH} characters."
            )
        # The service compares names by their alphanumeric characters alone; that case does not tell them apart
        # either is inferred from filters, which take columns in any case.
        key = name.replace("_", "").upper()
        if key in seen and seen[key] == name:
            yield f"{name}: appears twice."
        elif key in seen:
            yield (
                f"{name}: differs from {seen[key]} only in underscores or case, so to the service it is the same name."
            )
        seen.setdefault(key, name)


def _check_required(names: Sequence[str], rules: _DatasetRules) -> Iterator[str]:
    for name, rule in rules.required.items():
        if name in names:
            continue
        others = [other for other in names if other not in rules.special]
        close = difflib.get_close_matches(name, others, n=1)
        hint = f" Is it {close[0]}, misspelt?" if close else ""
        yield f"{name}: this field is required, as {rule}.{hint}"


def _check_field(field: Field, rules: _DatasetRules) -> Iterator[str]:
    rule = rules.special.get(field.name)
    if rule is None:
        yield from _check_attributes(field, rules)
    elif not field.fits(rule):
        kind = "required" if field.name in rules.required else "reserved"
        yield f"{field.name}: this {kind} field must be {rule} (it is {field})."


def _check_attributes(field: Field, rules: _DatasetRules) -> Iterator[str]:
    """What may be categorical or textual, among the fields that are the user's own."""
    if (field.categorical or field.textual) and field.type != "string":
        attribute = "categorical" if field.categorical else "textual"
        yield f"{field.name}: only a string can be {attribute} (it is {field.type})."
    if field.categorical and field.textual:
        yield f"{field.name}: cannot be both categorical and textual."
    if field.textual and rules.record_name != "Items":
        yield f"{field.name}: only an Items dataset can have a textual field."


def _check_metadata(good: Sequence[Field], rules: _DatasetRules) -> Iterator[str]:
    dataset_type = rules.record_name.upper()
    metadata = [field for field in good if field.name not in rules.special]
    allowed = limits.MAX_METADATA_FIELDS[dataset_type]
    if len(metadata) > allowed:
        yield f"There are {len(metadata)} metadata fields, at most {allowed} are allowed in {rules.record_name}."
    textual = [field.name for field in good if field.textual]
    if len(textual) > limits.MAX_TEXTUAL_FIELDS:
        yield f"{textual[1]}: only one field can be textual, and {textual[0]} already is."
    if dataset_type == "USERS" and not any(_is_user_metadata(field) for field in good):
        yield "Users must have at least one metadata field, a categorical string or a number."


def _is_user_metadata(field: Field) -> bool:
    if field.name == "USER_ID":
        return False
    return field.type in NUMERIC_TYPES or (field.type == "string" and field.categorical)


def _shorten(value: Any) -> str:
    text = json.dumps(value, default=str)
    return text if len(text) <= 60 else text[:57] + "..."
