"""Starts and stops local clouds: MiniStack with IAM enforced, and the Personalize emulator, behind one endpoint."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import ssl
import subprocess
import sys
import tempfile
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path
from typing import Any

from tools.checkout import CHECKOUT, STATE_DIRECTORY, isolated_environment

LAMBDA_RUNTIME = Path(__file__).resolve().parent / "lambda_runtime"
# MiniStack takes these for the account's root user, and its environment's account id for the account.
ACCESS_KEY_ID = "test"
SECRET_ACCESS_KEY = "test"
ACCOUNT = "000000000000"
REGION = "us-east-1"
# How many times faster than on AWS Personalize works: an hour of training takes two seconds.
SPEED = 1800.0
# Seconds on the clock of Lambda functions per second: what the provider waits a minute for takes six seconds.
FUNCTION_SPEED = 10.0
# How long after an invocation its last log lines come.
LATE_LINES_SECONDS = 1.0
# In a cloud's directory.
CERTIFICATE, KEY = "server.crt", "server.key"
_HEALTH_PATH = "/_ministack/health"
_START_SECONDS = 60
_STOP_SECONDS = 5
_session_lock = threading.Lock()


class CloudError(Exception):
    """A local cloud cannot be started or reached; str() is what the user reads."""


@dataclass(frozen=True)
class Endpoint:
    """How to reach a running cloud.

    Attributes:
        url: base URL of every service.
        certificate: PEM file of the certificate to trust.
        region: region of its clients.
        pid: id of the server process, which leads its process group.
        directory: where the cloud keeps its files while it runs.
        log: its log file.
    """

    url: str
    certificate: str
    region: str
    pid: int
    directory: str
    log: str

    def client_variables(self) -> dict[str, str]:
        """Environment variables that point the AWS CLI, SDKs and the CDK CLI at this cloud."""
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_CA_BUNDLE": self.certificate,
            "NODE_EXTRA_CA_CERTS": self.certificate,
            "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
            "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
            "AWS_REGION": self.region,
            "AWS_DEFAULT_REGION": self.region,
        }


@dataclass
class Cloud:
    """A local cloud: starts on entry, and removes itself on exit with all its processes and files.

    Several can run at the same time.

    Attributes:
        speed: how many times faster than on AWS Personalize works; its dates and schedules are not faster.
        region: region that clients use.
        propagation_seconds: how long a change of a role's policies takes to have an effect; on AWS up to two minutes.
        requests_per_second: how often each operation of Personalize's control plane may be called, 1 on AWS; None for
            no limit. Functions, whose clock is ten times as fast, get a tenth of it.
        detached: whether the server outlives this process; if not, it ends with it, however this ends.
    """

    speed: float = SPEED
    region: str = REGION
    propagation_seconds: float = 0.0
    requests_per_second: float | None = None
    detached: bool = False
    endpoint: Endpoint | None = None
    _process: subprocess.Popen[bytes] | None = field(default=None, repr=False)

    def __enter__(self) -> Endpoint:
        """Start."""
        return self.start()

    def __exit__(self, *_: object) -> None:
        """Stop."""
        self.stop()

    def start(self) -> Endpoint:
        """Start the server and wait until it answers.

        Raises:
            CloudError: it cannot be started.
        """
        STATE_DIRECTORY.mkdir(exist_ok=True)
        directory = Path(tempfile.mkdtemp(prefix="cloud-", dir=STATE_DIRECTORY))
        try:
            self.endpoint = self._launch(directory)
            self._wait_until_healthy(self.endpoint)
        except BaseException:
            self.stop()
            shutil.rmtree(directory, ignore_errors=True)
            raise
        return self.endpoint

    def stop(self) -> None:
        """End the server and everything it started. Does nothing if it does not run."""
        if self.endpoint:
            stop(self.endpoint)
        if self._process:
            self._process.wait()
            if self._process.stdin:
                self._process.stdin.close()
        self.endpoint = self._process = None

    def _launch(self, directory: Path) -> Endpoint:
        certificate = _make_certificate(directory)
        log = directory / "server.log"
        with socket.create_server(("127.0.0.1", 0)) as listener, log.open("wb") as output:
            port = listener.getsockname()[1]
            endpoint = Endpoint(f"https://127.0.0.1:{port}", str(certificate), self.region, 0, str(directory), str(log))
            self._process = subprocess.Popen(
                [
                    *(sys.executable, "-m", "tools.sandbox.server", "--fd", str(listener.fileno())),
                    *("--directory", str(directory), "--speed", str(self.speed)),
                    *("--propagation-seconds", str(self.propagation_seconds)),
                    *self._rate_limit(),
                    *(() if self.detached else ("--watch-stdin",)),
                ],
                cwd=CHECKOUT,
                env=_server_environment(endpoint, port, directory),
                stdin=subprocess.DEVNULL if self.detached else subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                pass_fds=(listener.fileno(),),
                start_new_session=True,
            )
        return replace(endpoint, pid=self._process.pid)

    def _rate_limit(self) -> tuple[str, ...]:
        limit = self.requests_per_second
        return () if limit is None else ("--requests-per-second", str(limit))

    def _wait_until_healthy(self, endpoint: Endpoint) -> None:
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._process and self._process.poll() is not None:
                raise CloudError(f"The sandbox stopped at once. The end of its log:\n{_tail(Path(endpoint.log))}")
            if is_healthy(endpoint):
                return
            time.sleep(0.1)
        raise CloudError(f"The sandbox does not answer. The end of its log:\n{_tail(Path(endpoint.log))}")


def client(endpoint: Endpoint, service: str, **options: Any) -> Any:
    """A boto3 client for a cloud; `options` are those of boto3."""
    settings: dict[str, Any] = {
        "endpoint_url": endpoint.url,
        "verify": endpoint.certificate,
        "aws_access_key_id": ACCESS_KEY_ID,
        "aws_secret_access_key": SECRET_ACCESS_KEY,
        "region_name": endpoint.region,
    }
    # A session is not for two threads at a time.
    with _session_lock:
        return _session().client(service, **(settings | options))


@cache
def _session() -> Any:
    """One for all clients: it reads the model of each service once, which is most of what a client costs."""
    # It takes a while to import, which `make stop` and the like can do without.
    import boto3

    return boto3.session.Session()


def is_healthy(endpoint: Endpoint) -> bool:
    """Whether a cloud answers at this endpoint."""
    try:
        with request(endpoint, "GET", _HEALTH_PATH) as answer:
            return bool(answer.status == 200)
    except (OSError, ssl.SSLError):
        return False


def request(endpoint: Endpoint, method: str, path: str, body: Any = None) -> Any:
    """An unsigned request to a cloud's own paths; `body` is sent as JSON.

    Raises:
        urllib.error.HTTPError: the answer is an error.
        OSError: there is no answer.
    """
    data = None if body is None else json.dumps(body).encode()
    message = urllib.request.Request(f"{endpoint.url}{path}", data, {"Content-Type": "application/json"}, method=method)
    opener = urllib.request.build_opener(
        urllib.request.ProxyHandler({}),
        urllib.request.HTTPSHandler(context=ssl.create_default_context(cafile=endpoint.certificate)),
    )
    return opener.open(message, timeout=10)


def stop(endpoint: Endpoint) -> None:
    """End a cloud's process group and remove its files; its last log stays as .sandbox/last.log."""
    with contextlib.suppress(ProcessLookupError):
        os.kill(endpoint.pid, signal.SIGTERM)
        _await_end(endpoint.pid)
    # Lambda workers are in the server's group: whatever is left of it goes at once.
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(endpoint.pid, signal.SIGKILL)
    with contextlib.suppress(OSError):
        os.replace(endpoint.log, STATE_DIRECTORY / "last.log")
    shutil.rmtree(endpoint.directory, ignore_errors=True)


