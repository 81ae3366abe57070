"""`make conformance`, `make conformance-clean`, `-compare` and `-deploy`: exit statuses.

A run ends with 0 if everything came as its steps expect and nothing is left, with 1 if not, with 2 if it could not
begin, with 130 if it was interrupted; a deployment does the same. A comparison ends with 0 if the recordings are the
same, with 3 if not, with 2 if they cannot be read. `make` itself ends with 2 whatever the status; the last line of the
output says which it was.
"""

from __future__ import annotations

import argparse
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, suppress
from datetime import UTC, datetime
from pathlib import Path

import botocore
from botocore.exceptions import BotoCoreError, ClientError

from lambdas.personalize_provider.log import printable
from tools.checkout import STATE_DIRECTORY

from . import clean, conduct, connections, deployment, plan, report, rules_page
from .compare import compare
from .connections import Connection, NotConnectedError
from .recording import Header, RecordingError, Writer, read
from .scenarios import STEPS
from .step import Endpoint, PlanError, Tier, in_order

FOLDER = STATE_DIRECTORY / "conformance"
_UNEXPECTED, _NOT_BEGUN, _DIFFERENT, _INTERRUPTED = 1, 2, 3, 130


def main(arguments: Sequence[str] | None = None, ask: Callable[[str], str] = input) -> int:
    """Carry out a command; its exit status.

    Args:
        arguments: of the command line; None for the process's own.
        ask: shows a question and returns the answer.
    """
    for ending in (signal.SIGTERM, signal.SIGHUP):
        signal.signal(ending, _end)
    options = _options(arguments)
    options.ask = ask
    try:
        status: int = options.command(options)
    except (PlanError, NotConnectedError, RecordingError) as error:
        print(printable(str(error)), file=sys.stderr)
        status = _NOT_BEGUN
    except KeyboardInterrupt:
        status = _INTERRUPTED
    print(f"Status {status}")
    return status


