"""The emulator as a process of its own, as others start it."""

from __future__ import annotations

import contextlib
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from tools.checkout import CHECKOUT

_URL = re.compile(r"http://127\.0\.0\.1:\d+")


@dataclass(frozen=True)
class Running:
    """An emulator that answers at a URL."""

    url: str
    process: subprocess.Popen[str]

    def client(self, api: str) -> Any:
        """A boto3 client of one of its APIs."""
        keys = {"aws_access_key_id": "any", "aws_secret_access_key": "any"}
        config = Config(retries={"total_max_attempts": 1})
        return boto3.Session(**keys, region_name="eu-west-1").client(api, endpoint_url=self.url, config=config)

    def end(self, number: int) -> tuple[int, str]:
        """Send a signal; the exit status, and what it had to say besides its one line."""
        self.process.send_signal(number)
        output, errors = self.process.communicate(timeout=60)
        return self.process.returncode, output + errors


@contextlib.contextmanager
def running(*arguments: str, package: str = "tools.emulator", folder: Path = CHECKOUT) -> Iterator[Running]:
    """An emulator at a free port, from the package of that name in a folder; it is gone afterwards."""
    process = subprocess.Popen(
        [sys.executable, "-m", package, "--port", "0", *arguments],
        cwd=folder,
        env={"PATH": os.environ["PATH"]},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout
        found = _URL.search(process.stdout.readline())
        assert found, process.communicate()[1]
        yield Running(found[0], process)
    finally:
        process.kill()
        process.wait()
