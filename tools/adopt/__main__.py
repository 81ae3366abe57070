"""`make adopt DATASET_GROUP=name-or-arn ENV=name`: settings for a dataset group that others have made, and a report.

It reads the account, in the local cloud or on AWS, and changes nothing there; it writes config/ENV.yaml and schemas.
Exit status 1 if nothing could be written.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError
from rich.console import Console

from lambdas.personalize_provider.api import Api
from lambdas.personalize_provider.deployments import AwsCloudFormation
from lambdas.personalize_provider.log import printable
from stacks.settings import CONFIG_DIRECTORY, SettingsError
from tools.checkout import CHECKOUT, STATE_DIRECTORY
from tools.deployed import Account, NotDeployedError, paced, reach
from tools.review.money import load_prices

from .bill import bill_of
from .found import NotAdoptableError
from .plan import Wish, plan_of
from .read import read_group
from .report import Report, as_markdown, show
from .write import as_yaml, check_free, mistakes, schema_files, write

# Columns of what is no terminal, such as a log.
_WIDTH = 120
_SCHEMA = "stacks/settings.schema.json"


def main(arguments: list[str] | None = None) -> int:
    """Write the settings and the report; the exit status."""
    options = options_of(arguments)
    try:
        check_free(options.config_dir, options.env, options.force)
        account = reach(options.profile, options.region)
        print(printable(f"Reading {account.where}; on AWS, each operation is called once a second."), flush=True)
        report = adopt(account, options)
    except (NotAdoptableError, NotDeployedError, SettingsError) as error:
        print(printable(str(error)), file=sys.stderr)
        return 1
    except (BotoCoreError, ClientError) as error:
        print(printable(f"AWS did not answer: {error}"), file=sys.stderr)
        return 1
    page = options.out / f"adopt-{options.env}.md"
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(as_markdown(report), encoding="utf-8")
    show(report, Console(width=None if sys.stdout.isatty() else _WIDTH))
    print(printable(f"The report: {page}"))
    return 0


def adopt(account: Account, options: argparse.Namespace) -> Report:
    """Read a dataset group, and write the settings that take it over.

    Args:
        account: that it is in.
        options: of the command line.

    Raises:
        NotAdoptableError: there is no such group, or nothing can be written for it.
        ClientError, BotoCoreError: the account does not answer.
    """
    client = account.client("personalize")
    # The local cloud has no limit unless somebody gives it one, and boto3 repeats what it refuses.
    api = Api(client if account.is_local else paced(client))
    group = read_group(api, AwsCloudFormation(account.client("cloudformation")), options.dataset_group)
    texts = {kind: str(each.schema.description["schema"]) for kind, each in group.datasets.items()}
    wish = Wish(options.app_name, schema_files(options.config_dir, options.env, texts), options.ranking)
    plan = plan_of(group, wish, lambda document, schemas: mistakes(document, schemas, options.env))
    text = as_yaml(plan.settings, options.env, group.itself.arn, _schema_from(options.config_dir))
    file = write(options.config_dir, options.env, text, plan.schemas)
    files = (file, *(options.config_dir / name for name in plan.schemas))
    return Report(
        options.env, account.where, plan, bill_of(group, load_prices()), files, _commands(account, options.env)
    )


def _schema_from(config_directory: Path) -> str:
    """Where the JSON Schema is, as a settings file says it; the whole path if the folder is somewhere else."""
    return f"../{_SCHEMA}" if config_directory.resolve().parent == CHECKOUT else str(CHECKOUT / _SCHEMA)


def _commands(account: Account, env: str) -> tuple[tuple[str, str], ...]:
    deploy = f"make deploy ENV={env}" if account.is_local else f"npx cdk deploy --all -c env={env}"
    return (
        (f"make review ENV={env}", "says of each resource whether it would be taken over as it is"),
        (deploy, "takes it over; nothing is replaced, imported or trained"),
    )


def options_of(arguments: list[str] | None) -> argparse.Namespace:
    """What the command line says."""
    parser = argparse.ArgumentParser(prog="python -m tools.adopt", description=__doc__)
    parser.add_argument("--dataset-group", default="", help="name or ARN; without it, the groups there are")
    parser.add_argument("--env", required=True, help="config/ENV.yaml is written")
    parser.add_argument("--app-name", default="vod", help="beginning of the names of the app's own things")
    parser.add_argument("--ranking", default="", help="campaign or solution for re-ranking, if there are several; none")
    parser.add_argument("--force", action="store_true", help="overwrite the settings of that name")
    parser.add_argument("--profile", help="of the AWS configuration files (default: the local cloud, if one runs)")
    parser.add_argument("--region", help="of AWS (default: that of the profile)")
    parser.add_argument("--config-dir", type=Path, default=CONFIG_DIRECTORY, help="folder of the settings")
    parser.add_argument("--out", type=Path, default=STATE_DIRECTORY, help="folder of the report (default: .sandbox)")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main())
