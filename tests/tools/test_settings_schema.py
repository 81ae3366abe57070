"""What editors know of the settings is what the model says: never stricter, and of most mistakes aware."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from stacks.settings import SettingsError, load_settings
from tests.stacks.test_wrong_settings import PATHS, VALUE, VALUES, changed_at, with_value, write
from tools.checkout import EXAMPLE_SETTINGS
from tools.settings_schema import FILE, settings_schema

SCHEMA = json.loads(settings_schema())
VALIDATOR = Draft202012Validator(SCHEMA)
# What only a look at other settings, at the schemas' files, or at a text's grammar can find.
ONLY_SYNTH = re.compile(
    r"cannot be read from|is not a column|is not a numeric column|expected|must be SAMPLECOUNT|cannot be seen"
    r"|one line of text|reserves|hyperparameter recency_mask|must not be empty"
)
# Beyond the range of a duration; and numbers that JSON does not know, or does not tell from others.
UNTOLD = {"49h", "1m", "{}", ".inf", ".nan", "{coverage: .nan}", "1.0", "30.0", "{bptt: 4.0}"}


def test_the_file_is_up_to_date() -> None:
    assert FILE.read_text() == settings_schema(), "Run `make schema`."


def test_it_is_a_schema() -> None:
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("file", sorted(EXAMPLE_SETTINGS.glob("*.yaml")), ids=lambda file: file.stem)
def test_editors_find_it_and_have_nothing_to_say_of_right_settings(file: Path) -> None:
    (found,) = re.findall(r"^# yaml-language-server: \$schema=(.*)$", file.read_text().splitlines()[0])
    assert (file.parent / found).resolve() == FILE
    assert said_of(yaml.safe_load(file.read_text())) == []


def test_every_setting_says_what_it_is_for() -> None:
    sections = [SCHEMA, *SCHEMA["$defs"].values()]
    assert [name for each in sections for name, known in each["properties"].items() if "description" not in known] == []


@pytest.mark.parametrize(("path", "value", "said"), VALUES)
def test_a_mistake_in_a_value_is_marked(path: str, value: str, said: str) -> None:
    document = yaml.safe_load(with_value(path, value))
    assert said_of(document) or value in UNTOLD or ONLY_SYNTH.search(said)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(path=st.sampled_from(PATHS), value=VALUE, name=st.none() | st.text(max_size=8))
def test_it_is_never_stricter_than_the_settings(
    tmp_path: Path, path: tuple[str, ...], value: object, name: str | None
) -> None:
    document = changed_at(path, value, name)
    write(tmp_path)
    (tmp_path / "test.yaml").write_text(yaml.safe_dump(document))
    try:
        load_settings("test", tmp_path)
    except SettingsError:
        return
    assert said_of(document) == []


def said_of(document: Any) -> list[str]:
    return [error.message for error in VALIDATOR.iter_errors(document)]
