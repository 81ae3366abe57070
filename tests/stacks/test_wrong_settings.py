"""Whatever stands in the files: settings, or one line for each mistake; never another exception."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from stacks.settings import Settings, SettingsError, load_settings
from stacks.settings_file import one_line
from tools.checkout import CHECKOUT

# Settings of the tests' own: those in config/ are the user's.
SCHEMAS = {
    "interactions": ["USER_ID:string", "ITEM_ID:string", "EVENT_TYPE:string", "TIMESTAMP:long"],
    "items": ["ITEM_ID:string", "GENRES:string!", "YEAR:int", "CREATION_TIMESTAMP:long"],
    "users": ["USER_ID:string", "AGE:int"],
}
RIGHT = """\
app_name: vod
account: "123456789012"
region: eu-west-1
tags:
  project: vod
removal_policy: destroy
max_wait: 4h
allow_replacement: false
data: sample
data_version: "1"
datasets:
  interactions:
    schema_file: interactions.avsc
    import_mode: FULL
  items:
    schema_file: items.avsc
  users:
    schema_file: users.avsc
recommenders:
  more:
    recipe: aws-vod-more-like-x
    min_recommendation_requests_per_second: 1
    excluded_dataset_columns: {items: [YEAR]}
  picks:
    recipe: aws-vod-top-picks
    item_exploration_config:
      exploration_weight: 0.3
      exploration_item_age_cut_off: 30
ranking:
  recipe: aws-personalized-ranking
  training_trigger: "1"
  algorithm_hyper_parameters: {bptt: 4}
  campaign:
    min_provisioned_tps: 1
  quality_gate:
    minimums:
      coverage: 0.1
filters:
  genre: 'INCLUDE ItemID WHERE Items.GENRES IN ($GENRES)'
event_tracker: true
metric_attribution:
  metrics:
    years: {event_type: Watch, expression: SUM(Items.YEAR)}
  reports: bucket
"""


def write(folder: Path) -> Path:
    (folder / "test.yaml").write_text(RIGHT)
    for name, fields in SCHEMAS.items():
        (folder / f"{name}.avsc").write_text(schema(name, fields))
    return folder


def schema(name: str, fields: list[str]) -> str:
    written = [
        {"name": field, "type": type_.removesuffix("!"), **({"categorical": True} if type_.endswith("!") else {})}
        for field, _, type_ in (each.partition(":") for each in fields)
    ]
    namespace = "com.amazonaws.personalize.schema"
    return json.dumps(
        {"type": "record", "name": name.title(), "namespace": namespace, "version": "1.0", "fields": written}
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return write(tmp_path)


def mistakes(folder: Path) -> list[str]:
    """The lines of what is wrong, without the file's name, which each must begin with."""
    file = folder / "test.yaml"
    with pytest.raises(SettingsError) as caught:
        load_settings("test", folder)
    lines = str(caught.value).splitlines()
    assert all(line.startswith(f"{file}: ") for line in lines)
    return [line.removeprefix(f"{file}: ") for line in lines]


def test_the_settings_that_the_others_break_are_right(folder: Path) -> None:
    assert load_settings("test", folder).region == "eu-west-1"


# -- files -------------------------------------------------------------------------------------------------------


def with_bytes(before: bytes, after: bytes) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        content = (folder / "test.yaml").read_bytes()
        assert before in content
        (folder / "test.yaml").write_bytes(content.replace(before, after, 1))

    return edit


def with_schema(content: bytes) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        (folder / "items.avsc").write_bytes(content)

    return edit


def a_folder(name: str) -> Callable[[Path], None]:
    def edit(folder: Path) -> None:
        (folder / name).unlink()
        (folder / name).mkdir()

    return edit


ITEMS = "datasets.items.schema_file: 'items.avsc' "


def tag(written: bytes) -> Callable[[Path], None]:
    return with_bytes(b"project: vod", written)


def before_tag(written: bytes) -> Callable[[Path], None]:
    return with_bytes(b"  project", written)


