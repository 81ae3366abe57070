"""What Lambda functions find on AWS and not here. Python imports this module at start-up, by its name.

Programs of layers run where they are unpacked: on AWS that is /opt, here a directory per layer, which MiniStack's
workers name in _LAMBDA_LAYERS_DIRS. CDK's BucketDeployment starts /opt/awscli/aws, which in turn wants the interpreter
at /var/lang/bin/python.

The clock of functions runs faster: what the provider waits minutes for on AWS takes seconds. It is ahead of everybody
else's, the more so the longer the cloud has been running, so the dates that services answer are read by it too.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Callable
from datetime import datetime
from typing import Any

_LAYERS = os.environ.get("_LAMBDA_LAYERS_DIRS", "")
_OPT = "/opt/"
_RUNTIME_PYTHON = b"#!/var/lang/bin/python"


def locate(command: list[str], layers: list[str]) -> list[str]:
    """The command with a program below /opt replaced by that of the layer that has it."""
    program = str(command[0])
    if not program.startswith(_OPT):
        return command
    for layer in layers:
        path = os.path.join(layer, program.removeprefix(_OPT))
        if os.path.isfile(path):
            return [*_interpreter(path), path, *command[1:]]
    return command


def _interpreter(path: str) -> list[str]:
    with open(path, "rb") as file:
        if file.read(len(_RUNTIME_PYTHON)) == _RUNTIME_PYTHON:
            return [sys.executable]
    # zipfile, with which layers are unpacked, drops the permission to execute.
    os.chmod(path, 0o755)
    return []


class _Popen(subprocess.Popen[Any]):
    def __init__(self, args: Any, *more: Any, **options: Any) -> None:
        if isinstance(args, (list, tuple)) and args:
            args = locate(list(args), _LAYERS.split(os.pathsep))
        super().__init__(args, *more, **options)


def hasten(origin: float, speed: float) -> None:
    """Let the clock run faster from a moment on, which all functions share, and dates of boto3 be on that clock."""
    now, sleep = time.time, time.sleep

    def moved(moment: float) -> float:
        return moment + max(0.0, moment - origin) * (speed - 1)

    time.time = lambda: moved(now())
    time.sleep = lambda seconds: sleep(float(seconds) / speed)
    _move_dates(moved)


def _move_dates(moved: Callable[[float], float]) -> None:
    from botocore import parsers

    parse = parsers.DEFAULT_TIMESTAMP_PARSER

    def parse_moved(value: Any) -> datetime:
        found = parse(value)
        return datetime.fromtimestamp(moved(found.timestamp()), found.tzinfo)

    parsers.DEFAULT_TIMESTAMP_PARSER = parse_moved


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ and "SANDBOX_FUNCTION_SPEED" in os.environ:
    # Not for what a function starts: the AWS CLI has a botocore of its own, and compares dates with those of files.
    hasten(float(os.environ["SANDBOX_STARTED"]), float(os.environ.pop("SANDBOX_FUNCTION_SPEED")))
if _LAYERS:
    subprocess.Popen = _Popen  # type: ignore[misc]
