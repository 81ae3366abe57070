"""`make status ENV=dev [PROFILE=] [REGION=] [JSON=1] [HTML=1]`: whether everything is as it was deployed.

It compares what the templates of the deployed stacks say with what there is, in the local cloud or on AWS, and changes
nothing. Exit status 0 if all is in step, 3 if something is not, 1 if it cannot be read.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn

from lambdas.personalize_provider.log import printable
from stacks.settings import CONFIG_DIRECTORY, SettingsError
from tools.checkout import STATE_DIRECTORY
from tools.deployed import Deployed, NotDeployedError, find

from .page import Page, as_html, gather
from .read import read
from .rows import Found, State
from .table import print_table, verdict

OUT_OF_STEP = 3
# Where nobody says how wide it is, as in the log of a pipeline.
_WIDTH = 120
_BY_NAME = {state.name.lower().replace("_", "-"): state for state in State if state.is_out_of_step}


def main(arguments: list[str] | None = None) -> int:
    """Print what is found; its exit status."""
    options = _options(arguments)
    try:
        deployed = find(options.env, options.config_dir, options.profile, options.region)
        found = _read(deployed)
        page = gather(deployed, found) if options.html else None
    except (SettingsError, NotDeployedError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(printable(f"AWS did not answer: {error}"), file=sys.stderr)
        return 1
    if options.json:
        print(json.dumps(as_json(found), indent=2, default=str))
    else:
        print_table(found, Console(width=None if sys.stdout.isatty() else _WIDTH))
    if page:
        written = _write(page, options.out / f"status-{options.env}.html")
        print(f"The page: {written}", file=sys.stderr)
    return status_of(found, frozenset(options.ignore))


def _write(page: Page, file: Path) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(as_html(page), encoding="utf-8")
    return file


def status_of(found: Found, ignored: frozenset[State]) -> int:
    """Exit status: what is out of step counts before what cannot be read."""
    if found.out_of_step(ignored):
        return OUT_OF_STEP
    return 1 if found.unread else 0


def as_json(found: Found) -> dict[str, object]:
    """Everything that was found, for programs."""
    return {
        "name": found.name,
        "where": found.where,
        "date": found.date.isoformat(),
        "verdict": verdict(found),
        "stacks": [
            {"name": each.name, "status": each.status, "changed": each.changed.isoformat()} for each in found.stacks
        ],
        "resources": [row.as_json() for row in found.rows],
    }


def _read(deployed: Deployed) -> Found:
    """Read with a bar that shows how far it is; nothing of it stays, or is seen where nobody looks."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task(f"Reading {deployed.name}", total=None)

        def step(name: str, done: int, total: int) -> None:
            bar.update(task, description=f"Reading {printable(name)}", completed=done, total=total)

        return read(deployed, step)


def _ignored(text: str) -> list[State]:
    names = [each.strip() for each in text.split(",") if each.strip()]
    unknown = [name for name in names if name not in _BY_NAME]
    if unknown:
        raise argparse.ArgumentTypeError(f"'{unknown[0]}' is not one of {', '.join(_BY_NAME)}.")
    return [_BY_NAME[name] for name in names]


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.status", description=__doc__)
    parser.add_argument("--env", default="dev", help="config/ENV.yaml (default: dev)")
    parser.add_argument("--json", action="store_true", help="print everything for programs")
    parser.add_argument("--html", action="store_true", help="write a page, too")
    parser.add_argument(
        "--ignore", type=_ignored, default=[], help=f"states that do not count, with commas: {', '.join(_BY_NAME)}"
    )
    parser.add_argument("--profile", help="of the AWS configuration files (default: the local cloud, if one runs)")
    parser.add_argument("--region", help="of AWS (default: that of the settings, or of the profile)")
    parser.add_argument("--config-dir", type=Path, default=CONFIG_DIRECTORY, help="folder of the settings")
    parser.add_argument("--out", type=Path, default=STATE_DIRECTORY, help="folder of the page (default: .sandbox)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