def whole(written: bytes) -> Callable[[Path], None]:
    return with_bytes(RIGHT.encode(), written)


FILES: list[tuple[Callable[[Path], None], str]] = [
    (
        tag("project: café".encode("latin-1")),
        "line 5, column 15: byte 0xE9 is not UTF-8. Save the file as UTF-8.",
    ),
    (with_bytes(b"max_wait", b"\x0cmax_wait"), "line 7, column 1: the character U+000C is not allowed. Remove it."),
    (
        tag(b"project: v\x00od"),
        "line 5, column 13: the character U+0000 is not allowed. Remove it.",
    ),
    (with_bytes(b"app_name", "app_name".encode("utf-16")), "line 1, column 1: byte 0xFF is not UTF-8."),
    (
        tag(rb'project: "v\0od"'),
        "line 5, column 12: the character U+0000 is not allowed. Remove it. Correct the YAML.",
    ),
    (
        tag(rb'project: "v\x1b[2Jod"'),
        "line 5, column 12: the character U+001B is not allowed. Remove it. Correct the YAML.",
    ),
    (tag(rb'project: "\ud800"'), "line 5, column 12: the character U+D800 is not allowed."),
    (
        before_tag(b"  8: vod\n  project"),
        "line 5, column 3: '8' is not the name of a setting; put it",
    ),
    (
        before_tag(b"  on: vod\n  project"),
        "line 5, column 3: 'on' is not the name of a setting; put it",
    ),
    (
        before_tag(b"  ~: vod\n  project"),
        "line 5, column 3: '~' is not the name of a setting; put it",
    ),
    (before_tag(b"  [a]: b\n  project"), "line 5, column 3: a list or section is not the name of a setting;"),
    (
        before_tag(b"  2024-01-01: b\n  project"),
        "line 5, column 3: '2024-01-01' is not the name of a setting;",
    ),
    (before_tag(b"  project: b\n  project"), "line 6, column 3: 'project' appears twice."),
    (with_bytes(b"filters:", b"tags: {}\nfilters:"), "line 38, column 1: 'tags' appears twice. Correct the YAML."),
    (
        tag(b"project: *base"),
        "line 5, column 12: found undefined alias 'base'.",
    ),
    (tag(b"<<: *base"), "line 5, column 7: found undefined alias 'base'. Correct the YAML."),
    (
        tag(b"<<: 5"),
        "line 5, column 7: only a section, or a list of sections, can be merged.",
    ),
    (
        tag(b"project: !vod 5"),
        "line 5, column 12: could not determine",
    ),
    (
        tag(b"project: !!int five"),
        "line 5, column 12: 'five' cannot be read",
    ),
    (
        tag(b"project: !!bool five"),
        "line 5, column 12: 'five' cannot be read",
    ),
    (
        tag(b"project: !!timestamp x"),
        "line 5, column 12: 'x' cannot be read",
    ),
    (
        tag(b"project: !!float x"),
        "line 5, column 12: 'x' cannot be read",
    ),
    (tag(b"project: !!binary x"), "line 5, column 12: failed to decode base64 data"),
    (
        tag(b"project: 2024-13-45"),
        "line 5, column 12: '2024-13-45' cannot be read",
    ),
    (
        tag(b"project: " + b"9" * 5000),
        "line 5, column 12: '9999999999",
    ),
    (tag(b"project: 0x" + b"f" * 5000), "line 5, column 12: '0xffffffff"),
    (
        tag(b"project: !!python/object:os.system x"),
        "line 5, column 12: could not determine",
    ),
    (tag(b"project: ${Token[TOKEN.1]}"), "line 5, column 12: ${Token[ is how the CDK marks its own values. Remove it."),
    (tag(b"project: -1.8881545897087e+289"), "line 5, column 12: '-1.8881545897087e+289' is too large a number"),
    (before_tag(b"\tproject"), "line 5, column 1: found character '\\t' that cannot start any token."),
    (tag(b"project: 'vod"), "line 39, column 11: expected <block end>, but found '<scalar>'."),
    (
        tag(b"project: vod: on"),
        "line 5, column 15: mapping values are not allowed here.",
    ),
    (
        with_bytes(b"filters:", b"---\nfilters:"),
        "line 38, column 1: expected a single document in the stream, but found another document. Correct the YAML.",
    ),
    (
        tag(b"project: " + b"[" * 3000),
        "sections are nested too deeply,",
    ),
    (with_bytes(b"  project: vod", b"  <<: [{a: b}, [c]]"), "line 5, column 16: only a section, or a list of sections"),
    (
        with_bytes(b"tags:\n", b"tags: &a\n  a: *a\n"),
        "tags.a: must be text (in quotes",
    ),
    (whole(b"- app_name"), "the file: must be a section of settings, but is a list."),
    (whole(b"vod"), "the file: must be a section of settings, but is 'vod'."),
    (whole(b""), "app_name: is missing. Add it."),
    (a_folder("test.yaml"), "env: there is no file"),
    (a_folder("items.avsc"), "datasets.items.schema_file: 'items.avsc' cannot be read from"),
    (
        with_schema("{'é'}".encode("latin-1")),
        f"{ITEMS}line 1, column 3: byte 0xE9 is not UTF-8. Save the file as UTF-8.",
    ),
    (with_schema(b"[]"), f"{ITEMS}is not a schema: it must be a JSON object, in braces."),
    (with_schema(b"5"), f"{ITEMS}is not a schema: it must be a JSON object, in braces."),
    (with_schema(b"null"), f"{ITEMS}is not a schema: it must be a JSON object, in braces."),
    (with_schema(b""), f"{ITEMS}is not JSON: line 1, Expecting value."),
    (with_schema(b'{"type": NaN}'), f"{ITEMS}is not JSON: NaN is not a number."),
    (
        with_schema(b'{"a": {\n"type": 1, "type": 2}}'),
        f"{ITEMS}is not JSON: line 1, 'type' appears twice",
    ),
    (with_schema(b"[" * 100_000), f"{ITEMS}is not a schema: it is nested too deeply."),
    (with_schema(b'{"type": ' + b"9" * 5000 + b"}"), f"{ITEMS}"),
    (
        with_schema(b'{"type": "re\x0ccord"}'),
        f"{ITEMS}line 1, column 13: the character U+000C is not allowed. Remove it.",
    ),
    (with_schema(b'{"type": "record", "fields": [5]}'), 'datasets.items.schema_file: "name" must be "Items"'),
    (with_schema(b'{"type": "record", "fields": {"a": "b"}}'), 'datasets.items.schema_file: "name" must be "Items"'),
]