def _await_end(pid: int) -> None:
    deadline = time.monotonic() + _STOP_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG) != (0, 0):
                return
        os.kill(pid, 0)
        time.sleep(0.05)


def _server_environment(endpoint: Endpoint, port: int, directory: Path) -> dict[str, str]:
    temporary = directory / "tmp"
    temporary.mkdir()
    return (
        isolated_environment()
        # Lambda workers inherit the server's environment; their credentials are their role's.
        | endpoint.client_variables()
        | {
            "AUTH": "true",
            "USE_SSL": "1",
            "MINISTACK_SSL_CERT": endpoint.certificate,
            "MINISTACK_SSL_KEY": str(directory / KEY),
            "SSL_CERT_FILE": endpoint.certificate,
            "MINISTACK_HOST": "127.0.0.1",
            "MINISTACK_ACCOUNT_ID": ACCOUNT,
            "MINISTACK_REGION": endpoint.region,
            "BIND_HOST": "127.0.0.1",
            "GATEWAY_PORT": str(port),
            "TMPDIR": str(temporary),
            "S3_DATA_DIR": str(temporary / "s3"),
            "STATE_DIR": str(temporary / "state"),
            "PERSIST_STATE": "0",
            # No listeners but ours, and no containers.
            "IOT_MTLS_ENABLED": "0",
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",
            "LAMBDA_EXECUTOR": "local",
            # Of the Provider framework's machine; the others wait at the cloud's speed.
            "SFN_WAIT_SCALE": "0.05",
            # What Lambda's own runtimes have built in.
            "NODE_PATH": str(LAMBDA_RUNTIME / "node_modules"),
            "PYTHONPATH": str(LAMBDA_RUNTIME / "python"),
            "SANDBOX_FUNCTION_SPEED": str(FUNCTION_SPEED),
            "SANDBOX_STARTED": str(time.time()),
            "NODE_NO_WARNINGS": "1",
            "PYTHONUNBUFFERED": "1",
        }
    )


def _make_certificate(directory: Path) -> Path:
    certificate, key = directory / CERTIFICATE, directory / KEY
    command = [
        *("openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"),
        *("-keyout", str(key), "-out", str(certificate), "-days", "30", "-subj", "/CN=localhost"),
        *("-addext", "subjectAltName=DNS:localhost,DNS:*.localhost,IP:127.0.0.1"),
        *("-addext", "basicConstraints=critical,CA:FALSE", "-addext", "extendedKeyUsage=serverAuth"),
    ]
    try:
        subprocess.run(command, check=True, capture_output=True)
    except FileNotFoundError:
        raise CloudError("The sandbox needs the program openssl, to make its certificate. Install it.") from None
    except subprocess.CalledProcessError as error:
        raise CloudError(f"openssl could not make a certificate: {error.stderr.decode(errors='replace')}") from None
    return certificate


def _tail(path: Path, lines: int = 20) -> str:
    with contextlib.suppress(OSError):
        return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
    return ""
