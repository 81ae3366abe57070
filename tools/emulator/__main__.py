"""`python -m tools.emulator`: Amazon Personalize on this machine, for programs in any language.

It needs the packages botocore, hypercorn, implicit and lark, and nothing else of this repository: the folder can be
copied, and started by its new name.
"""

from __future__ import annotations

import argparse
import asyncio
import errno
import signal
import socket
import sys
from pathlib import Path
from typing import Any

from hypercorn.asyncio import serve
from hypercorn.config import Config

from .app import PersonalizeApp
from .clock import WallClock
from .cloudwatch import MemoryMetrics
from .guard import guarded, is_loopback
from .objects import MemoryObjects, Objects
from .service import Service
from .storage import FolderObjects, S3Objects, connect_s3

# An hour of training takes two seconds.
_SPEED = 1800.0
_VARIABLES = " ".join(f"AWS_ENDPOINT_URL_PERSONALIZE{api}" for api in ("", "_RUNTIME", "_EVENTS"))


def main(arguments: list[str] | None = None) -> int:
    """Serve until Ctrl-C or SIGTERM; the exit status."""
    parser = _parser()
    options = parser.parse_args(arguments)
    try:
        service = _service(options)
    except ValueError as error:
        parser.error(str(error))
    try:
        listener = socket.create_server((options.host, options.port))
    except (OSError, OverflowError) as error:
        print(_why(error, options.host, options.port), file=sys.stderr)
        return 1
    url = f"http://{options.host}:{listener.getsockname()[1]}"
    print(f"Amazon Personalize answers at {url} (set {_VARIABLES} to it; any credentials do)", flush=True)
    asyncio.run(_serve(service, listener, any_host=not is_loopback(options.host)))
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m tools.emulator",
        description="Amazon Personalize on this machine: plain HTTP, no account, any credentials.",
    )
    parser.add_argument("--port", type=int, required=True, metavar="N", help="0 takes any that is free")
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default: this machine only)")
    parser.add_argument(
        "--speed",
        type=float,
        default=_SPEED,
        metavar="N",
        help="how many times faster than on AWS imports, trainings and the like are (default: %(default)g); "
        "dates and schedules are never faster",
    )
    parser.add_argument(
        "--requests-per-second",
        type=float,
        metavar="N",
        help="how often each operation of the control plane may be called; 1 on AWS (default: no limit)",
    )
    objects = parser.add_mutually_exclusive_group()
    objects.add_argument("--objects", type=Path, metavar="FOLDER", help="FOLDER/bucket/key is s3://bucket/key")
    objects.add_argument("--s3-endpoint", metavar="URL", help="of the S3 that has the buckets")
    return parser


def _service(options: argparse.Namespace) -> Service:
    """The service that the command line asks for.

    Raises:
        ValueError: an option is wrong; the sentence says which.
    """
    return Service(
        WallClock(),
        _objects(options),
        metrics=MemoryMetrics(),
        speed=options.speed,
        requests_per_second=options.requests_per_second,
    )


def _objects(options: argparse.Namespace) -> Objects:
    if options.s3_endpoint:
        return S3Objects(connect_s3(options.s3_endpoint))
    if options.objects is None:
        return MemoryObjects()
    if not options.objects.is_dir():
        raise ValueError(f"--objects: there is no folder {options.objects}.")
    return FolderObjects(options.objects)


def _why(error: Exception, host: str, port: int) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"Port {port} of {host} is taken: choose another with --port, or 0 for any that is free."
    return f"Nothing can listen on port {port} of {host}: {error}. Choose others with --host and --port."


async def _serve(service: Service, listener: socket.socket, any_host: bool) -> None:
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, ended.set)
    config = Config()
    # The server closes it.
    config.bind = [f"fd://{listener.detach()}"]
    config.loglevel = "WARNING"
    config.graceful_timeout = 0.2
    application: Any = guarded(PersonalizeApp(service), "The emulator", any_host=any_host)
    await serve(application, config, shutdown_trigger=ended.wait)


if __name__ == "__main__":
    sys.exit(main())