@contextmanager
def pythons_own_limit_of_recursion() -> Iterator[None]:
    """jsonata raises it for the whole process, when other tests use it."""
    limit = sys.getrecursionlimit()
    sys.setrecursionlimit(1000)
    yield
    sys.setrecursionlimit(limit)


@pytest.mark.parametrize(("edit", "beginning"), FILES)
def test_a_file_that_cannot_be_read_is_one_line(folder: Path, edit: Callable[[Path], None], beginning: str) -> None:
    """Case 13."""
    edit(folder)
    if "there is no file" in beginning:
        with pytest.raises(SettingsError, match="there is no file"):
            load_settings("test", folder)
        return
    with pythons_own_limit_of_recursion():
        assert mistakes(folder)[0].startswith(beginning)


def test_a_file_with_a_byte_order_mark_is_read(folder: Path) -> None:
    for name in ("test.yaml", "items.avsc"):
        (folder / name).write_bytes(b"\xef\xbb\xbf" + (folder / name).read_bytes())
    assert load_settings("test", folder).app_name == "vod"


def test_anchors_and_merges_work(folder: Path) -> None:
    """Case 13. What is merged may be changed, also where the merged part is merged itself."""
    with_bytes(
        b"recommenders:\n",
        b"recommenders:\n"
        b"  first: &base {recipe: aws-vod-top-picks, min_recommendation_requests_per_second: 2}\n"
        b"  second: &other\n    <<: *base\n    min_recommendation_requests_per_second: 3\n"
        b"  third: {<<: [*other, {recipe: aws-vod-most-popular}], enable_metadata_with_recommendations: true}\n",
    )(folder)
    found = load_settings("test", folder).recommenders
    assert [found[name].min_recommendation_requests_per_second for name in ("first", "second", "third")] == [2, 3, 3]
    assert {found[name].recipe for name in ("first", "second", "third")} == {"aws-vod-top-picks"}


