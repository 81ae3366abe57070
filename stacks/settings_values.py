"""The values that settings may have: what each must look like, and the sentence if it does not.

Texts, numbers and names by themselves; what sections are made of them is in settings.py. The bounds are those of
stacks/personalize/limits.py, which has their sources.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field, GetJsonSchemaHandler, WithJsonSchema
from pydantic.fields import FieldInfo
from pydantic_core import CoreSchema

from stacks.personalize import limits, summed_column, tag_mistake
from stacks.settings_file import is_control
from stacks.settings_sentences import shown

SAMPLE = "sample"
BUCKET = "bucket"


@dataclass(frozen=True, eq=False)
class _Rule(AfterValidator):
    """A check, and as much of it as JSON Schema can say, for editors."""

    json_schema: Mapping[str, Any]

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        return {**handler(schema), **self.json_schema}


def _matching(pattern: str, rule: str) -> AfterValidator:
    def check(value: str) -> str:
        if not re.fullmatch(pattern, value):
            raise ValueError(f"'{value}' must be {rule}.")
        return value

    return _Rule(check, {"pattern": f"^({pattern})$"})


def _within(bounds: tuple[float, float]) -> FieldInfo:
    """A range, bounds included."""
    low, high = bounds
    return Field(ge=low, le=high)


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


def seconds_of(value: object) -> object:
    """`90m` and `4h` as seconds."""
    match = re.fullmatch(_DURATION, value) if isinstance(value, str) else None
    if not match:
        raise ValueError(f"{shown(value)} must be a number of minutes or hours, such as 90m or 4h.")
    seconds = int(match[1]) * (60 if match[2] == "m" else 3600)
    low, high = MAX_WAIT_RANGE
    if not low <= seconds <= high:
        raise ValueError(f"'{value}' must be {low // 3600}h to {high // 3600}h.")
    return seconds


def _visible(value: str) -> str:
    """Refuse what a reviewer cannot see, where the service has no use for it: line breaks, and bidirectional marks."""
    if value.isspace():
        raise ValueError("must not be empty.")
    hidden = next(filter(is_control, value), None)
    if hidden is None:
        return value
    if hidden in "\t\n":
        raise ValueError(f"'{value}' must be one line of text.")
    raise ValueError(f"'{value}' contains the character U+{ord(hidden):04X}, which cannot be seen. Remove it.")


_LOCATION = r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/.*"


def _location(value: str) -> str:
    found = re.fullmatch(_LOCATION, value)
    if not found:
        raise ValueError(f"'{value}' must be a location such as s3://bucket/folder/.")
    if re.search(r"\.[.-]|-\.|^\d+(\.\d+){3}$", found[1]):
        raise ValueError(
            f"'{found[1]}' cannot be the name of a bucket: a dot must be between letters or digits, and an IP "
            "address is not allowed. Correct it."
        )
    if "${" in value:
        raise ValueError(f"'{value}' contains ${{, but placeholders do not work here. Write the location itself.")
    if len(value) > limits.S3_LOCATION_MAX_LENGTH:
        raise ValueError(f"has {len(value)} characters, at most {limits.S3_LOCATION_MAX_LENGTH} are allowed.")
    return value


def _folder_or(word: str) -> AfterValidator:
    def check(value: str) -> str:
        if value == word:
            return value
        if not value.startswith("s3://"):
            raise ValueError(f"'{value}' must be {word} or a folder such as s3://bucket/folder/.")
        if not value.endswith("/"):
            raise ValueError(f"'{value}' must be a folder and end in a slash.")
        return _location(value)

    return _Rule(check, {"pattern": f"^({word}|{_LOCATION.removesuffix('.*')}(.*/)?)$"})


def _metric_expression(value: str) -> str:
    summed_column(value)
    return value


def _text(value: object) -> object:
    """YAML reads an unquoted 1 as a number; as a version or trigger it is text."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def one_of(value: str, known: Collection[str], what: str) -> str:
    """The value, if it is one of those that are known."""
    if value not in known:
        raise ValueError(f"'{value}' is not {what}. Use one of {', '.join(known)}.")
    return value


def _one_of(known: Collection[str], what: str) -> AfterValidator:
    return _Rule(lambda value: one_of(value, known, what), {"enum": list(known)})


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


def _hyper_parameters_in_json_schema() -> dict[str, Any]:
    """What editors know of the hyperparameters of all recipes together."""
    known = {name: kind for recipe in limits.RANKING_RECIPES.values() for name, kind in recipe.hyper_parameters.items()}
    return {
        "additionalProperties": False,
        "properties": {
            name: {"type": ["boolean", "string"]}
            if isinstance(kind, limits.Boolean)
            else {"type": "integer", "minimum": kind.minimum, "maximum": kind.maximum}
            for name, kind in known.items()
        },
    }


def _log_retention(days: int) -> int:
    if days not in limits.LOG_RETENTION_DAYS:
        raise ValueError(f"{days} must be one of {', '.join(map(str, limits.LOG_RETENTION_DAYS))}.")
    return days


# No page says how long a training may take; a deployment waits for two days at most.
MAX_WAIT_RANGE = (3600, 48 * 3600)
_DURATION = r"([0-9]{1,6})(m|h)"
_ARN = r"arn:aws[a-z-]*:personalize:[a-z]{2}(-[a-z]+)+-\d:\d{12}:"
_NAME = r"[a-zA-Z0-9][a-zA-Z0-9_-]"

AppName = Annotated[
    str,
    _matching(
        rf"[A-Za-z][A-Za-z0-9-]{{0,{limits.APP_NAME_MAX_LENGTH - 1}}}",
        f"1 to {limits.APP_NAME_MAX_LENGTH} letters, digits and hyphens, and begin with a letter",
    ),
    AfterValidator(_not_reserved),
]
Region = Annotated[
    str,
    _matching(r"[a-z]{2}(-[a-z]+)+-[0-9]", "a region such as eu-west-1"),
    _Rule(_region, {"enum": list(limits.REGIONS)}),
]
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
ResourceName = Annotated[
    str,
    _matching(
        rf"{_NAME}{{0,{limits.NAME_MAX_LENGTH - 1}}}",
        f"1 to {limits.NAME_MAX_LENGTH} letters, digits, '-' or '_', and begin with a letter or digit",
    ),
]
GroupName = Annotated[
    str,
    _matching(
        rf"({_ARN}dataset-group/)?{_NAME}{{0,{limits.NAME_MAX_LENGTH - 1}}}",
        "the name of a dataset group, or its ARN, arn:aws:personalize:REGION:ACCOUNT:dataset-group/NAME",
    ),
]
RoleArn = Annotated[
    str,
    _matching(
        r"arn:aws[a-z-]*:iam::\d{12}:role/[A-Za-z0-9+=,.@_/-]+", "the ARN of a role, arn:aws:iam::ACCOUNT:role/NAME"
    ),
]
VersionId = Annotated[
    str,
    _matching(
        r"\$LATEST|[A-Za-z0-9_-]{1,64}",
        "the last part of a solution version's ARN, in quotes if it has digits only, or $LATEST",
    ),
]
Version = Annotated[
    str,
    BeforeValidator(_text),
    Field(min_length=1, max_length=100),
    _Rule(_visible, {"type": ["string", "integer"]}),
]
Wait = Annotated[int, BeforeValidator(seconds_of), WithJsonSchema({"type": "string", "pattern": f"^{_DURATION}$"})]
Throughput = Annotated[int, Field(ge=limits.MIN_TPS, le=limits.MAX_TPS)]
Columns = Annotated[list[str], Field(max_length=limits.MAX_LISTED_COLUMNS)]
Expression = Annotated[str, Field(min_length=1, max_length=limits.FILTER_EXPRESSION_MAX_LENGTH)]
Location = Annotated[
    str,
    AfterValidator(_visible),
    _Rule(_location, {"pattern": f"^{_LOCATION}$", "maxLength": limits.S3_LOCATION_MAX_LENGTH}),
]
Folder = Annotated[Location, _matching(r".*/", "a folder and end in a slash")]
VersionArn = Annotated[
    str,
    _matching(
        rf"{_ARN}solution/[a-zA-Z0-9_-]+/[a-zA-Z0-9_-]+",
        "the ARN of a solution version, arn:aws:personalize:REGION:ACCOUNT:solution/NAME/ID",
    ),
]
Data = Annotated[str, AfterValidator(_visible), _folder_or(SAMPLE)]
Reports = Annotated[str, AfterValidator(_visible), _folder_or(BUCKET)]
SchemaFile = Annotated[str, Field(min_length=1), AfterValidator(_visible)]
Account = Annotated[str, _matching(r"[0-9]{12}", "12 digits in quotes")]
VodRecipe = Annotated[str, _one_of(limits.VOD_USE_CASES, "a recipe of the VIDEO_ON_DEMAND domain")]
RankingRecipe = Annotated[str, _one_of(limits.RANKING_RECIPES, "a ranking recipe")]
RankingMetric = Annotated[str, _one_of(limits.RANKING_METRICS, "a metric of the ranking recipes")]
MetricName = Annotated[str, Field(min_length=1, max_length=limits.METRIC_NAME_MAX_LENGTH), AfterValidator(_visible)]
MetricExpression = Annotated[
    str, _Rule(_metric_expression, {"examples": ["SAMPLECOUNT()", "SUM(Items.COLUMN)", "SUM(Interactions.COLUMN)"]})
]
EventType = Annotated[str, Field(min_length=1, max_length=limits.EVENT_TYPE_MAX_LENGTH), AfterValidator(_visible)]
TrainingDays = Annotated[int, _within(limits.AUTO_TRAINING_DAYS_RANGE)]
EventWeight = Annotated[float, _within(limits.EVENT_WEIGHT_RANGE)]
ExplorationWeight = Annotated[float, _within(limits.EXPLORATION_WEIGHT_RANGE)]
ExplorationAge = Annotated[float, Field(ge=limits.EXPLORATION_ITEM_AGE_CUT_OFF_MIN)]
MetricValue = Annotated[float, _within(limits.METRIC_RANGE)]
Tolerance = Annotated[float, Field(ge=0, lt=1)]
LogRetention = Annotated[int, _Rule(_log_retention, {"enum": list(limits.LOG_RETENTION_DAYS)})]
TagKey = Annotated[str, Field(min_length=1, max_length=limits.TAG_KEY_MAX_LENGTH)]
# The API of CloudFormation, whose stacks carry the tags too, takes no empty value (Tag).
TagValue = Annotated[str, Field(min_length=1, max_length=limits.TAG_VALUE_MAX_LENGTH)]
Tags = Annotated[
    dict[TagKey, TagValue],
    Field(max_length=limits.MAX_TAGS - len(limits.OWNERSHIP_TAGS)),
    AfterValidator(_valid_tags),
]
# As much as says that somebody has written an address; the first mail asks its reader to confirm.
Email = Annotated[str, AfterValidator(_visible), _matching(r"[^@\s]+@[^@\s]+\.[^@\s]+", "an e-mail address")]
# What each recipe takes is checked with the recipe.
HyperParameters = Annotated[dict[str, Any], Field(json_schema_extra=_hyper_parameters_in_json_schema())]
