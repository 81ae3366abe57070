"""`make repair ENV=dev [PROFILE=] [REGION=] [YES=1]`: brings what is out of step back to what was deployed.

It says what it will do, asks, and deploys with the CDK CLI, to the local cloud or to AWS. Exit status 0 if nothing is
left to repair, 1 if something is, or if nothing was done.
"""

from __future__ import annotations

import argparse
import sys
from datetime import UTC, datetime
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.personalize_provider.log import printable
from stacks.data import SAMPLE_DIRECTORY
from stacks.personalize import PropsError
from stacks.settings import CONFIG_DIRECTORY, SettingsError
from tools.deployed import Deployed, NotDeployedError, find
from tools.review.money import load_prices
from tools.simulation.assembly import Assembly
from tools.status.read import read
from tools.status.stacks import assembly_of, read_stacks

from .deployment import Target, beyond, deploy
from .plan import Plan, plan_of
from .table import as_table, console

_MOST_LINES = 20


def main(arguments: list[str] | None = None) -> int:
    """Repair; the exit status."""
    options = _options(arguments)
    try:
        return repair(options)
    except (SettingsError, PropsError, NotDeployedError) as error:
        print(printable(str(error)), file=sys.stderr)
    except (BotoCoreError, ClientError) as error:
        print(printable(f"AWS did not answer: {error}"), file=sys.stderr)
    return 1


def repair(options: argparse.Namespace) -> int:
    """Look, say, ask, deploy, and look again.

    Raises:
        SettingsError, PropsError: the settings are wrong.
        NotDeployedError: the environment is not deployed.
        BotoCoreError, ClientError: AWS did not answer.
    """
    deployed = find(options.env, options.config_dir, options.profile, options.region)
    plan, templates = _look(deployed)
    console().print(as_table(plan))
    if not plan.steps:
        _say(f"{deployed.name} in {deployed.where}: there is nothing to repair. Nothing is deployed.")
        return 0
    target = Target(
        env=options.env,
        config_directory=options.config_dir,
        sample_directory=options.sample_dir,
        is_local=deployed.is_local,
        profile=options.profile,
        region=options.region,
        arguments=tuple(options.arguments),
    )
    if not _brings_only_the_repair(target, templates, options.with_settings):
        return 1
    if not options.yes and not _agrees(deployed):
        _say("Nothing was done. YES=1 agrees beforehand.")
        return 1
    status = deploy(target, plan.context(f"{datetime.now(UTC):%Y-%m-%dT%H.%M.%S}"))
    if status:
        _say("The deployment failed, for the reason above. What it had repaired until then stays so.")
        return 1
    return _tell_what_is_left(deployed)


def _look(deployed: Deployed) -> tuple[Plan, Assembly]:
    """What is out of step now, and the templates that are deployed."""
    _say(f"Reading {deployed.name} in {deployed.where}.")
    found = read(deployed)
    templates = assembly_of(read_stacks(deployed.client("cloudformation"), deployed.name))
    return plan_of(found.rows, templates, load_prices()), templates


def _brings_only_the_repair(target: Target, templates: Assembly, accepts_more: bool) -> bool:
    more = beyond(target, templates)
    if more:
        _say("The settings, or the code, are not those that are deployed. A deployment would also bring:")
        for line in more[:_MOST_LINES]:
            _say(f"  {line}")
        if len(more) > _MOST_LINES:
            _say(f"  ... and {len(more) - _MOST_LINES} more")
    if more and not accepts_more:
        _say(
            "Nothing was done. Deploy that first, or go back to what is deployed; WITH_SETTINGS=1 brings both at once."
        )
    return accepts_more or not more


def _agrees(deployed: Deployed) -> bool:
    if not sys.stdin.isatty():
        return False
    answer = input(f"Repair {deployed.name} in {deployed.where}? [y/N] ")
    return answer.strip().lower() in ("y", "yes")


def _tell_what_is_left(deployed: Deployed) -> int:
    left, _ = _look(deployed)
    if not left.steps:
        _say(f"{deployed.name} in {deployed.where} is repaired.")
        return 0
    console().print(as_table(left))
    _say(f"{len(left.steps)} of {deployed.name} are still out of step; the table above says which.")
    return 1


def _say(line: str) -> None:
    print(printable(line), flush=True)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.repair", description=__doc__)
    parser.add_argument("--env", default="dev", help="config/ENV.yaml (default: dev)")
    parser.add_argument("--yes", action="store_true", help="do not ask")
    parser.add_argument("--with-settings", action="store_true", help="deploy what the settings have changed, too")
    parser.add_argument("--profile", help="of the AWS configuration files (default: the local cloud, if one runs)")
    parser.add_argument("--region", help="of AWS (default: that of the settings, or of the profile)")
    parser.add_argument("--config-dir", type=Path, default=CONFIG_DIRECTORY, help="folder of the settings")
    parser.add_argument("--sample-dir", type=Path, default=SAMPLE_DIRECTORY, help="folder of the sample's CSV files")
    parser.add_argument("arguments", nargs="*", help="more arguments for the CDK CLI, after --")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