# -- values ------------------------------------------------------------------------------------------------------

# Setting, values that it cannot have, and what is said of each.
TEXT = "must be text (in quotes, if it looks like a number)"
TPS = "recommenders.more.min_recommendation_requests_per_second"
AGE = "recommenders.picks.item_exploration_config.exploration_item_age_cut_off"
VALUES: list[tuple[str, str, str]] = [
    *(("app_name", value, "must be") for value in ("''", "' '", "5", "[]", "{}", "null", "v" * 21, "a_b", "'vod\\n'")),
    ("app_name", '"v\\nod"', "'v\\nod' must be 1 to 20 letters, digits and hyphens, and begin with a letter."),
    ("app_name", '"v\\u2028d"', "'v\\u2028d' must be 1 to 20 letters"),
    *(("account", value, "must be") for value in ("123456789012", "''", "'12345678901'", "'١٢٣٤٥٦٧٨٩٠١٢'", "[1]")),
    *(("region", value, "must be") for value in ("''", "europe", "5", "{a: b}", "'eu-west-1 '")),
    ("region", "eu-north-1", "'eu-north-1' has no Amazon Personalize. Use one of "),
    *(("removal_policy", value, "must be 'destroy' or 'retain'") for value in ("''", "Destroy", "true", "[]")),
    *(("max_wait", value, "must be") for value in ("4", "4.5h", "49h", "1m", "''", "[]", "{}", "4 h", "9" * 30 + "h")),
    *(("allow_replacement", value, "must be true or false") for value in ("'true'", "1", "maybe", "[]", "null")),
    *(("data", value, "must be") for value in ("''", "s3://", "s3://b/", "s3://bucket/x", "here", "5", "[]")),
    *(("data_version", value, "must") for value in ("''", "1.5", "[]", "true", "null")),
    *(("datasets", value, "must be a section of settings") for value in ("[]", "5", "sample", "null")),
    *(
        ("datasets.interactions", value, "must be a section of settings")
        for value in ("[]", "null", "interactions.avsc")
    ),
    ("datasets", "{}", "is missing. Add it."),
    *(("datasets.items.schema_file", value, "must") for value in ("''", "5", "[]", "null")),
    ("datasets.items.schema_file", "films.avsc", "'films.avsc' cannot be read from"),
    ("datasets.items.schema_file", "f" * 300, "cannot be read from"),
    ("datasets.items.schema_file", ".", "'.' cannot be read from"),
    ("datasets.interactions.import_mode", "full", "must be 'FULL' or 'INCREMENTAL', but is 'full'."),
    *((TPS, value, "must be") for value in ("0", "-1", "1.5", ".inf", ".nan", "'1'", "true", "[]", "2147483648")),
    (TPS, "1" + "0" * 18, f"must be at most 2147483647, but is 1{'0' * 18}."),
    *((AGE, value, "must be") for value in (".inf", "-.inf", ".nan", "0", "many", "[]", "1e999")),
    ("recommenders.picks.item_exploration_config.exploration_weight", ".nan", "must be"),
    ("recommenders.picks.item_exploration_config.exploration_weight", "1.1", "must be at most 1, but is 1.1."),
    *(
        ("recommenders.more.recipe", value, "is not a recipe of the VIDEO_ON_DEMAND domain. Use one of ")
        for value in ("''", "aws-sims", "aws-vod-top-picks\\n")
    ),
    *(("recommenders.more.recipe", value, TEXT) for value in ("5", "[]", "null")),
    ("recommenders.more.excluded_dataset_columns", "{films: [A]}", "must be 'interactions', 'items' or 'users'"),
    ("recommenders.more.excluded_dataset_columns", "{items: YEAR}", "must be a list, but is 'YEAR'."),
    ("recommenders.more.excluded_dataset_columns", "{items: [5]}", "must be text"),
    ("recommenders.more.excluded_dataset_columns", "{items: ['']}", "'' is not a column of that dataset."),
    ("explore", "{title: FILM}", "explore.title: 'FILM' is not a column of the items dataset. It has ITEM_ID, "),
    ("explore", "{genres: ''}", "explore.genres: '' is not a column of the items dataset."),
    *(("explore", value, "must be a section of settings") for value in ("[]", "5", "null", "TITLE")),
    *(("recommenders", value, "must be a section of settings") for value in ("[]", "5", "null", "more")),
    ("recommenders", "{More: {recipe: aws-vod-more-like-x}}", "'More' must be in snake_case"),
    ("recommenders", "{'': {recipe: aws-vod-more-like-x}}", "'' must be in snake_case"),
    ("recommenders", '{"a\\nb": {recipe: aws-vod-more-like-x}}', "'a\\nb' must be in snake_case"),
    *(
        ("ranking.algorithm_hyper_parameters", f"{{bptt: {value}}}", "hyperparameter bptt must be a whole number")
        for value in ("1", "33", "4.0", ".inf", "'4'", "[]", "{a: b}", "null", "true")
    ),
    (
        "ranking.algorithm_hyper_parameters",
        "{recency_mask: maybe}",
        "hyperparameter recency_mask must be true or false",
    ),
    (
        "ranking.algorithm_hyper_parameters",
        "{size: 5}",
        "'size' is not a hyperparameter of",
    ),
    ("ranking.algorithm_hyper_parameters", "[]", "must be a section of settings"),
    ("ranking.training_trigger", '"1\\t2"', "must be one line of text."),
    ("ranking.campaign.min_provisioned_tps", "2147483648", "must be at most 2147483647, but is 2147483648."),
    ("ranking.quality_gate.minimums", "{coverage: .nan}", "must be"),
    ("ranking.quality_gate.minimums", "{coverage: 2}", "must be at most 1, but is 2."),
    ("ranking.quality_gate.minimums", "{cover: 0.5}", "'cover' is not a metric of the ranking recipes."),
    *(("tags.project", value, "must be text") for value in ("5", "[]", "null", "true", "{}")),
    ("tags.project", "v" * 257, "is too long, at most 256 are allowed."),
    ("tags", "{aws:x: y}", "'aws:x' begins with aws:, which AWS reserves. Rename it."),
    ("tags", "{'': y}", "must not be empty."),
    *(("filters.genre", value, TEXT) for value in ("5", "[]", "null")),
    ("filters.genre", "''", "must not be empty."),
    ("filters.genre", "x" * 2501, "is too long, at most 2500 are allowed."),
    ("filters.genre", "EXCLUDE", "expected ItemID, UserID or ActionID, but found the end of the expression."),
    ("filters.genre", '"\\U0001F600"', "at character 1: expected INCLUDE or EXCLUDE, but found "),
    *(
        (path, f'"{beginning}\\u202e{end}"', "contains the character U+202E, which cannot be seen. Remove it.")
        for path, beginning, end in (
            ("data", "s3://bucket/", "/"),
            ("data_version", "1", ""),
            ("datasets.interactions.data_location", "s3://bucket/x", ".csv"),
            ("datasets.interactions.data_version", "1", ""),
            ("datasets.items.schema_file", "items", ".avsc"),
            ("ranking.training_trigger", "1", ""),
            ("metric_attribution.metrics.years.event_type", "Watch", ""),
            ("metric_attribution.reports", "s3://bucket/", "/"),
        )
    ),
    *(
        (path, f'"{beginning}\\n<!-- {end}"', "must be one line of text.")
        for path, beginning, end in (
            ("data", "s3://bucket/", "/"),
            ("data_version", "1", ""),
            ("datasets.interactions.data_location", "s3://bucket/", ""),
            ("datasets.items.schema_file", "items.avsc", ""),
            ("ranking.training_trigger", "1", ""),
            ("metric_attribution.metrics.years.event_type", "Watch", ""),
        )
    ),
    (
        "metric_attribution.metrics",
        '{"a\\nb": {event_type: Watch, expression: SAMPLECOUNT()}}',
        "must be one line of text.",
    ),
    *(
        (path, "''", "must")
        for path in (
            *("region", "account", "encryption_key", "data_encryption_key_arn", "ranking.training_trigger"),
            *("datasets.interactions.data_location", "datasets.interactions.data_version", "tags.project"),
            *("metric_attribution.reports", "max_wait", "ranking.quality_gate", "ranking.campaign"),
        )
    ),
    *(
        (path, "'  '", "must not be empty.")
        for path in (
            *("data_version", "ranking.training_trigger", "datasets.items.schema_file"),
            "metric_attribution.metrics.years.event_type",
        )
    ),
    ("metric_attribution.metrics", "{' ': {event_type: Watch, expression: SAMPLECOUNT()}}", "must not be empty."),
    ("encryption_key", "arn:aws:kms:eu-west-1:123456789012:alias/vod", "and not that of an alias."),
    *(("log_retention_days", value, "must be") for value in ("0", "true", "null", "30.0", "'30'", ".inf", "-1")),
    *(("ranking.auto_training_days", value, "must be") for value in ("0", "31", "1.0", "true", "'7'", ".nan")),
    *(("ranking.quality_gate.tolerance", value, "must be") for value in ("-0.1", "1", ".inf", "'0.05'", "true")),
    (AGE, "'30'", "must be a number, but is '30'."),
    (AGE, "true", "must be a number, but is true."),
    *(("ranking.campaign", value, "must be a section of settings") for value in ("null", "[]", "1")),
    *(("event_tracker", value, "must be true or false") for value in ("'yes'", "1", "[]")),
    ("metric_attribution.metrics", "{}", "must not be empty."),
    ("metric_attribution.metrics", "{'': {event_type: Watch, expression: SAMPLECOUNT()}}", "must not be empty."),
    (
        "metric_attribution.metrics",
        f"{{{', '.join(f'm{n}: {{event_type: Watch, expression: SAMPLECOUNT()}}' for n in range(11))}}}",
        "is too long, at most 10 are allowed.",
    ),
    ("metric_attribution.metrics.years.event_type", "''", "must not be empty."),
    *(
        ("metric_attribution.metrics.years.expression", value, "must be SAMPLECOUNT(), or SUM(DATASET.COLUMN)")
        for value in ("''", "COUNT()", "SUM(Users.AGE)", "SUM(YEAR)")
    ),
    (
        "metric_attribution.metrics.years.expression",
        "SUM(Items.GENRES)",
        "'GENRES' is not a numeric column of the items dataset. It has ",
    ),
    ("metric_attribution.reports", "films", "'films' must be bucket or a folder such as s3://bucket/folder/."),
    ("metric_attribution.reports", "s3://films/reports", "must be a folder and end in a slash."),
]


