"""Writes the settings file, with a comment in plain words before each section, and its schema files."""

from __future__ import annotations

import json
import re
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from stacks.settings import SettingsError, load_settings

from .found import NotAdoptableError

_SCHEMAS = "schemas"
_HEAD = """\
# yaml-language-server: $schema={schema}
# Settings of the environment "{env}", written by `make adopt` from the dataset group {group}.
# Every member is as it was in the account: the first deployment changes nothing that it takes over.
# `make review ENV={env}` says so before you deploy. config/dev.yaml explains every setting.
"""
_ABOUT = {
    "app_name": "The beginning of the names of the app's own things: stacks, bucket, parameters, what is made later.",
    "account": "Where the dataset group is. Nothing is deployed anywhere else.",
    "removal_policy": "What `cdk destroy` does with the app's own bucket. What is taken over stays in any case,\n"
    "unless dataset_group.removal_policy says destroy.",
    "existing": "The dataset group, which the app only looks at: it publishes its ARNs, and serves from its data.",
    "dataset_group": "The dataset group that is taken over, by its name in the account.",
    "data": "Where datasets come from that say nothing else.",
    "datasets": "The datasets, their schemas, and where their newest import came from. Nothing is imported again\n"
    "until you change data_version.",
    "recommenders": "The recommenders. The name on the left is yours: top_picks becomes RecommenderTopPicksArn.",
    "ranking": "Re-ranking: the solution, the version that its campaign serves, and the campaign. Nothing is trained.",
    "filters": "The filters. The name on the left is yours: unwatched becomes the output FilterUnwatchedArn.",
    "event_tracker": "The event tracker. Clients go on with the tracking id that they have.",
    "metric_attribution": "The metric attribution, with the role and the folder that it has.",
}


class _Dumper(yaml.SafeDumper):
    """Writes texts that look like numbers in quotes."""

    def represent_text(self, text: str) -> yaml.ScalarNode:
        """YAML 1.2 has more numbers than YAML 1.1, such as 06935563."""
        style = "'" if re.fullmatch(r"[\d.eE+_-]+", text) else None
        return self.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(str, _Dumper.represent_text)


def as_yaml(document: dict[str, Any], env: str, group: str, schema: str) -> str:
    """The text of a settings file.

    Args:
        document: the settings.
        env: name of the environment.
        group: ARN of the dataset group.
        schema: where the JSON Schema of the settings is, from the file.
    """
    parts = [_HEAD.format(env=env, group=group, schema=schema)]
    for name, value in document.items():
        comment = "".join(f"# {line}\n" for line in _ABOUT.get(name, "").splitlines())
        parts.append(("\n" + comment if comment else "") + _dumped({name: value}))
    return "".join(parts)


def _dumped(document: Any) -> str:
    return yaml.dump(document, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=10_000)


def as_schema_file(text: str) -> str:
    """A schema as one reads it; what is no JSON stays as it is."""
    try:
        return f"{json.dumps(json.loads(text), indent=2, ensure_ascii=False)}\n"
    except ValueError:
        return text


def schema_files(config_directory: Path, env: str, texts: dict[str, str]) -> dict[str, str]:
    """By dataset type, a name that overwrites no other content.

    Args:
        config_directory: where the settings are.
        env: name of the environment.
        texts: by dataset type, the text of the schema.
    """
    return {kind: next(_free(config_directory, f"{env}-{kind.lower()}", text)) for kind, text in texts.items()}


def _free(config_directory: Path, stem: str, text: str) -> Iterator[str]:
    number = 1
    while True:
        name = f"{_SCHEMAS}/{stem}{f'-{number}' if number > 1 else ''}.avsc"
        file = config_directory / name
        if not file.exists() or file.read_text(encoding="utf-8") == as_schema_file(text):
            yield name
        number += 1


def mistakes(document: dict[str, Any], schemas: dict[str, str], env: str) -> list[tuple[str, str]]:
    """What the settings' own checks say: where each mistake is, and the sentence.

    Args:
        document: the settings.
        schemas: by the name of the file, the text of the schema.
        env: name of the environment.
    """
    with tempfile.TemporaryDirectory() as folder:
        file = write(Path(folder), env, as_yaml(document, env, "", ""), schemas)
        try:
            load_settings(env, Path(folder))
        except SettingsError as error:
            lines = [line.removeprefix(f"{file}: ").replace(f"{folder}/", "") for line in str(error).splitlines()]
            return [(where, sentence) for where, _, sentence in (line.partition(": ") for line in lines)]
    return []


def write(config_directory: Path, env: str, text: str, schemas: dict[str, str]) -> Path:
    """Write the files; answers the settings file.

    Args:
        config_directory: where the settings are.
        env: name of the environment.
        text: of the settings file.
        schemas: by the name of the file, the text of the schema.
    """
    (config_directory / _SCHEMAS).mkdir(parents=True, exist_ok=True)
    for name, schema in schemas.items():
        (config_directory / name).write_text(as_schema_file(schema), encoding="utf-8")
    file = config_directory / f"{env}.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def check_free(config_directory: Path, env: str, force: bool) -> None:
    """Refuse to overwrite settings.

    Raises:
        NotAdoptableError: there are settings of that name, and the user has not said to overwrite them.
    """
    file = config_directory / f"{env}.yaml"
    if file.exists() and not force:
        raise NotAdoptableError(f"ENV: {file} exists. Choose another name with ENV=name, or overwrite it with FORCE=1.")
