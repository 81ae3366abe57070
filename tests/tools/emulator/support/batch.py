"""Batch jobs for the emulator's tests."""

from __future__ import annotations

import json
from typing import Any

from tests.tools.emulator.support.account import ROLE, Account

INPUT = "s3://movies/in/lines.json"
OUTPUT = "s3://movies/out/"


def batch_params(version: str, **params: Any) -> dict[str, Any]:
    """What it takes to create a batch job."""
    return {
        "solutionVersionArn": version,
        "jobInput": {"s3DataSource": {"path": INPUT}},
        "jobOutput": {"s3DataDestination": {"path": OUTPUT}},
        "roleArn": ROLE,
        **params,
    }


def run_batch(account: Account, noun: str, version: str, *records: Any, **params: Any) -> dict[str, Any]:
    """The settled job that answers these lines, a text as it is."""
    lines = [record if isinstance(record, str) else json.dumps(record) for record in records]
    if lines:
        account.objects.put(INPUT, "\n".join(lines) + "\n")
    return account.describe(noun, account.created(noun, **batch_params(version, **params)))


def output_of(account: Account, name: str = "lines.json") -> list[dict[str, Any]]:
    """The lines that a job has written for an input file."""
    return [json.loads(line) for line in account.objects.objects[f"{OUTPUT}{name}.out"].decode().splitlines()]
