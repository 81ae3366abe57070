"""Synthesizes the app in this process, as `cdk synth` does: with the feature flags of cdk.json."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import App

from app import build, write
from tools.checkout import CHECKOUT


def synthesize(
    env: str,
    out: Path,
    sample_directory: Path,
    config_directory: Path,
    more_context: Mapping[str, Any] | None = None,
) -> Path:
    """Write the cloud assembly of an environment.

    Args:
        env: name of the environment.
        out: folder of the assembly.
        sample_directory: where the sample's CSV files are.
        config_directory: where the settings are.
        more_context: context that a command line gives, such as `@aws-cdk/core:bootstrapQualifier`.

    Returns:
        The folder of the assembly.
    """
    app = empty_app(env, out, sample_directory, config_directory, more_context)
    build(app)
    write(app)
    return out


def empty_app(
    env: str,
    out: Path,
    sample_directory: Path,
    config_directory: Path,
    more_context: Mapping[str, Any] | None = None,
) -> App:
    """An app without stacks, with the context of an environment; the arguments are those of `synthesize`."""
    context = json.loads((CHECKOUT / "cdk.json").read_text())["context"]
    own = {
        "env": env,
        "config_dir": str(config_directory),
        "sample_dir": str(sample_directory),
        # As the CLI does: resources say which construct made them.
        "aws:cdk:enable-path-metadata": True,
        # What is wrong is in the exception, and not printed (aws-cdk-lib, core/lib/private/synthesis-validation).
        "@aws-cdk/core:appMode": "inmemory",
    }
    return App(outdir=str(out), context={**context, **own, **(more_context or {})}, analytics_reporting=False)
