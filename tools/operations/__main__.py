"""`make refresh ENV=dev [DATASETS=interactions,items] [TRAIN=if-new] [MODE=FULL]`: import, train, judge and serve now.

It starts the state machine that schedules and new files start, and says its steps as they come. Exit status 0 if it
succeeded, also if the quality gate refused the new version and the campaign kept its own; 1 if it failed or could not
begin; 130 if you stopped following it, while it goes on.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from lambdas.personalize_provider.log import printable
from stacks.settings import CONFIG_DIRECTORY, SettingsError
from tools.deployed import NotDeployedError, find
from tools.executions import follow

from . import refresh

_LOCAL_EVERY = 0.5
_AWS_EVERY = 5.0
_INTERRUPTED = 130


def main(arguments: list[str] | None = None) -> int:
    """Carry out a command; its exit status."""
    options = _options(arguments)
    try:
        return _refresh(options)
    except (SettingsError, NotDeployedError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(printable(f"AWS did not answer: {error}"), file=sys.stderr)
        return 1


def _refresh(options: argparse.Namespace) -> int:
    deployed = find(options.env, options.config_dir, options.profile, options.region)
    wanted = refresh.input_of(deployed, options.datasets, options.train, options.mode)
    client = deployed.client("stepfunctions")
    execution = refresh.start(deployed, client, wanted)
    _say(f"A refresh of {deployed.name} in {deployed.where} has begun: {execution}")
    try:
        ended = follow(client, execution, _say, every=_LOCAL_EVERY if deployed.is_local else _AWS_EVERY)
    except KeyboardInterrupt:
        _say(f"The refresh goes on. How it stands: aws stepfunctions describe-execution --execution-arn {execution}")
        return _INTERRUPTED
    _say(refresh.sentence(deployed, execution, ended))
    return 0 if ended.is_good else 1


def _say(line: str) -> None:
    print(printable(line), flush=True)


def _options(arguments: list[str] | None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tools.operations", description=__doc__)
    commands = parser.add_subparsers(required=True)
    command = commands.add_parser("refresh", help="start a refresh, and follow it")
    command.add_argument("--env", default="dev", help="config/ENV.yaml (default: dev)")
    command.add_argument("--datasets", help="with commas, such as interactions,items (default: all that are refreshed)")
    command.add_argument("--train", choices=refresh.TRAININGS, help="in place of refresh.train of the settings")
    command.add_argument("--mode", choices=refresh.MODES, help="in place of refresh.training_mode of the settings")
    command.add_argument("--profile", help="of the AWS configuration files (default: the local cloud, if one runs)")
    command.add_argument("--region", help="of AWS (default: that of the settings, or of the profile)")
    command.add_argument("--config-dir", type=Path, default=CONFIG_DIRECTORY, help="folder of the settings")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
