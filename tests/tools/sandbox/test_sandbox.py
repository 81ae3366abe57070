"""Starting and stopping: nothing stays behind, however it ends, and nothing leads to a real account."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tools.checkout import CHECKOUT, isolated_environment
from tools.sandbox import cdk, demo
from tools.sandbox.__main__ import main
from tools.sandbox.cloud import LAMBDA_RUNTIME, Cloud, CloudError, Endpoint, client, is_healthy

pytestmark = pytest.mark.xdist_group("sandbox")

# A shared sandbox of its own, so that one which the developer keeps running is left alone.
MAIN = """
import signal
import sys
from pathlib import Path
from tools.sandbox import shared
from tools.sandbox.__main__ import main
# A shell that starts the tests in the background has them ignore it.
signal.signal(signal.SIGINT, signal.default_int_handler)
shared._FILE, shared._LOCK = Path(sys.argv[1]) / "running.json", Path(sys.argv[1]) / "lock"
sys.exit(main(sys.argv[2:]))
"""


def sandbox(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    """`python -m tools.sandbox`, in a session of its own as a terminal would have it."""
    return subprocess.Popen(
        [sys.executable, "-c", MAIN, str(folder), *arguments],
        cwd=CHECKOUT,
        env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def is_gone(group: int) -> bool:
    """Whether a process group has no process, waiting a moment for the system to notice."""
    for _ in range(100):
        try:
            os.killpg(group, 0)
        except ProcessLookupError:
            return True
        time.sleep(0.05)
    return False


def test_a_stopped_cloud_leaves_no_process_and_no_file() -> None:
    with Cloud() as endpoint:
        assert is_healthy(endpoint)
        assert client(endpoint, "s3").list_buckets()["Buckets"] == []
        assert client(endpoint, "personalize").list_recipes()["recipes"]
    assert is_gone(endpoint.pid)
    assert not Path(endpoint.directory).exists()


def test_two_clouds_know_nothing_of_each_other() -> None:
    with Cloud() as one, Cloud() as other:
        client(one, "personalize").create_dataset_group(name="mine")
        assert client(other, "personalize").list_dataset_groups()["datasetGroups"] == []


def test_a_cloud_ends_with_the_process_that_started_it() -> None:
    program = (
        "import signal\n"
        "from tools.sandbox.cloud import Cloud\n"
        "endpoint = Cloud().start()\n"
        "print(endpoint.pid, endpoint.directory, flush=True)\n"
        "signal.pause()"
    )
    parent = subprocess.Popen([sys.executable, "-c", program], cwd=CHECKOUT, stdout=subprocess.PIPE, text=True)
    assert parent.stdout
    server, directory = parent.stdout.readline().split()
    parent.kill()
    parent.wait()
    assert is_gone(int(server))
    assert not Path(directory).exists()


@pytest.mark.e2e
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_run_prints_variables_and_leaves_nothing_when_interrupted(tmp_path: Path, number: int) -> None:
    process = sandbox(tmp_path, "run")
    assert process.stdout
    printed = [process.stdout.readline() for _ in range(12)]
    variables = dict(
        line.removeprefix("export ").strip().split("=", 1) for line in printed if line.startswith("export")
    )
    assert variables.keys() >= {"AWS_ENDPOINT_URL", "AWS_CA_BUNDLE", "AWS_ACCESS_KEY_ID", "AWS_REGION"}
    check_that_a_shell_is_led_to_the_sandbox("".join(printed), variables)
    another = sandbox(tmp_path, "run")
    assert another.communicate()[0].splitlines() == [line.strip() for line in printed]
    os.killpg(process.pid, number)
    assert process.wait() == 130
    assert not (tmp_path / "running.json").exists()
    assert not Path(variables["AWS_CA_BUNDLE"]).exists()
    assert sandbox(tmp_path, "stop").communicate()[0] == "No sandbox is running.\n"


def check_that_a_shell_is_led_to_the_sandbox(printed: str, variables: dict[str, str]) -> None:
    """What is printed, pasted into a shell that leads to a real account, through a proxy."""
    elsewhere = {
        "AWS_PROFILE": "production",
        "AWS_SESSION_TOKEN": "of-production",
        "AWS_ENDPOINT_URL_PERSONALIZE": "https://personalize.eu-west-1.amazonaws.com",
        "AWS_ENDPOINT_URL_SOMETHING_NEW": "https://new.eu-west-1.amazonaws.com",
        "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "true",
        "AWS_REGION": "eu-west-1",
        "HTTPS_PROXY": "http://proxy.example:3128",
        "https_proxy": "http://proxy.example:3128",
        "HOME": "/home/me",
        "PATH": os.environ["PATH"],
    }
    for shell in ("sh", "bash"):
        result = subprocess.run(
            [shell, "-c", f"{printed}\nenv"], env=elsewhere, capture_output=True, text=True, check=True
        )
        left = dict(line.split("=", 1) for line in result.stdout.splitlines())
        own = {"HOME", "PATH", "PWD", "SHLVL", "_", "OLDPWD"}
        assert {name: value for name, value in left.items() if name not in own} == variables
        assert left["HOME"] == "/home/me"
    # A shell in which there is nothing to unset does not mind.
    subprocess.run(["sh", "-e", "-c", printed], env={"PATH": os.environ["PATH"]}, check=True)


def test_destroy_without_a_sandbox_has_nothing_to_do(tmp_path: Path) -> None:
    assert sandbox(tmp_path, "destroy").communicate()[0] == "No sandbox is running, so there is nothing to destroy.\n"


def test_nothing_of_the_environment_leads_to_a_real_account() -> None:
    environment = isolated_environment(
        {"AWS_PROFILE": "production", "AWS_SESSION_TOKEN": "x", "CDK_DEFAULT_ACCOUNT": "1", "HOME": "/home/me"}
    )
    assert environment["HOME"] == "/home/me"
    assert environment["AWS_CONFIG_FILE"] == environment["AWS_SHARED_CREDENTIALS_FILE"] == os.devnull
    assert not environment.keys() & {"AWS_PROFILE", "AWS_SESSION_TOKEN", "CDK_DEFAULT_ACCOUNT"}


def test_the_cli_sees_only_the_cloud(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_PROFILE", "production")
    environment = cdk.environment(Endpoint("https://127.0.0.1:1", "/c.crt", "us-east-1", 1, "/d", "/l"))
    assert "AWS_PROFILE" not in environment
    assert environment["AWS_ENDPOINT_URL"] == "https://127.0.0.1:1"


def test_no_control_characters_of_the_cli_reach_the_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cdk, "_command", lambda arguments: ["printf", r"%b", *arguments])
    shown: list[str] = []
    endpoint = Endpoint("https://127.0.0.1:1", "/c.crt", "us-east-1", 1, "/d", "/l")
    result = cdk.captured(endpoint, [r"\033[2Jrefused \0302\0233\n✅  done\n"], show=shown.append)
    assert shown == ["\\x1b[2Jrefused \\x9b", "✅  done"]
    assert "\x1b" not in result.output


def test_no_control_characters_of_an_error_reach_the_terminal(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    def failing() -> int:
        raise CloudError("The service says: \x1b[2J")

    monkeypatch.setattr(demo, "run", failing)
    monkeypatch.setattr(signal, "signal", lambda number, handler: None)
    assert main(["demo"]) == 1
    assert capsys.readouterr().err == "The service says: \\x1b[2J\n"


@pytest.mark.parametrize(("name", "ahead"), [({"AWS_LAMBDA_FUNCTION_NAME": "any"}, True), ({}, False)])
def test_the_clock_of_functions_and_of_nothing_else_runs_faster(name: dict[str, str], ahead: bool) -> None:
    a_minute_ago = {"SANDBOX_STARTED": str(time.time() - 60), "SANDBOX_FUNCTION_SPEED": "1000"}
    program = "import datetime, time; print(time.time() - datetime.datetime.now().timestamp() > 50_000)"
    path = {"PYTHONPATH": str(LAMBDA_RUNTIME / "python"), "PATH": os.environ["PATH"]}
    result = subprocess.run(
        [sys.executable, "-c", program], env=path | a_minute_ago | name, capture_output=True, text=True, check=True
    )
    assert result.stdout == f"{ahead}\n"
