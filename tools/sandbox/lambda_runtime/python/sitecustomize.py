"""What Lambda functions find on AWS and not here. Python imports this module at start-up, by its name.

Programs of layers run where they are unpacked: on AWS that is /opt, here a directory per layer, which MiniStack's
workers name in _LAMBDA_LAYERS_DIRS. CDK's BucketDeployment starts /opt/awscli/aws, which in turn wants the interpreter
at /var/lang/bin/python.

The clock of functions runs faster, as the emulator's does: what the provider waits minutes for on AWS takes seconds.
It is ahead of that of other services here, the more so the longer the cloud has been running.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
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
    """Let the clock run faster from a moment on, which all functions share."""
    now, sleep = time.time, time.sleep
    time.time = lambda: origin + (now() - origin) * speed
    time.sleep = lambda seconds: sleep(float(seconds) / speed)


if "AWS_LAMBDA_FUNCTION_NAME" in os.environ and "SANDBOX_FUNCTION_SPEED" in os.environ:
    hasten(float(os.environ["SANDBOX_STARTED"]), float(os.environ["SANDBOX_FUNCTION_SPEED"]))
if _LAYERS:
    subprocess.Popen = _Popen  # type: ignore[misc]
