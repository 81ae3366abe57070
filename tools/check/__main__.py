"""`make check ENV=dev [DATA=folder]`: whether the service will take the data that the settings name.

Prints what was found, and draws the data on a page.

Exit status 0 if it will, 1 if it would refuse something, or if the settings are wrong, 3 if it found nothing wrong, but
could not look at everything.
"""

from __future__ import annotations

import argparse
import datetime
import re
import sys
import tempfile
import time
from pathlib import Path

import boto3
from botocore.exceptions import BotoCoreError

from lambdas.personalize_provider.log import printable
from stacks.personalize.avro import fields
from stacks.settings import CONFIG_DIRECTORY, Settings, SettingsError, load_settings
from tools.checkout import CHECKOUT, STATE_DIRECTORY

from .athena import Athena, NotInS3Error
from .check import Report, check_beginning, check_data
from .engines import DuckDb
from .page import as_html
from .pictures import pictures
from .places import UnreadableError

SAMPLE = CHECKOUT / "data" / "out"
_UNREAD = 3


def main(arguments: list[str] | None = None) -> int:
    """Check, and print what was found."""
    options = _options(arguments)
    try:
        _check_data(options.data)
        settings = load_settings(options.env, options.config_dir)
    except SettingsError as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    if settings.existing:
        if not options.quick:
            print(f"Others look after the data of {settings.existing.group_name}, so there is nothing to check.")
        return 0
    try:
        report = _report(settings, options)
    except (NotInS3Error, UnreadableError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1 if isinstance(error, NotInS3Error) else _UNREAD
    if not options.quick or report.findings or report.unread:
        print(printable(as_text(options.env, report)), flush=True)
    if report.refused:
        return 1
    return _UNREAD if report.unread and not options.allow_unread else 0


def _report(settings: Settings, options: argparse.Namespace) -> Report:
    with tempfile.TemporaryDirectory() as scratch:
        engine = _engine(options, Path(scratch))
        try:
            if options.quick:
                return check_beginning(settings, options.data, options.sample_dir, engine)
            report = check_data(settings, options.data, options.sample_dir, engine)
            used = settings.used_datasets
            columns = {kind: fields(used[kind].schema_document).keys() for kind in report.loaded}
            charts = pictures(engine, columns, time.time())
        finally:
            engine.close()
    page = options.out / f"check-{options.env}.html"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(as_html(options.env, report, charts, _verdict(report), datetime.datetime.now(datetime.UTC).date()))
    report.page = str(page)
    return report


def _engine(options: argparse.Namespace, scratch: Path) -> DuckDb | Athena:
    if options.quick or options.engine == "duckdb":
        return DuckDb(scratch)
    try:
        return Athena(boto3.client("athena"), options.workgroup, options.database, options.results)
    except BotoCoreError as error:
        raise UnreadableError(f"Athena: {error}") from None


def _check_data(location: str | None) -> None:
    if location and not re.match(r"s3://[^/]", location) and not Path(location).is_dir():
        raise SettingsError(f"data: there is no folder {location}. Give a folder, or s3://bucket/folder/.")


def as_text(env: str, report: Report) -> str:
    """What there is, what would be refused, and what else should be looked at."""
    refused = [f"  {each.where}: {each.text}" for each in report.findings if each.refuses]
    advice = [f"  {each.where}: {each.text}" for each in report.findings if not each.refuses]
    unread = [f"  {each.where}: {each.text}" for each in report.unread]
    return "\n".join(
        [
            f"The data of {env}:",
            *(f"  {fact}" for fact in report.facts),
            *(["Amazon Personalize would refuse this:", *refused] if refused else []),
            *(["Worth a look:", *advice] if advice else []),
            *(["Could not be checked:", *unread] if unread else []),
            _verdict(report),
            *([f"The data as pictures: {report.page}"] if report.page else []),
        ]
    )


def _verdict(report: Report) -> str:
    if report.refused:
        return "Do not deploy this."
    if not report.loaded:
        return "Nothing could be checked."
    found = "Found nothing that the service would refuse"
    return f"{found} in what could be checked." if report.unread else f"{found}."


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.check", description=__doc__)
    parser.add_argument("--env", default="dev", help="config/ENV.yaml (default: dev)")
    parser.add_argument("--data", help="folder of interactions.csv, items.csv, users.csv, here or s3://bucket/folder/")
    parser.add_argument("--quick", action="store_true", help="headers and first rows only; silent if they are right")
    parser.add_argument("--engine", choices=("duckdb", "athena"), default="duckdb", help="what runs the statements")
    parser.add_argument("--workgroup", default="primary", help="of Athena (default: primary)")
    parser.add_argument("--database", default="default", help="of Athena, for tables while the check runs")
    parser.add_argument("--results", help="s3:// location for Athena's results, unless the workgroup has one")
    parser.add_argument(
        "--allow-unread", action="store_true", help="status 0, not 3, where something could not be looked at"
    )
    parser.add_argument("--config-dir", type=Path, default=CONFIG_DIRECTORY, help="folder of the settings")
    parser.add_argument("--out", type=Path, default=STATE_DIRECTORY, help="folder of the page (default: .sandbox)")
    parser.add_argument("--sample-dir", type=Path, default=SAMPLE, help="folder of the sample data")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
