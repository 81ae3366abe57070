"""The server process of the sandbox: `python -m tools.sandbox.server`, started by cloud.py with the environment set."""

from __future__ import annotations

import argparse
import asyncio
import os
import shutil
import signal
import sys
import threading
from pathlib import Path

from hypercorn.asyncio import serve
from hypercorn.config import Config

from tools.emulator.guard import guarded

from .cloud import CERTIFICATE, KEY
from .ministack import build_gateway


def main() -> int:
    """Serve until SIGTERM or SIGINT, or until standard input ends if told to watch it."""
    arguments = _arguments()
    if arguments.watch_stdin:
        threading.Thread(target=_end_with_parent, args=[arguments.directory], daemon=True).start()
    config = Config()
    # The listening socket comes from the parent, so no other process can take its port in between, and nothing
    # listens on 443 as `ministack` itself would with TLS.
    config.bind = [f"fd://{arguments.fd}"]
    config.certfile, config.keyfile = str(arguments.directory / CERTIFICATE), str(arguments.directory / KEY)
    config.keep_alive_timeout = 75
    config.graceful_timeout = 0.2
    gateway = build_gateway(arguments.speed, arguments.propagation_seconds, arguments.requests_per_second)
    asyncio.run(serve(guarded(gateway, "The local cloud"), config))
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.sandbox.server")
    parser.add_argument("--fd", type=int, required=True, help="listening socket, inherited")
    parser.add_argument("--directory", type=Path, required=True, help="of this cloud, with certificate and key")
    parser.add_argument(
        "--speed", type=float, required=True, help="how many times faster than on AWS Personalize works"
    )
    parser.add_argument("--propagation-seconds", type=float, default=0.0, help="until changed policies have an effect")
    parser.add_argument("--requests-per-second", type=float, help="of each operation of Personalize's control plane")
    parser.add_argument("--watch-stdin", action="store_true", help="end when standard input ends")
    return parser.parse_args()


def _end_with_parent(directory: Path) -> None:
    """Standard input is a pipe of the parent: it ends when the parent does, however that dies."""
    sys.stdin.buffer.read()
    shutil.rmtree(directory, ignore_errors=True)
    os.killpg(os.getpgrp(), signal.SIGKILL)


if __name__ == "__main__":
    sys.exit(main())