def with_value(path: str, value: str) -> str:
    """The right settings with another value, as it is written in the file."""
    document = yaml.safe_load(RIGHT)
    *sections, name = path.split(".")
    section = document
    for each in sections:
        section = section[each]
    section[name] = "HERE"
    text = yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=10_000)
    return text.replace(": HERE\n", f": {value}\n")


@pytest.mark.parametrize(("path", "value", "said"), VALUES)
def test_a_value_that_cannot_be_is_one_line(folder: Path, path: str, value: str, said: str) -> None:
    """Case 13."""
    (folder / "test.yaml").write_text(with_value(path, value))
    (mistake,) = mistakes(folder)
    assert mistake.startswith(path.partition(".")[0])
    assert said in mistake


def test_there_are_many_of_them() -> None:
    assert len(FILES) + len(VALUES) >= 130


# -- anything ----------------------------------------------------------------------------------------------------

SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=20),
    st.sampled_from(["FULL", "sample", "destroy", "aws-vod-top-picks", "4h", "s3://bucket/x/", "items.avsc", "1e400"]),
)
VALUE = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
EDITS = st.lists(st.tuples(st.integers(0, 10_000), st.binary(max_size=4), st.integers(0, 6)), max_size=4)


def check(folder: Path) -> None:
    """Loads, or has one line for each mistake."""
    try:
        found = load_settings("test", folder)
    except SettingsError as error:
        said = str(error)
    else:
        assert isinstance(found, Settings)
        return
    lines = said.split("\n")
    assert [line for line in lines if one_line(line) != line] == []
    assert [line for line in lines if not line.startswith(f"{folder / 'test.yaml'}: ")] == []
    assert len(lines) == len(set(lines))


