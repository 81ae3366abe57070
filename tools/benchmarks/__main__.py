"""`python -m tools.benchmarks` (`make bench`): one table on the screen and in docs/benchmarks.md."""

from __future__ import annotations

import datetime
import io
import os
import platform
import shutil
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from tools.checkout import CHECKOUT, EXAMPLE_SETTINGS
from tools.data import synthetic
from tools.simulation.assembly import Assembly, FilesByName
from tools.simulation.cloud import VirtualCloud
from tools.synth import synthesize

from . import checks, deployments, processes

PAGE = CHECKOUT / "docs" / "benchmarks.md"
_ASSET_KILOBYTES = 40
_RUNS = 3
_HANDLER_RUNS = 15
_GROUPS = (1, 5, 20)
_INTERACTIONS = 10_000_000
_CHECK_SECONDS, _CHECK_MEGABYTES = 60, 1000
# Lambda developer guide, "Lambda quotas": new accounts have fewer concurrent executions than the 1,000 of others; 10 is
# what their owners report.
_NEW_ACCOUNT = 10


@dataclass(frozen=True)
class Row:
    """One line of the table; `target` is the most that `ratio` may be, if there is one."""

    what: str
    measured: str
    floor: str
    ratio: float | None = None
    target: float | None = None

    @property
    def cells(self) -> tuple[str, ...]:
        """As the table shows it."""
        ratio = "" if self.ratio is None else f"{self.ratio:.2f}"
        target = "" if self.target is None else f"at most {self.target:g}"
        verdict = "" if self.ratio is None or self.target is None else "yes" if self.ratio <= self.target else "no"
        return self.what, self.measured, self.floor, ratio, target, verdict


def rows(folder: Path) -> Iterator[Row]:
    """Measure."""
    files = folder / "data"
    synthetic.generate().write(files)
    yield from _of_synthesis(files)
    yield from _of_handler()
    config = Path(shutil.copytree(EXAMPLE_SETTINGS, folder / "config"))
    first = Assembly.read(synthesize("dev", folder / "first", files, config))
    yield from _of_deployments(first, _changed(folder, files, config, 'data_version: "1"', 'data_version: "2"'), files)
    yield from _of_load(first, _changed(folder, files, config, "project: vod", "project: films"), files)
    yield from _of_growth(files)
    yield from _of_check(files, folder / "many")


def _changed(folder: Path, files: Path, config: Path, before: str, after: str) -> Assembly:
    """The app with one setting changed."""
    settings = config / "dev.yaml"
    original = settings.read_text()
    settings.write_text(original.replace(before, after, 1))
    try:
        return Assembly.read(synthesize("dev", folder / after.partition(":")[0], files, config))
    finally:
        settings.write_text(original)


def _of_synthesis(files: Path) -> Iterator[Row]:
    took = processes.synth(files, _RUNS)
    floor = f"{took.bucket:.2f} s, an app with one bucket"
    yield Row("synthesis of the whole app", f"{took.whole:.2f} s", floor, took.whole / took.bucket, 1.5)
    what = "the same in CI, where the CDK validates the templates"
    yield Row(what, f"{took.validated:.2f} s", floor, took.validated / took.bucket)


def _of_handler() -> Iterator[Row]:
    ours, bare = processes.handler(_HANDLER_RUNS)
    took, floor = f"{ours * 1000:.0f} ms", f"{bare * 1000:.0f} ms, boto3 alone"
    yield Row("handler: import and first client", took, floor, ours / bare, 1.15)
    size = _asset_kilobytes()
    yield Row(
        "handler: asset, zipped", f"{size:.1f} KB", f"{_ASSET_KILOBYTES} KB allowed", size / _ASSET_KILOBYTES, 1.0
    )


def _of_deployments(first: Assembly, second: Assembly, files: Path) -> Iterator[Row]:
    cloud = VirtualCloud(objects=FilesByName(files))
    created, updated = deployments.create(cloud, first), deployments.update(cloud, second)
    for what, each in (("first deployment", created), ("new data", updated)):
        yield Row(
            f"{what}, virtual time",
            _minutes(each.taken),
            f"{_minutes(each.critical_path)}, the critical path",
            each.taken / each.critical_path,
            1.05,
        )
        yield Row(
            f"{what}, compared with one step after another",
            _minutes(each.taken),
            f"{_minutes(each.in_sequence)}, as in a notebook",
            each.taken / each.in_sequence,
        )
        yield Row(f"{what}, polling", f"{each.invocations:,} invocations", f"{each.transitions:,} state transitions")


def _of_load(first: Assembly, tagged: Assembly, files: Path) -> Iterator[Row]:
    limited = VirtualCloud(objects=FilesByName(files), conditions=deployments.LIMITED)
    seconds, shortest = deployments.load(limited, first.deploy).seconds, deployments.shortest_creation(first)
    floor = f"{_minutes(shortest)}, the critical path"
    what = "first deployment, 5 s for each custom resource and 1 call a second"
    yield Row(what, _minutes(seconds), floor, seconds / shortest, 1.05)
    cloud = VirtualCloud(objects=FilesByName(files), conditions=deployments.AS_ON_AWS)
    works = {
        "first deployment": first.deploy,
        "the same again": first.deploy,
        "one tag changed": tagged.deploy,
        "destroy": tagged.destroy,
    }
    found = {what: deployments.load(cloud, work) for what, work in works.items()}
    seconds = found["first deployment"].seconds
    yield Row("the same with 0.2 s for each call", _minutes(seconds), floor, seconds / shortest)
    for what, each in found.items():
        yield Row(f"{what}: calls of Personalize", f"{each.calls:,}", f"at most {each.per_second} within a second")
    executions = found["destroy"].executions
    yield Row(
        "concurrent Lambda executions",
        str(executions),
        f"{_NEW_ACCOUNT}, all that a new account has",
        executions / _NEW_ACCOUNT,
        1.0,
    )