def _options(arguments: Sequence[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.conformance", description=__doc__)
    commands = parser.add_subparsers(required=True)
    run = commands.add_parser("run", help="perform the steps of a tier, and record what comes")
    run.add_argument("--tier", default=Tier.FREE.value, choices=[tier.value for tier in Tier])
    run.add_argument("--step", nargs="*", default=[], metavar="NAME", help="only these, and what they need")
    run.add_argument("--out", type=Path, help=f"the file of the recording (default: one in {FOLDER.name}/)")
    run.set_defaults(command=_run)
    cleaning = commands.add_parser("clean", help="remove what interrupted runs left")
    cleaning.set_defaults(command=_clean)
    deploying = commands.add_parser("deploy", help="deploy the app with the smallest settings, and destroy it")
    deploying.add_argument("--profile", help="of the AWS configuration files (default: the local cloud)")
    deploying.add_argument("--region", help="of AWS (default: that of the profile)")
    deploying.add_argument("--yes", action="store_true", help="do not ask")
    deploying.set_defaults(command=_deploy)
    comparing = commands.add_parser("compare", help="say where two recordings differ")
    comparing.add_argument("a", type=Path, help="file of a recording")
    comparing.add_argument("b", type=Path, help="file of another one")
    comparing.add_argument("--out", type=Path, help=f"the folder of the report (default: {FOLDER.name}/)")
    comparing.set_defaults(command=_compare)
    for each in (run, cleaning):
        each.add_argument("--endpoint", default="emulator", choices=["emulator", "local"], help="without --profile")
        each.add_argument("--profile", help="of the AWS configuration files: talk to AWS")
        each.add_argument("--region", help="of AWS (default: that of the profile)")
        each.add_argument("--yes", action="store_true", help="do not ask")
    return parser.parse_args(arguments)


def _end(*_: object) -> None:
    """SIGTERM, or a terminal that is closed, ends a run as Ctrl-C does: what it made is removed."""
    raise KeyboardInterrupt


def _connection(options: argparse.Namespace) -> AbstractContextManager[Connection]:
    if options.profile:
        return connections.to_aws(options.profile, options.region)
    return connections.to_local_cloud() if options.endpoint == "local" else connections.to_emulator()


def _is_agreed(options: argparse.Namespace) -> bool:
    if options.yes or not options.profile:
        return True
    try:
        return options.ask("Go on? [y/N] ").strip().lower() in ("y", "yes")
    except EOFError:
        print("Nobody can be asked here. Add --yes (with make: YES=1) if this is what you want.")
        return False


def _run(options: argparse.Namespace) -> int:
    tier = Tier(options.tier)
    steps = in_order(STEPS, tier, options.step)
    prefix = conduct.new_prefix()
    with _connection(options) as connection:
        print(printable(plan.as_text(steps, connection, prefix)))
        if not _is_agreed(options):
            return _NOT_BEGUN
        path = options.out or _path(connection, tier)
        path.parent.mkdir(parents=True, exist_ok=True)
        made = datetime.now(UTC).isoformat(timespec="seconds")
        header = Header(connection.endpoint.value, connection.region, tier.value, made, botocore.__version__)
        with path.open("w", encoding="utf-8") as file:
            result = conduct.perform(connection, steps, Writer(file, header), prefix, _tell)
    print(printable(plan.summary(result)))
    print(f"The recording: {path}")
    return _INTERRUPTED if result.interrupted else 0 if result.is_good else _UNEXPECTED


def _deploy(options: argparse.Namespace) -> int:
    print(printable(deployment.PLAN))
    if not _is_agreed(options):
        return _NOT_BEGUN
    where = deployment.to_aws(options.profile, options.region) if options.profile else deployment.to_local_cloud()
    with where as target:
        seen = deployment.deploy(target)
    path = FOLDER / f"deployment-{datetime.now(UTC):%Y%m%d-%H%M%S}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(deployment.as_markdown(seen), encoding="utf-8")
    print(printable(deployment.as_markdown(seen)))
    print(f"The report: {path}")
    return 0 if seen.is_good else _UNEXPECTED


def _path(connection: Connection, tier: Tier) -> Path:
    """The emulator's recordings are made again at any time, so there is one; those of AWS are kept."""
    date = f"-{datetime.now(UTC):%Y%m%d-%H%M%S}" if connection.endpoint is Endpoint.AWS else ""
    return FOLDER / f"{connection.endpoint.value}-{connection.region}-{tier.value}{date}.jsonl"


def _clean(options: argparse.Namespace) -> int:
    with _connection(options) as connection:
        try:
            found = clean.find(connection)
        except (BotoCoreError, ClientError) as error:
            raise NotConnectedError(f"What is there cannot be listed: {error}") from None
        if not found:
            print("No conformance run left anything.")
            return 0
        for each in found:
            print(printable(f"{each.text}{'' if each.is_tagged else ' (without the tag, so it stays)'}"))
        if not _is_agreed(options):
            return _NOT_BEGUN
        outcomes = clean.remove(connection, found, _tell)
    left = [f"{outcome.found.text}: {outcome.reason}" for outcome in outcomes if outcome.reason]
    for sentence in left:
        print(printable(f"Left: {sentence}"))
    return _UNEXPECTED if left else 0


def _compare(options: argparse.Namespace) -> int:
    comparison = compare(read(options.a), read(options.b))
    rules = rules_page.read()
    folder = options.out or FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    page, text = folder / "comparison.html", folder / "comparison.md"
    page.write_text(report.as_html(comparison, rules), encoding="utf-8")
    text.write_text(report.as_markdown(comparison, rules), encoding="utf-8")
    for each in comparison.differences:
        perhaps = "" if each.is_certain else "perhaps: "
        rules_of_it = ", ".join(each.rules) or "none"
        print(printable(f"{perhaps}{each.kind}, {each.where} (rules {rules_of_it}): A {each.a}; B {each.b}"))
    print(report.sentence(comparison))
    print(f"The report: {page}; to paste into an issue: {text}")
    return _DIFFERENT if comparison.certain else 0


def _tell(line: str) -> None:
    # A run whose terminal was closed still has to remove what it made.
    with suppress(OSError):
        print(printable(line), flush=True)


if __name__ == "__main__":
    sys.exit(main())
