"""Snapshots of the synthesized templates, made to be read in a diff. `make snapshots` writes them anew.

What changes without meaning is left out: hashes of assets, CDK's own metadata and its check of the bootstrap version.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from tests.support.synthesized import fill_sample
from tools.checkout import EXAMPLE_SETTINGS
from tools.synth import synthesize

SNAPSHOTS = Path(__file__).parents[1] / "snapshots"
_CODE = {
    "AWS::Lambda::Function": "Code",
    "AWS::Lambda::LayerVersion": "Content",
    "Custom::CDKBucketDeployment": "SourceObjectKeys",
}


def environments() -> list[str]:
    """Those that have settings."""
    return sorted(path.stem for path in EXAMPLE_SETTINGS.glob("*.yaml"))


def snapshots(env: str) -> dict[str, str]:
    """By file name, what the snapshots of an environment are now."""
    with tempfile.TemporaryDirectory() as folder:
        sample = Path(folder, "sample")
        sample.mkdir()
        out = synthesize(env, Path(folder, "cdk.out"), fill_sample(sample), EXAMPLE_SETTINGS)
        templates = {path.name.removesuffix(".template.json"): path for path in out.glob("*.template.json")}
        return {f"{name}.yaml": as_text(json.loads(path.read_text())) for name, path in sorted(templates.items())}


def as_text(template: dict[str, Any]) -> str:
    """A template as YAML, without noise."""
    kept = {key: template[key] for key in ("Description", "Resources", "Outputs") if key in template}
    kept["Resources"] = {
        logical_id: _normalized(resource)
        for logical_id, resource in sorted(kept["Resources"].items())
        if resource["Type"] != "AWS::CDK::Metadata"
    }
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


def main() -> int:
    """Write all snapshots."""
    SNAPSHOTS.mkdir(exist_ok=True)
    wanted = {name: text for env in environments() for name, text in snapshots(env).items()}
    for stale in {path.name for path in SNAPSHOTS.glob("*.yaml")} - wanted.keys():
        (SNAPSHOTS / stale).unlink()
    for name, text in wanted.items():
        (SNAPSHOTS / name).write_text(text)
        print(SNAPSHOTS / name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
