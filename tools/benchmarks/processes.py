"""What starts a process: synthesis against an app with one bucket, the handler against bare boto3."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.checkout import CHECKOUT, EXAMPLE_SETTINGS, QUIET_JSII, isolated_environment

_BUCKET = """
from aws_cdk import App, Stack, aws_s3
app = App()
aws_s3.Bucket(Stack(app, "small"), "Bucket")
app.synth()
"""
_GROWN = """
import sys
from pathlib import Path
from aws_cdk import App
from app import add_stacks
from stacks.settings import load_settings
from tools.checkout import EXAMPLE_SETTINGS
app = App()
settings = load_settings("dev", EXAMPLE_SETTINGS)
for number in range(int(sys.argv[1])):
    add_stacks(app, settings.model_copy(update={"app_name": f"vod{number}"}), Path(sys.argv[2]))
app.synth()
"""
_BARE = "import boto3; boto3.client('personalize', region_name='eu-west-1')"
_HANDLER = "from personalize_provider import handler; handler.default_client()"


@dataclass(frozen=True)
class Synthesis:
    """Seconds that syntheses take.

    Attributes:
        whole: the whole app, by the command in cdk.json.
        validated: the same where the CDK validates the templates too, as in CI.
        bucket: an app with one bucket, which the CDK validates, as it does by default.
    """

    whole: float
    validated: float
    bucket: float


def synth(sample: Path, runs: int) -> Synthesis:
    """Measure syntheses turn by turn, so that whatever else the machine does meets all of them."""
    command = ["sh", "-c", json.loads((CHECKOUT / "cdk.json").read_text())["app"]]
    floor = [sys.executable, "-c", _BUCKET]
    rounds = [
        Synthesis(
            _least(command, 1, sample, CI="false"), _least(command, 1, sample, CI="true"), _least(floor, 1, sample)
        )
        for _ in range(runs)
    ]
    return Synthesis(
        min(each.whole for each in rounds), min(each.validated for each in rounds), min(each.bucket for each in rounds)
    )


def grown(sample: Path, groups: int, runs: int) -> tuple[float, int, int]:
    """Seconds to synthesize an app of many dataset groups, its resources, and those of its largest stack."""
    with tempfile.TemporaryDirectory() as out:
        command = [sys.executable, "-c", _GROWN, str(groups), str(sample)]
        seconds = _least(command, runs, sample, out)
        counts = [path.read_text().count('"Type": "') for path in Path(out).glob("*.template.json")]
    return seconds, sum(counts), max(counts)


def handler(runs: int) -> tuple[float, float]:
    """Seconds to import the handler and make its first client, and to do that with boto3 alone."""
    environment = {
        "PYTHONPATH": str(CHECKOUT / "lambdas"),
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
    }
    ours, bare = [], []
    for _ in range(runs):
        # Turn by turn, so that whatever else the machine does meets both.
        ours.append(_seconds([sys.executable, "-c", _HANDLER], environment))
        bare.append(_seconds([sys.executable, "-c", _BARE], environment))
    return statistics.median(ours), statistics.median(bare)


def _least(command: Sequence[str], runs: int, sample: Path, out: str | None = None, **variables: str) -> float:
    with tempfile.TemporaryDirectory() as own:
        environment = {
            "CDK_OUTDIR": out or own,
            "CDK_CONTEXT_JSON": json.dumps(_context(sample)),
            **QUIET_JSII,
            "PYTHONPATH": str(CHECKOUT),
            **variables,
        }
        return min(_seconds(command, environment) for _ in range(runs))


def _context(sample: Path) -> dict[str, Any]:
    """What the CDK CLI would pass to an app in this folder."""
    flags = json.loads((CHECKOUT / "cdk.json").read_text())["context"]
    own = {"config_dir": str(EXAMPLE_SETTINGS), "sample_dir": str(sample), "aws:cdk:enable-path-metadata": True}
    return {**flags, **own}


def _seconds(command: Sequence[str], environment: dict[str, str]) -> float:
    own = {**isolated_environment(os.environ), **environment}
    # Python keeps what it has compiled, as on everybody's machine.
    own.pop("PYTHONDONTWRITEBYTECODE", None)
    begun = time.perf_counter()
    subprocess.run(command, cwd=CHECKOUT, env=own, check=True, capture_output=True)
    return time.perf_counter() - begun
