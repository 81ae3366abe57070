"""Runs the real CDK CLI against a local cloud."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from lambdas.personalize_provider.log import printable
from tools.checkout import CHECKOUT, QUIET_JSII, isolated_environment

from .cloud import ACCOUNT, Endpoint

CLI = CHECKOUT / "node_modules" / ".bin" / "cdk"
_EVENT = re.compile(
    r"^(?P<stack>\S+) \| +(?P<count>\d+/\d+|\d+) \| .+? \| (?P<status>[A-Z_]+) +\| (?P<type>\S+) +\| (?P<what>.+)$"
)
# Links that take their time, and when.
_FIRST_LINKS = {
    "Custom::PersonalizeWait": ("/Link1/", ("CREATE_IN_PROGRESS", "UPDATE_IN_PROGRESS")),
    "Custom::PersonalizeDeletionWait": ("/Deletion1/", ("DELETE_IN_PROGRESS",)),
}
_SHOWN_TYPES = ("Custom::Personalize", "AWS::CloudFormation::Stack")


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
    with subprocess.Popen(
        _command(arguments),
        cwd=directory,
        env=environment(endpoint) | dict(variables or {}),
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


def bootstrap(endpoint: Endpoint) -> Result:
    """Prepare the cloud for deployments, as `cdk bootstrap` does on AWS.

    Where there is no app the CLI has none to synthesize: that is faster, and no other run's cdk.out is in its way.
    """
    target = f"aws://{ACCOUNT}/{endpoint.region}"
    return captured(endpoint, ["bootstrap", target], directory=Path(endpoint.directory))


def deploy_arguments(env: str, *more: str) -> list[str]:
    """Arguments that deploy all stacks of an environment without asking."""
    return ["deploy", "--all", "-c", f"env={env}", "--require-approval", "never", "--progress", "events", *more]


def destroy_arguments(env: str, *more: str) -> list[str]:
    """Arguments that destroy all stacks of an environment without asking."""
    return ["destroy", "--all", "-c", f"env={env}", "--force", "--progress", "events", *more]


def brief(line: str) -> str | None:
    """One of the CLI's lines of progress in short; None for what only the whole output is for."""
    event = _EVENT.match(line)
    if event is None:
        return line if line.startswith(("❌", "✅", "✨")) or " failed" in line else None
    kind, what = event["type"].removeprefix("Custom::Personalize"), event["what"]
    if not event["status"].endswith("FAILED") and not _is_shown(event["type"], event["status"], what):
        return None
    return f"{event['stack']:<20} {event['count']:>6}  {event['status']:<18} {kind:<27} {what.split('/')[0]}"


def _is_shown(type_: str, status: str, what: str) -> bool:
    if type_ in _FIRST_LINKS:
        # Every other link follows at once, unless the first one was not enough.
        link, statuses = _FIRST_LINKS[type_]
        return link in what and status in statuses
    return type_.startswith(_SHOWN_TYPES)


def _command(arguments: Sequence[str]) -> list[str]:
    return [str(CLI), "--no-notices", *arguments]
