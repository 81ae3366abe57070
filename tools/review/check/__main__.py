"""`make check ENV=dev [DATA=folder]`: whether the service will take the data that the settings name.

Exit status 0 if it will, 1 if it would refuse something, or if the settings are wrong.
"""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from pathlib import Path

from lambdas.personalize_provider.log import printable
from stacks.settings import CONFIG_DIRECTORY, SettingsError, load_settings
from tools.checkout import CHECKOUT

from .check import Report, check_data

SAMPLE = CHECKOUT / "data" / "out"


def main(arguments: list[str] | None = None) -> int:
    """Check, and print what was found."""
    options = _options(arguments)
    try:
        _check_data(options.data)
        settings = load_settings(options.env, options.config_dir)
    except SettingsError as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    with tempfile.TemporaryDirectory() as scratch:
        report = check_data(settings, options.data, options.sample_dir, Path(scratch))
    print(printable(as_text(options.env, report)))
    return 1 if report.refused else 0


def _check_data(location: str | None) -> None:
    if location and not re.match(r"s3://[^/]", location) and not Path(location).is_dir():
        raise SettingsError(f"data: there is no folder {location}. Give a folder, or s3://bucket/folder/.")


def as_text(env: str, report: Report) -> str:
    """What there is, what would be refused, and what else should be looked at."""
    refused = [f"  {each.where}: {each.text}" for each in report.findings if each.refuses]
    advice = [f"  {each.where}: {each.text}" for each in report.findings if not each.refuses]
    return "\n".join(
        [
            f"The data of {env}:",
            *(f"  {fact}" for fact in report.facts),
            *(["Amazon Personalize would refuse this:", *refused] if refused else []),
            *(["Worth a look:", *advice] if advice else []),
            "Do not deploy this." if refused else "Found nothing that the service would refuse.",
        ]
    )


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.review.check", description=__doc__)
    parser.add_argument("--env", default="dev", help="config/ENV.yaml (default: dev)")
    parser.add_argument("--data", help="folder of interactions.csv, items.csv, users.csv, here or s3://bucket/folder/")
    parser.add_argument("--config-dir", type=Path, default=CONFIG_DIRECTORY, help="folder of the settings")
    parser.add_argument("--sample-dir", type=Path, default=SAMPLE, help="folder of the sample data")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