def paths_of(document: object, path: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    if not isinstance(document, dict):
        return []
    inner = [each for name, part in document.items() for each in paths_of(part, (*path, name))]
    return [(*path, name) for name in document] + inner


PATHS = paths_of(yaml.safe_load(RIGHT))


def changed_at(path: tuple[str, ...], value: object, name: str | None) -> Any:
    """The right settings with another value at a place, or with a further name beside it."""
    document = yaml.safe_load(RIGHT)
    section = document
    for each in path[:-1]:
        section = section[each]
    section[path[-1] if name is None else name] = value
    return document


EXAMPLES = hypothesis_settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)


@EXAMPLES
@given(path=st.sampled_from(PATHS), value=VALUE, name=st.none() | st.text(max_size=8))
def test_any_value_or_name_anywhere_loads_or_is_one_line(
    folder: Path, path: tuple[str, ...], value: object, name: str | None
) -> None:
    document = changed_at(path, value, name)
    (folder / "test.yaml").write_text(yaml.safe_dump(document, allow_unicode=True), encoding="utf-8", errors="replace")
    check(folder)


@EXAMPLES
@given(edits=EDITS)
def test_any_bytes_in_the_settings_load_or_are_one_line(folder: Path, edits: list[tuple[int, bytes, int]]) -> None:
    (folder / "test.yaml").write_bytes(edited(RIGHT.encode(), edits))
    check(folder)


