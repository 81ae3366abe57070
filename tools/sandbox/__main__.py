"""`python -m tools.sandbox`: the local cloud from the command line. `make help` lists the targets that use it."""

from __future__ import annotations

import argparse
import shlex
import signal
import sys

from lambdas.personalize_provider.log import printable
from tools.checkout import MISLEADING, NO_CONFIGURATION

from . import cdk, demo, inventory, shared
from .cloud import Cloud, CloudError, Endpoint

_INTERRUPTED = 130
# For the shell to fill in: names that only it knows.
_SERVICE_ENDPOINTS = "$(env | sed -n 's/^\\(AWS_ENDPOINT_URL_[A-Za-z0-9_]*\\)=.*/\\1/p')"


def main(arguments: list[str] | None = None) -> int:
    """Carry out a command; its exit status."""
    signal.signal(signal.SIGTERM, _end)
    options = _options(arguments)
    try:
        return int(options.command(options))
    except CloudError as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; the sandbox is stopped.", file=sys.stderr)
        return _INTERRUPTED


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.sandbox", description=__doc__)
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="start a sandbox and keep it running until Ctrl-C")
    run.add_argument(
        "--propagation-seconds",
        type=float,
        default=0.0,
        metavar="N",
        help="changed policies take effect N seconds later, as on AWS (default: at once)",
    )
    run.add_argument(
        "--requests-per-second",
        type=float,
        metavar="N",
        help="how often each operation of Personalize's control plane may be called; 1 on AWS (default: no limit)",
    )
    run.set_defaults(command=_run)
    commands.add_parser("stop", help="stop the running sandbox").set_defaults(command=_stop)
    commands.add_parser("demo", help="deploy, recommend, change, destroy, check").set_defaults(command=_demo)
    for name, meaning in {
        "deploy": "deploy all stacks; starts a sandbox if none runs",
        "diff": "show what deploying would change",
        "destroy": "destroy all stacks",
    }.items():
        command = commands.add_parser(name, help=meaning)
        command.add_argument("--env", default="dev", help="config/ENV.yaml (default: dev)")
        command.add_argument("arguments", nargs="*", help="more arguments for the CDK CLI, after --")
        command.set_defaults(command={"deploy": _deploy, "diff": _diff, "destroy": _destroy}[name])
    return parser.parse_args(arguments)


def _end(*_: object) -> None:
    """SIGTERM ends the command as Ctrl-C does: nothing stays behind."""
    raise KeyboardInterrupt


def _run(options: argparse.Namespace) -> int:
    running = shared.find()
    if running:
        _print_variables(running)
        return 0
    print("Starting a sandbox ...", file=sys.stderr, flush=True)
    endpoint = shared.start(
        Cloud(propagation_seconds=options.propagation_seconds, requests_per_second=options.requests_per_second)
    )
    try:
        _print_variables(shared.Running(endpoint, detached=False))
        print("The sandbox runs until Ctrl-C.", file=sys.stderr, flush=True)
        signal.pause()
    finally:
        shared.end(endpoint)
    return 0


def _print_variables(running: shared.Running) -> None:
    print("# These variables would point the AWS CLI, SDKs and the CDK CLI elsewhere:")
    print(f"unset {' '.join(MISLEADING)} {_SERVICE_ENDPOINTS}")
    print("# These variables point them at the sandbox, and away from the configuration files of real accounts:")
    for name, value in (running.endpoint.client_variables() | NO_CONFIGURATION).items():
        print(f"export {name}={shlex.quote(value)}")
    sys.stdout.flush()


def _stop(_: argparse.Namespace) -> int:
    running = shared.find()
    if running:
        shared.end(running.endpoint)
    print("The sandbox is stopped." if running else "No sandbox is running.")
    return 0


def _demo(_: argparse.Namespace) -> int:
    return demo.run()


def _deploy(options: argparse.Namespace) -> int:
    running = shared.find()
    if running:
        return _deploy_to(running.endpoint, options)
    print("Starting a sandbox ...", flush=True)
    endpoint = shared.start(Cloud(detached=True))
    status = _INTERRUPTED
    try:
        status = _deploy_to(endpoint, options)
    finally:
        if status:
            shared.end(endpoint)
    print("The sandbox keeps running. `make sandbox` prints how to reach it; `make destroy` or `make stop` stop it.")
    return 0


def _deploy_to(endpoint: Endpoint, options: argparse.Namespace) -> int:
    if not cdk.has_right_data(endpoint, options.env, options.arguments):
        return 1
    return cdk.followed(endpoint, cdk.deploy_arguments(options.env, *options.arguments))


def _diff(options: argparse.Namespace) -> int:
    arguments = cdk.diff_arguments(options.env, *options.arguments)
    running = shared.find()
    if running:
        return cdk.attached(running.endpoint, arguments)
    print("No sandbox is running, so this compares with an empty one.", flush=True)
    with Cloud() as endpoint:
        return cdk.attached(endpoint, arguments)


def _destroy(options: argparse.Namespace) -> int:
    running = shared.find()
    if running is None:
        print("No sandbox is running, so there is nothing to destroy.")
        return 0
    status = cdk.followed(running.endpoint, cdk.destroy_arguments(options.env, *options.arguments))
    if not status and running.detached and not inventory.leftovers(running.endpoint):
        shared.end(running.endpoint)
        print("Nothing is left, so the sandbox is stopped.")
    return status


if __name__ == "__main__":
    sys.exit(main())