def _of_growth(files: Path) -> Iterator[Row]:
    one = None
    for groups in _GROUPS:
        seconds, resources, largest = processes.grown(files, groups, 1 if groups > 1 else _RUNS)
        one = one or (seconds, resources)
        yield Row(
            f"{groups} dataset group{'s' if groups > 1 else ''}: synthesis",
            f"{seconds:.1f} s",
            f"{groups} x {one[0]:.1f} s",
            seconds / groups / one[0],
            1.0 if groups > 1 else None,
        )
        yield Row(
            f"{groups} dataset group{'s' if groups > 1 else ''}: resources",
            f"{resources:,}, at most {largest} in a stack",
            f"{groups} x {one[1]}",
            resources / groups / one[1],
            1.0,
        )


def _of_check(sample: Path, folder: Path) -> Iterator[Row]:
    ours, plain = checks.check_of(_INTERACTIONS, sample, folder)
    what = f"make check of {_INTERACTIONS:,} interactions"
    floor = f"{plain.seconds:.1f} s, DuckDB's plain reading of the file"
    yield Row(what, f"{ours.seconds:.1f} s", floor, ours.seconds / plain.seconds)
    most = f"{_CHECK_SECONDS} s, what it may take"
    yield Row(f"{what}: time", f"{ours.seconds:.1f} s", most, ours.seconds / _CHECK_SECONDS, 1.0)
    most = f"{_CHECK_MEGABYTES:,} MB, what it may take"
    yield Row(f"{what}: memory", f"{ours.megabytes:.0f} MB", most, ours.megabytes / _CHECK_MEGABYTES, 1.0)


def _asset_kilobytes() -> float:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted((CHECKOUT / "lambdas" / "personalize_provider").rglob("*.py")):
            archive.write(path, path.relative_to(CHECKOUT / "lambdas"))
    return len(buffer.getvalue()) / 1024


def _minutes(seconds: float) -> str:
    return f"{seconds / 60:.1f} min"


def _table(found: list[Row]) -> str:
    header = ("what", "measured", "floor", "ratio", "target", "met")
    lines = [header, tuple("---" for _ in header), *(row.cells for row in found)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _page(found: list[Row]) -> str:
    node = subprocess.run(["node", "--version"], capture_output=True, text=True, check=True).stdout.strip()
    packages = ", ".join(f"{name} {version(name)}" for name in ("aws-cdk-lib", "boto3", "ministack"))
    return f"""<!-- Written by `make bench`. -->
# Benchmarks

{datetime.datetime.now(datetime.UTC).date()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}, Python
{platform.python_version()}, Node {node.removeprefix("v")}, {packages}.

Every line compares a measurement with a floor from the same run.

{_table(found)}

- Synthesis runs the command of `cdk.json` with the feature flags that the CDK CLI passes to it. There the CDK's own
  validation of templates is off outside CI ([decision 19](decisions/0019-what-a-test-run-leaves-out.md)). The app with
  one bucket has the same flags, and is validated, which is what the CDK does by default. The time of the CLI itself is
  not counted. All run turn by turn; each figure is the fastest of {_RUNS} runs.
- The handler's import is the median of {_HANDLER_RUNS} runs, which alternate with bare boto3.
- The asset is larger than its target, and stays so ([decision 29](decisions/0029-size-of-the-handler.md)): what that
  costs is in the line above it, the import.
- Deployments run in virtual time: the synthesized templates of `tools/example_settings/dev.yaml`, the real handlers,
  the Personalize emulator with its default durations (imports 10 minutes, trainings 50 and 60 minutes), and a
  CloudFormation that works in parallel. The critical path is the longest chain of these durations.
- "5 s for each custom resource" is our estimate of what two functions, a state machine and CloudFormation itself need.
  "1 call a second" is the limit for each operation of Personalize; the client retries what is above it, as botocore
  does. Calls and executions are counted with 0.2 s for each call.
- The check reads the interactions, and the users and items that they are of, from files, as `make check` does, and
  draws the page. The plain reading takes every value of the file of interactions and keeps none. Memory is the most
  that the process had.
- Lambda executions are those of the whole run, from the first deployment to destroy. They include the framework's
  function as well as the handler that it invokes and waits for.
"""


def main() -> int:
    """Measure, print, write; 1 if a target is missed."""
    found = []
    with tempfile.TemporaryDirectory() as folder:
        for row in rows(Path(folder)):
            found.append(row)
            print(" | ".join(cell for cell in row.cells if cell), flush=True)
    PAGE.write_text(_page(found))
    print(PAGE)
    return 1 if any(row.cells[-1] == "no" for row in found) else 0


if __name__ == "__main__":
    sys.exit(main())