@EXAMPLES
@given(edits=EDITS, value=VALUE)
def test_any_schema_loads_or_is_one_line(folder: Path, edits: list[tuple[int, bytes, int]], value: object) -> None:
    write(folder)
    file = folder / "items.avsc"
    file.write_bytes(edited(file.read_bytes(), edits))
    check(folder)
    file.write_text(json.dumps(value))
    check(folder)
    file.write_text(schema("items", SCHEMAS["items"])[:-2] + f", {json.dumps(value)}]}}")
    check(folder)
    file.write_text(schema("items", SCHEMAS["items"])[:-2] + f', {{"name": "A", "type": {json.dumps(value)}}}]}}')
    check(folder)


def edited(content: bytes, edits: list[tuple[int, bytes, int]]) -> bytes:
    """With a few bytes replaced by others."""
    for position, new, removed in edits:
        start = position % (len(content) + 1)
        content = content[:start] + new + content[start + removed :]
    return content


# -- the app -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("number", [0, 1, 7])
def test_the_app_says_it_in_one_line_too(folder: Path, number: int) -> None:
    """Case 13."""
    edit, beginning = FILES[number]
    edit(folder)
    context = json.dumps({"config_dir": str(folder), "env": "test"})
    result = subprocess.run(
        [sys.executable, "app.py"],
        cwd=CHECKOUT,
        env={"CDK_CONTEXT_JSON": context, "PATH": str(Path(shutil.which("node") or "").parent)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1].startswith(f"{folder / 'test.yaml'}: {beginning}")
    assert "Traceback" not in result.stderr
