"""Runs the real CDK CLI against a local cloud."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lambdas.personalize_provider.log import printable
from tools.checkout import CHECKOUT, QUIET_JSII, isolated_environment

from .cloud import ACCOUNT, Endpoint
from .inventory import emulator_state
from .progress import Progress, assembly_of
from .waiting import Watch

CLI = CHECKOUT / "node_modules" / ".bin" / "cdk"


@dataclass(frozen=True)
class Result:
    """How a run of the CLI ended, and everything it printed."""

    exit_status: int
    output: str


def environment(endpoint: Endpoint) -> dict[str, str]:
    """Environment in which the CLI, and the app it runs, see this cloud and no other."""
    return (
        isolated_environment()
        | endpoint.client_variables()
        | QUIET_JSII
        | {
            # The app's interpreter is the one that runs this.
            "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]),
            "CDK_DISABLE_CLI_TELEMETRY": "true",
        }
    )


def attached(endpoint: Endpoint, arguments: Sequence[str]) -> int:
    """Run the CLI on this terminal; answers its exit status."""
    return subprocess.run(_command(arguments), cwd=CHECKOUT, env=environment(endpoint), check=False).returncode


def followed(endpoint: Endpoint, arguments: Sequence[str]) -> int:
    """Run a deployment or deletion and print its output; answers its status.

    Chains of waiting resources are folded. While nothing else is printed, what Personalize is working on is.
    """
    progress = Progress(assembly_of(arguments, CHECKOUT))

    def say(line: str) -> None:
        print(printable(line), flush=True)

    with Watch(lambda: emulator_state(endpoint), say) as watch:

        def show(line: str) -> None:
            folded = progress.fold(line)
            if folded is not None:
                say(folded)
                watch.heard()

        return captured(endpoint, arguments, show=show).exit_status


def captured(
    endpoint: Endpoint,
    arguments: Sequence[str],
    *,
    show: Callable[[str], None] = lambda line: None,
    variables: Mapping[str, str] | None = None,
    directory: Path = CHECKOUT,
) -> Result:
    """Run the CLI and keep its output.

    Args:
        endpoint: the cloud.
        arguments: of the CLI.
        show: is given each line as it comes.
        variables: more environment variables.
        directory: where it runs; the app is that of the cdk.json there.
    """
    return run(environment(endpoint) | dict(variables or {}), arguments, show=show, directory=directory)


def run(
    variables: Mapping[str, str],
    arguments: Sequence[str],
    *,
    show: Callable[[str], None] = lambda line: None,
    directory: Path = CHECKOUT,
) -> Result:
    """Run the CLI in an environment, and keep its output; the other arguments are those of `captured`."""
    with subprocess.Popen(
        _command(arguments),
        cwd=directory,
        env=variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    ) as process:
        assert process.stdout
        lines = []
        for line in map(printable, process.stdout):
            lines.append(line)
            show(line.rstrip("\n"))
    return Result(process.returncode, "".join(lines))


def has_right_data(endpoint: Endpoint, env: str, arguments: Sequence[str]) -> bool:
    """Whether the data look right that a deployment would import: headers and first rows; says what does not.

    Args:
        endpoint: the cloud, whose S3 is the one that is looked into.
        env: which settings.
        arguments: of the CLI; folders in the context are those that the app reads.
    """
    folders = {"config_dir": "--config-dir", "sample_dir": "--sample-dir"}
    context = [argument.partition("=") for argument in arguments]
    options = [part for name, _, value in context if name in folders for part in (folders[name], value)]
    command = [sys.executable, "-m", "tools.check", "--quick", "--allow-unread", "--env", env, *options]
    return not subprocess.run(command, cwd=CHECKOUT, env=environment(endpoint), check=False).returncode


def bootstrap(endpoint: Endpoint) -> Result:
    """Prepare the cloud for deployments, as `cdk bootstrap` does on AWS.

    Where there is no app the CLI has none to synthesize: that is faster, and no other run's cdk.out is in its way.
    """
    target = f"aws://{ACCOUNT}/{endpoint.region}"
    return captured(endpoint, ["bootstrap", target], directory=Path(endpoint.directory))


def deploy_arguments(env: str, *more: str) -> list[str]:
    """Arguments that deploy all stacks of an environment without asking."""
    return ["deploy", "--all", "-c", f"env={env}", "--require-approval", "never", "--progress", "events", *more]


def diff_arguments(env: str, *more: str) -> list[str]:
    """Arguments that show what deploying an environment would change, in all its stacks."""
    return ["diff", "-c", f"env={env}", *more]


def destroy_arguments(env: str, *more: str) -> list[str]:
    """Arguments that destroy all stacks of an environment without asking."""
    return ["destroy", "--all", "-c", f"env={env}", "--force", *more]


def _command(arguments: Sequence[str]) -> list[str]:
    return [str(CLI), "--no-notices", *arguments]
