"""The one sandbox that the make targets share: the first target starts it, the others find it."""

from __future__ import annotations

import contextlib
import fcntl
import json
from collections.abc import Iterator
from dataclasses import asdict, dataclass

from tools.checkout import STATE_DIRECTORY

from . import cdk
from .cloud import Cloud, CloudError, Endpoint, is_healthy, stop

_FILE = STATE_DIRECTORY / "running.json"
_LOCK = STATE_DIRECTORY / "lock"


@dataclass(frozen=True)
class Running:
    """A sandbox that runs.

    Attributes:
        endpoint: how to reach it.
        detached: whether it outlives the command that started it.
    """

    endpoint: Endpoint
    detached: bool


def find() -> Running | None:
    """The shared sandbox, if it runs."""
    try:
        said = json.loads(_FILE.read_text())
        running = Running(Endpoint(**said["endpoint"]), said["detached"])
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return running if is_healthy(running.endpoint) else None


def start(cloud: Cloud) -> Endpoint:
    """Start a cloud as the shared sandbox, ready for deployments.

    Raises:
        CloudError: it cannot be started or prepared, or there is one already.
    """
    with _alone():
        if find():
            raise CloudError("A sandbox is already running. `make stop` stops it.")
        endpoint = cloud.start()
        _FILE.write_text(json.dumps({"endpoint": asdict(endpoint), "detached": cloud.detached}))
    try:
        prepare(endpoint)
    except BaseException:
        end(endpoint)
        raise
    return endpoint


def prepare(endpoint: Endpoint) -> None:
    """Bootstrap a cloud.

    Raises:
        CloudError: `cdk bootstrap` failed.
    """
    result = cdk.bootstrap(endpoint)
    if result.exit_status:
        raise CloudError(f"cdk bootstrap failed:\n{result.output}")


def end(endpoint: Endpoint) -> None:
    """End the shared sandbox and forget it."""
    stop(endpoint)
    _FILE.unlink(missing_ok=True)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Let two commands not start a sandbox each at the same moment."""
    STATE_DIRECTORY.mkdir(exist_ok=True)
    with _LOCK.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield
