"""The app: one settings file becomes four stacks. `-c env=NAME` chooses config/NAME.yaml; default dev."""

from __future__ import annotations

import os
import re
import sys
from collections.abc import Iterable
from pathlib import Path

from aws_cdk import Annotations, App, Environment, Stack, Validations
from cdk_nag import AwsSolutionsChecks, NIST80053R5Checks

from stacks.context import check_qualifier, read_boundary, read_folder
from stacks.data import SAMPLE_DIRECTORY, DataStack
from stacks.operations import OperationsStack
from stacks.personalize import PropsError, limits
from stacks.ranking import RankingStack
from stacks.recommenders import RecommenderStack
from stacks.repair import repair
from stacks.settings import CONFIG_DIRECTORY, Settings, SettingsError, load_settings
from stacks.settings_adoption_checks import adoption_hints
from stacks.settings_checks import check_keys, check_placeholders
from stacks.settings_operations_checks import hints
from stacks.tags import tag_everything

# What the CDK says (aws-cdk-lib, core/lib/stack.ts).
_TOO_MANY = re.compile(r"Number of resources in stack '(.+?)': (\d+) is greater than allowed maximum")
_ONE_MAX_WAIT = (
    "max_wait: imports, recommenders and trainings are all waited for equally long. Imports take minutes, trainings "
    "hours: {imports: 2h, recommenders: 4h, trainings: 6h} makes fewer waiting resources."
)


def main() -> int:
    """Synthesize the app; 1 if the settings are wrong, each mistake on a line of its own."""
    app = App()
    try:
        build(app)
        write(app)
    except (SettingsError, PropsError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


def write(app: App) -> None:
    """Write the cloud assembly.

    Raises:
        SettingsError: a stack has more resources than CloudFormation takes.
    """
    try:
        app.synth()
    except RuntimeError as error:
        found = _TOO_MANY.search(str(error))
        if not found:
            raise
        raise SettingsError(
            f"max_wait: the stack {found[1]} would have {found[2]} resources, most of which only wait. "
            f"CloudFormation allows at most {limits.MAX_RESOURCES}. Lower max_wait, or have fewer "
            f"recommenders or filters."
        ) from None


def build(app: App) -> None:
    """Add the stacks of the environment that the app's context names."""
    config_directory = read_folder(app, "config_dir", CONFIG_DIRECTORY)
    sample_directory = read_folder(app, "sample_dir", SAMPLE_DIRECTORY)
    check_qualifier(app)
    settings = load_settings(str(app.node.try_get_context("env") or "dev"), config_directory)
    _check_region(settings)
    read_boundary(app, settings)
    add_stacks(app, settings, sample_directory)
    repair(app)
    Validations.of(app).add_plugins(AwsSolutionsChecks(app), NIST80053R5Checks(app))


def _check_region(settings: Settings) -> None:
    """Refuse the region of the AWS CLI's profile, which the CDK CLI tells, where the settings leave it open.

    And keys of another region than that.
    """
    profile = os.environ.get("CDK_DEFAULT_REGION")
    if settings.region is None and profile and profile not in limits.REGIONS:
        raise SettingsError(
            f"region: is empty, and {profile}, the region of your AWS profile, has no Amazon Personalize. "
            f"Set it to one of {', '.join(limits.REGIONS)}."
        )
    mistakes = list(check_keys(settings, settings.region or profile))
    if mistakes:
        raise SettingsError("\n".join(mistakes))


def add_stacks(app: App, settings: Settings, sample_directory: Path) -> None:
    """Add the stacks; all of them, whatever the settings say, so that what leaves the settings leaves its stack."""
    environment = Environment(account=settings.account, region=settings.region)
    data = DataStack(
        app,
        f"{settings.prefix}-data",
        settings=settings,
        sample_directory=sample_directory,
        env=environment,
        description="Amazon Personalize for video on demand: data",
    )
    for mistake in check_placeholders(settings):
        Annotations.of(data).add_error(mistake)
    if settings.max_wait.is_one_for_all:
        Annotations.of(data).add_info_v2("vod:max_wait", _ONE_MAX_WAIT)
    recommenders = RecommenderStack(
        app,
        f"{settings.prefix}-recommenders",
        settings=settings,
        data=data,
        env=environment,
        description="Amazon Personalize for video on demand: recommenders",
    )
    ranking = RankingStack(
        app,
        f"{settings.prefix}-ranking",
        settings=settings,
        data=data,
        env=environment,
        description="Amazon Personalize for video on demand: ranking",
    )
    _hint(ranking, adoption_hints(settings))
    operations = OperationsStack(
        app,
        f"{settings.prefix}-operations",
        settings=settings,
        after=[data, recommenders, ranking],
        env=environment,
        description="Amazon Personalize for video on demand: operations",
    )
    _hint(operations, hints(settings))
    tag_everything(app, settings.tags)


def _hint(stack: Stack, hints: Iterable[str]) -> None:
    for hint in hints:
        Annotations.of(stack).add_info_v2(f"vod:{hint.partition(':')[0]}", hint)


if __name__ == "__main__":
    sys.exit(main())
