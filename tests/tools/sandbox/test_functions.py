"""Where MiniStack's Lambda differs from AWS, the local cloud does not."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from tools.sandbox.cloud import ACCOUNT, Endpoint, client

# With the other tests that need a cloud but no bootstrap.
pytestmark = pytest.mark.xdist_group("cloudformation")

TRUST = {"Effect": "Allow", "Principal": {"Service": "lambda.amazonaws.com"}, "Action": "sts:AssumeRole"}
# Each counts its invocations, and does what it is told.
PROGRAMS = {
    "python3.13": (
        "index.py",
        """
import os
count = 0
def handler(event, context):
    global count
    count += 1
    if event == "raise":
        raise ValueError("as it was told")
    if event == "exit":
        os._exit(1)
    return count
""",
    ),
    "nodejs22.x": (
        "index.js",
        """
let count = 0;
exports.handler = async (event) => {
  count += 1;
  if (event === "raise") throw new Error("as it was told");
  if (event === "exit") process.exit(1);
  return count;
};
""",
    ),
    "nodejs20.x": (
        "index.js",
        """
let count = 0;
exports.handler = (event, context, callback) => {
  count += 1;
  if (event === "raise") throw new Error("as it was told");
  if (event === "exit") process.exit(1);
  callback(null, count);
};
""",
    ),
}


@pytest.fixture(scope="module")
def endpoint(bare_cloud: Endpoint) -> Endpoint:
    document = json.dumps({"Statement": [TRUST]})
    client(bare_cloud, "iam").create_role(RoleName="function", AssumeRolePolicyDocument=document)
    return bare_cloud


def invoked(functions: Any, name: str, event: str) -> tuple[bool, Any]:
    """Whether a function fails, and what it answers."""
    answer = functions.invoke(FunctionName=name, Payload=json.dumps(event))
    return "FunctionError" in answer, json.loads(answer["Payload"].read())


@pytest.mark.parametrize("runtime", PROGRAMS)
def test_a_function_that_raises_keeps_its_environment_and_one_that_ends_does_not(
    endpoint: Endpoint, runtime: str
) -> None:
    functions, name = client(endpoint, "lambda"), runtime.replace(".", "")
    file, program = PROGRAMS[runtime]
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w") as writing:
        writing.writestr(file, program)
    functions.create_function(
        FunctionName=name,
        Runtime=runtime,
        Role=f"arn:aws:iam::{ACCOUNT}:role/function",
        Handler="index.handler",
        Code={"ZipFile": archive.getvalue()},
    )
    assert invoked(functions, name, "count") == (False, 1)
    failed, answer = invoked(functions, name, "raise")
    assert failed
    assert answer == {"errorMessage": "as it was told", "errorType": "ValueError" if "py" in runtime else "Error"}
    assert invoked(functions, name, "count") == (False, 3)
    failed, _ = invoked(functions, name, "exit")
    assert failed
    assert invoked(functions, name, "count") == (False, 1)
