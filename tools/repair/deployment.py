"""The deployment that repairs: what it would bring besides, and the CDK CLI that carries it out."""

from __future__ import annotations

import copy
import itertools
import os
import subprocess
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tools.checkout import CHECKOUT
from tools.review.diff import Kind, ResourceChange, compare
from tools.sandbox import cdk, shared
from tools.simulation.assembly import Assembly
from tools.synth import synthesize

_PROPERTY = "Repair"


@dataclass(frozen=True)
class Target:
    """Where a repair deploys to, and from what.

    Attributes:
        env: name of the environment.
        config_directory, sample_directory: where the settings and the sample's CSV files are.
        is_local: whether to the local cloud.
        profile, region: of AWS; None: those of the shell.
        arguments: more of the CDK CLI.
    """

    env: str
    config_directory: Path
    sample_directory: Path
    is_local: bool
    profile: str | None = None
    region: str | None = None
    arguments: tuple[str, ...] = ()


def beyond(target: Target, deployed: Assembly) -> list[str]:
    """What deploying the settings and the code as they are now would bring besides the repair, a line each.

    Args:
        target: where and what.
        deployed: the templates that are deployed.

    Raises:
        SettingsError, PropsError: the settings are wrong.
    """
    with tempfile.TemporaryDirectory() as folder:
        context = dict(_context(target.arguments))
        out = synthesize(target.env, Path(folder), target.sample_directory, target.config_directory, context)
        wanted = Assembly.read(out)
    compared = compare(without_repair(deployed), without_repair(wanted))
    outputs = [
        f"{stack}: output {name}" for stack, names in compared.outputs.items() for side in names for name in side
    ]
    return [*map(_line, compared.changes), *outputs]


def without_repair(assembly: Assembly) -> Assembly:
    """The templates without the property that an earlier repair has left in them."""
    templates = copy.deepcopy(dict(assembly.templates))
    for template in templates.values():
        for resource in template["Resources"].values():
            resource.get("Properties", {}).pop(_PROPERTY, None)
    return Assembly(templates, assembly.needs)


def deploy(target: Target, context: str) -> int:
    """Deploy all stacks; the CLI's exit status.

    Args:
        target: where and what.
        context: the context `repair`.
    """
    folders = ("-c", f"config_dir={target.config_directory}", "-c", f"sample_dir={target.sample_directory}")
    more = (*folders, "-c", f"repair={context}", *target.arguments)
    if target.is_local:
        running = shared.find()
        assert running  # it has just been asked
        return cdk.followed(running.endpoint, cdk.deploy_arguments(target.env, *more))
    named = ("--profile", target.profile) if target.profile else ()
    region = {"AWS_REGION": target.region} if target.region else {}
    command = [str(cdk.CLI), "deploy", "--all", "-c", f"env={target.env}", *named, *more]
    return subprocess.run(command, cwd=CHECKOUT, env={**os.environ, **region}, check=False).returncode


def _context(arguments: Sequence[str]) -> Iterator[tuple[str, Any]]:
    """The context among the arguments of the CLI."""
    for option, value in itertools.pairwise(arguments):
        if option in ("-c", "--context"):
            name, _, text = value.partition("=")
            yield name, text


def _line(change: ResourceChange) -> str:
    """A change in a line."""
    properties = f": {', '.join(each.name for each in change.properties)}" if change.kind is Kind.CHANGED else ""
    return f"{change.stack}/{change.path} ({change.type}) would be {change.kind.value}{properties}"
