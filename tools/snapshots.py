"""Snapshots of the synthesized templates, made to be read in a diff. `make snapshots` writes them again.

Those of the example settings are in tests/stacks/snapshots, and a test compares them. Those of your own environments
are in config/snapshots, for you and for reviewers of your settings; create the folder to have them.

Links of a chain that differ by their number only are shown once, under all their names. What changes without meaning is
left out: hashes of assets, CDK's own metadata and its check of the bootstrap version.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from stacks.personalize import PropsError
from stacks.settings import SettingsError
from tools.checkout import CHECKOUT, EXAMPLE_SETTINGS
from tools.synth import synthesize

# Of the settings in a folder, the folder of their snapshots.
OF_THE_EXAMPLE = (EXAMPLE_SETTINGS, CHECKOUT / "tests" / "stacks" / "snapshots")
_CODE = {
    "AWS::Lambda::Function": "Code",
    "AWS::Lambda::LayerVersion": "Content",
    "Custom::CDKBucketDeployment": "SourceObjectKeys",
}
_LINKS = ("Custom::PersonalizeWait", "Custom::PersonalizeDeletionWait")


def environments(config_directory: Path) -> list[str]:
    """Those that have settings in a folder."""
    return sorted(path.stem for path in config_directory.glob("*.yaml"))


def snapshots(env: str, config_directory: Path) -> dict[str, str]:
    """By file name, what the snapshots of an environment are now.

    Raises:
        SettingsError: its settings are wrong.
        PropsError: a construct refuses them.
    """
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder, "sample")
        sample.mkdir()
        out = synthesize(env, Path(folder, "cdk.out"), fill_sample(sample), config_directory)
        templates = {path.name.removesuffix(".template.json"): path for path in out.glob("*.template.json")}
        return {f"{name}.yaml": as_text(json.loads(path.read_text())) for name, path in sorted(templates.items())}


def fill_sample(directory: Path) -> Path:
    """Write files in the place of the sample data, the same ones every time."""
    for kind in ("interactions", "items", "users"):
        (directory / f"{kind}.csv").write_text(kind)
    (directory / "titles.json").write_text("{}")
    return directory


def as_text(template: dict[str, Any]) -> str:
    """A template as YAML, without noise."""
    kept = {key: template[key] for key in ("Description", "Resources", "Outputs") if key in template}
    resources = {
        logical_id: _normalized(resource)
        for logical_id, resource in sorted(kept["Resources"].items())
        if resource["Type"] != "AWS::CDK::Metadata"
    }
    kept["Resources"] = _folded(resources)
    return yaml.safe_dump(kept, sort_keys=False, width=110, allow_unicode=True)


def _normalized(resource: dict[str, Any]) -> dict[str, Any]:
    resource = {key: value for key, value in resource.items() if key != "Metadata"}
    properties = dict(resource.get("Properties", {}))
    code = _CODE.get(resource["Type"])
    if code in properties:
        properties[code] = "(asset)"
    if properties:
        resource["Properties"] = {key: _readable(key, value) for key, value in properties.items()}
    return resource


def _readable(key: str, value: Any) -> Any:
    """Avro schemas as structures instead of one line of JSON."""
    return json.loads(value) if key == "Schema" and isinstance(value, str) else value


def _folded(resources: dict[str, Any]) -> dict[str, Any]:
    """The same with the links of a chain after the first as one resource, if they differ by their number only."""
    result: dict[str, Any] = {}
    like: dict[str, list[str]] = {}
    for logical_id, resource in resources.items():
        before = _link_before(resource, resources)
        if before is None:
            result[logical_id] = resource
            continue
        alike = yaml.safe_dump(_without_number(resource))
        # Sorted by logical id, a chain's links stand together.
        same = like.setdefault(f"{logical_id.partition('Wait')[0]} {alike}", [])
        same.append(logical_id)
    for logical_ids in like.values():
        first = resources[logical_ids[0]]
        result[" = ".join(logical_ids)] = _without_number(first) if len(logical_ids) > 1 else first
    return dict(sorted(result.items()))


def _link_before(resource: dict[str, Any], resources: dict[str, Any]) -> str | None:
    """Logical id of the link from which this one takes over; None if it is no link, or the first of its chain."""
    if resource["Type"] not in _LINKS:
        return None
    (before, _) = resource["Properties"]["ResourceArn"]["Fn::GetAtt"]
    return str(before) if resources[before]["Type"] == resource["Type"] else None


def _without_number(link: dict[str, Any]) -> dict[str, Any]:
    """A link that any of its chain could be, apart from the first."""
    properties = dict(link["Properties"])
    for name in ("ResourceArn", "Revision"):
        if name in properties:
            properties[name] = {"Fn::GetAtt": ["(the link before)", properties[name]["Fn::GetAtt"][1]]}
    if "Link" in properties:
        properties["Link"] = "(its number)"
    properties["UpTo"] = re.sub(r"^link \d+", "link (its number)", properties["UpTo"])
    return {**link, "Properties": properties}


def write(config_directory: Path, folder: Path) -> None:
    """Write the snapshots of all environments in a folder of settings, and delete others.

    Raises:
        SettingsError: the settings of one are wrong.
        PropsError: a construct refuses them.
    """
    wanted: dict[str, str] = {}
    for env in environments(config_directory):
        wanted |= snapshots(env, config_directory)
    for stale in {path.name for path in folder.glob("*.yaml")} - wanted.keys():
        (folder / stale).unlink()
    for name, text in wanted.items():
        (folder / name).write_text(text)
        print(folder / name)


def main(config_directory: Path = CHECKOUT / "config") -> int:
    """Write those of the example, and those of the user if there is a folder for them."""
    own = config_directory / "snapshots"
    try:
        write(*OF_THE_EXAMPLE)
        if own.is_dir():
            write(config_directory, own)
    except (SettingsError, PropsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
