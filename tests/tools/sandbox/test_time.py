"""In the local cloud only work is faster: dates are those of the wall clock, for functions too those of their clock."""

from __future__ import annotations

import os
import subprocess
import sys
import time

import pytest

from tools.sandbox.cloud import LAMBDA_RUNTIME, Cloud, client

pytestmark = pytest.mark.xdist_group("sandbox")

HOUR = 3600.0
# What a function knows of the date of something that is dated with the first argument: whether it is about now.
FUNCTION = """
import sys, time
from botocore import parsers
answer = parsers.DEFAULT_TIMESTAMP_PARSER(float(sys.argv[1]))
print(abs(answer.timestamp() - time.time()) < 600)
"""


def test_dates_are_those_of_the_wall_clock() -> None:
    with Cloud() as endpoint:
        personalize = client(endpoint, "personalize")
        before = time.time()
        group = personalize.create_dataset_group(name="dated")["datasetGroupArn"]
        found = personalize.describe_dataset_group(datasetGroupArn=group)["datasetGroup"]
    assert before - 1 <= found["creationDateTime"].timestamp() <= time.time()
    assert before - 1 <= found["lastUpdatedDateTime"].timestamp() <= time.time()


def says(program: str, date: float, **more: str) -> str:
    variables = {"PYTHONPATH": str(LAMBDA_RUNTIME / "python"), "PATH": os.environ["PATH"], **more}
    command = [sys.executable, "-c", program, str(date)]
    return subprocess.run(command, env=variables, capture_output=True, text=True, check=True).stdout.strip()


@pytest.mark.parametrize(("ago", "answer"), [(0.0, "True"), (HOUR, "False"), (100 * HOUR, "False")])
def test_functions_read_dates_by_their_own_clock(ago: float, answer: str) -> None:
    now = time.time()
    of_a_function = {
        "AWS_LAMBDA_FUNCTION_NAME": "any",
        "SANDBOX_STARTED": str(now - HOUR),
        "SANDBOX_FUNCTION_SPEED": "10",
    }
    assert says(FUNCTION, now - ago, **of_a_function) == answer
    assert says(FUNCTION, now - ago) == answer


def test_what_a_function_starts_has_the_clock_of_the_machine() -> None:
    child = "import datetime, time; print(abs(time.time() - datetime.datetime.now().timestamp()) < 600)"
    program = f"import subprocess, sys; subprocess.run([sys.executable, '-c', {child!r}], check=True)"
    of_a_function = {"AWS_LAMBDA_FUNCTION_NAME": "any", "SANDBOX_STARTED": "0", "SANDBOX_FUNCTION_SPEED": "10"}
    assert says(program, time.time(), **of_a_function) == "True"
